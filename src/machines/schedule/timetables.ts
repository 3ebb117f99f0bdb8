import { hash53 } from '../../core/ids.ts'
import type { Instant } from '../../core/time.ts'
import type { TimetableSpec } from '../../time/spec.ts'
import { type Timetable, timetable } from '../../time/timetable.ts'
import type { ScheduleSpec, ScheduleState } from './types.ts'

/** Timetables that are built, by what they are built from: a schedule that is loaded again, or has a thousand twins, is not parsed again. */
const KEPT_MAX = 10_000
const byText = new Map<string, Timetable>()
const bySpec = new WeakMap<TimetableSpec, { createdAt: Instant; table: Timetable }>()

/** The nominal times of a schedule. Pure: the same spec and creation time give the same times. */
export function timetableOf({ spec, createdAt }: { spec: Pick<ScheduleSpec, 'timetable' | 'assets'>; createdAt: Instant }): Timetable {
  if (isWithoutTimes(spec)) return NEVER
  const known = bySpec.get(spec.timetable)
  if (known?.createdAt === createdAt) return known.table
  // Only what counts from the creation differs by it.
  const text = JSON.stringify(spec.timetable.every === undefined ? spec.timetable : [spec.timetable, createdAt])
  const built = byText.get(text) ?? timetable(spec.timetable, createdAt)
  if (byText.size >= KEPT_MAX) byText.clear()
  byText.set(text, built)
  bySpec.set(spec.timetable, { createdAt, table: built })
  return built
}

/** Assets alone trigger it. */
export function isWithoutTimes({ timetable: { cron, every, at, solar }, assets }: Pick<ScheduleSpec, 'timetable' | 'assets'>): boolean {
  return assets !== undefined && cron === undefined && every === undefined && at === undefined && solar === undefined
}

const NEVER: Timetable = { spec: {}, next: () => null, nextFiring: () => null, between: () => [], words: () => 'at no time', warnings: () => [] }

/** When a nominal time is to be seen to: itself, put off by its own share of the jitter. */
export function dueOf({ spec, name, createdAt }: ScheduleState, nominalAt: Instant): Instant {
  if (spec.jitterMs === 0) return nominalAt
  return nominalAt + (hash53(`${name} ${createdAt} ${nominalAt}`)[0] % spec.jitterMs)
}

/** The last time of a table before another; null: there is none in the ten years before. Tables tell what comes next, so it is looked for by halves. */
export function timeBefore(table: Timetable, at: Instant): Instant | null {
  const isBefore = (after: Instant): boolean => (table.next(after)?.at ?? Number.POSITIVE_INFINITY) < at
  let back = 1_000
  while (!isBefore(at - back)) {
    back *= 2
    if (back > LOOKED_BACK_MS_MAX) return null
  }
  // There is one after `low`, and none after `high`.
  let low = at - back
  for (let high = at; high - low > 1; ) {
    const middle = Math.floor((low + high) / 2)
    if (isBefore(middle)) low = middle
    else high = middle
  }
  return low + 1
}
const LOOKED_BACK_MS_MAX = 10 * 366 * 86_400_000
