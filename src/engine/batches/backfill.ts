import type { RunId } from '../../core/ids.ts'
import { isClosed, type RunState } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import { newBackfill, planOf, roomOf, timeAfter } from '../../machines/batch/backfill.ts'
import type { Backfilling, BackfillPlan, BatchState, Reprocess, Skip, TimesInput } from '../../machines/batch/types.ts'
import { timetableOf } from '../../machines/schedule/timetables.ts'
import type { Reads } from '../../store/store.ts'
import { madeBefore } from '../assets/missing.ts'
import { newestOf } from '../related.ts'
import type { Settle, Work } from '../work.ts'

/** Times that are looked up at once: between two pages other work goes on. Where none is skipped, no more than are started. */
const TIMES_MAX = 200
const TIMES_MIN = 10
/** Lines of the ledger that are read for them. */
const LINES_MAX = 1_000

type Read = Pick<Reads, 'ledger' | 'run' | 'runs' | 'runsDepth'>

/** The next times of a backfill and what is to become of each, by what its ledger knows. */
export async function nextTimes(read: Read, namespace: string, plan: BackfillPlan, { through }: Backfilling, room: number): Promise<TimesInput> {
  const table = timetableOf({ spec: { timetable: plan.timetable }, createdAt: plan.createdAt })
  const times: Instant[] = []
  const most = Math.min(TIMES_MAX, Math.max(TIMES_MIN, room))
  for (let at = timeAfter(plan, table, through); at !== null && times.length < most; at = timeAfter(plan, table, at)) times.push(at)
  const runs = await runsOf(read, plan.id, times)
  const isMade = plan.missing === undefined ? null : await madeBefore(read, namespace, plan.missing, table)
  const starts: Instant[] = []
  const skips: Skip[] = []
  let last = through
  for (const at of times) {
    if (starts.length === room) break
    const made: Skip | null = isMade?.(at) ? { at, why: 'made', run: runs.get(at) ?? null } : null
    const skip = made ?? (await skipOf(read, namespace, plan.reprocess, at, runs.get(at)))
    if (skip === null) starts.push(at)
    else skips.push(skip)
    last = at
  }
  const over = timeAfter(plan, table, last) === null
  return { is: 'times', from: through, through: last, over, starts, skips }
}

/** The last run for each of these times. */
async function runsOf(read: Read, schedule: string, times: readonly Instant[]): Promise<Map<Instant, RunId>> {
  const found = new Map<Instant, RunId>()
  if (times.length === 0) return found
  const range = { from: Math.min(...times), until: Math.max(...times) }
  for (let after: string | null = null; ; ) {
    const page: Awaited<ReturnType<Reads['ledger']>> = await read.ledger(schedule, range, { after, limit: LINES_MAX })
    for (const { at, run, source } of page.rows) if (run !== null && source !== 'trigger' && !found.has(at)) found.set(at, run)
    if (page.next === null) return found
    after = page.next
  }
}

/** Null: it is started. */
async function skipOf(read: Read, namespace: string, reprocess: Reprocess, at: Instant, run: RunId | undefined): Promise<Skip | null> {
  if (run === undefined) return null
  const row = await read.run(namespace, run)
  // Kept no longer: that there was one is known all the same.
  if (row === null) return reprocess === 'none' ? { at, why: 'exists', run } : null
  const newest = await newestOf(read, row)
  const why = whyNot(reprocess, newest.state)
  return why === null ? null : { at, why, run: newest.id }
}

/** Airflow 3: `ReprocessBehavior`; what is open is never started beside itself. */
export function whyNot(reprocess: Reprocess, state: RunState): Skip['why'] | null {
  if (!isClosed(state)) return 'in-flight'
  if (reprocess === 'none') return 'exists'
  return reprocess === 'failed' && state === 'completed' ? 'completed' : null
}

/** What a backfill would do, as things stand. `most`: times that are told one by one. */
export async function wouldDo(read: Read, namespace: string, plan: BackfillPlan, most: number) {
  const told: { at: Instant; skipped: Skip['why'] | null; run: RunId | null }[] = []
  const skips: Partial<Record<Skip['why'], number>> = {}
  let starts = 0
  for (let at = newBackfill(plan, 0); !at.over; ) {
    const page = await nextTimes(read, namespace, plan, at, TIMES_MAX)
    starts += page.starts.length
    for (const { why } of page.skips) skips[why] = (skips[why] ?? 0) + 1
    if (told.length < most)
      told.push(
        ...[
          ...page.starts.map(time => ({ at: time, skipped: null, run: null })),
          ...page.skips.map(skip => ({ at: skip.at, skipped: skip.why, run: skip.run })),
        ].sort((a, b) => (plan.order === 'forward' ? a.at - b.at : b.at - a.at)),
      )
    at = { ...at, through: page.through, over: page.over }
  }
  return { starts, skips, times: told.slice(0, most) }
}

/** What was looked up is given to the backfill, which may have gone on since. */
export function timesWork(batch: RunId, input: TimesInput, settle: Settle<void>): Work {
  return {
    ids: [batch],
    bytes: 500 + 1_000 * input.starts.length,
    execute(transaction) {
      const actor = transaction.actor(batch)
      if (actor !== null && !actor.closed && actor.stuck === undefined) transaction.apply(actor, input)
    },
    done: () => settle.resolve(undefined),
    failed: settle.reject,
  }
}

/** What it is to look up next; null: nothing now. */
export function toLookUp(state: BatchState): { plan: BackfillPlan; backfill: Backfilling; room: number } | null {
  const plan = planOf(state)
  const room = roomOf(state)
  return plan === null || state.backfill === undefined || room === 0 ? null : { plan, backfill: state.backfill, room }
}
