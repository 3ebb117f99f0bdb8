import type { Context, Message } from '../../core/machine.ts'
import { planOf } from '../dag/plan.ts'
import type { DagSpec } from '../dag/spec.ts'
import type { Standing, StandingInput } from '../wait/types.ts'
import { RESEND_MS } from './resend.ts'
import type { KnownRun, RunOfTimeInput, TimelineEvent, TimelineState, WatchedInput, Watcher, WatchInput } from './types.ts'
import { isUnanswered, isUnheard, runFor, runOf } from './watch-state.ts'

/** Tasks of other DAGs that wait for a run of this one at a time. */
const WATCHERS_MAX = 10_000
/** Tasks of a run that are watched at once; those of further ones are told with its end. */
const WATCHED_TASKS_MAX = 1_000
/** Who is told in one transition (E8): with more to tell it goes on at once. */
const TOLD_MAX = 400

const INPUTS = ['opened', 'ended', 'tasks', 'await', 'unawait', 'heard'] as const

export function isOfWatching(input: { is: string }): input is RunOfTimeInput | WatchInput {
  return (INPUTS as readonly string[]).includes(input.is)
}

/**
 * Who waits for a run of the DAG by the time that it is for, and how the newest run for each time stands: what a watcher waits for is judged by itself
 * (machines/wait), it hears of each change. What it hears it confirms, else it is told again; of a run that is not there yet it hears once there is one.
 */
export function watchEvents(state: TimelineState, input: RunOfTimeInput | WatchInput, { now: at }: Context): TimelineEvent[] {
  const { watchers = [] } = state
  const watcher = watchers.find(({ run }) => run === input.run)
  switch (input.is) {
    case 'opened':
      return runOf(state, input.run) === null ? [{ at, ...input }] : []
    case 'ended':
      return runOf(state, input.run)?.state == null ? [{ at, ...input }] : []
    case 'tasks':
      return runOf(state, input.run)?.state === null ? [{ at, ...input }] : []
    case 'await':
      return watcher !== undefined || watchers.length >= WATCHERS_MAX ? [] : [{ ...input, at, is: 'awaited' }]
    case 'unawait':
      return watcher === undefined ? [] : [{ at, is: 'unawaited', run: input.run }]
    case 'heard':
      return watcher === undefined || watcher.confirmed >= input.n ? [] : [{ at, ...input }]
  }
}

/** One more than may wait is told so. */
export function refusalMessages({ watchers = [] }: TimelineState, input: { is: string; run?: string }): Message[] {
  if (input.is !== 'await' || watchers.length < WATCHERS_MAX || watchers.some(({ run }) => run === input.run)) return []
  const refused: StandingInput = { is: 'standing', n: 1, standing: null, refused: `${WATCHERS_MAX} tasks wait for runs of this DAG already` }
  return [{ is: 'tell', to: input.run as string, input: refused }]
}

/** Who is to hear something now. */
export function watchTells(state: TimelineState, context: Context): { events: TimelineEvent[]; messages: Message[] } {
  const { now: at } = context
  const { watchers = [], runs = [] } = state
  const due = watchers.filter(({ dueAt }) => dueAt !== null && dueAt <= at).slice(0, TOLD_MAX)
  const late = watchers.filter(one => isUnheard(one) && one.toldAt + RESEND_MS <= at).slice(0, TOLD_MAX - due.length)
  const events: TimelineEvent[] = []
  const messages: Message[] = []
  if (due.length > 0) events.push({ is: 'spread', at, runs: due.map(({ run }) => run) })
  if (late.length > 0) events.push({ is: 'spread', at, runs: late.map(({ run }) => run), again: true })
  for (const watcher of due) messages.push(standingMessage(state, watcher, watcher.told + 1, context))
  for (const watcher of late) messages.push(standingMessage(state, watcher, watcher.told, context))
  const wanted = Map.groupBy(
    watchers.filter(({ tasks }) => tasks.length > 0),
    watcher => watcher.for,
  )
  for (const run of runs) {
    if (run.state !== null || (!wanted.has(run.for) && !isUnanswered(run))) continue
    const tasks = wantedOf(run, wanted.get(run.for) ?? [])
    const isNew = tasks.length > (run.watch?.tasks.length ?? 0)
    const isLate = isUnanswered(run) && (run.watch as NonNullable<KnownRun['watch']>).at + RESEND_MS <= at
    if (!isNew && !isLate) continue
    // Whoever is left is looked at when the timeline is told something next, or what was told late is said again.
    if (messages.length >= 2 * TOLD_MAX) break
    const asked = isNew ? tasks : (run.watch?.tasks as readonly string[])
    events.push({ is: 'watched', at, run: run.run, tasks: asked })
    const input: WatchedInput = { is: 'watch', tasks: asked }
    messages.push({ is: 'tell', to: run.run, input })
  }
  return { events, messages }
}

/** Tasks of it that it has been asked for, and further ones that somebody waits for. */
function wantedOf({ watch }: KnownRun, watchers: readonly Watcher[]): readonly string[] {
  const wanted = watchers.flatMap(({ tasks }) => tasks)
  return [...new Set([...(watch?.tasks ?? []), ...wanted])].slice(0, WATCHED_TASKS_MAX)
}

function standingMessage(state: TimelineState, { run: to, for: time, tasks }: Watcher, n: number, context: Context): Message {
  const run = runFor(state, time)
  const standing: Standing | null =
    run === null ? null : { run: run.run, state: run.state, tasks: Object.fromEntries(tasks.map(task => [task, standingOf(run, task, context)])) }
  const input: StandingInput = { is: 'standing', n, standing }
  return { is: 'tell', to, input }
}

function standingOf({ state, tasks, others, more, version }: KnownRun, task: string, context: Context): Standing['tasks'][string] {
  if (state === null || tasks?.[task] === 'unknown') return tasks?.[task] ?? null
  const other = others?.[task]
  if (other !== undefined) return other
  const spec = context.definition?.(version) as DagSpec | undefined
  if (spec !== undefined && !planOf(spec).numbers.has(task)) return 'unknown'
  // Not all that did not succeed are named.
  return more && tasks?.[task] !== 'success' ? 'failed' : 'success'
}
