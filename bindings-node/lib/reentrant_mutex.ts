// A mutex that its owner may acquire several times.

import type { ReentrantMutex as NativeReentrantMutex } from '../native.cjs'
import * as check from './arguments.js'
import { acquireGuard, type Guard } from './guard.js'
import { type Queue, toQueue } from './inspect.js'
import type { MutexOptions } from './mutex.js'
import { call } from './op.js'
import { type CallOptions, callOptions } from './options.js'
import { asOwner, currentOwner, newOwner } from './owner.js'
import { WaitStats } from './stats.js'

/** Options of {@link Client.reentrantMutex}. */
export interface ReentrantMutexOptions {
  /** The names of the nodes in the queue, as {@link MutexOptions.scheme}. */
  scheme?: MutexOptions['scheme']
}

/**
 * A mutual exclusion lock that its owner may acquire several times. Made by {@link Client.reentrantMutex}. Other clients
 * see it as a {@link Mutex} on the same path.
 *
 * The owner is an async context. {@link ReentrantMutex.run} begins one, unless it is called within one, and so does
 * {@link asOwner}. An owner that holds the lock acquires it again at once, without any request, through any object of the
 * same client. All its guards share one node and one token. The lock is released when the last of them is released. A
 * lost lock does not count as held: its guards stay lost, and the next call queues again.
 *
 * Tasks that run concurrently in one context are one owner, and do not exclude each other.
 */
export class ReentrantMutex {
  readonly #native: NativeReentrantMutex

  /** @internal */
  constructor(native: NativeReentrantMutex) {
    this.#native = native
  }

  /**
   * Waits for the lock, calls `fn` with the guard, and releases the lock when the result of `fn` is settled. Within `fn`,
   * and everything that it starts, the lock is acquired again at once.
   *
   * @param fn - the function to call; its argument is the guard
   * @param options - `timeout` in milliseconds, for the lock, and `signal`
   * @returns the result of `fn`
   * @throws the exception of `fn`; {@link WouldDeadlockError} if the owner holds the lock in another way; otherwise the
   *   errors of {@link Mutex.acquire}
   *
   * @example
   * ```ts
   * const save = () => lock.run(async (guard) => write(guard.token))
   * await lock.run(async () => {
   *   await save()   // does not wait: the owner already holds the lock
   * })
   * ```
   */
  async run<T>(fn: (guard: Guard) => T | PromiseLike<T>, options?: CallOptions): Promise<T> {
    check.callable('fn', fn)
    const runLocked = async () => {
      const guard = await this.acquire(options)
      try {
        return await fn(guard)
      } finally {
        await guard.release()
      }
    }
    return currentOwner() === undefined ? asOwner(runLocked) : runLocked()
  }

  /**
   * Waits for the lock, as {@link Mutex.acquire} does, or acquires it again at once if the owner holds it. **Outside of
   * {@link ReentrantMutex.run} and {@link asOwner} the owner is unknown**: each call is an owner by itself, and a second
   * call waits until the first guard is released.
   *
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws {@link WouldDeadlockError} if the owner holds the lock in another way; otherwise the errors of
   *   {@link Mutex.acquire}
   */
  async acquire(options?: CallOptions): Promise<Guard> {
    return await acquireGuard(callOptions(options), (timeout) => this.#native.acquire(callingOwner(), timeout))
  }

  /**
   * Acquires the lock if it is free or the owner holds it. See {@link Mutex.tryAcquire}.
   *
   * @param options - `timeout` in milliseconds, for the server's answer, and `signal`
   * @returns `null` if another owner holds the lock
   * @throws the errors of {@link Mutex.tryAcquire}
   */
  async tryAcquire(options?: CallOptions): Promise<Guard | null> {
    return await acquireGuard(callOptions(options), (timeout) => this.#native.tryAcquire(callingOwner(), timeout))
  }

  /**
   * Returns the holders and waiters of the lock. See {@link Mutex.inspect}.
   *
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws the errors of {@link Mutex.inspect}
   */
  async inspect(options?: CallOptions): Promise<Queue> {
    return toQueue(await call(callOptions(options), (timeout) => this.#native.inspect(timeout)))
  }

  /** Returns statistics of the waits and holds; each guard counts separately. Costs no round trip. */
  stats(): WaitStats {
    return new WaitStats(this.#native.stats())
  }
}

function callingOwner(): number {
  return currentOwner() ?? newOwner()
}
