import type { Instant } from '../../core/time.ts'
import type { Transition, Zone } from '../zone.ts'
import type { Cron } from './cron.ts'
import { MONTHS, WEEKDAYS } from './names.ts'
import { policyOf } from './policy.ts'
import type { Search } from './search.ts'
import type { CronWarning } from './warnings.ts'

/** Changes of the clock that are looked at: five years of two, or two years of Morocco's four. */
const TRANSITIONS_MAX = 10

/** The first change after `from` that skips a time of this schedule, and the first that repeats one. None for a zone without DST. */
export function dstWarnings(cron: Cron, search: Search, zone: Zone, from: Instant): CronWarning[] {
  let skipped: CronWarning | null = null
  let repeated: CronWarning | null = null
  let transition = zone.nextTransition(from)
  for (let count = 0; transition !== null && count < TRANSITIONS_MAX && !(skipped && repeated); count++) {
    const gap = transition.after > transition.before
    const local = transition.at + Math.min(transition.before, transition.after)
    const end = transition.at + Math.max(transition.before, transition.after)
    const match = search.next(local / 1_000) * 1_000
    if (match < end) {
      if (gap) skipped ??= skippedWarning(cron, zone, transition, match)
      else repeated ??= repeatedWarning(cron, zone, transition, match)
    }
    transition = zone.nextTransition(transition.at)
  }
  return [skipped, repeated].filter(warning => warning !== null)
}

function skippedWarning(cron: Cron, zone: Zone, { at, before, after }: Transition, match: number): CronWarning | null {
  const { gap, gapLimitMs } = policyOf(cron)
  // Each hour or each minute runs on by elapsed time: nobody misses what the clock leaps over.
  const often = cron.fields.hour.values.length === 24
  if (often && (gap === 'skip' || gap === 'edge')) return null
  const policy = after - before >= gapLimitMs ? 'skip' : gap
  const then = {
    skip: 'it does not fire then',
    edge: `it fires at ${clock(at + after)} instead`,
    shift: `it fires at ${clock(match + after - before)} instead`,
    'shift-once': `it fires at ${clock(match + after - before)} instead`,
  }[policy]
  return {
    code: 'dst-skipped',
    message: `${clock(match)} on ${date(match)} does not exist in ${zone.name}: the clock goes from ${clock(at + before)} to ${clock(at + after)}, and ${then}`,
    hint: hintFor(cron, 'gap'),
  }
}

function repeatedWarning(cron: Cron, zone: Zone, { at, before, after }: Transition, match: number): CronWarning | null {
  const { fold, foldLimitMs } = policyOf(cron)
  if (cron.fields.hour.values.length === 24 && fold === 'both') return null
  const policy = before - after >= foldLimitMs ? 'both' : fold
  const then = { both: 'it fires twice', first: 'it fires the first time only', second: 'it fires the second time only' }[policy]
  return {
    code: 'dst-repeated',
    message: `${clock(match)} on ${date(match)} comes twice in ${zone.name}: the clock goes from ${clock(at + before)} back to ${clock(at + after)}, and ${then}`,
    hint: hintFor(cron, 'fold'),
  }
}

function hintFor(cron: Cron, option: 'gap' | 'fold'): string {
  return `Choose an hour that DST does not touch, the zone UTC, or another "${option}" than "${cron[option]}".`
}

function clock(local: number): string {
  return new Date(local).toISOString().slice(11, local % 60_000 === 0 ? 16 : 19)
}

/** "Sunday, 29 March 2026". */
function date(local: number): string {
  const day = new Date(local)
  return `${WEEKDAYS[day.getUTCDay()]}, ${day.getUTCDate()} ${MONTHS[day.getUTCMonth()]} ${day.getUTCFullYear()}`
}
