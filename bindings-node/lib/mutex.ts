// A mutual exclusion lock: at most one holder among all clients of the ensemble, served in order of arrival.

import type { Mutex as NativeMutex } from '../native.cjs'
import { Guard, giveBack } from './guard.js'
import { type Queue, toQueue } from './inspect.js'
import { settle } from './op.js'
import { type CallOptions, callOptions } from './options.js'
import { currentOwner } from './owner.js'
import { WaitStats } from './stats.js'

/** Options of {@link Client.mutex}. */
export interface MutexOptions {
  /**
   * The names in the queue. Everyone who shares the lock must use the same. `'curator'`, the default, excludes
   * Curator's `InterProcessMutex` and go-zookeeper's `Lock`; `'kazoo'` excludes kazoo's `Lock`.
   */
  scheme?: 'curator' | 'kazoo' | undefined
  /**
   * How many times in a row tasks of this client may hand the lock to each other without any request, before it is the
   * others' turn. Guards that were handed over one after the other share the node and the **token**. `0`, the default,
   * is strict: everybody in the order of the server's queue.
   */
  handoff?: number | undefined
}

/**
 * A mutual exclusion lock at a path. Made by {@link Client.mutex}. The sides of a {@link RwLock} are of this type too.
 *
 * Not reentrant: a second `acquire` waits for the first guard. See {@link ReentrantMutex} for one that is, and
 * {@link asOwner} for what the sides of a {@link RwLock} allow to an owner.
 */
export class Mutex {
  readonly #native: NativeMutex

  /** @internal */
  constructor(native: NativeMutex) {
    this.#native = native
  }

  /**
   * Waits for the lock. One round trip when it is free. Keeps the process alive as long as it waits.
   *
   * A waiter that loses its session queues again with the next one, until its timeout.
   *
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws {@link AcquireTimeoutError} when the timeout passes first, also while no server can be reached;
   *   {@link WouldDeadlockError} when it would wait for what its own {@link asOwner | owner} holds;
   *   {@link NotAuthorizedError}, {@link QuotaExceededError}, {@link SequenceExhaustedError}, {@link ClosedError},
   *   {@link InvalidArgumentError}; the signal's reason. Then nothing is held and no node is left.
   *
   * @example
   * ```ts
   * await using guard = await mutex.acquire({ timeout: 5_000, signal })
   * await writeReport(guard.token, { signal: guard.signal })
   * ```
   */
  async acquire(options?: CallOptions): Promise<Guard> {
    const { timeout, signal } = callOptions(options)
    return new Guard(await settle(() => this.#native.acquire(timeout, currentOwner()), signal, giveBack))
  }

  /**
   * Takes the lock if it is free.
   *
   * @param options - `timeout` in milliseconds, for the server's answer, and `signal`
   * @returns `null` when it is not free
   * @throws {@link ConnectionLostError} when there is no connection; {@link AcquireTimeoutError} when the server does
   *   not answer within the timeout; otherwise like {@link Mutex.acquire}
   *
   * @example
   * ```ts
   * const guard = await mutex.tryAcquire()
   * if (!guard) return console.log('somebody else is at it')
   * ```
   */
  async tryAcquire(options?: CallOptions): Promise<Guard | null> {
    const { timeout, signal } = callOptions(options)
    const native = await settle(() => this.#native.tryAcquire(timeout, currentOwner()), signal, giveBack)
    return native && new Guard(native)
  }

  /**
   * Who holds the lock and who waits, in order, with `warnings` of mixes of libraries that cannot see each other. Two
   * round trips.
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
    const { timeout, signal } = callOptions(options)
    return toQueue(await settle(() => this.#native.inspect(timeout), signal))
  }

  /** How long the waits for this lock took, and how long it was held. Costs no round trip. */
  stats(): WaitStats {
    return new WaitStats(this.#native.stats())
  }
}
