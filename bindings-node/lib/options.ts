// Options of connect() and of calls.

import * as check from './arguments.js'
import { type TlsOptions, tlsOptions } from './tls.js'

/** Options of every call that waits. */
export interface CallOptions {
  /**
   * The maximum duration of the call in milliseconds, including the time in which no server can be reached. `0` tries
   * once. Without it, or with `Infinity`, the call waits forever.
   */
  timeout?: number | undefined
  /** Cancels the call, which then rejects with the signal's `reason`, as `fetch` does. */
  signal?: AbortSignal | undefined
}

/** Options of {@link Semaphore.acquire} and {@link RateLimiter.acquire}. */
export interface PermitOptions extends CallOptions {
  /** The number of permits to acquire, all at once. Default 1. */
  permits?: number | undefined
}

/**
 * The access control list of the nodes that a client makes. `'open'`: everybody has all rights. `'creator'`: only the
 * creator has rights. `'read'`: the creator has all rights, and everybody else may read.
 */
export type Acl = 'open' | 'creator' | 'read'

/** Options of {@link connect}. */
export interface ConnectOptions {
  /**
   * The time in milliseconds after which the servers end the session, and release its locks, if they hear nothing from
   * this client: from 100 to 24 hours. The servers may grant less or more. Default 10 000.
   */
  sessionTimeout?: number | undefined
  /** The maximum duration of connecting, in milliseconds. Default 10 000. */
  connectTimeout?: number | undefined
  /** The text by which others recognize this client in a queue. Default `host:pid`. */
  identity?: string | undefined
  /** The scheme and the credentials for authentication, for example `['digest', 'user:password']`. */
  auth?: readonly [scheme: string, credentials: string | Uint8Array] | undefined
  /**
   * The access control list of the nodes that this client makes. Default `'open'`. The other values require `auth` or a
   * certificate.
   */
  acl?: Acl | undefined
  /**
   * Encrypts connections; `{}` selects all defaults. Without it connections are not encrypted, unless all servers in
   * `hosts` begin with `tcp+tls://`.
   */
  tls?: TlsOptions | undefined
  /**
   * The path below which {@link Client.locks} keeps its locks. Nothing else should be stored there. Default `'/locks'`.
   */
  locksPath?: string | undefined
  /** Cancels the attempt, which then rejects with the signal's `reason`. */
  signal?: AbortSignal | undefined
}

/** @internal */
export interface CheckedCallOptions {
  timeout: number | undefined
  signal: AbortSignal | undefined
}

/**
 * Checks the options of every call; options named in `more` are allowed too and left to the caller to check.
 *
 * @internal
 */
export function callOptions<T extends CallOptions>(
  given: T | undefined,
  ...more: (keyof T & string)[]
): CheckedCallOptions {
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
  // The messages show the type only: the value may be a password.
  if (!Array.isArray(auth) || auth.length !== 2) {
    throw check.invalid('auth', typeof auth, 'must be [scheme, credentials]')
  }
  const [scheme, secret] = auth
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array)) {
    throw check.invalid('auth (credentials)', typeof secret, 'must be a string or a Uint8Array')
  }
  return { scheme: check.text('auth (scheme)', scheme), credentials: Buffer.from(secret) }
}
