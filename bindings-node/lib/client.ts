// A client: the handle from which all recipes are made.

import native from '../native.cjs'
import type { Client as NativeClient } from '../native.cjs'
import * as check from './arguments.js'
import { Counter, type CounterOptions } from './counter.js'
import { Mutex, type MutexOptions } from './mutex.js'
import { settle, unwrap } from './op.js'
import { callOptions, connectOptions, type ConnectOptions } from './options.js'

/**
 * What a client stands on: `'connected'`; `'suspended'`, the connection is lost and the session may live on;
 * `'expired'`, the session is over, with every lock, and a new one is being opened; `'closed'`, for good.
 */
export type State = 'connected' | 'suspended' | 'expired' | 'closed'

/**
 * Connects to a ZooKeeper ensemble.
 *
 * @param hosts - the servers, and a chroot behind them if need be, which is made when it is missing:
 *   `'zk1:2181,zk2:2181/app'`
 * @returns the client, when it has a session
 * @throws {@link InvalidArgumentError} for hosts or options that cannot be; {@link ConnectionLostError} when no server
 *   answers within `connectTimeout`; {@link NotAuthorizedError} when the servers refuse the authentication or the
 *   chroot; {@link UnsupportedError} for TLS; the signal's reason
 *
 * @example
 * ```ts
 * await using client = await connect('zk1:2181,zk2:2181/app', { sessionTimeout: 15_000 })
 * ```
 */
export async function connect(hosts: string, options?: ConnectOptions): Promise<Client> {
  const { native: checked, signal } = connectOptions(options)
  const servers = check.text('hosts', hosts)
  return new Client(await settle(() => unwrap(native.connect(servers, checked)), signal, (client) => client.close()))
}

/**
 * A connection to a ZooKeeper ensemble, with a session of its own. Made by {@link connect}.
 *
 * When an expired session takes locks with it, the client opens a new one and goes on. A client does not keep the
 * process alive, but close it: locks of a process that ends without that are free only after the session timeout.
 */
export class Client {
  readonly #native: NativeClient

  /** @internal */
  constructor(native: NativeClient) {
    this.#native = native
  }

  /** The id of the current session, as ZooKeeper's own tools show it in hexadecimal; `0n` when there is none. */
  get sessionId(): bigint {
    return unwrap(this.#native.sessionId)
  }

  /** What the client stands on right now. */
  get state(): State {
    return unwrap(this.#native.state)
  }

  /**
   * Calls `listener` with every new state. States that follow each other quickly may be left out; the latest never is.
   * Does not keep the process alive.
   *
   * @returns a function that ends the calls
   *
   * @example
   * ```ts
   * const unsubscribe = client.onState((state) => console.warn(`ZooKeeper: ${state}`))
   * ```
   */
  onState(listener: (state: State) => void): () => void {
    if (typeof listener !== 'function') throw check.invalid('listener', listener, 'must be a function')
    let wanted = true
    // One that was on its way when the subscription ended must not arrive any more.
    const subscription = unwrap(this.#native.onState((state) => wanted && listener(state)))
    return () => {
      wanted = false
      subscription.end()
    }
  }

  /**
   * A mutual exclusion lock. No request is made.
   *
   * @param path - the lock's directory, an absolute path below the client's chroot
   * @throws {@link InvalidArgumentError} for a path or a scheme that is none; {@link UnsupportedError}
   *
   * @example
   * ```ts
   * await using guard = await client.mutex('/locks/report').acquire({ timeout: 5_000 })
   * ```
   */
  mutex(path: string, options?: MutexOptions): Mutex {
    const given = check.options(options)
    const { scheme = 'curator' } = given
    check.word('scheme', scheme, ['curator'], ['kazoo'])
    check.notYet(given, 'handoff')
    return new Mutex(unwrap(this.#native.mutex(check.text('path', path))))
  }

  /**
   * A counter that all clients share. No request is made.
   *
   * @param path - the counter's node, an absolute path below the client's chroot
   * @throws {@link InvalidArgumentError} for a path or a format that is none; {@link UnsupportedError}
   *
   * @example
   * ```ts
   * const hits = await client.counter('/counters/hits').increment()   // a bigint
   * ```
   */
  counter(path: string, options?: CounterOptions): Counter {
    const given = check.options(options)
    const { format = 'i64' } = given
    check.word('format', format, ['i64'], ['i32', 'text'])
    check.notYet(given, 'default', 'min', 'max')
    return new Counter(unwrap(this.#native.counter(check.text('path', path))))
  }

  /**
   * Closes the client: ends its session, and with that gives back all its locks. What is under way fails with
   * {@link ClosedError}. Can be called again.
   *
   * @param options - `timeout` in milliseconds
   * @throws {@link AcquireTimeoutError} when that takes longer; it goes on in the background
   */
  async close(options?: { timeout?: number | undefined }): Promise<void> {
    const { timeout } = callOptions(options)
    await settle(() => this.#native.close(timeout))
  }

  /** {@link Client.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
