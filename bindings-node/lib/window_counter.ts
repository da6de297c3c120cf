// Counts the events of a sliding time window, for all clients of the ensemble together.

import type { WindowCounter as NativeWindowCounter } from '../native.cjs'
import * as check from './arguments.js'
import { call } from './op.js'
import { type CallOptions, callOptions } from './options.js'

/**
 * Options of {@link Client.windowCounter}. They are stored in the node: all clients that share the path must give the
 * same values.
 */
export interface WindowCounterOptions {
  /** The length of the window in milliseconds. Default 60 000. */
  window?: number | undefined
  /**
   * The number of parts of the window in which events are forgotten. More buckets are more exact, and more to write with
   * each add: 60 are cheap, 10 000 are not. Default 60.
   */
  buckets?: number | undefined
}

/**
 * Counts the events of the last `window` milliseconds. Made by {@link Client.windowCounter}. A missing node counts as no
 * events, and is made by the first add.
 *
 * An event counts for at least the window from the call of its `add`, and for at most one bucket longer, by the clock of
 * ZooKeeper's leader, with an error of about a round trip. The clocks of the clients do not matter.
 *
 * Every add counts exactly once, also if the server's reply is lost. If the outcome cannot be known, `add` rejects with
 * {@link IndeterminateError}. Counts are `bigint`.
 */
export class WindowCounter {
  readonly #native: NativeWindowCounter

  /** @internal */
  constructor(native: NativeWindowCounter) {
    this.#native = native
  }

  /**
   * Records `n` events that happen now. One round trip if no other client writes; up to two more after a connect, and
   * after a minute without a write of this client. An aborted add may be recorded or not.
   *
   * @param n - the number of events, 0 or more; with 0 it only counts
   * @param options - `timeout` in milliseconds, and `signal`
   * @returns the number of events in the window, including these
   * @throws {@link InvalidArgumentError}, also if the node was made with another window or number of buckets;
   *   {@link CounterOverflowError} if the count would exceed 64 bits; {@link BadDataError}: nothing is written.
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
    const events = check.uint64('n', n)
    return await call(callOptions(options), (timeout) => this.#native.add(events, timeout))
  }

  /**
   * Returns the number of events in the window. It includes every add that was acknowledged before the call. One round
   * trip; three more, with a write, if this client has to learn the time first.
   *
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws {@link InvalidArgumentError}, {@link BadDataError}, {@link AcquireTimeoutError},
   *   {@link NotAuthorizedError}, {@link ClosedError}; the signal's reason
   */
  async count(options?: CallOptions): Promise<bigint> {
    return await call(callOptions(options), (timeout) => this.#native.count(timeout))
  }
}
