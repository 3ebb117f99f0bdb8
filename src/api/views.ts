import type { SetBy } from '../core/limits.ts'
import type { RunKind } from '../core/machine.ts'
import type { Failure, HistoryEvent, Payload, Progress, RunState, Trigger, TriggerAssetEvent, TriggerAssets } from '../core/run.ts'
import type { Instant } from '../core/time.ts'
import type {
  AdvanceAnswer,
  DagSpec,
  DefinitionOptions,
  DefinitionView,
  Delivery,
  Explanation,
  HourView,
  Journal,
  LiveEvent,
  Pause,
  QueueView,
  Reason,
  RunDetail,
  RunOptions,
  RunSummary,
  ScheduleView,
  WorkerView,
  WorkflowView,
} from '../engine/face.ts'
import { formatInstant } from './instants.ts'
import { quote } from './json.ts'
import type { LogRow } from './rows.ts'
import { rulesJson } from './rules.ts'

/** What the engine answers, as JSON: times as ISO 8601, durations in milliseconds, payloads spliced in as the text that they are. */

export interface RunJson {
  id: string
  namespace: string
  kind: RunKind
  definition: string
  queue: string
  state: RunState
  reason: string | null
  attempt: number
  attempts: number
  priority: number
  createdAt: string
  startedAt: string | null
  closedAt: string | null
  nextAt: string | null
  progress: Progress | null
  tags: Record<string, string> | null
  trigger: TriggerJson
  failure: Failure | null
}
type TriggerJson = Exclude<Trigger, { nominalAt?: Instant }> | { is: 'retry' | 'schedule'; nominalAt?: string }

export function runJson(run: RunSummary): RunJson {
  return {
    id: run.id,
    namespace: run.namespace,
    kind: run.kind,
    definition: run.definition,
    queue: run.queue,
    state: run.state,
    reason: run.reason,
    attempt: run.attempt,
    attempts: run.attempts,
    priority: run.priority,
    createdAt: formatInstant(run.createdAt),
    startedAt: instantOrNull(run.startedAt),
    closedAt: instantOrNull(run.closedAt),
    nextAt: instantOrNull(run.nextAt),
    progress: run.progress,
    tags: run.tags,
    trigger: triggerJson(run.trigger),
    failure: run.failure,
  }
}

function triggerJson(trigger: Trigger): TriggerJson {
  const times = ['nominalAt', 'intervalStart'] as const
  const told = times.flatMap(name => {
    const at = (trigger as { nominalAt?: number; intervalStart?: number })[name]
    return at === undefined ? [] : [[name, formatInstant(at)] as const]
  })
  const { watermark: _, ...known } = trigger as Trigger & { assets?: TriggerAssets; watermark?: Payload }
  const { assets } = known
  // What they say beside is told with the asset: a list of runs would be as long as all of it.
  const events = assets?.events.map(({ at, extra: __, ...event }) => ({ ...event, at: formatInstant(at) }))
  return { ...known, ...Object.fromEntries(told), ...(assets !== undefined && { assets: { ...assets, events } }) } as TriggerJson
}

export function runDetailText(run: RunDetail): string {
  const known = JSON.stringify({
    ...runJson(run),
    worker: run.worker,
    version: run.version,
    options: optionsJson(run.options),
    streams: run.streams,
    artifacts: run.artifacts,
    files: run.files,
  })
  return `${known.slice(0, -1)},"workflow":${workflowText(run.workflow)},"input":${run.input},"output":${run.output},"checkpoint":${run.checkpoint},"metadata":${run.metadata}}`
}

function workflowText(workflow: WorkflowView | null): string {
  if (workflow === null) return 'null'
  const { state, awaits, ...known } = workflow
  const text = JSON.stringify({ awaits: awaits.map(one => ({ ...one, until: instantOrNull(one.until) })), ...known })
  return `${text.slice(0, -1)},"state":${state}}`
}

