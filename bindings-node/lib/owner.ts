// The owner of a lock. All callers share one thread, so an owner is an async context.

import { AsyncLocalStorage } from 'node:async_hooks'

const owners = new AsyncLocalStorage<number>()

/** Each thread counts for itself, because clients are not shared between threads. */
let latest = 0

/**
 * Calls `fn` as a new owner of locks, and returns the result of `fn`. The owner is an async context: it includes
 * everything that `fn` starts, such as promises, timers and callbacks. Within it,
 *
 * - the owner of a {@link ReentrantMutex} acquires it again at once;
 * - the owner of a side of a {@link RwLock} acquires that side again at once, and while it holds the write side also the
 *   read side, at the same place in the queue. An `acquire` of the write side while it only holds the read side rejects
 *   with {@link WouldDeadlockError};
 * - an `acquire` of a {@link Mutex} or {@link MultiMutex} on a path that the owner holds in one of these ways rejects with
 *   {@link WouldDeadlockError}.
 *
 * Tasks that run concurrently within one `fn` are one owner and do not exclude each other. Call `asOwner` again for each
 * task that should be an owner by itself. Outside of `asOwner`, each call is an owner by itself.
 *
 * @returns the result of `fn`
 * @throws the exception of `fn`
 *
 * @example
 * ```ts
 * await asOwner(async () => {
 *   const writing = await lock.write.acquire()
 *   await change()
 *   await using reading = await lock.read.acquire()   // no other writer gets in between
 *   await writing.release()
 *   await report()
 * })
 * ```
 */
export function asOwner<T>(fn: () => T): T {
  return owners.run(newOwner(), fn)
}

/**
 * Returns the owner of the current async context.
 *
 * @internal
 */
export function currentOwner(): number | undefined {
  return owners.getStore()
}

/**
 * Makes an owner.
 *
 * @internal
 */
export function newOwner(): number {
  return ++latest
}
