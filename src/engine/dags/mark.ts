import { editDistance } from '../../core/edit-distance.ts'
import { UserError } from '../../core/errors.ts'
import type { Payload } from '../../core/run.ts'
import type { MarkInput } from '../../machines/dag/types.ts'
import type { Actor } from '../actor.ts'
import type { Definitions } from '../definitions.ts'
import type { Command } from '../face.ts'
import type { Transaction } from '../work.ts'
import type { TaskMark } from './face.ts'
import { planned } from './tasks.ts'

/** @throws UserError `not-a-dag`, `run-closed`, `unknown-task`, `task-ended`, `payload-too-large` */
export function markTask(
  transaction: Transaction,
  actor: Actor,
  { task, item, as, output }: TaskMark,
  { id, by, why }: Command,
  definitions: Definitions,
): void {
  const { plan, state } = planned(actor, definitions)
  const n = plan.numbers.get(task)
  if (n === undefined) throw unknownTask(task, plan.ids)
  if (output !== undefined && as !== 'success')
    throw new UserError('invalid-option', { at: '/output', hint: `a task that is marked ${as} gives nothing: leave it out, or mark it success` })
  const items = state.mapped[n]?.items.length
  if (item !== undefined && (items === undefined || item >= items))
    throw new UserError('unknown-task', {
      at: '/item',
      found: item,
      hint: items === undefined ? `"${task}" has no items (yet)` : `"${task}" has ${items} items`,
    })
  if (output !== undefined && items !== undefined && item === undefined)
    throw new UserError('invalid-option', { at: '/output', hint: `"${task}" has ${items} items: say of which \`item\` this is the output` })
  const input: MarkInput = { is: 'mark', command: id, by, why: why ?? null, n, as, ...(item !== undefined && { item }), ...given(as, output) }
  const decision = transaction.apply(actor, input)
  if (decision === null) throw new UserError('unavailable', { found: actor.id, retryAfter: 60, hint: 'the run is stuck: resume it first' })
  const reply = decision.replies?.[0]?.reply
  if (reply === undefined || reply.ok) return
  if (reply.code === 'run-closed')
    throw new UserError('run-closed', { found: actor.id, hint: `it is ${actor.view.state}: run the task again in a new run, and mark it there` })
  if (reply.code === 'outputs-too-large')
    throw new UserError('payload-too-large', { at: '/output', hint: 'with it the run would keep more than 4 MiB of outputs: give an address of it' })
  throw new UserError('task-ended', { found: task, hint: 'how it ended stays; once the run is closed it may run again in a new one' })
}

function given(as: TaskMark['as'], output: Payload | undefined): { output?: Payload } {
  return as === 'success' ? { output: output ?? 'null' } : {}
}

export function unknownTask(task: string, ids: readonly string[], at = '/path/name'): UserError {
  const near = ids
    .slice(0, LOOKED_AT_MAX)
    .map(id => ({ id, distance: editDistance(task, id) }))
    .sort((a, b) => a.distance - b.distance)[0]
  return new UserError('unknown-task', { at, found: task, hint: `did you mean "${near?.id}"?` })
}
const LOOKED_AT_MAX = 1_000
