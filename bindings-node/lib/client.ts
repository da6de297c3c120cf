// A client: the handle from which all recipes are made.

import type { Client as NativeClient } from '../native.cjs'
import native from '../native.cjs'
import * as check from './arguments.js'
import { Counter, type CounterOptions } from './counter.js'
import { LockManager } from './locks.js'
import { MissGuard, type MissGuardOptions } from './miss_guard.js'
import { MultiMutex, type MultiMutexOptions } from './multi_mutex.js'
import { Mutex, type MutexOptions } from './mutex.js'
import { settle, unwrap } from './op.js'
import { type CallOptions, type ConnectOptions, callOptions, connectOptions } from './options.js'
import { RateLimiter, type RateLimiterOptions } from './rate_limiter.js'
import { ReentrantMutex, type ReentrantMutexOptions } from './reentrant_mutex.js'
import { RwLock, type RwLockOptions } from './rw_lock.js'
import { Semaphore, type SemaphoreOptions } from './semaphore.js'
import { StripedCounter, type StripedCounterOptions } from './striped_counter.js'
import { WindowCounter, type WindowCounterOptions } from './window_counter.js'

/**
 * What a client stands on: `'connected'`; `'suspended'`, the connection is lost and the session may live on;
 * `'expired'`, the session is over, with every lock, and a new one is being opened; `'closed'`, for good.
 */
export type State = 'connected' | 'suspended' | 'expired' | 'closed'

/**
 * Connects to a ZooKeeper ensemble.
 *
 * @param hosts - the servers, and a chroot behind them if need be, which is made when it is missing:
 *   `'zk1:2181,zk2:2181/app'`
 * @returns the client, when it has a session
 * @throws {@link InvalidArgumentError} for hosts, options or files of `tls` that cannot be; {@link ConnectionLostError} when
 *   no server answers within `connectTimeout`, or TLS fails with all of them; {@link NotAuthorizedError} when the servers
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

/** How long the end of a process waits for the servers to take its locks back, in milliseconds. */
const FAREWELL = 500

let isClosedAtExit = false

/** At the end of a process, or worker, no promise is settled any more; its locks should be free at once all the same. */
function closeAtExit(): void {
  if (isClosedAtExit) return
  isClosedAtExit = true
  process.once('exit', () => native.closeAll(FAREWELL))
}

/**
 * A connection to a ZooKeeper ensemble, with a session of its own. Made by {@link connect}.
 *
 * When an expired session takes locks with it, the client opens a new one and goes on. A client does not keep the
 * process alive. One that was not closed is closed when the process ends, by itself, by `process.exit` or by an
 * exception, for which the process waits at most half a second; when it is killed, its locks are free after the session
 * timeout.
 */
export class Client {
  /** Locks by name, in the manner of Web Locks. */
  readonly locks: LockManager

  readonly #native: NativeClient

  /** @internal */
  constructor(native: NativeClient, locksPath: string) {
    this.#native = native
    this.locks = new LockManager(native, locksPath)
  }

