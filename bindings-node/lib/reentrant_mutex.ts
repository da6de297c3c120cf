// A mutex that its owner may take several times.

import type { ReentrantMutex as NativeReentrantMutex } from '../native.cjs'
import * as check from './arguments.js'
import { Guard, giveBack } from './guard.js'
import { type Queue, toQueue } from './inspect.js'
import { settle } from './op.js'
import { type CallOptions, callOptions } from './options.js'
import { asOwner, currentOwner, newOwner } from './owner.js'
import { WaitStats } from './stats.js'

/** Options of {@link Client.reentrantMutex}. */
export interface ReentrantMutexOptions {
  /** The names in the queue, as for {@link MutexOptions.scheme}. */
  scheme?: 'curator' | 'kazoo' | undefined
}

/**
 * A mutual exclusion lock that its owner may take several times. Made by {@link Client.reentrantMutex}. For all other
 * clients it is a {@link Mutex} like any.
 *
 * The owner is an async context: {@link ReentrantMutex.run} begins one, unless it is called within one, and so does
 * {@link asOwner}. Once the owner has the lock he gets it again at once, without any request, through any object of the
 * same client; the guards share one node and one token. The lock is given back when the last of them is released. A
 * lost lock does not count as held: its guards stay lost, and the next call queues anew.
 *
 * What runs at the same time in one context is one owner, and all of it gets in.
 */
export class ReentrantMutex {
  readonly #native: NativeReentrantMutex

  /** @internal */
  constructor(native: NativeReentrantMutex) {
    this.#native = native
  }

  /**
   * Waits for the lock, calls `fn` with the guard, and gives the lock back when what `fn` returns is settled. In `fn`,
   * and in all that it starts, the lock is had again at once.
   *
   * @param options - `timeout` in milliseconds, for the lock, and `signal`
   * @returns what `fn` returns
   * @throws what `fn` throws; {@link WouldDeadlockError} when the owner holds the lock in another way; otherwise like
   *   {@link Mutex.acquire}
   *
   * @example
   * ```ts
   * const save = () => lock.run(async (guard) => write(guard.token))
   * await lock.run(async () => {
   *   await save()   // does not wait for itself
   * })
   * ```
   */
  async run<T>(fn: (guard: Guard) => T | PromiseLike<T>, options?: CallOptions): Promise<T> {
    if (typeof fn !== 'function') throw check.invalid('fn', fn, 'must be a function')
    const held = async () => {
      const guard = await this.acquire(options)
      try {
        return await fn(guard)
      } finally {
        await guard.release()
      }
    }
    return currentOwner() === undefined ? asOwner(held) : held()
  }

  /**
   * Waits for the lock, like {@link Mutex.acquire}; at once when the owner holds it. **Outside of
   * {@link ReentrantMutex.run} and {@link asOwner} nobody knows who asks**: there every call stands for itself, and a
   * second one waits for the first guard.
   *
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws {@link WouldDeadlockError} when the owner holds the lock in another way; otherwise like
   *   {@link Mutex.acquire}
   */
  async acquire(options?: CallOptions): Promise<Guard> {
    const { timeout, signal } = callOptions(options)
    const owner = currentOwner() ?? newOwner()
    return new Guard(await settle(() => this.#native.acquire(owner, timeout), signal, giveBack))
  }

  /**
   * Takes the lock if it is free or the owner holds it. See {@link Mutex.tryAcquire}.
   *
   * @returns `null` when somebody else has it
   */
  async tryAcquire(options?: CallOptions): Promise<Guard | null> {
    const { timeout, signal } = callOptions(options)
    const owner = currentOwner() ?? newOwner()
    const native = await settle(() => this.#native.tryAcquire(owner, timeout), signal, giveBack)
    return native && new Guard(native)
  }

  /** Who holds the lock and who waits. See {@link Mutex.inspect}. */
  async inspect(options?: CallOptions): Promise<Queue> {
    const { timeout, signal } = callOptions(options)
    return toQueue(await settle(() => this.#native.inspect(timeout), signal))
  }

  /** How long the waits and holds took; each guard counts for itself. Costs no round trip. */
  stats(): WaitStats {
    return new WaitStats(this.#native.stats())
  }
}
