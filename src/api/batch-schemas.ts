import { Type } from 'typebox'
import { STARTS_PER_CALL_MAX } from '../core/bounds.ts'
import { PRIORITY_MAX, PRIORITY_MIN } from '../core/gates.ts'
import { CLOSED_STATES, OPEN_STATES } from '../core/run.ts'
import { OPERATIONS } from '../engine/face.ts'
import { closed, count, Duration, InstantText, list, Name, Note, Payload, RunIdText, RunOptions, Start, Tags } from './schemas.ts'

/** Names and queues in one filter. */
const FILTER_VALUES_MAX = 100
/** Runs that a person has picked by hand. */
const FILTER_RUNS_MAX = 1_000

const Callback = closed(
  { definition: Name, input: Type.Optional(Payload), options: Type.Optional(RunOptions) },
  { title: 'BatchCallback', description: 'a run that is started; its input is { batch, input }: what became of the jobs, and the input given here' },
)
const Item = Type.Union([Start, closed({ batch: Type.Ref('Batch') })], { description: 'a start, or { batch } with a batch of its own' })
const Jobs = list(Item, STARTS_PER_CALL_MAX)

export const Batch = Type.Cyclic(
  {
    Batch: closed(
      {
        name: Type.Optional(Name),
        jobs: Type.Optional(Jobs),
        open: Type.Optional(Type.Boolean({ description: 'true: it takes more jobs until it is sealed' })),
        onFirstFailure: Type.Optional(Callback),
        onComplete: Type.Optional(Callback),
        onSuccess: Type.Optional(Callback),
        tags: Type.Optional(Tags),
        retention: Type.Optional(Duration),
      },
      { title: 'Batch' },
    ),
  },
  'Batch',
)
/** The jobs of a batch alone. */
export const BatchJobs = Type.Cyclic(
  { Batch: (Batch as unknown as { $defs: { Batch: typeof Item } }).$defs.Batch, BatchJobs: closed({ jobs: Jobs }, { title: 'BatchJobs' }) },
  'BatchJobs',
)

const Filter = closed(
  {
    state: Type.Optional(list(Type.Enum([...OPEN_STATES, ...CLOSED_STATES]), OPEN_STATES.length + CLOSED_STATES.length)),
    definition: Type.Optional(list(Name, FILTER_VALUES_MAX)),
    queue: Type.Optional(list(Name, FILTER_VALUES_MAX)),
    tags: Type.Optional(Tags),
    createdAfter: Type.Optional(InstantText),
    createdBefore: Type.Optional(InstantText),
    reason: Type.Optional(Name),
    error: Type.Optional(Note),
    batch: Type.Optional(Type.String({ maxLength: 26, description: "a batch's id, or the end of one" })),
    runs: Type.Optional({
      ...list(RunIdText, FILTER_RUNS_MAX),
      description: 'these alone, by their whole ids; createdAfter and createdBefore keep the look for them short',
    }),
  },
  { title: 'BulkFilter', description: 'which runs; without a state, those in which the operation can do something' },
)
const Change = closed(
  {
    at: Type.Optional(InstantText),
    delay: Type.Optional(Duration),
    now: Type.Optional(Type.Boolean()),
    priority: Type.Optional(count(PRIORITY_MIN, PRIORITY_MAX)),
    queue: Type.Optional(Name),
  },
  { title: 'BulkChange', description: 'when they are due (at, delay or now), their priority, their queue' },
)
const what = { operation: Type.Enum([...OPERATIONS]), filter: Filter }
export const Bulk = closed({ name: Type.Optional(Name), ...what, change: Type.Optional(Change), why: Type.Optional(Note) }, { title: 'Bulk' })
export const BulkPreview = closed(what, { title: 'PreviewBulk' })
