// A sum to which many clients add without waiting for each other, or for the server.

import type { StripedCounter as NativeStripedCounter } from '../native.cjs'
import * as check from './arguments.js'
import { call, unwrap } from './op.js'
import { type CallOptions, callOptions } from './options.js'

/** Options of {@link Client.stripedCounter}. */
export interface StripedCounterOptions {
  /** The maximum time before an add is written, in milliseconds. With `0` it is written at once. Default 100. */
  flushInterval?: number | undefined
}

/**
 * A sum to which many clients add often. Made by {@link Client.stripedCounter}.
 *
 * `add` only adds in memory. Each `flushInterval` the adds are written together, into a node of this client, so clients do
 * not compete. In return, an `add` does not return the value (`sum` does), and adds that were not flushed when the process
 * ends are lost. {@link Client.close} flushes first. Adds that `flush` acknowledged are in every later sum, exactly once.
 *
 * Meant for up to some hundred clients. Requires servers from 3.6. Values are `bigint`.
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
   * the process alive. A write that fails is tried again until it succeeds; {@link StripedCounter.flush} reports the error.
   *
   * @throws synchronously: {@link CounterOverflowError} if the adds that are not written yet would exceed 64 bits, in
   *   which case nothing is added; {@link ClosedError}, {@link InvalidArgumentError}
   */
  add(n: bigint | number = 1n): void {
    unwrap(this.#native.add(check.int64('n', n)))
  }

  /**
   * Writes all adds of this client so far, and waits for the server's acknowledgement. An aborted flush goes on in the
   * background.
   *
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws {@link IndeterminateError} if the session ended while a write was in flight: that write may or may not be in
   *   the sum, and is not tried again. With all other errors the adds are still waiting to be written:
   *   {@link AcquireTimeoutError}, {@link ConnectionLostError}, {@link BadDataError}, {@link CounterOverflowError},
   *   {@link NotAuthorizedError}, {@link QuotaExceededError}, {@link UnsupportedError} by servers before 3.6;
   *   {@link ClosedError}; the signal's reason
   */
  async flush(options?: CallOptions): Promise<void> {
    await call(callOptions(options), (timeout) => this.#native.flush(timeout))
  }

  /**
   * Returns the sum of all flushed adds of all clients. Linearizable: it includes every add that was acknowledged before
   * the call. It does not include adds of this client that are not flushed.
   *
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws {@link CounterOverflowError} if the sum exceeds 64 bits; {@link BadDataError}, {@link AcquireTimeoutError},
   *   {@link UnsupportedError}, {@link NotAuthorizedError}, {@link ClosedError}; the signal's reason
   */
  async sum(options?: CallOptions): Promise<bigint> {
    return await call(callOptions(options), (timeout) => this.#native.sum(timeout))
  }
}
