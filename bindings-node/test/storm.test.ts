// Many calls that are aborted at random moments and must leave nothing. The printed figures are for information.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Guard } from 'zkcoord'

import { eventually, scenario } from './support.js'

const CALLS = 1_000

const warnings: Error[] = []
process.on('warning', (warning) => warnings.push(warning))
// node:test fails the running test if a rejection or an exception is not handled.

/** Runs many calls, which may fail with `reason` only, and returns the number that did. Releases the other guards. */
async function storm(call: (number: number) => Promise<Guard | null>, reason: unknown): Promise<number> {
  let aborted = 0
  await Promise.all(
    Array.from({ length: CALLS }, async (_, number) => {
      const guard = await call(number).catch((error: unknown) => {
        assert.equal(error, reason)
        aborted++
        return null
      })
      await guard?.release()
    }),
  )
  return aborted
}

/** Returns the memory of the process in MiB, including that of the addon. */
const memory = () => Math.round(process.memoryUsage.rss() / 2 ** 20)

const storms = [
  // `within` is the time in which they are aborted, about as long as it takes to serve all of them.
  { name: 'one mutex', pathOf: () => '/lock', within: 1_500 },
  { name: 'mutexes of their own', pathOf: (number: number) => `/locks/${number}`, within: 150 },
]

for (const { name, pathOf, within } of storms) {
  scenario(`${CALLS} acquires of ${name}, each aborted at a random moment`, async ({ client, children }) => {
    const own = await client()
    // A first round without aborts, so that the directories exist.
    assert.equal(await storm((number) => own.mutex(pathOf(number)).acquire(), undefined), 0)
    const before = memory()
    let aborted = 0
    for (let round = 0; round < 3; round++) {
      aborted += await storm((number) => {
        const controller = new AbortController()
        const abort = () => controller.abort('enough')
        // Some are aborted at once, because a busy machine may run all timers too late.
        if (number % 4 === 0) setImmediate(abort)
        else setTimeout(abort, Math.random() * within)
        return own.mutex(pathOf(number)).acquire({ signal: controller.signal })
      }, 'enough')
    }
    for (let number = 0; number < CALLS; number += name === 'one mutex' ? CALLS : 50) {
      await eventually(async () => (await children(pathOf(number))).length === 0, 'no node is left')
      await (await own.mutex(pathOf(number)).acquire({ timeout: 5_000 })).release()
    }
    console.log(`${name}: ${aborted} of ${3 * CALLS} aborted; memory ${before} MiB before, ${memory()} MiB after`)
    assert.deepEqual(warnings, [])
  })
}

scenario(`${CALLS} calls of all kinds with one signal`, async ({ client, children }) => {
  const own = await client()
  const holder = await (await client()).mutex('/lock').acquire()
  const controller = new AbortController()
  const { signal } = controller
  const kinds = [
    () => own.mutex('/lock').acquire({ signal }),
    () => own.rwLock('/lock').read.acquire({ signal }),
    () => own.multiMutex(['/a', '/lock']).acquire({ signal }),
    () => own.locks.request('name', { signal }, () => null),
    () =>
      own
        .rateLimiter('/limit', { permits: 1, per: 3_600_000 })
        .acquire({ signal })
        .then(() => null),
    () =>
      own
        .counter('/counter')
        .add(1, { signal })
        .then(() => null),
    () => own.missGuard('/misses').load('key', () => null, { signal }),
    () => own.semaphore('/semaphore', { permits: 1 }).acquire({ signal }),
  ]
  const storming = storm((number) => kinds[number % kinds.length]!(), 'enough')
  await eventually(async () => (await children('/lock')).length > CALLS / 8, 'the first calls are in the queue')
  assert.equal(getEventListeners(signal, 'abort').length, 1)
  controller.abort('enough')
  console.log(`one signal: ${await storming} of ${CALLS} aborted`)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  holder.check()
  await holder.release()
  for (const path of ['/lock', '/a', '/locks/name', '/semaphore/leases', '/semaphore/locks']) {
    await eventually(async () => (await children(path)).length === 0, `no node is left in ${path}`)
  }
  await sleep(0)
  assert.deepEqual(warnings, [])
})

scenario('a signal that is used many times accumulates no listeners', async ({ client }) => {
  const own = await client()
  const { signal } = new AbortController()
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 50 }, () => own.counter('/counter').add(1, { signal })))
  }
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  assert.equal(await own.counter('/counter').get({ signal }), 1_000n)
  assert.deepEqual(warnings, [])
})
