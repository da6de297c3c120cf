// The demo's contender in Node. tests/demo/README.md describes it.

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect } from 'zkcoord'

const { ZKCOORD_HOSTS: hosts, DEMO_FOLDER: folder, DEMO_ROUNDS: rounds } = process.env

/** Reads, changes and writes a file that only the lock protects. */
function criticalSection(token) {
  const tally = join(folder, 'tally')
  const count = Number(readFileSync(tally, 'utf8'))
  appendFileSync(join(folder, 'journal'), `node ${token}\n`)
  writeFileSync(tally, String(count + 1))
}

const client = await connect(hosts)
const mutex = client.mutex('/demo/lock')
const hits = client.counter('/demo/hits')
console.log('ready')
const input = createInterface({ input: process.stdin })
await new Promise((resolve) => input.once('line', resolve))
for (let round = 0; round < Number(rounds); round++) {
  const start = performance.now()
  const guard = await mutex.acquire({ timeout: 60_000 })
  const waited = performance.now() - start
  criticalSection(guard.token)
  await guard.release()
  await hits.increment()
  console.log('waited', Math.round(waited * 1000))
}
input.close()
await client.close()
