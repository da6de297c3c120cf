// The queue of a lock, requests to release it, and the statistics of waits.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

import { AcquireTimeoutError, ClosedError, InvalidArgumentError } from 'zkcoord'

import { eventually, scenario } from './support.js'

scenario('a queue shows the holder and the waiters', async ({ client, children }) => {
  const [holder, waiter] = [await client({ identity: 'the holder' }), await client()]
  const mutex = waiter.mutex('/lock')
  const empty = await mutex.inspect()
  assert.equal(empty.length, 0)
  assert.deepEqual(empty.warnings, [])
  const guard = await holder.mutex('/lock').acquire()
  const waiting = mutex.acquire()
  await eventually(async () => (await children('/lock')).length === 2, 'the waiter is in the queue')
  const queue = await mutex.inspect({ timeout: 5_000 })
  assert(Array.isArray(queue) && queue.length === 2)
  assert.deepEqual(queue.warnings, [])
  const [first, second] = queue
  const { waitingSince, ...rest } = first!
  assert.deepEqual(rest, {
    node: guard.node,
    identity: 'the holder',
    sessionId: holder.sessionId,
    role: 'holder',
    mode: 'write',
    library: 'zkcoord',
  })
  // The server runs on this machine, so both have the same clock.
  assert(waitingSince instanceof Date && Math.abs(Date.now() - waitingSince.getTime()) < 30_000)
  assert(second!.waitingSince >= waitingSince)
  assert.equal(second!.role, 'waiter')
  assert.match(second!.identity, new RegExp(`:${process.pid}$`))
  await guard.release()
  await (await waiting).release()
})

