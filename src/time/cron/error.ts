/** What an error of an expression tells besides its sentence. */
export interface CronFault {
  /** Place in the expression: first character and how many. 0 and its length when it is about the whole. */
  offset: number
  length: number
  /** `minute`, `day of month` …, or null when it is about the whole expression. */
  field: string | null
  /** The words that are wrong. */
  found: string
  /** A way out, in a sentence. */
  hint: string
}

/**
 * An expression that is not one (`invalid-cron`), or that has no time at all (`schedule-never-fires`). Says where, what was found, what is meant, a way out:
 * `cron "0 2 31 2 *" never fires: February has no 31st day. Last day of the month: "0 2 L * *".`
 */
export class CronError extends Error implements CronFault {
  override readonly name = 'CronError'
  readonly code: 'invalid-cron' | 'schedule-never-fires'
  readonly offset: number
  readonly length: number
  readonly field: string | null
  readonly found: string
  readonly hint: string
  constructor(code: 'invalid-cron' | 'schedule-never-fires', expression: string, what: string, fault: CronFault) {
    super(
      `cron ${quoted(expression)} ${code === 'invalid-cron' ? `is not valid: ${what}` : `never fires: ${what}`}.${fault.hint ? ` ${fault.hint}` : ''}`,
    )
    this.code = code
    this.offset = fault.offset
    this.length = fault.length
    this.field = fault.field
    this.found = fault.found
    this.hint = fault.hint
  }
}

/** Longer ones are cut, so that a message stays a message. */
const QUOTED_MAX = 80

/** A text as it is shown in messages: in quotes, control characters escaped, at most 80 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > QUOTED_MAX ? `${text.slice(0, QUOTED_MAX)}…` : text)
}