/** Options as a client writes them. */
export function optionsJson(options: RunOptions & DefinitionOptions): Record<string, unknown> {
  const { queue, priority, delayMs, notBefore, retry, timeout, expiresMs, retentionMs, labels, tags, unique, exhausted, versioning } = options
  const outlets = options.outlets?.map(outlet => (outlet.partition === undefined ? outlet.asset : outlet))
  return {
    queue,
    priority,
    delay: delayMs,
    at: notBefore === undefined ? undefined : formatInstant(notBefore),
    retry: retry && { attempts: retry.attempts, initial: retry.initialMs, factor: retry.factor, maximum: retry.maximumMs, jitter: retry.jitter },
    timeout,
    expires: expiresMs,
    retention: retentionMs,
    labels,
    tags,
    outlets,
    unique,
    exhausted,
    versioning,
  }
}

/** Tasks as a client writes them. */
export function dagJson({ defaults, tasks, ...dag }: DagSpec): object {
  const each = Object.entries(tasks).map(
    ([id, { options, approval, wait, cache, ...task }]) =>
      [
        id,
        {
          ...task,
          ...(approval && { approval: approvalJson(approval) }),
          ...(wait && { wait: waitJson(wait) }),
          ...(cache && { cache: { ...(cache.key !== undefined && { key: cache.key }), ...(cache.ttlMs !== undefined && { ttl: cache.ttlMs }) } }),
          ...(options && { options: optionsJson(options) }),
        },
      ] as const,
  )
  return { ...dag, ...(defaults && { defaults: optionsJson(defaults) }), tasks: Object.fromEntries(each) }
}

function waitJson({ plusMs, earlierMs, timeoutMs, ...wait }: NonNullable<DagSpec['tasks'][string]['wait']>): object {
  return {
    ...wait,
    ...(plusMs !== undefined && { plus: plusMs }),
    ...(earlierMs !== undefined && { earlier: earlierMs }),
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
  }
}

function approvalJson({ deadlineMs, ...approval }: NonNullable<DagSpec['tasks'][string]['approval']>): object {
  return { ...approval, ...(deadlineMs !== undefined && { deadline: deadlineMs }) }
}

export function definitionOptionsJson(options: DefinitionOptions): Record<string, unknown> {
  return { ...optionsJson(options), ...rulesJson(options, ms => ms) }
}

/** Options that clients call otherwise than the engine does. */
const OPTION_NAMES: Readonly<Record<string, string>> = { expiresMs: 'expires', retentionMs: 'retention' }

/** `more`: what else is told of it, which wins. */
export function definitionText(definition: DefinitionView, more: object = {}): string {
  const { kind, name, version, options, override, set, registeredAt, versions, paused, schema } = definition
  const known = JSON.stringify({
    kind,
    name,
    version,
    options: definitionOptionsJson(options),
    override: override && definitionOptionsJson(override),
    set: Object.fromEntries(Object.entries(set).map(([option, who]) => [OPTION_NAMES[option] ?? option, setJson(who)])),
    registeredAt: formatInstant(registeredAt),
    versions,
    paused: pauseJson(paused),
    ...more,
  })
  return schema === null ? known : `${known.slice(0, -1)},"schema":${schema}}`
}

export function queueJson(queue: QueueView, lastHour: HourView = NOTHING): object {
  const { name, depth, running, scheduled, waiting, parked, oldestAt, paused, workers, untaken } = queue
  const counts = { depth, running, scheduled, waiting, parked }
  return { name, ...counts, oldestAt: instantOrNull(oldestAt), paused: pauseJson(paused), workers, untaken, lastHour }
}

/** Of what did nothing in the last hour. */
export const NOTHING: HourView = { started: 0, closed: {} }

