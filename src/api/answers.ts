import { type TSchema, Type } from 'typebox'
import { ARTIFACT_KINDS } from '../core/artifact.ts'
import { BATCH_CALLBACKS, CLOSED_STATES, HOOK_EVENTS, OPEN_STATES } from '../core/run.ts'
import { TRIGGER_RULES } from '../engine/face.ts'
import { Dag } from './dag-schemas.ts'
import { DefinitionOptions } from './definition-schemas.ts'
import { Failure, Payload } from './schemas.ts'

/** What the server answers. Nothing is checked against these at run time: they make `/openapi.json`, and the tests hold the answers against them. */

export const object = <P extends Record<string, TSchema>>(properties: P, title?: string) =>
  Type.Object(properties, title === undefined ? {} : { title })
export const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
export const strings = Type.Record(Type.String(), Type.String())
export const Time = Type.String({ format: 'date-time' })
/** By state; without those that are none. */
export const Counts = Type.Record(Type.String(), Type.Integer())
export const State = Type.Enum([...OPEN_STATES, ...CLOSED_STATES])

const Hour = object({ started: Type.Integer(), closed: Counts }, 'Hour')
export const Percentiles = orNull(object({ p50: Type.Number(), p95: Type.Number() }, 'Percentiles'))
export const Activity = object(
  {
    from: Time,
    stepMs: Type.Integer(),
    points: Type.Array(
      object({
        at: Time,
        started: Type.Integer(),
        closed: Counts,
        waitMs: { ...Percentiles, description: 'from ready to handed out' },
        runMs: { ...Percentiles, description: 'of attempts that ended' },
      }),
    ),
    queues: Type.Array(object({ name: Type.String(), started: Type.Integer(), closed: Counts }), { description: 'of the last hour' }),
    since: Type.String({ format: 'date-time', description: 'what is told goes back to here' }),
    countedSince: Type.String({
      format: 'date-time',
      description: 'before, it is what the kept closed runs tell: nothing of waits, and nothing of runs that are open still',
    }),
  },
  'Activity',
)

