interface Point {
  at: string
  closed: Record<string, number>
  waitMs: { p50: number; p95: number } | null
  runMs: { p50: number; p95: number } | null
}

export interface Points {
  times: number[]
  stepMs: number
  completed: number[]
  failed: number[]
  cancelled: number[]
  waitP50: (number | null)[]
  waitP95: (number | null)[]
  runP50: (number | null)[]
  runP95: (number | null)[]
}

/** More bars than that are lines. */
const BARS_MAX = 72

/** As many points as a chart can tell apart: counts are added up, of a percentile the worst stays (those of parts have no sum). */
export function gathered(points: readonly Point[], stepMs: number): Points {
  const size = Math.max(1, Math.ceil(points.length / BARS_MAX))
  const groups = Array.from({ length: Math.ceil(points.length / size) }, (_, group) => points.slice(group * size, (group + 1) * size))
  const sum = (...states: string[]): number[] =>
    groups.map(group => group.reduce((all, { closed }) => all + states.reduce((some, state) => some + (closed[state] ?? 0), 0), 0))
  const worst = (of: 'waitMs' | 'runMs', percentile: 'p50' | 'p95'): (number | null)[] =>
    groups.map(group =>
      group.reduce<number | null>((most, point) => {
        const value = point[of]?.[percentile]
        return value === undefined ? most : Math.max(most ?? 1, value)
      }, null),
    )
  return {
    times: groups.map(([first]) => Date.parse((first as Point).at)),
    stepMs: stepMs * size,
    completed: sum('completed'),
    failed: sum('failed', 'timed_out'),
    cancelled: sum('cancelled', 'terminated'),
    waitP50: worst('waitMs', 'p50'),
    waitP95: worst('waitMs', 'p95'),
    runP50: worst('runMs', 'p50'),
    runP95: worst('runMs', 'p95'),
  }
}
