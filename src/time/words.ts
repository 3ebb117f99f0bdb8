import type { Instant } from '../core/time.ts'
import type { Cron } from './cron/cron.ts'
import { DAY_MS, timeOfDayText, WEEKDAYS } from './dates.ts'
import { intervalText } from './interval.ts'
import { type Moment, momentText } from './moments.ts'
import type { NamedSource } from './read-sources.ts'
import type { Plan } from './read-spec.ts'
import { BUSINESS_DAYS } from './spec.ts'
import type { Zone } from './zone.ts'

/** Lists longer than this are counted, not told. */
const TOLD_MAX = 3

/** A timetable in English: what is meant, where, when it does not fire. One sentence without a full stop; no part of it is meant to be read by a program. */
export function wordsOf(plan: Plan): string {
  const parts = [sourcesWords(plan), `in ${plan.zone.name}`]
  const { only, except, move } = plan
  if (only.length > 0)
    parts.push(
      `only on ${listed(
        only.map(name => calendarWords(plan, name)),
        'or',
      )}`,
    )
  if (except.length > 0)
    parts.push(
      `except on ${listed(
        except.map(name => calendarWords(plan, name)),
        'and',
      )}`,
    )
  if (move !== null)
    parts.push(`moved to the ${move.replace('-business-day', '')} business day${only.includes(BUSINESS_DAYS) ? '' : ` (${businessWords(plan)})`}`)
  if (plan.blackouts.length > 0) parts.push(blackoutWords(plan))
  if (plan.start) parts.push(`from ${momentWords(plan.start.moment)}`)
  if (plan.end) parts.push(`until ${momentWords(plan.end.moment)}`)
  return parts.join(', ')
}

function sourcesWords({ sources, zone, created }: Plan): string {
  return sources
    .map(source => {
      if (source.is === 'cron') return cronWords(source.cron, zone)
      if (source.is === 'every') return everyWords(source, zone.localOf(created))
      if (source.is === 'moments') return momentsWords(source.moments.map(each => each.moment))
      const { event, latitude, longitude } = source.spec
      return `at ${event.replace('solar_', '').replace(/^(dawn|dusk)_(.*)$/, '$2 $1')} at ${Math.abs(latitude)}°${latitude < 0 ? 'S' : 'N'} ${Math.abs(longitude)}°${longitude < 0 ? 'W' : 'E'}`
    })
    .join(', and ')
}

function cronWords(cron: Cron, zone: Zone): string {
  if (cron.everyMs !== null) return `every ${intervalText({ months: 0, ms: cron.everyMs })}`
  return cron.timezone === zone.name ? cron.words() : `${cron.words()} (in ${cron.timezone})`
}

function everyWords({ spec, interval }: NamedSource & { is: 'every' }, createdLocal: Instant): string {
  const text = spec.every.replace(/^1 (\w+)$/, '$1')
  const at =
    spec.at ??
    (spec.anchor === undefined && spec.clock === 'wall' && interval.ms % DAY_MS === 0
      ? timeOfDayText(createdLocal - Math.floor(createdLocal / DAY_MS) * DAY_MS)
      : null)
  const anchor = spec.anchor === undefined ? '' : ` from ${spaced(spec.anchor)} on`
  const monthEnd =
    spec.monthEnd === 'skip' ? ' (leaving out months without that day)' : spec.monthEnd === 'drift' ? ' (drifting at the end of months)' : ''
  return `every ${text}${at === null ? '' : ` at ${at}`}${anchor}${monthEnd}`
}

function momentsWords(moments: readonly Moment[]): string {
  return moments.length > TOLD_MAX ? `at ${moments.length} given times` : `at ${listed(moments.map(momentWords), 'and')}`
}

function momentWords(moment: Moment): string {
  return spaced(momentText(moment))
}

/** `2026-12-24 18:00 UTC`, of `2026-12-24T18:00:00Z`. */
function spaced(text: string): string {
  return text
    .replace('T', ' ')
    .replace(/:00(?=Z?$)/, '')
    .replace('Z', ' UTC')
}

function calendarWords(plan: Plan, name: string): string {
  if (name === BUSINESS_DAYS) return `business days (${businessWords(plan)})`
  return plan.holidays.includes(name) ? `holidays (${name})` : `the days of "${name}"`
}

function businessWords({ weekend, holidays }: Plan): string {
  const off = weekend.map(weekday => WEEKDAYS[weekday]!)
  const days = off.length === 0 ? 'all days' : `not ${listed(off, 'and')}`
  return holidays.length === 0
    ? days
    : `${days}, not on ${listed(
        holidays.map(name => `"${name}"`),
        'and',
      )}`
}

function blackoutWords({ blackouts }: Plan): string {
  if (blackouts.length > TOLD_MAX) return `not in ${blackouts.length} blackouts`
  return `not during ${listed(
    blackouts.map(({ name, spec }) =>
      spec.note ? `"${name}"` : 'from' in spec ? `${spec.from} to ${spec.to}` : `${spec.for} from ${JSON.stringify(spec.cron)}`,
    ),
    'and',
  )}`
}

function listed(words: readonly string[], last: 'and' | 'or'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
}
