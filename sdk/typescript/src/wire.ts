import type { MessagePort } from 'node:worker_threads'
import { APPROVAL_OPERATIONS } from './wire-approvals.ts'
import { ARTIFACT_OPERATIONS, type WireArtifacts } from './wire-artifacts.ts'
import { ASSET_OPERATIONS, type WireAssetFacts, type WireOutlet, type WireTriggerAssetEvent, type WireTriggerAssets } from './wire-assets.ts'
import { BATCH_OPERATIONS } from './wire-batches.ts'
import { CONSOLE_OPERATIONS } from './wire-console.ts'
import { DAG_OPERATIONS, type WireDag } from './wire-dags.ts'
import { ENDPOINT_OPERATIONS } from './wire-endpoints.ts'
import { FILE_OPERATIONS } from './wire-files.ts'
import { LIMIT_OPERATIONS, type WireDefinitionView, type WireRules } from './wire-limits.ts'
import { SCHEDULE_OPERATIONS } from './wire-schedules.ts'
import { STREAM_OPERATIONS, type WireStreams } from './wire-streams.ts'
import { VARIABLE_OPERATIONS } from './wire-variables.ts'
import { VERSION_OPERATIONS } from './wire-versions.ts'
import { type WireJournal, type WireMessage, type WireWorkflow, WORKFLOW_OPERATIONS } from './wire-workflows.ts'

export type * from './wire-artifacts.ts'
export type * from './wire-assets.ts'
export type * from './wire-batches.ts'
export type * from './wire-console.ts'
export type * from './wire-dags.ts'
export type * from './wire-endpoints.ts'
export type * from './wire-files.ts'
export type * from './wire-limits.ts'
export type * from './wire-schedules.ts'
export type * from './wire-streams.ts'
export type * from './wire-variables.ts'
export type * from './wire-versions.ts'
export type * from './wire-workflows.ts'

/**
 * The HTTP API as data: every operation's method and path, and the JSON shapes of what goes over it. `/openapi.json` is generated from the server's
 * schemas; a test keeps the two the same. Times are ISO 8601 in UTC, durations milliseconds, payloads (`input`, `output`, `checkpoint`, `metadata`)
 * any JSON value in the tagged form of codec.ts, spliced in as text by both sides and never re-encoded by the server.
 */
