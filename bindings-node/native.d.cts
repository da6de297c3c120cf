// Generated from src/*.rs by `npm run build:types` (napi-rs). Private: the public API is in lib/.

/** The outcome of a call, of which lib/op.ts makes a value or an exception. */
export type Outcome<T> = { value: T } | { code: string; message: string }

/** The promise of an outcome. It is never rejected, and can be cancelled by its number. */
export type Pending<T> = Promise<Outcome<T>> & { readonly number: number }

/** The state of a client's connection and session. */
export type State = 'connected' | 'suspended' | 'expired' | 'closed'

/** A connected client. */
export declare class Client {
  /** Core's `Client::session_id`. */
  get sessionId(): Outcome<bigint>
  /** Core's `Client::state`, by its name. */
  get state(): Outcome<State>
  /** Core's `Client::on_state`, with the names of the states. */
  onState(listener: (state: State) => void): Outcome<StateSubscription>
  /** Core's `Client::mutex`; fails at once if an argument is invalid. */
  mutex(path: string, scheme: string, handoff: number): Outcome<Mutex>
  /** Core's `Client::reentrant_mutex`; fails at once if an argument is invalid. */
  reentrantMutex(path: string, scheme: string): Outcome<ReentrantMutex>
  /** Core's `Client::rw_lock`; fails at once if an argument is invalid. */
  rwLock(path: string, scheme: string): Outcome<RwLock>
  /** Core's `Client::multi_mutex`; fails at once if an argument is invalid. */
  multiMutex(paths: Array<string>, scheme: string): Outcome<MultiMutex>
  /** Core's `Client::semaphore`; fails at once if an argument is invalid. */
  semaphore(path: string, permits: number): Outcome<Semaphore>
  /** Core's `Client::request_revoke`. */
  requestRevoke(node: string, timeout?: number | undefined | null): Pending<boolean>
  /** Core's `Client::inspect_all`. */
  inspectAll(path: string, timeout?: number | undefined | null): Pending<NamedQueue[]>
  /** Core's `Client::counter`; fails at once if an argument is invalid. */
  counter(path: string, options: CounterOptions): Outcome<Counter>
  /** Core's `Client::striped_counter`; fails at once if the path is invalid. */
  stripedCounter(path: string, flushInterval: number): Outcome<StripedCounter>
  /** Core's `Client::window_counter`; fails at once if an argument is invalid. */
  windowCounter(path: string, window: number, buckets: number): Outcome<WindowCounter>
  /** Core's `Client::rate_limiter`; fails at once if an argument is invalid. */
  rateLimiter(path: string, permits: number, per: number, burst?: number | undefined | null): Outcome<RateLimiter>
  /** Core's `Client::miss_guard`; fails at once if an argument is invalid. */
  missGuard(path: string, threshold: number, window: number, hold: number): Outcome<MissGuard>
  /** Core's `Client::close`. */
  close(timeout?: number | undefined | null): Pending<void>
}

/** A counter. TypeScript has checked that the numbers fit into 64 bits. */
export declare class Counter {
  /** Core's `Counter::add`. */
  add(n: bigint, timeout?: number | undefined | null): Pending<bigint>
  /** Core's `Counter::get`. */
  get(timeout?: number | undefined | null): Pending<bigint>
  /** Core's `Counter::get_stale`. */
  getStale(timeout?: number | undefined | null): Pending<bigint>
  /** Core's `Counter::versioned`. */
  versioned(timeout?: number | undefined | null): Pending<Versioned>
  /** Core's `Counter::set`. */
  set(value: bigint, timeout?: number | undefined | null): Pending<void>
  /** Core's `Counter::get_and_set`. */
  getAndSet(value: bigint, timeout?: number | undefined | null): Pending<bigint>
  /** Core's `Counter::compare_and_set`. */
  compareAndSet(expected: bigint, value: bigint, timeout?: number | undefined | null): Pending<boolean>
  /** Core's `Counter::reserve`. */
  reserve(n: bigint, timeout?: number | undefined | null): Pending<Range>
  /** Core's `Counter::watch`. */
  watch(): CounterWatch
  /** Core's `Counter::stats`. */
  stats(): WaitStats
}

/** The values of a counter, one after another. */
export declare class CounterWatch {
  /** Core's `CounterWatch::next`. */
  next(): Pending<bigint>
  /** Removes the watch from the server. Can be called again. */
  end(): void
}

