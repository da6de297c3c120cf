import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

import { endsWith, run } from './process.js'
import { eventually, scenario } from './support.js'

const script = new URL('./worker.js', import.meta.url)
const start = (hosts: string, task: string) => new Worker(script, { workerData: { hosts, task } })

scenario('two workers can run at once', async ({ hosts, client }) => {
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
    // The time limit is well below the session timeout.
    await eventually(async () => (await children('/lock')).length === 1, 'the worker has left the queue', 3_000)
  }
  guard.check()
})

scenario('the locks of a terminated worker are released', async ({ hosts, client }) => {
  const mutex = (await client()).mutex('/lock')
  for (let round = 0; round < 5; round++) {
    const worker = start(hosts, 'hold')
    await once(worker, 'message')
    await worker.terminate()
    await (await mutex.acquire({ timeout: 3_000 })).release()
  }
})

scenario('a lock that is lost while its worker is terminated does no harm', async ({ hosts, zookeeper, chroot }) => {
  for (let round = 0; round < 10; round++) {
    const worker = start(hosts, 'lose')
    worker.on('error', () => {})
    const [node] = (await once(worker, 'message')) as [string]
    // The node may be gone already, because the end of the worker releases the lock.
    const deleted = zookeeper.observer.delete(chroot + node).catch(() => {})
    await Promise.all([deleted, worker.terminate()])
  }
})

scenario('process.exit or an exception in a worker releases its locks at once', async ({ hosts, client }) => {
  const mutex = (await client()).mutex('/lock')
  for (const [task, code] of [
    ['exit', 3],
    ['throw', 1],
  ] as const) {
    const worker = start(hosts, task)
    const errors: unknown[] = []
    worker.on('error', (error) => errors.push(error.message))
    assert.equal(await new Promise((resolve) => worker.once('exit', resolve)), code)
    assert.deepEqual(errors, task === 'throw' ? ['broken'] : [])
    await (await mutex.acquire({ timeout: 3_000 })).release()
  }
})

scenario('workers that are terminated with many pending calls leave no nodes', async ({ hosts, client, children }) => {
  const workers = Array.from({ length: 4 }, () => start(hosts, 'storm'))
  await Promise.all(
    workers.map(async (worker, number) => {
      await once(worker, 'message')
      await sleep(number * 7)
      await worker.terminate()
    }),
  )
  const own = await client()
  await own.counter('/counter').add()
  for (let n = 0; n < 10; n++) {
    await (await own.mutex(`/storm/${n}`).acquire({ timeout: 10_000 })).release()
    await eventually(async () => (await children(`/storm/${n}`)).length === 0, 'the queue is empty')
  }
})

scenario('process.exit ends a process with running workers', async ({ hosts, client }) => {
  const { ended } = run(
    hosts,
    `
    import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
    const workers = Array.from({ length: 3 }, () => new Worker(${JSON.stringify(script.pathname)}, {
      workerData: { hosts, task: 'storm' },
      execArgv: [],
    }))
    workers[0].once('message', () => process.exit(5))
    await new Promise(() => setInterval(() => {}, 1_000))`,
  )
  assert.deepEqual(await ended, endsWith('', 5))
  const own = await client()
  for (let n = 0; n < 10; n++) await (await own.mutex(`/storm/${n}`).acquire({ timeout: 15_000 })).release()
})
