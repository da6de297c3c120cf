import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

import { AcquireTimeoutError, type Guard, LockLostError } from 'zkcoord'

import { aborted, eventually, scenario, timed } from './support.js'

scenario('a guard has the node, the token and the state of its lock', async ({ client, zookeeper, chroot }) => {
  const guard = await (await client()).mutex('/lock').acquire()
  guard.check()
  assert.equal(guard.isHeld, true)
  assert.equal(guard.signal.aborted, false)
  assert.match(guard.node, /^\/lock\//)
  const stat = await zookeeper.observer.exists(chroot + guard.node)
  assert.equal(guard.token, BigInt(stat?.czxid ?? 0))
  assert.deepEqual(guard.tokens, [{ node: guard.node, token: guard.token }])
})

scenario('tokens grow from holder to holder', async ({ client }) => {
  const mutexes = [await client(), await client()].map((client) => client.mutex('/lock'))
  let last = 0n
  for (let round = 0; round < 6; round++) {
    const guard = await mutexes[round % 2]!.acquire()
    assert(guard.token > last)
    last = guard.token
    await guard.release()
  }
})

scenario('release can be called several times, also concurrently', async ({ client, children }) => {
  const mutex = (await client()).mutex('/lock')
  const guard = await mutex.acquire()
  await Promise.all([guard.release(), guard.release()])
  await guard.release({ timeout: 1_000 })
  assert.equal(guard.isHeld, false)
  assert.throws(() => guard.check(), LockLostError)
  assert.equal(guard.signal.aborted, false, 'a release is not a loss')
  assert.deepEqual(await children('/lock'), [])
})

scenario('asyncDispose releases the lock', async ({ client }) => {
  const mutex = (await client()).mutex('/lock')
  let kept: Guard
  {
    await using guard = await mutex.acquire()
    kept = guard
    assert(kept.isHeld)
  }
  assert(!kept.isHeld)
  await (await mutex.acquire({ timeout: 0 }))[Symbol.asyncDispose]()
})

scenario('the signal aborts when the node is deleted', async ({ client, zookeeper, chroot }) => {
  const guard = await (await client()).mutex('/lock').acquire()
  await zookeeper.observer.delete(chroot + guard.node)
  const reason = await aborted(guard.signal)
  assert(reason instanceof LockLostError)
  assert.match(reason.message, /deleted/)
  assert.equal(guard.isHeld, false)
  assert.throws(() => guard.check(), LockLostError)
  await guard.release()
})

scenario('the signal aborts before a silent server can grant the lock again', async ({ client, zookeeper }) => {
  const guard = await (await client({ sessionTimeout: 2_000 })).mutex('/lock').acquire()
  await zookeeper.pause(0)
  try {
    const took = await timed(async () => assert((await aborted(guard.signal)) instanceof LockLostError))
    assert(took < 2_000, `it took ${took} ms`)
    assert.equal(guard.isHeld, false)
    await assert.rejects(guard.release({ timeout: 100 }), AcquireTimeoutError)
  } finally {
    await zookeeper.resume(0)
  }
  await guard.release()
})

scenario('the loss of one guard does not abort the signal of another', async ({ client, zookeeper, chroot }) => {
  const own = await client()
  const [lost, kept] = [await own.mutex('/a').acquire(), await own.mutex('/b').acquire()]
  await zookeeper.observer.delete(chroot + lost.node)
  await aborted(lost.signal)
  await sleep(50)
  assert.equal(kept.signal.aborted, false)
  kept.check()
})

scenario('closing the client loses its locks, and release still works', async ({ client, children }) => {
  const own = await client()
  const other = await client()
  const guard = await own.mutex('/lock').acquire()
  await own.close()
  assert((await aborted(guard.signal)) instanceof LockLostError)
  await guard.release()
  await (await other.mutex('/lock').acquire({ timeout: 5_000 })).release()
  await eventually(async () => (await children('/lock')).length === 0, 'the queue is empty')
})
