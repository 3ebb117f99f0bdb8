import type { Client } from './client.ts'
import { untag } from './codec.ts'
import { hasKept, whole } from './kept.ts'
import type { State, WireRunDetail, WireRunList } from './wire.ts'

/** Which runs. All that is given must hold; of a list, one. */
export interface RunFilter {
  state?: State | State[]
  job?: string | string[]
  queue?: string | string[]
  /** All of them. */
  tags?: Record<string, string>
  /** Jobs of this batch: its id, or the end of it. */
  batch?: string
  createdAfter?: Date
  createdBefore?: Date
  /** Runs a page, 1 to 1,000, default 50. */
  limit?: number
  /** `next` of the page before. */
  cursor?: string
}

export async function listRuns(client: Client, filter: RunFilter): Promise<WireRunList> {
  const tags = Object.entries(filter.tags ?? {}).map(([name, value]) => `${name}:${value}`)
  const query = {
    state: filter.state,
    definition: filter.job,
    queue: filter.queue,
    tag: tags.length > 0 ? tags : undefined,
    batch: filter.batch,
    createdAfter: filter.createdAfter?.toISOString(),
    createdBefore: filter.createdBefore?.toISOString(),
    limit: filter.limit === undefined ? undefined : String(filter.limit),
    cursor: filter.cursor,
  }
  return client.call<WireRunList>('runs.list', {}, undefined, { query })
}

/** A run as the server knows it, its values as they were. */
export interface Run<Output = unknown> extends Omit<WireRunDetail, 'output'> {
  output: Output
}

/** `large`: which of its values are read where they are kept beside a run, being over 1 MiB; of others it says where that is. */
export async function getRun(
  client: Client,
  id: string,
  { waitMs, signal, large = [] }: { waitMs?: number; signal?: AbortSignal; large?: readonly ('input' | 'output')[] } = {},
): Promise<Run> {
  const query = waitMs === undefined ? {} : { query: { wait: `${waitMs}ms` }, waitMs }
  const run = await client.call<WireRunDetail>('runs.get', { run: id }, undefined, { ...query, ...(signal && { signal }) })
  return runOf(client, run, large)
}

/** With its values as they were. */
export async function runOf(client: Client, run: WireRunDetail, large: readonly ('input' | 'output')[]): Promise<Run> {
  for (const value of large) if (hasKept(run[value])) run[value] = await whole(client, run[value])
  for (const value of ['input', 'output', 'checkpoint', 'metadata'] as const) run[value] = untag(run[value])
  if (run.workflow !== null && run.workflow !== undefined) run.workflow.state = untag(run.workflow.state)
  return run
}

export function isClosed(state: State): boolean {
  return CLOSED.has(state)
}
const CLOSED: ReadonlySet<State> = new Set(['completed', 'failed', 'cancelled', 'timed_out', 'terminated'])
