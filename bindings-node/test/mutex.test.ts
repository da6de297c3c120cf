import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import { AcquireTimeoutError } from 'zkcoord'

import { acquireAndAbort, eventually, scenario, timed } from './support.js'

scenario('two clients exclude each other', async ({ client }) => {
  const mutexes = [await client(), await client()].map((client) => client.mutex('/lock'))
  let inside = 0
  let entries = 0
  const worker = async (mutex: (typeof mutexes)[number]) => {
    for (let round = 0; round < 10; round++) {
      const guard = await mutex.acquire()
      assert.equal(++inside, 1)
      await sleep(2)
      entries++
      inside--
      await guard.release()
    }
  }
  await Promise.all(mutexes.map(worker))
  assert.equal(entries, 20)
})

scenario('waiters are served in order of arrival', async ({ client, children }) => {
  const holder = await (await client()).mutex('/lock').acquire()
  const order: number[] = []
  const waiting: Promise<void>[] = []
  for (const number of [0, 1, 2, 3]) {
    const mutex = (await client()).mutex('/lock')
    waiting.push(
      mutex.acquire().then(async (guard) => {
        order.push(number)
        await guard.release()
      }),
    )
    await eventually(async () => (await children('/lock')).length === number + 2, 'the waiter is in the queue')
  }
  await holder.release()
  await Promise.all(waiting)
  assert.deepEqual(order, [0, 1, 2, 3])
})

scenario('tryAcquire acquires a free lock and does not wait for a held one', async ({ client, children }) => {
  const [mine, other] = [(await client()).mutex('/lock'), (await client()).mutex('/lock')]
  const guard = await mine.tryAcquire()
  assert(guard?.isHeld)
  assert.equal(await other.tryAcquire(), null)
  await guard.release()
  await (await other.tryAcquire())?.release()
  assert.deepEqual(await children('/lock'), [])
})

scenario('a timed out acquire rejects in time and leaves no node', async ({ client, children }) => {
  const holder = await (await client()).mutex('/lock').acquire()
  const mutex = (await client()).mutex('/lock')
  const took = await timed(() =>
    assert.rejects(mutex.acquire({ timeout: 2_000 }), (error) => {
      assert(error instanceof AcquireTimeoutError)
      assert.equal(error.code, 'ERR_ZKCOORD_TIMEOUT')
      assert.match(error.message, /\/lock/)
      return true
    }),
  )
  assert(took >= 2_000 && took < 2_500, `it took ${took} ms`)
  assert.equal((await children('/lock')).length, 1)
  assert(holder.isHeld)
})

scenario('a timeout of 0 tries once', async ({ client }) => {
  const mutex = (await client()).mutex('/lock')
  const guard = await mutex.acquire({ timeout: 0 })
  const took = await timed(() => assert.rejects(mutex.acquire({ timeout: 0 }), AcquireTimeoutError))
  assert(took < 1_000, `it took ${took} ms`)
  await guard.release()
})

scenario('an aborted acquire leaves no node and rejects with the reason', async ({ client, children }) => {
  const holder = await (await client()).mutex('/lock').acquire()
  const mutex = (await client()).mutex('/lock')
  const controller = new AbortController()
  const waiting = mutex.acquire({ signal: controller.signal })
  await eventually(async () => (await children('/lock')).length === 2, 'the waiter is in the queue')
  const reason = new Error('enough')
  controller.abort(reason)
  await assert.rejects(waiting, (error) => error === reason)
  await eventually(async () => (await children('/lock')).length === 1, 'the waiter has left')
  assert(holder.isHeld)
})

scenario('a signal that was aborted before prevents the call', async ({ client, children }) => {
  const mutex = (await client()).mutex('/lock')
  await assert.rejects(mutex.acquire({ signal: AbortSignal.abort('no') }), (error) => error === 'no')
  await assert.rejects(mutex.tryAcquire({ signal: AbortSignal.abort('no') }), (error) => error === 'no')
  assert.deepEqual(await children('/lock'), [])
})

scenario('an abort at the moment of the grant holds nothing', async ({ client, children }) => {
  const mutex = (await client()).mutex('/lock')
  for (let round = 0; round < 60; round++) {
    await acquireAndAbort((options) => mutex.acquire(options), round % 6)
  }
  await eventually(async () => (await children('/lock')).length === 0, 'the queue is empty')
})

scenario('no listener stays on a signal', async ({ client }) => {
  const mutex = (await client()).mutex('/lock')
  const { signal } = new AbortController()
  const guard = await mutex.acquire({ signal })
  assert.equal(await mutex.tryAcquire({ signal }), null)
  await assert.rejects(mutex.acquire({ signal, timeout: 10 }), AcquireTimeoutError)
  await guard.release()
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

scenario('the stack of an error shows the method and the caller', async ({ client }) => {
  const mutex = (await client()).mutex('/lock')
  const guard = await mutex.acquire()
  async function callsFromHere() {
    await mutex.acquire({ timeout: 0 })
  }
  await assert.rejects(callsFromHere(), (error: Error) => {
    assert.match(error.stack ?? '', /^AcquireTimeoutError: .*callsFromHere/s)
    return true
  })
  await guard.release()
})

scenario('tasks of one client hand the lock to each other up to the limit', async ({ client }) => {
  const mutex = (await client()).mutex('/lock', { handoff: 2 })
  const guards = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const guard = await mutex.acquire()
      guard.check()
      await guard.release()
      return guard
    }),
  )
  const nodes = guards.map(({ node }) => node)
  assert.equal(new Set(nodes).size, 2, `${nodes}`)
  const { count, p99, holds } = mutex.stats()
  assert.deepEqual([count, holds.count], [6, 6])
  assert(p99 >= 0 && holds.mean >= 0 && holds.stddev >= 0 && holds.p50 <= holds.p99)
})

scenario('stats measure the holds', async ({ client }) => {
  const mutex = (await client()).mutex('/lock')
  const guard = await mutex.acquire()
  assert.equal(mutex.stats().holds.count, 0)
  await sleep(50)
  await guard.release()
  const { holds } = mutex.stats()
  assert.equal(holds.count, 1)
  assert(holds.mean >= 49 && holds.p50 >= 49 && holds.p99 < 30_000)
})
