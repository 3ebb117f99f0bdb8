import type { ActorId } from '../../core/ids.ts'
import type { Context, Message } from '../../core/machine.ts'
import type { Payload } from '../../core/run.ts'
import type { MemoInput } from '../memo/types.ts'
import { inputOf, itemFacts } from './input.ts'
import { placeOf } from './letters.ts'
import type { Plan } from './plan.ts'
import { CACHE_HITS_MAX, CACHE_KEY_LENGTH_MAX, type DagCache } from './spec.ts'
import type { Tally } from './tally.ts'
import { fill } from './template.ts'
import type { DagState, Reference } from './types.ts'

/** Of a task whose results are kept (machines/memo), from when it is asked for until it has ended. */
export interface Memo {
  readonly key: string
  /** It has asked for what is kept, and its run does not begin before it is answered. */
  readonly looking?: true
}

/** Null: its results are not kept. Who runs tasks again wants them to run. */
export function memoOf(plan: Plan, tally: Tally, state: DagState, ref: Reference, context: Context): Memo | null {
  const { n } = placeOf(state, ref)
  const { task } = plan.tasks[n] as Plan['tasks'][number]
  if (task.cache === undefined || context.memo === undefined) return null
  const key = keyOf(task.cache, plan, tally, state, ref, context)
  const looks = !state.isAnew && (state.hits?.length ?? 0) < CACHE_HITS_MAX
  return looks ? { key, looking: true } : { key }
}

/** By default what it is started with is its key. A long one is known by its digest. */
function keyOf({ key }: DagCache, plan: Plan, tally: Tally, state: DagState, ref: Reference, context: Context): string {
  const value = key === undefined ? (inputOf(plan, tally, state, ref, context) ?? 'null') : fill(key, itemFacts(plan, tally, state, ref, context))
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length <= CACHE_KEY_LENGTH_MAX ? text : `sha256:${context.digest?.(text)}`
}

export function lookMessage(plan: Plan, state: DagState, ref: Reference, { key }: Memo, context: Context): Message {
  const { n } = placeOf(state, ref)
  const ttlMs = plan.tasks[n]?.task.cache?.ttlMs
  return told(plan, state, ref, { is: 'look', run: context.self, ref, key, ...(ttlMs !== undefined && { ttlMs }) }, context)
}

/** Nobody says it again, and the look may: what is lost of it is done once more. */
export function keepMessage(
  plan: Plan,
  state: DagState,
  ref: Reference,
  { key }: Memo,
  kept: { run: string; output?: Payload },
  context: Context,
): Message {
  return { ...told(plan, state, ref, { is: 'keep', key, ...kept }, context), kept: true }
}

function told(plan: Plan, state: DagState, ref: Reference, input: MemoInput, context: Context): Message & { is: 'tell' } {
  const { id } = plan.tasks[placeOf(state, ref).n] as Plan['tasks'][number]
  const name = `${state.started.definition}.${id}`
  return { is: 'tell', to: (context.memo as (task: string) => ActorId)(id), input, creates: { kind: 'memo', name } }
}
