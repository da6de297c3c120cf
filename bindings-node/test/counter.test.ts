import assert from 'node:assert/strict'

import { BadDataError, CounterOverflowError } from 'zkcoord'

import { scenario } from './support.js'

const MAX = 2n ** 63n - 1n
const MIN = -(2n ** 63n)

scenario('every operation', async ({ client }) => {
  const counter = (await client()).counter('/counter')
  assert.equal(await counter.get(), 0n)
  assert.equal(await counter.add(), 1n)
  assert.equal(await counter.add(41n), 42n)
  assert.equal(await counter.add(-2), 40n)
  assert.equal(await counter.add(0), 40n)
  assert.equal(await counter.increment(), 41n)
  assert.equal(await counter.decrement(), 40n)
  assert.equal(await counter.set(7), undefined)
  assert.equal(await counter.getAndSet(8n), 7n)
  assert.equal(await counter.compareAndSet(7n, 9n), false)
  assert.equal(await counter.compareAndSet(8, 9), true)
  assert.equal(await counter.get({ timeout: 5_000 }), 9n)
})

scenario('the node holds 8 bytes, big-endian', async ({ client, zookeeper, chroot }) => {
  await (await client()).counter('/counter').set(-258n)
  const found = await zookeeper.observer.data(`${chroot}/counter`)
  assert.equal(found?.data.readBigInt64BE(), -258n)
  assert.equal(found.data.length, 8)
})

scenario('100 concurrent adds of two clients are exact', async ({ client }) => {
  const counters = [await client(), await client()].map((client) => client.counter('/counter'))
  const values = await Promise.all(Array.from({ length: 100 }, (_, n) => counters[n % 2]!.add(1n)))
  assert.deepEqual(
    values.sort((a, b) => Number(a - b)),
    Array.from({ length: 100 }, (_, n) => BigInt(n + 1)),
  )
  assert.equal(await counters[0]!.get(), 100n)
})

scenario('the whole range, and nothing beyond it', async ({ client }) => {
  const counter = (await client()).counter('/counter')
  for (const value of [MAX, MIN, -1n, BigInt(Number.MAX_SAFE_INTEGER)]) {
    await counter.set(value)
    assert.equal(await counter.get(), value)
    assert.equal(await counter.getAndSet(value), value)
    assert.equal(await counter.compareAndSet(value, value), true)
  }
  await counter.set(MAX)
  await assert.rejects(counter.increment(), CounterOverflowError)
  assert.equal(await counter.add(MIN), -1n)
  await counter.set(MIN)
  await assert.rejects(counter.decrement(), { code: 'ERR_ZKCOORD_OVERFLOW' })
  assert.equal(await counter.get(), MIN)
})

scenario('bytes of somebody else stay as they are', async ({ client, zookeeper, chroot }) => {
  const counter = (await client()).counter('/counter')
  await zookeeper.observer.create(`${chroot}/counter`, Uint8Array.of(1, 2, 3))
  const calls = [counter.get(), counter.add(1n), counter.compareAndSet(0, 1)]
  await Promise.all(calls.map((call) => assert.rejects(call, BadDataError)))
  assert.deepEqual([...(await zookeeper.observer.data(`${chroot}/counter`))!.data], [1, 2, 3])
})

scenario('an aborted change rejects with the reason', async ({ client, zookeeper }) => {
  const counter = (await client()).counter('/counter')
  await zookeeper.pause(0)
  try {
    const controller = new AbortController()
    const call = counter.add(1n, { signal: controller.signal })
    controller.abort('enough')
    await assert.rejects(call, (error) => error === 'enough')
    await assert.rejects(counter.get({ timeout: 100 }), { code: 'ERR_ZKCOORD_TIMEOUT' })
  } finally {
    await zookeeper.resume(0)
  }
})
