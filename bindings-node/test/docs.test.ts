// Runs what docs/node.md shows: its programs each by itself, and the pieces in between one after the other.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

import { eventually, scenario } from './support.js'

const page = readFileSync(new URL('../../docs/node.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1]!)
// In the package, where `zkcoord` and `express` are found.
const folder = new URL('docs/', import.meta.url)
mkdirSync(folder, { recursive: true })

/** Runs the one program of the page that contains `mark`. Bounded by 20 s. */
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

const says = (output: string) => ({ code: 0, signal: null, output })

scenario('the lock', async ({ hosts, client }) => {
  assert.deepEqual(await program('writeReport', hosts).ended, says('written, with the fencing token of the lock\n'))
  const guard = await (await client()).mutex('/locks/report').acquire()
  assert.deepEqual(await program('writeReport', hosts).ended, says('somebody else was at it for five seconds\n'))
  guard.check()
})

scenario('the job', async ({ hosts, client }) => {
  const guard = await (await client()).mutex('/jobs/cleanup/lock').acquire()
  assert.deepEqual(await program('cleanUp', hosts).ended, says('another host is at it\n'))
  await guard.release()
  assert.deepEqual(await program('cleanUp', hosts).ended, says('cleaned up\n'))
  assert.deepEqual(await program('cleanUp', hosts).ended, says('was done today\n'))
})

scenario('the HTTP server', async ({ hosts }) => {
  const servers = [program('express', hosts), program('express', hosts)]
  await eventually(() => servers.every(({ output }) => output().includes('port ')), 'they listen')
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

scenario('the pieces in between', async ({ hosts }) => {
  const pieces = blocks.filter((block) => !block.startsWith('import '))
  assert(pieces.length >= 4)
  const prologue = `
    import { connect } from 'zkcoord'
    const client = await connect(process.env.ZKCOORD_HOSTS)
    const database = { findUser: () => null }`
  const code = [prologue, ...pieces.map((piece) => `{\n${piece}}`), `await client.close()`].join('\n')
  assert.deepEqual(await program('the pieces', hosts, code).ended, says('report exclusive\n3n 4n 4n\n99n\n'))
})