export const OPERATIONS = {
  'runs.start': ['POST', '/v1/namespaces/{namespace}/runs'],
  'runs.startMany': ['POST', '/v1/namespaces/{namespace}/runs/batch'],
  'runs.list': ['GET', '/v1/namespaces/{namespace}/runs'],
  'runs.get': ['GET', '/v1/namespaces/{namespace}/runs/{run}'],
  'runs.closed': ['POST', '/v1/namespaces/{namespace}/runs/closed'],
  'runs.history': ['GET', '/v1/namespaces/{namespace}/runs/{run}/history'],
  'runs.logs': ['GET', '/v1/namespaces/{namespace}/runs/{run}/logs'],
  'runs.explain': ['GET', '/v1/namespaces/{namespace}/runs/{run}/explain'],
  'runs.cancel': ['POST', '/v1/namespaces/{namespace}/runs/{run}/cancel'],
  'runs.terminate': ['POST', '/v1/namespaces/{namespace}/runs/{run}/terminate'],
  'runs.retry': ['POST', '/v1/namespaces/{namespace}/runs/{run}/retry'],
  'runs.signal': ['POST', '/v1/namespaces/{namespace}/runs/{run}/signals/{name}'],
  'runs.signals': ['POST', '/v1/namespaces/{namespace}/runs/{run}/signals'],
  'runs.resume': ['POST', '/v1/namespaces/{namespace}/runs/{run}/resume'],
  'runs.change': ['POST', '/v1/namespaces/{namespace}/runs/{run}/change'],
  'definitions.register': ['POST', '/v1/namespaces/{namespace}/definitions'],
  'definitions.list': ['GET', '/v1/namespaces/{namespace}/definitions'],
  'definitions.pause': ['POST', '/v1/namespaces/{namespace}/definitions/{name}/pause'],
  'definitions.resume': ['POST', '/v1/namespaces/{namespace}/definitions/{name}/resume'],
  'queues.list': ['GET', '/v1/namespaces/{namespace}/queues'],
  'queues.pause': ['POST', '/v1/namespaces/{namespace}/queues/{name}/pause'],
  'queues.resume': ['POST', '/v1/namespaces/{namespace}/queues/{name}/resume'],
  'namespace.pause': ['POST', '/v1/namespaces/{namespace}/pause'],
  'namespace.resume': ['POST', '/v1/namespaces/{namespace}/resume'],
  'workers.list': ['GET', '/v1/namespaces/{namespace}/workers'],
  'workers.gone': ['POST', '/v1/namespaces/{namespace}/workers/{worker}/gone'],
  'summary.get': ['GET', '/v1/namespaces/{namespace}/summary'],
  'tasks.poll': ['POST', '/v1/namespaces/{namespace}/tasks/poll'],
  'tasks.complete': ['POST', '/v1/namespaces/{namespace}/tasks/complete'],
  'tasks.advance': ['POST', '/v1/namespaces/{namespace}/tasks/advance'],
  'tasks.heartbeat': ['POST', '/v1/namespaces/{namespace}/tasks/heartbeat'],
  'tasks.log': ['POST', '/v1/namespaces/{namespace}/tasks/log'],
  'keys.create': ['POST', '/v1/keys'],
  'keys.list': ['GET', '/v1/keys'],
  'keys.remove': ['DELETE', '/v1/keys/{name}'],
  ...WORKFLOW_OPERATIONS,
  ...STREAM_OPERATIONS,
  ...ARTIFACT_OPERATIONS,
  ...FILE_OPERATIONS,
  ...LIMIT_OPERATIONS,
  ...SCHEDULE_OPERATIONS,
  ...BATCH_OPERATIONS,
  ...CONSOLE_OPERATIONS,
  ...DAG_OPERATIONS,
  ...APPROVAL_OPERATIONS,
  ...ASSET_OPERATIONS,
  ...VERSION_OPERATIONS,
  ...ENDPOINT_OPERATIONS,
  ...VARIABLE_OPERATIONS,
} as const satisfies Record<string, readonly ['GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', string]>
/** Server-sent events: `GET …/runs/{run}/events` of a run, `GET …/events` of a namespace. Each event's data is a `LiveEvent`, of `runs.stream` a `WireStreamEvent`. */
export const STREAMS = {
  'runs.events': '/v1/namespaces/{namespace}/runs/{run}/events',
  'runs.stream': '/v1/namespaces/{namespace}/runs/{run}/streams/{name}/events',
  events: '/v1/namespaces/{namespace}/events',
} as const
/** Repeats a write without repeating its effect. Starts: the call key (E9). Other commands: the command's id. */
export const CALL_KEY_HEADER = 'idempotency-key'

export type OperationName = keyof typeof OPERATIONS
export type StreamName = keyof typeof STREAMS

export interface Call {
  params: Record<string, string>
  query?: Record<string, string | string[] | undefined>
  /** JSON text. */
  body?: string
  callKey?: string
  /** Milliseconds that the answer may take by design (a long poll): a transport adds them to its own time-out. */
  waitMs?: number
  signal?: AbortSignal
}

/**
 * Where the SDK sends its calls: a server over HTTP, an engine in another thread, or one in the same thread. The same operations, the same JSON text.
 * - `call` resolves with the text of the answer (status 2xx): JSON, of `schedules.calendar` iCalendar. It rejects with `RequestRefused` (the server's problem), or `Unreachable`.
 */
export interface Connection {
  call(operation: OperationName, call: Call): Promise<string>
  stream(name: StreamName, call: Call & { lastEventId?: string }): AsyncIterable<LiveEvent>
  /** What a thread needs to open a connection of its own to the same place (leases are kept from one), or null where leases need none. */
  address(): Address | null
  close(): Promise<void>
}
export type Address = { is: 'http'; url: string; apiKey?: string } | { is: 'port'; port: MessagePort }

export type State = 'scheduled' | 'queued' | 'running' | 'waiting' | 'paused' | 'completed' | 'failed' | 'cancelled' | 'timed_out' | 'terminated'

