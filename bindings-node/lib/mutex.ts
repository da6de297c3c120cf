// A mutual exclusion lock: at most one holder among all clients of the ensemble, served in order of arrival.

import type { Guard as NativeGuard, Mutex as NativeMutex } from '../native.cjs'
import { Guard } from './guard.js'
import { settle } from './op.js'
import { callOptions, type CallOptions } from './options.js'

/** Options of {@link Client.mutex}. */
export interface MutexOptions {
  /**
   * The names in the queue. Everyone who shares the lock must use the same. `'curator'`, the default, excludes
   * Curator's `InterProcessMutex` and go-zookeeper's `Lock`. `'kazoo'` is not in this version yet.
   */
  scheme?: 'curator' | 'kazoo' | undefined
  /** Not in this version yet. */
  handoff?: number | undefined
}

/**
 * A mutual exclusion lock at a path. Made by {@link Client.mutex}.
 *
 * Not reentrant: a second `acquire` waits for the first guard.
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
    return new Guard(await settle(() => this.#native.acquire(timeout), signal, giveBack))
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
    const native = await settle(() => this.#native.tryAcquire(timeout), signal, giveBack)
    return native && new Guard(native)
  }
}

/** How long an aborted call waits until the lock that it got after all is free; the rest goes on in the background. */
const PARTING = 250

async function giveBack(guard: NativeGuard | null): Promise<void> {
  await guard?.release(PARTING)
}
