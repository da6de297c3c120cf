// A lock that is held.

import type { Guard as NativeGuard } from '../native.cjs'
import * as check from './arguments.js'
import { LockLostError } from './error.js'
import { settle, unwrap } from './op.js'
import { type CallOptions, callOptions } from './options.js'

/** Options of {@link Guard.setData} and {@link Guard.delete}. */
export interface WriteOptions extends CallOptions {
  /** The version at which the node must be. `-1`, the default, is any. */
  version?: number | undefined
}

/** One node of a guard, with its token. See {@link Guard.tokens}. */
export interface NodeToken {
  /** Its path, below the client's chroot. */
  node: string
  /** Its fencing token. */
  token: bigint
}

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

  /** Held by the guard alone, so that a listener that refers to the guard does not keep it from being collected. */
  readonly #onRevoke: (() => void)[] = []

  /** @internal */
  constructor(native: NativeGuard) {
    this.#native = native
    this.token = native.token
    this.node = native.node
    this.signal = lossOf(native)
    forgotten.register(this, { node: this.node, signal: this.signal }, this)
  }

  /**
   * Every node of the guard with its token: of several locks, in the order of their paths. Each fences what its own lock
   * protects: compare tokens of one path only. {@link Guard.token} is the first one's.
   */
  get tokens(): NodeToken[] {
    return unwrap(this.#native.tokens)
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
   * Whether somebody has asked for the lock, with {@link Client.requestRevoke} or Curator's `Revoker`. The lock stays
   * held; its holder decides.
   */
  get revokeRequested(): boolean {
    return unwrap(this.#native.revokeRequested)
  }

  /**
   * Calls `listener` once when somebody asks for the lock; soon, if that has happened already; never after
   * {@link Guard.release}. Does not keep the process alive, nor the guard.
   *
   * @example
   * ```ts
   * guard.onRevoke(() => work.stop())
   * ```
   */
  onRevoke(listener: () => void): void {
    if (typeof listener !== 'function') throw check.invalid('listener', listener, 'must be a function')
    this.#onRevoke.push(listener)
    unwrap(this.#native.onRevoke(callNext(this.#onRevoke)))
  }

  /**
   * Sets the data of a node, on condition that the lock is still held: the server checks the lock's node and writes in
   * one transaction. An aborted write may be applied or not.
   *
   * @param path - the node, an absolute path below the client's chroot
   * @param data - its new data; a string is written as UTF-8
   * @param options - `version`, `timeout` in milliseconds, and `signal`
   * @throws {@link LockLostError} when the lock's node is gone, {@link InvalidArgumentError} when there is no such node
   *   or it is at another version: nothing was written. {@link IndeterminateError} when the connection was lost or the
   *   timeout passed after the write was sent. {@link AcquireTimeoutError}, {@link NotAuthorizedError},
   *   {@link QuotaExceededError}; the signal's reason
   *
   * @example
   * ```ts
   * await guard.setData('/config/report', JSON.stringify(report), { timeout: 5_000 })
   * ```
   */
  async setData(path: string, data: string | Uint8Array, options?: WriteOptions): Promise<void> {
    const { version, timeout, signal } = writeOptions(options)
    const [node, bytes] = [check.text('path', path), check.bytes('data', data)]
    await settle(() => this.#native.setData(node, bytes, version, timeout), signal)
  }

  /** Creates a persistent node, on condition that the lock is still held. See {@link Guard.setData}. */
  async create(path: string, data: string | Uint8Array, options?: CallOptions): Promise<void> {
    const { timeout, signal } = callOptions(options)
    const [node, bytes] = [check.text('path', path), check.bytes('data', data)]
    await settle(() => this.#native.create(node, bytes, timeout), signal)
  }

  /** Deletes a node, on condition that the lock is still held. See {@link Guard.setData}. */
  async delete(path: string, options?: WriteOptions): Promise<void> {
    const { version, timeout, signal } = writeOptions(options)
    const node = check.text('path', path)
    await settle(() => this.#native.delete(node, version, timeout), signal)
  }

  /**
   * Gives the lock back and waits until the server has taken it. Can be called again, and after a loss.
   *
   * @param options - `timeout` in milliseconds, and `signal`: they end the wait. The lock is given back all the same, in
   *   the background, also with a signal that has aborted already
   * @throws {@link AcquireTimeoutError} when it takes longer; the signal's reason. Never {@link LockLostError}.
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
    this.#onRevoke.length = 0
    const pending = this.#native.release(timeout)
    await settle(() => pending, signal)
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

/** What calls the next of `listeners`, as long as their guard is there. Like the above, it holds on to nothing. */
function callNext(listeners: (() => void)[]): () => void {
  const held = new WeakRef(listeners)
  return () => held.deref()?.shift()?.()
}

function writeOptions(options: WriteOptions | undefined) {
  const call = callOptions(options, 'version')
  const { version = -1 } = options ?? {}
  return { version: check.int32('version', version, -1), ...call }
}

/** Notices guards that are garbage collected while they hold their lock; the addon gives it back by itself. */
const forgotten = new FinalizationRegistry<{ node: string; signal: AbortSignal }>(({ node, signal }) => {
  if (signal.aborted) return
  const message = `The guard of the lock ${node} was garbage collected without release(); the lock was given back.`
  process.emitWarning(message, { type: 'ZkcoordWarning', code: 'ZKCOORD_GUARD_FORGOTTEN' })
})

/** How long an aborted call waits until the lock that it got after all is free; the rest goes on in the background. */
const PARTING = 250

/**
 * Undoes the grant of an aborted call.
 *
 * @internal
 */
export async function giveBack(guard: NativeGuard | null): Promise<void> {
  await guard?.release(PARTING)
}
