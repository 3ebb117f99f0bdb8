/**
 * What is wrong with a timetable: where, what was found, what is meant, a way out, a stable code.
 * - `invalid-schedule`: a field has a value that it cannot have.
 * - `invalid-cron`, `schedule-never-fires`: the cron expression's own refusal; the latter also for a timetable whose `start` and `end` leave no time between them.
 * - `invalid-timezone`: no such IANA zone.
 * - `invalid-calendar`: a calendar's dates or iCalendar text cannot be read, or a name is used that no calendar has.
 */
export type TimetableErrorCode = 'invalid-schedule' | 'invalid-cron' | 'schedule-never-fires' | 'invalid-timezone' | 'invalid-calendar'

export interface TimetableFault {
  code?: TimetableErrorCode
  /** JSON pointer (RFC 6901) into the spec, such as `/cron/1` or `/every/monthEnd`; empty for the whole. */
  at: string
  /** What stands there, shortened where it is long. */
  found: unknown
  /** One sentence: what is wrong, and a way out. */
  hint: string
  /** The whole sentence, where `hint` is only the way out. */
  message?: string
  /** Within the text at `at`, in UTF-16 units: where the fault begins, and how long it is. */
  offset?: number
  length?: number
  /** Of an iCalendar text: the line (from 1) on which the fault stands. */
  line?: number
}

const FOUND_LENGTH_MAX = 80

export class TimetableError extends Error {
  override readonly name = 'TimetableError'
  readonly code: TimetableErrorCode
  readonly at: string
  readonly found: unknown
  readonly hint: string
  readonly offset?: number
  readonly length?: number
  readonly line?: number
  constructor(fault: TimetableFault) {
    const found = shorten(fault.found)
    super(fault.message ?? `${fault.at || 'timetable'}${fault.line === undefined ? '' : `, line ${fault.line}`}: ${fault.hint}`)
    this.code = fault.code ?? 'invalid-schedule'
    this.at = fault.at
    this.found = found
    this.hint = fault.hint
    if (fault.offset !== undefined) this.offset = fault.offset
    if (fault.length !== undefined) this.length = fault.length
    if (fault.line !== undefined) this.line = fault.line
  }
}

/** A key as a part of a JSON pointer. */
export function pointer(...keys: (string | number)[]): string {
  return keys.map(key => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function shorten(found: unknown): unknown {
  if (typeof found !== 'string' || found.length <= FOUND_LENGTH_MAX) return found
  return `${found.slice(0, FOUND_LENGTH_MAX)}…`
}
