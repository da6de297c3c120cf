// Servers that answer with nonsense: the process lives, and the client is whole again with an honest server.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { scenario } from './support.js'

// The worst attacks of the test kit. Without checks they abort the process, panic, or take its memory.
const attacks = [
  'handshake of 2 GiB',
  'handshake of 1 GiB that arrives',
  'timeout 1 ms',
  'timeout of 24 days',
  'frame of 2 GiB',
  'frame of 1 GiB that arrives',
  'answer to another request',
  'create in another directory',
  'czxid below 0',
  'data of 3 bytes',
  'list of 2^31-1 names',
  'list of 2^21 names that arrive',
  'multi without results',
  'pings only',
]

const program = `
import assert from 'node:assert/strict'
import { connect, ZkcoordError } from 'zkcoord'

const timeout = 4_000
const before = process.resourceUsage().maxRSS
const client = await connect(process.argv[1], { sessionTimeout: 2_000 })
for (let number = 0; number < 4; number++) {
  const start = performance.now()
  try {
    const guard = await client.mutex('/lock-' + number).acquire({ timeout })
    await client.counter('/count').add(1, { timeout })
    await client.counter('/count').get({ timeout })
    await guard.release()
  } catch (error) {
    assert(error instanceof ZkcoordError, error)
  }
  assert(performance.now() - start < 3 * timeout + 2_000, 'a call missed its deadline')
}
const guard = await client.mutex('/after').acquire({ timeout: 10_000 })
assert(guard.token > 0n)
assert.equal(await client.counter('/after-count').add(1, { timeout: 10_000 }), 1n)
await guard.release()
await client.close()
const grown = process.resourceUsage().maxRSS - before
assert(grown < 100 * 1024, grown + ' KiB')
console.log('whole')
`

for (const attack of attacks) {
  scenario(
    `a forged answer neither ends nor cripples the process: ${attack}`,
    async ({ zookeeper, chroot, client, hostile }) => {
      // Creates the chroot.
      await client()
      const server = await hostile(zookeeper.host(0), attack)
      try {
        const options = ['--input-type=module', '--eval', program, server.address + chroot]
        const { stdout, stderr } = await promisify(execFile)(process.execPath, options, { timeout: 25_000 })
        assert.equal(stdout, 'whole\n')
        assert(!stderr.includes('panicked'), stderr)
        assert(await server.fired())
      } finally {
        await server.close()
      }
    },
  )
}
