import type { ActorId, RunId } from '../../core/ids.ts'
import { isRun, type Kind } from '../../core/machine.ts'
import { type ClosedState, isClosed } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import { cursorOf, depthFrom, logCursorOf, logPlaceOf, numberOf, pageOf, placeOf, streamCursorOf, streamPlaceOf } from '../cursor.ts'
import type {
  ClosedDay,
  ClosedRow,
  ClosedTimes,
  LedgerFilter,
  LedgerRow,
  LogRow,
  OpenRow,
  Page,
  Paged,
  Reads,
  Row,
  RunCounts,
  RunFilter,
  RunTimes,
  SegmentRow,
  StreamRow,
} from '../store.ts'
import { copyClosed, copyOpen, type Tables } from './tables.ts'

/** One level is enough: all that is asked happens at once, so every answer is a snapshot. */
export function reads(tables: Tables, available: () => void): Reads {
  const asked = <T>(answer: () => T) => {
    available()
    return answer()
  }
  return {
    run: async (namespace, id) => asked(() => run(tables, namespace, id)),
    runsEnding: async (...given) => asked(() => runsEnding(tables, ...given)),
    runs: async (filter, page) => asked(() => runs(tables, filter, page)),
    runsDepth: async (...given) => asked(() => runsDepth(tables, ...given)),
    runCounts: async (filter, steps, limit) => asked(() => runCounts(tables, filter, steps, limit)),
    segments: async (id, from, limit) => asked(() => segments(tables, id, from, limit)),
    logs: async (id, page) => asked(() => logs(tables, id, page)),
    streams: async (id, stream, page) => asked(() => streams(tables, id, stream, page)),
    definitions: async () => asked(() => [...tables.definitions.values()].sort((a, b) => a.registeredAt - b.registeredAt).map(row => ({ ...row }))),
    settings: async () => asked(() => [...tables.settings.values()].map(row => ({ ...row }))),
    settingsVersion: async () => asked(() => tables.settingsVersion),
    schedules: async (namespace, page) => asked(() => byName(tables, 'schedule', namespace, page)),
    assets: async (namespace, page) => asked(() => byName(tables, 'asset', namespace, page)),
    ledger: async (id, filter, page) => asked(() => ledger(tables, id, filter, page)),
    ledgers: async (ids, filter, limit) => asked(() => ids.map(id => ledgerRange(tables, id, filter, limit))),
    runTimes: async (namespace, ids) => asked(() => ids.flatMap(id => runTimes(run(tables, namespace, id)))),
    closedTimes: async (namespace, range, limit) => asked(() => closedTimes(tables, namespace, range, limit)),
    closedCounts: async (namespace, since) => asked(() => closedCounts(tables, namespace, since)),
    expired: async (until, limit) => asked(() => expired(tables, until, limit)),
  }
}

function run(tables: Tables, namespace: string, id: RunId): Row | null {
  const open = tables.open.get(id)
  const closed = tables.closed.get(id)
  const row = open ? copyOpen(open) : closed ? copyClosed(closed) : null
  return row?.namespace === namespace ? row : null
}

function runsEnding(tables: Tables, namespace: string, ending: string, limit: number, among: number): RunId[] {
  const seen = { open: 0, closed: 0 }
  const ids: RunId[] = []
  for (const { id } of tables.created.get(namespace)?.descending(null) ?? []) {
    if (ids.length >= limit) break
    if (seen[tables.open.has(id) ? 'open' : 'closed']++ < among && id.endsWith(ending)) ids.push(id)
  }
  return ids
}

function runs(tables: Tables, filter: RunFilter, page: Page): Paged<Row> {
  const before = page.after === null ? null : placeOf(page.after)
  const fits = fitting(filter)
  const rows: Row[] = []
  for (const { at, id } of tables.created.get(filter.namespace)?.descending(before) ?? []) {
    if (rows.length > page.limit || at < (filter.createdAfter ?? Number.NEGATIVE_INFINITY)) break
    const row = run(tables, filter.namespace, id) as Row
    if (fits(row)) rows.push(row)
  }
  return pageOf(rows, page.limit, row => cursorOf({ at: row.createdAt, id: row.id }))
}

