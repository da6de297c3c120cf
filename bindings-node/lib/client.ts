// The client, which makes all other objects.

import type { Client as NativeClient } from '../native.cjs'
import native from '../native.cjs'
import * as check from './arguments.js'
import { Counter, type CounterOptions } from './counter.js'
import { closeAtExit } from './exit.js'
import { LockManager } from './locks.js'
import { MissGuard, type MissGuardOptions } from './miss_guard.js'
import { MultiMutex, type MultiMutexOptions } from './multi_mutex.js'
import { Mutex, type MutexOptions } from './mutex.js'
import { call, settle, unwrap } from './op.js'
import { type CallOptions, type ConnectOptions, callOptions, connectOptions } from './options.js'
import { RateLimiter, type RateLimiterOptions } from './rate_limiter.js'
import { ReentrantMutex, type ReentrantMutexOptions } from './reentrant_mutex.js'
import { RwLock, type RwLockOptions } from './rw_lock.js'
import { Semaphore, type SemaphoreOptions } from './semaphore.js'
import { StripedCounter, type StripedCounterOptions } from './striped_counter.js'
import { WindowCounter, type WindowCounterOptions } from './window_counter.js'

/**
 * The state of a client.
 *
 * - `'connected'`
 * - `'suspended'`: the connection is lost, and the session may still exist
 * - `'expired'`: the session has ended, with all its locks, and a new one is being opened
 * - `'closed'`: permanently
 */
export type State = 'connected' | 'suspended' | 'expired' | 'closed'

/**
 * Connects to a ZooKeeper ensemble.
 *
 * @param hosts - the servers, optionally followed by a chroot, which is made if it is missing: `'zk1:2181,zk2:2181/app'`
 * @returns the client, once it has a session
 * @throws {@link InvalidArgumentError} if hosts, options or the files of `tls` are invalid; {@link ConnectionLostError} if
 *   no server answers within `connectTimeout`, or TLS fails with all servers; {@link NotAuthorizedError} if the servers
 *   refuse the authentication or the chroot; {@link UnsupportedError} for TLS in a build without it; the signal's reason
 *
 * @example
 * ```ts
 * await using client = await connect('zk1:2181,zk2:2181/app', { sessionTimeout: 15_000 })
 * ```
 */
export async function connect(hosts: string, options?: ConnectOptions): Promise<Client> {
  const { native: checked, locksPath, signal } = connectOptions(options)
  const servers = check.text('hosts', hosts)
  closeAtExit()
  const connecting = settle(
    () => unwrap(native.connect(servers, checked)),
    signal,
    (client) => client.close(),
  )
  return new Client(await connecting, locksPath)
}

/**
 * A connection to a ZooKeeper ensemble, with its own session. Made by {@link connect}.
 *
 * If the session expires, its locks are lost, and the client opens a new session. A client does not keep the process
 * alive. An open client is closed when the process ends normally, by `process.exit` or by an exception; the process waits
 * for that for at most half a second. If the process is killed, the locks are released after the session timeout.
 */
export class Client {
  /** Locks by name, with the interface of Web Locks. */
  readonly locks: LockManager

  readonly #native: NativeClient

  /** @internal */
  constructor(native: NativeClient, locksPath: string) {
    this.#native = native
    this.locks = new LockManager(native, locksPath)
  }

