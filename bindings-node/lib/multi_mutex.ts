// Several mutexes acquired as one: all or none.

import type { MultiMutex as NativeMultiMutex } from '../native.cjs'
import { acquireGuard, type Guard } from './guard.js'
import type { MutexOptions } from './mutex.js'
import { type CallOptions, callOptions } from './options.js'
import { currentOwner } from './owner.js'
import { WaitStats } from './stats.js'

/** Options of {@link Client.multiMutex}. */
export interface MultiMutexOptions {
  /** The names of the nodes in the queues, as {@link MutexOptions.scheme}. */
  scheme?: MutexOptions['scheme']
}

/**
 * Several mutexes acquired as one. Made by {@link Client.multiMutex}.
 *
 * Its guard holds all of them and is lost as soon as one of them is lost. The guard's token is that of the first path. On
 * each path it excludes every other lock on that path. All clients acquire the paths in sorted order, so they do not
 * deadlock.
 */
export class MultiMutex {
  readonly #native: NativeMultiMutex

  /** @internal */
  constructor(native: NativeMultiMutex) {
    this.#native = native
  }

  /**
   * Waits for all the locks, under one timeout. See {@link Mutex.acquire}.
   *
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws the errors of {@link Mutex.acquire}
   */
  async acquire(options?: CallOptions): Promise<Guard> {
    return await acquireGuard(callOptions(options), (timeout) => this.#native.acquire(timeout, currentOwner()))
  }

  /**
   * Acquires all the locks if all are free. See {@link Mutex.tryAcquire}.
   *
   * @param options - `timeout` in milliseconds, for the server's answer, and `signal`
   * @returns `null` if one of the locks is not free
   * @throws the errors of {@link Mutex.tryAcquire}
   */
  async tryAcquire(options?: CallOptions): Promise<Guard | null> {
    return await acquireGuard(callOptions(options), (timeout) => this.#native.tryAcquire(timeout, currentOwner()))
  }

  /** Returns statistics of the waits for all the locks, and of the holds. Costs no round trip. */
  stats(): WaitStats {
    return new WaitStats(this.#native.stats())
  }
}
