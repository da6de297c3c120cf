// Who asks for a lock: there is one thread only, so the owner is an async context.

import { AsyncLocalStorage } from 'node:async_hooks'

const owners = new AsyncLocalStorage<number>()

/** Clients are not shared between threads, so each thread can count by itself. */
let latest = 0

/**
 * Calls `fn` as an owner of its own, and returns what it returns. Locks know this owner in `fn` and in all that it
 * starts: promises, timers, callbacks. Within it,
 *
 * - a {@link ReentrantMutex} that the owner holds he gets again at once;
 * - each side of a {@link RwLock} he gets again at once too, and while he writes also the reading side, at the same
 *   place in the queue; to ask for the writing side while he only reads rejects with {@link WouldDeadlockError};
 * - to wait for a {@link Mutex} or {@link MultiMutex} on a path that he holds in one of these ways rejects with
 *   {@link WouldDeadlockError}.
 *
 * What runs at the same time within one `fn` is one owner and does not exclude itself; call `asOwner` again for each
 * task that is to stand for itself. Outside, every call does.
 *
 * @example
 * ```ts
 * await asOwner(async () => {
 *   const writing = await lock.write.acquire()
 *   await change()
 *   await using reading = await lock.read.acquire()   // nobody writes in between
 *   await writing.release()
 *   await report()
 * })
 * ```
 */
export function asOwner<T>(fn: () => T): T {
  return owners.run(newOwner(), fn)
}

/**
 * The owner in whose context this is called.
 *
 * @internal
 */
export function currentOwner(): number | undefined {
  return owners.getStore()
}

/** @internal */
export function newOwner(): number {
  return ++latest
}
