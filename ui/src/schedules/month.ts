import { type Became, becameOf } from './became.ts'
import { type Day, dateIn } from './days.ts'
import type { Preview } from './queries.ts'
import type { RangeView } from './ranges.ts'
import { partOf } from './track.ts'

/** What a calendar shows of a day. */
export interface DayTally {
  tally: Partial<Record<Became, number>>
  /** Some of it is worked out from what is known: a schedule of each minute has too many times to be read. */
  roughly: boolean
  /** Which failed, were refused or missed. */
  bad: Set<string>
}

const DAY_MS = 86_400_000

/** The days of a week by date. */
export function daysOf(view: RangeView, week: readonly Day[], names: ReadonlySet<string>): Map<string, DayTally> {
  const days = new Map<string, DayTally>()
  const range = { from: week[0]?.from ?? 0, until: week.at(-1)?.until ?? 0 }
  const count = (at: number, became: Became, by: number, name: string, roughly = false): void => {
    // To ask the clock for each of a hundred thousand times takes seconds.
    const date = week.find(({ until }) => at < until)?.date ?? ''
    let day = days.get(date)
    if (day === undefined) {
      day = { tally: {}, roughly: false, bad: new Set() }
      days.set(date, day)
    }
    day.tally[became] = (day.tally[became] ?? 0) + by
    if (roughly) day.roughly = true
    if (became === 'failed' || became === 'refused' || became === 'missed') day.bad.add(name)
  }
  for (const { name, lines, more } of [...view.past, ...view.unfired]) {
    if (!names.has(name)) continue
    const told = lines.filter(({ source }) => source !== 'backfill')
    for (const line of told) {
      const became = becameOf(line, line.outcome)
      const part = partOf(line, range.from, range.until - 1)
      if (part.count === 1 || part.until - part.at < DAY_MS / 24) count(part.at, became, part.count, name)
      else for (const [at, share] of spread(part.at, part.until, part.count)) count(at, became, share, name, true)
    }
    const [newest, oldest] = [told[0], told.at(-1)]
    if (!more || newest === undefined || oldest === undefined) continue
    const each = (Date.parse(newest.at) - Date.parse(oldest.at)) / Math.max(1, told.length - 1)
    const missing = each <= 0 ? 0 : Math.round((Date.parse(oldest.at) - range.from) / each)
    for (const [at, share] of spread(range.from, Date.parse(oldest.at), missing)) count(at, 'completed', share, name, true)
  }
  for (const { name, times, count: total, paused, more } of view.future) {
    if (!names.has(name) || (paused !== null && paused.until === null)) continue
    for (const time of times) count(Date.parse(time), 'coming', 1, name)
    const last = times.at(-1)
    if (more && last !== undefined)
      for (const [at, share] of spread(Date.parse(last), range.until - 1, total - times.length)) count(at, 'coming', share, name, true)
  }
  return days
}

/** So many, evenly from one instant to another, in steps of an hour at most. */
function spread(from: number, until: number, count: number): [number, number][] {
  const steps = Math.max(1, Math.ceil((until - from) / (DAY_MS / 24)))
  const parts: [number, number][] = []
  let given = 0
  for (let step = 0; step < steps; step++) {
    const share = Math.round(((step + 1) * count) / steps) - given
    given += share
    if (share > 0) parts.push([from + ((until - from) * (step + 0.5)) / steps, share])
  }
  return parts
}

/** Times to come that something holds, by date. */
export function heldOf(
  previews: readonly { name: string; preview: Preview }[],
  until: number,
  zone: string,
): Map<string, { count: number; by: Set<string> }> {
  const days = new Map<string, { count: number; by: Set<string> }>()
  for (const { name, preview } of previews)
    for (const { at, held } of preview.times) {
      if (held === null || Date.parse(at) >= until) continue
      const date = dateIn(Date.parse(at), zone)
      const day = days.get(date) ?? { count: 0, by: new Set<string>() }
      day.count++
      day.by.add(`${name} (${held.by})`)
      days.set(date, day)
    }
  return days
}

export const isHoldable = (schedule: { only?: unknown; except?: unknown; holidays?: unknown; blackouts?: unknown }): boolean =>
  schedule.only !== undefined || schedule.except !== undefined || schedule.holidays !== undefined || schedule.blackouts !== undefined
