// Web Locks (https://w3c.github.io/web-locks/), shared by all clients of the ensemble: a name is a read/write lock.

import type { Client as NativeClient } from '../native.cjs'
import * as check from './arguments.js'
import { Guard, giveBack } from './guard.js'
import { settle, unwrap } from './op.js'
import { type CallOptions, callOptions } from './options.js'

/** `'exclusive'`: one holder alone. `'shared'`: any number of those that want it shared. */
export type LockMode = 'exclusive' | 'shared'

/** Options of {@link LockManager.request}. */
export interface LockOptions {
  /** Default `'exclusive'`. */
  mode?: LockMode | undefined
  /** Whether to call back at once, with `null`, when the lock is not to be had at once. Not together with `signal`. */
  ifAvailable?: boolean | undefined
  /** Takes the request back while it waits: it rejects with the signal's `reason`. Without effect afterwards. */
  signal?: AbortSignal | undefined
  /** How long to wait for the lock, in milliseconds; for the server's answer with `ifAvailable`. Not in Web Locks. */
  timeout?: number | undefined
  /** Not supported: it would take from a token its meaning. `true` rejects with a `NotSupportedError`. */
  steal?: boolean | undefined
}

/** A lock that is held, as long as the callback that gets it runs. */
export interface Lock {
  readonly name: string
  readonly mode: LockMode
  /** The fencing token, as {@link Guard.token}. Not in Web Locks. */
  readonly token: bigint
  /** Aborts with a {@link LockLostError} when the lock is lost, as {@link Guard.signal}. Not in Web Locks. */
  readonly signal: AbortSignal
}

/** One that holds a lock, or waits for it. */
export interface LockInfo {
  readonly name: string
  readonly mode: LockMode
  /** Its session, in hexadecimal, as ZooKeeper's own tools show it. */
  readonly clientId: string
  /** The text by which it is known to others, as {@link ConnectOptions.identity}. Not in Web Locks. */
  readonly identity: string
}

/** What {@link LockManager.query} finds. */
export interface LockManagerSnapshot {
  held: LockInfo[]
  pending: LockInfo[]
}

const REQUEST_OPTIONS = ['mode', 'ifAvailable', 'signal', 'timeout', 'steal'] as const

/** The guards whose callbacks run: a callback that never ends holds its lock, though nobody else knows of it. */
const held = new Set<Guard>()

/**
 * Locks by name, by the rules of {@link https://w3c.github.io/web-locks/ | Web Locks}, among all clients of the
 * ensemble. Had by {@link Client.locks}.
 *
 * The lock `name` is the {@link Client.rwLock} at `/locks/` and the name as `encodeURIComponent` writes it, and so it
 * excludes programs in other languages that take the lock at that path. {@link ConnectOptions.locksPath} replaces
 * `/locks`.
 *
 * Requests are served in the order of arrival. They are not reentrant: whoever asks for a lock that he holds waits for
 * himself, within {@link asOwner} too.
 */
export class LockManager {
  readonly #native: NativeClient
  readonly #path: string

  /** @internal */
  constructor(native: NativeClient, path: string) {
    this.#native = native
    this.#path = path
  }

