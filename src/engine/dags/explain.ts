import { shortId } from '../../core/ids.ts'
import { runOfTask } from '../../machines/dag/children.ts'
import { deadlinesTold } from '../../machines/dag/deadlines.ts'
import { activeRefs, placeOf } from '../../machines/dag/letters.ts'
import { slotsTaken } from '../../machines/dag/next.ts'
import { isHeld } from '../../machines/dag/past.ts'
import { type Plan, planOf } from '../../machines/dag/plan.ts'
import type { DagSpec, DagWait } from '../../machines/dag/spec.ts'
import type { DagState } from '../../machines/dag/types.ts'
import { entryOf, holdersFor, runsBefore } from '../../machines/timeline/state.ts'
import type { TimelineState } from '../../machines/timeline/types.ts'
import { kindOf } from '../../machines/wait/state.ts'
import type { Actor } from '../actor.ts'
import type { Pause, PauseTarget, Reason } from '../face.ts'
import { pauseReason } from '../pause-words.ts'

/** Of many tasks that are under way, those that are told one by one. */
const TOLD_MAX = 20

export interface DagFacts {
  /** What its version says; undefined: not known here. */
  spec: DagSpec | undefined
  /** The newest version's. */
  newest: DagSpec | undefined
  /** The runs of the DAG in order, as committed; null: none are kept. */
  timeline: TimelineState | null
  pauses: readonly (PauseTarget & Pause)[]
}

/** What an open run of a DAG waits for: the tasks that are under way, other runs of the DAG; the rest wait for these, or for a slot of the DAG. */
export function explainDag(actor: Actor, { spec, newest, timeline, pauses }: DagFacts, clear: string[]): Reason[] {
  const state = actor.state as DagState
  const { isDue, since, total, ended, tasks, mapped, cancelRequested, queuedAt } = state
  for (const { from, at, missed } of deadlinesTold(state))
    clear.push(`its deadline (from ${from}) ${missed ? 'was missed: it was' : 'is'} ${new Date(at).toISOString()}`)
  if (!isDue && queuedAt !== undefined) return [placeReason(actor, state, newest, timeline)]
  if (!isDue) return [{ code: 'not-due', text: `not due until ${new Date(since).toISOString()}`, until: since }]
  if (cancelRequested) clear.push('it is asked to stop: what runs is told, and its teardowns do their work')
  clear.push(`${ended} of ${total} tasks have ended`)
  const ready = [tasks, ...Object.values(mapped).map(({ items }) => items)].reduce((sum, letters) => sum + letters.split('q').length - 1, 0)
  if (state.hits !== undefined) clear.push(`${state.hits.length} of these did not run: their results were kept`)
  const refs = activeRefs(state)
  const plan = spec === undefined ? null : planOf(spec)
  const reasons = refs.slice(0, TOLD_MAX).map((ref): Reason => {
    const { n, item } = placeOf(state, ref)
    const run = runOfTask(state, actor.id, ref)
    const name = `${plan?.ids[n] ?? n}${mapped[n] === undefined ? '' : `, item ${item}`}`
    if (plan?.tasks[n]?.task.approval !== undefined)
      return {
        code: 'approval',
        text: `it waits for the approval "${name}" (${shortId(run)})`,
        runs: [run],
        command: `mainspring approve ${shortId(run)}`,
      }
    if (state.memos?.[ref]?.looking) return { code: 'cache', text: `it looks whether a result of task "${name}" is kept`, since: state.askedAt }
    const wait = plan?.tasks[n]?.task.wait
    if (wait !== undefined) return waitReason(name, wait, state.waits?.find(one => one.ref === ref)?.signal, run, actor)
    return { code: 'task', text: `it waits for task "${name}" (${shortId(run)})`, runs: [run], command: `mainspring explain ${shortId(run)}` }
  })
  if (refs.length > TOLD_MAX) clear.push(`${refs.length - TOLD_MAX} more tasks are under way`)
  const held = plan === null ? [] : plan.ids.flatMap((id, n) => (isHeld(plan, state, n) && waits(state, n) ? [id] : []))
  if (held.length > 0) reasons.push(pastReason(actor, held, timeline))
  for (const pause of pauses) reasons.push(pauseReason(pause))
  const limited = plan === null ? [] : limitedItems(plan, state)
  for (const { id, most, count } of limited)
    reasons.push({
      code: 'map-concurrency',
      text: `${count} of "${id}" may run and wait for other items of it: at most ${most} at once (concurrency)`,
    })
  const others = ready - held.length - limited.reduce((sum, { count }) => sum + count, 0)
  const taken = slotsTaken(state)
  if (others > 0)
    reasons.push({
      code: 'max-active-tasks',
      text: `${others} more may run and wait for a slot: ${taken} of ${plan?.maxActive ?? taken} are taken`,
    })
  return reasons
}

