import type { Schedule } from '../api/client.ts'
import { type Became, becameOf } from './became.ts'
import type { ScheduleState, SchedulesSearch } from './search.ts'

/** A time this far past that is not accounted for: nobody fires it. */
const LATE_MS = 30_000

/** Where a schedule stands. stuck: it choked on an input. late: its next time is past, and nothing has become of it. ended: it has no further time. */
export function stateOf({ stuck, paused, nextAt, jitter }: Pick<Schedule, 'stuck' | 'paused' | 'nextAt' | 'jitter'>, now: number): ScheduleState {
  if (stuck !== null) return 'stuck'
  if (paused !== null) return 'paused'
  if (nextAt === null) return 'ended'
  return now - Date.parse(nextAt) > jitter + LATE_MS ? 'late' : 'active'
}

/** What became of its last time; null: it had none. */
export function lastOf({ last, lastOutcome }: Pick<Schedule, 'last' | 'lastOutcome'>): Became | null {
  return last === null ? null : becameOf(last, lastOutcome)
}

export function fits(schedule: Schedule, { name, state, target, zone, last }: SchedulesSearch, now: number): boolean {
  const became = lastOf(schedule)
  return (
    (name === undefined || schedule.name.toLowerCase().includes(name.toLowerCase())) &&
    (state?.includes(stateOf(schedule, now)) ?? true) &&
    (target?.includes(schedule.target) ?? true) &&
    (zone?.includes(schedule.timezone ?? 'UTC') ?? true) &&
    (last === undefined || (became !== null && last.includes(became)))
  )
}

/** As it was written: `30 2 * * *`, `every 10m`, a few one-off times. */
export function writtenText({ cron, every, at, solar }: Pick<Schedule, 'cron' | 'every' | 'at' | 'solar'>): string {
  const parts: string[] = []
  for (const one of [cron ?? []].flat()) parts.push(typeof one === 'string' ? one : Object.values(one).join(' '))
  if (every !== undefined) parts.push(`every ${typeof every === 'string' ? every : every.every}`)
  const times = [at ?? []].flat()
  if (times.length > 0) parts.push(times.length === 1 ? `at ${times[0]}` : `at ${times.length} times`)
  if (solar !== undefined) parts.push(solar.event.replaceAll('_', ' '))
  return parts.join(' · ')
}

/** The zone stands in a column of its own: `at 00:00 every day`. */
export function wordsWithoutZone({ words, timezone = 'UTC' }: Pick<Schedule, 'words' | 'timezone'>): string {
  return words.replace(`, in ${timezone}`, '')
}

/** `New York`: where the whole name stands beside, or is one hover away. */
export function cityOf(zone: string): string {
  return zone.slice(zone.lastIndexOf('/') + 1).replaceAll('_', ' ')
}

export function zonesOf(schedules: readonly Schedule[]): string[] {
  return [...new Set(schedules.map(({ timezone = 'UTC' }) => timezone))].sort()
}
