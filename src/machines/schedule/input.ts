import { UserError } from '../../core/errors.ts'
import type { Payload } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import { zoneOf } from '../../time/zone.ts'

const PLACEHOLDER = /\{\{\s*([\w-]*)\s*\}\}/g

/**
 * What an input may say of the time that it is for, inside its texts: `{{nominalTime}}` (ISO 8601, UTC), `{{nominalLocal}}` (ISO 8601 with the offset of
 * the schedule's zone), `{{nominalDate}}` (YYYY-MM-DD there), `{{schedule}}` (its name). All of them are safe inside a JSON text.
 */
export const PLACEHOLDERS = ['nominalTime', 'nominalLocal', 'nominalDate', 'schedule'] as const

/** The first that was surely meant to be one of these and is not, or null. Other words in braces are the input's own: templates of other programs. */
function unknownPlaceholder(input: Payload | null): string | null {
  for (const [, name = ''] of input?.matchAll(PLACEHOLDER) ?? [])
    if (/^(nominal|schedule)/i.test(name) && !(PLACEHOLDERS as readonly string[]).includes(name)) return name
  return null
}

/** @throws UserError `invalid-schedule` at the place of the input. */
export function refuseUnknownPlaceholder(input: Payload | null, at: string): void {
  const unknown = unknownPlaceholder(input)
  if (unknown === null) return
  const hint = `an input may say ${PLACEHOLDERS.map(known => `{{${known}}}`).join(', ')}`
  throw new UserError('invalid-schedule', { at, found: `{{${unknown.slice(0, 100)}}}`, hint })
}

export function inputAt(input: Payload | null, nominalAt: Instant, schedule: string, timezone: string): Payload | null {
  if (input === null || !input.includes('{{')) return input
  const local = localText(nominalAt, timezone)
  const values: Record<string, string> = {
    nominalTime: new Date(nominalAt).toISOString(),
    nominalLocal: local,
    nominalDate: local.slice(0, local.indexOf('T')),
    schedule: JSON.stringify(schedule).slice(1, -1),
  }
  return input.replace(PLACEHOLDER, (text, name: string) => values[name] ?? text)
}

/** ISO 8601 with the zone's offset. */
export function localText(instant: Instant, timezone: string): string {
  const offsetMs = zoneOf(timezone).offsetAt(instant)
  const sign = offsetMs < 0 ? '-' : '+'
  const minutes = Math.round(Math.abs(offsetMs) / 60_000)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${new Date(instant + offsetMs).toISOString().slice(0, -1)}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
