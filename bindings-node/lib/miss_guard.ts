// Stops useless lookups of keys that do not exist, for example in a database.

import type { LoadTurn as NativeLoadTurn, MissGuard as NativeMissGuard } from '../native.cjs'
import * as check from './arguments.js'
import { call, settle } from './op.js'
import { type CallOptions, callOptions } from './options.js'

/** Options of {@link Client.missGuard}. All clients that share the path should give the same values. */
export interface MissGuardOptions {
  /** The number of misses within the window that make a key absent: 1 to 1000. Default 3. */
  threshold?: number | undefined
  /** The time in which misses count together, in milliseconds, up to 24 hours. Default 60 000. */
  window?: number | undefined
  /** The time for which such a key is answered as absent, in milliseconds, up to 24 hours. Default 30 000. */
  hold?: number | undefined
}

/**
 * Stops lookups of keys that do not exist. Made by {@link Client.missGuard}.
 *
 * Put it between a cache and the database behind it. If several callers want the same key at the same time, in any
 * process, one of them loads it while the others wait. A key that was missed `threshold` times within the `window` is
 * answered as absent for the `hold`, without a load. A key that comes into existence is found when the hold is over, or
 * at once after {@link MissGuard.forget}.
 *
 * A value that was found is returned to its caller only: the others that waited load it themselves, one after another.
 * Store found values in a cache.
 */
export class MissGuard {
  readonly #native: NativeMissGuard

  /** @internal */
  constructor(native: NativeMissGuard) {
    this.#native = native
  }

  /**
   * Looks a key up with `fn`, unless it is known to be absent, which costs one round trip. Otherwise it waits until no
   * other caller loads the key, and calls `fn` at most once. An exception of `fn` counts neither as a miss nor as found,
   * and the next caller may load the key.
   *
   * Not reentrant: an `fn` that loads the same key again waits forever.
   *
   * @param key - a string, which stands for its UTF-8, or any bytes
   * @param fn - loads the key; `null` and `undefined`, or a promise of them, are a miss
   * @param options - `timeout` in milliseconds, for the wait before `fn`, and once more for reporting its result to the
   *   servers; `signal`, which ends the wait. Pass the signal to what `fn` calls too
   * @returns the value that `fn` has found; `null` if the key is absent
   * @throws the exception of `fn`; {@link AcquireTimeoutError} if other callers load for longer than the timeout: `fn`
   *   was not called. {@link IndeterminateError}: `fn` was called, and its result may or may not be known to the servers.
   *   {@link BadDataError}, {@link NotAuthorizedError}, {@link QuotaExceededError}, {@link SequenceExhaustedError},
   *   {@link ClosedError}, {@link InvalidArgumentError}; the signal's reason
   *
   * @example
   * ```ts
   * const users = client.missGuard('/misses/users')
   * const user = await users.load(id, (id) => database.findUser(id))   // null if there is none
   * ```
   */
  async load<K extends string | Uint8Array, T>(
    key: K,
    fn: (key: K) => T | PromiseLike<T>,
    options?: CallOptions,
  ): Promise<NonNullable<T> | null> {
    const { timeout, signal } = callOptions(options)
    const bytes = check.bytes('key', key)
    check.callable('fn', fn)
    const turn = await settle(() => this.#native.begin(bytes, timeout), signal, passOn)
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
   * Forgets the misses of a key, because it exists now. Every lookup that begins after this call, by any client, loads
   * the key again. A load that is in progress does not count as a miss. Two round trips.
   *
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws {@link IndeterminateError} if the timeout passes after a write was sent; it is safe to call `forget` again.
   *   {@link AcquireTimeoutError}, {@link BadDataError}, {@link NotAuthorizedError}, {@link QuotaExceededError},
   *   {@link ClosedError}, {@link InvalidArgumentError}; the signal's reason
   *
   * @example
   * ```ts
   * await database.insertUser(user)
   * await users.forget(user.id)
   * ```
   */
  async forget(key: string | Uint8Array, options?: CallOptions): Promise<void> {
    const bytes = check.bytes('key', key)
    await call(callOptions(options), (timeout) => this.#native.forget(bytes, timeout))
  }
}

/** Passes on the turn of an aborted call. */
async function passOn(turn: NativeLoadTurn | null): Promise<void> {
  turn?.giveOn()
}
