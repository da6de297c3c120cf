// Generated from src/*.rs by `npm run build:types` (napi-rs). Private: see lib/ for what users get.

/** What a call came to; lib/op.ts makes a value or an exception of it. */
export type Outcome<T> = { value: T } | { code: string; message: string }

/** The promise of an outcome. Never rejected. */
export type Pending<T> = Promise<Outcome<T>> & { readonly number: number }

/** What a client stands on. */
export type State = 'connected' | 'suspended' | 'expired' | 'closed'

/** A connected client. */
export declare class Client {
  /** Core's `Client::session_id`. */
  get sessionId(): Outcome<bigint>
  /** Core's `Client::state`, by its name. */
  get state(): Outcome<State>
  /** Core's `Client::on_state`, with the states' names. */
  onState(listener: (state: State) => void): Outcome<StateSubscription>
  /** Core's `Client::mutex`; fails at once when an argument cannot be. */
  mutex(path: string, scheme: string, handoff: number): Outcome<Mutex>
  /** Core's `Client::reentrant_mutex`; fails at once when an argument cannot be. */
  reentrantMutex(path: string, scheme: string): Outcome<ReentrantMutex>
  /** Core's `Client::rw_lock`; fails at once when an argument cannot be. */
  rwLock(path: string, scheme: string): Outcome<RwLock>
  /** Core's `Client::multi_mutex`; fails at once when an argument cannot be. */
  multiMutex(paths: Array<string>, scheme: string): Outcome<MultiMutex>
  /** Core's `Client::semaphore`; fails at once when an argument cannot be. */
  semaphore(path: string, permits: number): Outcome<Semaphore>
  /** Core's `Client::request_revoke`. */
  requestRevoke(node: string, timeout?: number | undefined | null): Pending<boolean>
  /** Core's `Client::inspect_all`. */
  inspectAll(path: string, timeout?: number | undefined | null): Pending<NamedQueue[]>
  /** Core's `Client::counter`; fails at once when an argument cannot be. */
  counter(path: string, options: CounterOptions): Outcome<Counter>
  /** Core's `Client::striped_counter`; fails at once when the path is none. */
  stripedCounter(path: string, flushInterval: number): Outcome<StripedCounter>
  /** Core's `Client::window_counter`; fails at once when an argument cannot be. */
  windowCounter(path: string, window: number, buckets: number): Outcome<WindowCounter>
  /** Core's `Client::rate_limiter`; fails at once when an argument cannot be. */
  rateLimiter(path: string, permits: number, per: number, burst?: number | undefined | null): Outcome<RateLimiter>
  /** Core's `Client::miss_guard`; fails at once when an argument cannot be. */
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
  /** Takes the watch off the server. Can be called again. */
  end(): void
}

/** A lock that is held. Given back when it is collected. */
export declare class Guard {
  /** Core's `Guard::token`. */
  get token(): bigint
  /** Core's `Guard::tokens`. */
  get tokens(): Outcome<NodeToken[]>
  /** Core's `Guard::node`. */
  get node(): string
  /** Core's `Guard::check`. */
  check(): Outcome<void>
  /** Core's `Guard::on_lost`, with the text of the error. */
  onLost(listener: (message: string) => void): Outcome<void>
  /** Core's `Guard::is_revoke_requested`. */
  get revokeRequested(): Outcome<boolean>
  /** Core's `Guard::on_revoke`. */
  onRevoke(listener: () => void): Outcome<void>
  /** Core's `Guard::set_data`; the version -1 is any. */
  setData(path: string, data: Uint8Array, version: number, timeout?: number | undefined | null): Pending<void>
  /** Core's `Guard::create`. */
  create(path: string, data: Uint8Array, timeout?: number | undefined | null): Pending<void>
  /** Core's `Guard::delete`; the version -1 is any. */
  delete(path: string, version: number, timeout?: number | undefined | null): Pending<void>
  /** Core's `Guard::release`. */
  release(timeout?: number | undefined | null): Pending<void>
}

/** The caller's turn to load a key. Ends once, by one of its methods, at the latest when it is collected. */
export declare class LoadTurn {
  /** Core's `LoadTurn::found`. */
  found(timeout?: number | undefined | null): Pending<void>
  /** Core's `LoadTurn::missed`. */
  missed(timeout?: number | undefined | null): Pending<void>
  /** Gives the turn on without a verdict. Can be called again. */
  giveOn(): void
}

/** Stops lookups of keys that do not exist. */
export declare class MissGuard {
  /** Core's `MissGuard::begin`; `null` when the key is absent. */
  begin(key: Uint8Array, timeout?: number | undefined | null): Pending<LoadTurn | null>
  /** Core's `MissGuard::forget`. */
  forget(key: Uint8Array, timeout?: number | undefined | null): Pending<void>
}

