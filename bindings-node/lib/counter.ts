// A counter that all clients of the ensemble share.

import type { Counter as NativeCounter } from '../native.cjs'
import * as check from './arguments.js'
import { settle } from './op.js'
import { callOptions, type CallOptions } from './options.js'

/** Options of {@link Client.counter}. */
export interface CounterOptions {
  /**
   * The bytes in the node. Everyone who shares the counter must use the same. `'i64'`, the default, is Curator's
   * `DistributedAtomicLong`: 8 bytes, big-endian. The others are not in this version yet.
   */
  format?: 'i64' | 'i32' | 'text' | undefined
  /** Not in this version yet. */
  default?: bigint | number | undefined
  /** Not in this version yet. */
  min?: bigint | number | undefined
  /** Not in this version yet. */
  max?: bigint | number | undefined
}

/**
 * A counter at a path. Made by {@link Client.counter}. A node that is missing counts as 0 and is made by the first
 * change.
 *
 * Every change is applied exactly once, also when the server's reply is lost. Where that cannot be known, because the
 * session died as well, the call rejects with {@link IndeterminateError}. An aborted change may be applied or not.
 *
 * Values are `bigint`. Where one is asked for, a `number` will do if it is a safe integer. All methods take a `timeout`
 * in milliseconds and a `signal`, and reject with {@link AcquireTimeoutError} (not applied),
 * {@link IndeterminateError}, {@link BadDataError}, {@link NotAuthorizedError}, {@link ClosedError},
 * {@link InvalidArgumentError} or the signal's reason.
 */
export class Counter {
  readonly #native: NativeCounter

  /** @internal */
  constructor(native: NativeCounter) {
    this.#native = native
  }

  /**
   * Adds `n`, which may be negative. One round trip when nobody else writes.
   *
   * @returns the new value
   * @throws {@link CounterOverflowError} when it would leave 64 bits; nothing is written
   *
   * @example
   * ```ts
   * const total = await counter.add(3n, { timeout: 1_000 })
   * ```
   */
  async add(n: bigint | number = 1n, options?: CallOptions): Promise<bigint> {
    const { timeout, signal } = callOptions(options)
    const by = check.int64('n', n)
    return settle(() => this.#native.add(by, timeout), signal)
  }

  /** Adds 1 and returns the new value. See {@link Counter.add}. */
  async increment(options?: CallOptions): Promise<bigint> {
    return this.add(1n, options)
  }

  /** Subtracts 1 and returns the new value. See {@link Counter.add}. */
  async decrement(options?: CallOptions): Promise<bigint> {
    return this.add(-1n, options)
  }

  /** The value now. Linearizable: every change acknowledged before the call is in it. */
  async get(options?: CallOptions): Promise<bigint> {
    const { timeout, signal } = callOptions(options)
    return settle(() => this.#native.get(timeout), signal)
  }

  /** Sets the value. */
  async set(value: bigint | number, options?: CallOptions): Promise<void> {
    const { timeout, signal } = callOptions(options)
    const to = check.int64('value', value)
    await settle(() => this.#native.set(to, timeout), signal)
  }

  /** Sets the value and returns the one before. */
  async getAndSet(value: bigint | number, options?: CallOptions): Promise<bigint> {
    const { timeout, signal } = callOptions(options)
    const to = check.int64('value', value)
    return settle(() => this.#native.getAndSet(to, timeout), signal)
  }

  /**
   * Sets the value to `value` if it is `expected`.
   *
   * @returns whether it was
   *
   * @example
   * ```ts
   * const first = await counter.compareAndSet(0n, 1n)
   * ```
   */
  async compareAndSet(
    expected: bigint | number,
    value: bigint | number,
    options?: CallOptions,
  ): Promise<boolean> {
    const { timeout, signal } = callOptions(options)
    const [from, to] = [check.int64('expected', expected), check.int64('value', value)]
    return settle(() => this.#native.compareAndSet(from, to, timeout), signal)
  }
}
