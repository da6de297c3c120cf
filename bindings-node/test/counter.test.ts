import assert from 'node:assert/strict'

import { BadDataError, ClosedError, CounterOverflowError, InvalidArgumentError } from 'zkcoord'

import { scenario } from './support.js'

const MAX = 2n ** 63n - 1n
const MIN = -(2n ** 63n)

scenario('every operation returns the value that it promises', async ({ client }) => {
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

scenario('values cover 64 bits, and a change beyond them is refused', async ({ client }) => {
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

scenario('data in another format is refused and not overwritten', async ({ client, zookeeper, chroot }) => {
  const counter = (await client()).counter('/counter')
  await zookeeper.observer.create(`${chroot}/counter`, Uint8Array.of(1, 2, 3))
  const calls = [counter.get(), counter.add(1n), counter.compareAndSet(0, 1)]
  await Promise.all(calls.map((call) => assert.rejects(call, BadDataError)))
  assert.deepEqual([...(await zookeeper.observer.data(`${chroot}/counter`))!.data], [1, 2, 3])
})

scenario('an aborted change rejects with the reason of the signal', async ({ client, zookeeper }) => {
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

scenario('each format writes its own bytes', async ({ client, zookeeper, chroot }) => {
  const own = await client()
  const formats = [
    ['i64', [0, 0, 0, 0, 0, 0, 1, 2]],
    ['i32', [0, 0, 1, 2]],
    ['text', [50, 53, 56]],
  ] as const
  for (const [format, bytes] of formats) {
    const counter = own.counter(`/${format}`, { format })
    assert.equal(await counter.add(258n), 258n)
    assert.deepEqual([...(await zookeeper.observer.data(`${chroot}/${format}`))!.data], bytes)
  }
  const small = own.counter('/i32', { format: 'i32' })
  await small.set(2n ** 31n - 1n)
  await assert.rejects(small.increment(), CounterOverflowError)
  await assert.rejects(own.counter('/i32').get(), BadDataError)
})

scenario('default, min and max apply to this counter only', async ({ client }) => {
  const own = await client()
  const counter = own.counter('/counter', { default: 5, min: -1n, max: 10n })
  assert.equal(await counter.get(), 5n)
  assert.equal(await counter.add(5n), 10n)
  await assert.rejects(counter.increment(), CounterOverflowError)
  await assert.rejects(counter.set(-2), CounterOverflowError)
  assert.equal(await counter.getAndSet(-1), 10n)
  await own.counter('/counter').set(100n)
  assert.equal(await counter.get(), 100n)
  for (const options of [{ min: 2, max: 1, default: 1 }, { min: 1 }, { format: 'i32', default: 2 ** 31 }] as const) {
    assert.throws(() => own.counter('/other', options), InvalidArgumentError)
  }
})

scenario('a counter without exactlyOnce creates no child nodes', async ({ client, children }) => {
  const own = await client()
  await own.counter('/plain', { exactlyOnce: false }).increment()
  assert.deepEqual(await children('/plain'), [])
})

scenario('reads can be stale, or include the version of the node', async ({ client }) => {
  const counter = (await client()).counter('/counter')
  assert.deepEqual(await counter.versioned(), { value: 0n, version: -1 })
  await counter.set(1)
  const { version } = await counter.versioned()
  await counter.set(2)
  assert.deepEqual(await counter.versioned({ timeout: 5_000 }), { value: 2n, version: version + 1 })
  assert.equal(await counter.get({ stale: true, timeout: 5_000 }), 2n)
  assert.equal(await counter.get({ stale: false }), 2n)
})

scenario('no other caller gets reserved numbers', async ({ client }) => {
  const counters = [await client(), await client()].map((own) => own.counter('/ids'))
  const reservations = await Promise.all(counters.map((counter) => counter.reserve(50)))
  for (const { first, last } of reservations) assert.equal(last - first, 49n)
  const numbers = new Set([...reservations.flatMap((reserved) => [...reserved]), await counters[0]!.increment()])
  assert.deepEqual(
    [...numbers].sort((a, b) => Number(a - b)),
    Array.from({ length: 101 }, (_, n) => BigInt(n + 1)),
  )
  assert.deepEqual([...(await counters[1]!.reserve(1n))], [102n])
  for (const n of [0, -1n]) await assert.rejects(counters[0]!.reserve(n), InvalidArgumentError)
})

scenario('a watch yields the value and each new one', async ({ client }) => {
  const clients = [await client(), await client()]
  const [counter, other] = clients.map((own) => own.counter('/counter'))
  const seen: bigint[] = []
  for await (const value of counter!.watch()) {
    seen.push(value)
    if (value === 3n) break
    await other!.set(value + 1n)
  }
  assert.deepEqual(seen, [0n, 1n, 2n, 3n])

  const watch = counter!.watch()
  assert.deepEqual(await watch.next(), { value: 3n, done: false })
  const [fourth, fifth] = [watch.next(), assert.rejects(watch.next(), BadDataError)]
  await other!.set(4)
  assert.equal((await fourth).value, 4n)
  const guard = await clients[1]!.mutex('/lock').acquire()
  await guard.setData('/counter', Uint8Array.of(1, 2, 3))
  await fifth
  assert.deepEqual(await watch.next(), { value: undefined, done: true })
})

scenario('a watch ends with its signal, and with its client', async ({ client }) => {
  const own = await client()
  const controller = new AbortController()
  const watch = own.counter('/counter').watch({ signal: controller.signal })
  await watch.next()
  const next = watch.next()
  controller.abort('enough')
  await assert.rejects(next, (error) => error === 'enough')
  assert.equal((await watch.next()).done, true)
  const afterAbort = own.counter('/counter').watch({ signal: controller.signal })
  await assert.rejects(afterAbort.next(), (error) => error === 'enough')
  const closed = own.counter('/counter').watch()
  await closed.next()
  await Promise.all([assert.rejects(closed.next(), ClosedError), own.close()])
})

scenario('stats count the changes', async ({ client }) => {
  const counter = (await client()).counter('/counter')
  await counter.increment()
  await counter.increment()
  const { count, timeouts, mean, holds } = counter.stats()
  assert.deepEqual([count, timeouts, holds.count], [2, 0, 0])
  assert(mean > 0 && mean < 10_000)
})
