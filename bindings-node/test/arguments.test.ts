// Invalid arguments. TypeScript would refuse most of them; these tests stand for callers without it.

import assert from 'node:assert/strict'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { inspect } from 'node:util'

import { ConnectionLostError, connect, InvalidArgumentError } from 'zkcoord'

import { scenario, timed } from './support.js'

/** Passes a value of any type as any other. */
const any = (value: unknown) => value as never

/** Expects an InvalidArgumentError whose message contains all `parts`. */
const isInvalid =
  (...parts: string[]) =>
  (error: unknown) => {
    assert(error instanceof InvalidArgumentError, String(error))
    assert(error instanceof TypeError || error instanceof RangeError, String(error))
    for (const part of parts) assert(error.message.includes(part), `${error.message} lacks ${part}`)
    return true
  }

const badDurations = [NaN, -1, -Infinity, '5', null, 5n, {}, true]

test('invalid hosts are refused', async () => {
  const texts = [
    '',
    ' ',
    'zk1,,zk2',
    'zk1:port',
    'zk1:0',
    'zk1:99999',
    'zk1:',
    '::1',
    'zk1/app/',
    'zk1/a//b',
    'tcp+tls://zk1,zk2',
  ]
  for (const hosts of [...texts, 'a\0b', '\ud800', 5, null, undefined, {}]) {
    await assert.rejects(connect(any(hosts)), isInvalid('hosts'))
  }
})

test('invalid options of connect are refused', async () => {
  const hosts = '127.0.0.1:1'
  for (const time of [...badDurations, 5, 99, 1e12, Infinity]) {
    await assert.rejects(connect(hosts, { sessionTimeout: any(time) }), isInvalid('sessionTimeout'))
  }
  for (const time of [...badDurations, 0]) {
    await assert.rejects(connect(hosts, { connectTimeout: any(time) }), isInvalid('connectTimeout'))
  }
  for (const identity of [5, 'a\0b', '\udfff', '__REVOKE__', 'unlock', 'x'.repeat(2000)]) {
    await assert.rejects(connect(hosts, { identity: any(identity) }), isInvalid('identity'))
  }
  for (const auth of ['digest', ['digest'], ['digest', 5], [5, 'user:password'], ['', 'user:password'], null]) {
    await assert.rejects(connect(hosts, { auth: any(auth) }), isInvalid('auth'))
  }
  for (const acl of ['none', 'OPEN', 5, null, 'creator', 'read']) {
    await assert.rejects(connect(hosts, { acl: any(acl) }), isInvalid('acl'))
  }
  for (const signal of [5, 'abort', null, {}]) {
    await assert.rejects(connect(hosts, { signal: any(signal) }), isInvalid('signal'))
  }
  for (const options of [5, 'fast', null]) await assert.rejects(connect(hosts, any(options)), isInvalid('options'))
  for (const tls of [5, 'on', true, null]) await assert.rejects(connect(hosts, { tls: any(tls) }), isInvalid('tls'))
  for (const file of [5, null, {}, 'a\0b', '\ud800', new URL('https://host/ca.pem')]) {
    await assert.rejects(connect(hosts, { tls: { ca: any(file) } }), isInvalid('tls.ca'))
    await assert.rejects(connect(hosts, { tls: { cert: any(file) } }), isInvalid('tls.cert'))
    await assert.rejects(connect(hosts, { tls: { key: any(file) } }), isInvalid('tls.key'))
  }
  await assert.rejects(connect(hosts, { tls: { verifyHostname: any(1) } }), isInvalid('tls.verifyHostname'))
  await assert.rejects(
    connect(hosts, { tls: any({ cafile: 'ca.pem' }) }),
    isInvalid('tls.cafile: there is no such option'),
  )
})

test('an error never shows a password', async () => {
  const auth = any(['digest', 'user:secret', 'more'])
  await assert.rejects(connect('zk1', { auth }), (error: Error) => !error.message.includes('secret'))
})

