// A call of the native addon as a promise, and its outcome as a value or an exception.

import type { Outcome, Pending } from '../native.cjs'
import native from '../native.cjs'
import { onAbort } from './abort.js'
import {
  ArgumentRangeError,
  ArgumentTypeError,
  errorClasses,
  InternalError,
  InvalidArgumentError,
  type ZkcoordError,
} from './error.js'
import type { CheckedCallOptions } from './options.js'

/**
 * Starts a native call that takes a timeout, and waits for it.
 *
 * @internal
 */
export function call<T>(
  { timeout, signal }: CheckedCallOptions,
  start: (timeout: number | undefined) => Pending<T>,
): Promise<T> {
  return settle(() => start(timeout), signal)
}

/**
 * Starts a native call and waits for it. If the signal aborts, the native call is cancelled and the promise rejects with
 * the signal's reason. If the call succeeds at the moment of the abort, `undo` reverts it first.
 *
 * @internal
 */
export async function settle<T>(
  start: () => Pending<T>,
  signal?: AbortSignal,
  undo?: (value: T) => Promise<unknown>,
): Promise<T> {
  signal?.throwIfAborted()
  const pending = start()
  const unsubscribe = signal && onAbort(signal, () => native.cancel(pending.number))
  const outcome = await pending
  unsubscribe?.()
  if (signal?.aborted) {
    if ('value' in outcome) await undo?.(outcome.value)
    throw signal.reason
  }
  if ('value' in outcome) return outcome.value
  throw toError(outcome, settle)
}

/**
 * Returns the value of an outcome, or throws its error.
 *
 * @internal
 */
export function unwrap<T>(outcome: Outcome<T>): T {
  if ('value' in outcome) return outcome.value
  throw toError(outcome, unwrap)
}

const byCode = new Map<string, (typeof errorClasses)[number]>(errorClasses.map((Class) => [new Class().code, Class]))

/** Makes an error whose stack begins with the caller of `hidden`, without the frames of this package above it. */
function toError(
  { code, message }: { code: string; message: string },
  hidden: (...args: never) => unknown,
): ZkcoordError {
  const error = ofClass(byCode.get(code), code, message)
  Error.captureStackTrace(error, hidden)
  return error
}

function ofClass(Class: (typeof errorClasses)[number] | undefined, code: string, message: string): ZkcoordError {
  if (!Class) return new InternalError(`unknown code ${code}: ${message}`)
  if (Class !== InvalidArgumentError) return new Class(message)
  // Such messages begin with the argument's name and value: `per "0ns": must be from ...`.
  const isNumber = /^[^"]* "-?[\d.]+(ns|µs|ms|s)?": /.test(message)
  return new (isNumber ? ArgumentRangeError : ArgumentTypeError)(inCamelCase(message))
}

/** Writes the argument's name at the beginning of a message in camel case. The core writes it as in Rust. */
function inCamelCase(message: string): string {
  const name = /^\w+/.exec(message)?.[0] ?? ''
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) + message.slice(name.length)
}
