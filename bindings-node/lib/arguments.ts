// Checks of what callers pass, for those who do not use TypeScript, and for what types cannot say.

import { inspect } from 'node:util'
import { isUint8Array } from 'node:util/types'

import { ArgumentRangeError, ArgumentTypeError, type InvalidArgumentError } from './error.js'

/** @internal */
export function invalid(argument: string, value: unknown, problem: string): InvalidArgumentError {
  return new ArgumentTypeError(`${argument} ${shown(value)}: ${problem}`)
}

/** A number that is one, but cannot be here; for anything else it is like {@link invalid}. */
function badNumber(argument: string, value: unknown, problem: string, isNumber: boolean): InvalidArgumentError {
  if (!isNumber) return invalid(argument, value, problem)
  return new ArgumentRangeError(`${argument} ${shown(value)}: ${problem}`)
}

function shown(value: unknown): string {
  return inspect(value, { depth: 0, maxStringLength: 60, maxArrayLength: 6, breakLength: Infinity })
}

/**
 * Options, of which only these may be given: a call whose `timeout` is misspelt should not wait for ever.
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
    // Its value is not shown: it may be a password.
    throw new ArgumentTypeError(`${argument}.${name}: there is no such option, but ${names.join(', ')}`)
  }
  return value
}

/**
 * A time in milliseconds; `undefined` is for ever.
 *
 * @internal
 */
export function milliseconds(argument: string, value: number | undefined): number | undefined {
  return value === undefined || value === Infinity ? undefined : duration(argument, value)
}

/**
 * A length of time in milliseconds.
 *
 * @internal
 */
export function duration(argument: string, value: number): number {
  if (typeof value === 'number' && value >= 0 && value < Infinity) return value
  throw badNumber(argument, value, 'must be a number of milliseconds, 0 or more', typeof value === 'number')
}

/** @internal */
export function boolean(argument: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value
  throw invalid(argument, value, 'must be true or false')
}

/** @internal */
export function abortSignal(value: AbortSignal | undefined): AbortSignal | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null || !('aborted' in value)) {
    throw invalid('signal', value, 'must be an AbortSignal')
  }
  return value
}

/** @internal */
export function text(argument: string, value: string): string {
  if (typeof value !== 'string') throw invalid(argument, value, 'must be a string')
  if (value.includes('\0')) throw invalid(argument, value, 'must not contain the character U+0000')
  if (!value.isWellFormed()) throw invalid(argument, value, 'must not contain half a surrogate pair')
  return value
}

/**
 * An absolute path; the core knows the rules better, and checks what is made of this.
 *
 * @internal
 */
export function path(argument: string, value: string): string {
  if (/^(\/[^/]+)+$/.test(text(argument, value))) return value
  throw invalid(argument, value, "must be an absolute path, like '/locks'")
}

/**
 * One of a few words.
 *
 * @internal
 */
export function word<T extends string>(argument: string, value: T, words: readonly T[]): T {
  if (words.includes(value)) return value
  throw invalid(argument, value, `must be ${words.map((word) => `'${word}'`).join(' or ')}`)
}

/**
 * What is written into a node: bytes, or text as UTF-8.
 *
 * @internal
 */
export function bytes(argument: string, value: string | Uint8Array): Uint8Array {
  if (isUint8Array(value)) return value
  if (typeof value !== 'string') throw invalid(argument, value, 'must be a string or a Uint8Array')
  if (!value.isWellFormed()) throw invalid(argument, value, 'must not contain half a surrogate pair')
  return Buffer.from(value)
}

/**
 * An integer of 32 bits with sign, no less than `least`.
 *
 * @internal
 */
export function int32(argument: string, value: number | undefined, least: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= 0x7fffffff) return value
  throw badNumber(argument, value, `must be an integer from ${least} to ${0x7fffffff}`, typeof value === 'number')
}

/**
 * A counter's number.
 *
 * @internal
 */
export function int64(argument: string, value: bigint | number): bigint {
  const integer = toInteger(argument, value)
  if (BigInt.asIntN(64, integer) === integer) return integer
  throw badNumber(argument, value, 'must fit into 64 bits with sign', true)
}

/**
 * A number of events.
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
