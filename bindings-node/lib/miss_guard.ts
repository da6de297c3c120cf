// Keeps useless lookups of keys that do not exist away from a database.

import type { LoadTurn as NativeLoadTurn, MissGuard as NativeMissGuard } from '../native.cjs'
import * as check from './arguments.js'
import { settle } from './op.js'
import { type CallOptions, callOptions } from './options.js'

/** Options of {@link Client.missGuard}. Everyone who shares the path should give the same. */
export interface MissGuardOptions {
  /** How many misses within the window make a key absent: 1 to 1000. Default 3. */
  threshold?: number | undefined
  /** The time in which misses count together: milliseconds, up to 24 hours. Default 60 000. */
  window?: number | undefined
  /** How long a key is then answered absent: milliseconds, up to 24 hours. Default 30 000. */
  hold?: number | undefined
}

/**
 * Stops lookups of keys that do not exist. Made by {@link Client.missGuard}.
 *
 * Put it between a cache and the database behind it. Of all who want the same key at the same time, in all processes,
 * one loads it while the others wait. A key that was missed `threshold` times within the `window` is answered absent
 * for the `hold`, without a load. A key that appears is seen at the latest when the hold is over, or at once after
 * {@link MissGuard.forget}.
 *
 * A value that was found is its caller's own: others who waited load it themselves, one after another. What is found
 * belongs into a cache.
 */
export class MissGuard {
  readonly #native: NativeMissGuard

  /** @internal */
  constructor(native: NativeMissGuard) {
    this.#native = native
  }

  /**
   * Looks a key up with `fn`, unless it is known to be absent: one round trip then, without `fn`. Otherwise `fn` is
   * called when nobody else loads the key, at most once. When it throws, that counts neither as a miss nor as found,
   * and the next one may try.
   *
   * Not reentrant: an `fn` that asks for the same key again waits for ever.
   *
   * @param key - text, which stands for its UTF-8, or any bytes
   * @param fn - loads the key; `null` and `undefined`, or a promise of them, are a miss
   * @param options - `timeout` in milliseconds, for the wait before `fn`, and once more for telling the servers what
   *   came of it; `signal`, which ends the wait. Hand it to what `fn` calls, too
   * @returns what `fn` has found; `null` when the key is absent
   * @throws what `fn` throws; {@link AcquireTimeoutError} when others load for longer than the timeout: `fn` was not
   *   called. {@link IndeterminateError}: `fn` was called, and whether that is known to the servers, is not.
   *   {@link BadDataError}, {@link NotAuthorizedError}, {@link QuotaExceededError}, {@link SequenceExhaustedError},
   *   {@link ClosedError}, {@link InvalidArgumentError}; the signal's reason
   *
   * @example
   * ```ts
   * const users = client.missGuard('/misses/users')
   * const user = await users.load(id, (id) => database.findUser(id))   // null when there is none
   * ```
   */
  async load<K extends string | Uint8Array, T>(
    key: K,
    fn: (key: K) => T | PromiseLike<T>,
    options?: CallOptions,
  ): Promise<NonNullable<T> | null> {
    const { timeout, signal } = callOptions(options)
    const bytes = check.bytes('key', key)
    if (typeof fn !== 'function') throw check.invalid('fn', fn, 'must be a function')
    const turn = await settle(() => this.#native.begin(bytes, timeout), signal, giveOn)
    if (!turn) return null
    let value: T
    try {
      value = await fn(key)
    } catch (error) {
      turn.giveOn()
      throw error
    }
    const isMiss = value === null || value === undefined
    await settle(() => (isMiss ? turn.missed(timeout) : turn.found(timeout)))
    return value ?? null
  }

  /**
   * Forgets the misses of a key, because it exists now. Every lookup that begins after this, by whatever client, loads
   * the key again; a load under way will not count as a miss. Two round trips.
   *
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws {@link IndeterminateError} when the timeout passes after something was written; forgetting again does no
   *   harm. {@link AcquireTimeoutError}, {@link BadDataError}, {@link NotAuthorizedError}, {@link QuotaExceededError},
   *   {@link ClosedError}, {@link InvalidArgumentError}; the signal's reason
   *
   * @example
   * ```ts
   * await database.insertUser(user)
   * await users.forget(user.id)
   * ```
   */
  async forget(key: string | Uint8Array, options?: CallOptions): Promise<void> {
    const { timeout, signal } = callOptions(options)
    const bytes = check.bytes('key', key)
    await settle(() => this.#native.forget(bytes, timeout), signal)
  }
}

/** Undoes the turn of an aborted call. */
async function giveOn(turn: NativeLoadTurn | null): Promise<void> {
  turn?.giveOn()
}
