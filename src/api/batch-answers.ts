import { Type } from 'typebox'
import { BATCH_CALLBACKS } from '../core/run.ts'
import { BACKFILL_ORDERS, OPERATIONS, REPROCESSES } from '../engine/face.ts'
import { Existing, object, orNull, Progress, Refused, Run, State, strings, Time } from './answers.ts'

export const BatchStarted = object(
  {
    batch: Type.String(),
    is: Type.Enum(['started', 'existing']),
    started: Type.Integer({ description: 'jobs and batches that this call has started' }),
    conflicts: Type.Array(object({ index: Type.Integer(), answer: Type.Union([Existing, Refused]) })),
  },
  'BatchStarted',
)
const Jobs = object({
  total: Type.Integer(),
  open: Type.Integer(),
  completed: Type.Integer(),
  failed: Type.Integer({ description: 'failed, or timed out' }),
  cancelled: Type.Integer({ description: 'cancelled, or terminated' }),
  failedRuns: Type.Array(Type.String(), { description: 'the first 100' }),
  sealed: Type.Boolean(),
  callbacks: Type.Array(object({ callback: Type.Enum([...BATCH_CALLBACKS]), run: Type.String(), refused: orNull(Type.String()) })),
})
const Filter = object({
  state: Type.Optional(Type.Array(State)),
  definition: Type.Optional(Type.Array(Type.String())),
  queue: Type.Optional(Type.Array(Type.String())),
  tags: Type.Optional(strings),
  createdAfter: Type.Optional(Time),
  createdBefore: Type.Optional(Time),
  reason: Type.Optional(Type.String()),
  error: Type.Optional(Type.String()),
  batch: Type.Optional(Type.String()),
  runs: Type.Optional(Type.Array(Type.String())),
})
const Change = object({
  at: Type.Optional(Time),
  now: Type.Optional(Type.Boolean()),
  priority: Type.Optional(Type.Number()),
  queue: Type.Optional(Type.String()),
})
const Bulk = object({
  operation: Type.Enum([...OPERATIONS]),
  filter: Filter,
  change: orNull(Change),
  by: orNull(Type.String()),
  why: orNull(Type.String()),
  matched: Type.Integer({ description: 'how many there were when it began' }),
  done: Type.Integer(),
  skipped: Type.Integer({ description: 'they no longer matched when it was their turn' }),
  refused: Type.Integer(),
  refusals: Type.Array(object({ run: Type.String(), code: Type.String() })),
})
const Backfill = object({
  schedule: Type.String(),
  from: Time,
  to: Time,
  order: Type.Enum([...BACKFILL_ORDERS]),
  maxActive: Type.Integer(),
  reprocess: Type.Enum([...REPROCESSES]),
  total: Type.Integer({ description: 'times in the range' }),
  by: orNull(Type.String()),
  through: orNull({ ...Time, description: 'the last time that was seen to' }),
  active: Type.Array(Type.String()),
  skipped: Type.Integer(),
  skips: Type.Array(object({ at: Time, why: Type.Enum(['exists', 'completed', 'in-flight', 'made']), run: orNull(Type.String()) }), {
    description: 'the first 20: a run was there, it has completed, it is open',
  }),
  refused: Type.Integer(),
  refusals: Type.Array(object({ at: Time, code: Type.String() })),
})
export const Batch = object(
  {
    id: Type.String(),
    namespace: Type.String(),
    name: Type.String(),
    state: State,
    reason: orNull(Type.String()),
    createdAt: Time,
    closedAt: orNull(Time),
    tags: orNull(strings),
    parent: orNull(Type.String()),
    progress: orNull(Progress),
    jobs: orNull(Jobs),
    bulk: orNull(Bulk),
    backfill: orNull(Backfill),
  },
  'BatchView',
)
export const BatchList = object({ batches: Type.Array(Batch), next: orNull(Type.String()) }, 'BatchList')
export const BulkStarted = object({ batch: Type.String(), matched: Type.Integer() }, 'BulkStarted')
export const BulkPreview = object(
  {
    matched: Type.Integer(),
    more: Type.Boolean({ description: 'true: counting ended there' }),
    byState: Type.Record(Type.String(), Type.Integer()),
    runs: Type.Array(Run),
  },
  'BulkPreview',
)