function runsDepth(tables: Tables, filter: RunFilter, after: string | null, rows: number, kinds: { open: boolean; closed: boolean }): Instant | null {
  const { namespace, states, names } = filter
  const [tag] = Object.entries(filter.tags ?? {})
  const unsuccessful = states?.includes('completed') ? null : (states?.filter(isClosed) ?? null)
  const isGoneThrough = (row: Row, isOpen: boolean) => {
    if (tag !== undefined) return row.tags?.[tag[0]] === tag[1]
    if (!kinds[isOpen ? 'open' : 'closed']) return false
    if (isOpen) return true
    if (unsuccessful !== null) return (unsuccessful as readonly string[]).includes(row.state)
    return names?.length !== 1 || row.name === names[0]
  }
  const seen = new Map<string, number>()
  for (const { at, id } of tables.created.get(namespace)?.descending(depthFrom(after, filter.createdBefore)) ?? []) {
    const open = tables.open.get(id)
    const row = open ?? (tables.closed.get(id) as ClosedRow)
    if (!isGoneThrough(row, open !== undefined)) continue
    const half = tag !== undefined ? '' : open !== undefined ? 'open' : unsuccessful === null ? 'closed' : row.state
    const down = seen.get(half) ?? 0
    if (down === rows) return at
    seen.set(half, down + 1)
  }
  return null
}

function runCounts(tables: Tables, filter: RunFilter, { from, stepMs }: { from: Instant; stepMs: number }, limit: number): RunCounts {
  const { rows } = runs(tables, filter, { after: null, limit })
  const counts = new Map<string, RunCounts['counts'][number]>()
  for (const { createdAt, state } of rows) {
    const step = Math.trunc((createdAt - from) / stepMs)
    const known = counts.get(`${step} ${state}`)
    if (known === undefined) counts.set(`${step} ${state}`, { step, state, count: 1 })
    else known.count++
  }
  return { counts: [...counts.values()], through: rows.length < limit ? null : (rows[rows.length - 1]?.createdAt ?? null) }
}

function fitting(filter: RunFilter): (row: Row) => boolean {
  const { states, names, queues, kinds, took, createdBefore = Number.POSITIVE_INFINITY } = filter
  const tags = Object.entries(filter.tags ?? {})
  return row =>
    row.createdAt < createdBefore &&
    (states?.includes(row.state) ?? true) &&
    (names?.includes(row.name) ?? true) &&
    (queues?.includes(row.queue) ?? true) &&
    ((kinds as readonly Kind[] | undefined)?.includes(row.kind) ?? true) &&
    (took === undefined || tookSo(row, took)) &&
    tags.every(([name, value]) => row.tags !== null && Object.hasOwn(row.tags, name) && row.tags[name] === value)
}

function tookSo(row: Row, { atLeastMs = 0, atMostMs = Number.POSITIVE_INFINITY, now }: NonNullable<RunFilter['took']>): boolean {
  if (row.startedAt === null) return false
  const tookMs = ('closedAt' in row ? row.closedAt : now) - row.startedAt
  return tookMs >= atLeastMs && tookMs <= atMostMs
}

function segments(tables: Tables, id: RunId, from = 0, limit = Number.POSITIVE_INFINITY): SegmentRow[] {
  const all = [...(tables.segments.get(id)?.values() ?? [])].sort((a, b) => a.first - b.first)
  const at = Math.max(
    0,
    all.findLastIndex(({ first }) => first <= from),
  )
  return all.slice(at, at + limit).map(row => ({ ...row }))
}

function logs(tables: Tables, id: RunId, page: Page): Paged<LogRow> {
  const after = page.after === null ? null : logPlaceOf(page.after)
  const lines = [...(tables.logs.get(id)?.values() ?? [])]
    .filter(row => after === null || compareLines(row, after) > 0)
    .sort(compareLines)
    .slice(0, page.limit + 1)
    .map(row => ({ ...row }))
  return pageOf(lines, page.limit, logCursorOf)
}

