import type { ActorId } from '../../core/ids.ts'
import type { Context, Message } from '../../core/machine.ts'
import { type ClosedState, nominalTimeOf, type Trigger } from '../../core/run.ts'
import type { RunOfTimeInput, TaskStandings } from '../timeline/types.ts'
import { intervalOf } from './input.ts'
import type { Plan } from './plan.ts'
import type { TaskEnding } from './rules.ts'
import { type DagState, LETTERS, type Started } from './types.ts'

/** What a run that is for a time says to the timeline of its DAG, so that runs of other DAGs can wait for it (machines/wait). */

/** Tasks that did not succeed and are told of with the end of their run. */
const TOLD_MAX = 100

/** It is for a time: a schedule has started it, or it goes on where such a one has ended. What a DAG starts as its task is waited for there. */
export function isForTime(trigger: Trigger): boolean {
  return trigger.is !== 'dag' && nominalTimeOf(trigger) !== null
}

/** Who is told of what a run does; null: nobody. */
export function registryOf(started: Pick<Started, 'timeline' | 'registry'> | undefined): ActorId | null {
  return started?.timeline ?? started?.registry ?? null
}

export function openedMessages(state: DagState, { self }: Context): Message[] {
  const { registry, definition } = state.started
  if (registry === undefined) return []
  const input: RunOfTimeInput = { is: 'opened', run: self, for: intervalOf(state.started).nominalAt }
  return [{ is: 'tell', to: registry, input, creates: { kind: 'timeline', name: definition }, kept: true }]
}

/** Of one that has closed before it was due nobody has heard. */
export function endedMessages(plan: Plan, state: DagState, is: ClosedState, { self }: Context): Message[] {
  const { registry, definition, version } = state.started
  if (registry === undefined || (!state.isDue && state.queuedAt === undefined)) return []
  const others: [string, TaskEnding][] = []
  let more = false
  for (const [n, id] of plan.ids.entries()) {
    const ending = endingOf(state, n)
    if (ending === null || ending === 'success') continue
    if (others.length === TOLD_MAX) more = true
    else others.push([id, ending])
  }
  const input: RunOfTimeInput = {
    ...{ is: 'ended', run: self, for: intervalOf(state.started).nominalAt, state: is, version },
    ...(others.length > 0 && { others: Object.fromEntries(others) }),
    ...(more && { more }),
  }
  return [{ is: 'tell', to: registry, input, creates: { kind: 'timeline', name: definition }, kept: true }]
}

/** Tasks that somebody waits for and that have ended since. */
export function taskMessages(plan: Plan, before: DagState, after: DagState, context: Context): Message[] {
  const ended = (after.watched ?? []).filter(id => {
    const n = plan.numbers.get(id)
    if (n === undefined || (before.tasks[n] === after.tasks[n] && before.mapped[n] === after.mapped[n])) return false
    return endingOf(before, n) === null && endingOf(after, n) !== null
  })
  return ended.length === 0 ? [] : [tasksMessage(plan, after, ended, context)]
}

/** How these tasks stand. */
export function tasksMessage(plan: Plan, state: DagState, ids: readonly string[], { self }: Context): Message {
  const standings = ids.map((id): [string, TaskStandings[string]] => {
    const n = plan.numbers.get(id)
    return [id, n === undefined ? 'unknown' : endingOf(state, n)]
  })
  const input: RunOfTimeInput = { is: 'tasks', run: self, tasks: Object.fromEntries(standings) }
  return { is: 'tell', to: state.started.registry as ActorId, input, kept: true }
}

/** Of a mapped task all items together: as bad as the worst of them, skipped where all are. Null: it has not ended. */
function endingOf(state: DagState, n: number): TaskEnding | null {
  const letters = state.mapped[n]?.items ?? (state.tasks[n] as string)
  if (/[.qarm]/.test(letters)) return null
  for (const ending of ['failed', 'upstream_failed', 'removed', 'success'] as const) if (letters.includes(LETTERS[ending])) return ending
  return 'skipped'
}
