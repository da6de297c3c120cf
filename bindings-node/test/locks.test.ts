// The rules of Web Locks, step by step as in https://w3c.github.io/web-locks/#api-lock-manager-request, and our additions.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

import {
  AcquireTimeoutError,
  asOwner,
  ClosedError,
  InvalidArgumentError,
  type Lock,
  LockLostError,
  type LockOptions,
} from 'zkcoord'

import { aborted, eventually, scenario } from './support.js'

const notSupported = (error: unknown) => error instanceof DOMException && error.name === 'NotSupportedError'

/** Makes a promise that the caller settles. */
function gate<T = void>() {
  let open!: (value: T) => void
  let fail!: (reason: unknown) => void
  const opened = new Promise<T>((resolve, reject) => ([open, fail] = [resolve, reject]))
  return { open, fail, opened }
}

scenario('the callback receives the lock, and request resolves to its result', async ({ client, children }) => {
  const { locks } = await client()
  const value = await locks.request('report', async (lock) => {
    assert.equal(lock.name, 'report')
    assert.equal(lock.mode, 'exclusive')
    assert.equal(typeof lock.token, 'bigint')
    assert.equal(lock.signal.aborted, false)
    assert(Object.isFrozen(lock))
    assert.equal((await children('/locks/report')).length, 1)
    return { answer: 42 }
  })
  assert.deepEqual(value, { answer: 42 })
  assert.deepEqual(await children('/locks/report'), [])
  assert.equal(await locks.request('report', () => 5), 5)
  assert.equal(await locks.request('report', undefined as never, () => 6), 6)
  assert.equal(await locks.request('report', null as never, () => 7), 7)
})

scenario('an exception of the callback passes through, and the lock is released', async ({ client, children }) => {
  const { locks } = await client()
  const broken = new Error('broken')
  await assert.rejects(
    locks.request('a', () => {
      throw broken
    }),
    (error) => error === broken,
  )
  await assert.rejects(
    locks.request('a', () => Promise.reject(broken)),
    (error) => error === broken,
  )
  assert.deepEqual(await children('/locks/a'), [])
})

scenario('the lock is held until the promise of the callback is settled', async ({ client }) => {
  const [one, other] = [(await client()).locks, (await client()).locks]
  const { open, opened } = gate()
  const order: string[] = []
  const first = one.request('a', async () => {
    order.push('first begins')
    await opened
    order.push('first ends')
  })
  await eventually(() => order.length === 1, 'the first request holds the lock')
  const second = other.request('a', () => order.push('second'))
  await eventually(async () => (await one.query()).pending.length === 1, 'the second request waits')
  open()
  await Promise.all([first, second])
  assert.deepEqual(order, ['first begins', 'first ends', 'second'])
})

scenario('shared requests hold together, an exclusive one alone, all in order of arrival', async ({ client }) => {
  const { locks } = await client()
  const other = (await client()).locks
  const gates = Array.from({ length: 5 }, () => gate())
  const modes = ['shared', 'shared', 'exclusive', 'shared', 'exclusive'] as const
  const running: number[] = []
  const requests: Promise<void>[] = []
  for (const [number, mode] of modes.entries()) {
    requests.push(
      (number % 2 ? other : locks).request('a', { mode }, async (lock) => {
        assert.equal(lock.mode, mode)
        running.push(number)
        await gates[number]!.opened
        running.splice(running.indexOf(number), 1)
      }),
    )
    await eventually(async () => {
      const { held, pending } = await locks.query()
      return held.length + pending.length === number + 1
    }, `request ${number} is in the queue`)
  }
  const runs = (...numbers: number[]) =>
    eventually(() => String([...running].sort()) === String(numbers), `${numbers} run, and not ${running}`)
  await runs(0, 1)
  gates[0]!.open()
  await runs(1)
  gates[1]!.open()
  // The shared request behind the exclusive one does not overtake it.
  await runs(2)
  gates[2]!.open()
  await runs(3)
  gates[3]!.open()
  await runs(4)
  gates[4]!.open()
  await Promise.all(requests)
})

