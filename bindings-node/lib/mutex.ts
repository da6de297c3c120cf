// A mutual exclusion lock: at most one holder among all clients of the ensemble, served in order of arrival.

import type { Mutex as NativeMutex } from '../native.cjs'
import { acquireGuard, type Guard } from './guard.js'
import { type Queue, toQueue } from './inspect.js'
import { call } from './op.js'
import { type CallOptions, callOptions } from './options.js'
import { currentOwner } from './owner.js'
import { WaitStats } from './stats.js'

/** Options of {@link Client.mutex}. */
export interface MutexOptions {
  /**
   * The names of the nodes in the queue. All clients that share the lock must use the same scheme. `'curator'`, the
   * default, excludes Curator's `InterProcessMutex` and go-zookeeper's `Lock`; `'kazoo'` excludes kazoo's `Lock`.
   */
  scheme?: 'curator' | 'kazoo' | undefined
  /**
   * The number of times in a row that tasks of this client may hand the lock to each other without any request, before
   * other clients get their turn. Guards that were handed over one after the other share the node and the **token**. With
   * `0`, the default, all waiters are served in the order of the server's queue.
   */
  handoff?: number | undefined
}

/**
 * A mutual exclusion lock at a path. Made by {@link Client.mutex}. The sides of a {@link RwLock} are of this type too.
 *
 * Not reentrant: a second `acquire` waits until the first guard is released. See {@link ReentrantMutex} for a lock that is
 * reentrant, and {@link asOwner} for the sides of a {@link RwLock}.
 */
export class Mutex {
  readonly #native: NativeMutex

  /** @internal */
  constructor(native: NativeMutex) {
    this.#native = native
  }

  /**
   * Waits for the lock. One round trip if it is free. Keeps the process alive while it waits.
   *
   * A waiter that loses its session queues again with the next one, until the timeout.
   *
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws {@link AcquireTimeoutError} if the timeout passes first, also while no server can be reached;
   *   {@link WouldDeadlockError} if its own {@link asOwner | owner} holds the lock; {@link NotAuthorizedError},
   *   {@link QuotaExceededError}, {@link SequenceExhaustedError}, {@link ClosedError}, {@link InvalidArgumentError}; the
   *   signal's reason. In all of these cases nothing is held and no node is left
   *
   * @example
   * ```ts
   * await using guard = await mutex.acquire({ timeout: 5_000, signal })
   * await writeReport(guard.token, { signal: guard.signal })
   * ```
   */
  async acquire(options?: CallOptions): Promise<Guard> {
    return await acquireGuard(callOptions(options), (timeout) => this.#native.acquire(timeout, currentOwner()))
  }

  /**
   * Acquires the lock if it is free.
   *
   * @param options - `timeout` in milliseconds, for the server's answer, and `signal`
   * @returns `null` if the lock is not free
   * @throws {@link ConnectionLostError} if there is no connection; {@link AcquireTimeoutError} if the server does not
   *   answer within the timeout; otherwise the errors of {@link Mutex.acquire}
   *
   * @example
   * ```ts
   * const guard = await mutex.tryAcquire()
   * if (!guard) return console.log('the lock is held by another process')
   * ```
   */
  async tryAcquire(options?: CallOptions): Promise<Guard | null> {
    return await acquireGuard(callOptions(options), (timeout) => this.#native.tryAcquire(timeout, currentOwner()))
  }

  /**
   * Returns the holders and waiters of the lock, in order, with `warnings` if libraries are mixed that do not see each
   * other. Two round trips.
   *
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws {@link AcquireTimeoutError}, {@link ConnectionLostError}, {@link NotAuthorizedError}, {@link ClosedError},
   *   {@link InvalidArgumentError}; the signal's reason
   *
   * @example
   * ```ts
   * const [first] = await mutex.inspect()
   * console.log(`held by ${first?.identity ?? 'nobody'}`)
   * ```
   */
  async inspect(options?: CallOptions): Promise<Queue> {
    return toQueue(await call(callOptions(options), (timeout) => this.#native.inspect(timeout)))
  }

  /** Returns statistics of the waits for this lock, and of its holds. Costs no round trip. */
  stats(): WaitStats {
    return new WaitStats(this.#native.stats())
  }
}
