// A read/write lock: any number of readers, or one writer.

import type { RwLock as NativeRwLock } from '../native.cjs'
import { Mutex, type MutexOptions } from './mutex.js'

/** Options of {@link Client.rwLock}. */
export interface RwLockOptions {
  /**
   * The names of the nodes in the queue. All clients that share the lock must use the same scheme. `'curator'`, the
   * default, works with Curator's `InterProcessReadWriteLock`, `'kazoo'` with kazoo's `ReadLock` and `WriteLock`.
   */
  scheme?: MutexOptions['scheme']
}

/**
 * A read/write lock at a path. Made by {@link Client.rwLock}. Its two sides have all methods of a mutex.
 *
 * Served in order of arrival: a reader waits for the writers before it in the queue. Within {@link asOwner} the sides are
 * reentrant, and a writer can acquire the read side too. Outside of it neither is possible.
 *
 * @example
 * ```ts
 * const lock = client.rwLock('/locks/catalogue')
 * await using reading = await lock.read.acquire({ timeout: 5_000 })
 * ```
 */
export class RwLock {
  /** The side that any number of holders may share. */
  readonly read: Mutex

  /** The side that has one holder at a time, and no readers beside it. */
  readonly write: Mutex

  /** @internal */
  constructor(native: NativeRwLock) {
    this.read = new Mutex(native.read())
    this.write = new Mutex(native.write())
  }
}