function streams(tables: Tables, id: RunId, name: string | null, page: Page): Paged<StreamRow> {
  const after = streamPlaceOf(name, page.after)
  const rows = [...(tables.streams.get(id)?.values() ?? [])]
    .filter(row => row.stream <= after.until && compareStreams(row, after) > 0)
    .sort(compareStreams)
    .slice(0, page.limit + 1)
    .map(row => ({ ...row }))
  return pageOf(rows, page.limit, streamCursorOf)
}

type StreamPlace = Pick<StreamRow, 'stream' | 'last'>
function compareStreams(a: StreamPlace, b: StreamPlace): number {
  return a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : a.last - b.last
}

type Line = Pick<LogRow, 'at' | 'delivery' | 'n'>
function compareLines(a: Line, b: Line): number {
  return a.at - b.at || (a.delivery < b.delivery ? -1 : a.delivery > b.delivery ? 1 : a.n - b.n)
}

function byName(tables: Tables, kind: Kind, namespace: string, page: Page): Paged<OpenRow> {
  const after = page.after ?? ''
  const rows = [...tables.open.values()]
    .filter(row => row.kind === kind && row.namespace === namespace && row.name > after)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, page.limit + 1)
    .map(copyOpen)
  return pageOf(rows, page.limit, row => row.name)
}

function runTimes(row: Row | null): RunTimes[] {
  if (row === null) return []
  const { id, state, startedAt } = row
  return [{ id, state, startedAt, closedAt: 'closedAt' in row ? row.closedAt : null }]
}

function ledgerRange(tables: Tables, id: ActorId, filter: LedgerFilter, limit: number): LedgerRow[] {
  return linesOf(tables, id, filter)
    .sort((a, b) => b.until - a.until || b.n - a.n)
    .slice(0, limit)
    .map(row => ({ ...row }))
}

function linesOf(tables: Tables, id: ActorId, filter: LedgerFilter): LedgerRow[] {
  const { from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, accounts } = filter
  return [...(tables.ledgers.get(id)?.values() ?? [])].filter(
    row => row.until >= from && row.at <= until && (accounts?.includes(row.account) ?? true),
  )
}

function ledger(tables: Tables, id: ActorId, filter: LedgerFilter, page: Page): Paged<LedgerRow> {
  const before = page.after === null ? Number.POSITIVE_INFINITY : numberOf(page.after)
  const rows = linesOf(tables, id, filter)
    .filter(row => row.n < before)
    .sort((a, b) => b.n - a.n)
    .slice(0, page.limit + 1)
    .map(row => ({ ...row }))
  return pageOf(rows, page.limit, row => String(row.n))
}

function closedCounts(tables: Tables, namespace: string, since: Instant): { state: ClosedState; count: number }[] {
  const found = new Map<ClosedState, number>()
  for (const row of tables.closed.values())
    if (isRun(row.kind) && row.namespace === namespace && row.closedAt >= since) found.set(row.state, (found.get(row.state) ?? 0) + 1)
  return [...found].map(([state, count]) => ({ state, count }))
}

function closedTimes(tables: Tables, namespace: string, { from, until }: { from: Instant; until: Instant }, limit: number): ClosedTimes[] {
  return [...tables.closed.values()]
    .filter(row => isRun(row.kind) && row.namespace === namespace && row.closedAt >= from && row.closedAt < until)
    .sort((a, b) => b.closedAt - a.closedAt)
    .slice(0, limit)
    .map(({ name, queue, state, createdAt, startedAt, closedAt }) => ({ name, queue, state, createdAt, startedAt, closedAt }))
}

function expired(tables: Tables, until: Instant, limit: number): ClosedDay[] {
  const days = new Map<string, ClosedDay>()
  let counted = 0
  for (const { at, id } of tables.purgeable.ascending(null)) {
    if (at > until || counted++ === limit) break
    const { namespace, kind, name, closedAt } = tables.closed.get(id) as ClosedRow
    const day = closedAt - (closedAt % 86_400_000)
    const text = JSON.stringify([namespace, kind, name, day])
    const known = days.get(text)
    if (known === undefined) days.set(text, { namespace, kind, name, day, count: 1 })
    else known.count++
  }
  return [...days.values()]
}
