import type { Kind } from '../../core/machine.ts'
import type { ClosedState, OpenState } from '../../core/run.ts'
import type { ClosedRow, OpenRow, Row } from '../store.ts'
import type { ResultRow } from './pipeline.ts'

/**
 * Columns of a row as a query answers it, from a table named `r`; those of the other table are null, and `closed_at` tells which table it is from. Texts are
 * bytes that the connection reads as UTF-8 (pipeline.ts), numbers their texts.
 */
const SHARED =
  'r.id, r.namespace, r.kind, r.name, r.queue, r.state, r.created_at::text as created_at, r.started_at::text as started_at, r.tags, r.input, r.body'
const NULL = 'null::text'
export const OPEN_COLUMNS = `${SHARED}, r.gate::text as gate, r.sort::text as sort, r.wake_at::text as wake_at, r.delivered::text as delivered, ${NULL} as closed_at, ${NULL} as purge_at, null::bytea as output`
export const CLOSED_COLUMNS = `${SHARED}, ${NULL} as gate, ${NULL} as sort, ${NULL} as wake_at, ${NULL} as delivered, r.closed_at::text as closed_at, r.purge_at::text as purge_at, r.output`
/** Of either table, from a query that has both: what the other one has is null. */
export const BOTH_COLUMNS = `${SHARED}, r.gate::text as gate, r.sort::text as sort, r.wake_at::text as wake_at, r.delivered::text as delivered, r.closed_at::text as closed_at, r.purge_at::text as purge_at, r.output`

/** Reads the columns that begin at `first`. */
export function rowOf(columns: ResultRow, first = 0): Row {
  const shared = {
    id: columns[first] as string,
    namespace: columns[first + 1] as string,
    kind: columns[first + 2] as Kind,
    name: columns[first + 3] as string,
    queue: columns[first + 4] as string,
    createdAt: Number(columns[first + 6]),
    startedAt: numberOrNull(columns[first + 7]),
    tags: columns[first + 8] == null ? null : (JSON.parse(columns[first + 8] as string) as Record<string, string>),
    input: columns[first + 9] as string | null,
    body: columns[first + 10] as string,
  }
  if (columns[first + 15] === null) {
    const row: OpenRow = {
      ...shared,
      state: columns[first + 5] as OpenState,
      gate: numberOrNull(columns[first + 11]),
      sort: numberOrNull(columns[first + 12]),
      wakeAt: numberOrNull(columns[first + 13]),
      delivered: columns[first + 14] === 'true',
    }
    return row
  }
  const row: ClosedRow = {
    ...shared,
    state: columns[first + 5] as ClosedState,
    closedAt: Number(columns[first + 15]),
    purgeAt: Number(columns[first + 16]),
    output: columns[first + 17] as string | null,
  }
  return row
}

export function openRowOf(columns: ResultRow, first = 0): OpenRow {
  return rowOf(columns, first) as OpenRow
}

export function numberOrNull(text: string | null | undefined): number | null {
  return text == null ? null : Number(text)
}
