import { callRunId, slotOf } from '../core/ids.ts'
import { type Decision, isRun } from '../core/machine.ts'
import { type Notification, notificationsOf } from '../core/options.ts'
import { type HistoryEvent, HOOK_EVENT_OF, type HookEvent } from '../core/run.ts'
import { missedDeadlines } from '../machines/dag/deadlines.ts'
import { planOf } from '../machines/dag/plan.ts'
import type { DagSpec } from '../machines/dag/spec.ts'
import { type DagState, LETTERS } from '../machines/dag/types.ts'
import type { Actor } from './actor.ts'
import type { Definitions, Registered } from './definitions.ts'
import { begin, planFor } from './starts.ts'
import type { World } from './transition.ts'
import type { Transaction } from './work.ts'

/**
 * Built-in definitions that tell people; executors serve them (src/executors). Without one its runs are queued, and explain says that nobody serves them. The
 * address is looked up when it is sent: it is in no run, and a new one is in force at once.
 */
const WEBHOOK = { name: 'mainspring.webhook', queue: 'http' }
const EMAIL = { name: 'mainspring.email', queue: 'email' }

/** Something that happened to a run: what it is called, the word that says most first. */
interface Moment {
  events: readonly HookEvent[]
  facts?: object
}

/**
 * Tells whom a definition's `onFailure` and `notify` name of what becomes of a run, each by a run that is born in the batch of the event, so that one is never
 * without the other. Asked when it happens, so a change of them is in force at once.
 */
export function notify(actor: Actor, decision: Decision<HistoryEvent>, transaction: Transaction, definitions: Definitions, world: World): void {
  // A batch has no definition; its callbacks tell of its end.
  if (!isRun(actor.kind) || actor.kind === 'batch') return
  const options = definitions.get(actor.namespace, actor.name)?.options
  if (options === undefined || (options.onFailure === undefined && options.notify === undefined)) return
  const moments = momentsOf(actor, decision, world)
  if (moments.length === 0 || actor.view.trigger.is === 'hook') return
  let told = 0
  for (const { n, notification } of notificationsOf(options))
    for (const { events, facts } of moments) {
      const event = events.find(one => notification.on.includes(one))
      if (event === undefined) continue
      const definition = definitionOf(actor.namespace, notification, definitions)
      if (definition === null) unknown(actor, notification as { job: string }, options, world)
      else tell(actor, event, { ...facts, ...(n !== null && !('job' in notification) && { notification: n }) }, definition, told++)
    }

  function tell(of: Actor, event: HookEvent, facts: object, definition: Registered, number: number): void {
    const run = callRunId(`${of.id}:hook:${of.sequence}`, number, slotOf(of.id))
    const order = { definition: definition.name, input: inputOf(of, event, facts), options: {}, trigger: { is: 'hook' as const, run: of.id, event } }
    // It is started once for each event, whatever its own definition says of starts that are alike, or in line.
    const { gate, ...start } = planFor(of.namespace, run, definition, order, definitions.gating)
    const planned = { ...start, key: null, unique: null, gather: null, gate: gate?.keys === undefined ? null : { keys: gate.keys } }
    begin(of.namespace, planned, { by: null }, transaction, world)
  }
}

function momentsOf(actor: Actor, { outcome, events }: Decision<HistoryEvent>, world: World): Moment[] {
  if (outcome === undefined) return events.flatMap(event => openMoments(actor, event))
  if (outcome.state === 'failed' || outcome.state === 'timed_out')
    return [{ events: ['failed'], facts: actor.kind === 'dag' ? failedTasks(actor, world) : {} }]
  if (outcome.state !== 'completed') return []
  const { trigger, resumed } = actor.view
  const isRepeat = trigger.is === 'retry' && (trigger.after === 'failed' || trigger.after === 'timed_out')
  return [{ events: resumed === true || isRepeat ? ['recovered', 'completed'] : ['completed'] }]
}

/** Which tasks of a DAG have failed, as far as a person reads on. */
function failedTasks({ namespace, name, state }: Actor, world: World): { tasks?: string[] } {
  const { started, tasks, mapped } = state as DagState
  const spec = world.definition?.(namespace, name, started.version) as DagSpec | undefined
  if (spec === undefined) return {}
  const failed = planOf(spec).ids.filter((_, n) => (mapped[n]?.items ?? (tasks[n] as string)).includes(LETTERS.failed))
  return failed.length === 0 ? {} : { tasks: failed.slice(0, TASKS_TOLD_MAX) }
}
const TASKS_TOLD_MAX = 20

/** Of a run that goes on. */
function openMoments(actor: Actor, event: HistoryEvent): Moment[] {
  const is = HOOK_EVENT_OF.get(event.is)
  if (is === undefined) return []
  if (is === 'retrying') return [{ events: [is], facts: { attempt: event.attempt, retryAt: new Date(event.retryAt as number).toISOString() } }]
  if (is !== 'deadline') return [{ events: [is] }]
  return missedDeadlines(actor.state as DagState, event).map(({ at, ...deadline }) => ({
    events: [is],
    facts: { deadline: { ...deadline, at: new Date(at).toISOString() } },
  }))
}

function definitionOf(namespace: string, notification: Notification, definitions: Definitions): Registered | null {
  if ('job' in notification) return definitions.get(namespace, notification.job) ?? null
  const builtIn = 'email' in notification ? EMAIL : WEBHOOK
  return definitions.get(namespace, builtIn.name) ?? asRegistered(namespace, builtIn)
}

/** As its executor registers it once it is there. */
function asRegistered(namespace: string, { name, queue }: typeof WEBHOOK): Registered {
  const options = { queue }
  const spec = { kind: 'job' as const, name, version: '', options, schema: null }
  return { ...spec, namespace, registeredAt: 0, versions: new Map(), declared: options, override: null, set: {} }
}

function inputOf({ id, name, view, lastAt, tags }: Actor, event: HookEvent, facts: object): string {
  const { state, reason, failure, attempt } = view
  return JSON.stringify({ event, run: id, definition: name, state, reason, failure, attempt, at: new Date(lastAt).toISOString(), tags, ...facts })
}

const logged = new WeakMap<object, Set<string>>()

/** Once for each time that the options were set: the run itself goes on as it should. */
function unknown(actor: Actor, { job }: { job: string }, options: object, world: World): void {
  const before = logged.get(options) ?? new Set()
  if (before.has(job)) return
  logged.set(options, before.add(job))
  world.log('warn', 'nobody registered the job that is to be told of runs', {
    namespace: actor.namespace,
    definition: actor.name,
    job,
    run: actor.id,
  })
}
