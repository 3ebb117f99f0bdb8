import { createHash, randomBytes } from 'node:crypto'
import { ORDERS_PER_TRANSITION_MAX } from '../core/bounds.ts'
import { InvariantError, invariant, UserError } from '../core/errors.ts'
import { newId, type Random, slotOf } from '../core/ids.ts'
import type { Context, Decision, RunKind, StartOrder } from '../core/machine.ts'
import type { HistoryEvent } from '../core/run.ts'
import type { Actor } from './actor.ts'
import { assetId } from './assets/ids.ts'
import type { Clock } from './clock.ts'
import { memoId } from './dags/memo.ts'
import { timelineId } from './dags/timeline.ts'

export interface World {
  clock: Clock
  random: Random
  /** How long what has closed in a namespace is kept, unless its own options say otherwise. */
  retentionMs: (namespace: string) => number
  log: (level: 'debug' | 'info' | 'warn' | 'error', message: string, facts: Record<string, unknown>) => void
  /** Where a start lives by its sequence or its key (E9); null: where it is asked for. */
  home(namespace: string, order: StartOrder): number | null
  /** What a version of a definition says, where that is data; by default the newest. */
  definition?(namespace: string, name: string, version?: string): unknown
  kind?(namespace: string, name: string): RunKind | undefined
  /** What nobody can guess; by default of the system. */
  secret?: () => string
  /** The version of its definition that a run is to go on with; null: any. */
  version?(namespace: string, definition: string, run: string): string | null
}

/**
 * One input to one actor: decide, evolve, and what follows for its timers and orders. Nothing leaves here; the lane makes it durable.
 * A throw of the machine is a transition too: the input is kept, the actor is stuck (E14). Null: the actor is stuck and takes no input but `resume`, `cancel` and `terminate`.
 */
export function transition(actor: Actor, input: { is: string }, world: World): Decision<HistoryEvent> | null {
  if (actor.stuck !== undefined && input.is !== 'terminate' && input.is !== 'cancel') return null
  const context = contextOf(world, actor)
  let decision: Decision<HistoryEvent>
  const before = { state: actor.state, length: actor.events.length }
  try {
    decision = actor.machine.decide(actor.state, input, context)
    invariant((decision.tasks?.length ?? 0) + (decision.messages?.length ?? 0) <= ORDERS_PER_TRANSITION_MAX, 'a transition is bounded (E8)', {
      run: actor.id,
    })
    actor.push(decision.events, decision.state)
  } catch (error) {
    // A start: there is nothing that could be stuck. The lane throws away what its work had begun.
    if (before.state === null) throw error
    actor.rewind(before.state, before.length)
    // A closed actor never changes: what came late and cannot even be refused is dropped.
    if (actor.closed) {
      world.log('error', 'the machine of a closed run threw', { run: actor.id, input: input.is, why: String(error) })
      return null
    }
    // Stuck already: the input that is kept stays that one, and a command that the machine chokes on as well is refused.
    if (actor.stuck !== undefined)
      throw new UserError('internal', { hint: 'its machine throws on this too: terminate it, or resume it once that is mended' })
    stick(actor, input, error, context.now, world)
    return null
  }
  apply(actor, decision, context.now, world)
  return decision
}

/** One for all transitions of a world, which are one after the other: most of what one takes were made anew for each otherwise. No machine keeps it. */
const contexts = new WeakMap<World, { context: Context; of(actor: Actor): void }>()

function contextOf(world: World, actor: Actor): Context {
  const known = contexts.get(world) ?? newContext(world)
  contexts.set(world, known)
  known.of(actor)
  return known.context
}

function newContext(world: World): { context: Context; of(actor: Actor): void } {
  let actor: Actor
  const context: { -readonly [Key in keyof Context]: Context[Key] } = {
    self: '',
    name: '',
    now: 0,
    random: world.random,
    id: () => newId(world.clock.now(), world.random),
    home: order => world.home(actor.namespace, order) ?? slotOf(actor.id),
    definition: version => world.definition?.(actor.namespace, actor.name, version),
    timeline: (definition = actor.name) => timelineId(actor.namespace, definition),
    secret: () => world.secret?.() ?? randomBytes(24).toString('base64url'),
    asset: name => assetId(actor.namespace, name),
    memo: task => memoId(actor.namespace, actor.name, task),
    digest: text => createHash('sha256').update(text).digest('base64url'),
    kind: definition => world.kind?.(actor.namespace, definition),
    version: definition => world.version?.(actor.namespace, definition, actor.id) ?? null,
  }
  return {
    context,
    of(next) {
      actor = next
      context.self = next.id
      context.name = next.name
      context.now = Math.max(world.clock.now(), next.lastAt)
    },
  }
}

function apply(actor: Actor, decision: Decision<HistoryEvent>, now: number, world: World): void {
  if (decision.withdraw !== undefined) actor.order = null
  if (decision.tasks !== undefined) actor.order = decision.tasks[0] ?? null
  if (decision.wakeAt !== undefined) actor.wakeAt = decision.wakeAt
  if (decision.outcome !== undefined) {
    invariant(actor.outcome === null, 'a run closes once', { run: actor.id })
    actor.outcome = decision.outcome
    actor.closedAt = now
    actor.wakeAt = null
    actor.order = null
    actor.stuck = undefined
    actor.retentionMs = actor.machine.view(actor.state).options.retentionMs ?? world.retentionMs(actor.namespace)
  }
}

/** What a stuck actor is to take again: the input that it choked on. Null: a delivery, whose task never left and waits in its queue again. */
export function unstick(actor: Actor): { is: string } | null {
  const { input } = actor.stuck as { input: { is: string } }
  actor.stuck = undefined
  const pending = actor.machine.pending(actor.state)
  actor.wakeAt = pending.wakeAt
  actor.order = pending.ready[0] ?? null
  return input.is === 'deliver' ? null : input
}

function stick(actor: Actor, input: { is: string }, error: unknown, at: number, world: World): void {
  const why = error instanceof Error ? error.message : String(error)
  world.log('error', 'a run is stuck: its machine threw', {
    run: actor.id,
    input: input.is,
    why,
    ...(error instanceof InvariantError ? error.facts : {}),
  })
  actor.stuck = { input, why, at }
  actor.wakeAt = null
}