scenario('readers share the lock, mixed libraries give a warning', async ({ client, children, zookeeper, chroot }) => {
  const lock = (await client()).rwLock('/lock')
  await lock.read.acquire()
  await lock.read.acquire()
  const controller = new AbortController()
  const writing = assert.rejects(lock.write.acquire({ signal: controller.signal }), (error) => error === 'enough')
  await eventually(async () => (await children('/lock')).length === 3, 'the writer waits')
  const seen = (await lock.write.inspect()).map(({ mode, role }) => `${mode} ${role}`)
  assert.deepEqual(seen, ['read holder', 'read holder', 'write waiter'])
  controller.abort('enough')
  await writing
  await zookeeper.observer.create(`${chroot}/lock/0123456789ab4def0123456789abcdef__lock__0000000009`, 'kazoo')
  const queue = await lock.read.inspect()
  const { sessionId, library, identity } = queue.at(-1)!
  assert.deepEqual([sessionId, library, identity], [0n, 'kazoo', 'kazoo'])
  assert.equal(queue.warnings.length, 1)
  assert.match(queue.warnings[0]!, /kazoo's locks do not see each other/)
})

scenario('inspect and requestRevoke can be aborted and time out', async ({ client, zookeeper }) => {
  const own = await client()
  const mutex = own.mutex('/lock')
  await assert.rejects(mutex.inspect({ signal: AbortSignal.abort('no') }), (error) => error === 'no')
  await zookeeper.pause(0)
  try {
    const controller = new AbortController()
    const inspecting = mutex.inspect({ signal: controller.signal })
    controller.abort('enough')
    await assert.rejects(inspecting, (error) => error === 'enough')
    await assert.rejects(mutex.inspect({ timeout: 100 }), AcquireTimeoutError)
    await assert.rejects(own.requestRevoke('/lock/lock-0000000001', { timeout: 100 }), AcquireTimeoutError)
  } finally {
    await zookeeper.resume(0)
  }
  await own.close()
  await assert.rejects(mutex.inspect(), ClosedError)
  await assert.rejects(own.requestRevoke('/lock/lock-0000000001'), ClosedError)
})

scenario('a holder is notified of a requested release', async ({ client }) => {
  const [own, other] = [await client(), await client()]
  const guard = await own.mutex('/lock').acquire()
  const calls: unknown[][] = []
  const listener = (...args: unknown[]) => calls.push(args)
  guard.onRevoke(listener)
  guard.onRevoke(listener)
  assert.equal(guard.revokeRequested, false)
  const [holder] = await other.mutex('/lock').inspect()
  assert.equal(await other.requestRevoke(holder!.node, { timeout: 5_000 }), true)
  await eventually(() => calls.length === 2, 'both listeners are called')
  assert.equal(guard.revokeRequested, true)
  guard.check()
  guard.onRevoke(listener)
  await eventually(() => calls.length === 3, 'a listener that is added later is called at once')
  // A second request does not call the listeners again.
  assert.equal(await other.requestRevoke(guard.node), true)
  await sleep(600)
  assert.deepEqual(calls, [[], [], []])
  await guard.release()
  assert.equal(await other.requestRevoke(guard.node), false)
})

scenario('a released guard is not notified of a requested release', async ({ client }) => {
  const own = await client()
  const guard = await own.rwLock('/lock').write.acquire()
  await own.requestRevoke(guard.node)
  await eventually(() => guard.revokeRequested, 'the release is requested')
  let isCalled = false
  guard.onRevoke(() => (isCalled = true))
  await guard.release()
  await sleep(100)
  assert(!isCalled, 'the listener was called after the release')
})

scenario('invalid nodes and listeners are refused', async ({ client }) => {
  const own = await client()
  const guard = await own.mutex('/lock').acquire()
  for (const node of ['', 'x', '/', '/a\0b', '/\ud800', 5, null, undefined] as never[]) {
    await assert.rejects(own.requestRevoke(node), { name: 'InvalidArgumentError', message: /^node / })
  }
  for (const listener of [5, 'fn', null, undefined, {}] as never[]) {
    assert.throws(() => guard.onRevoke(listener), { name: 'InvalidArgumentError', message: /^listener / })
  }
  await assert.rejects(
    own.requestRevoke('/a/lock-0000000001', { signal: AbortSignal.abort('no') }),
    (error) => error === 'no',
  )
  assert.equal(await own.requestRevoke('/lock/lock-0000000001'), false)
})

scenario('stats count waits, timeouts and holds', async ({ client }) => {
  const own = await client()
  const lock = own.rwLock('/rw')
  const [semaphore, both] = [own.semaphore('/semaphore', { permits: 1 }), own.multiMutex(['/a', '/b'])]
  for (const handle of [own.mutex('/lock'), lock.read, lock.write, semaphore, both]) {
    const none = handle.stats()
    const nothing = { count: 0, mean: 0, stddev: 0, p50: 0, p99: 0 }
    assert.deepEqual({ ...none }, { ...nothing, timeouts: 0, holds: nothing })
    assert(Number.isNaN(none.successProbability(1_000)))
    await (await handle.acquire()).release()
    assert(Number.isNaN(handle.stats().successProbability(1_000)))
    const guard = await handle.acquire()
    if (handle !== lock.read) {
      await assert.rejects(handle.acquire({ timeout: 20 }), AcquireTimeoutError)
      assert.equal(handle.stats().timeouts, 1)
    }
    const stats = handle.stats()
    assert.equal(stats.count, 2)
    assert.equal(none.count, 0, 'statistics that were returned do not change')
    // In milliseconds: the lock was free, but each acquire took a round trip.
    assert(stats.mean > 0.01 && stats.mean < 10_000 && stats.p50 <= stats.p99)
    assert(stats.successProbability(60_000) > 0.99 && stats.successProbability(Infinity) === 1)
    assert(stats.successProbability(0) < 0.5)
    await guard.release()
  }
  const stats = lock.read.stats()
  for (const budget of [-1, NaN, -Infinity, '5', 5n, null, undefined, {}] as never[]) {
    assert.throws(() => stats.successProbability(budget), InvalidArgumentError)
  }
})
