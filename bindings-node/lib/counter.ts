// A counter shared by all clients of the ensemble.

import type { Counter as NativeCounter } from '../native.cjs'
import * as check from './arguments.js'
import { call, settle } from './op.js'
import { type CallOptions, callOptions } from './options.js'
import { WaitStats } from './stats.js'

/** Options of {@link Client.counter}. */
export interface CounterOptions {
  /**
   * The format of the data in the node. All clients that share the counter must use the same format.
   *
   * - `'i64'`, the default: 8 bytes, big-endian, as Curator's `DistributedAtomicLong`
   * - `'i32'`: 4 bytes, big-endian, as Curator's `SharedCount` and `DistributedAtomicInteger`, and kazoo's `Counter`
   *   with `support_curator`
   * - `'text'`: ASCII decimal, as kazoo's `Counter`
   */
  format?: 'i64' | 'i32' | 'text' | undefined
  /** The value of a missing or empty node. Default 0. Must be within the bounds and the range of the format. */
  default?: bigint | number | undefined
  /**
   * The smallest value. A change through this object whose result is smaller rejects with {@link CounterOverflowError}.
   * Values that other clients wrote are returned as they are.
   */
  min?: bigint | number | undefined
  /** The largest value, in the same way. */
  max?: bigint | number | undefined
  /**
   * Applies every change exactly once, even if the server's reply is lost. For this the client needs the right to create
   * children of the node. Default `true`. With `false`, a change whose reply is lost rejects with
   * {@link IndeterminateError}, unless it is certain that it was not applied.
   */
  exactlyOnce?: boolean | undefined
}

/** Options of {@link Counter.get}. */
export interface ReadOptions extends CallOptions {
  /**
   * With `true`, returns the connected server's value, which may lag behind acknowledged changes. Default `false`.
   */
  stale?: boolean | undefined
}

/** The value of a counter, with the version of its node. */
export interface Versioned {
  readonly value: bigint
  /** The number of times that the node was written since it was made; `-1` if it is missing. */
  readonly version: number
}

/** Consecutive numbers from `first` to `last`, including both. Iterable. */
export interface Reservation extends Iterable<bigint> {
  readonly first: bigint
  readonly last: bigint
}

/**
 * A counter at a path. Made by {@link Client.counter}. A missing node counts as the default, 0, and is made by the first
 * change.
 *
 * Every change is applied exactly once, also if the server's reply is lost. If the outcome cannot be known, because the
 * session ended too, the call rejects with {@link IndeterminateError}. An aborted change may be applied or not.
 *
 * Values are `bigint`. Arguments may also be a `number` that is a safe integer. All methods take a `timeout` in
 * milliseconds and a `signal`, and reject with {@link AcquireTimeoutError} (not applied), {@link IndeterminateError},
 * {@link BadDataError}, {@link NotAuthorizedError}, {@link ClosedError}, {@link InvalidArgumentError} or the signal's
 * reason.
 */
export class Counter {
  readonly #native: NativeCounter

  /** @internal */
  constructor(native: NativeCounter) {
    this.#native = native
  }

