// The options of connect() and of calls.

import * as check from './arguments.js'
import { type TlsOptions, tlsOptions } from './tls.js'

/** Options of every call that waits. */
export interface CallOptions {
  /**
   * How long the call may take, in milliseconds, also while no server can be reached. `0` tries once. Without it, or
   * with `Infinity`, the call waits for ever.
   */
  timeout?: number | undefined
  /** Ends the call: it is cancelled and rejects with the signal's `reason`, like `fetch`. */
  signal?: AbortSignal | undefined
}

/** Options of {@link Semaphore.acquire} and {@link RateLimiter.acquire}. */
export interface PermitOptions extends CallOptions {
  /** How many are wanted, all at once. Default 1. */
  permits?: number | undefined
}

/** Who may touch the nodes that a client makes: everybody; only the creator; the creator, and all others may read. */
export type Acl = 'open' | 'creator' | 'read'

/** Options of {@link connect}. */
export interface ConnectOptions {
  /**
   * How long the servers keep the session, and with it its locks, when they hear nothing of this client: milliseconds,
   * from 100 to 24 hours. The servers may grant less or more. Default 10 000.
   */
  sessionTimeout?: number | undefined
  /** How long connecting may take, in milliseconds. Default 10 000. */
  connectTimeout?: number | undefined
  /** The text by which others see this client in a queue. Default `host:pid`. */
  identity?: string | undefined
  /** How to authenticate: scheme and credentials, like `['digest', 'user:password']`. */
  auth?: readonly [scheme: string, credentials: string | Uint8Array] | undefined
  /** Who may touch the nodes that this client makes. Default `'open'`. The others need `auth`, or a certificate. */
  acl?: Acl | undefined
  /**
   * Encrypts connections; `{}` with all defaults. Without it they are not encrypted, unless all servers in `hosts` begin
   * with `tcp+tls://`.
   */
  tls?: TlsOptions | undefined
  /**
   * The path below which {@link Client.locks} keeps its locks. Nothing else should be there. Default `'/locks'`.
   */
  locksPath?: string | undefined
  /** Ends the attempt, which rejects with the signal's `reason`. */
  signal?: AbortSignal | undefined
}

/**
 * Those of every call, beside which `more` are allowed.
 *
 * @internal
 */
export function callOptions<T extends CallOptions>(given: T | undefined, ...more: (keyof T & string)[]) {
  const { timeout, signal } = check.options(given, ['timeout', 'signal', ...more])
  return { timeout: check.milliseconds('timeout', timeout), signal: check.abortSignal(signal) }
}

/** @internal */
export function permitOptions(given: PermitOptions | undefined) {
  const call = callOptions(given, 'permits')
  const { permits = 1 } = given ?? {}
  return { permits: check.int32('permits', permits, 1), ...call }
}

const CONNECT_OPTIONS = [
  'sessionTimeout',
  'connectTimeout',
  'identity',
  'auth',
  'acl',
  'locksPath',
  'tls',
  'signal',
] as const

/** @internal */
export function connectOptions(given: ConnectOptions | undefined) {
  const options = check.options(given, CONNECT_OPTIONS)
  const { sessionTimeout = 10_000, connectTimeout = 10_000, identity, auth, acl = 'open', tls, signal } = options
  const { locksPath = '/locks' } = options
  return {
    native: {
      sessionTimeout: check.milliseconds('sessionTimeout', sessionTimeout) ?? Infinity,
      connectTimeout: check.milliseconds('connectTimeout', connectTimeout) ?? Infinity,
      ...(identity !== undefined && { identity: check.text('identity', identity) }),
      ...(auth !== undefined && { auth: credentials(auth) }),
      acl: check.word('acl', acl, ['open', 'creator', 'read']),
      ...(tls !== undefined && { tls: tlsOptions(tls) }),
    },
    locksPath: check.path('locksPath', locksPath),
    signal: check.abortSignal(signal),
  }
}

function credentials(auth: NonNullable<ConnectOptions['auth']>) {
  // Never shown in a message: it may be a password.
  if (!Array.isArray(auth) || auth.length !== 2) {
    throw check.invalid('auth', typeof auth, 'must be [scheme, credentials]')
  }
  const [scheme, secret] = auth
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array)) {
    throw check.invalid('auth (credentials)', typeof secret, 'must be a string or a Uint8Array')
  }
  return { scheme: check.text('auth (scheme)', scheme), credentials: Buffer.from(secret) }
}