/** Of mapped tasks and groups that say how many items may be under way at once: how many may begin, and wait for that. */
function limitedItems({ tasks, ids, maxActive }: Plan, state: DagState): { id: string; most: number; count: number }[] {
  if (slotsTaken(state) >= maxActive) return []
  const found = new Map<string, { id: string; most: number; count: number }>()
  for (const [key, { items }] of Object.entries(state.mapped)) {
    const { task, group } = tasks[Number(key)] as Plan['tasks'][number]
    const most = group?.map.concurrency ?? task.map?.concurrency
    const count = items.split('q').length - 1
    if (most === undefined || count === 0) continue
    const id = group?.id ?? (ids[Number(key)] as string)
    found.set(id, { id, most, count: count + (found.get(id)?.count ?? 0) })
  }
  return [...found.values()]
}

/** `signal`: the name that it waits for, its placeholders filled in. */
function waitReason(name: string, wait: DagWait, signal: string | undefined, run: string, { id }: Actor): Reason {
  const what = {
    signal: `the signal "${signal}"`,
    callback: 'a callback',
    time: 'a time',
    run: wait.dag === undefined ? 'the run that it names' : `a run of "${wait.dag}"`,
  }
  return {
    code: 'wait',
    text: `"${name}" waits for ${what[kindOf(wait)]} (${shortId(run)})`,
    runs: [run],
    command: signal === undefined ? `mainspring explain ${shortId(run)}` : `mainspring signal ${shortId(id)} ${signal}`,
  }
}

function waits({ tasks, mapped }: DagState, n: number): boolean {
  return (mapped[n]?.items ?? (tasks[n] as string)).includes('q')
}

/** Who has the places of its DAG, and how many go before it. */
function placeReason(actor: Actor, { queuedAt }: DagState, newest: DagSpec | undefined, timeline: TimelineState | null): Reason {
  const entry = timeline === null ? null : entryOf(timeline, actor.id)
  if (timeline === null || entry === null)
    return { code: 'max-active-runs', text: 'it has asked for its place among the runs of its DAG', since: queuedAt as number }
  const holders = holdersFor(timeline, entry).map(({ run }) => run)
  const before = timeline.entries.slice(0, timeline.entries.indexOf(entry)).filter(({ active }) => !active).length
  const text = `${holders.length} of ${newest?.maxActiveRuns ?? holders.length} runs of "${actor.name}" are active (maxActiveRuns): ${named(holders)}; of those that wait ${before === 0 ? 'it is the first' : `${before} go before it`}`
  return { code: 'max-active-runs', text, runs: holders.slice(0, TOLD_MAX), since: queuedAt as number }
}

/** Which run's tasks it waits for. */
function pastReason(actor: Actor, held: readonly string[], timeline: TimelineState | null): Reason {
  const entry = timeline === null ? null : entryOf(timeline, actor.id)
  const before =
    timeline === null || entry === null ? [] : runsBefore(timeline, entry.for).filter(({ open }) => held.some(task => open.includes(task)))
  const runs = before.map(({ run }) => run)
  const isOver = before.length > 0 && before.every(({ run }) => entryOf(timeline as TimelineState, run) === null)
  const which = runs.length === 0 ? 'the run before it' : `${named(runs)}, the run before it,`
  const way = isOver ? ' has closed without: run them again there' : ' is at work'
  const tasks = `${held
    .slice(0, TOLD_MAX)
    .map(task => `"${task}"`)
    .join(', ')}${held.length > TOLD_MAX ? ' …' : ''}`
  const command =
    runs[0] === undefined ? {} : { command: isOver ? `mainspring dag rerun ${shortId(runs[0])}` : `mainspring explain ${shortId(runs[0])}` }
  return {
    code: 'depends-on-past',
    text: `${tasks} wait${held.length === 1 ? 's' : ''} for the same of ${which} to pass; that${way}`,
    runs,
    ...command,
  }
}

function named(runs: readonly string[]): string {
  return `${runs.slice(0, TOLD_MAX).map(shortId).join(', ')}${runs.length > TOLD_MAX ? ' …' : ''}`
}