  /**
   * Adds `n`, which may be negative. One round trip if no other client writes.
   *
   * @param n - the number to add; default 1
   * @param options - `timeout` in milliseconds, and `signal`
   * @returns the new value
   * @throws {@link CounterOverflowError} if the new value would be outside the range of the format, or of `min` and
   *   `max`; nothing is written then
   *
   * @example
   * ```ts
   * const total = await counter.add(3n, { timeout: 1_000 })
   * ```
   */
  async add(n: bigint | number = 1n, options?: CallOptions): Promise<bigint> {
    const amount = check.int64('n', n)
    return await call(callOptions(options), (timeout) => this.#native.add(amount, timeout))
  }

  /** Adds 1 and returns the new value. See {@link Counter.add}. */
  async increment(options?: CallOptions): Promise<bigint> {
    return this.add(1n, options)
  }

  /** Subtracts 1 and returns the new value. See {@link Counter.add}. */
  async decrement(options?: CallOptions): Promise<bigint> {
    return this.add(-1n, options)
  }

  /**
   * Returns the value. Linearizable: it includes every change that was acknowledged before the call, unless `stale` is
   * set.
   *
   * @param options - `stale`, `timeout` in milliseconds, and `signal`
   */
  async get(options?: ReadOptions): Promise<bigint> {
    const checked = callOptions(options, 'stale')
    const { stale = false } = options ?? {}
    const method = check.boolean('stale', stale) ? 'getStale' : 'get'
    return await call(checked, (timeout) => this.#native[method](timeout))
  }

  /** Returns the value with the version of its node. Otherwise as {@link Counter.get}. */
  async versioned(options?: CallOptions): Promise<Versioned> {
    return await call(callOptions(options), (timeout) => this.#native.versioned(timeout))
  }

  /**
   * Sets the value.
   *
   * @throws {@link CounterOverflowError} if the value is outside the range of the format, or of `min` and `max`
   */
  async set(value: bigint | number, options?: CallOptions): Promise<void> {
    const next = check.int64('value', value)
    await call(callOptions(options), (timeout) => this.#native.set(next, timeout))
  }

  /**
   * Sets the value and returns the previous one.
   *
   * @throws {@link CounterOverflowError} if the value is outside the range of the format, or of `min` and `max`
   */
  async getAndSet(value: bigint | number, options?: CallOptions): Promise<bigint> {
    const next = check.int64('value', value)
    return await call(callOptions(options), (timeout) => this.#native.getAndSet(next, timeout))
  }

  /**
   * Sets the value to `value` if it is `expected`.
   *
   * @returns `true` if the value was `expected` and is set
   * @throws {@link CounterOverflowError} if `value` is outside the range of the format, or of `min` and `max`
   *
   * @example
   * ```ts
   * const first = await counter.compareAndSet(0n, 1n)
   * ```
   */
  async compareAndSet(expected: bigint | number, value: bigint | number, options?: CallOptions): Promise<boolean> {
    const [old, next] = [check.int64('expected', expected), check.int64('value', value)]
    return await call(callOptions(options), (timeout) => this.#native.compareAndSet(old, next, timeout))
  }

  /**
   * Adds `n` and returns the `n` consecutive numbers up to the new value. No other caller gets them, neither from
   * `reserve` nor from `increment`, unless the counter is lowered or set. Numbers of an aborted call may be lost.
   *
   * @param n - the number of numbers, at least 1
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws {@link CounterOverflowError} if the new value would be outside the range of the format, or of `min` and `max`
   *
   * @example
   * ```ts
   * const { first, last } = await counter.reserve(100)
   * for (const id of await counter.reserve(3)) console.log(id)   // 101n, 102n, 103n
   * ```
   */
  async reserve(n: bigint | number, options?: CallOptions): Promise<Reservation> {
    const count = check.int64('n', n)
    const { first, last } = await call(callOptions(options), (timeout) => this.#native.reserve(count, timeout))
    return {
      first,
      last,
      *[Symbol.iterator]() {
        for (let number = first; number <= last; number++) yield number
      },
    }
  }

  /**
   * Yields the current value, and then each new one. If values change faster than the loop consumes them, some are left
   * out, but never the latest. Continues across lost connections and expired sessions.
   *
   * Waiting for the next value keeps the process alive. Leaving the loop removes the watch from the server.
   *
   * @param options - `signal`, which ends the loop: it throws the signal's reason
   * @throws in the loop: {@link BadDataError}, {@link NotAuthorizedError}, {@link ClosedError}
   *
   * @example
   * ```ts
   * for await (const jobs of client.counter('/counters/jobs').watch()) {
   *   if (jobs === 0n) break
   * }
   * ```
   */
  watch(options?: { signal?: AbortSignal | undefined }): AsyncGenerator<bigint, void, undefined> {
    return follow(this.#native, check.abortSignal(check.options(options, ['signal']).signal))
  }

  /** Returns statistics of the changes through this object. Costs no round trip. */
  stats(): WaitStats {
    return new WaitStats(this.#native.stats())
  }
}

async function* follow(counter: NativeCounter, signal: AbortSignal | undefined) {
  const watch = counter.watch()
  try {
    while (true) yield await settle(() => watch.next(), signal)
  } finally {
    watch.end()
  }
}
