import { callRunId, slotOf } from '../core/ids.ts'
import { type Decision, isRun } from '../core/machine.ts'
import type { HistoryEvent, HookEvent } from '../core/run.ts'
import type { Actor } from './actor.ts'
import type { Definitions, Registered } from './definitions.ts'
import type { DefinitionRules } from './face.ts'
import { begin, planFor } from './starts.ts'
import type { World } from './transition.ts'
import type { Transaction } from './work.ts'

/** The built-in definition that sends webhooks; the http executor serves it. Without one its runs are queued, and explain says that nobody serves them. */
const WEBHOOK = 'mainspring.webhook'

/**
 * Tells a definition's `onFailure` of a run that failed, was parked, or was made good: a run that is born in the batch of the event, so that one is never
 * without the other. Asked when it happens, so a change of the hook is in force at once.
 */
export function tellHook(actor: Actor, decision: Decision<HistoryEvent>, transaction: Transaction, definitions: Definitions, world: World): void {
  const event = hookEventOf(actor, decision)
  if (event === null || actor.view.trigger.is === 'hook') return
  const hook = definitions.get(actor.namespace, actor.name)?.options.onFailure
  if (hook === undefined) return
  const definition = definitionOf(actor.namespace, hook, definitions)
  if (definition === null) return unknown(actor, hook, world)
  const run = callRunId(`${actor.id}:hook:${actor.sequence}`, 0, slotOf(actor.id))
  const order = { definition: definition.name, input: inputOf(actor, event), options: {}, trigger: { is: 'hook' as const, run: actor.id, event } }
  // It is started once for each event, whatever its own definition says of starts that are alike, or in line.
  const { gate, ...start } = planFor(actor.namespace, run, definition, order, definitions.gating)
  const planned = { ...start, key: null, unique: null, gather: null, gate: gate?.keys === undefined ? null : { keys: gate.keys } }
  begin(actor.namespace, planned, { by: null }, transaction, world)
}

/** What happened, in the words of hooks; null: nothing that they are told of. */
export function hookEventOf(actor: Actor, { outcome, events }: Decision<HistoryEvent>): HookEvent | null {
  // A batch has no definition; its callbacks tell of its end.
  if (!isRun(actor.kind) || actor.kind === 'batch') return null
  if (outcome === undefined) return events.some(({ is }) => is === 'parked') ? 'parked' : null
  if (outcome.state === 'failed' || outcome.state === 'timed_out') return 'failed'
  if (outcome.state !== 'completed') return null
  const { trigger, resumed } = actor.view
  const isRepeat = trigger.is === 'retry' && (trigger.after === 'failed' || trigger.after === 'timed_out')
  return resumed === true || isRepeat ? 'recovered' : null
}

function definitionOf(namespace: string, hook: NonNullable<DefinitionRules['onFailure']>, definitions: Definitions): Registered | null {
  if ('job' in hook) return definitions.get(namespace, hook.job) ?? null
  return definitions.get(namespace, WEBHOOK) ?? webhook(namespace)
}

/** As the executor registers it once it is there. */
function webhook(namespace: string): Registered {
  const options = { queue: 'http' }
  const spec = { kind: 'job' as const, name: WEBHOOK, version: '', options, schema: null }
  return { ...spec, namespace, registeredAt: 0, versions: new Map(), declared: options, override: null, set: {} }
}

function inputOf({ id, name, view, lastAt, tags }: Actor, event: HookEvent): string {
  const { state, reason, failure, attempt } = view
  return JSON.stringify({ event, run: id, definition: name, state, reason, failure, attempt, at: new Date(lastAt).toISOString(), tags })
}

const logged = new WeakSet<object>()

/** Once for each time that the hook was registered: the run itself has ended as it should. */
function unknown(actor: Actor, hook: NonNullable<DefinitionRules['onFailure']>, world: World): void {
  if (logged.has(hook)) return
  logged.add(hook)
  world.log('warn', 'nobody registered the job that is to be told of failures', {
    namespace: actor.namespace,
    definition: actor.name,
    job: 'job' in hook ? hook.job : WEBHOOK,
    run: actor.id,
  })
}