export function workerJson(worker: WorkerView): object {
  const { id, name, serves, queues, labels, slots, units, running, lastSeenAt, draining, drained } = worker
  return {
    id,
    name,
    serves,
    queues,
    labels,
    slots,
    units,
    running: running.map(task => ({ ...task, since: formatInstant(task.since) })),
    lastSeenAt: formatInstant(lastSeenAt),
    draining,
    drained: pauseJson(drained),
  }
}

export function setJson({ by, since }: SetBy): { by: string | null; since: string | null } {
  return { by, since: instantOrNull(since) }
}

export function pauseJson(pause: Pause | null): { by: string | null; note: string | null; since: string } | null {
  return pause === null ? null : { by: pause.by, note: pause.note, since: formatInstant(pause.since) }
}

/** Facts of events that are payloads: spliced in as text. Facts named `…At`, and `at`, are times. */
const PAYLOAD_FACTS = new Set(['input', 'output', 'checkpoint', 'metadata', 'payload', 'shown', 'watermark', 'said'])

/** `forCode`: tokens of promises are for the code alone, and what it did by which call is nothing to it. */
export function eventText(event: HistoryEvent, forCode = false): string {
  let text = `{"is":${quote(event.is)}`
  let payloads = ''
  for (const name in event) {
    const fact = event[name]
    if (name === 'is' || fact === undefined || (forCode ? CALL_FACTS.has(name) : name === 'token')) continue
    if (PAYLOAD_FACTS.has(name)) payloads += `,"${name}":${fact}`
    else text += `,"${name}":${factText(name, fact)}`
  }
  return `${text}${payloads}}`
}

const CALL_FACTS = new Set(['call', 'delivery', 'seen'])

/** By hand what nearly all of them are: on the hot path of workflows. */
function factText(name: string, fact: unknown): string {
  if (typeof fact === 'number') return name === 'at' || name.endsWith('At') ? `"${formatInstant(fact)}"` : String(fact)
  if (typeof fact === 'string') return quote(fact)
  return name === 'trigger' ? triggerText(fact as Trigger) : JSON.stringify(fact)
}

/** In a history with its watermark, which the code of workflows is told by it. */
function triggerText(trigger: Trigger): string {
  const { watermark } = trigger as { watermark?: Payload }
  const known = JSON.stringify(triggerJson(trigger))
  return watermark === undefined ? known : `${known.slice(0, -1)},"watermark":${watermark}}`
}

export function logLineText(line: LogRow): string {
  const { run: _, at, fields, ...rest } = line
  const known = JSON.stringify({ at: formatInstant(at), ...rest })
  return fields === null ? known : `${known.slice(0, -1)},"fields":${fields}}`
}

export function explanationJson(explanation: Explanation): object {
  const { run, state, since, reasons, clear } = explanation
  return {
    run,
    state,
    since: formatInstant(since),
    reasons: reasons.map(reasonJson),
    clear,
  }
}

export function reasonJson(reason: Reason): object {
  return {
    ...reason,
    until: reason.until === undefined ? undefined : formatInstant(reason.until),
    since: reason.since === undefined ? undefined : formatInstant(reason.since),
  }
}

/** Chunks of streams are told one by one (streams.ts). */
export type ToldEvent = Exclude<LiveEvent, { is: 'chunks' }>

export function liveEventText(event: ToldEvent): string {
  switch (event.is) {
    case 'run': {
      const events = event.events.map(one => eventText(one)).join(',')
      const output = event.output === undefined ? '' : `,"output":${event.output}`
      return `{"is":"run","run":${JSON.stringify(runJson(event.run))},"events":[${events}],"sequence":${event.sequence}${output}}`
    }
    case 'log':
      return `{"is":"log","run":${quote(event.run)},"lines":[${event.lines.map(logLineText).join(',')}]}`
    case 'lagged':
      return '{"is":"lagged"}'
  }
}

