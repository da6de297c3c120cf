// A rate limiter: a number of permits in any interval of a given length, shared by all clients.

import type { RateLimiter as NativeRateLimiter } from '../native.cjs'
import { call } from './op.js'
import { type PermitOptions, permitOptions } from './options.js'
import { WaitStats } from './stats.js'

/**
 * Options of {@link Client.rateLimiter}. They are stored in the node: all clients that share the path must give the same
 * values.
 */
export interface RateLimiterOptions {
  /** The number of permits that may be used in any interval of length `per`. */
  permits: number
  /** The length of the interval in milliseconds. Default 1 000. */
  per?: number | undefined
  /**
   * The number of permits that may be used at once. Default: `permits`. A smaller number spreads them: with 100 permits
   * per second and a burst of 10, at most 10 are used in any tenth of a second. With a larger number, more than `permits`
   * may be used at once after a pause, at the same rate in the long run.
   */
  burst?: number | undefined
}

/**
 * Limits the rate of events of all clients together. Made by {@link Client.rateLimiter}. The first use makes the node. To
 * change the limit, delete the node.
 *
 * Time is measured by the clock of ZooKeeper's leader. The limit is never exceeded. At full load about 2 % fewer permits
 * are granted, and fewer still if `per` is shorter than a hundred round trips. Within a client, permits are granted in
 * order of arrival, and a waiter for many permits is not overtaken. Permits are used up, not released.
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
   * Waits until permits may be used, all at once. Rejects as soon as it is known that they will not be available within
   * the timeout. Keeps the process alive while it waits. Permits that were granted to an aborted call go to the next
   * caller, or are lost.
   *
   * @param options - `permits` (default 1), `timeout` in milliseconds, and `signal`
   * @throws {@link AcquireTimeoutError} if the permits are not available within the timeout: none were used.
   *   {@link InvalidArgumentError} if `permits` is more than the limit allows, or the node was made for another limit;
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
    const { permits, ...rest } = permitOptions(options)
    await call(rest, (timeout) => this.#native.acquire(permits, timeout))
  }

  /**
   * Uses permits if they are available now, all or none. In most cases a `false` costs no round trip.
   *
   * @param options - `permits` (default 1), `timeout` in milliseconds, for the server's answer, and `signal`
   * @returns `true` if the permits were available
   * @throws {@link ConnectionLostError} if the server has to be asked and there is no connection; otherwise the errors of
   *   {@link RateLimiter.acquire}
   */
  async tryAcquire(options?: PermitOptions): Promise<boolean> {
    const { permits, ...rest } = permitOptions(options)
    return await call(rest, (timeout) => this.#native.tryAcquire(permits, timeout))
  }

  /** Returns statistics of the waits in `acquire`. Costs no round trip. */
  stats(): WaitStats {
    return new WaitStats(this.#native.stats())
  }
}
