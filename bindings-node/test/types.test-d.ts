// Checked by tsc and never run: calls that the types allow, and calls that they refuse.

import {
  asOwner,
  type Client,
  type Contender,
  type Counter,
  connect,
  type Guard,
  type HoldStats,
  InvalidArgumentError,
  type Lock,
  type LockInfo,
  LockLostError,
  type LockManager,
  type LockManagerSnapshot,
  type MissGuard,
  type MultiMutex,
  type Mutex,
  type NodeToken,
  type Queue,
  type RateLimiter,
  type ReentrantMutex,
  type Reservation,
  type RwLock,
  type Semaphore,
  type State,
  type StripedCounter,
  type Versioned,
  type WaitStats,
  type WindowCounter,
  type ZkcoordError,
} from 'zkcoord'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Same<A, B>) => {}

const client = await connect('zk1:2181,zk2:2181/app', {
  sessionTimeout: 5_000,
  connectTimeout: 5_000,
  identity: 'me',
  acl: 'read',
  auth: ['digest', 'user:password'],
  tls: { ca: '/etc/zk/ca.pem', cert: new URL('file:///etc/zk/worker.pem'), verifyHostname: false },
})
same<typeof client, Client>(true)
same<typeof client.sessionId, bigint>(true)
same<typeof client.state, State>(true)
const unsubscribe = client.onState((state) => same<typeof state, State>(true))
same<typeof unsubscribe, () => void>(true)

const mutex = client.mutex('/lock', { scheme: 'curator' })
same<typeof mutex, Mutex>(true)
const given: { timeout?: number | undefined; signal?: AbortSignal | undefined } = {}
const guard = await mutex.acquire(given)
same<typeof guard, Guard>(true)
const perhaps = await mutex.tryAcquire({ signal: guard.signal })
same<typeof perhaps, Guard | null>(true)
same<typeof guard.token, bigint>(true)
same<typeof guard.node, string>(true)
same<typeof guard.tokens, NodeToken[]>(true)
same<typeof guard.isHeld, boolean>(true)
same<typeof guard.signal, AbortSignal>(true)

const lock = client.rwLock('/lock', { scheme: 'kazoo' })
same<typeof lock, RwLock>(true)
same<typeof lock.read, Mutex>(true)
same<typeof lock.write, Mutex>(true)
const semaphore = client.semaphore('/limit', { permits: 3 })
same<typeof semaphore, Semaphore>(true)
const permit = await semaphore.acquire({ permits: 2, ...given })
same<typeof permit, Guard>(true)
const perhapsPermit = await semaphore.tryAcquire()
same<typeof perhapsPermit, Guard | null>(true)
const paths: readonly string[] = ['/a', '/b']
const both = client.multiMutex(paths, { scheme: 'curator' })
same<typeof both, MultiMutex>(true)
const all = await both.acquire(given)
same<typeof all, Guard>(true)
const perhapsAll = await both.tryAcquire(given)
same<typeof perhapsAll, Guard | null>(true)

await guard.release(given)
await client.close(given)
await guard.setData('/data', 'text', { version: 3, ...given })
await guard.create('/data', Buffer.from('bytes'), given)
const deleted = await guard.delete('/data')
same<typeof deleted, void>(true)
guard.onRevoke(() => void guard.release())
same<typeof guard.revokeRequested, boolean>(true)
const asked = await client.requestRevoke(guard.node, given)
same<typeof asked, boolean>(true)

const queue = await lock.read.inspect(given)
same<typeof queue, Queue>(true)
same<typeof queue.warnings, string[]>(true)
const contenders: Contender[] = queue
const [first] = contenders
same<typeof first, Contender | undefined>(true)
if (first) {
  same<typeof first.sessionId, bigint>(true)
  same<typeof first.role, 'holder' | 'waiter'>(true)
  same<typeof first.mode, 'read' | 'write'>(true)
  same<typeof first.waitingSince, Date>(true)
}
const stats = mutex.stats()
same<typeof stats, WaitStats>(true)
const likely = stats.successProbability(200)
same<typeof likely, number>(true)

same<typeof stats.holds, HoldStats>(true)
client.mutex('/lock', { handoff: 5 })

const reentrant = client.reentrantMutex('/lock', { scheme: 'kazoo' })
same<typeof reentrant, ReentrantMutex>(true)
const ran = await reentrant.run(async (held) => held.token, given)
same<typeof ran, bigint>(true)
const owned = asOwner(() => 'text' as const)
same<typeof owned, 'text'>(true)

const window = client.windowCounter('/window', { window: 60_000, buckets: 60 })
same<typeof window, WindowCounter>(true)
const events = await window.add(1, given)
same<typeof events, bigint>(true)
const striped = client.stripedCounter('/striped', { flushInterval: 0 })
same<typeof striped, StripedCounter>(true)
const added = striped.add(3n)
same<typeof added, void>(true)
const limiter = client.rateLimiter('/limit', { permits: 100, per: 1_000, burst: 10 })
same<typeof limiter, RateLimiter>(true)
const allowed = await limiter.tryAcquire({ permits: 2, ...given })
same<typeof allowed, boolean>(true)
const misses = client.missGuard('/misses', { threshold: 3, window: 60_000, hold: 30_000 })
same<typeof misses, MissGuard>(true)
const find = async (key: string): Promise<{ name: string } | undefined> => (key ? { name: key } : undefined)
const user = await misses.load('user-42', find, given)
same<typeof user, { name: string } | null>(true)
await misses.load(new Uint8Array(), (key) => same<typeof key, Uint8Array<ArrayBuffer>>(true))

