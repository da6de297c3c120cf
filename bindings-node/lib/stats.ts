// How long waits and holds took, and what that says of the next wait.

import type { WaitStats as NativeWaitStats } from '../native.cjs'
import * as check from './arguments.js'

/**
 * How long locks were held: those that ended with `release`, or were collected; lost ones do not count. Times are in
 * milliseconds; mean, deviation and quantiles are those of the latest 1 024.
 */
export interface HoldStats {
  /** How many holds ended. */
  readonly count: number
  /** The mean. */
  readonly mean: number
  /** The standard deviation. */
  readonly stddev: number
  /** Half of the holds took at most this long. */
  readonly p50: number
  /** 99 % of them took at most this long. */
  readonly p99: number
}

/**
 * How long the waits of one mutex, side of a read/write lock, semaphore, multi-mutex or rate limiter took, or the
 * changes of one counter: of that object alone. Times are in milliseconds; mean, deviation and quantiles are those of
 * the latest 1 024 that ended well. `tryAcquire` does not count.
 */
export class WaitStats {
  /** How many waits ended well. */
  readonly count: number

  /** How many ended with {@link AcquireTimeoutError}. */
  readonly timeouts: number

  /** The mean. */
  readonly mean: number

  /** The standard deviation. */
  readonly stddev: number

  /** Half of the waits took at most this long. */
  readonly p50: number

  /** 99 % of them took at most this long. */
  readonly p99: number

  /** How long was held what was waited for, or had by trying. All zero where nothing is held. */
  readonly holds: HoldStats

  readonly #native: NativeWaitStats

  /** @internal */
  constructor(native: NativeWaitStats) {
    this.#native = native
    this.count = native.count
    this.timeouts = native.timeouts
    this.mean = native.mean
    this.stddev = native.stddev
    this.p50 = native.p50
    this.p99 = native.p99
    this.holds = native.holds
  }

  /**
   * How likely a wait ends within `budget` milliseconds, from 0 to 1; `NaN` before the second wait. Waits are taken to
   * be distributed logistically. With n waits seen it is off by at most about 0.45/√n, if nothing has changed since.
   *
   * @throws {@link InvalidArgumentError} for a budget that is no time
   *
   * @example
   * ```ts
   * if (mutex.stats().successProbability(200) < 0.5) return busy()
   * ```
   */
  successProbability(budget: number): number {
    if (budget === undefined) throw check.invalid('budget', budget, 'must be a number of milliseconds, 0 or more')
    return this.#native.successProbability(check.milliseconds('budget', budget) ?? Infinity)
  }
}
