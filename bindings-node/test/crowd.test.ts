// Many concurrent calls. The printed times are for information: no test here fails because it is slow.

import assert from 'node:assert/strict'
import { monitorEventLoopDelay } from 'node:perf_hooks'

import { scenario } from './support.js'

/** Runs `work` `count` times concurrently, and prints the time that it took and the delays of the event loop. */
async function concurrently<T>(name: string, count: number, work: (number: number) => Promise<T>): Promise<T[]> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const start = performance.now()
  const calls = Array.from({ length: count }, (_, number) => work(number))
  const startingTook = performance.now() - start
  const results = await Promise.all(calls)
  const took = performance.now() - start
  // One more turn of the event loop, so that the last delay is measured.
  await new Promise((resolve) => setTimeout(resolve, 2))
  delay.disable()
  const [median, p99, max] = [delay.percentile(50), delay.percentile(99), delay.max].map((ns) => (ns / 1e6).toFixed(1))
  const loop = `event loop delay ${median} ms (median), ${p99} ms (p99), ${max} ms (max)`
  console.log(`${name}: ${took.toFixed(0)} ms, of which ${startingTook.toFixed(0)} ms to make the calls; ${loop}`)
  return results
}

scenario('1,000 concurrent acquires of one mutex', async ({ client, children }) => {
  const mutex = (await client()).mutex('/lock')
  let inside = 0
  const tokens = await concurrently('1,000 acquires of one mutex', 1_000, async () => {
    const guard = await mutex.acquire()
    assert.equal(++inside, 1)
    await Promise.resolve()
    inside--
    await guard.release()
    return guard.token
  })
  assert.equal(new Set(tokens).size, 1_000)
  assert.deepEqual(await children('/lock'), [])
})

scenario('1,000 concurrent acquires of 1,000 mutexes', async ({ client, children }) => {
  const own = await client()
  const guards = await concurrently('1,000 acquires of 1,000 mutexes', 1_000, (n) => own.mutex(`/locks/${n}`).acquire())
  for (const guard of guards) guard.check()
  assert.equal((await children('/locks')).length, 1_000)
  assert.equal((await own.locks.query()).held.length, 1_000)
  await concurrently('1,000 releases', 1_000, (n) => guards[n]!.release())
  assert.deepEqual(await own.locks.query(), { held: [], pending: [] })
})

scenario('10,000 concurrent adds to one counter', async ({ client }) => {
  const counter = (await client()).counter('/counter')
  for (let round = 1; round <= 3; round++) {
    const values = await concurrently('10,000 adds to one counter', 10_000, () => counter.add())
    assert.equal(new Set(values).size, 10_000)
    assert.equal(await counter.get(), BigInt(round) * 10_000n)
    assert.deepEqual([values.length, Math.max(...values.map(Number))], [10_000, round * 10_000])
  }
})
