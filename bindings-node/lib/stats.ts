// Statistics of waits and holds, and the estimate for the next wait that follows from them.

import type { WaitStats as NativeWaitStats } from '../native.cjs'
import * as check from './arguments.js'

/**
 * Statistics of the times for which locks were held. A hold counts when its guard is released or garbage collected, and
 * not if the lock is lost. Times are in milliseconds. Mean, deviation and quantiles cover the latest 1 024 holds.
 */
export interface HoldStats {
  /** The number of holds that ended. */
  readonly count: number
  /** The mean. */
  readonly mean: number
  /** The standard deviation. */
  readonly stddev: number
  /** The median: half of the holds took at most this long. */
  readonly p50: number
  /** The 99th percentile: 99 % of the holds took at most this long. */
  readonly p99: number
}

/**
 * Statistics of the waits of one object: a mutex, a side of a read/write lock, a semaphore, a multi-mutex or a rate
 * limiter. For a counter they cover its changes. Times are in milliseconds. Mean, deviation and quantiles cover the
 * latest 1 024 waits that succeeded. `tryAcquire` does not count.
 */
export class WaitStats {
  /** The number of waits that succeeded. */
  readonly count: number

  /** The number of waits that ended with {@link AcquireTimeoutError}. */
  readonly timeouts: number

  /** The mean. */
  readonly mean: number

  /** The standard deviation. */
  readonly stddev: number

  /** The median: half of the waits took at most this long. */
  readonly p50: number

  /** The 99th percentile: 99 % of the waits took at most this long. */
  readonly p99: number

  /** Statistics of the holds, acquired by waiting or by `tryAcquire`. All zero for objects that are not held. */
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
   * Returns the probability that a wait succeeds within `budget` milliseconds, from 0 to 1. `NaN` before the second wait.
   *
   * The estimate assumes a logistic distribution of the waits. After n waits its error is at most about 0.45/√n, if the
   * conditions have not changed.
   *
   * @throws {@link InvalidArgumentError} if the budget is not a number of milliseconds
   *
   * @example
   * ```ts
   * if (mutex.stats().successProbability(200) < 0.5) return busy()
   * ```
   */
  successProbability(budget: number): number {
    return this.#native.successProbability(budget === Infinity ? budget : check.duration('budget', budget))
  }
}
