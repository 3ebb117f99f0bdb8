import { type Static, type TProperties, type TSchema, Type } from 'typebox'
import {
  DEFINITIONS_PER_CALL_MAX,
  KEY_LENGTH_MAX,
  LOG_LINES_PER_CALL_MAX,
  NAME_LENGTH_MAX,
  OUTLETS_MAX,
  RUNS_AWAITED_MAX,
  STARTS_PER_CALL_MAX,
  TAG_LENGTH_MAX,
  TAGS_MAX,
  TASKS_PER_CALL_MAX,
  WAIT_MS_MAX,
} from '../core/bounds.ts'
import { PRIORITY_MAX, PRIORITY_MIN } from '../core/gates.ts'
import { OPEN_STATES } from '../core/run.ts'
import { DURATION_MS_MAX } from '../core/time.ts'

/**
 * What clients send. A description is the hint of an error about it, so it says what is expected; a title makes it a component of `/openapi.json`.
 * Whatever is not named here is refused: a misspelt option must not be ignored in silence.
 */
/** Stands for a secret in all that is answered; whoever sends it back keeps the secret. */
export const SECRET_MASK = '***'

export const closed = <P extends TProperties>(properties: P, options: { title?: string; description?: string } = {}) =>
  Type.Object(properties, { additionalProperties: false, ...options })
/** Any JSON value, kept as text (raw.ts). */
export const Payload = Type.Unknown({ description: 'any JSON value, kept and given back as it was written' })

/** Written with the flag u. Control characters and halves of surrogates are in no name: some store cannot hold them (E14). */
const PRINTABLE = '[^\\p{Cc}\\p{Cs}]'
const TIGHT = '[^\\p{Cc}\\p{Cs}\\p{Z}]'
const ended = (lengthMax: number) => `^${TIGHT}(?:${PRINTABLE}{0,${lengthMax - 2}}${TIGHT})?$`

export const Name = Type.String({
  pattern: ended(NAME_LENGTH_MAX),
  description: `a name of 1 to ${NAME_LENGTH_MAX} characters, without control characters and without spaces at its ends`,
})
export const Key = Type.String({
  pattern: `^${PRINTABLE}{1,${KEY_LENGTH_MAX}}$`,
  description: `a key of 1 to ${KEY_LENGTH_MAX} characters, without control characters`,
})
export const RunIdText = Type.String({ pattern: '^[0-7][0-9a-hjkmnp-tv-z]{25}$', description: "a run's whole id, 26 characters" })
const TagName = Type.String({ pattern: `^(?!__proto__$)[^\\p{Cc}\\p{Cs}:]{1,${TAG_LENGTH_MAX}}$` })
const TagValue = Type.String({
  pattern: `^${PRINTABLE}{0,${TAG_LENGTH_MAX}}$`,
  description: `a text of at most ${TAG_LENGTH_MAX} characters, without control characters`,
})
const texts = (what: string) =>
  Type.Record(TagName, TagValue, {
    additionalProperties: false,
    maxProperties: TAGS_MAX,
    description: `at most ${TAGS_MAX} ${what}, each with a name of 1 to ${TAG_LENGTH_MAX} characters, without control characters and colons`,
  })
export const Tags = texts('tags')
const Labels = texts('labels')

export const NOTE_LENGTH_MAX = 2_000
export const Note = Type.String({ maxLength: NOTE_LENGTH_MAX, description: `a text of at most ${NOTE_LENGTH_MAX} characters` })

/** Read by core/time.ts, which says what is wrong with it. */
export const Duration = Type.Union([Type.Number(), Type.String({ maxLength: 100 })], {
  title: 'Duration',
  description: 'milliseconds, or a text with units ms, s, m, h, d, w such as "90s" or "1h 30m"',
})
/** Read by instants.ts. */
export const InstantText = Type.String({ maxLength: 100, description: 'a time in ISO 8601 with its offset, such as "2026-03-01T09:00:00Z"' })

export const count = (minimum: number, maximum: number) =>
  Type.Integer({ minimum, maximum, description: `a whole number from ${minimum} to ${maximum}` })
export const number = (minimum: number, maximum: number) => Type.Number({ minimum, maximum, description: `a number from ${minimum} to ${maximum}` })
export const list = <S extends TSchema>(items: S, maxItems: number) => Type.Array(items, { maxItems })