export const Problem = object(
  {
    type: Type.String(),
    code: Type.String(),
    status: Type.Integer(),
    title: Type.String(),
    at: Type.Optional(Type.String({ description: 'JSON pointer into the body; /path/…, /query/… and /header/… for what is elsewhere' })),
    found: Type.Optional(Type.Unknown()),
    hint: Type.Optional(Type.String()),
    retryAfter: Type.Optional(Type.Number({ description: 'seconds' })),
    data: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  'Problem',
)
export const Empty = object({}, 'Done')

export const Started = object({ is: Type.Literal('started'), run: Type.String() }, 'Started')
export const Existing = object(
  {
    is: Type.Literal('existing'),
    run: Type.String(),
    by: Type.Enum(['call', 'key', 'unique']),
    replaced: Type.Optional(Type.Boolean({ description: 'that run took the input and options of this start' })),
  },
  'Existing',
)
export const Refused = object({ is: Type.Literal('refused'), problem: Problem }, 'Refused')
export const StartedMany = object({ runs: Type.Array(Type.Union([Started, Existing, Refused])) }, 'StartedMany')

export const Progress = object({ value: Type.Number(), message: Type.Optional(Type.String()) })
const triggerEvent = {
  asset: Type.String(),
  n: Type.Integer(),
  at: Time,
  run: Type.Optional(Type.String({ description: 'that made it' })),
  by: Type.Optional(Type.String()),
  partition: Type.Optional(Type.String()),
}
/** How far something has come. */
export const Watermark = object(
  { value: Payload, at: Time, run: orNull(Type.String({ description: 'that set it' })), by: orNull(Type.String()) },
  'Watermark',
)
const TriggerAssets = object(
  {
    events: Type.Array(object(triggerEvent), { description: 'the events of assets that triggered it' }),
    more: Type.Optional(Type.Integer({ description: 'so many more, before these' })),
  },
  'TriggerAssets',
)
const Trigger = Type.Union([
  object({ is: Type.Literal('call'), by: Type.Optional(Type.String()) }),
  object({ is: Type.Literal('job'), run: Type.String() }),
  object({
    is: Type.Literal('workflow'),
    run: Type.String(),
    n: Type.Integer({ description: 'of its operations' }),
    detached: Type.Optional(Type.Literal(true, { description: 'it does not wait for its end' })),
  }),
  object({
    is: Type.Literal('dag'),
    run: Type.String(),
    n: Type.Integer({ description: 'of its tasks and their items' }),
    task: Type.String(),
    item: Type.Optional(Type.Integer({ description: 'of a mapped task' })),
    nominalAt: Time,
    intervalStart: Type.Unsafe<string>({ ...Time, description: 'the interval that it is for begins then, and ends at nominalAt' }),
    partition: Type.Optional(Type.String()),
    depth: Type.Optional(Type.Integer({ description: 'of a DAG, how many DAGs it is within' })),
  }),
  object({
    is: Type.Literal('retry'),
    of: Type.String(),
    nominalAt: Type.Optional(Time),
    intervalStart: Type.Optional(Time),
    assets: Type.Optional(TriggerAssets),
    partition: Type.Optional(Type.String()),
    after: Type.Optional(Type.Enum([...CLOSED_STATES], { description: 'how that one ended' })),
    batch: Type.Optional(Type.String()),
    from: Type.Optional(object({ n: Type.Integer(), name: Type.String() })),
  }),
  object({ is: Type.Literal('hook'), run: Type.String(), event: Type.Enum([...HOOK_EVENTS]) }),
  object({ is: Type.Literal('batch'), batch: Type.String(), callback: Type.Optional(Type.Enum([...BATCH_CALLBACKS])) }),
  object({
    is: Type.Literal('schedule'),
    schedule: Type.String(),
    id: Type.String(),
    n: Type.Integer({ description: 'its line in the ledger; -1 where a backfill started it' }),
    nominalAt: Time,
    source: Type.Enum(['time', 'trigger', 'backfill', 'asset']),
    assets: Type.Optional(TriggerAssets),
    partition: Type.Optional(Type.String({ description: 'that all these events name' })),
    by: Type.Optional(Type.String()),
    intervalStart: Type.Optional(Time),
    batch: Type.Optional(Type.String({ description: 'the backfill that started it' })),
  }),
])
const run = {
  id: Type.String(),
  namespace: Type.String(),
  kind: Type.Enum(['job', 'workflow', 'dag', 'batch', 'approval', 'wait']),
  definition: Type.String(),
  queue: Type.String(),
  state: State,
  reason: orNull(Type.String()),
  attempt: Type.Integer(),
  attempts: Type.Integer(),
  priority: Type.Number(),
  createdAt: Time,
  startedAt: orNull(Time),
  closedAt: orNull(Time),
  nextAt: orNull(Time),
  progress: orNull(Progress),
  tags: orNull(strings),
  trigger: Trigger,
  failure: orNull(Failure),
}
export const Run = object(run, 'Run')
export const StreamSummary = object(
  {
    name: Type.String(),
    chunks: Type.Integer(),
    bytes: Type.Integer(),
    closed: Type.Boolean({ description: 'nothing is written to it any more' }),
  },
  'StreamSummary',
)
export const RunDetail = object(
  {
    ...run,
    input: Payload,
    output: Payload,
    checkpoint: Payload,
    metadata: Payload,
    worker: orNull(Type.String()),
    version: orNull(Type.String({ description: 'of a workflow: the version of the code that it goes by' })),
    options: Type.Record(Type.String(), Type.Unknown()),
    workflow: orNull(
      object(
        {
          state: { ...Payload, description: 'what its code shows' },
          awaits: Type.Array(
            object({
              n: Type.Integer(),
              is: Type.Enum(['step', 'step-back-off', 'parked', 'sleep', 'signal', 'promise', 'child']),
              name: orNull(Type.String()),
              until: orNull(Time),
              run: orNull(Type.String()),
            }),
            { description: 'what its code waits for now: the first 100' },
          ),
          more: Type.Boolean(),
          updates: Type.Array(object({ id: Type.String(), name: Type.String() }), { description: 'accepted, and not answered yet' }),
        },
        'WorkflowView',
      ),
    ),
    streams: Type.Optional(Type.Array(StreamSummary, { description: 'what it has written to, by their names; absent: to none' })),
    artifacts: Type.Optional(
      Type.Array(object({ name: Type.String(), kind: Type.Enum([...ARTIFACT_KINDS]) }), {
        description: 'what it has left to be looked at; absent: nothing',
      }),
    ),
    files: Type.Optional(Type.Array(Type.String(), { description: 'names of files that it has stored, or is storing; absent: none' })),
  },
  'RunDetail',
)
export const RunsClosed = object({ runs: Type.Array(RunDetail), missing: Type.Array(Type.String()) }, 'RunsClosed')
export const RunList = object(
  {
    runs: Type.Array(Run),
    next: orNull(Type.String()),
    through: orNull(
      Type.String({
        format: 'date-time',
        description: 'looked back to here for what no index knows; then a page may be short, or empty, and go on',
      }),
    ),
  },
  'RunList',
)
const task = {
  task: Type.String(),
  state: Type.Enum(['waiting', 'ready', 'started', 'success', 'failed', 'skipped', 'upstream_failed', 'removed']),
  job: orNull(Type.String({ description: 'what does it' })),
  rule: Type.Enum([...TRIGGER_RULES]),
  run: orNull(Type.String()),
  cached: Type.Integer({
    description: '1: it did not run, for what `run` gave for the same key was kept; of a mapped task, how many of its items did not',
  }),
  startedAt: { ...orNull(Time), description: 'when its run, or the first of its items, began' },
  closedAt: { ...orNull(Time), description: 'when its run, or the last of its items, closed; times of at most 20,000 runs are read for a page' },
  items: orNull({ ...Counts, description: 'of a mapped task: how many of its items stand so' }),
  strip: orNull(Type.String({ description: 'of a mapped task: a letter for each item: . q r s f k u x, as in a grid' })),
  reason: orNull(Type.String({ description: 'why it, or the first of its items, has failed that has no run which could say it' })),
  mappedGroup: orNull(Type.String({ description: 'the mapped group that it is in: an item of it is the same in all of these' })),
  waitsFor: Type.Array(Type.String(), { description: 'of one that waits: those that have not ended, 20 at most' }),
  ended: { ...Counts, description: 'how the others that it waits for have ended' },
}
export const DagTasks = object(
  {
    run: Type.String(),
    definition: Type.String(),
    version: Type.String({ description: 'what the run goes by' }),
    tasks: Type.Array(object(task, 'DagTaskState')),
    next: orNull(Type.Integer({ description: 'the number of the task to go on from' })),
  },
  'DagTasks',
)
export const DagItems = object(
  {
    run: Type.String(),
    task: Type.String(),
    total: Type.Integer({ description: 'items in all; 0: its list is not known yet, or it is not mapped' }),
    items: Type.Array(
      object(
        { item: Type.Integer(), state: task.state, run: task.run, cached: Type.Boolean(), startedAt: orNull(Time), closedAt: orNull(Time) },
        'DagItemState',
      ),
    ),
    next: orNull(Type.Integer({ description: 'the number of the item to go on from' })),
  },
  'DagItems',
)
export const RelatedRuns = object(
  {
    chain: Type.Array(Run, { description: 'the run itself, what it is a retry of, and its retries: oldest first' }),
    parent: { ...orNull(Run), description: 'whose handler, or whose failure, started the first of the chain' },
    children: Type.Array(Run, { description: "what its handler started and what its failure did, or a batch's own jobs: the newest 50" }),
    schedule: orNull(
      object({
        name: Type.String(),
        n: Type.Integer({ description: 'its line in the ledger' }),
        nominalAt: Time,
        source: Type.Enum(['time', 'trigger', 'backfill']),
      }),
    ),
    batch: orNull(Type.String()),
    more: Type.Boolean({ description: 'not all newer runs were looked through, or there are more than are told' }),
  },
  'RelatedRuns',
)
export const RunHistogram = object(
  {
    from: Time,
    until: Time,
    stepMs: Type.Integer(),
    buckets: Type.Array(object({ at: Time, counts: Counts })),
    counts: object(Object.fromEntries([...OPEN_STATES, ...CLOSED_STATES].map(state => [state, Type.Integer()]))),
    complete: Type.Boolean({ description: 'false: there are more than are counted in one call, and the oldest were not' }),
    through: orNull(Type.String({ format: 'date-time', description: 'counted from the newest back to here; null: all' })),
  },
  'RunHistogram',
)
const HistoryEvent = Type.Object({ is: Type.String(), at: Time }, { title: 'HistoryEvent', additionalProperties: Type.Unknown() })
export const History = object(
  {
    events: Type.Array(HistoryEvent),
    from: Type.Integer({ description: 'the number of the first' }),
    next: orNull(Type.Integer({ description: 'with `limit`: where the next page begins' })),
    total: Type.Integer({ description: 'how many events the run has' }),
  },
  'History',
)
const LogLine = object(
  {
    at: Time,
    level: Type.Enum(['debug', 'info', 'warn', 'error']),
    message: Type.String(),
    fields: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    attempt: Type.Integer(),
    delivery: Type.String(),
    n: Type.Integer(),
  },
  'LogLine',
)
export const Logs = object({ lines: Type.Array(LogLine), next: orNull(Type.String()) }, 'Logs')
export const Reason = object(
  {
    code: Type.String(),
    text: Type.String(),
    until: Type.Optional(Time),
    by: Type.Optional(orNull(Type.String())),
    since: Type.Optional(Time),
    runs: Type.Optional(Type.Array(Type.String())),
    workers: Type.Optional(Type.Array(Type.String())),
    command: Type.Optional(Type.String()),
  },
  'Reason',
)
export const Explanation = object(
  { run: Type.String(), state: State, since: Time, reasons: Type.Array(Reason), clear: Type.Array(Type.String()) },
  'Explanation',
)
export const RunRef = object({ run: Type.String() }, 'RunRef')

/** Of what an operator says over the code. */
export const SetBy = object({ by: orNull(Type.String()), since: orNull(Time) }, 'SetBy')
const Pause = object({ by: orNull(Type.String()), note: orNull(Type.String()), since: Time })
const definition = {
  kind: Type.Enum(['job', 'workflow', 'dag']),
  name: Type.String(),
  version: Type.String(),
  options: DefinitionOptions,
  override: orNull({ ...DefinitionOptions, description: 'what of the options an operator has set' }),
  set: Type.Record(Type.String(), SetBy, { description: 'by option, who has set it and when; null: not known' }),
  schema: Type.Optional(Payload),
  registeredAt: Time,
  paused: orNull(Pause),
}
export const Definition = object({ ...definition, versions: Type.Integer() }, 'RegisteredDefinition')
export const DefinitionDetail = object(
  {
    ...definition,
    dag: Type.Optional({ ...Dag, description: 'of a DAG: the tasks of its newest version; durations are milliseconds' }),
    versions: Type.Array(
      object({ version: Type.String(), registeredAt: Time, workers: Type.Array(object({ id: Type.String(), name: Type.String() })) }),
      { description: 'newest first, each with the workers that serve it now' },
    ),
    recent: object({
      runs: Type.Integer({ description: 'the newest runs that were looked into, 1,000 at most' }),
      counts: Counts,
      versions: Type.Array(object({ version: orNull(Type.String({ description: 'that served them last' })), counts: Counts })),
      runMs: { ...Percentiles, description: 'of those that are closed, from the first delivery to the close' },
    }),
  },
  'DefinitionDetail',
)
export const DefinitionRow = object({ ...definition, versions: Type.Integer(), lastHour: Hour }, 'DefinitionRow')
export const Definitions = object({ definitions: Type.Array(DefinitionRow) }, 'Definitions')
export const Queues = object(
  {
    queues: Type.Array(
      object({
        name: Type.String(),
        depth: Type.Integer(),
        running: Type.Integer(),
        scheduled: Type.Integer(),
        waiting: Type.Integer({ description: 'of the scheduled: in back-off, or snoozed' }),
        parked: Type.Integer({ description: 'runs that wait for an operator' }),
        oldestAt: orNull(Time),
        paused: orNull(Pause),
        workers: Type.Integer(),
        untaken: Type.Array(Type.String(), { description: 'definitions with ready runs in it that none of its workers takes' }),
        lastHour: Hour,
      }),
    ),
  },
  'Queues',
)
export const QueueShares = object(
  {
    keys: Type.Integer({ description: 'those with ready tasks, or with tasks that run' }),
    inTurn: Type.Integer({ description: 'of these, those that have something to hand out: they take turns' }),
    recent: Type.Integer({ description: 'tasks handed out last that handedOut counts, 1,000 at most' }),
    unread: Type.Integer({ description: 'groups of ready tasks, of whatever queue, of which nothing has been read yet' }),
    shares: Type.Array(
      object({
        key: orNull(Type.String({ description: 'null: all tasks whose definition has no fair, together' })),
        weight: Type.Number(),
        before: orNull(Type.Integer({ description: 'how many go before it; null: it has nothing to hand out now' })),
        ready: Type.Integer({ description: 'ready tasks in memory' }),
        more: Type.Boolean({ description: 'the store has further ones' }),
        held: Type.Integer({ description: 'groups of its tasks that wait for a limit of their key, their sequence, or a batch to fill' }),
        running: Type.Integer(),
        handedOut: Type.Integer(),
      }),
      { description: 'in the order of their turns, then the fullest; 100 at most' },
    ),
  },
  'QueueShares',
)
export const Workers = object(
  {
    workers: Type.Array(
      object({
        id: Type.String(),
        name: Type.String(),
        serves: Type.Array(object({ definition: Type.String(), version: orNull(Type.String()) })),
        queues: Type.Array(Type.String()),
        labels: strings,
        slots: Type.Integer(),
        units: Type.Record(Type.String(), Type.Number(), { description: 'what it has beside slots, in all: of them a definition with a cost takes' }),
        running: Type.Array(object({ run: Type.String(), definition: Type.String(), attempt: Type.Integer(), since: Time, stuck: Type.Boolean() })),
        lastSeenAt: Time,
        draining: Type.Boolean({ description: "it gets no new task, by an operator's word" }),
        drained: orNull(Pause),
      }),
    ),
  },
  'Workers',
)
export const Summary = object(
  {
    running: Type.Integer(),
    queued: Type.Integer(),
    scheduled: Type.Integer(),
    waiting: Type.Integer(),
    paused: Type.Integer(),
    lastHour: Type.Record(Type.String(), Type.Integer()),
    next: Type.Array(Run),
    failed: Type.Array(Run),
    stuck: Type.Array(Run),
    pauses: Type.Array(object({ scope: Type.String(), name: Type.String(), by: orNull(Type.String()), note: orNull(Type.String()), since: Time })),
    workers: Type.Integer(),
    needs: Type.Array(
      object(
        {
          is: Type.Enum(['stuck', 'queue', 'worker', 'failing', 'sequence', 'parked', 'schedule']),
          why: Type.String({ description: 'a stable word for what is the matter within its kind' }),
          text: Type.String(),
          count: Type.Integer(),
          definition: Type.Optional(Type.String()),
          queue: Type.Optional(Type.String()),
          schedule: Type.Optional(Type.String()),
          worker: Type.Optional(Type.String()),
          run: Type.Optional(Type.String()),
          key: Type.Optional(Type.String({ description: 'of a sequence' })),
          since: Type.Optional(Time),
        },
        'Need',
      ),
      { description: 'what needs a person, most urgent first' },
    ),
    needsComplete: Type.Boolean({ description: 'false: there are more schedules, or more parked runs, than were looked at' }),
  },
  'Summary',
)

const Journal = object(
  {
    from: Type.Integer({ description: 'number of the first event' }),
    events: Type.Optional(Type.Array(HistoryEvent, { description: 'all from there on; absent: the history has them' })),
  },
  'Journal',
)
const Delivery = object(
  {
    run: Type.String(),
    task: Type.String(),
    attempt: Type.Integer(),
    delivery: Type.String(),
    taskKey: Type.String(),
    definition: Type.String(),
    queue: Type.String(),
    attempts: Type.Integer(),
    input: Type.Optional(Payload),
    checkpoint: Type.Optional(Payload),
    metadata: Type.Optional(Payload),
    deadline: Type.Optional(Time),
    timeoutMs: Type.Optional(Type.Number({ description: 'of this attempt from its delivery on, for a worker whose clock differs' })),
    leaseMs: Type.Number(),
    tags: Type.Optional(strings),
    traceparent: Type.Optional(Type.String()),
    nominalTime: Type.Optional(Time),
    latenessMs: Type.Optional(Type.Number({ description: 'from the nominal time to this delivery' })),
    dag: Type.Optional({
      ...object({ run: Type.String(), task: Type.String(), item: Type.Optional(Type.Integer()), intervalStart: Time }),
      description: "of which DAG's run it is a task, or an item of one; the interval ends at nominalTime",
    }),
    assetEvents: Type.Optional(Type.Array(object({ ...triggerEvent, extra: Type.Optional(Type.Unknown()) }))),
    partition: Type.Optional(Type.String()),
    watermark: Type.Optional(Type.Unknown({ description: 'how far the runs of its schedule had come when its run was started' })),
    bundle: Type.Optional(Type.String({ description: 'those of one bundle go to one call of the handler' })),
    journal: Type.Optional({ ...Journal, description: 'of a workflow: its history, as far as this worker does not know it' }),
    cost: Type.Optional(Type.Record(Type.String(), Type.Number(), { description: 'units that it takes of its worker; absent: one slot' })),
  },
  'Delivery',
)
export const Polled = object({ answer: Type.String(), tasks: Type.Array(Delivery) }, 'Polled')
export const Completed = object({ results: Type.Array(Type.Enum(['accepted', 'superseded', 'closed', 'unknown'])) }, 'CompletedMany')
export const Advanced = object(
  {
    advances: Type.Array(
      object({
        is: Type.Enum(['held', 'yielded', 'closed', 'superseded', 'unknown']),
        journal: { ...Journal, description: 'from upTo on' },
      }),
    ),
  },
  'Advanced',
)
export const Held = object({ beats: Type.Array(Type.Enum(['held', 'cancel', 'lost'])) }, 'Held')

export const LiveEvent = Type.Union(
  [
    object({
      is: Type.Literal('run'),
      run: Run,
      events: Type.Array(HistoryEvent),
      sequence: Type.Integer(),
      output: Type.Optional(Payload),
    }),
    object({ is: Type.Literal('log'), run: Type.String(), lines: Type.Array(LogLine) }),
    object({ is: Type.Literal('lagged') }),
  ],
  { title: 'LiveEvent' },
)

export const CreatedKey = object({ name: Type.String(), key: Type.String({ description: 'shown this once' }), createdAt: Time }, 'CreatedKey')
export const Keys = object({ keys: Type.Array(object({ name: Type.String(), createdAt: Time })) }, 'Keys')

export const Server = object(
  {
    version: Type.String(),
    node: Type.String({ description: 'the version of Node.js' }),
    store: Type.String(),
    executors: Type.Array(Type.String(), { description: 'built-in ones that run in it' }),
    configuration: Type.Record(
      Type.String(),
      object({
        value: Type.Union([Type.String(), Type.Number(), Type.Null()]),
        from: Type.String({ description: 'a flag, a variable, a place in a file, or default' }),
      }),
      { description: 'secrets are masked' },
    ),
    bind: orNull(Type.String({ description: 'the address on which it listens' })),
    asksForKeys: Type.Boolean(),
    ready: Type.Boolean(),
    fault: orNull(Type.String({ description: "what is wrong with the store's disk" })),
    startedAt: Time,
    now: Time,
    retention: object({ runsMs: Type.Integer(), keysMs: Type.Integer() }),
  },
  'Server',
)
export const Nodes = object(
  {
    nodes: Type.Array(
      object({
        id: Type.String(),
        name: Type.String({ description: 'host and process' }),
        address: Type.Union([Type.String(), Type.Null()], { description: 'where other nodes reach it' }),
        since: Type.String({ description: 'when it began' }),
        shards: Type.Integer({ description: 'how many it serves; 0: it stands by' }),
        drained: Type.Union([
          object({ by: Type.Union([Type.String(), Type.Null()]), note: Type.Union([Type.String(), Type.Null()]), since: Type.String() }),
          Type.Null(),
        ]),
      }),
    ),
    fault: Type.Union([Type.String(), Type.Null()], { description: 'why nothing is served or written at present, and what to do' }),
  },
  'Nodes',
)
export const Shards = object(
  {
    count: Type.Integer({ description: 'how many shards there are' }),
    lanes: Type.Array(
      object({
        lane: Type.String(),
        claim: Type.String(),
        node: Type.String(),
        name: Type.String({ description: 'of the node: host and process' }),
        shards: Type.Array(Type.Integer(), { description: 'those that it holds' }),
        renewals: Type.Integer({ description: 'how often it has renewed its claim: four times a second while it lives' }),
        behind: Type.Integer({ description: 'by how many changes of settings it is behind' }),
      }),
    ),
    free: Type.Array(Type.Integer(), { description: 'those that nobody holds' }),
  },
  'Shards',
)
export const Namespaces = object(
  {
    namespaces: Type.Array(
      object({ name: Type.String(), definitions: Type.Integer(), open: Type.Integer({ description: 'open jobs' }), workers: Type.Integer() }),
    ),
  },
  'Namespaces',
)
export const Retention = object(
  {
    runs: Type.Integer({ description: 'how long closed runs are kept, in milliseconds' }),
    ledger: Type.Integer({ description: "how long lines of schedules' ledgers are kept; the last 1,000 of each stay" }),
    set: Type.Union([SetBy, Type.Null()], { description: 'who has set it and when; null: nobody has' }),
  },
  'Retention',
)
export const Collectable = object(
  {
    days: Type.Array(
      object({
        namespace: Type.String(),
        kind: Type.String(),
        definition: Type.String(),
        day: Type.String({ description: 'the UTC day on which they closed' }),
        runs: Type.Integer(),
      }),
    ),
    more: Type.Boolean({ description: 'there are more than were counted' }),
  },
  'Collectable',
)
export const Collected = object(
  {
    runs: Type.Integer(),
    keys: Type.Integer({ description: 'idempotency keys that have expired' }),
    lines: Type.Integer({ description: 'of ledgers' }),
    more: Type.Boolean({ description: 'there is more than one call drops: call again' }),
  },
  'Collected',
)