test('connecting to a server that does not answer fails after connectTimeout', async () => {
  const mute = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => mute.once('listening', resolve))
  const { port } = mute.address() as AddressInfo
  try {
    for (const hosts of [`127.0.0.1:${port}`, '127.0.0.1:1']) {
      const took = await timed(() => assert.rejects(connect(hosts, { connectTimeout: 500 }), ConnectionLostError))
      assert(took >= 450 && took < 1_500, `${hosts}: it took ${took} ms`)
    }
    const signal = AbortSignal.timeout(100)
    const attempt = connect(`127.0.0.1:${port}`, { connectTimeout: Infinity, signal })
    await assert.rejects(attempt, (error) => error === signal.reason)
  } finally {
    mute.close()
  }
})

scenario('invalid paths are refused without a request', async ({ client }) => {
  const own = await client()
  const texts = ['', 'x', '/', '/a/', '//a', '/a//b', '/a/./b', '/a/..', '/a\u0007', `/${'x'.repeat(5000)}`]
  for (const path of [...texts, '/a\0b', '/\ud800', 5, null, undefined]) {
    assert.throws(() => own.mutex(any(path)), isInvalid('path'))
    assert.throws(() => own.rwLock(any(path)), isInvalid('path'))
    assert.throws(() => own.semaphore(any(path), { permits: 1 }), isInvalid('path'))
    assert.throws(() => own.counter(any(path)), isInvalid('path'))
    assert.throws(() => own.reentrantMutex(any(path)), isInvalid('path'))
    assert.throws(() => own.windowCounter(any(path)), isInvalid('path'))
    assert.throws(() => own.stripedCounter(any(path)), isInvalid('path'))
    assert.throws(() => own.rateLimiter(any(path), { permits: 1 }), isInvalid('path'))
    assert.throws(() => own.missGuard(any(path)), isInvalid('path'))
  }
})

scenario('invalid schemes and formats are refused', async ({ client }) => {
  const own = await client()
  for (const scheme of ['curator', 'kazoo', undefined] as const) {
    own.mutex('/lock', { scheme })
    own.rwLock('/lock', { scheme })
    own.multiMutex(['/lock'], { scheme })
    own.reentrantMutex('/lock', { scheme })
  }
  for (const scheme of ['zab', 5, null, '', 'Curator']) {
    const options = { scheme: any(scheme) }
    assert.throws(() => own.mutex('/lock', options), isInvalid('scheme', inspect(scheme), "'curator' or 'kazoo'"))
    assert.throws(() => own.rwLock('/lock', options), isInvalid('scheme'))
    assert.throws(() => own.multiMutex(['/lock'], options), isInvalid('scheme'))
    assert.throws(() => own.reentrantMutex('/lock', options), isInvalid('scheme'))
  }
  for (const format of ['i64', 'i32', 'text'] as const) own.counter('/counter', { format })
  for (const format of ['i65', 'I64', 5, null]) {
    assert.throws(() => own.counter('/counter', { format: any(format) }), isInvalid('format', inspect(format), "'i64'"))
  }
  assert.throws(() => own.mutex('/lock', any('kazoo')), isInvalid('options'))
  assert.throws(() => own.rwLock('/lock', any('kazoo')), isInvalid('options'))
  assert.throws(() => own.multiMutex(['/lock'], any('kazoo')), isInvalid('options'))
})

scenario('invalid numbers and durations in options are refused', async ({ client }) => {
  const own = await client()
  const refuses = (name: string, values: unknown[], make: (options: never) => unknown) => {
    for (const value of values) assert.throws(() => make(any({ [name]: value })), isInvalid(`${name} `))
    for (const options of [5, 'fast', null]) assert.throws(() => make(any(options)), isInvalid('options'))
  }
  const counts = [-1, 1.5, NaN, Infinity, 2 ** 31, '3', 3n, null, {}]
  const times = [...badDurations.filter((time) => time !== undefined), Infinity]
  const numbers = [2n ** 63n, -(2n ** 63n) - 1n, 0.5, NaN, 2 ** 53, '1', null, {}]
  refuses('handoff', counts, (options) => own.mutex('/lock', options))
  for (const name of ['default', 'min', 'max']) refuses(name, numbers, (options) => own.counter('/counter', options))
  refuses('exactlyOnce', [1, 'true', null], (options) => own.counter('/counter', options))
  refuses('flushInterval', times, (options) => own.stripedCounter('/striped', options))
  refuses('window', [...times, 0, 0.5, 1e300], (options) => own.windowCounter('/window', options))
  refuses('buckets', [...counts, 0, 60_001], (options) => own.windowCounter('/window', options))
  refuses('permits', [...counts, 0, 1_000_001, undefined], (options) => own.rateLimiter('/limit', options))
  const limiter = (options: object) => own.rateLimiter('/limit', any(options ?? null))
  for (const per of [...times, 0, 0.5, 1e300]) assert.throws(() => limiter({ permits: 1, per }), isInvalid('per '))
  for (const burst of [...counts, 0, 1_000_001]) {
    assert.throws(() => limiter({ permits: 1, burst }), isInvalid('burst '))
  }
  refuses('threshold', [...counts, 0], (options) => own.missGuard('/misses', options))
  for (const name of ['window', 'hold']) refuses(name, times, (options) => own.missGuard('/misses', options))
  for (const [name, value] of [
    ['threshold', 1_001],
    ['window', 0],
    ['hold', 1e300],
  ] as const) {
    assert.throws(() => own.missGuard('/misses', { [name]: value }), isInvalid(`${name} `))
  }
  for (const stale of [1, 'true', null]) {
    await assert.rejects(own.counter('/counter').get({ stale: any(stale) }), isInvalid('stale '))
  }
})

