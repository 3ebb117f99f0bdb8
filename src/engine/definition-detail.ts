import type { HistoryEvent, RunState } from '../core/run.ts'
import type { Reads, Row } from '../store/store.ts'
import { boundedRuns } from './bounded.ts'
import { decodeBody } from './codec.ts'
import type { Registered } from './definitions.ts'
import type { DefinitionDetail, RecentRuns } from './face.ts'
import type { WorkerSeen } from './workers.ts'

/** Newest runs of a definition that are looked into: enough for what is usual of it, and read in some 50 ms. */
const RECENT_MAX = 1_000
const PAGE = 250

/** Every version of a definition, newest first, with who serves it now. */
export function versionsOf({ name, versions }: Registered, present: readonly WorkerSeen[]): DefinitionDetail['versions'] {
  return [...versions]
    .map(([version, registeredAt]) => ({
      version,
      registeredAt,
      workers: present
        .filter(({ serves }) => serves.some(served => served.definition === name && served.version === version))
        .map(({ id, name }) => ({ id, name })),
    }))
    .sort((a, b) => b.registeredAt - a.registeredAt)
}

/** Of the newest runs: how they stand, which version served them last, and how long they took. */
export async function recentRuns(read: Pick<Reads, 'runs' | 'runsDepth'>, namespace: string, name: string): Promise<RecentRuns> {
  const states: Partial<Record<RunState, number>> = {}
  const versions = new Map<string, { version: string | null; counts: Partial<Record<RunState, number>> }>()
  const took: number[] = []
  let runs = 0
  for (let after: string | null = null; ; ) {
    const page: Awaited<ReturnType<typeof boundedRuns>> = await boundedRuns(read, { namespace, names: [name] }, { after, limit: PAGE })
    for (const row of page.rows) {
      runs++
      states[row.state] = (states[row.state] ?? 0) + 1
      const version = servedBy(row)
      const known = versions.get(String(version)) ?? { version, counts: {} }
      versions.set(String(version), known)
      known.counts[row.state] = (known.counts[row.state] ?? 0) + 1
      if ('closedAt' in row && row.startedAt !== null) took.push(row.closedAt - row.startedAt)
    }
    after = page.next
    if (after === null || page.through !== null || runs >= RECENT_MAX) break
  }
  return { runs, counts: states, versions: [...versions.values()], runMs: percentilesOf(took) }
}

/** By nearest rank. Null: of nothing. */
export function percentilesOf(durations: readonly number[]): { p50: number; p95: number } | null {
  if (durations.length === 0) return null
  const rising = [...durations].sort((a, b) => a - b)
  const at = (share: number): number => rising[Math.ceil(rising.length * share) - 1] as number
  return { p50: at(0.5), p95: at(0.95) }
}

/** The version of the last delivery; null: it was delivered to nobody, by a worker without versions, or long ago in its history. */
function servedBy(row: Row): string | null {
  const { events } = decodeBody(row.body)
  const delivered = events.findLast(({ is }) => is === 'delivered') as (HistoryEvent & { version?: string }) | undefined
  return delivered?.version ?? null
}
