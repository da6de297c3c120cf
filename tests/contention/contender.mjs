// A contender in Node. README.md describes it.

import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'zkcoord'

const [hosts, log] = process.argv.slice(2)
let inputHasEnded = false
process.stdin.on('end', () => (inputHasEnded = true)).resume()

const client = await connect(hosts, { sessionTimeout: 2_000 })
const mutex = client.mutex('/contention')
console.log('ready')
while (!inputHasEnded) {
  const guard = await mutex.acquire({ timeout: 60_000 })
  const append = (event) => appendFileSync(log, `${event} node ${process.pid} ${guard.token}\n`)
  append('begin')
  await sleep(5)
  append(guard.isHeld ? 'end' : 'lost')
  await guard.release()
}
await client.close()
