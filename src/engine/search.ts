import { CLOSED_STATES, OPEN_STATES, type RunView } from '../core/run.ts'
import type { Instant } from '../core/time.ts'
import { cursorOf } from '../store/cursor.ts'
import type { Page, Paged, Reads, RunFilter } from '../store/store.ts'
import { Actor } from './actor.ts'
import { contains } from './batches/filter.ts'
import { boundedRuns, floorOf } from './bounded.ts'
import type { RunSearch, RunsFound, RunTally } from './face.ts'
import { summaryOf } from './summary.ts'
import { KIND_TAG } from './tags.ts'
import { Counts, countRuns, type Steps } from './tally.ts'

/** Runs that one call looks into: 5,000 bodies are read and folded in some 100 ms, in pages that hold nobody up. */
export const LOOKED_THROUGH_MAX = 5_000
const PAGE = 250
/** Runs that one call counts: of so many the store tells what was created when in some 100 ms. */
export const COUNTED_MAX = 50_000

type Read = Pick<Reads, 'runs' | 'runCounts' | 'runsDepth'>

/** Runs of a search, newest first. What stands in a run's body is looked for page by page, and the page may end short of its limit. */
export async function searchRuns(read: Read, search: RunSearch, page: Page): Promise<RunsFound> {
  const fits = bodyFits(search)
  if (fits === null) return listRuns(read, filterOf(search), page)
  const rows: RunsFound['rows'] = []
  let through: Instant | null = null
  let next: string | null = null
  for await (const actor of lookedThrough(read, search, page.after)) {
    if (actor === null) return { rows, next: null, through: null }
    if (typeof actor === 'number') return { rows, next: cursorOf({ at: actor, id: '' }), through: actor }
    through = actor.createdAt
    next = cursorOf({ at: actor.createdAt, id: actor.id })
    if (fits(actor)) rows.push(summaryOf(actor))
    if (rows.length >= page.limit) break
  }
  return { rows, next, through }
}

async function listRuns(read: Read, filter: RunFilter, page: Page): Promise<RunsFound> {
  const { rows, next, through } = await boundedRuns(read, filter, page)
  return { rows: rows.map(row => summaryOf(Actor.load(row))), next, through }
}

/** The runs of a search by the step of their creation and by state. */
export async function tallyRuns(read: Read, search: RunSearch, steps: Steps, signal?: AbortSignal): Promise<RunTally> {
  const fits = bodyFits(search)
  if (fits === null) {
    const filter = filterOf(search)
    const floor = await floorOf(read, filter, null)
    const tally = await countRuns(read, floor === null ? filter : { ...filter, createdAfter: floor }, steps, COUNTED_MAX, signal)
    return { counts: tally.counts, through: tally.through ?? floor }
  }
  const counts = new Counts()
  let through: Instant | null = null
  for await (const actor of lookedThrough(read, search, null)) {
    through = typeof actor === 'number' ? actor : (actor?.createdAt ?? null)
    if (actor === null || typeof actor === 'number' || !fits(actor)) continue
    counts.add({ step: Math.floor((actor.createdAt - steps.from) / steps.stepMs), state: actor.view.state, count: 1 })
  }
  return { counts: counts.all(), through }
}

/** Newest first, as far as one call looks. Last, null: that was the end of the list; or a time: how deep the store went. */
async function* lookedThrough(read: Read, search: RunSearch, from: string | null): AsyncGenerator<Actor | Instant | null> {
  const given = filterOf(search)
  const floor = await floorOf(read, given, from)
  const filter = floor === null ? given : { ...given, createdAfter: floor }
  for (let looked = 0, after = from; looked < LOOKED_THROUGH_MAX; looked += PAGE) {
    const page: Paged<Parameters<typeof Actor.load>[0]> = await read.runs(filter, { after, limit: PAGE })
    for (const row of page.rows) yield Actor.load(row)
    if (page.next === null) return yield floor
    after = page.next
  }
}

/** What the store looks for. A run that completed has no error and no reason, which spares the look into most there are. */
function filterOf({ reasons, error, metadata: _, ...filter }: RunSearch): RunFilter {
  // Batches have a tag that says so: lists go by its index.
  if (filter.kinds?.length === 1 && filter.kinds[0] === 'batch') {
    const { kinds: _, ...rest } = filter
    return filterOf({ ...rest, tags: { ...rest.tags, [KIND_TAG]: 'batch' }, ...(reasons && { reasons }), ...(error !== undefined && { error }) })
  }
  if (reasons === undefined && error === undefined) return filter
  return { ...filter, states: (filter.states ?? [...OPEN_STATES, ...CLOSED_STATES]).filter(state => state !== 'completed') }
}

/** Whether a run's body has what is searched for; null: nothing of it is. */
function bodyFits({ reasons, error, metadata }: RunSearch): ((actor: Actor) => boolean) | null {
  const fields = Object.entries(metadata ?? {})
  if (reasons === undefined && error === undefined && fields.length === 0) return null
  return actor => {
    const { view } = actor
    if (reasons !== undefined && (view.reason === null || !reasons.includes(view.reason))) return false
    if (error !== undefined && !contains(view.failure, error) && !contains(actor.stuck && { type: 'stuck', message: actor.stuck.why }, error))
      return false
    return fields.length === 0 || metadataFits(view, fields)
  }
}

function metadataFits({ options: { metadata } }: RunView, fields: readonly (readonly [string, string])[]): boolean {
  if (metadata === undefined) return false
  const value = JSON.parse(metadata) as unknown
  if (typeof value !== 'object' || value === null) return false
  return fields.every(([name, text]) => Object.hasOwn(value, name) && textOf((value as Record<string, unknown>)[name]) === text)
}

/** A text as it is, anything else as JSON. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