/** A held lock. It is released when this is garbage collected. */
export declare class Guard {
  /** Core's `Guard::token`. */
  get token(): bigint
  /** Core's `Guard::tokens`. */
  get tokens(): Outcome<NodeToken[]>
  /** Core's `Guard::node`. */
  get node(): string
  /** Core's `Guard::check`. */
  check(): Outcome<void>
  /** Core's `Guard::on_lost`, with the message of the error. */
  onLost(listener: (message: string) => void): Outcome<void>
  /** Core's `Guard::is_revoke_requested`. */
  get revokeRequested(): Outcome<boolean>
  /** Core's `Guard::on_revoke`. */
  onRevoke(listener: () => void): Outcome<void>
  /** Core's `Guard::set_data`; the version -1 stands for any. */
  setData(path: string, data: Uint8Array, version: number, timeout?: number | undefined | null): Pending<void>
  /** Core's `Guard::create`. */
  create(path: string, data: Uint8Array, timeout?: number | undefined | null): Pending<void>
  /** Core's `Guard::delete`; the version -1 stands for any. */
  delete(path: string, version: number, timeout?: number | undefined | null): Pending<void>
  /** Core's `Guard::release`. */
  release(timeout?: number | undefined | null): Pending<void>
}

/** The caller's turn to load a key. Ends once: by one of its methods, or when it is garbage collected. */
export declare class LoadTurn {
  /** Core's `LoadTurn::found`. */
  found(timeout?: number | undefined | null): Pending<void>
  /** Core's `LoadTurn::missed`. */
  missed(timeout?: number | undefined | null): Pending<void>
  /** Passes the turn on without a verdict. Can be called again. */
  giveOn(): void
}

/** Stops lookups of keys that do not exist. */
export declare class MissGuard {
  /** Core's `MissGuard::begin`; `null` if the key is absent. */
  begin(key: Uint8Array, timeout?: number | undefined | null): Pending<LoadTurn | null>
  /** Core's `MissGuard::forget`. */
  forget(key: Uint8Array, timeout?: number | undefined | null): Pending<void>
}

/** Several mutexes acquired as one. */
export declare class MultiMutex {
  /** Core's `MultiMutex::acquire`. */
  acquire(timeout?: number | undefined | null, owner?: number | undefined | null): Pending<Guard>
  /** Core's `MultiMutex::try_acquire`. */
  tryAcquire(timeout?: number | undefined | null, owner?: number | undefined | null): Pending<Guard | null>
  /** Core's `MultiMutex::stats`. */
  stats(): WaitStats
}

/** A mutual exclusion lock, or one side of a read/write lock. */
export declare class Mutex {
  /** Core's `Mutex::acquire`. */
  acquire(timeout?: number | undefined | null, owner?: number | undefined | null): Pending<Guard>
  /** Core's `Mutex::try_acquire`. */
  tryAcquire(timeout?: number | undefined | null, owner?: number | undefined | null): Pending<Guard | null>
  /** Core's `Mutex::inspect`. */
  inspect(timeout?: number | undefined | null): Pending<Queue>
  /** Core's `Mutex::stats`. */
  stats(): WaitStats
}

/** A limit of permits in any interval of a given length. */
export declare class RateLimiter {
  /** Core's `RateLimiter::acquire`. */
  acquire(permits: number, timeout?: number | undefined | null): Pending<void>
  /** Core's `RateLimiter::try_acquire`. */
  tryAcquire(permits: number, timeout?: number | undefined | null): Pending<boolean>
  /** Core's `RateLimiter::stats`. */
  stats(): WaitStats
}

/** A mutex that its owner may acquire several times. TypeScript names the owner, because all callers share one thread. */
export declare class ReentrantMutex {
  /** Core's `ReentrantMutex::acquire`. */
  acquire(owner: number, timeout?: number | undefined | null): Pending<Guard>
  /** Core's `ReentrantMutex::try_acquire`. */
  tryAcquire(owner: number, timeout?: number | undefined | null): Pending<Guard | null>
  /** Core's `ReentrantMutex::inspect`. */
  inspect(timeout?: number | undefined | null): Pending<Queue>
  /** Core's `ReentrantMutex::stats`. */
  stats(): WaitStats
}

/** A read/write lock. */
export declare class RwLock {
  /** Core's `RwLock::read`. */
  read(): Mutex
  /** Core's `RwLock::write`. */
  write(): Mutex
}

/** A semaphore. */
export declare class Semaphore {
  /** Core's `Semaphore::acquire`. */
  acquire(permits: number, timeout?: number | undefined | null): Pending<Guard>
  /** Core's `Semaphore::try_acquire`. */
  tryAcquire(permits: number, timeout?: number | undefined | null): Pending<Guard | null>
  /** Core's `Semaphore::stats`. */
  stats(): WaitStats
}

/** A registered listener. */
export declare class StateSubscription {
  /** Ends the calls. Can be called again. */
  end(): void
}

/**
 * A sum to which many clients add often. Adds that are not written yet are written in the background when this is
 * garbage collected.
 */
export declare class StripedCounter {
  /** Core's `StripedCounter::add`. */
  add(n: bigint): Outcome<void>
  /** Core's `StripedCounter::flush`. */
  flush(timeout?: number | undefined | null): Pending<void>
  /** Core's `StripedCounter::sum`. */
  sum(timeout?: number | undefined | null): Pending<bigint>
}

