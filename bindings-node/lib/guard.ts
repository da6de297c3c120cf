// A held lock.

import type { Guard as NativeGuard, Pending } from '../native.cjs'
import * as check from './arguments.js'
import { LockLostError } from './error.js'
import { call, settle, unwrap } from './op.js'
import { type CallOptions, type CheckedCallOptions, callOptions } from './options.js'

/** Options of {@link Guard.setData} and {@link Guard.delete}. */
export interface WriteOptions extends CallOptions {
  /** The version that the node must have. `-1`, the default, stands for any version. */
  version?: number | undefined
}

/** One node of a guard, with its token. See {@link Guard.tokens}. */
export interface NodeToken {
  /** The path of the node, below the client's chroot. */
  node: string
  /** The fencing token of the node. */
  token: bigint
}

/**
 * A lock that is held until it is released or lost. Made by {@link Mutex.acquire}.
 *
 * A lock can be lost while it is held: if no server confirms the session for longer than its lease, if the session ends,
 * or if the lock's node is deleted. If the session lapses, the guard knows of the loss before the servers can grant the lock to
 * another client; a deletion by another program is reported when the client learns of it. Work that still runs then is fenced off by {@link Guard.token}.
 *
 * A held lock does not keep the process alive. If a guard is garbage collected, its lock is released, with a process
 * warning.
 */
export class Guard {
  /**
   * The fencing token. It is larger than the token of every earlier holder. Send it along with every write, and have the
   * receiver refuse a token that is smaller than one it has seen.
   */
  readonly token: bigint

  /** The path of the lock's node, below the client's chroot. */
  readonly node: string

  /**
   * Aborts with a {@link LockLostError} when the lock is lost. Does not abort when it is released.
   *
   * @example
   * ```ts
   * await fetch(url, { method: 'PUT', body, signal: guard.signal })
   * ```
   */
  readonly signal: AbortSignal

  readonly #native: NativeGuard

  /** Referenced by the guard alone, so that a listener that refers to the guard does not keep it from being collected. */
  readonly #revokeListeners: (() => void)[] = []

  /** @internal */
  constructor(native: NativeGuard) {
    this.#native = native
    this.token = native.token
    this.node = native.node
    this.signal = lossOf(native)
    forgotten.register(this, { node: this.node, signal: this.signal }, this)
  }

