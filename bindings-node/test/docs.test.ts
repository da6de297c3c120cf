// Runs the code of docs/node.md: each program by itself, and the snippets in between one after the other.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

import { eventually, scenario } from './support.js'

const page = readFileSync(new URL('../../docs/node.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1]!)
// Inside the package, where Node finds `zkcoord` and `express`.
const folder = new URL('docs/', import.meta.url)
mkdirSync(folder, { recursive: true })

/** Runs the only program of the page that contains `mark`, or `code`. Bounded by 20 s. */
function program(mark: string, hosts: string, code?: string) {
  const found = blocks.filter((block) => block.startsWith('import ') && block.includes(mark))
  assert.equal(found.length, code ? 0 : 1, `${found.length} programs have ${mark}`)
  const file = new URL(`${mark.replace(/\W/g, '')}.mjs`, folder)
  writeFileSync(file, code ?? found[0]!)
  const env = { ...process.env, ZKCOORD_HOSTS: hosts, PORT: '0' }
  const child = spawn(process.execPath, [file.pathname], { env, stdio: ['ignore', 'pipe', 'inherit'], timeout: 20_000 })
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => ({ code, signal, output }))
  return { child, ended, output: () => output }
}

/** Expects that a program ends normally after this output. */
const prints = (output: string) => ({ code: 0, signal: null, output })

scenario('the program with a lock', async ({ hosts, client }) => {
  assert.deepEqual(await program('writeReport', hosts).ended, prints('written, with the fencing token of the lock\n'))
  const guard = await (await client()).mutex('/locks/report').acquire()
  assert.deepEqual(await program('writeReport', hosts).ended, prints('somebody else was at it for five seconds\n'))
  guard.check()
})

scenario('the job that runs on one host', async ({ hosts, client }) => {
  const guard = await (await client()).mutex('/jobs/cleanup/lock').acquire()
  assert.deepEqual(await program('cleanUp', hosts).ended, prints('another host is at it\n'))
  await guard.release()
  assert.deepEqual(await program('cleanUp', hosts).ended, prints('cleaned up\n'))
  assert.deepEqual(await program('cleanUp', hosts).ended, prints('was done today\n'))
})

scenario('the HTTP server with a rate limit', async ({ hosts }) => {
  const servers = [program('express', hosts), program('express', hosts)]
  await eventually(() => servers.every(({ output }) => output().includes('port ')), 'both servers listen')
  const statuses: number[] = []
  for (let number = 0; number < 16; number++) {
    const port = /port (\d+)/.exec(servers[number % 2]!.output())?.[1]
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
    assert.equal(await response.text(), response.ok ? 'hello\n' : 'too many requests\n')
    statuses.push(response.status)
  }
  assert.deepEqual(statuses, [...Array(10).fill(200), ...Array(6).fill(429)])
  for (const { child } of servers) child.kill('SIGTERM')
  for (const { ended } of servers) assert.deepEqual([(await ended).code, (await ended).signal], [0, null])
})

scenario('the snippets between the programs', async ({ hosts }) => {
  const snippets = blocks.filter((block) => !block.startsWith('import '))
  assert(snippets.length >= 4)
  const prologue = `
    import { connect } from 'zkcoord'
    const client = await connect(process.env.ZKCOORD_HOSTS)
    const database = { findUser: () => null }`
  const code = [prologue, ...snippets.map((snippet) => `{\n${snippet}}`), `await client.close()`].join('\n')
  assert.deepEqual(await program('the snippets', hosts, code).ended, prints('report exclusive\n3n 4n 4n\n99n\n'))
})
