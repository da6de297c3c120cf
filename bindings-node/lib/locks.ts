// Web Locks (https://w3c.github.io/web-locks/), shared by all clients of the ensemble. Each name is a read/write lock.

import type { Client as NativeClient } from '../native.cjs'
import * as check from './arguments.js'
import { acquireGuard, type Guard } from './guard.js'
import { call, unwrap } from './op.js'
import { type CallOptions, callOptions } from './options.js'

/** `'exclusive'`: one holder alone. `'shared'`: any number of holders that all want it shared. */
export type LockMode = 'exclusive' | 'shared'

/** Options of {@link LockManager.request}. */
export interface LockOptions {
  /** The mode of the lock. Default `'exclusive'`. */
  mode?: LockMode | undefined
  /** With `true`, calls back with `null` if the lock is not free, instead of waiting. Not together with `signal`. */
  ifAvailable?: boolean | undefined
  /** Cancels the request while it waits; it rejects with the signal's `reason`. Has no effect on a held lock. */
  signal?: AbortSignal | undefined
  /**
   * The maximum wait for the lock in milliseconds; with `ifAvailable`, for the server's answer. An addition to Web Locks.
   */
  timeout?: number | undefined
  /** Not supported, because it would make tokens meaningless. `true` rejects with a `NotSupportedError`. */
  steal?: boolean | undefined
}

/** A lock that is held while the callback that receives it runs. */
export interface Lock {
  readonly name: string
  readonly mode: LockMode
  /** The fencing token, as {@link Guard.token}. An addition to Web Locks. */
  readonly token: bigint
  /** Aborts with a {@link LockLostError} when the lock is lost, as {@link Guard.signal}. An addition to Web Locks. */
  readonly signal: AbortSignal
}

/** A holder of a lock, or a waiter for it. */
export interface LockInfo {
  readonly name: string
  readonly mode: LockMode
  /** The id of its session, in hexadecimal as in ZooKeeper's own tools. */
  readonly clientId: string
  /** The text by which others recognize it, as {@link ConnectOptions.identity}. An addition to Web Locks. */
  readonly identity: string
}

/** The result of {@link LockManager.query}. */
export interface LockManagerSnapshot {
  held: LockInfo[]
  pending: LockInfo[]
}

const REQUEST_OPTIONS = ['mode', 'ifAvailable', 'signal', 'timeout', 'steal'] as const

/** The guards of running callbacks. A callback that never ends holds its lock, although nothing else refers to its guard. */
const held = new Set<Guard>()

/**
 * Locks by name, by the rules of {@link https://w3c.github.io/web-locks/ | Web Locks}, among all clients of the
 * ensemble. Provided by {@link Client.locks}.
 *
 * The lock `name` is the {@link Client.rwLock} at `/locks/` followed by `encodeURIComponent(name)`, so it excludes programs
 * in other languages that acquire the lock at that path. {@link ConnectOptions.locksPath} replaces `/locks`.
 *
 * Requests are served in order of arrival. They are not reentrant: a request for a lock that the caller already holds
 * waits forever, also within {@link asOwner}.
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
   * Waits for the lock, calls `callback` with it, and releases it when the result of the callback is settled.
   *
   * The loss of the lock does not end the callback. Pass the lock's `signal` to what the callback calls.
   *
   * @param name - any string that does not begin with `-`
   * @param options - `mode`, `ifAvailable`, `signal`, and `timeout` in milliseconds
   * @param callback - receives the lock, or `null` if `ifAvailable` is set and the lock is not free
   * @returns the result of the callback
   * @throws the exception of the callback. A `DOMException` called `NotSupportedError` for `steal`, for `ifAvailable`
   *   together with `signal`, and for a name that begins with `-`. The signal's reason. {@link InvalidArgumentError},
   *   which is a `TypeError` or `RangeError`; otherwise the errors of {@link Mutex.acquire} and {@link Mutex.tryAcquire}
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
    check.callable('callback', callback)
    const { mode, ifAvailable, ...rest } = requestOptions(options)
    const lock = unwrap(this.#native.rwLock(`${this.#path}/${toNode(name)}`, 'curator'))
    const side = mode === 'shared' ? lock.read() : lock.write()
    const acquire = ifAvailable ? 'tryAcquire' : 'acquire'
    const guard = await acquireGuard(rest, (timeout) => side[acquire](timeout))
    if (!guard) return await (callback as (lock: null) => T)(null)
    return await runLocked(guard, name, mode, callback as (lock: Lock) => T)
  }

  /**
   * Returns the holders and waiters of the locks of this manager, of all clients of the ensemble, in order. Each lock is
   * read separately, so the result is not a snapshot of one moment.
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
    const snapshot: LockManagerSnapshot = { held: [], pending: [] }
    const queues = await call(callOptions(options), (timeout) => this.#native.inspectAll(this.#path, timeout))
    for (const { name, queue } of queues) {
      for (const { isHolder, isReader, sessionId, identity } of queue.contenders) {
        const mode = isReader ? 'shared' : 'exclusive'
        const clientId = `0x${BigInt.asUintN(64, sessionId).toString(16)}`
        snapshot[isHolder ? 'held' : 'pending'].push({ name: toName(name), mode, clientId, identity })
      }
    }
    return snapshot
  }
}

async function runLocked<T>(guard: Guard, name: string, mode: LockMode, callback: (lock: Lock) => T) {
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

/** Returns the name of the node for a lock's name. The empty name, `.` and `..` are not valid as names of nodes. */
function toNode(name: string): string {
  if (check.unicode('name', name).startsWith('-')) {
    throw notSupported(`name ${JSON.stringify(name)}: names that begin with - are reserved`)
  }
  if (name === '') return '%'
  return name === '.' || name === '..' ? name.replaceAll('.', '%2E') : encodeURIComponent(name)
}

function toName(node: string): string {
  if (node === '%') return ''
  try {
    return decodeURIComponent(node)
  } catch {
    // Another program made this node; no name stands for it.
    return node
  }
}

function notSupported(message: string): DOMException {
  return new DOMException(message, 'NotSupportedError')
}
