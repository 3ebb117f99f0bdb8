import type { DagDurations } from '../../api/dags.ts'

type Run = Pick<DagDurations['runs'][number], 'createdAt' | 'ms' | 'taskMs'>

/** Runs as a chart takes them: oldest first, each time once (of two of one moment the later line counts). */
export function chartOf(runs: readonly Run[]): { times: number[]; ran: (number | null)[]; task: (number | null)[] } {
  const byTime = new Map(runs.toReversed().map(run => [Date.parse(run.createdAt), run]))
  const rising = [...byTime].sort(([a], [b]) => a - b)
  return { times: rising.map(([at]) => at), ran: rising.map(([, { ms }]) => ms), task: rising.map(([, { taskMs }]) => taskMs) }
}