const Unique = closed(
  {
    by: Type.Enum(['name', 'input', 'key']),
    key: Type.Optional(Key),
    states: Type.Optional(Type.Array(Type.Enum([...OPEN_STATES]), { minItems: 1, maxItems: OPEN_STATES.length })),
    onConflict: Type.Optional(Type.Enum(['keep', 'replace'])),
  },
  { title: 'Unique' },
)
/** More attempts than that are a mistake: at one a second they take 11 days. */
const ATTEMPTS_MAX = 1_000_000
const Retry = closed(
  {
    attempts: Type.Optional(count(1, ATTEMPTS_MAX)),
    initial: Type.Optional(Duration),
    factor: Type.Optional(number(1, 1_000)),
    maximum: Type.Optional(Duration),
    jitter: Type.Optional(number(0, 1)),
  },
  { title: 'Retry' },
)
const Timeouts = closed(
  {
    attempt: Type.Optional(Duration),
    total: Type.Optional(Duration),
    scheduleToStart: Type.Optional(Duration),
    heartbeat: Type.Optional(Duration),
  },
  { title: 'Timeouts' },
)

const Outlet = Type.Union([Name, closed({ asset: Name, partition: Type.Optional(Name) })], {
  description: 'an asset that a run makes anew when it completes: its name, or { asset, partition }',
})

/** Options that a definition, a start and a schedule share. */
export const runOptions = {
  queue: Type.Optional(Name),
  priority: Type.Optional(count(PRIORITY_MIN, PRIORITY_MAX)),
  retry: Type.Optional(Retry),
  timeout: Type.Optional(Timeouts),
  expires: Type.Optional(Duration),
  exhausted: Type.Optional(Type.Enum(['fail', 'park'])),
  retention: Type.Optional(Duration),
  labels: Type.Optional(Labels),
  tags: Type.Optional(Tags),
  outlets: Type.Optional(list(Outlet, OUTLETS_MAX)),
}
export const shared = { unique: Type.Optional(Unique), ...runOptions }
export const Start = closed(
  {
    definition: Name,
    input: Type.Optional(Payload),
    key: Type.Optional(Key),
    keyRetention: Type.Optional(Duration),
    ...shared,
    delay: Type.Optional(Duration),
    at: Type.Optional(InstantText),
    metadata: Type.Optional(Payload),
    /** The run whose handler starts this one. */
    parent: Type.Optional(RunIdText),
    traceparent: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$',
        description: 'a W3C trace context: version-trace-span-flags in hex',
      }),
    ),
  },
  { title: 'Start' },
)
export const RetentionSet = closed({ runs: Type.Optional(Duration), ledger: Type.Optional(Duration) }, { title: 'RetentionSet' })
export const StartMany = closed({ runs: list(Start, STARTS_PER_CALL_MAX) }, { title: 'StartMany' })
export const RunOptions = closed(runOptions, { title: 'RunOptions', description: 'options of each run that it starts' })
export const CommandBody = closed({ why: Type.Optional(Note) }, { title: 'Command' })
export const ReshardBody = closed(
  { shards: Type.Integer({ minimum: 1, maximum: 256, description: 'how many there are to be: a power of two' }) },
  { title: 'Reshard' },
)
/** `version`: of a workflow, which goes on with this version of its code alone. */
export const ResumeBody = closed({ why: Type.Optional(Note), version: Type.Optional(Name) }, { title: 'ResumeRun' })
export const AwaitedRuns = closed({ runs: list(RunIdText, RUNS_AWAITED_MAX), wait: Type.Optional(count(0, WAIT_MS_MAX)) }, { title: 'AwaitedRuns' })
export const PauseBody = closed({ note: Type.Optional(Note) }, { title: 'Pause' })
export const RetryBody = closed({ input: Type.Optional(Payload), force: Type.Optional(Type.Boolean()) }, { title: 'RetryRun' })
export const ChangeBody = closed(
  {
    at: Type.Optional(InstantText),
    delay: Type.Optional(Duration),
    now: Type.Optional(Type.Boolean()),
    priority: Type.Optional(count(PRIORITY_MIN, PRIORITY_MAX)),
    queue: Type.Optional(Name),
    input: Type.Optional(Payload),
    why: Type.Optional(Note),
  },
  { title: 'ChangeRun' },
)
export const NewKey = closed({ name: Name }, { title: 'NewKey' })

