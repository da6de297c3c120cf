/**
 * Distributed locks and counters over the ZooKeeper ensemble that you already run.
 *
 * @example
 * ```ts
 * import { connect } from 'zkcoord'
 *
 * await using client = await connect('zk1:2181,zk2:2181/app')
 * {
 *   await using guard = await client.mutex('/locks/report').acquire({ timeout: 5_000 })
 *   await writeReport(guard.token, { signal: guard.signal })   // aborts if the lock is lost
 * }                                                            // released here
 * const hits = await client.counter('/counters/hits').increment()
 * ```
 *
 * Times are in milliseconds, counter values and fencing tokens are `bigint`.
 *
 * @packageDocumentation
 */

// The classes are exported as types only: connect() makes clients, and a client makes everything else.

export type { Client, State } from './client.js'
export { connect } from './client.js'
export type { Counter, CounterOptions, ReadOptions, Reservation, Versioned } from './counter.js'
export {
  AcquireTimeoutError,
  BadDataError,
  CancelledError,
  ClosedError,
  ConnectionLostError,
  CounterOverflowError,
  ForkedError,
  IndeterminateError,
  InternalError,
  InvalidArgumentError,
  LockLostError,
  NotAuthorizedError,
  QuotaExceededError,
  SequenceExhaustedError,
  SessionExpiredError,
  UnsupportedError,
  WouldDeadlockError,
  ZkcoordError,
} from './error.js'
export type { Guard, NodeToken, WriteOptions } from './guard.js'
export type { Contender, Queue } from './inspect.js'
export type {
  Lock,
  LockInfo,
  LockManager,
  LockManagerSnapshot,
  LockMode,
  LockOptions,
} from './locks.js'
export type { MissGuard, MissGuardOptions } from './miss_guard.js'
export type { MultiMutex, MultiMutexOptions } from './multi_mutex.js'
export type { Mutex, MutexOptions } from './mutex.js'
export type { Acl, CallOptions, ConnectOptions, PermitOptions } from './options.js'
export { asOwner } from './owner.js'
export type { RateLimiter, RateLimiterOptions } from './rate_limiter.js'
export type { ReentrantMutex, ReentrantMutexOptions } from './reentrant_mutex.js'
export type { RwLock, RwLockOptions } from './rw_lock.js'
export type { Semaphore, SemaphoreOptions } from './semaphore.js'
export type { HoldStats, WaitStats } from './stats.js'
export type { StripedCounter, StripedCounterOptions } from './striped_counter.js'
export type { TlsOptions } from './tls.js'
export type { WindowCounter, WindowCounterOptions } from './window_counter.js'