/** Core's `WaitStats`, times in milliseconds. */
export declare class WaitStats {
  /** The number of waits that succeeded. */
  get count(): number
  /** The number of waits that timed out. */
  get timeouts(): number
  /** The mean. */
  get mean(): number
  /** The standard deviation. */
  get stddev(): number
  /** The median. */
  get p50(): number
  /** The 99th percentile. */
  get p99(): number
  /** The statistics of the holds. */
  get holds(): HoldStats
  /** Core's `WaitStats::success_probability`, NaN for `None`. */
  successProbability(budget: number): number
}

/** Counts the events of a time window. TypeScript has checked that the numbers fit into 64 bits without sign. */
export declare class WindowCounter {
  /** Core's `WindowCounter::add`. */
  add(n: bigint, timeout?: number | undefined | null): Pending<bigint>
  /** Core's `WindowCounter::count`. */
  count(timeout?: number | undefined | null): Pending<bigint>
}

/** The credentials with which a client authenticates. */
export interface Auth {
  /** For example `digest`. */
  scheme: string
  /** For example `user:password`. */
  credentials: Uint8Array
}

/** Makes the promise with this number resolve to `ERR_ZKCOORD_CANCELLED`, unless it is settled already. */
export declare function cancel(number: number): void

/**
 * Closes the clients of this thread and blocks until that is done, for `timeout` milliseconds at most. For the end of the
 * process, when promises are not settled any more. Clients without a connection are left to their session timeouts.
 */
export declare function closeAll(timeout: number): void

/** Connects to an ensemble. */
export declare function connect(hosts: string, options: ConnectOptions): Outcome<Pending<Client>>

/** Options of `connect`, with all defaults filled in. Times are in milliseconds. */
export interface ConnectOptions {
  /** Core's `ClientBuilder::session_timeout`. */
  sessionTimeout: number
  /** Core's `ClientBuilder::connect_timeout`. */
  connectTimeout: number
  /** Core's `ClientBuilder::identity`. */
  identity?: string
  /** Core's `ClientBuilder::auth`. */
  auth?: Auth
  /** `open`, `creator` or `read`. */
  acl: string
  /** Core's `ClientBuilder::tls`; without it connections are not encrypted. */
  tls?: TlsOptions
}

/** Core's `Contender`. */
export interface Contender {
  /** The path of its node. */
  node: string
  /** The text in its node. */
  identity: string
  /** The session that owns the node; 0 if it is not ephemeral. */
  sessionId: bigint
  /** `true` for a holder, `false` for a waiter. */
  isHolder: boolean
  /** `true` for a reader, which shares the lock with other readers. */
  isReader: boolean
  /** Core's `Library`, by its name. */
  library: string
  /** Milliseconds since 1970, by the server's clock. */
  waitingSince: number
}

/** Options of `Client.counter`. */
export interface CounterOptions {
  /** `i64`, `i32` or `text`. */
  format: string
  /** Core's `Counter::default`. */
  default: bigint
  /** Core's `Counter::min`. */
  min?: bigint
  /** Core's `Counter::max`. */
  max?: bigint
  /** Core's `Counter::exactly_once`. */
  exactlyOnce: boolean
}

/** One row of the core's error table. */
export interface ErrorRow {
  /** The stable code, for example `ERR_ZKCOORD_TIMEOUT`. */
  code: string
  /** The name of the class in Python; the class of this package ends in `Error`. */
  class: string
  /** The condition that it reports. */
  meaning: string
}

/** Returns the core's error table, with which the tests compare the classes. */
export declare function errorTable(): Array<ErrorRow>

/** Core's `HoldStats`, times in milliseconds. */
export interface HoldStats {
  /** The number of holds. */
  count: number
  /** The mean. */
  mean: number
  /** The standard deviation. */
  stddev: number
  /** The median. */
  p50: number
  /** The 99th percentile. */
  p99: number
}

/** The queue in a directory, with the name of the directory. */
export interface NamedQueue {
  /** The last part of the path. */
  name: string
  /** The queue. */
  queue: Queue
}

/** One of the core's `Guard::tokens`. */
export interface NodeToken {
  /** The path of the node. */
  node: string
  /** The fencing token. */
  token: bigint
}

/** Core's `Queue`. */
export interface Queue {
  /** In the order of the queue. */
  contenders: Array<Contender>
  /** Problems of the queue. */
  warnings: Array<string>
}

/** A range of numbers that includes both ends. */
export interface Range {
  /** The smallest number. */
  first: bigint
  /** The largest number. */
  last: bigint
}

/** Core's `Tls`. */
export interface TlsOptions {
  /** The path of a PEM file. */
  ca?: string
  /** The path of a PEM file. */
  cert?: string
  /** The path of a PEM file. */
  key?: string
  /** Core's `Tls::verify_hostname`. */
  verifyHostname: boolean
}

/** The version of the core. */
export declare const VERSION: string

/** Core's `Versioned`. */
export interface Versioned {
  /** The value. */
  value: bigint
  /** The version of the node; -1 if it is missing. */
  version: number
}
