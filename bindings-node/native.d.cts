// Generated from src/*.rs by `npm run build:types` (napi-rs). Private: see lib/ for what users get.

/** What a call came to; lib/op.ts makes a value or an exception of it. */
export type Outcome<T> = { value: T } | { code: string; message: string }

/** The promise of an outcome. Never rejected. */
export type Pending<T> = Promise<Outcome<T>> & { readonly canceller: Canceller }

/** What a client stands on. */
export type State = 'connected' | 'suspended' | 'expired' | 'closed'

/** Cancels one operation, at the latest when it is collected. Does nothing once the operation is done. */
export declare class Canceller {
  /** Makes the promise resolve to `ERR_ZKCOORD_CANCELLED`, unless it was done already. */
  cancel(): void
}

/** A connected client. */
export declare class Client {
  /** Core's `Client::session_id`. */
  get sessionId(): Outcome<bigint>
  /** Core's `Client::state`, by its name. */
  get state(): Outcome<State>
  /** Core's `Client::on_state`, with the states' names. */
  onState(listener: (state: State) => void): Outcome<StateSubscription>
  /** Core's `Client::mutex`; fails at once when an argument cannot be. */
  mutex(path: string, scheme: string): Outcome<Mutex>
  /** Core's `Client::rw_lock`; fails at once when an argument cannot be. */
  rwLock(path: string, scheme: string): Outcome<RwLock>
  /** Core's `Client::multi_mutex`; fails at once when an argument cannot be. */
  multiMutex(paths: Array<string>, scheme: string): Outcome<MultiMutex>
  /** Core's `Client::semaphore`; fails at once when an argument cannot be. */
  semaphore(path: string, permits: number): Outcome<Semaphore>
  /** Core's `Client::request_revoke`. */
  requestRevoke(node: string, timeout?: number | undefined | null): Pending<boolean>
  /** Core's `Client::counter`; fails at once when the path is none. */
  counter(path: string): Outcome<Counter>
  /** Core's `Client::close`. */
  close(timeout?: number | undefined | null): Pending<void>
}

/** A counter in the format i64. TypeScript has checked that the numbers fit. */
export declare class Counter {
  /** Core's `Counter::add`. */
  add(n: bigint, timeout?: number | undefined | null): Pending<bigint>
  /** Core's `Counter::get`. */
  get(timeout?: number | undefined | null): Pending<bigint>
  /** Core's `Counter::set`. */
  set(value: bigint, timeout?: number | undefined | null): Pending<void>
  /** Core's `Counter::get_and_set`. */
  getAndSet(value: bigint, timeout?: number | undefined | null): Pending<bigint>
  /** Core's `Counter::compare_and_set`. */
  compareAndSet(expected: bigint, value: bigint, timeout?: number | undefined | null): Pending<boolean>
}

/** A lock that is held. Given back when it is collected. */
export declare class Guard {
  /** Core's `Guard::token`. */
  get token(): bigint
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

/** Several mutexes taken as one. */
export declare class MultiMutex {
  /** Core's `MultiMutex::acquire`. */
  acquire(timeout?: number | undefined | null): Pending<Guard>
  /** Core's `MultiMutex::try_acquire`. */
  tryAcquire(timeout?: number | undefined | null): Pending<Guard | null>
  /** Core's `MultiMutex::stats`. */
  stats(): WaitStats
}

/** A mutual exclusion lock, or one side of a read/write lock. */
export declare class Mutex {
  /** Core's `Mutex::acquire`. */
  acquire(timeout?: number | undefined | null): Pending<Guard>
  /** Core's `Mutex::try_acquire`. */
  tryAcquire(timeout?: number | undefined | null): Pending<Guard | null>
  /** Core's `Mutex::inspect`. */
  inspect(timeout?: number | undefined | null): Pending<Queue>
  /** Core's `Mutex::stats`. */
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
  /** Core's `WaitStats::success_probability`, NaN for `None`. */
  successProbability(budget: number): number
}

/** How a client authenticates. */
export interface Auth {
  /** Like `digest`. */
  scheme: string
  /** Like `user:password`. */
  credentials: Uint8Array
}

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

/** Core's `Queue`. */
export interface Queue {
  /** In order. */
  contenders: Array<Contender>
  /** What is wrong with the queue. */
  warnings: Array<string>
}

/** The version of the core. */
export declare const VERSION: string