const UNITS_MAX = 20
const UnitName = Type.String({ pattern: `^(?!__proto__$)${ended(NAME_LENGTH_MAX).slice(1)}` })
const Units = Type.Record(UnitName, number(0, 1e12), {
  additionalProperties: false,
  maxProperties: UNITS_MAX,
  description: `at most ${UNITS_MAX} kinds of units and how many there are, such as {"cpu": 4}`,
})
/** Queues that one worker names, and definitions that it serves. */
const QUEUES_PER_POLL_MAX = 1_000
export const Poll = closed(
  {
    worker: Name,
    workerName: Type.Optional(Name),
    last: Type.Optional(Type.Union([Name, Type.Null()], { description: 'the id of the last answer that arrived, or null' })),
    queues: Type.Optional(list(Name, QUEUES_PER_POLL_MAX)),
    serves: list(closed({ definition: Name, version: Type.Optional(Type.Union([Name, Type.Null()])) }), DEFINITIONS_PER_CALL_MAX),
    labels: Type.Optional(Labels),
    max: count(1, TASKS_PER_CALL_MAX),
    slots: Type.Optional(count(0, 1_000_000)),
    units: Type.Optional(Units),
    unitsTotal: Type.Optional(Units),
    wait: Type.Optional(count(0, WAIT_MS_MAX)),
  },
  { title: 'Poll' },
)

export const ref = { run: RunIdText, task: Name, attempt: count(1, ATTEMPTS_MAX), delivery: Name }
/** An error and what caused it. Deeper chains and longer texts than bounds.ts allows are cut, not refused: the run's outcome must not be lost. */
export const Failure = Type.Cyclic(
  {
    Failure: closed(
      {
        type: Type.String(),
        message: Type.String(),
        stack: Type.Optional(Type.String()),
        code: Type.Optional(Type.String()),
        cause: Type.Optional(Type.Ref('Failure')),
        errors: Type.Optional(Type.Array(Type.Ref('Failure'))),
      },
      { title: 'Failure' },
    ),
  },
  'Failure',
)
const OutletFacts = closed(
  { asset: Name, partition: Type.Optional(Name), extra: Type.Optional(Payload), watermark: Type.Optional(Payload) },
  { description: 'what a handler says of an asset among its outlets' },
)
export const Result = Type.Union(
  [
    closed(
      {
        ...ref,
        is: Type.Literal('completed'),
        output: Type.Optional(Payload),
        watermark: Type.Optional({ ...Payload, description: 'how far it has come, for the next run of its schedule' }),
        assets: Type.Optional(list(OutletFacts, OUTLETS_MAX)),
      },
      { title: 'Completed' },
    ),
    closed(
      {
        ...ref,
        is: Type.Literal('failed'),
        failure: Failure,
        retry: Type.Optional(Type.Boolean()),
        delayMs: Type.Optional(number(0, DURATION_MS_MAX)),
      },
      { title: 'Failed' },
    ),
    closed(
      {
        ...ref,
        is: Type.Literal('snoozed'),
        delayMs: number(0, DURATION_MS_MAX),
        slow: Type.Optional(Type.Boolean()),
        misfit: Type.Optional(
          closed(
            { version: Name, why: Type.String() },
            { description: 'code of this version cannot do it: another may have it at once, and this one not' },
          ),
        ),
      },
      { title: 'Snoozed' },
    ),
    closed({ ...ref, is: Type.Literal('returned') }, { title: 'Returned' }),
    closed({ ...ref, is: Type.Literal('cancelled') }, { title: 'Cancelled' }),
  ],
  { title: 'Result' },
)
export const Complete = closed({ worker: Name, results: list(Result, TASKS_PER_CALL_MAX) }, { title: 'Complete' })
const Progress = closed({ value: number(0, 1), message: Type.Optional(Note) }, { title: 'Progress' })
const Beat = closed(
  {
    ...ref,
    active: Type.Optional(Type.Boolean()),
    stuck: Type.Optional(Type.Boolean()),
    progress: Type.Optional(Progress),
    checkpoint: Type.Optional(Payload),
  },
  { title: 'Beat' },
)
export const Heartbeat = closed({ worker: Name, beats: list(Beat, TASKS_PER_CALL_MAX) }, { title: 'Heartbeat' })
const LogLine = closed(
  {
    run: RunIdText,
    attempt: count(1, ATTEMPTS_MAX),
    delivery: Name,
    n: count(0, Number.MAX_SAFE_INTEGER),
    at: InstantText,
    level: Type.Enum(['debug', 'info', 'warn', 'error']),
    message: Type.String(),
    fields: Type.Optional(Payload),
  },
  { title: 'SentLogLine' },
)
export const Log = closed({ worker: Name, lines: list(LogLine, LOG_LINES_PER_CALL_MAX) }, { title: 'Log' })

export type StartBody = Static<typeof Start>
export type OptionsBody = Pick<StartBody, keyof typeof shared>
