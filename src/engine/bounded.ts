import { isClosed } from '../core/run.ts'
import type { Instant } from '../core/time.ts'
import { cursorOf } from '../store/cursor.ts'
import type { Page, Paged, Reads, Row, RunFilter } from '../store/store.ts'

/** Rows of an index that the store goes through in one call for what the index does not know, such as a queue, or how long a run took: some 60 ms. */
export const SCANNED_MAX = 50_000
/** Of a tag the same: each of its runs is looked up by its id. */
const LOOKED_UP_MAX = 10_000

/**
 * A page of `runs` that costs no more whatever there is: where no index answers the whole filter, it goes no deeper than one call may, ends short of its limit,
 * and `through` says how far it got.
 */
export async function boundedRuns(
  read: Pick<Reads, 'runs' | 'runsDepth'>,
  filter: RunFilter,
  page: Page,
): Promise<Paged<Row> & { through: Instant | null }> {
  const floor = await floorOf(read, filter, page.after)
  const { rows, next } = await read.runs(floor === null ? filter : { ...filter, createdAfter: floor }, page)
  if (floor === null || next !== null) return { rows, next, through: null }
  return { rows, next: cursorOf({ at: floor, id: '' }), through: floor }
}

/** How far down one call goes; null: to the end, or to where the filter ends. */
export async function floorOf(read: Pick<Reads, 'runsDepth'>, filter: RunFilter, after: string | null): Promise<Instant | null> {
  const tables = goneThrough(filter)
  if (!tables.open && !tables.closed) return null
  const isByTag = Object.keys(filter.tags ?? {}).length > 0
  const floor = await read.runsDepth(filter, after, isByTag ? LOOKED_UP_MAX : SCANNED_MAX, tables)
  return floor === null || floor <= (filter.createdAfter ?? Number.NEGATIVE_INFINITY) ? null : floor
}

/** Which tables have rows that the store goes through and leaves out: of the open ones it has an index by creation alone, of the closed ones by name and by how they failed. */
function goneThrough({ states, names, queues, kinds, took, tags = {} }: RunFilter): { open: boolean; closed: boolean } {
  const hasOpen = states?.some(state => !isClosed(state)) ?? true
  const hasClosed = states?.some(isClosed) ?? true
  // Those of a tag are looked up one by one, in both tables.
  if (Object.keys(tags).length > 0) return { open: true, closed: true }
  const beside = queues !== undefined || kinds !== undefined || took !== undefined
  const isByState = states === undefined || (names === undefined && !states.includes('completed'))
  return {
    open: hasOpen && (beside || states !== undefined || names !== undefined),
    closed: hasClosed && (beside || !isByState || (names?.length ?? 1) !== 1),
  }
}
