// A rate limiter: so many permits in any stretch of time, for all clients together.

import type { RateLimiter as NativeRateLimiter } from '../native.cjs'
import { settle } from './op.js'
import { type PermitOptions, permitOptions } from './options.js'
import { WaitStats } from './stats.js'

/** Options of {@link Client.rateLimiter}. Written into the node: everyone who shares the path must give the same. */
export interface RateLimiterOptions {
  /** How many permits may be used in any stretch of time as long as `per`. */
  permits: number
  /** Milliseconds. Default 1 000. */
  per?: number | undefined
  /**
   * How many permits may be used at once. Default: as many as `permits`. Fewer spread them: 100 per second with a burst
   * of 10 are at most 10 in any tenth of a second. With more, more than `permits` may be used at once after a pause, at
   * the same rate in the long run.
   */
  burst?: number | undefined
}

/**
 * Lets so many through in any stretch of time, of all clients together. Made by {@link Client.rateLimiter}. The node is
 * made by the first who asks. To change the limit, delete it.
 *
 * Time is that of ZooKeeper's leader. Never more than the limit are let through; at full load about 2 % fewer, and more
 * are lost when `per` is shorter than a hundred round trips. Within a client it is the order of arrival, and nobody
 * overtakes somebody who waits for many permits. Permits are used up, not given back.
 *
 * @example
 * ```ts
 * const limiter = client.rateLimiter('/limits/api', { permits: 100, per: 1_000 })
 * if (!(await limiter.tryAcquire())) return response.writeHead(429).end()
 * ```
 */
export class RateLimiter {
  readonly #native: NativeRateLimiter

  /** @internal */
  constructor(native: NativeRateLimiter) {
    this.#native = native
  }

  /**
   * Waits until permits may be used, all at once. A call that cannot get them before its timeout rejects as soon as
   * that is known. Keeps the process alive as long as it waits. Permits of an aborted call go to the next caller, or
   * are lost.
   *
   * @param options - `permits` (default 1), `timeout` in milliseconds, and `signal`
   * @throws {@link AcquireTimeoutError} when they do not come free in time: none were taken.
   *   {@link InvalidArgumentError} when there are not so many, or the node was made for another limit;
   *   {@link BadDataError}, {@link NotAuthorizedError}, {@link QuotaExceededError}, {@link ClosedError}; the signal's
   *   reason
   *
   * @example
   * ```ts
   * await limiter.acquire({ timeout: 5_000 })
   * await fetch(url)
   * ```
   */
  async acquire(options?: PermitOptions): Promise<void> {
    const { permits, timeout, signal } = permitOptions(options)
    await settle(() => this.#native.acquire(permits, timeout), signal)
  }

  /**
   * Takes permits if they are free now, all or none. `false` mostly costs no round trip.
   *
   * @param options - `permits` (default 1), `timeout` in milliseconds, for the server's answer, and `signal`
   * @returns whether they were free
   * @throws {@link ConnectionLostError} when the server has to be asked and there is no connection; otherwise like
   *   {@link RateLimiter.acquire}
   */
  async tryAcquire(options?: PermitOptions): Promise<boolean> {
    const { permits, timeout, signal } = permitOptions(options)
    return settle(() => this.#native.tryAcquire(permits, timeout), signal)
  }

  /** How long the calls of `acquire` waited. Costs no round trip. */
  stats(): WaitStats {
    return new WaitStats(this.#native.stats())
  }
}
