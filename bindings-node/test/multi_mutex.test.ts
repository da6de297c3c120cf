import assert from 'node:assert/strict'

import { AcquireTimeoutError, LockLostError } from 'zkcoord'

import { aborted, eventually, scenario } from './support.js'

scenario('all locks are acquired, or none', async ({ client, children }) => {
  const [own, other] = [await client(), await client()]
  const both = own.multiMutex(['/b', '/a'])
  const guard = await both.acquire({ timeout: 5_000 })
  assert.match(guard.node, /^\/a\//)
  const [first, second] = guard.tokens
  assert.deepEqual(first, { node: guard.node, token: guard.token })
  assert(second!.node === `/b/${(await children('/b'))[0]}` && second!.token > guard.token)
  for (const path of ['/a', '/b']) assert.equal(await other.mutex(path).tryAcquire(), null)
  assert.equal(await other.multiMutex(['/c', '/b']).tryAcquire(), null)
  await assert.rejects(other.multiMutex(['/0', '/a']).acquire({ timeout: 50 }), AcquireTimeoutError)
  for (const path of ['/0', '/c']) {
    await eventually(async () => (await children(path)).length === 0, `${path} is released`)
  }
  await guard.release()
  const again = await both.tryAcquire()
  assert(again && again.token > guard.token)
  await again.release()
  for (const path of ['/a', '/b']) assert.deepEqual(await children(path), [])
})

scenario('paths in any order do not deadlock', async ({ client }) => {
  const [own, other] = [await client(), await client()]
  const mutexes = [own.multiMutex(['/a', '/b', '/a']), other.multiMutex(['/b', '/a'])]
  let inside = 0
  const worker = async (mutex: (typeof mutexes)[number]) => {
    for (let round = 0; round < 10; round++) {
      await using guard = await mutex.acquire({ timeout: 20_000 })
      guard.check()
      assert.equal(++inside, 1)
      await new Promise(setImmediate)
      inside--
    }
  }
  await Promise.all(mutexes.map(worker))
})

scenario('an aborted acquire holds no lock and rejects with the reason', async ({ client, children }) => {
  const [own, other] = [await client(), await client()]
  const holder = await other.mutex('/b').acquire()
  const controller = new AbortController()
  const waiting = own.multiMutex(['/a', '/b']).acquire({ signal: controller.signal })
  await eventually(async () => (await children('/b')).length === 2, 'it waits for the second lock')
  assert.equal((await children('/a')).length, 1)
  controller.abort('enough')
  await assert.rejects(waiting, (error) => error === 'enough')
  await eventually(async () => (await children('/a')).length === 0, 'the first lock is released')
  await eventually(async () => (await children('/b')).length === 1, 'it has left the queue of the second lock')
  holder.check()
})

scenario('the guard is lost when one of the locks is lost', async ({ client, children, zookeeper, chroot }) => {
  const guard = await (await client()).multiMutex(['/a', '/b'], { scheme: 'kazoo' }).acquire()
  const [name] = await children('/b')
  assert.match(name!, /__lock__/)
  await zookeeper.observer.delete(`${chroot}/b/${name}`)
  assert((await aborted(guard.signal)) instanceof LockLostError)
  assert.equal(guard.isHeld, false)
  await guard.release()
  assert.deepEqual(await children('/a'), [])
})

scenario('invalid paths are refused', async ({ client }) => {
  const own = await client()
  for (const paths of [[], '/a', '', 5, null, undefined, {}, new Set(['/a'])]) {
    assert.throws(() => own.multiMutex(paths as never), { name: 'InvalidArgumentError', message: /^paths .*: must be/ })
  }
  for (const path of ['', 'a', '/', '/a/', '/a\0b', '/\ud800', 5, null, undefined]) {
    assert.throws(() => own.multiMutex(['/a', path as never]), { name: 'InvalidArgumentError', message: /^paths / })
  }
  // A hole in the array is not a path.
  assert.throws(() => own.multiMutex(new Array<string>(2)), /^InvalidArgumentError: paths undefined/)
})