  /**
   * Waits for the lock, calls `callback` with it, and gives it back when what that returns is settled.
   *
   * A lock that is lost does not end the callback. Hand the lock's `signal` to what the callback calls.
   *
   * @param name - any text that does not begin with `-`
   * @param options - `mode`, `ifAvailable`, `signal`, `timeout`
   * @param callback - gets the lock, or `null` when `ifAvailable` is set and the lock is not free
   * @returns what the callback returns
   * @throws what the callback throws. A `DOMException` called `NotSupportedError` for `steal`, for `ifAvailable`
   *   together with `signal`, and for a name that begins with `-`. The signal's reason. {@link InvalidArgumentError},
   *   which is a `TypeError` or `RangeError`; otherwise like {@link Mutex.acquire} and {@link Mutex.tryAcquire}
   *
   * @example
   * ```ts
   * await client.locks.request('report', async (lock) => {
   *   await writeReport(lock.token, { signal: lock.signal })
   * })
   * ```
   */
  request<T>(name: string, callback: (lock: Lock) => T): Promise<Awaited<T>>
  request<T>(
    name: string,
    options: LockOptions & { ifAvailable?: false | undefined },
    callback: (lock: Lock) => T,
  ): Promise<Awaited<T>>
  request<T>(name: string, options: LockOptions, callback: (lock: Lock | null) => T): Promise<Awaited<T>>
  async request<T>(
    name: string,
    given: LockOptions | ((lock: Lock) => T),
    last?: (lock: never) => T,
  ): Promise<Awaited<T>> {
    const [options, callback] = last === undefined ? [undefined, given] : [given as LockOptions, last]
    if (typeof callback !== 'function') throw check.invalid('callback', callback, 'must be a function')
    const { mode, ifAvailable, signal, timeout } = requestOptions(options)
    const lock = unwrap(this.#native.rwLock(`${this.#path}/${toNode(name)}`, 'curator'))
    const side = mode === 'shared' ? lock.read() : lock.write()
    const native = await settle(() => side[ifAvailable ? 'tryAcquire' : 'acquire'](timeout), signal, giveBack)
    if (!native) return await callback(null as never)
    return await holding(new Guard(native), name, mode, callback as (lock: Lock) => T)
  }

  /**
   * Who holds and who waits for the locks of this manager, of all clients of the ensemble, in order. Each lock is looked
   * at by itself, so together they are no snapshot.
   *
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws {@link AcquireTimeoutError}, {@link ConnectionLostError}, {@link NotAuthorizedError}, {@link ClosedError},
   *   {@link InvalidArgumentError}; the signal's reason
   *
   * @example
   * ```ts
   * const { held, pending } = await client.locks.query()
   * for (const { name, identity } of held) console.log(`${identity} holds ${name}, ${pending.length} wait`)
   * ```
   */
  async query(options?: CallOptions): Promise<LockManagerSnapshot> {
    const { timeout, signal } = callOptions(options)
    const snapshot: LockManagerSnapshot = { held: [], pending: [] }
    for (const { name, queue } of await settle(() => this.#native.inspectAll(this.#path, timeout), signal)) {
      for (const { isHolder, isReader, sessionId, identity } of queue.contenders) {
        const mode = isReader ? 'shared' : 'exclusive'
        const clientId = `0x${BigInt.asUintN(64, sessionId).toString(16)}`
        snapshot[isHolder ? 'held' : 'pending'].push({ name: toName(name), mode, clientId, identity })
      }
    }
    return snapshot
  }
}

async function holding<T>(guard: Guard, name: string, mode: LockMode, callback: (lock: Lock) => T) {
  held.add(guard)
  try {
    return await callback(Object.freeze({ name, mode, token: guard.token, signal: guard.signal }))
  } finally {
    held.delete(guard)
    await guard.release()
  }
}

function requestOptions(given: LockOptions | null | undefined) {
  const options = check.options(given ?? undefined, REQUEST_OPTIONS)
  const { mode = 'exclusive', ifAvailable = false, steal = false } = options
  const checked = {
    mode: check.word('mode', mode, ['exclusive', 'shared']),
    ifAvailable: check.boolean('ifAvailable', ifAvailable),
    signal: check.abortSignal(options.signal),
    timeout: check.milliseconds('timeout', options.timeout),
  }
  if (check.boolean('steal', steal)) throw notSupported('steal: a lock cannot be taken from its holder')
  if (ifAvailable && checked.signal) throw notSupported('ifAvailable and signal cannot be used together')
  return checked
}

/** What the name's node is called. Empty, `.` and `..` are names, but no nodes. */
function toNode(name: string): string {
  if (typeof name !== 'string') throw check.invalid('name', name, 'must be a string')
  if (!name.isWellFormed()) throw check.invalid('name', name, 'must not contain half a surrogate pair')
  if (name.startsWith('-')) throw notSupported(`name ${JSON.stringify(name)}: names that begin with - are reserved`)
  if (name === '') return '%'
  return name === '.' || name === '..' ? name.replaceAll('.', '%2E') : encodeURIComponent(name)
}

function toName(node: string): string {
  if (node === '%') return ''
  try {
    return decodeURIComponent(node)
  } catch {
    // Made by others, for a lock that has no name here.
    return node
  }
}

function notSupported(message: string): DOMException {
  return new DOMException(message, 'NotSupportedError')
}
