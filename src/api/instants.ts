import { UserError } from '../core/errors.ts'
import type { Instant } from '../core/time.ts'

/** RFC 3339, the profile of ISO 8601 that names one instant: a date, a time, an offset. */
const FORM = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:\d{2})$/

/** @throws UserError `invalid-input` for another form, and for days that do not exist, which Date.parse would move into the next month. */
export function parseInstant(text: string, at: string): Instant {
  const form = FORM.exec(text)
  const instant = form && Number(form[3]) <= daysIn(Number(form[1]), Number(form[2])) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(instant))
    throw new UserError('invalid-input', {
      at,
      found: text.slice(0, 100),
      hint: 'a time is written in ISO 8601 with its offset, such as "2026-03-01T09:00:00Z"',
    })
  return instant
}

/** Most times that are told one after the other are the same: those of the events of one transition. */
let last = { instant: 0, text: new Date(0).toISOString() }

export function formatInstant(instant: Instant): string {
  if (instant !== last.instant) last = { instant, text: new Date(instant).toISOString() }
  return last.text
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}