  /** The id of the current session, which ZooKeeper's own tools show in hexadecimal; `0n` if there is no session. */
  get sessionId(): bigint {
    return unwrap(this.#native.sessionId)
  }

  /** The current state of the client. */
  get state(): State {
    return unwrap(this.#native.state)
  }

  /**
   * Calls `listener` with every new state. If states follow each other quickly, some may be left out, but never the
   * latest. Does not keep the process alive.
   *
   * @returns a function that unsubscribes the listener
   * @throws {@link InvalidArgumentError} if the listener is not a function
   *
   * @example
   * ```ts
   * const unsubscribe = client.onState((state) => console.warn(`ZooKeeper: ${state}`))
   * ```
   */
  onState(listener: (state: State) => void): () => void {
    check.callable('listener', listener)
    let isSubscribed = true
    // The addon may have queued a call before the subscription ended. It must not reach the listener.
    const subscription = unwrap(this.#native.onState((state) => isSubscribed && listener(state)))
    return () => {
      isSubscribed = false
      subscription.end()
    }
  }

  /**
   * Makes a mutual exclusion lock. Sends no request.
   *
   * @param path - the lock's directory, an absolute path below the client's chroot
   * @param options - `scheme`, and `handoff`
   * @throws {@link InvalidArgumentError} if the path or an option is invalid
   *
   * @example
   * ```ts
   * await using guard = await client.mutex('/locks/report').acquire({ timeout: 5_000 })
   * ```
   */
  mutex(path: string, options?: MutexOptions): Mutex {
    const given = check.options(options, ['scheme', 'handoff'])
    const { handoff = 0 } = given
    const checked = [schemeOf(given), check.int32('handoff', handoff, 0)] as const
    return new Mutex(unwrap(this.#native.mutex(check.text('path', path), ...checked)))
  }

  /**
   * Makes a mutual exclusion lock that its owner, an async context, may acquire several times. Sends no request.
   *
   * @param path - the lock's directory, an absolute path below the client's chroot
   * @param options - `scheme`
   * @throws {@link InvalidArgumentError} if the path or the scheme is invalid
   *
   * @example
   * ```ts
   * await client.reentrantMutex('/locks/report').run(async (guard) => writeReport(guard.token), { timeout: 5_000 })
   * ```
   */
  reentrantMutex(path: string, options?: ReentrantMutexOptions): ReentrantMutex {
    const scheme = schemeOf(check.options(options, ['scheme']))
    return new ReentrantMutex(unwrap(this.#native.reentrantMutex(check.text('path', path), scheme)))
  }

  /**
   * Makes a read/write lock. Sends no request.
   *
   * @param path - the lock's directory, an absolute path below the client's chroot
   * @param options - `scheme`
   * @throws {@link InvalidArgumentError} if the path or the scheme is invalid
   *
   * @example
   * ```ts
   * await using guard = await client.rwLock('/locks/catalogue').read.acquire({ timeout: 5_000 })
   * ```
   */
  rwLock(path: string, options?: RwLockOptions): RwLock {
    const scheme = schemeOf(check.options(options, ['scheme']))
    return new RwLock(unwrap(this.#native.rwLock(check.text('path', path), scheme)))
  }

  /**
   * Makes a semaphore. Sends no request.
   *
   * @param path - the semaphore's directory, an absolute path below the client's chroot
   * @param options - `permits`: the number of permits
   * @throws {@link InvalidArgumentError} if the path or the number of permits is invalid
   *
   * @example
   * ```ts
   * await using slot = await client.semaphore('/limits/downloads', { permits: 10 }).acquire()
   * ```
   */
  semaphore(path: string, options: SemaphoreOptions): Semaphore {
    const permits = check.int32('permits', check.options<SemaphoreOptions>(options, ['permits']).permits, 1)
    return new Semaphore(unwrap(this.#native.semaphore(check.text('path', path), permits)))
  }

  /**
   * Makes a lock of several mutexes, which are acquired all or none. Sends no request.
   *
   * @param paths - the locks' directories, absolute paths below the client's chroot, in any order
   * @param options - `scheme`
   * @throws {@link InvalidArgumentError} if `paths` is empty, or a path or the scheme is invalid
   *
   * @example
   * ```ts
   * await using both = await client.multiMutex(['/accounts/7', '/accounts/12']).acquire({ timeout: 5_000 })
   * ```
   */
  multiMutex(paths: readonly string[], options?: MultiMutexOptions): MultiMutex {
    const scheme = schemeOf(check.options(options, ['scheme']))
    if (!Array.isArray(paths) || paths.length === 0) {
      throw check.invalid('paths', paths, 'must be an array of at least one path')
    }
    const checked = Array.from(paths as readonly string[], (path) => check.text('paths', path))
    return new MultiMutex(unwrap(this.#native.multiMutex(checked, scheme)))
  }

  /**
   * Requests the holder of a lock to release it, as Curator's `Revoker` does, by replacing the data of the holder's node.
   * The holder is notified, in zkcoord by {@link Guard.onRevoke}, and decides.
   *
   * @param node - the holder's node, from {@link Mutex.inspect}. The data of any other node would be lost
   * @param options - `timeout` in milliseconds, and `signal`
   * @returns `true` if the node exists
   * @throws {@link AcquireTimeoutError}, {@link ConnectionLostError}, {@link NotAuthorizedError}, {@link ClosedError},
   *   {@link InvalidArgumentError}; the signal's reason
   *
   * @example
   * ```ts
   * const [holder] = await mutex.inspect()
   * if (holder) await client.requestRevoke(holder.node)
   * ```
   */
  async requestRevoke(node: string, options?: CallOptions): Promise<boolean> {
    const checked = check.text('node', node)
    return await call(callOptions(options), (timeout) => this.#native.requestRevoke(checked, timeout))
  }

  /**
   * Makes a counter that all clients share. Sends no request.
   *
   * @param path - the counter's node, an absolute path below the client's chroot
   * @param options - `format`, `default`, `min`, `max`, and `exactlyOnce`
   * @throws {@link InvalidArgumentError} if the path or an option is invalid
   *
   * @example
   * ```ts
   * const hits = await client.counter('/counters/hits').increment()   // a bigint
   * ```
   */
  counter(path: string, options?: CounterOptions): Counter {
    const given = check.options(options, ['format', 'default', 'min', 'max', 'exactlyOnce'])
    const { format = 'i64', default: initial = 0n, min, max, exactlyOnce = true } = given
    const checked = {
      format: check.word('format', format, ['i64', 'i32', 'text']),
      default: check.int64('default', initial),
      ...(min !== undefined && { min: check.int64('min', min) }),
      ...(max !== undefined && { max: check.int64('max', max) }),
      exactlyOnce: check.boolean('exactlyOnce', exactlyOnce),
    }
    return new Counter(unwrap(this.#native.counter(check.text('path', path), checked)))
  }

  /**
   * Makes a sum to which many clients add often. Sends no request.
   *
   * @param path - the counter's node, an absolute path below the client's chroot
   * @param options - `flushInterval` in milliseconds
   * @throws {@link InvalidArgumentError} if the path or the interval is invalid
   *
   * @example
   * ```ts
   * client.stripedCounter('/counters/requests').add()   // in memory; written soon
   * ```
   */
  stripedCounter(path: string, options?: StripedCounterOptions): StripedCounter {
    const { flushInterval = 100 } = check.options(options, ['flushInterval'])
    const interval = check.duration('flushInterval', flushInterval)
    return new StripedCounter(unwrap(this.#native.stripedCounter(check.text('path', path), interval)))
  }

  /**
   * Makes a counter of the events of the last `window` milliseconds. Sends no request.
   *
   * @param path - the counter's node, an absolute path below the client's chroot
   * @param options - `window` in milliseconds, and `buckets`
   * @throws {@link InvalidArgumentError} if the path or an option is invalid
   *
   * @example
   * ```ts
   * const failures = await client.windowCounter('/failures/login', { window: 60_000 }).add()
   * ```
   */
  windowCounter(path: string, options?: WindowCounterOptions): WindowCounter {
    const { window = 60_000, buckets = 60 } = check.options(options, ['window', 'buckets'])
    const checked = [check.duration('window', window), check.int32('buckets', buckets, 1)] as const
    return new WindowCounter(unwrap(this.#native.windowCounter(check.text('path', path), ...checked)))
  }

  /**
   * Makes a rate limiter, which all clients share. Sends no request.
   *
   * @param path - the limiter's node, an absolute path below the client's chroot
   * @param options - `permits`, the number of permits in any interval of `per` milliseconds, and `burst`
   * @throws {@link InvalidArgumentError} if the path or an option is invalid
   *
   * @example
   * ```ts
   * await client.rateLimiter('/limits/api', { permits: 100, per: 1_000 }).acquire({ timeout: 5_000 })
   * ```
   */
  rateLimiter(path: string, options: RateLimiterOptions): RateLimiter {
    const { permits, per = 1_000, burst } = check.options<RateLimiterOptions>(options, ['permits', 'per', 'burst'])
    const checked = [check.int32('permits', permits, 1), check.duration('per', per)] as const
    const maxAtOnce = burst === undefined ? undefined : check.int32('burst', burst, 1)
    return new RateLimiter(unwrap(this.#native.rateLimiter(check.text('path', path), ...checked, maxAtOnce)))
  }

  /**
   * Makes a guard that stops lookups of keys that do not exist. Sends no request.
   *
   * @param path - the node below which the keys have their nodes, an absolute path below the client's chroot
   * @param options - `threshold`, and `window` and `hold` in milliseconds
   * @throws {@link InvalidArgumentError} if the path or an option is invalid
   *
   * @example
   * ```ts
   * const user = await client.missGuard('/misses/users').load(id, (id) => database.findUser(id))
   * ```
   */
  missGuard(path: string, options?: MissGuardOptions): MissGuard {
    const given = check.options(options, ['threshold', 'window', 'hold'])
    const { threshold = 3, window = 60_000, hold = 30_000 } = given
    const times = [check.duration('window', window), check.duration('hold', hold)] as const
    const misses = check.int32('threshold', threshold, 1)
    return new MissGuard(unwrap(this.#native.missGuard(check.text('path', path), misses, ...times)))
  }

  /**
   * Closes the client: ends its session, which releases all its locks. Pending calls reject with {@link ClosedError}. Can
   * be called again.
   *
   * @param options - `timeout` in milliseconds, and `signal`: they end the wait only. The client is still closed, in the
   *   background, even if the signal was aborted before the call
   * @throws {@link AcquireTimeoutError} if it takes longer than the timeout; the signal's reason
   */
  async close(options?: CallOptions): Promise<void> {
    const { timeout, signal } = callOptions(options)
    const pending = this.#native.close(timeout)
    await settle(() => pending, signal)
  }

  /** Calls {@link Client.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function schemeOf({ scheme = 'curator' }: RwLockOptions): 'curator' | 'kazoo' {
  return check.word('scheme', scheme, ['curator', 'kazoo'])
}
