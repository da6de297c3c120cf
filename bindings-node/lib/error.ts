// The error classes: one for each code of the table that all languages share (docs/errors.md).

/** The base of all errors of this package. Decide on `code`, or on the class. */
export abstract class ZkcoordError extends Error {
  /** Stable, for programs: `ERR_ZKCOORD_` and the name in the table. The message is for people and may change. */
  abstract readonly code: `ERR_ZKCOORD_${string}`

  /** Those of arguments count too, though they descend from `TypeError` and `RangeError`. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    const descends = (Class: unknown) => Function.prototype[Symbol.hasInstance].call(Class, value) as boolean
    const isForArguments = this === ZkcoordError || this === InvalidArgumentError
    return descends(this) || (isForArguments && (descends(ArgumentTypeError) || descends(ArgumentRangeError)))
  }
}

/** The deadline passed. Nothing is held, no node is left, nothing was written. */
export class AcquireTimeoutError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_TIMEOUT'
}

/** The call was cancelled. Not seen where an `AbortSignal` did it: such a call rejects with the signal's reason. */
export class CancelledError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_CANCELLED'
}

/** No server can be reached. The operation was not applied. */
export class ConnectionLostError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_CONNECTION_LOST'
}

/** A write was sent and its outcome cannot be learned. It may or may not have been applied. */
export class IndeterminateError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_INDETERMINATE'
}

/** The operation was bound to a session that is gone. */
export class SessionExpiredError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_SESSION_EXPIRED'
}

/** The lock is not held any more, or cannot be known to be. */
export class LockLostError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_LOCK_LOST'
}

/** The server refused for its access control list or the authentication. */
export class NotAuthorizedError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_NOT_AUTHORIZED'
}

/**
 * An argument is not acceptable. The message names it and its value. Those that are thrown are also a `RangeError`, for
 * a number out of its range, or a `TypeError`, for everything else.
 */
export class InvalidArgumentError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_INVALID_ARGUMENT'
}

/** @internal */
export class ArgumentTypeError extends TypeError {
  readonly code = 'ERR_ZKCOORD_INVALID_ARGUMENT'
}

/** @internal */
export class ArgumentRangeError extends RangeError {
  readonly code = 'ERR_ZKCOORD_INVALID_ARGUMENT'
}

/** A counter's node holds bytes that its format cannot be. Nothing was written. */
export class BadDataError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_BAD_DATA'
}

/** The result would leave the range of the counter's format. Nothing was written. */
export class CounterOverflowError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_OVERFLOW'
}

/** The sequence numbers of the lock's directory are used up or ambiguous. */
export class SequenceExhaustedError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_SEQUENCE_EXHAUSTED'
}

/** The server refused for a quota. */
export class QuotaExceededError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_QUOTA'
}

/** The call would wait for itself. */
export class WouldDeadlockError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_WOULD_DEADLOCK'
}

/** The client was closed. */
export class ClosedError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_CLOSED'
}

/** Used in a child of fork(). Does not happen in Node. */
export class ForkedError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_FORKED'
}

/** The server or this build cannot do it. */
export class UnsupportedError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_UNSUPPORTED'
}

/** A bug in zkcoord. The message says what. */
export class InternalError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_INTERNAL'
}

/** @internal */
export const errorClasses = [
  AcquireTimeoutError,
  CancelledError,
  ConnectionLostError,
  IndeterminateError,
  SessionExpiredError,
  LockLostError,
  NotAuthorizedError,
  InvalidArgumentError,
  BadDataError,
  CounterOverflowError,
  SequenceExhaustedError,
  QuotaExceededError,
  WouldDeadlockError,
  ClosedError,
  ForkedError,
  UnsupportedError,
  InternalError,
]

// On the prototypes, like the built-in errors: an own property would be printed with every error.
for (const { prototype } of [ZkcoordError, ArgumentTypeError, ArgumentRangeError]) {
  Object.defineProperty(prototype, 'name', {
    get(this: Error) {
      return this instanceof InvalidArgumentError ? 'InvalidArgumentError' : this.constructor.name
    },
  })
}
