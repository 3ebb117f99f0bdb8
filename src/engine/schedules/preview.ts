import type { Instant } from '../../core/time.ts'
import { localText } from '../../machines/schedule/input.ts'
import { timetableOf } from '../../machines/schedule/timetables.ts'
import type { ScheduleState } from '../../machines/schedule/types.ts'
import type { Timetable } from '../../time/timetable.ts'
import { toIcs } from '../../time/to-ics.ts'
import type { Preview } from '../face.ts'

/** The next times, those that are held included: what the ledger will say. */
export function previewOf(of: Timetable | ScheduleState, from: Instant, count: number, now: Instant): Preview {
  const table = 'words' in of ? of : timetableOf(of)
  const timezone = table.spec.timezone ?? 'UTC'
  return {
    words: table.words(),
    timezone,
    times: table
      .between(from, Number.POSITIVE_INFINITY, count)
      .map(({ at, held, movedFrom }) => ({ at, local: localText(at, timezone), held, movedFrom: movedFrom ?? null })),
    warnings: table.warnings(now),
  }
}

/** The times of the preview that fire, as iCalendar. */
export function calendarOf(state: ScheduleState, from: Instant, count: number): string {
  return toIcs(timetableOf(state), { name: state.name, from, count })
}
