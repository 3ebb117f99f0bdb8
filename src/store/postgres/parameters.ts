import type { Instant } from '../../core/time.ts'
import type { Place } from '../cursor.ts'

const SMALLEST = '-9223372036854775808'
const GREATEST = '9223372036854775807'

/** A time or number as a bigint: what lies between two whole numbers goes down, or up. Beyond all is at the end. */
export function wholeDown(value: number): string {
  return clamped(Math.floor(value))
}
export function wholeUp(value: number): string {
  return clamped(Math.ceil(value))
}

function clamped(value: number): string {
  return value >= 2 ** 63 ? GREATEST : value < -(2 ** 63) ? SMALLEST : String(BigInt(value))
}

/** From where rows go down or up, exclusive, as a bigint and an id. */
export function downFrom({ at, id }: Place): [at: string, id: string] {
  return Number.isInteger(at) ? [wholeUp(at), textOf(id)] : [wholeUp(at), '']
}
export function upFrom({ at, id }: { at: Instant; id: string }): [at: string, id: string] {
  return [wholeDown(at), textOf(id)]
}

/** What is asked for by a text that holds NUL is asked for by one that no stored text has: PostgreSQL would refuse the question. */
export function textOf(value: string): string {
  return value.includes('\0') ? '\u{10ffff}' : value
}
export function bytesOf(value: string): Buffer {
  return Buffer.from(value)
}
