// A lock that is held.

import type { Guard as NativeGuard } from '../native.cjs'
import { LockLostError } from './error.js'
import { settle, unwrap } from './op.js'
import { callOptions } from './options.js'

/**
 * A lock that is held, until it is released or lost. Made by {@link Mutex.acquire}.
 *
 * A lock can be lost while it is held: when no server has confirmed the session for longer than its lease, when the
 * session is over, when somebody deletes the lock's node. The guard knows of it before the server can give the lock to
 * anybody else. What still runs then is fenced off by the {@link Guard.token}.
 *
 * A held lock does not keep the process alive. A guard that is garbage collected gives its lock back, with a warning.
 */
export class Guard {
  /**
   * The fencing token: larger than that of every holder before. Pass it along with what you write, and let the receiver
   * refuse a token smaller than one that it has seen.
   */
  readonly token: bigint

  /** The path of the lock's node, below the client's chroot. */
  readonly node: string

  /**
   * Aborts with a {@link LockLostError} when the lock is lost. Not when it is released.
   *
   * @example
   * ```ts
   * await fetch(url, { method: 'PUT', body, signal: guard.signal })
   * ```
   */
  readonly signal: AbortSignal

  readonly #native: NativeGuard

  /** @internal */
  constructor(native: NativeGuard) {
    this.#native = native
    this.token = native.token
    this.node = native.node
    this.signal = lossOf(native)
    forgotten.register(this, { node: this.node, signal: this.signal }, this)
  }

  /** Whether the lock is held for certain at this moment. Costs no round trip. */
  get isHeld(): boolean {
    return 'value' in this.#native.check()
  }

  /**
   * Checks that the lock is held for certain at this moment. Costs no round trip.
   *
   * @throws {@link LockLostError} when it is not held any more, or cannot be known to be
   */
  check(): void {
    unwrap(this.#native.check())
  }

  /**
   * Gives the lock back and waits until the server has taken it. Can be called again, and after a loss.
   *
   * @param options - `timeout` in milliseconds
   * @throws {@link AcquireTimeoutError} when that takes longer; it goes on in the background. Never
   *   {@link LockLostError}.
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
  async release(options?: { timeout?: number | undefined }): Promise<void> {
    const { timeout } = callOptions(options)
    forgotten.unregister(this)
    await settle(() => this.#native.release(timeout))
  }

  /** {@link Guard.release}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }
}

/** A function of its own, so that what it registers cannot hold on to the guard. */
function lossOf(native: NativeGuard): AbortSignal {
  const controller = new AbortController()
  unwrap(native.onLost((message) => controller.abort(new LockLostError(message))))
  return controller.signal
}

/** Notices guards that are garbage collected while they hold their lock; the addon gives it back by itself. */
const forgotten = new FinalizationRegistry<{ node: string; signal: AbortSignal }>(({ node, signal }) => {
  if (signal.aborted) return
  const message = `The guard of the lock ${node} was garbage collected without release(); the lock was given back.`
  process.emitWarning(message, { type: 'ZkcoordWarning', code: 'ZKCOORD_GUARD_FORGOTTEN' })
})
