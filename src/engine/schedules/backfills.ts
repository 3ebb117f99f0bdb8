import { UserError } from '../../core/errors.ts'
import { type ActorId, callRunId, isId, type RunId, slotOf } from '../../core/ids.ts'
import { OPEN_STATES } from '../../core/run.ts'
import { planOf } from '../../machines/batch/backfill.ts'
import type { BackfillPlan, BatchState } from '../../machines/batch/types.ts'
import { isWithoutTimes, timetableOf } from '../../machines/schedule/timetables.ts'
import type { Backfill, ScheduleState } from '../../machines/schedule/types.ts'
import { Actor } from '../actor.ts'
import { wouldDo } from '../batches/backfill.ts'
import { beginBatch } from '../batches/groups.ts'
import { recentRuns } from '../definition-detail.ts'
import type { Desk } from '../desk.ts'
import type { BackfillAsked, BackfillPreview, Command } from '../face.ts'
import { callName } from '../starts.ts'
import { BACKFILL_TAG } from '../tags.ts'

/** Times of one backfill: each is a run. */
const TIMES_MAX = 10_000
/** Times that a preview tells one by one, and open backfills that are told with their schedule. */
const TOLD_MAX = 100
const OPEN_TOLD_MAX = 20

/** @throws UserError `invalid-input`, `too-many-items` */
export function planOfBackfill(
  id: ActorId,
  { name, spec, createdAt }: ScheduleState,
  { from, until, maxActive, order = 'forward', reprocess = 'completed' }: Omit<BackfillAsked, 'missing'>,
  by: string | null,
  missing?: readonly string[],
): BackfillPlan {
  if (until < from) throw new UserError('invalid-input', { at: '/to', found: new Date(until).toISOString(), hint: 'a range ends after it begins' })
  const { timetable, target } = spec
  if (isWithoutTimes(spec))
    throw new UserError('invalid-input', {
      at: '/path/name',
      found: name,
      hint: 'assets alone trigger it: it has no times that could be started again',
    })
  const total = timesIn({ spec, createdAt }, from, until)
  if (total > TIMES_MAX)
    throw new UserError('too-many-items', { at: '/to', found: `more than ${TIMES_MAX} times`, hint: 'take a shorter range, one after the other' })
  return {
    is: 'backfill',
    schedule: name,
    id,
    timetable,
    createdAt,
    target,
    from,
    until,
    order,
    maxActive,
    reprocess,
    ...(missing !== undefined && { missing }),
    total,
    by,
  }
}

function timesIn(schedule: Pick<ScheduleState, 'spec' | 'createdAt'>, from: number, until: number): number {
  const table = timetableOf(schedule)
  let count = 0
  for (let next = table.nextFiring(from - 1); next !== null && next.at <= until && count <= TIMES_MAX; next = table.nextFiring(next.at)) count++
  return count
}

/** The same command answers the same backfill. It lives beside its schedule, whose ledger it writes. */
export function startBackfill(
  { world, submit, definitions }: Desk,
  namespace: string,
  plan: BackfillPlan,
  command: string,
): Promise<{ backfill: RunId }> {
  definitions.require(namespace, plan.target.definition, '')
  const id = callRunId(`${command}:backfill`, 0, slotOf(plan.id))
  return submit<{ backfill: RunId }>(slotOf(id), settle => ({
    ids: [id, plan.id],
    keys: [callName(namespace, id)],
    bytes: 2_000,
    execute(transaction) {
      if (transaction.actor(id) !== null || transaction.key(callName(namespace, id)) !== null) return
      const trigger = plan.by === null ? { is: 'call' as const } : { is: 'call' as const, by: plan.by }
      beginBatch(transaction, world, { id, namespace, name: plan.schedule, trigger, plan, options: {} })
    },
    done: () => settle.resolve({ backfill: id }),
    failed: settle.reject,
  }))
}

export async function previewBackfill({ store, available }: Desk, namespace: string, plan: BackfillPlan): Promise<BackfillPreview> {
  const would = await available(wouldDo(store.read, namespace, plan, TOLD_MAX))
  const { runMs } = await available(recentRuns(store.read, namespace, plan.target.definition))
  const usual = runMs?.p50 ?? null
  return { total: plan.total, ...would, runMs: usual, estimatedMs: usual === null ? null : usual * Math.ceil(would.starts / plan.maxActive) }
}

/** It starts nothing further; its open runs go on. */
export function endBackfill({ submit }: Desk, namespace: string, name: string, id: string, { id: command, by }: Command): Promise<void> {
  const unknown = (): UserError => new UserError('backfill-not-found', { hint: 'it is done, or it was cancelled' })
  if (!isId(id)) return Promise.reject(unknown())
  return submit(slotOf(id), settle => ({
    ids: [id],
    bytes: 200,
    execute(transaction) {
      const actor = transaction.actor(id)
      const plan = actor?.kind === 'batch' && actor.namespace === namespace ? planOf(actor.state as BatchState) : null
      if (actor === null || plan === null || plan.schedule !== name || actor.closed) throw unknown()
      transaction.apply(actor, { is: 'cancel', command, by, why: null } as { is: string })
    },
    done: () => settle.resolve(undefined),
    failed: settle.reject,
  }))
}

export async function openBackfills({ store, available }: Desk, namespace: string, name: string): Promise<Backfill[]> {
  const filter = { namespace, tags: { [BACKFILL_TAG]: name }, states: OPEN_STATES }
  const { rows } = await available(store.read.runs(filter, { after: null, limit: OPEN_TOLD_MAX }))
  return rows.flatMap(row => viewOf(Actor.load(row)) ?? [])
}

function viewOf(actor: Actor): Backfill | null {
  const state = actor.state as BatchState
  const plan = planOf(state)
  const { backfill, jobs } = state
  if (plan === null || backfill === undefined) return null
  const { from, until, maxActive, by } = plan
  const { through, active } = backfill
  return {
    id: actor.id,
    by,
    from,
    until,
    through: Math.max(from - 1, Math.min(until, through)),
    maxActive,
    active: [...active],
    startedAt: actor.createdAt,
    started: jobs?.total ?? 0,
  }
}
