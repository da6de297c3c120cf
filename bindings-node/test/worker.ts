// The worker of worker.test.ts: does `task` and posts a message when it has reached the point that the test waits for.

import { parentPort, workerData } from 'node:worker_threads'

import { connect } from 'zkcoord'

const { hosts, task } = workerData as {
  hosts: string
  task: 'count' | 'wait' | 'hold' | 'lose' | 'exit' | 'throw' | 'storm'
}

const client = await connect(hosts, { sessionTimeout: 5_000 })
const mutex = client.mutex('/lock')
client.onState(() => {})

if (task === 'count') {
  for (let n = 0; n < 50; n++) {
    await using guard = await mutex.acquire()
    guard.check()
    await client.counter('/counter').add()
  }
  await client.close()
} else if (task === 'wait') {
  parentPort?.postMessage('waiting')
  await mutex.acquire()
} else if (task === 'exit' || task === 'throw') {
  await mutex.acquire()
  await client.counter('/counter').add()
  parentPort?.postMessage('held')
  if (task === 'exit') process.exit(3)
  throw new Error('broken')
} else if (task === 'storm') {
  const counter = client.counter('/counter')
  for (let n = 0; n < 300; n++) {
    client
      .mutex(`/storm/${n % 10}`)
      .acquire()
      .then(
        (guard) => guard.release(),
        () => {},
      )
    counter.add().catch(() => {})
    if (n % 30 === 0) connect(hosts).catch(() => {})
  }
  parentPort?.postMessage('storm')
} else {
  const guard = await mutex.acquire()
  guard.signal.addEventListener('abort', () => {})
  guard.onRevoke(() => {})
  parentPort?.postMessage(guard.node)
  setInterval(() => guard.check(), 1)
}
