// Checks of arguments, for callers that do not use TypeScript and for rules that types cannot express. Each check returns
// the value or throws an InvalidArgumentError.

import { inspect } from 'node:util'
import { isUint8Array } from 'node:util/types'

import { ArgumentRangeError, ArgumentTypeError, type InvalidArgumentError } from './error.js'

/**
 * Makes the error for an argument that is not acceptable.
 *
 * @internal
 */
export function invalid(argument: string, value: unknown, problem: string): InvalidArgumentError {
  return new ArgumentTypeError(`${argument} ${shown(value)}: ${problem}`)
}

/** Makes the error for a number out of its range, or the one of {@link invalid} if the value is no number at all. */
function badNumber(argument: string, value: unknown, problem: string, isNumber: boolean): InvalidArgumentError {
  if (!isNumber) return invalid(argument, value, problem)
  return new ArgumentRangeError(`${argument} ${shown(value)}: ${problem}`)
}

function shown(value: unknown): string {
  return inspect(value, { depth: 0, maxStringLength: 60, maxArrayLength: 6, breakLength: Infinity })
}

/**
 * Checks that an options object has no other properties than `names`. A call with a misspelt `timeout` should not wait
 * forever.
 *
 * @internal
 */
export function options<T extends object>(
  value: T | undefined,
  names: readonly (keyof T & string)[],
  argument = 'options',
): T | Record<keyof T, undefined> {
  if (value === undefined) return {} as Record<keyof T, undefined>
  if (typeof value !== 'object' || value === null) throw invalid(argument, value, 'must be an object')
  for (const [name, given] of Object.entries(value)) {
    if (given === undefined || names.includes(name as never)) continue
    // The message does not show the value, which may be a password.
    throw new ArgumentTypeError(`${argument}.${name}: there is no such option; the options are ${names.join(', ')}`)
  }
  return value
}

/**
 * Checks a duration in milliseconds; `undefined` and `Infinity` mean forever.
 *
 * @internal
 */
export function milliseconds(argument: string, value: number | undefined): number | undefined {
  return value === undefined || value === Infinity ? undefined : duration(argument, value)
}

/**
 * Checks a finite duration in milliseconds.
 *
 * @internal
 */
export function duration(argument: string, value: number | undefined): number {
  if (typeof value === 'number' && value >= 0 && value < Infinity) return value
  throw badNumber(argument, value, 'must be a number of milliseconds, 0 or more', typeof value === 'number')
}

/** @internal */
export function boolean(argument: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value
  throw invalid(argument, value, 'must be true or false')
}

/** @internal */
export function callable<F>(argument: string, value: F): F {
  if (typeof value === 'function') return value
  throw invalid(argument, value, 'must be a function')
}

/** @internal */
export function abortSignal(value: AbortSignal | undefined): AbortSignal | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null || !('aborted' in value)) {
    throw invalid('signal', value, 'must be an AbortSignal')
  }
  return value
}

/**
 * Checks a string that can be written as UTF-8.
 *
 * @internal
 */
export function unicode(argument: string, value: string, expected = 'a string'): string {
  if (typeof value !== 'string') throw invalid(argument, value, `must be ${expected}`)
  if (!value.isWellFormed()) throw invalid(argument, value, 'must not contain a lone surrogate')
  return value
}

/**
 * Checks a string without U+0000.
 *
 * @internal
 */
export function text(argument: string, value: string): string {
  if (unicode(argument, value).includes('\0')) throw invalid(argument, value, 'must not contain the character U+0000')
  return value
}

/**
 * Checks that a path is absolute. The core checks the paths that are made from it by ZooKeeper's other rules.
 *
 * @internal
 */
export function path(argument: string, value: string): string {
  if (/^(\/[^/]+)+$/.test(text(argument, value))) return value
  throw invalid(argument, value, "must be an absolute path, for example '/locks'")
}

/**
 * Checks that a string is one of `words`.
 *
 * @internal
 */
export function word<T extends string>(argument: string, value: T, words: readonly T[]): T {
  if (words.includes(value)) return value
  throw invalid(argument, value, `must be ${words.map((word) => `'${word}'`).join(' or ')}`)
}

/**
 * Returns the data for a node: bytes as they are, a string as UTF-8.
 *
 * @internal
 */
export function bytes(argument: string, value: string | Uint8Array): Uint8Array {
  return isUint8Array(value) ? value : Buffer.from(unicode(argument, value, 'a string or a Uint8Array'))
}

/**
 * Checks an integer from `min` to the largest signed 32-bit integer.
 *
 * @internal
 */
export function int32(argument: string, value: number | undefined, min: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= 0x7fffffff) return value
  throw badNumber(argument, value, `must be an integer from ${min} to ${0x7fffffff}`, typeof value === 'number')
}

/**
 * Checks the value of a counter.
 *
 * @internal
 */
export function int64(argument: string, value: bigint | number): bigint {
  const integer = toInteger(argument, value)
  if (BigInt.asIntN(64, integer) === integer) return integer
  throw badNumber(argument, value, 'must fit into 64 bits with sign', true)
}

/**
 * Checks a number of events.
 *
 * @internal
 */
export function uint64(argument: string, value: bigint | number): bigint {
  const integer = toInteger(argument, value)
  if (BigInt.asUintN(64, integer) === integer) return integer
  throw badNumber(argument, value, 'must be 0 or more, and fit into 64 bits', true)
}

function toInteger(argument: string, value: bigint | number): bigint {
  if (typeof value === 'bigint') return value
  if (Number.isSafeInteger(value)) return BigInt(value)
  throw badNumber(argument, value, 'must be a bigint or a safe integer', typeof value === 'number')
}
