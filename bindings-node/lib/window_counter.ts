// Events within the last so many seconds, counted by all clients of the ensemble together.

import type { WindowCounter as NativeWindowCounter } from '../native.cjs'
import * as check from './arguments.js'
import { settle } from './op.js'
import { type CallOptions, callOptions } from './options.js'

/** Options of {@link Client.windowCounter}. Written into the node: everyone who shares the path must give the same. */
export interface WindowCounterOptions {
  /** For how long an event counts: milliseconds. Default 60 000. */
  window?: number | undefined
  /**
   * In how many parts of the window events are forgotten. More are more exact, and more to write with each add: 60 are
   * cheap, 10 000 are not. Default 60.
   */
  buckets?: number | undefined
}

/**
 * Counts the events of the last `window` milliseconds. Made by {@link Client.windowCounter}. A node that is missing
 * counts as no events and is made by the first add.
 *
 * An event counts for at least the window from the call of its `add` on, and at most one bucket longer, by the clock of
 * ZooKeeper's leader, give or take a round trip. The clocks of the machines that run clients do not matter.
 *
 * Every add counts exactly once, also when the server's reply is lost; where that cannot be known, it rejects with
 * {@link IndeterminateError}. Counts are `bigint`.
 */
export class WindowCounter {
  readonly #native: NativeWindowCounter

  /** @internal */
  constructor(native: NativeWindowCounter) {
    this.#native = native
  }

  /**
   * Records `n` events that happen now. One round trip when nobody else writes; up to two more after a connect, and
   * when this client has not written for a minute. An aborted add may be recorded or not.
   *
   * @param n - from 0 on; with 0 it only counts
   * @param options - `timeout` in milliseconds, and `signal`
   * @returns how many events count now, these included
   * @throws {@link InvalidArgumentError} also when the node was made with another window or other buckets;
   *   {@link CounterOverflowError} when the count would leave 64 bits; {@link BadDataError}: nothing is written.
   *   {@link AcquireTimeoutError}: not recorded. {@link IndeterminateError}, {@link NotAuthorizedError},
   *   {@link QuotaExceededError}, {@link ClosedError}; the signal's reason
   *
   * @example
   * ```ts
   * const failures = client.windowCounter(`/failures/${user}`, { window: 60_000 })
   * if ((await failures.add()) > 5n) lockOut(user)
   * ```
   */
  async add(n: bigint | number = 1n, options?: CallOptions): Promise<bigint> {
    const { timeout, signal } = callOptions(options)
    const events = check.uint64('n', n)
    return settle(() => this.#native.add(events, timeout), signal)
  }

  /**
   * How many events count now. Every add acknowledged before the call is seen. One round trip; three more, with a
   * write, when this client has to learn the time first.
   *
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws {@link InvalidArgumentError}, {@link BadDataError}, {@link AcquireTimeoutError},
   *   {@link NotAuthorizedError}, {@link ClosedError}; the signal's reason
   */
  async count(options?: CallOptions): Promise<bigint> {
    const { timeout, signal } = callOptions(options)
    return settle(() => this.#native.count(timeout), signal)
  }
}
