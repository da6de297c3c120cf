// A counter that all clients of the ensemble share.

import type { Counter as NativeCounter } from '../native.cjs'
import * as check from './arguments.js'
import { settle } from './op.js'
import { type CallOptions, callOptions } from './options.js'
import { WaitStats } from './stats.js'

/** Options of {@link Client.counter}. */
export interface CounterOptions {
  /**
   * The bytes in the node. Everyone who shares the counter must use the same.
   *
   * - `'i64'`, the default: 8 bytes, big-endian, as Curator's `DistributedAtomicLong`
   * - `'i32'`: 4 bytes, big-endian, as Curator's `SharedCount` and `DistributedAtomicInteger`, and kazoo's `Counter`
   *   with `support_curator`
   * - `'text'`: ASCII decimal, as kazoo's `Counter`
   */
  format?: 'i64' | 'i32' | 'text' | undefined
  /** The value of a node that is missing or empty. Default 0. Must be within the bounds and the format's range. */
  default?: bigint | number | undefined
  /**
   * The least value: changes through this object whose result is less are refused. What others wrote is read as it is.
   */
  min?: bigint | number | undefined
  /** The greatest value, in the same manner. */
  max?: bigint | number | undefined
  /**
   * Whether a lost reply is resolved, for which the client needs the right to make children of the node. Default
   * `true`. With `false` such a change rejects with {@link IndeterminateError}, unless it is certain that it was not
   * applied.
   */
  exactlyOnce?: boolean | undefined
}

/** Options of {@link Counter.get}. */
export interface ReadOptions extends CallOptions {
  /**
   * Whether the connected server's value will do, which may lag behind what others have acknowledged. Default `false`.
   */
  stale?: boolean | undefined
}

/** A counter's value, and the version of the node that held it. */
export interface Versioned {
  readonly value: bigint
  /** How often the node was written since it was made; `-1` when it is missing. */
  readonly version: number
}

/** Consecutive numbers, from `first` to `last`, both included. Can be iterated over. */
export interface Reservation extends Iterable<bigint> {
  readonly first: bigint
  readonly last: bigint
}

/**
 * A counter at a path. Made by {@link Client.counter}. A node that is missing counts as the default, 0, and is
 * made by the first change.
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
   * @throws {@link CounterOverflowError} when it would leave the format's range, or `min` and `max`; nothing is written
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

  /**
   * The value now. Linearizable: every change acknowledged before the call is in it, unless `stale` is set.
   *
   * @param options - `stale`, `timeout` in milliseconds, and `signal`
   */
  async get(options?: ReadOptions): Promise<bigint> {
    const { timeout, signal } = callOptions(options, 'stale')
    const { stale = false } = options ?? {}
    const mayLag = check.boolean('stale', stale)
    return settle(() => (mayLag ? this.#native.getStale(timeout) : this.#native.get(timeout)), signal)
  }

  /** The value now, with the version of its node. Otherwise like {@link Counter.get}. */
  async versioned(options?: CallOptions): Promise<Versioned> {
    const { timeout, signal } = callOptions(options)
    return settle(() => this.#native.versioned(timeout), signal)
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
  async compareAndSet(expected: bigint | number, value: bigint | number, options?: CallOptions): Promise<boolean> {
    const { timeout, signal } = callOptions(options)
    const [from, to] = [check.int64('expected', expected), check.int64('value', value)]
    return settle(() => this.#native.compareAndSet(from, to, timeout), signal)
  }

  /**
   * Takes `n` consecutive numbers that nobody else gets, neither from `reserve` nor from `increment`: the value goes up
   * by `n`. They are unique as long as nobody lowers or sets the counter. Numbers of an aborted call may be lost.
   *
   * @param n - at least 1
   *
   * @example
   * ```ts
   * const { first, last } = await counter.reserve(100)
   * for (const id of await counter.reserve(3)) console.log(id)   // 101n, 102n, 103n
   * ```
   */
  async reserve(n: bigint | number, options?: CallOptions): Promise<Reservation> {
    const { timeout, signal } = callOptions(options)
    const count = check.int64('n', n)
    const { first, last } = await settle(() => this.#native.reserve(count, timeout), signal)
    return {
      first,
      last,
      *[Symbol.iterator]() {
        for (let number = first; number <= last; number++) yield number
      },
    }
  }

  /**
   * Follows the value: gives the current one, and then each new one. Values that follow each other faster than they are
   * taken are left out; the latest never is. Goes on through lost connections and expired sessions.
   *
   * Whoever waits for the next value keeps the process alive. Leaving the loop takes the watch off the server.
   *
   * @param options - `signal`, which ends it: the loop throws the signal's reason
   * @throws {@link BadDataError}, {@link NotAuthorizedError}, {@link ClosedError}, out of the loop
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

  /** How long the changes through this object took. Costs no round trip. */
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