same<typeof client.locks, LockManager>(true)
const ofLock = await client.locks.request('name', async (lock) => {
  same<typeof lock, Lock>(true)
  return lock.token
})
same<typeof ofLock, bigint>(true)
const ofCall = await client.locks.request('name', { mode: 'shared', ...given }, (lock) => lock.signal.aborted)
same<typeof ofCall, boolean>(true)
const perhapsLocked = await client.locks.request('name', { ifAvailable: true }, (lock) => {
  same<typeof lock, Lock | null>(true)
  return lock?.name
})
same<typeof perhapsLocked, string | undefined>(true)
const snapshot = await client.locks.query(given)
same<typeof snapshot, LockManagerSnapshot>(true)
same<typeof snapshot.held, LockInfo[]>(true)

const counter = client.counter('/counter', { format: 'text', default: 5, min: 0n, max: 100, exactlyOnce: false })
const versioned = await counter.versioned(given)
same<typeof versioned, Versioned>(true)
const reserved = await counter.reserve(3, given)
same<typeof reserved, Reservation>(true)
for (const number of reserved) same<typeof number, bigint>(true)
for await (const value of counter.watch({ signal: guard.signal })) same<typeof value, bigint>(true)
await counter.get({ stale: true, ...given })
same<typeof counter, Counter>(true)
const total = await counter.add(3n, { timeout: 5 })
same<typeof total, bigint>(true)
await counter.add(3)
const nothing = await counter.set(3n)
same<typeof nothing, void>(true)
const written = await counter.compareAndSet(1, 2n)
same<typeof written, boolean>(true)

await using disposable = await mutex.acquire()
await using other: Client = client
void [disposable, other]

const code: 'ERR_ZKCOORD_LOCK_LOST' = new LockLostError('gone').code
const base: ZkcoordError = new LockLostError('gone')
void [code, base.code satisfies string]
const thrown: unknown = base
if (thrown instanceof InvalidArgumentError) same<typeof thrown.code, 'ERR_ZKCOORD_INVALID_ARGUMENT'>(true)

// @ts-expect-error: hosts are a string
await connect(['zk1'])
// @ts-expect-error: unknown option
await connect('zk1', { timeout: 5 })
// @ts-expect-error: times are numbers
await connect('zk1', { sessionTimeout: '5s' })
// @ts-expect-error: no such acl
await connect('zk1', { acl: 'closed' })
// @ts-expect-error: no such scheme
client.mutex('/lock', { scheme: 'zab' })
// @ts-expect-error: no such scheme
client.rwLock('/lock', { scheme: 'zab' })
// @ts-expect-error: the number of permits is required
client.semaphore('/limit')
// @ts-expect-error: the number of permits is not a bigint
client.semaphore('/limit', { permits: 3n })
// @ts-expect-error: paths are an array
client.multiMutex('/a')
// @ts-expect-error: only the sides of a read/write lock can be acquired
lock.acquire()
// @ts-expect-error: a mutex has no permits
await mutex.acquire({ permits: 2 })
// @ts-expect-error: data is bytes or a string
await guard.setData('/data', [1, 2])
// @ts-expect-error: a new node has no version
await guard.create('/data', '', { version: 3 })
// @ts-expect-error: read only
guard.revokeRequested = true
// @ts-expect-error: read only
stats.mean = 0
// @ts-expect-error: the number of permits is required
client.rateLimiter('/limit', { per: 1_000 })
// @ts-expect-error: no such format
client.counter('/counter', { format: 'i65' })
// @ts-expect-error: the value may be null
void user.name
// @ts-expect-error: a watch has no timeout
counter.watch({ timeout: 5 })
// @ts-expect-error: keys are strings or bytes
await misses.load(5, () => null)
// @ts-expect-error: a path is required
client.mutex()
// @ts-expect-error: a callback is required
void client.locks.request('name')
// @ts-expect-error: no such mode
void client.locks.request('name', { mode: 'read' }, () => {})
// @ts-expect-error: the lock may be null
void client.locks.request('name', { ifAvailable: true }, (lock) => lock.token)
// @ts-expect-error: read only
void client.locks.request('name', (lock) => (lock.token = 5n))
// @ts-expect-error: read only
client.locks = undefined
// @ts-expect-error: options are an object
await mutex.acquire(5)
// @ts-expect-error: the guard may be null
void perhaps.token
// @ts-expect-error: read only
guard.token = 5n
// @ts-expect-error: unknown option
await mutex.acquire({ timout: 5_000 })
// @ts-expect-error: values are numbers
await counter.add('3')
// @ts-expect-error: bigint and number do not mix
void (total + 1)
// @ts-expect-error: exported as a type only; connect() makes clients
new Client()
