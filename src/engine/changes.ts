import { UserError } from '../core/errors.ts'
import { slotOf } from '../core/ids.ts'
import type { GateKeys } from '../core/limits.ts'
import type { Decision, RunChange } from '../core/machine.ts'
import type { HistoryEvent, Payload } from '../core/run.ts'
import type { Actor } from './actor.ts'
import type { Command } from './face.ts'
import { homeOf } from './homes.ts'
import type { Gating } from './limits/gating.ts'
import { areTogether } from './shares.ts'
import type { Transaction } from './work.ts'

/** What a person changes of a run that waits. @throws UserError `run-begun`, `run-closed` */
export function changeRun(transaction: Transaction, actor: Actor, change: RunChange, { id, by, why }: Command, gating: Gating, call: object): void {
  if (actor.kind === 'batch')
    throw new UserError(actor.closed ? 'run-closed' : 'run-begun', { found: actor.id, hint: 'it is a batch: change its jobs' })
  if (actor.stuck !== undefined) throw new UserError('run-begun', { found: actor.id, hint: 'it is stuck: resume it first' })
  const { namespace, name } = actor
  const { queue = actor.queue, input = actor.input } = change
  const moves = change.queue !== undefined || change.input !== undefined
  const gate = moves ? gateFor(actor, { namespace, definition: name, queue, input }, gating, call) : undefined
  refuseElsewhere(actor, gate, transaction)
  const decision = transaction.apply(actor, {
    is: 'change',
    command: id,
    by,
    why: why ?? null,
    change: gate === undefined ? change : { ...change, gate },
  } as { is: string })
  refuse(actor, decision, change.due === undefined ? '' : 'a parked run is due once it is resumed')
}

/** A sequence is one line in one place (E9), and a run stays where it is. */
function refuseElsewhere(actor: Actor, gate: GateKeys | null | undefined, { shares }: Transaction): void {
  const { namespace, name, id, view } = actor
  if (!shares || gate?.sequence === undefined || gate.sequence === view.options.gate?.sequence) return
  const home = homeOf(namespace, name, gate.sequence, null) as number
  if (!areTogether(home, slotOf(id)))
    throw new UserError('invalid-option', { at: '/input', hint: 'it would be in another sequence: cancel it, and start it with this input' })
}

/** A parked run goes on, or a stuck one takes again what it choked on. @throws UserError `not-stuck`, `run-closed` */
export function resumeRun(transaction: Transaction, actor: Actor, { id, by, why, version }: Command & { version?: string }): void {
  if (actor.stuck !== undefined) return transaction.resume(actor)
  if (actor.kind === 'batch') throw new UserError('not-stuck', { found: actor.id, hint: 'it is a batch: mainspring batch resume' })
  if (version !== undefined && actor.kind !== 'workflow')
    throw new UserError('not-a-workflow', {
      title: 'Only a workflow goes on with a version of its code.',
      found: actor.id,
      hint: `it is a ${actor.kind}`,
    })
  const input = { is: 'resume', command: id, by, why: why ?? null, ...(version === undefined ? {} : { version }) }
  refuse(actor, transaction.apply(actor, input), '')
}

function refuse(actor: Actor, decision: Decision<HistoryEvent> | null, hint: string): void {
  const reply = decision?.replies?.[0]?.reply
  if (reply === undefined || reply.ok) return
  const { state, reason } = actor.view
  const is = `it is ${state}${reason === null ? '' : ` (${reason})`}`
  throw new UserError(reply.code as UserError['code'], { found: actor.id, hint: reason === 'parked' && hint !== '' ? `${is}; ${hint}` : is })
}

interface GateAsked {
  namespace: string
  definition: string
  queue: string | undefined
  input: Payload | null
}

/** What gates it after a change: it keeps its place in a sequence that it stays in, and in any where its turn has begun. Undefined: nothing, as before. */
export function gateFor(actor: Actor, asked: GateAsked, gating: Gating, call: object = {}): GateKeys | null | undefined {
  const gate = keysFor(actor, asked, gating, call)
  const { dag, since } = actor.view.options.gate ?? {}
  // A retry is ready when a person says so, whenever the run of its DAG began.
  return dag === undefined ? gate : { ...gate, dag, ...(since !== undefined && !actor.closed && { since }) }
}

function keysFor(actor: Actor, asked: GateAsked, gating: Gating, call: object): GateKeys | null | undefined {
  const before = actor.view.options.gate
  const gate = gating.of(asked.namespace, asked.definition, asked.queue, asked.input)
  if (!actor.closed && actor.view.startedAt !== null && before?.sequence !== undefined)
    return { ...gate, sequence: before.sequence, ...(before.place === undefined ? {} : { place: before.place }) }
  if (gate === null) return before === undefined ? undefined : null
  if (gate.sequence === undefined) return gate
  const place =
    before?.sequence === gate.sequence && before.place !== undefined
      ? before.place
      : gating.place(asked.namespace, asked.definition, gate.sequence, call, actor.lastAt)
  return { ...gate, place }
}
