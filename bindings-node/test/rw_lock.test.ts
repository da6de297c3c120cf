import assert from 'node:assert/strict'

import { AcquireTimeoutError, LockLostError } from 'zkcoord'

import { aborted, eventually, scenario } from './support.js'

scenario('readers share the lock, and a writer holds it alone', async ({ client, children }) => {
  const [lock, other] = [(await client()).rwLock('/lock'), (await client()).rwLock('/lock')]
  const readers = [await lock.read.acquire(), await other.read.acquire({ timeout: 0 })]
  assert.equal(await other.write.tryAcquire(), null)
  await assert.rejects(lock.write.acquire({ timeout: 50 }), AcquireTimeoutError)
  await Promise.all(readers.map((guard) => guard.release()))
  const writer = await other.write.acquire({ timeout: 5_000 })
  assert(readers.every((guard) => guard.token < writer.token))
  assert.equal(await lock.read.tryAcquire(), null)
  assert.equal(await lock.write.tryAcquire(), null)
  await writer.release()
  assert.deepEqual(await children('/lock'), [])
})

scenario('a reader waits for the writers before it', async ({ client, children }) => {
  const lock = (await client()).rwLock('/lock')
  const reader = await lock.read.acquire()
  const order: string[] = []
  const writing = lock.write.acquire().then(async (guard) => {
    order.push('write')
    await guard.release()
  })
  await eventually(async () => (await children('/lock')).length === 2, 'the writer waits')
  assert.equal(await lock.read.tryAcquire(), null)
  const reading = lock.read.acquire().then(async (guard) => {
    order.push('read')
    await guard.release()
  })
  await eventually(async () => (await children('/lock')).length === 3, 'the reader waits')
  await reader.release()
  await Promise.all([writing, reading])
  assert.deepEqual(order, ['write', 'read'])
})

scenario('an aborted acquire leaves no node and rejects with the reason', async ({ client, children }) => {
  const lock = (await client()).rwLock('/lock')
  const reader = await lock.read.acquire()
  const controller = new AbortController()
  const waiting = lock.write.acquire({ signal: controller.signal })
  await eventually(async () => (await children('/lock')).length === 2, 'the writer waits')
  controller.abort('enough')
  await assert.rejects(waiting, (error) => error === 'enough')
  await eventually(async () => (await children('/lock')).length === 1, 'the writer has left')
  reader.check()
  const refused = lock.read.tryAcquire({ signal: AbortSignal.abort('no') })
  await assert.rejects(refused, (error) => error === 'no')
})

scenario('the nodes have the names of the scheme', async ({ client }) => {
  const own = await client()
  const names = {
    curator: [/^\/curator\/_c_.*-__READ__\d{10}$/, /^\/curator\/_c_.*-__WRIT__\d{10}$/],
    kazoo: [/^\/kazoo\/_c_.*__rlock__\d{10}$/, /^\/kazoo\/_c_.*__lock__\d{10}$/],
  }
  for (const scheme of ['curator', 'kazoo'] as const) {
    const lock = own.rwLock(`/${scheme}`, { scheme })
    for (const [n, side] of [lock.read, lock.write].entries()) {
      await using guard = await side.acquire()
      assert.match(guard.node, names[scheme][n]!)
    }
  }
  await using byDefault = await own.rwLock('/default').write.acquire()
  assert.match(byDefault.node, /__WRIT__/)
})

scenario('the nodes of a mutex can have the names of kazoo', async ({ client }) => {
  const [own, other] = [await client(), await client()]
  await using guard = await own.mutex('/lock', { scheme: 'kazoo' }).acquire()
  assert.match(guard.node, /^\/lock\/_c_[0-9a-f]{32}__lock__\d{10}$/)
  assert.equal(await other.mutex('/lock', { scheme: 'kazoo' }).tryAcquire(), null)
  assert.equal(await other.rwLock('/lock', { scheme: 'kazoo' }).read.tryAcquire(), null)
})

scenario('a guard of one side is lost with its node', async ({ client, zookeeper, chroot }) => {
  const lock = (await client()).rwLock('/lock')
  const [lost, kept] = [await lock.read.acquire(), await lock.read.acquire()]
  await zookeeper.observer.delete(chroot + lost.node)
  assert((await aborted(lost.signal)) instanceof LockLostError)
  kept.check()
})