scenario('ifAvailable calls back with null or with the lock', async ({ client }) => {
  const [one, other] = [(await client()).locks, (await client()).locks]
  await one.request('a', async () => {
    assert.equal(await other.request('a', { ifAvailable: true }, (lock) => lock), null)
    assert.equal(await other.request('a', { ifAvailable: true, mode: 'shared' }, (lock) => lock), null)
    await assert.rejects(
      other.request('a', { ifAvailable: true }, async (lock) => {
        assert.equal(lock, null)
        throw new Error('without it')
      }),
      /without it/,
    )
  })
  assert.equal(await other.request('a', { ifAvailable: true, timeout: 5_000 }, (lock) => lock?.name), 'a')
  await one.request('a', { mode: 'shared' }, async () => {
    assert.equal(await other.request('a', { ifAvailable: true, mode: 'shared' }, (lock) => lock?.mode), 'shared')
  })
})

scenario('a signal cancels a waiting request, and has no effect on a held lock', async ({ client, children }) => {
  const { locks } = await client()
  const { open, opened } = gate()
  const holding = locks.request('a', () => opened)
  await eventually(async () => (await children('/locks/a')).length === 1, 'the lock is held')
  const controller = new AbortController()
  const { signal } = controller
  const waiting = locks.request('a', { signal }, () => assert.fail('called'))
  await eventually(async () => (await children('/locks/a')).length === 2, 'the request waits')
  controller.abort()
  await assert.rejects(waiting, { name: 'AbortError' })
  await assert.rejects(
    locks.request('b', { signal }, () => assert.fail('called')),
    (error) => error === signal.reason,
  )
  const reason = new Error('enough')
  const given = locks.request('a', { signal: AbortSignal.abort(reason) }, () => assert.fail('called'))
  await assert.rejects(given, (error) => error === reason)
  await eventually(async () => (await children('/locks/a')).length === 1, 'the waiter has left')
  open()
  await holding
  const afterGrant = new AbortController()
  assert.equal(
    await locks.request('a', { signal: afterGrant.signal }, async (lock) => {
      afterGrant.abort()
      await sleep(20)
      assert.equal((await children('/locks/a')).length, 1)
      return lock.signal.aborted
    }),
    false,
  )
})

scenario('unsupported options and names are refused', async ({ client, children }) => {
  const { locks } = await client()
  const { signal } = new AbortController()
  const never = () => assert.fail('called')
  const refused: [string, LockOptions][] = [
    ['-', {}],
    ['-a', {}],
    ['a', { steal: true }],
    ['a', { steal: true, ifAvailable: true }],
    ['a', { steal: true, mode: 'shared' }],
    ['a', { ifAvailable: true, signal }],
  ]
  for (const [name, options] of refused) await assert.rejects(locks.request(name, options, never), notSupported)
  assert.equal(await locks.request('a', { steal: false }, () => 5), 5)
  assert.deepEqual(await children('/locks'), ['a'])
})

scenario('an invalid argument is a TypeError', async ({ client, hosts }) => {
  const { locks } = await client()
  const never = () => assert.fail('called')
  const any = (value: unknown) => value as never
  for (const name of [5, null, undefined, {}, '\ud800'])
    await assert.rejects(locks.request(any(name), never), TypeError)
  for (const mode of ['read', 'SHARED', null, 5]) {
    await assert.rejects(locks.request('a', { mode: any(mode) }, never), TypeError)
  }
  for (const callback of [5, 'fn', null, {}]) {
    await assert.rejects(locks.request('a', any(callback)), TypeError)
    await assert.rejects(locks.request('a', {}, any(callback)), TypeError)
  }
  await assert.rejects(locks.request('a', any(undefined)), TypeError)
  for (const options of [{ signal: {} }, { timeout: '5' }, { ifAvailable: 1 }, { steal: 'no' }, { mod: 'shared' }]) {
    await assert.rejects(locks.request('a', any(options), never), TypeError)
  }
  await assert.rejects(locks.request('a', { timeout: -1 }, never), RangeError)
  await assert.rejects(locks.request('x'.repeat(5_000), never), InvalidArgumentError)
  for (const locksPath of ['locks', '/', '', '/a/', '//a', 5, null]) {
    await assert.rejects(client({ locksPath: any(locksPath) }), {
      name: 'InvalidArgumentError',
      message: /^locksPath /,
    })
  }
  assert(hosts)
})

