import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as zkcoord from 'zkcoord'
import { Kit } from '../../tests/kit/node/testkit.mjs'
import native from '../native.cjs'
import { aborted, scenario } from './support.js'

type ErrorClass = new (message?: string) => zkcoord.ZkcoordError

const classes = Object.entries(zkcoord).filter(([name]) => name.endsWith('Error') && name !== 'ZkcoordError')

test('there is a class for each code of the core, and no other', () => {
  const ours = classes.map(([name, Class]) => [new (Class as ErrorClass)().code, name])
  const core = native.errorTable().map((row) => [row.code, row.class.replace(/(Error)?$/, 'Error')])
  assert.equal(core.length, 17)
  assert.deepEqual(Object.fromEntries(ours), Object.fromEntries(core))
  assert.equal(ours.length, core.length)
})

test('errors have name, message, cause and stack as those of Node', () => {
  const cause = new Error('why')
  const error = new zkcoord.LockLostError('it is gone', { cause })
  assert(error instanceof zkcoord.ZkcoordError && error instanceof Error)
  assert.equal(error.name, 'LockLostError')
  assert.equal(String(error), 'LockLostError: it is gone')
  assert.equal(error.code, 'ERR_ZKCOORD_LOCK_LOST')
  assert.equal(error.cause, cause)
  assert.match(error.stack ?? '', /^LockLostError: it is gone\n/)
  assert.deepEqual(Object.keys(error), ['code'])
})

test('every error of the package is a ZkcoordError, and no other error is', () => {
  for (const [name, Class] of classes) {
    const error = new (Class as ErrorClass)('why')
    assert(error instanceof zkcoord.ZkcoordError && error instanceof Error)
    assert.equal(error.name, name)
    assert.equal(error instanceof zkcoord.LockLostError, name === 'LockLostError')
    assert.equal(error instanceof zkcoord.InvalidArgumentError, name === 'InvalidArgumentError')
  }
  for (const other of [new Error(), new TypeError(), null, undefined, 5, {}]) {
    assert(!(other instanceof zkcoord.ZkcoordError) && !(other instanceof zkcoord.InvalidArgumentError))
  }
})

test('an error of an argument is also an error of the language', async () => {
  const error = await zkcoord.connect(5 as never).catch((error: unknown) => error)
  assert(error instanceof zkcoord.InvalidArgumentError && error instanceof zkcoord.ZkcoordError)
  assert(error instanceof TypeError && !((error as Error) instanceof zkcoord.LockLostError))
  assert.equal((error as Error).name, 'InvalidArgumentError')
  assert.match((error as Error).stack ?? '', /^InvalidArgumentError: hosts 5: /)
  assert.deepEqual(Object.keys(error), ['code'])
})

// Each error in a situation that causes it. Left out are CANCELLED, which a signal's reason replaces; SESSION_EXPIRED,
// because recipes continue with the next session; FORKED and INTERNAL, which no call can cause here; and
// SEQUENCE_EXHAUSTED, for which `interop_sequence` in core/tests exhausts the sequence numbers of a server.

/** Expects that the call rejects or throws with this error, and that its stack shows the caller. */
async function rejectsWith(Class: new () => zkcoord.ZkcoordError, code: string, call: () => unknown): Promise<void> {
  async function theCaller() {
    await call()
  }
  await assert.rejects(theCaller(), (error: zkcoord.ZkcoordError) => {
    assert(error instanceof Class, String(error))
    assert.equal(error.code, code)
    assert.match(error.stack ?? '', /theCaller/)
    // Internal functions of the package are left out.
    assert.doesNotMatch(error.stack ?? '', /at (async )?(settle|unwrap|toError)/)
    return true
  })
}

scenario('TIMEOUT', async ({ client }) => {
  const mutex = (await client()).mutex('/lock')
  await mutex.acquire()
  await rejectsWith(zkcoord.AcquireTimeoutError, 'ERR_ZKCOORD_TIMEOUT', () => mutex.acquire({ timeout: 20 }))
})

scenario('CONNECTION_LOST', async () => {
  const connecting = () => zkcoord.connect('127.0.0.1:1', { connectTimeout: 100 })
  await rejectsWith(zkcoord.ConnectionLostError, 'ERR_ZKCOORD_CONNECTION_LOST', connecting)
})

