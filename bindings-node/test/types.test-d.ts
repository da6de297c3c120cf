// Checked by tsc, never run: what the types allow, and what they refuse.

import {
  connect, LockLostError, type ZkcoordError, type Client, type Contender, type Counter, type Guard, type MultiMutex,
  type Mutex, type Queue, type RwLock, type Semaphore, type State, type WaitStats,
} from 'zkcoord'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Same<A, B>) => {}

const client = await connect('zk1:2181,zk2:2181/app', {
  sessionTimeout: 5_000,
  connectTimeout: 5_000,
  identity: 'me',
  acl: 'read',
  auth: ['digest', 'user:password'],
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

const counter = client.counter('/counter', { format: 'i64' })
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

// @ts-expect-error: hosts are a text
await connect(['zk1'])
// @ts-expect-error: there is no such option
await connect('zk1', { timeout: 5 })
// @ts-expect-error: times are numbers
await connect('zk1', { sessionTimeout: '5s' })
// @ts-expect-error: no such acl
await connect('zk1', { acl: 'closed' })
// @ts-expect-error: no such scheme
client.mutex('/lock', { scheme: 'zab' })
// @ts-expect-error: no such scheme
client.rwLock('/lock', { scheme: 'zab' })
// @ts-expect-error: the number of permits is needed
client.semaphore('/limit')
// @ts-expect-error: permits are counted
client.semaphore('/limit', { permits: 3n })
// @ts-expect-error: several paths
client.multiMutex('/a')
// @ts-expect-error: a read/write lock is taken by one of its sides
lock.acquire()
// @ts-expect-error: a mutex has no permits
await mutex.acquire({ permits: 2 })
// @ts-expect-error: bytes or text
await guard.setData('/data', [1, 2])
// @ts-expect-error: a new node has no version
await guard.create('/data', '', { version: 3 })
// @ts-expect-error: read only
guard.revokeRequested = true
// @ts-expect-error: read only
stats.mean = 0
// @ts-expect-error: a path is needed
client.mutex()
// @ts-expect-error: options are an object
await mutex.acquire(5)
// @ts-expect-error: a guard that may be null
void perhaps.token
// @ts-expect-error: read only
guard.token = 5n
// @ts-expect-error: release has no signal
await guard.release({ signal: guard.signal })
// @ts-expect-error: numbers only
await counter.add('3')
// @ts-expect-error: bigint and number do not mix
void (total + 1)
// @ts-expect-error: a type, made by connect() alone
new Client()