/** POST runs, and each of `runs` in POST runs/batch. Durations: milliseconds or text ('10m'). */
export interface WireStart {
  definition: string
  input?: unknown
  key?: string
  keyRetention?: number | string
  unique?: WireUnique
  queue?: string
  priority?: number
  delay?: number | string
  at?: string
  retry?: WireRetry
  timeout?: WireTimeouts
  expires?: number | string
  exhausted?: 'fail' | 'park'
  retention?: number | string
  labels?: Record<string, string>
  tags?: Record<string, string>
  outlets?: WireOutlet[]
  metadata?: unknown
  /** The run whose handler starts this one. */
  parent?: string
  traceparent?: string
  /** Of POST runs alone: what the workflow is told in the same commit. */
  signal?: { name: string; payload?: unknown }
  /** Of POST runs alone: what it is told once it is started. */
  update?: { name: string } & WireMessage
}
export interface WireUnique {
  by: 'name' | 'input' | 'key'
  key?: string
  states?: ('scheduled' | 'queued' | 'running' | 'waiting' | 'paused')[]
  onConflict?: 'keep' | 'replace'
}
export interface WireRetry {
  attempts?: number
  initial?: number | string
  factor?: number
  maximum?: number | string
  jitter?: number
}
export interface WireTimeouts {
  attempt?: number | string
  total?: number | string
  scheduleToStart?: number | string
  heartbeat?: number | string
}
/** 201 `started`, 200 `existing`. In a batch each item answers by itself; `refused` (with its problem) only for keyed or unique items. */
export type WireStarted =
  | { is: 'started'; run: string }
  | { is: 'existing'; run: string; by: 'call' | 'key' | 'unique'; replaced?: boolean }
  | { is: 'refused'; problem: WireProblem }
export interface WireStartMany {
  runs: WireStart[]
}
export interface WireStartedMany {
  runs: WireStarted[]
}

export interface WireProblem {
  type: string
  code: string
  status: number
  title: string
  at?: string
  found?: unknown
  hint?: string
  retryAfter?: number
  data?: Record<string, unknown>
}

export interface WireFailure {
  type: string
  message: string
  stack?: string
  code?: string
  cause?: WireFailure
  /** Of an AggregateError: the first 10. */
  errors?: WireFailure[]
}
export interface WireProgress {
  value: number
  message?: string
}
export type WireTrigger =
  | { is: 'call'; by?: string }
  | { is: 'job'; run: string }
  /** A workflow asked for it, as its operation `n`; `detached`: it does not wait for its end. */
  | { is: 'workflow'; run: string; n: number; detached?: true }
  | {
      is: 'dag'
      run: string
      n: number
      task: string
      item?: number
      nominalAt: string
      intervalStart: string
      partition?: string
      depth?: number
    }
  /** `nominalAt`: of the schedule's time that the first of the chain was started for; `after`: how the retried run ended. */
  | {
      is: 'retry'
      of: string
      nominalAt?: string
      assets?: WireTriggerAssets
      partition?: string
      after?: 'completed' | 'failed' | 'cancelled' | 'timed_out' | 'terminated'
      batch?: string
      /** It goes on from this operation of that run, and keeps what came before. */
      from?: { n: number; name: string }
    }
  /** `onFailure` or `notify` of a definition, or a deadline of a DAG: it is told of `run`. */
  | { is: 'hook'; run: string; event: 'completed' | 'failed' | 'retrying' | 'parked' | 'recovered' | 'deadline' }
  /** `callback`: what it was started for; without one it is one of the batch's jobs. */
  | { is: 'batch'; batch: string; callback?: 'firstFailure' | 'complete' | 'success' }
  /** `id`: the schedule's, `n`: its line in the ledger. */
  | {
      is: 'schedule'
      schedule: string
      id: string
      n: number
      nominalAt: string
      source: 'time' | 'trigger' | 'backfill' | 'asset'
      assets?: WireTriggerAssets
      /** That all these events name. */
      partition?: string
      by?: string
      intervalStart?: string
      /** The backfill that started it. */
      batch?: string
    }