  /**
   * All nodes of the guard with their tokens; for several locks, in the order of their paths. Each token fences what its
   * own lock protects, so compare tokens of the same path only. The first one is {@link Guard.token}.
   */
  get tokens(): NodeToken[] {
    return unwrap(this.#native.tokens)
  }

  /** `true` if the lock is certainly held at this moment. Costs no round trip. */
  get isHeld(): boolean {
    return 'value' in this.#native.check()
  }

  /**
   * Checks that the lock is certainly held at this moment. Costs no round trip.
   *
   * @throws {@link LockLostError} if it is not held any more, or may not be
   */
  check(): void {
    unwrap(this.#native.check())
  }

  /**
   * `true` if a release of the lock was requested, by {@link Client.requestRevoke} or Curator's `Revoker`. The lock stays
   * held until its holder releases it.
   */
  get revokeRequested(): boolean {
    return unwrap(this.#native.revokeRequested)
  }

  /**
   * Calls `listener` once when a release of the lock is requested, or soon if that has already happened. Never calls it
   * after {@link Guard.release}. Keeps neither the process nor the guard alive.
   *
   * @throws {@link InvalidArgumentError} if the listener is not a function
   *
   * @example
   * ```ts
   * guard.onRevoke(() => work.stop())
   * ```
   */
  onRevoke(listener: () => void): void {
    this.#revokeListeners.push(check.callable('listener', listener))
    unwrap(this.#native.onRevoke(callNext(this.#revokeListeners)))
  }

  /**
   * Sets the data of a node if the lock is still held: the server checks the lock's node and writes in one transaction.
   * An aborted write may be applied or not.
   *
   * @param path - the node, an absolute path below the client's chroot
   * @param data - the new data; a string is written as UTF-8
   * @param options - `version`, `timeout` in milliseconds, and `signal`
   * @throws {@link LockLostError} if the lock's node is gone, {@link InvalidArgumentError} if the node does not exist or
   *   has another version: nothing was written. {@link IndeterminateError} if the connection was lost or the timeout
   *   passed after the write was sent. {@link AcquireTimeoutError}, {@link NotAuthorizedError},
   *   {@link QuotaExceededError}; the signal's reason
   *
   * @example
   * ```ts
   * await guard.setData('/config/report', JSON.stringify(report), { timeout: 5_000 })
   * ```
   */
  async setData(path: string, data: string | Uint8Array, options?: WriteOptions): Promise<void> {
    const { version, ...rest } = writeOptions(options)
    const [node, bytes] = [check.text('path', path), check.bytes('data', data)]
    await call(rest, (timeout) => this.#native.setData(node, bytes, version, timeout))
  }

  /**
   * Creates a persistent node if the lock is still held. See {@link Guard.setData}.
   *
   * @param path - the node, an absolute path below the client's chroot
   * @param data - its data; a string is written as UTF-8
   * @param options - `timeout` in milliseconds, and `signal`
   * @throws {@link InvalidArgumentError} if the node exists already or its parent does not; otherwise the errors of
   *   {@link Guard.setData}
   */
  async create(path: string, data: string | Uint8Array, options?: CallOptions): Promise<void> {
    const [node, bytes] = [check.text('path', path), check.bytes('data', data)]
    await call(callOptions(options), (timeout) => this.#native.create(node, bytes, timeout))
  }

  /**
   * Deletes a node if the lock is still held. See {@link Guard.setData}.
   *
   * @param path - the node, an absolute path below the client's chroot
   * @param options - `version`, `timeout` in milliseconds, and `signal`
   * @throws {@link InvalidArgumentError} if the node does not exist, has children or has another version; otherwise the
   *   errors of {@link Guard.setData}
   */
  async delete(path: string, options?: WriteOptions): Promise<void> {
    const { version, ...rest } = writeOptions(options)
    const node = check.text('path', path)
    await call(rest, (timeout) => this.#native.delete(node, version, timeout))
  }

  /**
   * Releases the lock and waits until the server has confirmed that. Can be called again, and after a loss.
   *
   * @param options - `timeout` in milliseconds, and `signal`: they end the wait only. The lock is still released, in the
   *   background, even if the signal was aborted before the call
   * @throws {@link AcquireTimeoutError} if it takes longer than the timeout; the signal's reason. Never
   *   {@link LockLostError}
   *
   * @example
   * ```ts
   * const guard = await mutex.acquire()
   * try {
   *   await writeReport(guard.token)
   * } finally {
   *   await guard.release()
   * }
   * ```
   */
  async release(options?: CallOptions): Promise<void> {
    const { timeout, signal } = callOptions(options)
    forgotten.unregister(this)
    this.#revokeListeners.length = 0
    const pending = this.#native.release(timeout)
    await settle(() => pending, signal)
  }

  /** Calls {@link Guard.release}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }
}

/** Returns the signal of a loss. A separate function, so that the registered callback cannot refer to the guard. */
function lossOf(native: NativeGuard): AbortSignal {
  const controller = new AbortController()
  unwrap(native.onLost((message) => controller.abort(new LockLostError(message))))
  return controller.signal
}

/** Returns a callback that calls the next of `listeners`, as long as their guard exists, without keeping it alive. */
function callNext(listeners: (() => void)[]): () => void {
  const reference = new WeakRef(listeners)
  return () => reference.deref()?.shift()?.()
}

function writeOptions(options: WriteOptions | undefined) {
  const checked = callOptions(options, 'version')
  const { version = -1 } = options ?? {}
  return { version: check.int32('version', version, -1), ...checked }
}

/** Warns of guards that are garbage collected while they hold their lock. The addon releases the lock. */
const forgotten = new FinalizationRegistry<{ node: string; signal: AbortSignal }>(({ node, signal }) => {
  if (signal.aborted) return
  const message =
    `The guard of the lock ${node} was garbage collected before it was released, so its lock was released. ` +
    'Call its release() method, or declare it with `await using`.'
  process.emitWarning(message, { type: 'ZkcoordWarning', code: 'ZKCOORD_GUARD_FORGOTTEN' })
})

/**
 * The time that an aborted call waits for the release of a lock that was granted at the moment of the abort, in
 * milliseconds. After it, the release goes on in the background.
 */
const UNDO_TIMEOUT = 250

/**
 * Starts a native call that acquires a lock, and waits for its guard, which is `null` if a `tryAcquire` finds the lock held.
 *
 * @internal
 */
export function acquireGuard<N extends NativeGuard | null>(
  { timeout, signal }: CheckedCallOptions,
  start: (timeout: number | undefined) => Pending<N>,
): Promise<N extends null ? null : Guard> {
  // Not an async function, which would add a frame to the stacks of errors.
  const acquired = settle(() => start(timeout), signal, releaseAborted)
  return acquired.then((native) => (native && new Guard(native)) as never)
}

async function releaseAborted(guard: NativeGuard | null): Promise<void> {
  await guard?.release(UNDO_TIMEOUT)
}
