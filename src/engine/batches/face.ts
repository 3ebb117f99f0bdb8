import type { ActorId, RunId } from '../../core/ids.ts'
import type { Progress, RunState } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { AskedCallback, BackfillPlan, BulkFilter, Callbacks, Change, Jobs, Operation, Refusal, Skip } from '../../machines/batch/types.ts'
import type { Page, Paged } from '../../store/store.ts'
import type { Command, RunSummary, StartAnswer, StartRequest } from '../face.ts'

/** Batches of both sorts: groups of jobs with callbacks, and operations on many runs. They are runs: listed, waited for and followed as such. */
export interface BatchCalls {
  /** All of its jobs are born with it, or nothing is; with `key` or `unique` on a job, conflicts per item. The same call key answers the same batch. */
  start(namespace: string, batch: BatchStart, call: BatchCall): Promise<BatchStarted>
  /** More jobs, as long as it is not sealed. @throws UserError `batch-closed` */
  add(namespace: string, batch: RunId, items: readonly BatchItem[], call: BatchCall): Promise<BatchStarted>
  /** It takes no more jobs, and ends once those that it has have ended. */
  seal(namespace: string, batch: RunId, command: Command): Promise<void>
  /** An operation on all runs that match now; each is looked at again when it is its turn (E12). */
  bulk(namespace: string, bulk: BulkStart, command: Command): Promise<{ batch: RunId; matched: number }>
  /** What the operation would touch now. Nothing is changed. */
  preview(namespace: string, bulk: Pick<BulkStart, 'operation' | 'filter'>): Promise<BulkPreview>
  /** @throws UserError `batch-not-found`, as all that follow */
  get(namespace: string, batch: RunId): Promise<BatchView>
  /** Newest first. */
  /** `schedule`: backfills of this schedule alone. */
  list(namespace: string, page: Page, of?: { schedule: string }): Promise<Paged<BatchView>>
  /** Between two pages of an operation. A group of jobs cannot be paused (`invalid-input`). */
  pause(namespace: string, batch: RunId, command: Command): Promise<void>
  resume(namespace: string, batch: RunId, command: Command): Promise<void>
  /** An operation ends after the page under way. A group asks its open jobs to stop, takes no more, and ends when they have. */
  cancel(namespace: string, batch: RunId, command: Command): Promise<void>
}

export interface BatchCall {
  callKey: string | null
  by: string | null
}

export interface BatchStart {
  name: string
  /** 10,000 at most, those of nested batches included. */
  items: readonly BatchItem[]
  /** It takes more jobs until it is sealed. */
  open: boolean
  callbacks: Callbacks
  tags?: Readonly<Record<string, string>>
  retentionMs?: number
}
/** A batch in a batch counts as one, by how it ends. */
export type BatchItem = { is: 'job'; start: Omit<StartRequest, 'trigger'> } | { is: 'batch'; batch: BatchStart }

export interface BatchStarted {
  batch: RunId
  /** The same call was made before. */
  existing: boolean
  /** Jobs and batches that were started by this call. */
  started: number
  /** Items that were not, by their places: what has their key, or why not. */
  conflicts: { index: number; answer: Exclude<StartAnswer, { is: 'started' }> }[]
}

export interface BulkStart {
  name?: string
  operation: Operation
  filter: BulkFilter
  /** What becomes of each run: with the operation `change` alone. */
  change?: Change
}
export interface BulkPreview {
  /** Matching runs, counted up to 100,000. */
  matched: number
  more: boolean
  byState: Partial<Record<RunState, number>>
  /** The newest 20. */
  runs: RunSummary[]
}

export interface BatchView {
  id: RunId
  namespace: string
  name: string
  state: RunState
  /** open, jobs, cancelling, paused, jobs-failed … */
  reason: string | null
  createdAt: Instant
  closedAt: Instant | null
  tags: Readonly<Record<string, string>> | null
  /** The batch that it is nested in. */
  parent: ActorId | null
  progress: Progress | null
  /** A group of jobs; null: an operation. */
  jobs: (Omit<Jobs, 'callbacks'> & { callbacks: readonly AskedCallback[] }) | null
  bulk: BulkView | null
  backfill: BackfillView | null
}
/** Of a schedule, whose times it starts; their runs are its jobs. */
export interface BackfillView extends Pick<BackfillPlan, 'schedule' | 'from' | 'until' | 'order' | 'maxActive' | 'reprocess' | 'total' | 'by'> {
  /** The last time that was seen to; null: none yet. */
  through: Instant | null
  active: readonly RunId[]
  skipped: number
  /** The first 20. */
  skips: readonly Skip[]
  refused: number
  refusals: readonly { at: Instant; code: string }[]
}
export interface BulkView {
  operation: Operation
  filter: BulkFilter
  change: Change | null
  by: string | null
  why: string | null
  /** How many there were at its start; an estimate, since others change runs meanwhile. */
  matched: number
  done: number
  skipped: number
  refused: number
  /** The first 20. */
  refusals: readonly Refusal[]
}
export type { AskedCallback, BulkFilter, Callback, Callbacks, Change, Operation } from '../../machines/batch/types.ts'