export interface WireRun {
  id: string
  namespace: string
  kind: 'job' | 'workflow' | 'dag' | 'batch' | 'approval' | 'wait'
  definition: string
  queue: string
  state: State
  reason: string | null
  attempt: number
  attempts: number
  priority: number
  createdAt: string
  startedAt: string | null
  closedAt: string | null
  nextAt: string | null
  progress: WireProgress | null
  tags: Record<string, string> | null
  trigger: WireTrigger
  failure: WireFailure | null
}
/** GET runs/{run}?wait=30s answers as soon as the run is closed, or with the open run when the time is up. */
export interface WireRunDetail extends WireRun {
  input: unknown
  output: unknown
  checkpoint: unknown
  metadata: unknown
  worker: string | null
  /** Of a workflow: the version of the code that it goes by; null: nobody has begun it. */
  version: string | null
  options: Record<string, unknown>
  /** Null: it is none. */
  workflow: WireWorkflow | null
  /** Absent: it has written to none. */
  streams?: WireStreams['streams']
  /** Absent: it has left nothing to be looked at. */
  artifacts?: WireArtifacts['artifacts']
  /** Names of files that it has stored, or is storing; absent: none. */
  files?: string[]
}
/**
 * Query of GET runs: kind, state, reason, definition, queue, tag and metadata (`name:value`), each repeatable; error (a part of it), batch, longerThan,
 * shorterThan, createdAfter, createdBefore (ISO); limit, cursor. `through`: with reason, error or metadata the server looks through so many runs a call, and
 * has looked back to there; the page may be short, or empty, with a `next`.
 */
export interface WireRunList {
  runs: WireRun[]
  next: string | null
  through: string | null
}
export interface WireEvent {
  is: string
  at: string
  [fact: string]: unknown
}
export interface WireHistory {
  events: WireEvent[]
  /** The number of the first. */
  from?: number
  /** Where the next page begins, if it was asked for by pages. */
  next?: number | null
  /** How many events the run has. */
  total?: number
}
export interface WireLogLine {
  at: string
  level: 'debug' | 'info' | 'warn' | 'error'
  message: string
  fields?: Record<string, unknown>
  attempt: number
  delivery: string
  n: number
}
export interface WireLogs {
  lines: WireLogLine[]
  next: string | null
}
export interface WireReason {
  code: string
  text: string
  until?: string
  by?: string | null
  since?: string
  runs?: string[]
  workers?: string[]
  command?: string
}
export interface WireExplanation {
  run: string
  state: State
  since: string
  reasons: WireReason[]
  clear: string[]
}
/** POST resume: `version`: of a workflow, which goes on with this version of its code alone. */
export interface WireResume {
  why?: string
  version?: string
}
/** POST cancel, terminate, pause: body `{ why?: string }` (pause: `{ note?: string }`); answer `{}`. POST retry: `{ input? }`; answer `{ run }`. */
export interface WireCommand {
  why?: string
}

/** POST runs/closed. */
export interface WireAwaitedRuns {
  runs: string[]
  /** Milliseconds. */
  wait?: number
}
export interface WireRunsClosed {
  runs: WireRunDetail[]
  missing: string[]
}
export interface WireDefinition {
  kind: 'job' | 'workflow' | 'dag'
  name: string
  version: string
  options: Omit<WireStart, 'definition' | 'input' | 'key' | 'keyRetention' | 'delay' | 'at' | 'metadata' | 'parent' | 'traceparent'> &
    WireRules & { versioning?: 'auto' | 'pinned' }
  /** JSON Schema of the input (2020-12), or absent. */
  schema?: unknown
  /** Of a DAG: its tasks. */
  dag?: WireDag
}
export interface WireRegister {
  definitions: WireDefinition[]
}
export interface WirePause {
  by: string | null
  note: string | null
  since: string
}
export interface WireDefinitions {
  definitions: (WireDefinitionView & { lastHour: { started: number; closed: Record<string, number> } })[]
}
export interface WireQueues {
  queues: {
    name: string
    depth: number
    running: number
    /** Not yet due; `waiting` of them are in back-off or snoozed. */
    scheduled: number
    waiting: number
    /** Runs that wait for an operator. */
    parked: number
    oldestAt: string | null
    paused: WirePause | null
    workers: number
    /** Definitions with ready runs in it that none of its workers takes. */
    untaken: string[]
    lastHour: { started: number; closed: Record<string, number> }
  }[]
}
export interface WireWorkers {
  workers: {
    id: string
    name: string
    serves: { definition: string; version: string | null }[]
    queues: string[]
    labels: Record<string, string>
    slots: number
    /** What it has beside slots, in all. */
    units: Record<string, number>
    running: { run: string; definition: string; attempt: number; since: string; stuck: boolean }[]
    lastSeenAt: string
    /** It gets no new task, by an operator's word; `drained` says whose. */
    draining: boolean
    drained: WirePause | null
  }[]
}
export interface WireSummary {
  running: number
  queued: number
  scheduled: number
  waiting: number
  paused: number
  lastHour: Record<string, number>
  next: WireRun[]
  failed: WireRun[]
  stuck: WireRun[]
  pauses: { scope: string; name: string; by: string | null; note: string | null; since: string }[]
  workers: number
  /** What needs a person, most urgent first. */
  needs: WireNeed[]
  needsComplete: boolean
}
export interface WireNeed {
  is: 'stuck' | 'queue' | 'worker' | 'failing' | 'sequence' | 'parked' | 'schedule'
  /** A stable word for what is the matter within its kind. */
  why: string
  text: string
  count: number
  definition?: string
  queue?: string
  schedule?: string
  worker?: string
  run?: string
  key?: string
  since?: string
}

