// The error classes, one for each code of the table that all languages share (docs/errors.md).

/** The base class of all errors of this package. Programs should decide on the class or on `code`. */
export abstract class ZkcoordError extends Error {
  /** The stable code: `ERR_ZKCOORD_` and the name in the table. The message may change between versions. */
  abstract readonly code: `ERR_ZKCOORD_${string}`

  /** Includes the errors of arguments, although these descend from `TypeError` and `RangeError`. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    const descends = (Class: unknown) => Function.prototype[Symbol.hasInstance].call(Class, value) as boolean
    const isForArguments = this === ZkcoordError || this === InvalidArgumentError
    return descends(this) || (isForArguments && (descends(ArgumentTypeError) || descends(ArgumentRangeError)))
  }
}

/** The timeout passed. Nothing is held, no node is left and nothing was written. */
export class AcquireTimeoutError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_TIMEOUT'
}

/** The call was cancelled. A call that is aborted by its `signal` rejects with the signal's reason instead. */
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

/** The operation was bound to a session that has ended. */
export class SessionExpiredError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_SESSION_EXPIRED'
}

/** The lock is not held any more, or may not be: the session cannot be confirmed. */
export class LockLostError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_LOCK_LOST'
}

/** The server refused the operation because of an access control list or the authentication. */
export class NotAuthorizedError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_NOT_AUTHORIZED'
}

/**
 * An argument is not acceptable. The message names the argument and its value. The errors that this package throws are
 * also a `RangeError` if a number is out of its range, and a `TypeError` in all other cases.
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

/** The node of a counter or another recipe holds bytes that are not valid in its format. Nothing was written. */
export class BadDataError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_BAD_DATA'
}

/** The result would be outside the counter's bounds or the range of its format. Nothing was written. */
export class CounterOverflowError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_OVERFLOW'
}

/** The sequence numbers of the lock's directory are used up or ambiguous. */
export class SequenceExhaustedError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_SEQUENCE_EXHAUSTED'
}

/** The server refused the operation because of a quota. */
export class QuotaExceededError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_QUOTA'
}

/** The call would wait for a lock that its own owner holds. */
export class WouldDeadlockError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_WOULD_DEADLOCK'
}

/** The client was closed. */
export class ClosedError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_CLOSED'
}

/** The client was used in a child of fork(). Does not occur in Node. */
export class ForkedError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_FORKED'
}

/** The server or this build does not support the operation. */
export class UnsupportedError extends ZkcoordError {
  override readonly code = 'ERR_ZKCOORD_UNSUPPORTED'
}

/** A bug in zkcoord. Please report it with its message. */
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

// Defined on the prototypes, as for the built-in errors, because an own property would be printed with every error.
for (const { prototype } of [ZkcoordError, ArgumentTypeError, ArgumentRangeError]) {
  Object.defineProperty(prototype, 'name', {
    get(this: Error) {
      return this instanceof InvalidArgumentError ? 'InvalidArgumentError' : this.constructor.name
    },
  })
}