scenario('every string that does not begin with - is a valid name', async ({ client, children }) => {
  const { locks } = await client()
  const names = [
    '',
    '.',
    '..',
    '...',
    'a/b',
    '/',
    '%',
    '%2F',
    'ünïcödé',
    'a b',
    '\0',
    '\u0007',
    'a-',
    '🔒',
    'zookeeper',
  ]
  const { open, opened } = gate()
  const hold = async (lock: Lock) => {
    await opened
    return lock.name
  }
  const holding = names.map((name) => locks.request(name, hold))
  await eventually(async () => (await locks.query()).held.length === names.length, 'all locks are held')
  const { held, pending } = await locks.query()
  assert.deepEqual(held.map(({ name }) => name).sort(), [...names].sort())
  assert.deepEqual(pending, [])
  open()
  assert.deepEqual(await Promise.all(holding), names)
  const nodes = await children('/locks')
  assert(nodes.includes('a%2Fb') && nodes.includes('%') && nodes.includes('%2E%2E'), String(nodes))
})

scenario('query returns the locks of all clients', async ({ client }) => {
  const [one, other] = [await client({ identity: 'one' }), await client({ identity: 'other' })]
  assert.deepEqual(await one.locks.query(), { held: [], pending: [] })
  const { open, opened } = gate()
  const requests = [one.locks.request('a', () => opened)]
  await eventually(async () => (await one.locks.query()).held.length === 1, 'the lock is held')
  requests.push(other.locks.request('a', { mode: 'shared' }, () => opened))
  requests.push(other.locks.request('b', { mode: 'shared' }, () => opened))
  await eventually(async () => (await one.locks.query({ timeout: 5_000 })).pending.length === 1, 'the request waits')
  const { held, pending } = await one.locks.query()
  const id = ({ sessionId }: { sessionId: bigint }) => `0x${BigInt.asUintN(64, sessionId).toString(16)}`
  assert.deepEqual(held, [
    { name: 'a', mode: 'exclusive', clientId: id(one), identity: 'one' },
    { name: 'b', mode: 'shared', clientId: id(other), identity: 'other' },
  ])
  assert.deepEqual(pending, [{ name: 'a', mode: 'shared', clientId: id(other), identity: 'other' }])
  open()
  await Promise.all(requests)
  await assert.rejects(one.locks.query({ signal: AbortSignal.abort('no') }), (error) => error === 'no')
})

scenario('a lock excludes the read/write lock at its path', async ({ client, children }) => {
  const own = await client({ locksPath: '/services/locks' })
  await own.locks.request('a/b', async (lock) => {
    assert.equal((await children('/services/locks/a%2Fb')).length, 1)
    const path = `/services/locks/${encodeURIComponent(lock.name)}`
    assert.equal(await own.rwLock(path).read.tryAcquire(), null)
    assert.equal(await own.mutex(path).tryAcquire(), null)
  })
  const guard = await own.rwLock('/services/locks/a').read.acquire()
  assert.equal(await own.locks.request('a', { ifAvailable: true }, (lock) => lock), null)
  assert.equal((await own.locks.query()).held[0]?.name, 'a')
  await guard.release()
})

scenario('a request is not reentrant, also within asOwner', async ({ client }) => {
  const { locks } = await client()
  await asOwner(() =>
    locks.request('a', async () => {
      await assert.rejects(
        locks.request('a', { timeout: 50 }, () => assert.fail('called')),
        AcquireTimeoutError,
      )
      assert.equal(await locks.request('a', { ifAvailable: true, mode: 'shared' }, (lock) => lock), null)
    }),
  )
})

scenario('the signal of a lock aborts when the lock is lost', async ({ client, zookeeper, chroot, children }) => {
  const { locks } = await client()
  const outcome = await locks.request('a', async (lock) => {
    const [node] = await children('/locks/a')
    await zookeeper.observer.delete(`${chroot}/locks/a/${node}`)
    assert((await aborted(lock.signal)) instanceof LockLostError)
    return 'notified'
  })
  assert.equal(outcome, 'notified')
  await assert.rejects(
    locks.request('a', async (lock: Lock) => {
      const [node] = await children('/locks/a')
      await zookeeper.observer.delete(`${chroot}/locks/a/${node}`)
      await sleep(10_000, undefined, { signal: lock.signal }).catch(({ cause }) => {
        throw cause
      })
    }),
    LockLostError,
  )
})

scenario('tokens grow, and a closed client refuses requests', async ({ client }) => {
  const own = await client()
  const tokens: bigint[] = []
  for (let round = 0; round < 3; round++) tokens.push(await own.locks.request('a', ({ token }) => token))
  assert(tokens[0]! < tokens[1]! && tokens[1]! < tokens[2]!)
  await own.close()
  await assert.rejects(
    own.locks.request('a', () => assert.fail('called')),
    ClosedError,
  )
  await assert.rejects(own.locks.query(), ClosedError)
})