export interface WirePoll {
  worker: string
  workerName?: string
  last?: string | null
  queues?: string[]
  serves: { definition: string; version?: string | null }[]
  labels?: Record<string, string>
  /** Tasks wanted at most. */
  max: number
  slots?: number
  /** Units that are free now, beside slots, and all that it has. */
  units?: Record<string, number>
  unitsTotal?: Record<string, number>
  /** Milliseconds, 0 to 60,000. */
  wait?: number
}
export interface WireDelivery {
  run: string
  task: string
  attempt: number
  delivery: string
  taskKey: string
  definition: string
  queue: string
  attempts: number
  input?: unknown
  checkpoint?: unknown
  metadata?: unknown
  deadline?: string
  /** Milliseconds of this attempt from its delivery on: what the worker counts by its own clock, which may differ from the server's. */
  timeoutMs?: number
  leaseMs: number
  tags?: Record<string, string>
  traceparent?: string
  /** The time that a schedule meant, and how much later this delivery is, in milliseconds. */
  nominalTime?: string
  latenessMs?: number
  /** Of which DAG's run it is a task, or an item of one; the interval ends at `nominalTime`. */
  dag?: { run: string; task: string; item?: number; intervalStart: string }
  /** The events of assets that triggered it, and the partition that it is for. */
  assetEvents?: (WireTriggerAssetEvent & { extra?: unknown })[]
  partition?: string
  /** How far the runs of its schedule had come when its run was started. */
  watermark?: unknown
  /** Those of one bundle go to one call of the handler. */
  bundle?: string
  /** Units that it takes of its worker; absent: one slot. Where `slots` is not named it is one. */
  cost?: Record<string, number>
  /** Of a workflow: its history, as far as this worker does not know it. */
  journal?: WireJournal
}
export interface WirePolled {
  answer: string
  tasks: WireDelivery[]
}
export interface WireRef {
  run: string
  task: string
  attempt: number
  delivery: string
}
export type WireResult = WireRef &
  (
    | { is: 'completed'; output?: unknown; assets?: WireAssetFacts[]; watermark?: unknown }
    | { is: 'failed'; failure: WireFailure; retry?: boolean; delayMs?: number }
    | { is: 'snoozed'; delayMs: number; slow?: boolean; misfit?: { version: string; why: string } }
    | { is: 'returned' }
    | { is: 'cancelled' }
  )
export interface WireComplete {
  worker: string
  results: WireResult[]
}
export interface WireCompleted {
  results: ('accepted' | 'superseded' | 'closed' | 'unknown')[]
}
export interface WireBeat extends WireRef {
  active?: boolean
  /** Asked to stop, and still running 10 seconds later. */
  stuck?: boolean
  progress?: WireProgress
  checkpoint?: unknown
}
export interface WireHeartbeat {
  worker: string
  beats: WireBeat[]
}
export interface WireHeld {
  beats: ('held' | 'cancel' | 'lost')[]
}
export interface WireLog {
  worker: string
  lines: {
    run: string
    attempt: number
    delivery: string
    n: number
    at: string
    level: 'debug' | 'info' | 'warn' | 'error'
    message: string
    fields?: Record<string, unknown>
  }[]
}

export type LiveEvent =
  | { is: 'run'; run: WireRun; events: WireEvent[]; sequence: number; output?: unknown }
  | { is: 'log'; run: string; lines: WireLogLine[] }
  | { is: 'lagged' }
