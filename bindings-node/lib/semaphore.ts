// A semaphore: a number of permits, granted in order of arrival.

import type { Semaphore as NativeSemaphore } from '../native.cjs'
import { acquireGuard, type Guard } from './guard.js'
import { type PermitOptions, permitOptions } from './options.js'
import { WaitStats } from './stats.js'

/** Options of {@link Client.semaphore}. */
export interface SemaphoreOptions {
  /**
   * The number of permits. It is not stored in ZooKeeper: all clients that share the semaphore must give the same number.
   */
  permits: number
}

/**
 * A semaphore at a path. Made by {@link Client.semaphore}.
 *
 * Permits are granted in order of arrival. A waiter for many permits is not overtaken by later waiters for few. Works with
 * Curator's `InterProcessSemaphoreV2`.
 */
export class Semaphore {
  readonly #native: NativeSemaphore

  /** @internal */
  constructor(native: NativeSemaphore) {
    this.#native = native
  }

  /**
   * Waits for permits. The guard releases all of them at once. Keeps the process alive while it waits.
   *
   * @param options - `permits` (default 1, at most 500), `timeout` in milliseconds, and `signal`
   * @throws {@link InvalidArgumentError} if the semaphore does not have so many permits; otherwise the errors of
   *   {@link Mutex.acquire}
   *
   * @example
   * ```ts
   * await using slots = await semaphore.acquire({ permits: 2, timeout: 5_000 })
   * ```
   */
  async acquire(options?: PermitOptions): Promise<Guard> {
    const { permits, ...rest } = permitOptions(options)
    return await acquireGuard(rest, (timeout) => this.#native.acquire(permits, timeout))
  }

  /**
   * Acquires permits if they are free and no other client waits for permits. See {@link Mutex.tryAcquire}.
   *
   * @param options - `permits` (default 1, at most 500), `timeout` in milliseconds, for the server's answer, and `signal`
   * @returns `null` if the permits are not free
   * @throws {@link InvalidArgumentError} if the semaphore does not have so many permits; otherwise the errors of
   *   {@link Mutex.tryAcquire}
   */
  async tryAcquire(options?: PermitOptions): Promise<Guard | null> {
    const { permits, ...rest } = permitOptions(options)
    return await acquireGuard(rest, (timeout) => this.#native.tryAcquire(permits, timeout))
  }

  /** Returns statistics of the waits for permits, and of the holds. Costs no round trip. */
  stats(): WaitStats {
    return new WaitStats(this.#native.stats())
  }
}
