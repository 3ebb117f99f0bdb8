import type { ActorId } from '../../core/ids.ts'
import type { Context, Message } from '../../core/machine.ts'
import type { TimelineInput } from '../timeline/types.ts'
import { intervalOf } from './input.ts'
import type { Plan } from './plan.ts'
import { type DagState, LETTERS } from './types.ts'

/** What a run says to the timeline of its DAG (machines/timeline). */

/** It asks for its place. What a backfill starts is counted by its backfill. */
export function enterMessage(plan: Plan, state: DagState, { self }: Context): Message {
  const { trigger, definition } = state.started
  const free = trigger?.is === 'schedule' && trigger.source === 'backfill'
  const tasks = namesOf(plan, openPast(plan, state))
  return {
    ...tell(state, { is: 'enter', run: self, for: intervalOf(state.started).nominalAt, free, tasks }),
    creates: { kind: 'timeline', name: definition },
  }
}

export function leaveMessage(plan: Plan, state: DagState, { self }: Context): Message {
  return tell(state, { is: 'leave', run: self, tasks: namesOf(plan, openPast(plan, state)) })
}

/** What has passed since. */
export function passMessages(plan: Plan, before: DagState, after: DagState, { self }: Context): Message[] {
  const passed = openPast(plan, before).filter(n => hasPassed(plan, after, n))
  return passed.length === 0 ? [] : [tell(after, { is: 'pass', run: self, tasks: namesOf(plan, passed) })]
}

export function confirmMessage(state: DagState, n: number, { self }: Context): Message {
  return tell(state, { is: 'confirm', run: self, n })
}

export function idleMessage(state: DagState, idle: boolean, { self }: Context): Message {
  return tell(state, { is: 'idle', run: self, idle })
}

function tell({ started }: DagState, input: TimelineInput): Message & { is: 'tell' } {
  return { is: 'tell', to: started.timeline as ActorId, input }
}

function namesOf(plan: Plan, tasks: readonly number[]): string[] {
  return tasks.map(n => plan.ids[n] as string)
}

/** Those for which the same tasks of the run after it wait. */
function openPast(plan: Plan, state: DagState): number[] {
  return plan.past.filter(n => !hasPassed(plan, state, n))
}

/** It, and where it says so those right after it, have succeeded or were skipped (Airflow 3: `depends_on_past`, `wait_for_downstream`). */
function hasPassed(plan: Plan, state: DagState, n: number): boolean {
  if (!isGood(state, n)) return false
  return !plan.tasks[n]?.task.waitForDownstream || (plan.downstream[n] as number[]).every(other => isGood(state, other))
}

function isGood(state: DagState, n: number): boolean {
  const letters = state.mapped[n]?.items ?? (state.tasks[n] as string)
  return [...letters].every(letter => letter === LETTERS.success || letter === LETTERS.skipped)
}

const heldSets = new WeakMap<object, ReadonlySet<string>>()

/** It waits for the run before this one. */
export function isHeld(plan: Plan, { place }: DagState, n: number): boolean {
  if (place === undefined || place.held.length === 0) return false
  const { id, task } = plan.tasks[n] as Plan['tasks'][number]
  if (!task.dependsOnPast && !task.waitForDownstream) return false
  let held = heldSets.get(place)
  if (held === undefined) {
    held = new Set(place.held)
    heldSets.set(place, held)
  }
  return held.has(id)
}
