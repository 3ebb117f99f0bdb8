import { UserError } from '../core/errors.ts'
import type { RunKind } from '../core/machine.ts'
import { CLOSED_STATES, OPEN_STATES, type RunState } from '../core/run.ts'
import type { Instant } from '../core/time.ts'
import { BATCH_TAG, type Engine, type RunTally } from '../engine/face.ts'
import { batchId } from './batches.ts'
import { formatInstant } from './instants.ts'
import { duration, fields, name, names, oneOrMore, tags, words } from './operation.ts'
import type { RunSearch } from './rows.ts'
import { instantOrNull } from './views.ts'

const KINDS: readonly RunKind[] = ['job', 'workflow', 'dag', 'batch', 'approval', 'wait']
const STATES: readonly RunState[] = [...OPEN_STATES, ...CLOSED_STATES]

/** By what runs are looked for; times are said by whoever asks, since lists and histograms call them differently. */
export const runQuery = {
  kind: oneOrMore(KINDS),
  state: oneOrMore(STATES),
  reason: names,
  definition: names,
  queue: names,
  tag: tags,
  metadata: fields,
  error: words,
  batch: name,
  longerThan: duration,
  shorterThan: duration,
}

export interface RunQuery {
  kind?: RunKind[]
  state?: RunState[]
  reason?: string[]
  definition?: string[]
  queue?: string[]
  tag?: Record<string, string>
  metadata?: Record<string, string>
  error?: string
  batch?: string
  longerThan?: number
  shorterThan?: number
  createdAfter?: Instant
  createdBefore?: Instant
}

export async function searchOf(engine: Engine, namespace: string, query: RunQuery, now: Instant): Promise<RunSearch> {
  const { kind, state, reason, definition, queue, tag, metadata, error, batch, longerThan, shorterThan, createdAfter, createdBefore } = query
  const search: RunSearch = { namespace }
  if (kind) search.kinds = kind
  if (state) search.states = state
  if (reason) search.reasons = reason
  if (definition) search.names = definition
  if (queue) search.queues = queue
  if (tag) search.tags = tag
  if (metadata) search.metadata = metadata
  if (error !== undefined) search.error = error
  if (batch) search.tags = { ...search.tags, [BATCH_TAG]: await batchId(engine, { namespace, batch }) }
  if (createdAfter !== undefined) search.createdAfter = createdAfter
  if (createdBefore !== undefined) search.createdBefore = createdBefore
  if (longerThan === undefined && shorterThan === undefined) return search
  if (longerThan !== undefined && shorterThan !== undefined && longerThan > shorterThan)
    throw new UserError('invalid-input', { at: '/query/longerThan', found: longerThan, hint: 'nothing takes longer than this and shorter than that' })
  search.took = {
    now,
    ...(longerThan === undefined ? {} : { atLeastMs: longerThan }),
    ...(shorterThan === undefined ? {} : { atMostMs: shorterThan }),
  }
  return search
}

export function histogramJson({ counts, through }: RunTally, { from, until, stepMs }: { from: Instant; until: Instant; stepMs: number }): object {
  const buckets = Array.from({ length: Math.ceil((until - from) / stepMs) }, (_, step) => ({
    at: formatInstant(from + step * stepMs),
    counts: {} as Record<string, number>,
  }))
  const all: Record<string, number> = Object.fromEntries(STATES.map(state => [state, 0]))
  for (const { step, state, count } of counts) {
    all[state] = (all[state] ?? 0) + count
    const bucket = buckets[step]?.counts
    if (bucket !== undefined) bucket[state] = (bucket[state] ?? 0) + count
  }
  return {
    from: formatInstant(from),
    until: formatInstant(until),
    stepMs,
    buckets,
    counts: all,
    complete: through === null,
    through: instantOrNull(through),
  }
}