  /** The id of the current session, as ZooKeeper's own tools show it in hexadecimal; `0n` when there is none. */
  get sessionId(): bigint {
    return unwrap(this.#native.sessionId)
  }

  /** What the client stands on right now. */
  get state(): State {
    return unwrap(this.#native.state)
  }

  /**
   * Calls `listener` with every new state. States that follow each other quickly may be left out; the latest never is.
   * Does not keep the process alive.
   *
   * @returns a function that ends the calls
   *
   * @example
   * ```ts
   * const unsubscribe = client.onState((state) => console.warn(`ZooKeeper: ${state}`))
   * ```
   */
  onState(listener: (state: State) => void): () => void {
    if (typeof listener !== 'function') throw check.invalid('listener', listener, 'must be a function')
    let wanted = true
    // One that was on its way when the subscription ended must not arrive any more.
    const subscription = unwrap(this.#native.onState((state) => wanted && listener(state)))
    return () => {
      wanted = false
      subscription.end()
    }
  }

  /**
   * A mutual exclusion lock. No request is made.
   *
   * @param path - the lock's directory, an absolute path below the client's chroot
   * @throws {@link InvalidArgumentError} for a path or options that cannot be
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
   * A mutual exclusion lock that its owner, an async context, may take several times. No request is made.
   *
   * @param path - the lock's directory, an absolute path below the client's chroot
   * @throws {@link InvalidArgumentError} for a path or a scheme that is none
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
   * A read/write lock. No request is made.
   *
   * @param path - the lock's directory, an absolute path below the client's chroot
   * @throws {@link InvalidArgumentError} for a path or a scheme that is none
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
   * A semaphore. No request is made.
   *
   * @param path - the semaphore's directory, an absolute path below the client's chroot
   * @param options - `permits`: how many there are
   * @throws {@link InvalidArgumentError} for a path that is none, or a number that cannot be
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
   * Several mutexes taken as one, all or none. No request is made.
   *
   * @param paths - the locks' directories, absolute paths below the client's chroot, in any order
   * @throws {@link InvalidArgumentError} for paths or a scheme that are none
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
   * Asks the owner of a lock's node to give the lock back, as Curator's `Revoker` does: by replacing the node's data.
   * The owner hears of it, in zkcoord by {@link Guard.onRevoke}, and decides.
   *
   * @param node - the owner's node, from {@link Mutex.inspect}, and no other
   * @param options - `timeout` in milliseconds, and `signal`
   * @returns whether the node was there
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
    const { timeout, signal } = callOptions(options)
    const checked = check.text('node', node)
    return await settle(() => this.#native.requestRevoke(checked, timeout), signal)
  }

  /**
   * A counter that all clients share. No request is made.
   *
   * @param path - the counter's node, an absolute path below the client's chroot
   * @throws {@link InvalidArgumentError} for a path or options that cannot be
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
   * A sum to which many clients add often. No request is made.
   *
   * @param path - the counter's node, an absolute path below the client's chroot
   * @throws {@link InvalidArgumentError} for a path or a time that is none
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
   * A counter of the events of the last `window` milliseconds. No request is made.
   *
   * @param path - the counter's node, an absolute path below the client's chroot
   * @throws {@link InvalidArgumentError} for a path or options that cannot be
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
   * A rate limiter: so many permits in any stretch of time, for all clients together. No request is made.
   *
   * @param path - the limiter's node, an absolute path below the client's chroot
   * @param options - `permits`: how many; `per`: in how many milliseconds
   * @throws {@link InvalidArgumentError} for a path or options that cannot be
   *
   * @example
   * ```ts
   * await client.rateLimiter('/limits/api', { permits: 100, per: 1_000 }).acquire({ timeout: 5_000 })
   * ```
   */
  rateLimiter(path: string, options: RateLimiterOptions): RateLimiter {
    const { permits, per = 1_000, burst } = check.options<RateLimiterOptions>(options, ['permits', 'per', 'burst'])
    const checked = [check.int32('permits', permits, 1), check.duration('per', per)] as const
    const most = burst === undefined ? undefined : check.int32('burst', burst, 1)
    return new RateLimiter(unwrap(this.#native.rateLimiter(check.text('path', path), ...checked, most)))
  }

  /**
   * A guard that stops lookups of keys that do not exist. No request is made.
   *
   * @param path - the node below which the keys' nodes are, an absolute path below the client's chroot
   * @throws {@link InvalidArgumentError} for a path or options that cannot be
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
   * Closes the client: ends its session, and with that gives back all its locks. What is under way fails with
   * {@link ClosedError}. Can be called again.
   *
   * @param options - `timeout` in milliseconds, and `signal`: they end the wait. The client is closed all the same, in
   *   the background, also with a signal that has aborted already
   * @throws {@link AcquireTimeoutError} when it takes longer; the signal's reason
   */
  async close(options?: CallOptions): Promise<void> {
    const { timeout, signal } = callOptions(options)
    const pending = this.#native.close(timeout)
    await settle(() => pending, signal)
  }

  /** {@link Client.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function schemeOf({ scheme = 'curator' }: RwLockOptions): 'curator' | 'kazoo' {
  return check.word('scheme', scheme, ['curator', 'kazoo'])
}
