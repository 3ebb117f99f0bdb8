import { becameOf } from './became.ts'
import type { RangeView } from './ranges.ts'
import { type Moment, partOf, type Start } from './track.ts'

/** One schedule's times in a range. */
export interface Row {
  moments: readonly Moment[]
  /** Before it there are more than are told; null: all are. */
  knownFrom: number | null
  /** Behind it there are more. */
  knownUntil: number | null
  /** Of those to come, in all. */
  comingCount: number
}

/** Each schedule's times of a range by its name. A backfill's are left out: they say of another day when they were started. */
export function rowsOf(view: RangeView, { from, until: end }: { from: number; until: number }): Map<string, Row> {
  const rows = new Map<string, Row>()
  const rowOf = (name: string): Row & { moments: Moment[] } => {
    const known = rows.get(name) as (Row & { moments: Moment[] }) | undefined
    if (known !== undefined) return known
    const row = { moments: [], knownFrom: null, knownUntil: null, comingCount: 0 }
    rows.set(name, row)
    return row
  }
  for (const { name, lines, more } of [...view.past, ...view.unfired]) {
    const row = rowOf(name)
    for (const line of lines) {
      if (line.source === 'backfill') continue
      const became = becameOf(line, line.outcome)
      row.moments.push({ ...partOf(line, from, end), became, run: line.run, text: line.text })
    }
    const oldest = lines.at(-1)
    if (more && oldest !== undefined) row.knownFrom = Math.max(row.knownFrom ?? 0, Date.parse(oldest.at))
  }
  for (const { name, times, count, more, paused } of view.future) {
    const row = rowOf(name)
    if (paused !== null && paused.until === null) continue
    const resumes = paused?.until ? Date.parse(paused.until) : 0
    for (const time of times) {
      const at = Date.parse(time)
      if (at >= resumes) row.moments.push({ at, count: 1, became: 'coming' })
    }
    row.comingCount = count
    const last = times.at(-1)
    if (more && last !== undefined) row.knownUntil = Date.parse(last)
  }
  return rows
}

/** All starts of the rows that are shown, for the load. */
export function startsOf(rows: ReadonlyMap<string, Row>, schedules: readonly { name: string; target: string }[]): Start[] {
  return schedules.flatMap(({ name, target }) =>
    (rows.get(name)?.moments ?? []).filter(({ count }) => count === 1).map(({ at, became }) => ({ name, definition: target, at, became })),
  )
}
