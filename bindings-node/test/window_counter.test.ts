import assert from 'node:assert/strict'

import { BadDataError, CounterOverflowError, InvalidArgumentError } from 'zkcoord'

import { eventually, scenario } from './support.js'

scenario('the count includes the events of all clients', async ({ client }) => {
  const [counter, other] = [await client(), await client()].map((own) => own.windowCounter('/failures'))
  assert.equal(await counter!.count(), 0n)
  assert.equal(await counter!.add(0), 0n)
  assert.equal(await counter!.add(), 1n)
  assert.equal(await other!.add(41n, { timeout: 5_000 }), 42n)
  assert.equal(await counter!.count({ timeout: 5_000 }), 42n)
})

scenario('events are forgotten when the window is over', async ({ client }) => {
  const counter = (await client()).windowCounter('/failures', { window: 200, buckets: 4 })
  assert((await counter.add(3)) >= 3n)
  await eventually(async () => (await counter.count()) === 0n, 'all events are forgotten')
})

scenario('counts up to 64 bits are exact, and larger ones are refused', async ({ client }) => {
  const counter = (await client()).windowCounter('/events')
  assert.equal(await counter.add(2n ** 64n - 1n), 2n ** 64n - 1n)
  await assert.rejects(counter.add(), CounterOverflowError)
  assert.equal(await counter.count(), 2n ** 64n - 1n)
})

scenario('other options and data in another format are refused', async ({ client, zookeeper, chroot }) => {
  const own = await client()
  await own.windowCounter('/events').add()
  const other = own.windowCounter('/events', { window: 60_000, buckets: 6 })
  await assert.rejects(other.add(), InvalidArgumentError)
  await assert.rejects(other.count(), InvalidArgumentError)
  await zookeeper.observer.create(`${chroot}/other`, Uint8Array.of(1, 2, 3))
  await assert.rejects(own.windowCounter('/other').add(), BadDataError)
})
