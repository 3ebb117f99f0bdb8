import { UserError } from '../../core/errors.ts'
import type { RunId } from '../../core/ids.ts'
import { isClosed } from '../../core/run.ts'
import { type Plan, planOf } from '../../machines/dag/plan.ts'
import type { DagState } from '../../machines/dag/types.ts'
import type { Reads, Row, RunTimes } from '../../store/store.ts'
import { Actor } from '../actor.ts'
import { boundedRuns } from '../bounded.ts'
import { percentilesOf } from '../definition-detail.ts'
import type { Definitions } from '../definitions.ts'
import { summaryOf } from '../summary.ts'
import type { DagDurations } from './face.ts'
import { unknownTask } from './mark.ts'
import { ITEMS_TIMED_MAX, runsOfTask } from './tasks.ts'

/** Rows that are read at once, and that are looked through for closed ones. */
const PAGE = 50
const LOOKED_MAX = 500
/** Runs of tasks whose times are read in all, and at once. */
const TIMED_MAX = 20_000
const TIMED_PAGE = 4_000

interface Closed {
  row: Row
  actor: Actor
  plan: Plan
}

/**
 * How long the newest runs that have closed took, and their tasks. `task`: of this one alone, run by run. What a run has kept of the one before is not counted again.
 * @throws UserError `unknown-definition`, `not-a-dag`, `unknown-task`
 */
export async function durationsOf(
  read: Pick<Reads, 'runs' | 'runsDepth' | 'runTimes'>,
  definitions: Definitions,
  namespace: string,
  name: string,
  { task, limit }: { task: string | null; limit: number },
): Promise<DagDurations> {
  const { kind, dags, version } = definitions.require(namespace, name, '/path/name')
  if (kind !== 'dag') throw new UserError('not-a-dag', { at: '/path/name', found: name, hint: `it is a ${kind}` })
  const newest = dags?.get(version)
  if (newest !== undefined && task !== null && !planOf(newest).numbers.has(task)) throw unknownTask(task, planOf(newest).ids, '/query/task')
  const closed = await closedRuns(read, definitions, namespace, name, limit)
  const timed = timedOf(closed, task)
  const times = await timesRead(
    read,
    namespace,
    timed.flatMap(({ tasks }) => [...tasks.values()].flat()),
  )
  const took = timed.map(({ actor, tasks }) => new Map([...tasks].flatMap(([id, runs]) => tookOf(actor, runs, times, id) ?? [])))
  const runs = closed.map(({ actor }, index) => {
    const { id: run, state, createdAt, startedAt, closedAt } = summaryOf(actor)
    const ms = startedAt === null || closedAt === null ? null : closedAt - startedAt
    return { run, state, createdAt, startedAt, closedAt, ms, taskMs: (task !== null && took[index]?.get(task)) || null }
  })
  const ids = [...new Set(timed.flatMap(({ plan }) => plan.ids))].filter(id => task === null || id === task)
  const tasks = ids.flatMap(id => {
    const all = took.flatMap(one => one.get(id) ?? [])
    const usual = percentilesOf(all)
    return usual === null ? [] : [{ task: id, runs: all.length, ...usual, lastMs: all[0] as number }]
  })
  return { runs, runMs: percentilesOf(runs.flatMap(({ ms }) => ms ?? [])), tasks, tasksOf: timed.length }
}

async function closedRuns(
  read: Pick<Reads, 'runs' | 'runsDepth'>,
  definitions: Definitions,
  namespace: string,
  name: string,
  limit: number,
): Promise<Closed[]> {
  const closed: Closed[] = []
  const plans = definitions.get(namespace, name)?.dags
  for (let after: string | null = null, looked = 0; ; ) {
    const page: Awaited<ReturnType<typeof boundedRuns>> = await boundedRuns(read, { namespace, names: [name] }, { after, limit: PAGE })
    for (const row of page.rows) {
      if (row.kind !== 'dag' || !isClosed(row.state) || closed.length === limit) continue
      const actor = Actor.load(row)
      const spec = plans?.get((actor.state as DagState).started.version)
      if (spec !== undefined) closed.push({ row, actor, plan: planOf(spec) })
    }
    looked += page.rows.length
    after = page.next
    if (after === null || closed.length === limit || looked >= LOOKED_MAX) return closed
  }
}

interface Timed extends Closed {
  /** Runs of each task, by its id. */
  tasks: ReadonlyMap<string, readonly RunId[]>
}

/** The newest of them, as many as can be read whole. */
function timedOf(closed: readonly Closed[], task: string | null): Timed[] {
  const timed: Timed[] = []
  let left = TIMED_MAX
  for (const one of closed) {
    const tasks = new Map<string, readonly RunId[]>()
    for (const [n, id] of one.plan.ids.entries()) {
      if (task !== null && id !== task) continue
      const runs = runsOfTask(one.actor, one.actor.state as DagState, one.plan, n)
      if (runs.length > 0 && runs.length <= ITEMS_TIMED_MAX) tasks.set(id, runs)
    }
    left -= [...tasks.values()].reduce((sum, runs) => sum + runs.length, 0)
    if (left < 0) break
    timed.push({ ...one, tasks })
  }
  return timed
}

async function timesRead(read: Pick<Reads, 'runTimes'>, namespace: string, ids: readonly RunId[]): Promise<ReadonlyMap<RunId, RunTimes>> {
  const known = new Map<RunId, RunTimes>()
  for (let from = 0; from < ids.length; from += TIMED_PAGE)
    for (const times of await read.runTimes(namespace, ids.slice(from, from + TIMED_PAGE))) known.set(times.id, times)
  return known
}

/** From when the first of its runs began until the last has closed. Null: not all did, or it stood so in the run before. */
function tookOf({ createdAt }: Actor, runs: readonly RunId[], times: ReadonlyMap<RunId, RunTimes>, id: string): [string, number][] | null {
  let [first, last] = [Number.POSITIVE_INFINITY, 0]
  for (const run of runs) {
    const { startedAt = null, closedAt = null } = times.get(run) ?? {}
    if (startedAt === null || closedAt === null) return null
    first = Math.min(first, startedAt)
    last = Math.max(last, closedAt)
  }
  return first < createdAt ? null : [[id, last - first]]
}
