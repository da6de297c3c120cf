// Reentrant locks and deadlocks of an owner, which is an async context.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

import { AcquireTimeoutError, asOwner, WouldDeadlockError } from 'zkcoord'

import { scenario } from './support.js'

scenario('only the owner of a reentrant mutex acquires it again', async ({ client, children }) => {
  const [lock, other] = [await client(), await client()].map((own) => own.reentrantMutex('/lock'))
  const value = await lock!.run(async (outer) => {
    await lock!.run((inner) => assert.equal(inner.token, outer.token), { timeout: 5_000 })
    const third = await lock!.tryAcquire()
    assert.equal(third?.node, outer.node)
    await third.release()
    outer.check()
    assert.equal(await other!.tryAcquire(), null)
    assert.equal(await asOwner(() => lock!.tryAcquire()), null)
    assert.equal((await lock!.inspect()).length, 1)
    return 'value'
  })
  assert.equal(value, 'value')
  assert.deepEqual(await children('/lock'), [])
  assert.equal(lock!.stats().holds.count, 3)
})

scenario('concurrent tasks with owners of their own exclude each other', async ({ client }) => {
  const lock = (await client()).reentrantMutex('/lock', { scheme: 'kazoo' })
  let inside = 0
  const task = () =>
    lock.run(async () => {
      assert.equal(++inside, 1)
      await sleep(2)
      await lock.run(() => assert.equal(inside, 1))
      inside--
    })
  await Promise.all(Array.from({ length: 10 }, task))
})

scenario('outside of an owner each call is an owner by itself', async ({ client }) => {
  const lock = (await client()).reentrantMutex('/lock')
  const guard = await lock.acquire()
  assert.equal(await lock.tryAcquire(), null)
  await assert.rejects(lock.acquire({ timeout: 50 }), AcquireTimeoutError)
  await assert.rejects(
    lock.run(() => assert.fail('the function was called'), { timeout: 50 }),
    AcquireTimeoutError,
  )
  await guard.release()
})

scenario('an exception of the function passes through, and the lock is released', async ({ client, children }) => {
  const lock = (await client()).reentrantMutex('/lock')
  const broken = new Error('broken')
  await assert.rejects(
    lock.run(() => {
      throw broken
    }),
    (error) => error === broken,
  )
  await assert.rejects(
    lock.run(async () => Promise.reject(broken)),
    (error) => error === broken,
  )
  assert.deepEqual(await children('/lock'), [])
  await assert.rejects(lock.run(5 as never), { name: 'InvalidArgumentError', message: /^fn 5/ })
})

scenario('an acquire that would wait for its own owner fails with WouldDeadlockError', async ({ client }) => {
  const own = await client()
  const lock = own.reentrantMutex('/lock')
  await lock.run(async () => {
    await assert.rejects(own.mutex('/lock').acquire(), WouldDeadlockError)
    await assert.rejects(own.multiMutex(['/lock', '/other']).acquire(), { code: 'ERR_ZKCOORD_WOULD_DEADLOCK' })
    assert.equal(await own.mutex('/lock').tryAcquire(), null)
  })
})

scenario('a writer can acquire the read side, a reader not the write side', async ({ client, children }) => {
  const lock = (await client()).rwLock('/lock')
  await asOwner(async () => {
    const writing = await lock.write.acquire()
    const again = await lock.write.acquire({ timeout: 5_000 })
    const reading = await lock.read.acquire({ timeout: 5_000 })
    assert.equal(reading.token, writing.token)
    await Promise.all([writing.release(), again.release()])
    reading.check()
    await assert.rejects(lock.write.acquire(), WouldDeadlockError)
    assert.equal(await asOwner(() => lock.write.tryAcquire()), null)
    await reading.release()
  })
  assert.deepEqual(await children('/lock'), [])
})

scenario('asOwner returns the result of its function', async () => {
  assert.equal(
    asOwner(() => 5),
    5,
  )
  assert.equal(await asOwner(async () => 5), 5)
  assert.throws(
    () =>
      asOwner(() => {
        throw new Error('broken')
      }),
    /broken/,
  )
})