/** One task of a poll's answer: on the hot path, so by hand, and without a member that has nothing to say. */
export function deliveryText(task: Delivery): string {
  let text = `{"run":${quote(task.run)},"task":${quote(task.task)},"attempt":${task.attempt},"delivery":${quote(task.delivery)},"taskKey":${quote(task.taskKey)}`
  text += `,"definition":${quote(task.definition)},"queue":${quote(task.queue)},"attempts":${task.attempts},"leaseMs":${task.leaseMs}`
  if (task.input !== null) text += `,"input":${task.input}`
  if (task.checkpoint !== null) text += `,"checkpoint":${task.checkpoint}`
  if (task.metadata !== null) text += `,"metadata":${task.metadata}`
  if (task.deadline !== null) text += `,"deadline":"${formatInstant(task.deadline)}"`
  if (task.timeoutMs !== null) text += `,"timeoutMs":${task.timeoutMs}`
  if (task.tags !== null) text += `,"tags":${JSON.stringify(task.tags)}`
  if (task.traceparent !== null) text += `,"traceparent":${quote(task.traceparent)}`
  if (task.nominalAt !== null) text += `,"nominalTime":"${formatInstant(task.nominalAt)}"`
  if (task.latenessMs !== null) text += `,"latenessMs":${task.latenessMs}`
  if (task.dag !== null) text += `,"dag":${dagPlaceText(task.dag)}`
  if (task.triggeredBy !== undefined) text += `,"assetEvents":[${task.triggeredBy.events.map(assetEventText).join(',')}]`
  if (task.partition !== undefined) text += `,"partition":${quote(task.partition)}`
  if (task.watermark !== undefined) text += `,"watermark":${task.watermark}`
  if (task.bundle !== null) text += `,"bundle":${quote(task.bundle)}`
  if (task.journal !== undefined) text += `,"journal":${journalText(task.journal)}`
  if (task.cost !== null) text += `,"cost":${JSON.stringify(task.cost)}`
  return `${text}}`
}

function dagPlaceText({ run, task, intervalStart, item }: NonNullable<Delivery['dag']>): string {
  return `{"run":${quote(run)},"task":${quote(task)},"intervalStart":"${formatInstant(intervalStart)}"${item === undefined ? '' : `,"item":${item}`}}`
}

export function watermarkText(watermark: ScheduleView['watermark']): string {
  if (watermark === null) return 'null'
  const { value, at, run, by } = watermark
  return `${JSON.stringify({ at: formatInstant(at), run: run ?? null, by: by ?? null }).slice(0, -1)},"value":${value}}`
}

function assetEventText({ at, extra, ...event }: TriggerAssetEvent): string {
  const text = JSON.stringify({ ...event, at: formatInstant(at) })
  return extra === undefined ? text : `${text.slice(0, -1)},"extra":${extra}}`
}

export function advanceText({ is, journal }: AdvanceAnswer): string {
  return `{"is":"${is}","journal":${journalText(journal)}}`
}

function journalText({ from, events }: Journal): string {
  return events === null ? `{"from":${from}}` : `{"from":${from},"events":${listText(events, toldText)}}`
}

/** By hand: most lists of the journal protocol have one member. */
export function listText<Item>(items: readonly Item[], textOf: (item: Item) => string): string {
  let text = '['
  for (let index = 0; index < items.length; index++) text += (index === 0 ? '' : ',') + textOf(items[index] as Item)
  return `${text}]`
}

/** Most of what code is told is how a step of its own has ended. */
function toldText(event: HistoryEvent): string {
  if (event.is !== 'step_completed') return eventText(event, true)
  const { at, n, name, attempt, output } = event as unknown as { at: Instant; n: number; name: string; attempt: number; output?: Payload }
  const end = output === undefined ? '}' : `,"output":${output}}`
  return `{"is":"step_completed","at":"${formatInstant(at)}","n":${n},"name":${quote(name)},"attempt":${attempt}${end}`
}

export function instantOrNull(instant: Instant | null): string | null {
  return instant === null ? null : formatInstant(instant)
}