scenario('invalid timeouts and signals of calls are refused', async ({ client, children }) => {
  const own = await client()
  const [mutex, counter] = [own.mutex('/lock'), own.counter('/counter')]
  const { read, write } = own.rwLock('/rw')
  const [semaphore, both] = [own.semaphore('/semaphore', { permits: 1 }), own.multiMutex(['/a', '/b'])]
  const [reentrant, limiter] = [own.reentrantMutex('/reentrant'), own.rateLimiter('/limiter', { permits: 1 })]
  const [striped, window, misses] = [own.stripedCounter('/s'), own.windowCounter('/w'), own.missGuard('/misses')]
  const guard = await mutex.acquire({ timeout: Number.MAX_VALUE })
  for (const timeout of badDurations) {
    const options = any({ timeout })
    const calls = [
      () => mutex.acquire(options),
      () => mutex.tryAcquire(options),
      () => guard.release(options),
      () => counter.add(1, options),
      () => counter.increment(options),
      () => counter.decrement(options),
      () => counter.get(options),
      () => counter.set(1, options),
      () => counter.getAndSet(1, options),
      () => counter.compareAndSet(1, 1, options),
      () => own.close(options),
      () => read.acquire(options),
      () => write.tryAcquire(options),
      () => semaphore.acquire(options),
      () => semaphore.tryAcquire(options),
      () => both.acquire(options),
      () => both.tryAcquire(options),
      () => mutex.inspect(options),
      () => own.requestRevoke('/lock/node', options),
      () => guard.setData('/data', '', options),
      () => guard.create('/data', '', options),
      () => guard.delete('/data', options),
      () => counter.versioned(options),
      () => counter.reserve(1, options),
      () => reentrant.acquire(options),
      () => reentrant.tryAcquire(options),
      () => reentrant.inspect(options),
      () => reentrant.run(() => {}, options),
      () => limiter.acquire(options),
      () => limiter.tryAcquire(options),
      () => striped.flush(options),
      () => striped.sum(options),
      () => window.add(1, options),
      () => window.count(options),
      () => misses.load('key', () => null, options),
      () => misses.forget('key', options),
    ]
    for (const call of calls) await assert.rejects(call(), isInvalid('timeout'))
  }
  const signal = any({})
  for (const call of [
    () => write.acquire({ signal }),
    () => semaphore.acquire({ signal }),
    () => both.acquire({ signal }),
    () => mutex.inspect({ signal }),
    () => own.requestRevoke('/lock/node', { signal }),
    () => guard.setData('/data', '', { signal }),
    () => guard.create('/data', '', { signal }),
    () => guard.delete('/data', { signal }),
    () => counter.reserve(1, { signal }),
    () => counter.versioned({ signal }),
    () => reentrant.acquire({ signal }),
    () => limiter.acquire({ signal }),
    () => striped.flush({ signal }),
    () => window.add(1, { signal }),
    () => misses.load('key', () => null, { signal }),
    () => misses.forget('key', { signal }),
    async () => counter.watch({ signal }),
  ]) {
    await assert.rejects(call(), isInvalid('signal'))
  }
  await assert.rejects(mutex.acquire(any({ timeout: -5 })), isInvalid('timeout -5:'))
  await assert.rejects(mutex.acquire(any({ signal: {} })), isInvalid('signal'))
  await assert.rejects(mutex.acquire(any(5)), isInvalid('options 5:'))
  guard.check()
  assert.equal((await children('/lock')).length, 1)
  await guard.release({ timeout: Infinity })
})