/** Several mutexes taken as one. */
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

/** At most so many permits in any stretch of time. */
export declare class RateLimiter {
  /** Core's `RateLimiter::acquire`. */
  acquire(permits: number, timeout?: number | undefined | null): Pending<void>
  /** Core's `RateLimiter::try_acquire`. */
  tryAcquire(permits: number, timeout?: number | undefined | null): Pending<boolean>
  /** Core's `RateLimiter::stats`. */
  stats(): WaitStats
}

/** A mutex that its owner may take several times. TypeScript says who that is: every caller is on the same thread. */
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

/** A sum to which many clients add often. What was added is written in the background when this is collected. */
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
  /** See core. */
  get count(): number
  /** See core. */
  get timeouts(): number
  /** See core. */
  get mean(): number
  /** See core. */
  get stddev(): number
  /** See core. */
  get p50(): number
  /** See core. */
  get p99(): number
  /** See core. */
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

/** How a client authenticates. */
export interface Auth {
  /** Like `digest`. */
  scheme: string
  /** Like `user:password`. */
  credentials: Uint8Array
}

/** Makes the promise with this number resolve to `ERR_ZKCOORD_CANCELLED`, unless it is settled already. */
export declare function cancel(number: number): void

/**
 * Closes the clients of this thread, and waits for that, but no longer than `patience`: for the end of the process, when
 * promises are of no use any more. Those that have no connection are left to their session timeouts.
 */
export declare function closeAll(patience: number): void

/** Connects. */
export declare function connect(hosts: string, options: ConnectOptions): Outcome<Pending<Client>>

/** Options of `connect`, all of them given. Times in milliseconds. */
export interface ConnectOptions {
  /** See core's `ClientBuilder`. */
  sessionTimeout: number
  /** See core's `ClientBuilder`. */
  connectTimeout: number
  /** See core's `ClientBuilder`. */
  identity?: string
  /** See core's `ClientBuilder`. */
  auth?: Auth
  /** `open`, `creator` or `read`. */
  acl: string
  /** How to encrypt, if at all. */
  tls?: TlsOptions
}

/** Core's `Contender`. */
export interface Contender {
  /** See core. */
  node: string
  /** See core. */
  identity: string
  /** See core. */
  sessionId: bigint
  /** See core. */
  isHolder: boolean
  /** See core. */
  isReader: boolean
  /** Core's `Library`, by its name. */
  library: string
  /** Milliseconds since 1970. */
  waitingSince: number
}

/** Options of `Client.counter`. */
export interface CounterOptions {
  /** `i64`, `i32` or `text`. */
  format: string
  /** See core's `Counter`. */
  default: bigint
  /** See core's `Counter`. */
  min?: bigint
  /** See core's `Counter`. */
  max?: bigint
  /** See core's `Counter`. */
  exactlyOnce: boolean
}

/** One row of the core's error table. */
export interface ErrorRow {
  /** Like `ERR_ZKCOORD_TIMEOUT`. */
  code: string
  /** The class in Python; ours ends in `Error`. */
  class: string
  /** When it is reported. */
  meaning: string
}

/** The core's error table, against which the tests compare the classes. */
export declare function errorTable(): Array<ErrorRow>

/** Core's `HoldStats`, times in milliseconds. */
export interface HoldStats {
  /** See core. */
  count: number
  /** See core. */
  mean: number
  /** See core. */
  stddev: number
  /** See core. */
  p50: number
  /** See core. */
  p99: number
}

/** The queue in a directory, by its name. */
export interface NamedQueue {
  /** The last part of the path. */
  name: string
  /** See core. */
  queue: Queue
}

/** One of core's `Guard::tokens`. */
export interface NodeToken {
  /** See core. */
  node: string
  /** See core. */
  token: bigint
}

/** Core's `Queue`. */
export interface Queue {
  /** In order. */
  contenders: Array<Contender>
  /** What is wrong with the queue. */
  warnings: Array<string>
}

/** The ends of a range of numbers, both in it. */
export interface Range {
  /** The least. */
  first: bigint
  /** The greatest. */
  last: bigint
}

/** Core's `Tls`. */
export interface TlsOptions {
  /** A file. */
  ca?: string
  /** A file. */
  cert?: string
  /** A file. */
  key?: string
  /** Whether to look at host names. */
  verifyHostname: boolean
}

/** The version of the core. */
export declare const VERSION: string

/** Core's `Versioned`. */
export interface Versioned {
  /** See core. */
  value: bigint
  /** See core. */
  version: number
}
