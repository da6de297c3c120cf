import assert from 'node:assert/strict'

import { AcquireTimeoutError, BadDataError, ClosedError } from 'zkcoord'

import { eventually, scenario } from './support.js'

scenario('a key with too many misses is answered without a load', async ({ client }) => {
  const [guard, other] = [await client(), await client()].map((own) => own.missGuard('/misses', { threshold: 2 }))
  const asked: string[] = []
  const missing = (key: string) => void asked.push(key)
  assert.equal(await guard!.load('user-42', missing), null)
  const missingLater = async (key: string) => {
    missing(key)
    return null
  }
  assert.equal(await other!.load('user-42', missingLater), null)
  assert.equal(await guard!.load('user-42', () => assert.fail('it was loaded')), null)
  assert.equal(await other!.load('user-42', () => assert.fail('it was loaded'), { timeout: 5_000 }), null)
  assert.deepEqual(asked, ['user-42', 'user-42'])
  await other!.forget('user-42', { timeout: 5_000 })
  assert.equal(await guard!.load('user-42', () => 'Ann'), 'Ann')
})

scenario('a found value is returned, and clears the misses', async ({ client }) => {
  const guard = (await client()).missGuard('/misses', { threshold: 2, window: 60_000, hold: 30_000 })
  for (const value of [0, '', false, NaN, 0n, { name: 'Ann' }]) {
    await guard.load('key', () => undefined)
    assert.equal(await guard.load('key', async () => value), value)
  }
})

scenario('an exception passes through, and lets the next caller load', async ({ client }) => {
  const guard = (await client()).missGuard('/misses', { threshold: 1 })
  const broken = new Error('the database is down')
  const throwing = () => {
    throw broken
  }
  await assert.rejects(guard.load('key', throwing), (error) => error === broken)
  await assert.rejects(
    guard.load('key', async () => throwing()),
    (error) => error === broken,
  )
  assert.equal(await guard.load('key', () => 1, { timeout: 5_000 }), 1)
})

scenario('one caller loads a key at a time, and the others wait until the timeout or the abort', async ({ client }) => {
  const [guard, other] = [await client(), await client()].map((own) => own.missGuard('/misses'))
  let done: ((_: null) => void) | undefined
  const loading = guard!.load('key', () => new Promise<null>((resolve) => (done = resolve)))
  await eventually(() => done !== undefined, 'the first caller loads')
  await assert.rejects(
    other!.load('key', () => 1, { timeout: 300 }),
    AcquireTimeoutError,
  )
  const signal = AbortSignal.timeout(100)
  await assert.rejects(
    other!.load('key', () => 1, { signal }),
    (error) => error === signal.reason,
  )
  assert.equal(await other!.load('another', () => 1), 1)
  done!(null)
  assert.equal(await loading, null)
})

scenario('keys are bytes, and strings stand for their UTF-8', async ({ client, children }) => {
  const guard = (await client()).missGuard('/misses', { threshold: 1 })
  await guard.load('é', () => null)
  assert.equal(await guard.load(new TextEncoder().encode('é'), () => assert.fail('it was loaded')), null)
  const bytes = Uint8Array.of(0xff, 0, 0xfe)
  await guard.load(bytes, (key) => void assert.equal(key, bytes))
  await guard.load('', () => null)
  assert.equal((await children('/misses')).length, 3)
  for (const key of [5, null, undefined, ['a'], '\ud800']) {
    const refused = { name: 'InvalidArgumentError', message: /^key / }
    await assert.rejects(
      guard.load(key as never, () => null),
      refused,
    )
    await assert.rejects(guard.forget(key as never), refused)
  }
  await assert.rejects(guard.load('key', null as never), { name: 'InvalidArgumentError', message: /^fn null/ })
})

scenario('data in another format and a closed client are refused', async ({ client, children }) => {
  const own = await client()
  const guard = own.missGuard('/misses')
  await guard.load('key', () => null)
  const [node] = await children('/misses')
  const lock = await own.mutex('/lock').acquire()
  await lock.setData(`/misses/${node}`, Uint8Array.of(1, 2, 3))
  await assert.rejects(
    guard.load('key', () => assert.fail('it was loaded')),
    BadDataError,
  )
  await own.close()
  await assert.rejects(
    guard.load('key', () => null),
    ClosedError,
  )
  await assert.rejects(guard.forget('key'), ClosedError)
})
