// Checked by tsc, never run: what the types allow, and what they refuse.

import {
  connect, LockLostError, type ZkcoordError, type Client, type Counter, type Guard, type Mutex, type State,
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
