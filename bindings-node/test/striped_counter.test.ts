import assert from 'node:assert/strict'

import { ClosedError, CounterOverflowError } from 'zkcoord'

import { eventually, scenario } from './support.js'

scenario('the sum includes the adds of two clients', async ({ client }) => {
  const [counter, other] = [await client(), await client()].map((own) => own.stripedCounter('/requests'))
  for (let n = 0; n < 1_000; n++) counter!.add()
  other!.add(-3)
  other!.add(2n ** 40n)
  await Promise.all([counter!.flush(), other!.flush({ timeout: 10_000 })])
  const total = 997n + 2n ** 40n
  assert.deepEqual(await Promise.all([counter!.sum(), other!.sum({ timeout: 10_000 })]), [total, total])
})

scenario('adds are written within the interval, and when the client closes', async ({ client }) => {
  const [own, other, reader] = [await client(), await client(), await client()]
  const sum = () => reader.stripedCounter('/requests').sum()
  own.stripedCounter('/requests', { flushInterval: 0 }).add(2)
  await eventually(async () => (await sum()) === 2n, 'the add is written')
  other.stripedCounter('/requests', { flushInterval: 1e300 }).add(3)
  await other.close()
  assert.equal(await sum(), 5n)
})

scenario('an invalid add is refused at once', async ({ client }) => {
  const own = await client()
  const counter = own.stripedCounter('/requests', { flushInterval: 3_600_000 })
  counter.add(2n ** 63n - 1n)
  assert.throws(() => counter.add(), CounterOverflowError)
  counter.add(-(2n ** 63n - 1n))
  for (const n of [2n ** 63n, 0.5, NaN, '1', null, {}]) {
    assert.throws(() => counter.add(n as never), { name: 'InvalidArgumentError', message: /^n / })
  }
  await own.close()
  assert.throws(() => counter.add(), ClosedError)
  await assert.rejects(counter.sum(), ClosedError)
})
