// Runs programs in their own processes, to observe how they end.

import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Runs a module in which `hosts`, `client` and `mutex` are defined. Bounded by 20 s. */
export function run(hosts: string, code: string, ...flags: string[]) {
  const prologue = `
    import { connect } from 'zkcoord'
    const hosts = ${JSON.stringify(hosts)}
    const client = await connect(hosts, { sessionTimeout: 5_000 })
    const mutex = client.mutex('/lock')`
  const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', `${prologue}\n${code}`], {
    cwd: new URL('..', import.meta.url),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (errors += String(chunk)))
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => ({ code, signal, output, errors }))
  return { child, ended, output: () => output }
}

/** Expects that a program ends with this output, this exit code and no errors. */
export const endsWith = (output: string, code = 0) => ({ code, signal: null, output, errors: '' })
