import type { DagGraph, DagTask } from '../../api/dags.ts'

/** What a task of a run did with its time, in milliseconds since 1970. */
export interface TaskTimes {
  /** When those that it waits for had ended, or the run began: since then it could have begun. Null: it waits for some of them. */
  readyAt: number | null
  /** Null: it has not begun, or nothing runs for it. */
  startedAt: number | null
  /** Null: it goes on. One that nobody ran ended when it was decided. */
  endedAt: number | null
  /** Number of the task that was ended last of those that it waits for. Null: it waited for none. */
  gate: number | null
  /** It stood so in the run before: it took none of this run's time. */
  kept: boolean
}

type Told = Pick<DagTask, 'state' | 'startedAt' | 'closedAt'>
type Waits = Pick<DagGraph['tasks'][number], 'after' | 'rule'>

/** Tasks stand in the order in which they may run. `begin`: when the run began. */
export function timesOf(graph: readonly Waits[], tasks: readonly Told[], begin: number): TaskTimes[] {
  const times: TaskTimes[] = []
  for (const [n, { after, rule }] of graph.entries()) {
    const { state, startedAt: started, closedAt } = tasks[n] as Told
    const startedAt = started === null ? null : Math.max(begin, Date.parse(started))
    // A rule such as one_success lets a task begin while others that it waits for still run.
    const isEarly = rule.startsWith('one_') && startedAt !== null
    const ended = after.flatMap(m => {
      const endedAt = times[m]?.endedAt ?? null
      return endedAt === null || (isEarly && endedAt > startedAt) ? [] : [{ m, endedAt }]
    })
    const last = ended.reduce<(typeof ended)[number] | null>((latest, one) => (latest === null || one.endedAt > latest.endedAt ? one : latest), null)
    const isOver = state !== 'waiting' && state !== 'ready' && state !== 'started'
    const waits = ended.length < after.length && startedAt === null && !isOver
    const ready = waits ? null : Math.max(begin, last?.endedAt ?? begin)
    // Clocks of two nodes may differ by a little: none begins before it could.
    const readyAt = ready === null || startedAt === null ? ready : Math.min(ready, startedAt)
    const endedAt = closedAt === null ? (isOver ? (startedAt ?? readyAt) : null) : Math.max(startedAt ?? begin, Date.parse(closedAt))
    const kept = closedAt !== null && Date.parse(closedAt) < begin
    times.push({ readyAt, startedAt, endedAt, gate: last?.m ?? null, kept })
  }
  return times
}

export interface CriticalTask {
  n: number
  /** From when it could begin until it did, and from then on until its end. */
  waitMs: number
  runMs: number
  /** Of the whole path, 0 to 1. */
  share: number
}
export interface CriticalPath {
  tasks: readonly CriticalTask[]
  totalMs: number
}

/**
 * The longest chain by what it took: from the task that ended last (or goes on) back to the one that it waited for longest, and so on. As each could begin when that one had
 * ended, what its tasks waited and ran adds up to all the time until then, so no other chain is longer.
 */
export function criticalPath(times: readonly TaskTimes[], now: number): CriticalPath {
  let last = -1
  for (const [n, one] of times.entries())
    if (one.readyAt !== null && endOf(one, now) > (last < 0 ? 0 : endOf(times[last] as TaskTimes, now))) last = n
  const tasks: CriticalTask[] = []
  let totalMs = 0
  for (let n: number | null = last < 0 ? null : last; n !== null; n = times[n]?.gate ?? null) {
    const one = times[n] as TaskTimes
    const readyAt = one.readyAt as number
    const end = endOf(one, now)
    const begun = Math.min(end, one.startedAt ?? end)
    const [waitMs, runMs] = [begun - readyAt, end - begun]
    totalMs += waitMs + runMs
    tasks.push({ n, waitMs, runMs, share: 0 })
  }
  const shares = tasks.map(task => ({ ...task, share: totalMs === 0 ? 0 : (task.waitMs + task.runMs) / totalMs }))
  return { tasks: shares.reverse(), totalMs }
}

function endOf({ endedAt, readyAt }: TaskTimes, now: number): number {
  return endedAt ?? (readyAt === null ? 0 : Math.max(readyAt, now))
}
