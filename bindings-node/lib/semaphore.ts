// A semaphore: a number of permits, had in the order of arrival.

import type { Semaphore as NativeSemaphore } from '../native.cjs'
import { Guard, giveBack } from './guard.js'
import { settle } from './op.js'
import { type PermitOptions, permitOptions } from './options.js'
import { WaitStats } from './stats.js'

/** Options of {@link Client.semaphore}. */
export interface SemaphoreOptions {
  /** How many there are. Not stored anywhere: everyone who shares the semaphore must give the same number. */
  permits: number
}

/**
 * A semaphore at a path. Made by {@link Client.semaphore}.
 *
 * Permits are had in the order of arrival; one that wants many is not overtaken by those that want few. Works with
 * Curator's `InterProcessSemaphoreV2`.
 */
export class Semaphore {
  readonly #native: NativeSemaphore

  /** @internal */
  constructor(native: NativeSemaphore) {
    this.#native = native
  }

  /**
   * Waits for permits; the guard gives them all back. Keeps the process alive as long as it waits.
   *
   * @param options - `permits` (at most 500), `timeout` in milliseconds, and `signal`
   * @throws {@link InvalidArgumentError} when there are not so many; otherwise like {@link Mutex.acquire}
   *
   * @example
   * ```ts
   * await using slots = await semaphore.acquire({ permits: 2, timeout: 5_000 })
   * ```
   */
  async acquire(options?: PermitOptions): Promise<Guard> {
    const { permits, timeout, signal } = permitOptions(options)
    return new Guard(await settle(() => this.#native.acquire(permits, timeout), signal, giveBack))
  }

  /**
   * Takes permits if they are free and nobody waits for them. See {@link Mutex.tryAcquire}.
   *
   * @returns `null` when they are not free
   */
  async tryAcquire(options?: PermitOptions): Promise<Guard | null> {
    const { permits, timeout, signal } = permitOptions(options)
    const native = await settle(() => this.#native.tryAcquire(permits, timeout), signal, giveBack)
    return native && new Guard(native)
  }

  /** How long the waits for permits took, and how long they were held. Costs no round trip. */
  stats(): WaitStats {
    return new WaitStats(this.#native.stats())
  }
}
