// Writes that are fenced by a lock.

import assert from 'node:assert/strict'

import { ClosedError, type Guard, IndeterminateError, InvalidArgumentError, LockLostError } from 'zkcoord'

import { scenario } from './support.js'

scenario('a holder can write and a former holder cannot', async ({ client, zookeeper, chroot }) => {
  const read = async () => (await zookeeper.observer.data(`${chroot}/data`))?.data.toString()
  const guard = await (await client()).mutex('/lock').acquire()
  assert.equal(await guard.create('/data', 'ü\0'), undefined)
  assert.equal(await read(), 'ü\0')
  await guard.setData('/data', Uint8Array.of(50), { timeout: 5_000 })
  assert.equal(await read(), '2')
  await guard.setData('/data', Buffer.from('xx3xx').subarray(2, 3), { version: 1 })
  assert.equal(await read(), '3')
  await guard.setData('/data', '')
  assert.equal(await read(), '')
  await zookeeper.observer.delete(chroot + guard.node)
  const writes = [guard.setData('/data', '4'), guard.create('/more', ''), guard.delete('/data')]
  await Promise.all(writes.map((write) => assert.rejects(write, LockLostError)))
  assert.equal(await read(), '')
  await using next = await (await client()).mutex('/lock').acquire()
  await next.delete('/data', { version: 3 })
  assert.equal(await read(), undefined)
})

scenario('guards of all kinds of locks can write', async ({ client, children }) => {
  const own = await client()
  const guards: Record<string, Guard> = {
    kazoo: await own.mutex('/kazoo', { scheme: 'kazoo' }).acquire(),
    read: await own.rwLock('/rw').read.acquire(),
    semaphore: await own.semaphore('/semaphore', { permits: 3 }).acquire({ permits: 2 }),
    multi: await own.multiMutex(['/a', '/b']).acquire(),
  }
  for (const [name, guard] of Object.entries(guards)) {
    await guard.create(`/by-${name}`, name)
    await guard.delete(`/by-${name}`)
    await guard.release()
    await assert.rejects(guard.create(`/by-${name}`, name), LockLostError)
    assert(!(await children('')).includes(`by-${name}`))
  }
})

scenario('a refused write names the argument and the reason', async ({ client }) => {
  const guard = await (await client()).mutex('/lock').acquire()
  await guard.create('/data', '1')
  const cases: [Promise<void>, RegExp][] = [
    [guard.create('/data', '2'), /^path "\/data": there is such a node/],
    [guard.create('/none/data', '2'), /^path "\/none\/data": there is no such node/],
    [guard.setData('/none', '2'), /^path "\/none": there is no such node/],
    [guard.setData('/data', '2', { version: 7 }), /^version "7": \/data is at another version/],
    [guard.delete('/data', { version: 7 }), /^version "7": \/data is at another version/],
    [guard.delete('/lock'), /^path "\/lock": the node has children/],
  ]
  const name = 'InvalidArgumentError'
  await Promise.all(cases.map(([write, message]) => assert.rejects(write, { name, message })))
  guard.check()
})

scenario('invalid arguments are refused', async ({ client, children }) => {
  const guard = await (await client()).mutex('/lock').acquire()
  await guard.create('/data', '1')
  const isInvalid = (about: string) => (error: unknown) =>
    error instanceof InvalidArgumentError && error.message.startsWith(`${about} `)
  for (const path of ['', 'x', '/', '/a/', '/a//b', '/a\0b', '/\ud800', 5, null, undefined] as never[]) {
    await assert.rejects(guard.setData(path, ''), isInvalid('path'))
    await assert.rejects(guard.create(path, ''), isInvalid('path'))
    await assert.rejects(guard.delete(path), isInvalid('path'))
  }
  for (const data of ['\ud800', 5, null, undefined, {}, [1], new ArrayBuffer(1), new Uint16Array(1)] as never[]) {
    await assert.rejects(guard.setData('/data', data), isInvalid('data'))
    await assert.rejects(guard.create('/new', data), isInvalid('data'))
  }
  for (const version of [-2, 0.5, NaN, Infinity, 2 ** 31, '1', 1n, null] as never[]) {
    await assert.rejects(guard.setData('/data', '', { version }), isInvalid('version'))
    await assert.rejects(guard.delete('/data', { version }), isInvalid('version'))
  }
  assert.deepEqual((await children('')).sort(), ['data', 'lock'])
})

scenario('an aborted write rejects with the reason, a lost reply is indeterminate', async ({ client, zookeeper }) => {
  const own = await client()
  const guard = await own.mutex('/lock').acquire()
  await guard.create('/data', '1')
  const signal = AbortSignal.abort('no')
  for (const write of [
    () => guard.setData('/data', '2', { signal }),
    () => guard.create('/new', '2', { signal }),
    () => guard.delete('/data', { signal }),
  ]) {
    await assert.rejects(write(), (error) => error === 'no')
  }
  await zookeeper.pause(0)
  try {
    const controller = new AbortController()
    const write = guard.setData('/data', '2', { signal: controller.signal })
    controller.abort('enough')
    await assert.rejects(write, (error) => error === 'enough')
    await assert.rejects(guard.setData('/data', '2', { timeout: 100 }), IndeterminateError)
  } finally {
    await zookeeper.resume(0)
  }
  await own.close()
  await assert.rejects(guard.delete('/data'), (error) => error instanceof ClosedError || error instanceof LockLostError)
})
