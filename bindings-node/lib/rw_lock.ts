// A read/write lock: any number may read at once, one alone may write.

import type { RwLock as NativeRwLock } from '../native.cjs'
import { Mutex } from './mutex.js'

/** Options of {@link Client.rwLock}. */
export interface RwLockOptions {
  /**
   * The names in the queue. Everyone who shares the lock must use the same. `'curator'`, the default, works with
   * Curator's `InterProcessReadWriteLock`, `'kazoo'` with kazoo's `ReadLock` and `WriteLock`.
   */
  scheme?: 'curator' | 'kazoo' | undefined
}

/**
 * A read/write lock at a path. Made by {@link Client.rwLock}. Its two sides have all that a mutex has.
 *
 * Served in order of arrival: who wants to read waits for those before him who want to write. Not reentrant, nor can a
 * side be changed for the other while it is held, but within {@link asOwner}.
 *
 * @example
 * ```ts
 * const lock = client.rwLock('/locks/catalogue')
 * await using reading = await lock.read.acquire({ timeout: 5_000 })
 * ```
 */
export class RwLock {
  /** The side that any number may hold at once. */
  readonly read: Mutex

  /** The side that one holds alone. */
  readonly write: Mutex

  /** @internal */
  constructor(native: NativeRwLock) {
    this.read = new Mutex(native.read())
    this.write = new Mutex(native.write())
  }
}
