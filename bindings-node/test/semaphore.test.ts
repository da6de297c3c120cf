import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

import { AcquireTimeoutError, InvalidArgumentError, LockLostError } from 'zkcoord'

import { aborted, acquireAndAbort, eventually, scenario } from './support.js'

scenario('no more permits are granted than exist', async ({ client, children }) => {
  const [semaphore, other] = [await client(), await client()].map((own) => own.semaphore('/limit', { permits: 3 }))
  const two = await semaphore!.acquire({ permits: 2 })
  const one = await other!.acquire()
  assert.equal((await children('/limit/leases')).length, 3)
  assert.equal(await semaphore!.tryAcquire(), null)
  await assert.rejects(other!.acquire({ timeout: 50 }), AcquireTimeoutError)
  await two.release()
  assert.equal(await other!.tryAcquire({ permits: 3 }), null)
  const again = await other!.tryAcquire({ permits: 2, timeout: 5_000 })
  assert(again && again.token > one.token && one.isHeld)
  await Promise.all([one.release(), again.release()])
  assert.deepEqual(await children('/limit/leases'), [])
})

scenario('concurrent tasks never hold more than the permits', async ({ client }) => {
  const semaphores = [await client(), await client()].map((own) => own.semaphore('/limit', { permits: 3 }))
  let [inside, max, entries] = [0, 0, 0]
  const worker = async (number: number) => {
    for (let round = 0; round < 5; round++) {
      const permits = 1 + (number % 2)
      await using guard = await semaphores[number % 2]!.acquire({ permits })
      inside += permits
      max = Math.max(max, inside)
      await sleep(2)
      guard.check()
      inside -= permits
      entries++
    }
  }
  await Promise.all([0, 1, 2, 3, 4].map(worker))
  assert.equal(entries, 25)
  assert(max <= 3, `${max} permits were held`)
})

scenario('a waiter for many permits is not overtaken', async ({ client, children }) => {
  const semaphore = (await client()).semaphore('/limit', { permits: 2 })
  const one = await semaphore.acquire()
  const waiting = semaphore.acquire({ permits: 2 })
  await eventually(async () => (await children('/limit/locks')).length === 1, 'the waiter is in the queue')
  assert.equal(await semaphore.tryAcquire(), null)
  await one.release()
  await (await waiting).release()
})

scenario('an aborted acquire leaves no nodes and rejects with the reason', async ({ client, children }) => {
  const semaphore = (await client()).semaphore('/limit', { permits: 1 })
  const holder = await semaphore.acquire()
  const controller = new AbortController()
  const waiting = semaphore.acquire({ signal: controller.signal })
  await eventually(async () => (await children('/limit/locks')).length === 1, 'the waiter is in the queue')
  controller.abort('enough')
  await assert.rejects(waiting, (error) => error === 'enough')
  await eventually(async () => (await children('/limit/locks')).length === 0, 'the waiter has left')
  await holder.release()
  for (let round = 0; round < 40; round++) {
    await acquireAndAbort((options) => semaphore.acquire(options), round % 8)
  }
  await eventually(async () => (await children('/limit/leases')).length === 0, 'all permits are released')
})

scenario('a guard is lost when one of its permits is lost', async ({ client, zookeeper, chroot }) => {
  const guard = await (await client()).semaphore('/limit', { permits: 3 }).acquire({ permits: 3 })
  assert.match(guard.node, /^\/limit\/leases\//)
  await zookeeper.observer.delete(chroot + guard.node)
  assert((await aborted(guard.signal)) instanceof LockLostError)
  assert.throws(() => guard.check(), LockLostError)
  await guard.release()
})

scenario('invalid numbers of permits are refused', async ({ client }) => {
  const own = await client()
  const bad = [0, -1, 1.5, NaN, Infinity, 2 ** 31, 2 ** 32 + 1, '3', 3n, null, {}] as never[]
  for (const permits of bad) {
    assert.throws(() => own.semaphore('/limit', { permits }), InvalidArgumentError)
    const semaphore = own.semaphore('/limit', { permits: 3 })
    const refused = { name: 'InvalidArgumentError', message: /^permits .*: must be/ }
    await assert.rejects(semaphore.acquire({ permits }), refused)
    await assert.rejects(semaphore.tryAcquire({ permits }), refused)
  }
  assert.throws(() => own.semaphore('/limit', {} as never), /permits undefined: must be/)
  assert.throws(() => own.semaphore('/limit', undefined as never), /permits undefined: must be/)
  assert.throws(() => own.semaphore('/limit', 3 as never), /options 3: must be/)
  await assert.rejects(own.semaphore('/limit', { permits: 3 }).acquire({ permits: 4 }), /permits "4": must be/)
  own.semaphore('/limit', { permits: 2 ** 31 - 1 })
})
