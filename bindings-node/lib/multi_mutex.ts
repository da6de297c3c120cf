// Several mutexes taken as one: all or none.

import type { MultiMutex as NativeMultiMutex } from '../native.cjs'
import { Guard, giveBack } from './guard.js'
import { settle } from './op.js'
import { type CallOptions, callOptions } from './options.js'
import { currentOwner } from './owner.js'
import { WaitStats } from './stats.js'

/** Options of {@link Client.multiMutex}. */
export interface MultiMutexOptions {
  /** The names in the queues, as for {@link MutexOptions.scheme}. */
  scheme?: 'curator' | 'kazoo' | undefined
}

/**
 * Several mutexes taken as one. Made by {@link Client.multiMutex}.
 *
 * Its guard holds all of them and is lost when one of them is; its token is that of the first path. On each path it
 * excludes whoever takes that path alone. Everybody takes them in the order of their paths, so nobody waits in a
 * circle.
 */
export class MultiMutex {
  readonly #native: NativeMultiMutex

  /** @internal */
  constructor(native: NativeMultiMutex) {
    this.#native = native
  }

  /** Waits for all the locks, under one timeout. See {@link Mutex.acquire}. */
  async acquire(options?: CallOptions): Promise<Guard> {
    const { timeout, signal } = callOptions(options)
    return new Guard(await settle(() => this.#native.acquire(timeout, currentOwner()), signal, giveBack))
  }

  /**
   * Takes all the locks if all are free. See {@link Mutex.tryAcquire}.
   *
   * @returns `null` when one is not free
   */
  async tryAcquire(options?: CallOptions): Promise<Guard | null> {
    const { timeout, signal } = callOptions(options)
    const native = await settle(() => this.#native.tryAcquire(timeout, currentOwner()), signal, giveBack)
    return native && new Guard(native)
  }

  /** How long the waits for all of them took, and how long they were held. Costs no round trip. */
  stats(): WaitStats {
    return new WaitStats(this.#native.stats())
  }
}
