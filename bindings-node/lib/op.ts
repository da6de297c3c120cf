// How a call on the native addon becomes a promise of ours, and its outcome a value or an exception.

import type { Outcome, Pending } from '../native.cjs'
import { errorClasses, InternalError, InvalidArgumentError, type ZkcoordError } from './error.js'

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
  const cancel = () => pending.canceller.cancel()
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    const outcome = await pending
    if (signal?.aborted) {
      if ('value' in outcome) await undo?.(outcome.value)
      signal.throwIfAborted()
    }
    return unwrap(outcome)
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}

/** @internal */
export function unwrap<T>(outcome: Outcome<T>): T {
  if ('value' in outcome) return outcome.value
  throw toError(outcome.code, outcome.message)
}

const byCode = new Map<string, (typeof errorClasses)[number]>(errorClasses.map((Class) => [new Class().code, Class]))

function toError(code: string, message: string): ZkcoordError {
  const Class = byCode.get(code)
  if (!Class) return new InternalError(`unknown code ${code}: ${message}`)
  return new Class(Class === InvalidArgumentError ? withOurNames(message) : message)
}

/** Such messages begin with the argument's name, which the core writes in the manner of Rust. */
function withOurNames(message: string): string {
  const name = /^\w+/.exec(message)?.[0] ?? ''
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) + message.slice(name.length)
}
