import type { Run, RunState } from './client.ts'

export const RUN_STATES = [
  'scheduled',
  'queued',
  'running',
  'waiting',
  'paused',
  'completed',
  'failed',
  'timed_out',
  'cancelled',
  'terminated',
] as const satisfies readonly RunState[]

/** What runs are filtered by, as the API names it; `last` beside it. */
export interface RunFilter {
  state?: RunState[]
  kind?: Run['kind'][]
  reason?: string[]
  definition?: string[]
  queue?: string[]
  /** `name:value`, all of them. */
  tag?: string[]
  /** `name:value`, all of them. */
  metadata?: string[]
  /** In the type or the message of the error. */
  error?: string
  batch?: string
  /** Durations: `90s`. */
  longerThan?: string
  shorterThan?: string
  /** Created so long ago at most, as of when it is asked: `6h`. */
  last?: string
  createdAfter?: string
  createdBefore?: string
}

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
/** `90m`, `6h`, `7d`, `2w` in milliseconds; null: it is not such a span. */
export function spanMs(text: string): number | null {
  const [, count, unit] = /^(\d{1,5})([mhdw])$/.exec(text) ?? []
  return count === undefined || Number(count) === 0 ? null : Number(count) * UNITS[unit as keyof typeof UNITS]
}

/** As the API takes it: `last` becomes an instant. */
export function askedOf({ last, ...filter }: RunFilter, now = Date.now()): Omit<RunFilter, 'last'> {
  const ms = last === undefined ? null : spanMs(last)
  if (ms === null) return filter
  const since = new Date(now - ms).toISOString()
  return { ...filter, createdAfter: filter.createdAfter !== undefined && filter.createdAfter > since ? filter.createdAfter : since }
}

/** Whether a list of this filter would hold the run; null: only the server can tell (metadata, a batch's members), so it is left to the next reading. */
export function accepts(filter: RunFilter, run: Run, now = Date.now()): boolean | null {
  const { createdAfter, createdBefore, longerThan, shorterThan } = askedOf(filter, now)
  const error = filter.error?.toLowerCase()
  const knownNot =
    !(filter.state?.includes(run.state) ?? true) ||
    !(filter.kind?.includes(run.kind) ?? true) ||
    !(filter.reason?.includes(run.reason ?? '') ?? true) ||
    !(filter.definition?.includes(run.definition) ?? true) ||
    !(filter.queue?.includes(run.queue) ?? true) ||
    !(filter.tag?.every(tag => run.tags?.[tag.slice(0, tag.indexOf(':'))] === tag.slice(tag.indexOf(':') + 1)) ?? true) ||
    (error !== undefined && !`${run.failure?.type}: ${run.failure?.message}`.toLowerCase().includes(error)) ||
    (createdAfter !== undefined && run.createdAt < createdAfter) ||
    (createdBefore !== undefined && run.createdAt >= createdBefore)
  if (knownNot) return false
  return filter.batch === undefined && filter.metadata === undefined && longerThan === undefined && shorterThan === undefined ? true : null
}
