import assert from 'node:assert/strict'

import { ClosedError, connect, NotAuthorizedError, type State } from 'zkcoord'

import { eventually, scenario } from './support.js'

scenario('each client has its own session', async ({ client, zookeeper, chroot }) => {
  const [one, other] = [await client(), await client()]
  assert.equal(one.state, 'connected')
  assert.equal(typeof one.sessionId, 'bigint')
  assert.notEqual(one.sessionId, 0n)
  assert.notEqual(one.sessionId, other.sessionId)
  const guard = await one.mutex('/lock').acquire()
  const stat = await zookeeper.observer.exists(chroot + guard.node)
  assert.equal(stat?.ephemeralOwner, one.sessionId)
})

scenario('the identity is the data of the lock node', async ({ client, zookeeper, chroot }) => {
  const guard = await (await client({ identity: 'worker ü7' })).mutex('/lock').acquire()
  const found = await zookeeper.observer.data(chroot + guard.node)
  assert.equal(found?.data.toString(), 'worker ü7')
})

scenario('close ends the session and all pending calls', async ({ client, children }) => {
  const [own, other] = [await client(), await client()]
  const holder = await other.mutex('/lock').acquire()
  const mutex = own.mutex('/lock')
  const waiting = assert.rejects(mutex.acquire(), ClosedError)
  await eventually(async () => (await children('/lock')).length === 2, 'the waiter is in the queue')
  await Promise.all([own.close(), own.close()])
  await own.close({ timeout: 1_000 })
  await waiting
  assert.equal(own.state, 'closed')
  assert.equal(own.sessionId, 0n)
  assert.equal((await children('/lock')).length, 1)
  const counter = own.counter('/counter')
  const limiter = own.rateLimiter('/limit', { permits: 1 })
  const calls: Promise<unknown>[] = [
    mutex.acquire(),
    mutex.tryAcquire(),
    counter.get(),
    counter.add(),
    counter.reserve(1),
    counter.watch().next(),
    own.reentrantMutex('/lock').acquire(),
    own.windowCounter('/window').add(),
    own.windowCounter('/window').count(),
    limiter.acquire(),
    limiter.tryAcquire(),
    own.missGuard('/misses').load('key', () => 1),
    own.missGuard('/misses').forget('key'),
    own.stripedCounter('/striped').flush(),
    own.stripedCounter('/striped').sum(),
  ]
  await Promise.all(calls.map((call) => assert.rejects(call, ClosedError)))
  await holder.release()
})

scenario('asyncDispose closes the client', async ({ hosts }) => {
  const client = await connect(hosts)
  {
    await using own = client
    assert.equal(own.state, 'connected')
  }
  assert.equal(client.state, 'closed')
})

scenario('a listener is called with every new state until it is unsubscribed', async ({ client, zookeeper }) => {
  const own = await client({ sessionTimeout: 2_000 })
  const seen: State[] = []
  const unsubscribe = own.onState((state) => seen.push(state))
  const afterUnsubscribe: State[] = []
  own.onState((state) => afterUnsubscribe.push(state))()
  await zookeeper.pause(0)
  try {
    await eventually(() => seen.includes('suspended'), 'suspended')
  } finally {
    await zookeeper.resume(0)
  }
  await eventually(() => seen.at(-1) === 'connected' && own.state === 'connected', 'connected again')
  unsubscribe()
  unsubscribe()
  const count = seen.length
  await own.close()
  assert.equal(seen.length, count)
  assert.deepEqual(afterUnsubscribe, [])
  assert.throws(() => own.onState(5 as never), { code: 'ERR_ZKCOORD_INVALID_ARGUMENT' })
})

scenario('closed is the last state', async ({ client }) => {
  const own = await client()
  const seen: State[] = []
  own.onState((state) => seen.push(state))
  await own.close()
  await eventually(() => seen.at(-1) === 'closed', 'closed')
})

scenario('a client without authentication is refused', async ({ client }) => {
  const owner = await client({ auth: ['digest', 'user:password'], acl: 'creator' })
  const same = await client({ auth: ['digest', Buffer.from('user:password')], acl: 'creator' })
  const stranger = await client()
  assert.equal(await owner.counter('/counter').add(), 1n)
  assert.equal(await same.counter('/counter').add(), 2n)
  await assert.rejects(stranger.counter('/counter').add(), NotAuthorizedError)
})
