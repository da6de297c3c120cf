// A sum to which many clients add without waiting for each other, or for the server.

import type { StripedCounter as NativeStripedCounter } from '../native.cjs'
import * as check from './arguments.js'
import { settle, unwrap } from './op.js'
import { type CallOptions, callOptions } from './options.js'

/** Options of {@link Client.stripedCounter}. */
export interface StripedCounterOptions {
  /** How long an add may wait to be written, in milliseconds. `0` has it written at once. Default 100. */
  flushInterval?: number | undefined
}

/**
 * A sum to which many clients add often. Made by {@link Client.stripedCounter}.
 *
 * `add` only adds in memory. What has come together is written every `flushInterval`, into a node of this client's own,
 * so that clients do not compete. The price: an add does not tell the value, `sum` does; and what was not flushed when
 * the process ends is lost. {@link Client.close} flushes first. What `flush` acknowledged is in every later sum,
 * exactly once.
 *
 * Meant for up to some hundred clients. Needs servers from 3.6. Values are `bigint`.
 *
 * @example
 * ```ts
 * const requests = client.stripedCounter('/counters/requests')
 * server.on('request', () => requests.add())
 * setInterval(async () => console.log(await requests.sum()), 10_000)
 * ```
 */
export class StripedCounter {
  readonly #native: NativeStripedCounter

  /** @internal */
  constructor(native: NativeStripedCounter) {
    this.#native = native
  }

  /**
   * Adds `n`, which may be negative, and has it written within the flush interval. Makes no request, and does not keep
   * the process alive. What cannot be written is tried again until it can; {@link StripedCounter.flush} tells.
   *
   * @throws at once, not as a promise: {@link CounterOverflowError} when what is waiting to be written would leave 64
   *   bits, nothing is added; {@link ClosedError}, {@link InvalidArgumentError}
   */
  add(n: bigint | number = 1n): void {
    unwrap(this.#native.add(check.int64('n', n)))
  }

  /**
   * Has everything written that this client has added so far, and waits for the server's acknowledgement. An aborted
   * flush goes on in the background.
   *
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws {@link IndeterminateError} when the session died with a write in flight: that write may or may not be in
   *   the sum, and is not tried again. With all others what was added is still waiting to be written:
   *   {@link AcquireTimeoutError}, {@link ConnectionLostError}, {@link BadDataError}, {@link CounterOverflowError},
   *   {@link NotAuthorizedError}, {@link QuotaExceededError}, {@link UnsupportedError} by servers before 3.6;
   *   {@link ClosedError}; the signal's reason
   */
  async flush(options?: CallOptions): Promise<void> {
    const { timeout, signal } = callOptions(options)
    await settle(() => this.#native.flush(timeout), signal)
  }

  /**
   * The sum of all that was flushed, by all clients. Linearizable: what was acknowledged before the call is in it. What
   * this client has added and not flushed is not.
   *
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws {@link CounterOverflowError} when the sum leaves 64 bits; {@link BadDataError},
   *   {@link AcquireTimeoutError}, {@link UnsupportedError}, {@link NotAuthorizedError}, {@link ClosedError}; the
   *   signal's reason
   */
  async sum(options?: CallOptions): Promise<bigint> {
    const { timeout, signal } = callOptions(options)
    return settle(() => this.#native.sum(timeout), signal)
  }
}
