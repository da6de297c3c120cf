// A contender in Node. What it does is told in README.md.

import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'zkcoord'

const [hosts, log] = process.argv.slice(2)
let isOver = false
process.stdin.on('end', () => (isOver = true)).resume()

const client = await connect(hosts, { sessionTimeout: 2_000 })
const mutex = client.mutex('/contention')
console.log('ready')
while (!isOver) {
  const guard = await mutex.acquire({ timeout: 60_000 })
  const says = (what) => appendFileSync(log, `${what} node ${process.pid} ${guard.token}\n`)
  says('begin')
  await sleep(5)
  says(guard.isHeld ? 'end' : 'lost')
  await guard.release()
}
await client.close()
