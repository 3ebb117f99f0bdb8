import { UserError } from '../../core/errors.ts'
import { callRunId, type RunId, slotOf } from '../../core/ids.ts'
import { isClosed } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import { intervalOf } from '../../machines/dag/input.ts'
import type { DagState } from '../../machines/dag/types.ts'
import type { Reads, Row } from '../../store/store.ts'
import { Actor } from '../actor.ts'
import { boundedRuns } from '../bounded.ts'
import { RERUN_RUNS_MAX, type RerunSpan, type RerunTarget } from './face.ts'

/** Rows that are read at once, and in all. */
const PAGE = 250
const LOOKED_MAX = 5_000

interface Known {
  run: RunId
  /** The run that it is in the place of. */
  of: RunId | null
  nominalAt: Instant
  /** A schedule or a backfill meant this time; else it is when somebody started it, and others may have been started then. */
  isMeant: boolean
  isOpen: boolean
}

/**
 * A run, and what stands for the earlier or later times of its DAG, the earliest first: of several runs for one time one that is open, else the newest; of what was run
 * again, the last. As Airflow's clear with `include_past` and `include_future`, whichever way the runs came about (`post_clear_task_instances`: the logical date of the
 * run opens to one side). What a command with this id has begun already is told, and not begun again.
 * @throws UserError `not-a-dag`, `too-many-items`
 */
export async function runsOfSpan(
  read: Pick<Reads, 'runs' | 'runsDepth'>,
  row: Row,
  { past, future, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: RerunSpan,
  command: string,
): Promise<RerunTarget[]> {
  const self = knownOf(row)
  if (self === null) throw new UserError('not-a-dag', { found: row.id, hint: `it is a ${row.kind}` })
  const { nominalAt: own } = self
  const known = past || future ? await runsOf(read, row, past ? from : Math.max(from, own)) : []
  const begun = (run: Known): boolean => run.of !== null && run.run === callRunId(`${command}:retry:${run.of}`, 0, slotOf(run.run))
  const isAsked = ({ nominalAt }: Known): boolean => nominalAt >= from && nominalAt <= to && (nominalAt < own ? past : nominalAt > own && future)
  const asked = known.filter(isAsked)
  const byId = new Map(asked.map(run => [run.run, run]))
  const replaced = new Set(asked.map(({ of }) => of))
  const targets: RerunTarget[] = []
  const timesDone = new Map<Instant, Known>()
  for (const run of asked) if (begun(run)) timesDone.set(run.nominalAt, run)
  const beforeOf = (run: Known): Known | null => (run.of === null ? null : (byId.get(run.of) ?? null))
  const timesSeen = new Set<Instant>()
  // Newest first, what is open before what is closed.
  for (const run of new Set([...asked.filter(({ isOpen }) => isOpen), ...asked])) {
    if (replaced.has(run.run)) continue
    let done: Known | null | undefined = run
    while (done !== null && !begun(done)) done = beforeOf(done)
    let first = run
    for (let at: Known | null = run; at !== null; at = beforeOf(at)) first = at
    if (first.isMeant) {
      if (timesSeen.has(run.nominalAt)) continue
      timesSeen.add(run.nominalAt)
      done ??= timesDone.get(run.nominalAt)
    }
    targets.push({ run: done?.of ?? run.run, nominalAt: run.nominalAt, again: done?.run ?? null })
    if (targets.length === RERUN_RUNS_MAX)
      throw new UserError('too-many-items', {
        at: past ? '/past' : '/future',
        hint: `at most ${RERUN_RUNS_MAX} runs in one call: say \`from\` and \`to\`, and go on from there`,
      })
  }
  return [...targets, { run: row.id, nominalAt: own, again: null }].sort((a, b) => a.nominalAt - b.nominalAt)
}

/** Newest first. A run for a time is there from that time on at the earliest. */
async function runsOf(read: Pick<Reads, 'runs' | 'runsDepth'>, { namespace, name }: Row, since: Instant): Promise<Known[]> {
  const filter = { namespace, names: [name], ...(Number.isFinite(since) && { createdAfter: since }) }
  const found: Known[] = []
  for (let looked = 0, after: string | null = null; looked < LOOKED_MAX; looked += PAGE) {
    const page: Awaited<ReturnType<typeof boundedRuns>> = await boundedRuns(read, filter, { after, limit: PAGE })
    found.push(...page.rows.flatMap(row => knownOf(row) ?? []))
    if (page.next === null) return found
    after = page.next
  }
  throw new UserError('too-many-items', { at: '/from', hint: `it has more than ${LOOKED_MAX} runs since then: say a later \`from\`` })
}

function knownOf(row: Row): Known | null {
  if (row.kind !== 'dag') return null
  const actor = Actor.load(row)
  const { trigger } = actor.view
  const { nominalAt } = intervalOf((actor.state as DagState).started)
  return { run: row.id, of: trigger.is === 'retry' ? trigger.of : null, nominalAt, isMeant: trigger.is === 'schedule', isOpen: !isClosed(row.state) }
}