scenario('unknown options are refused', async ({ client, hosts }) => {
  const own = await client()
  const guard = await own.mutex('/lock').acquire({ timeout: 5_000, nothing: undefined } as never)
  const options = any({ timeuot: 5, timeout: 5 })
  const names = isInvalid('options.timeuot: there is no such option')
  for (const call of [
    () => connect(hosts, options),
    () => own.mutex('/lock').acquire(options),
    () => guard.setData('/a', '', options),
    () => own.semaphore('/s', { permits: 1 }).acquire(options),
    () => own.counter('/c').get(options),
    () => guard.release(options),
    () => own.close(options),
    () => own.requestRevoke('/lock/x', options),
    () => own.missGuard('/misses').load('key', () => 1, options),
  ]) {
    await assert.rejects(call(), names)
  }
  for (const call of [
    () => own.mutex('/lock', options),
    () => own.rwLock('/lock', options),
    () => own.multiMutex(['/a'], options),
    () => own.reentrantMutex('/lock', options),
    () => own.semaphore('/s', options),
    () => own.counter('/c', options),
    () => own.stripedCounter('/c', options),
    () => own.windowCounter('/c', options),
    () => own.rateLimiter('/c', options),
    () => own.missGuard('/c', options),
    () => own.counter('/c').watch(options),
  ]) {
    assert.throws(call, names)
  }
  await assert.rejects(connect(hosts, any({ password: 'secret' })), (error: Error) => !error.message.includes('secret'))
  guard.check()
})

scenario('a number out of its range is a RangeError, every other invalid argument a TypeError', async ({ client }) => {
  const own = await client()
  const mutex = own.mutex('/lock')
  for (const timeout of [-1, NaN, -Infinity]) await assert.rejects(mutex.acquire({ timeout }), RangeError)
  for (const timeout of ['5', 5n, null, {}]) await assert.rejects(mutex.acquire(any({ timeout })), TypeError)
  await assert.rejects(own.counter('/c').add(2n ** 63n), RangeError)
  await assert.rejects(own.counter('/c').reserve(0), RangeError)
  await assert.rejects(own.semaphore('/s', { permits: 2 }).acquire({ permits: 3 }), RangeError)
  await assert.rejects(connect('zk1', { sessionTimeout: 5 }), RangeError)
  assert.throws(() => own.rateLimiter('/r', { permits: 1, per: 1e300 }), RangeError)
  assert.throws(() => own.mutex('lock'), TypeError)
  assert.throws(() => own.mutex('/lock', any({ scheme: 'zab' })), TypeError)
  await assert.rejects(connect('zk1:99999'), TypeError)
})

scenario('invalid values of counters are refused', async ({ client }) => {
  const own = await client()
  const [counter, window] = [own.counter('/counter'), own.windowCounter('/window')]
  for (const n of [2n ** 64n, -1, -1n, 0.5, NaN, Infinity, 2 ** 53, '1', null, {}]) {
    await assert.rejects(window.add(any(n)), isInvalid('n '))
  }
  for (const n of [2n ** 63n, -(2n ** 63n) - 1n, 2n ** 64n, 0.5, NaN, Infinity, 2 ** 53, '1', null, {}]) {
    await assert.rejects(counter.add(any(n)), isInvalid('n '))
    await assert.rejects(counter.reserve(any(n)), isInvalid('n '))
    await assert.rejects(counter.set(any(n)), isInvalid('value '))
    await assert.rejects(counter.getAndSet(any(n)), isInvalid('value '))
    await assert.rejects(counter.compareAndSet(any(n), 1), isInvalid('expected '))
    await assert.rejects(counter.compareAndSet(1, any(n)), isInvalid('value '))
  }
  await assert.rejects(counter.set(any(undefined)), isInvalid('value undefined'))
  assert.equal(await counter.get(), 0n)
})