scenario('LOCK_LOST', async ({ client, zookeeper, chroot }) => {
  const guard = await (await client()).mutex('/lock').acquire()
  await zookeeper.observer.delete(chroot + guard.node)
  await aborted(guard.signal)
  await rejectsWith(zkcoord.LockLostError, 'ERR_ZKCOORD_LOCK_LOST', () => guard.check())
  await rejectsWith(zkcoord.LockLostError, 'ERR_ZKCOORD_LOCK_LOST', () => guard.create('/data', ''))
})

scenario('NOT_AUTHORIZED', async ({ client }) => {
  const owner = await client({ auth: ['digest', 'user:password'], acl: 'creator' })
  await owner.counter('/counter').add()
  const stranger = (await client()).counter('/counter')
  await rejectsWith(zkcoord.NotAuthorizedError, 'ERR_ZKCOORD_NOT_AUTHORIZED', () => stranger.add())
})

scenario('INVALID_ARGUMENT', async ({ client }) => {
  const own = await client()
  const code = 'ERR_ZKCOORD_INVALID_ARGUMENT'
  await rejectsWith(zkcoord.InvalidArgumentError, code, () => own.mutex('lock'))
  await rejectsWith(zkcoord.InvalidArgumentError, code, () => own.mutex('/lock').acquire({ timeout: -1 }))
  await rejectsWith(zkcoord.InvalidArgumentError, code, () => own.counter('/counter').reserve(0))
})

scenario('BAD_DATA', async ({ client, zookeeper, chroot }) => {
  const counter = (await client()).counter('/counter')
  await zookeeper.observer.create(`${chroot}/counter`, 'three')
  await rejectsWith(zkcoord.BadDataError, 'ERR_ZKCOORD_BAD_DATA', () => counter.add())
})

scenario('OVERFLOW', async ({ client }) => {
  const counter = (await client()).counter('/counter', { max: 5 })
  await rejectsWith(zkcoord.CounterOverflowError, 'ERR_ZKCOORD_OVERFLOW', () => counter.add(6))
})

scenario('WOULD_DEADLOCK', async ({ client }) => {
  const own = await client()
  await own
    .reentrantMutex('/lock')
    .run(() =>
      rejectsWith(zkcoord.WouldDeadlockError, 'ERR_ZKCOORD_WOULD_DEADLOCK', () => own.mutex('/lock').acquire()),
    )
})

scenario('CLOSED', async ({ client }) => {
  const own = await client()
  await own.close()
  await rejectsWith(zkcoord.ClosedError, 'ERR_ZKCOORD_CLOSED', () => own.mutex('/lock').acquire())
  await rejectsWith(zkcoord.ClosedError, 'ERR_ZKCOORD_CLOSED', () => own.counter('/counter').watch().next())
})

scenario('INDETERMINATE', async ({ zookeeper, chroot, client }) => {
  await client()
  const kit = new Kit()
  try {
    const proxy = await kit.proxy(zookeeper.hosts)
    const own = await zkcoord.connect(proxy.address + chroot)
    const counter = own.counter('/counter')
    await counter.add()
    await proxy.holdReplies()
    const adding = () => counter.add(1, { timeout: 300 })
    await rejectsWith(zkcoord.IndeterminateError, 'ERR_ZKCOORD_INDETERMINATE', adding)
    await proxy.holdReplies(false)
    await own.close({ timeout: 5_000 })
  } finally {
    await kit.close()
  }
})

test('QUOTA', { timeout: 30_000 }, async () => {
  const kit = new Kit()
  try {
    const zookeeper = await kit.zookeeper({ properties: { enforceQuota: 'true' } })
    const limits = 'count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=2'
    await zookeeper.observer.create('/full')
    await zookeeper.observer.createAll('/zookeeper/quota/full')
    await zookeeper.observer.create('/zookeeper/quota/full/zookeeper_limits', limits)
    await zookeeper.observer.create('/zookeeper/quota/full/zookeeper_stats', 'count=1,bytes=0')
    const own = await zkcoord.connect(zookeeper.hosts)
    await rejectsWith(zkcoord.QuotaExceededError, 'ERR_ZKCOORD_QUOTA', () =>
      own.mutex('/full/lock').acquire({ timeout: 5_000 }),
    )
    await own.close({ timeout: 5_000 })
  } finally {
    await kit.close()
  }
})
