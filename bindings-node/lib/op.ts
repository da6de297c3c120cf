// How a call on the native addon becomes a promise of ours, and its outcome a value or an exception.

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

/**
 * Starts a native call and waits for it. The call ends with the signal: it is cancelled there, and the promise rejects
 * with the signal's reason. When it succeeds in the very moment of the abort, `undo` takes that back first.
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
  const forget = signal && onAbort(signal, () => native.cancel(pending.number))
  const outcome = await pending
  forget?.()
  if (signal?.aborted) {
    if ('value' in outcome) await undo?.(outcome.value)
    throw signal.reason
  }
  if ('value' in outcome) return outcome.value
  throw toError(outcome, settle)
}

/** @internal */
export function unwrap<T>(outcome: Outcome<T>): T {
  if ('value' in outcome) return outcome.value
  throw toError(outcome, unwrap)
}

const byCode = new Map<string, (typeof errorClasses)[number]>(errorClasses.map((Class) => [new Class().code, Class]))

/** The stack begins with who called `hidden`: what comes before is ours. */
function toError({ code, message }: { code: string; message: string }, hidden: Function): ZkcoordError {
  const error = ofClass(byCode.get(code), code, message)
  Error.captureStackTrace(error, hidden)
  return error
}

function ofClass(Class: (typeof errorClasses)[number] | undefined, code: string, message: string): ZkcoordError {
  if (!Class) return new InternalError(`unknown code ${code}: ${message}`)
  if (Class !== InvalidArgumentError) return new Class(message)
  // Such messages begin with the argument's name and value: `per "0ns": must be from ...`.
  const isNumber = /^[^"]* "-?[\d.]+(ns|µs|ms|s)?": /.test(message)
  return new (isNumber ? ArgumentRangeError : ArgumentTypeError)(withOurNames(message))
}

/** The core writes the argument's name in the manner of Rust. */
function withOurNames(message: string): string {
  const name = /^\w+/.exec(message)?.[0] ?? ''
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) + message.slice(name.length)
}
