import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import { eventually, scenario } from './support.js'

const script = new URL('./worker.js', import.meta.url)
const start = (hosts: string, task: string) => new Worker(script, { workerData: { hosts, task } })

scenario('two workers at once', async ({ hosts, client }) => {
  const workers = [start(hosts, 'count'), start(hosts, 'count')]
  const codes = await Promise.all(workers.map(async (worker) => (await once(worker, 'exit'))[0] as unknown))
  assert.deepEqual(codes, [0, 0])
  assert.equal(await (await client()).counter('/counter').get(), 100n)
})

scenario('a worker that is terminated while it waits leaves the queue', async ({ hosts, client, children }) => {
  const guard = await (await client()).mutex('/lock').acquire()
  for (let round = 0; round < 5; round++) {
    const worker = start(hosts, 'wait')
    await once(worker, 'message')
    await eventually(async () => (await children('/lock')).length === 2, 'the worker waits')
    await worker.terminate()
    // Long before its session would have expired.
    await eventually(async () => (await children('/lock')).length === 1, 'the worker has left the queue', 3_000)
  }
  guard.check()
})

scenario('a worker that is terminated gives back what it holds', async ({ hosts, client }) => {
  const mutex = (await client()).mutex('/lock')
  for (let round = 0; round < 5; round++) {
    const worker = start(hosts, 'hold')
    await once(worker, 'message')
    await worker.terminate()
    await (await mutex.acquire({ timeout: 3_000 })).release()
  }
})

scenario('a loss that meets the end of a worker does no harm', async ({ hosts, zookeeper, chroot }) => {
  for (let round = 0; round < 10; round++) {
    const worker = start(hosts, 'lose')
    worker.on('error', () => {})
    const [node] = (await once(worker, 'message')) as [string]
    // The node may be gone already: the worker's end gives the lock back.
    const deleted = zookeeper.observer.delete(chroot + node).catch(() => {})
    await Promise.all([deleted, worker.terminate()])
  }
})
