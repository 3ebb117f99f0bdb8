import { type UseQueryResult, useQueries } from '@tanstack/react-query'
import { futureQuery, type Outcomes, type Past, pastQuery, type Upcoming } from './queries.ts'

/** All schedules in a range: what became of past times, and those to come. */
export interface RangeView {
  past: readonly Outcomes[]
  unfired: readonly Outcomes[]
  future: readonly Upcoming[]
  /** When the ledgers were read: what lies behind is still to come. */
  now: number
  more: boolean
}

export interface Ranges {
  /** One for each range, once it is known; the same objects until something else is read. */
  views: readonly (RangeView | undefined)[]
  pending: boolean
  error: unknown
  retry(): void
}

export function useRanges(namespace: string, ranges: readonly { from: number; until: number }[]): Ranges {
  return useQueries({
    queries: [
      ...ranges.map(({ from, until }) => pastQuery(namespace, from, until)),
      ...ranges.map(({ from, until }) => futureQuery(namespace, from, until)),
    ] as never[],
    combine,
  })
}

/** The first half is what has been, the second what will be. */
function combine(results: UseQueryResult[]): Ranges {
  const half = results.length / 2
  const views = results.slice(0, half).map(({ data }, index): RangeView | undefined => {
    const past = data as Past | undefined
    const future = results[half + index]?.data as { rows: Upcoming[]; more: boolean } | undefined
    if (past === undefined || future === undefined) return undefined
    return {
      past: past.fired,
      unfired: past.unfired,
      // Read at another moment: what has come meanwhile is in the ledger by now.
      future: future.rows.map(row => ({ ...row, times: row.times.filter(at => Date.parse(at) > past.now) })),
      now: past.now,
      more: past.more || future.more,
    }
  })
  const broken = results.filter(query => query.isError && query.data === undefined)
  return {
    views,
    pending: broken.length === 0 && views.every(view => view === undefined),
    error: broken[0]?.error ?? null,
    retry: () => {
      for (const query of broken) void query.refetch()
    },
  }
}
