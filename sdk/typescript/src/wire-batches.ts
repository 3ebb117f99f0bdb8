import type { State, WireProblem, WireProgress, WireRun, WireStart } from './wire.ts'
import type { WireBackfillSkip } from './wire-schedules.ts'

/** Batches: groups of jobs with callbacks, and operations on many runs. Spread into OPERATIONS of wire.ts. */
export const BATCH_OPERATIONS = {
  'batches.start': ['POST', '/v1/namespaces/{namespace}/batches'],
  'batches.add': ['POST', '/v1/namespaces/{namespace}/batches/{batch}/jobs'],
  'batches.seal': ['POST', '/v1/namespaces/{namespace}/batches/{batch}/seal'],
  'batches.bulk': ['POST', '/v1/namespaces/{namespace}/batches/bulk'],
  'batches.preview': ['POST', '/v1/namespaces/{namespace}/batches/preview'],
  'batches.list': ['GET', '/v1/namespaces/{namespace}/batches'],
  'batches.get': ['GET', '/v1/namespaces/{namespace}/batches/{batch}'],
  'batches.pause': ['POST', '/v1/namespaces/{namespace}/batches/{batch}/pause'],
  'batches.resume': ['POST', '/v1/namespaces/{namespace}/batches/{batch}/resume'],
  'batches.cancel': ['POST', '/v1/namespaces/{namespace}/batches/{batch}/cancel'],
} as const

export interface WireBatchCallback {
  definition: string
  input?: unknown
  options?: Pick<WireStart, 'queue' | 'priority' | 'retry' | 'timeout' | 'expires' | 'retention' | 'labels' | 'tags'>
}
/** POST batches. */
export interface WireBatch {
  name?: string
  jobs?: (WireStart | { batch: WireBatch })[]
  open?: boolean
  onFirstFailure?: WireBatchCallback
  onComplete?: WireBatchCallback
  onSuccess?: WireBatchCallback
  tags?: Record<string, string>
  retention?: number | string
}
/** `conflicts`: items that were not started, since another run has their key. */
export interface WireBatchStarted {
  batch: string
  is: 'started' | 'existing'
  started: number
  conflicts: { index: number; answer: { is: 'existing'; run: string; by: 'call' | 'key' | 'unique' } | { is: 'refused'; problem: WireProblem } }[]
}
export type BulkOperation = 'cancel' | 'terminate' | 'retry' | 'fork' | 'resume' | 'change' | 'delete'
/** Which runs; without a state, those in which the operation can do something. */
export interface WireBulkFilter {
  state?: State[]
  definition?: string[]
  queue?: string[]
  /** All of them. */
  tags?: Record<string, string>
  /** Inclusive, exclusive. */
  createdAfter?: string
  createdBefore?: string
  reason?: string
  /** In the type or the message of its failure, whatever the case. */
  error?: string
  batch?: string
  /** These alone, by their whole ids. */
  runs?: string[]
}
export interface WireBulkChange {
  at?: string
  delay?: number | string
  now?: boolean
  priority?: number
  queue?: string
}
/** POST batches/bulk; POST batches/preview takes `operation` and `filter`. */
export interface WireBulk {
  name?: string
  operation: BulkOperation
  filter: WireBulkFilter
  change?: WireBulkChange
  why?: string
}
export interface WireBulkStarted {
  batch: string
  matched: number
}
export interface WireBulkPreview {
  matched: number
  /** Counting ended there: there are more. */
  more: boolean
  byState: Record<string, number>
  /** The newest 20. */
  runs: WireRun[]
}
export interface WireBatchView {
  id: string
  namespace: string
  name: string
  state: State
  reason: string | null
  createdAt: string
  closedAt: string | null
  tags: Record<string, string> | null
  /** The batch that it is nested in. */
  parent: string | null
  progress: WireProgress | null
  /** A group of jobs; null: an operation. */
  jobs: {
    total: number
    open: number
    completed: number
    failed: number
    cancelled: number
    failedRuns: string[]
    sealed: boolean
    callbacks: { callback: 'firstFailure' | 'complete' | 'success'; run: string; refused: string | null }[]
  } | null
  bulk: {
    operation: BulkOperation
    filter: WireBulkFilter
    change: Omit<WireBulkChange, 'delay'> | null
    by: string | null
    why: string | null
    matched: number
    done: number
    skipped: number
    refused: number
    refusals: { run: string; code: string }[]
  } | null
  /** Of a schedule, whose times it starts; their runs are its jobs. */
  backfill: {
    schedule: string
    from: string
    to: string
    order: 'forward' | 'reverse'
    maxActive: number
    reprocess: 'none' | 'failed' | 'completed'
    /** Times in the range; the last that was seen to. */
    total: number
    through: string | null
    by: string | null
    active: string[]
    skipped: number
    skips: { at: string; why: WireBackfillSkip; run: string | null }[]
    refused: number
    refusals: { at: string; code: string }[]
  } | null
}
export interface WireBatchList {
  batches: WireBatchView[]
  next: string | null
}
