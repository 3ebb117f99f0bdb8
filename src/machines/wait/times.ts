import type { Instant } from '../../core/time.ts'

/** A day, or a time of it; without an offset it is UTC. */
const FORM = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})?)?$/

/** The instant that a text names; null: none. Date.parse would move a day that does not exist into the next month. */
export function instantOf(text: string): Instant | null {
  const form = FORM.exec(text.trim())
  if (form === null) return null
  const [, year, month, day, hour, minute, second = '00', offset = 'Z'] = form
  if (Number(day) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()) return null
  const fraction = /\.\d+/.exec(text)?.[0].slice(0, 4) ?? ''
  const parsed = Date.parse(`${year}-${month}-${day}T${hour ?? '00'}:${minute ?? '00'}:${second}${fraction}${offset.toUpperCase()}`)
  return Number.isNaN(parsed) ? null : parsed
}
