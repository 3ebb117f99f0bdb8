import { type ActorId, partOf, partOfResource, type RunId, shardOf } from '../../core/ids.ts'
import { isRun } from '../../core/machine.ts'
import type { Instant } from '../../core/time.ts'
import { cursorOf, type Place, pageOf, placeOf, scheduleCursor, scheduleCursorOf } from '../cursor.ts'
import {
  type Claim,
  type ClosedRow,
  type Expired,
  type GroupHead,
  type HoldRow,
  type KeyName,
  type KeyRow,
  type LedgerRow,
  type LineName,
  type MailRow,
  type OldLines,
  type OpenCount,
  type OpenRow,
  type Page,
  type Paged,
  type RateRow,
  type ReadyRequest,
  type Row,
  SHARDS,
  StoreFenced,
} from '../store.ts'
import { standing } from './claims.ts'
import type { SortedPlaces } from './sorted.ts'
import { copyClosed, copyOpen, keyText, type Tables } from './tables.ts'

/** True for a part on a shard of the claim's lane. */
type Mine = (part: number) => boolean

export function loadActors(tables: Tables, claim: Claim, ids: readonly RunId[]): Row[] {
  check(tables, claim)
  return [...new Set(ids)].flatMap((id): Row[] => {
    const open = tables.open.get(id)
    const closed = tables.closed.get(id)
    return open ? [copyOpen(open)] : closed ? [copyClosed(closed)] : []
  })
}

export function loadDue(tables: Tables, claim: Claim, until: Instant, page: Page): Paged<{ id: RunId; wakeAt: Instant }> {
  const mine = check(tables, claim)
  const places = take(tables.due, page, mine, until)
  const { rows, next } = pageOf(places, page.limit, cursorOf)
  return { rows: rows.map(({ id, at }) => ({ id, wakeAt: at })), next }
}

export function loadDelivered(tables: Tables, claim: Claim, page: Page): Paged<OpenRow> {
  return openRows(tables, tables.delivered, page, check(tables, claim))
}

export function findKeys(tables: Tables, claim: Claim, names: readonly KeyName[]): KeyRow[] {
  check(tables, claim)
  return [...new Set(names.map(keyText))].flatMap(text => {
    const row = tables.keys.get(text)
    return row ? [{ ...row }] : []
  })
}

export function loadGroups(tables: Tables, claim: Claim): GroupHead[] {
  const mine = check(tables, claim)
  return [...tables.ready].flatMap(([group, places]) => {
    const head = take(places, { after: null, limit: 0 }, mine)[0]
    return head === undefined ? [] : [{ group, sort: head.at }]
  })
}

export function pageReady(tables: Tables, claim: Claim, requests: readonly ReadyRequest[]): Paged<OpenRow>[] {
  const mine = check(tables, claim)
  return requests.map(({ group, ...page }) => {
    const places = tables.ready.get(group)
    return places === undefined ? { rows: [], next: null } : openRows(tables, places, page, mine)
  })
}

export function loadRates(tables: Tables, claim: Claim): RateRow[] {
  const mine = check(tables, claim)
  return [...tables.rates.values()].filter(row => mine(partOfResource(row))).map(row => ({ ...row }))
}

export function loadHolds(tables: Tables, claim: Claim): HoldRow[] {
  const mine = check(tables, claim)
  return [...tables.holds.values()].filter(({ part }) => mine(part)).map(row => ({ ...row }))
}

export function loadMail(tables: Tables, claim: Claim, { after, limit }: Page): Paged<MailRow> {
  const mine = check(tables, claim)
  const place = ({ from, n, to, id }: MailRow): string => JSON.stringify([pad(from), pad(n), pad(to), id])
  const rows = [...tables.mail.values()].filter(({ to }) => mine(to)).sort((a, b) => (place(a) < place(b) ? -1 : 1))
  const page = rows.filter(row => after === null || place(row) > after).slice(0, limit + 1)
  return { rows: page.slice(0, limit).map(row => ({ ...row })), next: page.length > limit ? place(page[limit - 1] as MailRow) : null }
}

export function lastMail(tables: Tables, claim: Claim): number {
  const mine = check(tables, claim)
  return [...tables.mail.values()].reduce((last, { from, n }) => (mine(from) ? Math.max(last, n) : last), 0)
}

export function lastId(tables: Tables, claim: Claim): ActorId | null {
  check(tables, claim)
  const called = [...tables.keys.values()].flatMap(({ scope, key }) => (scope === 'call' ? [key] : []))
  let last: ActorId | null = null
  for (const ids of [tables.open.keys(), tables.closed.keys(), called]) for (const id of ids) if (last === null || id > last) last = id
  return last
}

export function loadCounts(tables: Tables, claim: Claim): OpenCount[] {
  const mine = check(tables, claim)
  const counts = new Map<string, OpenCount>()
  for (const { id, kind, namespace, queue, name, state } of tables.open.values()) {
    if (!isRun(kind) || !mine(partOf(id))) continue
    const text = JSON.stringify([namespace, queue, name, state])
    const known = counts.get(text)
    if (known === undefined) counts.set(text, { namespace, queue, name, state, count: 1 })
    else known.count++
  }
  return [...counts.values()]
}

function pad(value: number): string {
  return String(value).padStart(16, '0')
}

export function loadExpired(tables: Tables, claim: Claim, until: Instant, limit: number): Expired {
  const mine = check(tables, claim)
  const runs: Expired['runs'] = []
  for (const { at, id } of tables.purgeable.ascending(null)) {
    if (at > until || runs.length === limit) break
    const { namespace, createdAt } = tables.closed.get(id) as ClosedRow
    if (mine(partOf(id))) runs.push({ id, namespace, createdAt })
  }
  const keys: KeyName[] = []
  for (const place of tables.expiring.ascending(null)) {
    if (place.at > until || keys.length === limit) break
    const { namespace, scope, definition, key, run } = tables.keys.get(place.id) as KeyRow
    if (mine(partOf(run)) && !tables.open.has(run)) keys.push({ namespace, scope, definition, key })
  }
  return { runs, keys }
}

export function loadOldLines(tables: Tables, claim: Claim, { before, beforeIn, keep }: OldLines, page: Page): Paged<LineName> {
  const mine = check(tables, claim)
  const after = scheduleCursor(page.after)
  const isAfter = ({ namespace, name }: OpenRow) => namespace > after.namespace || (namespace === after.namespace && name > after.name)
  const found = [...tables.open.values()]
    .filter(row => row.kind === 'schedule' && mine(partOf(row.id)) && isAfter(row))
    .sort((a, b) => (a.namespace < b.namespace || (a.namespace === b.namespace && a.name < b.name) ? -1 : 1))
  const { rows: schedules, next } = pageOf(found.slice(0, page.limit + 1), page.limit, row => scheduleCursorOf(row.namespace, row.name))
  const lines = schedules.flatMap(({ id, namespace }) => {
    const ledger = [...(tables.ledgers.get(id)?.values() ?? [])].sort((a, b) => a.n - b.n)
    const last = ledger.at(-1)?.n ?? 0
    const isOld = ({ n, until, account }: LedgerRow) => until < (beforeIn[namespace] ?? before) && account !== 'intended' && n <= last - keep
    return ledger.filter(isOld).map(({ schedule, n }) => ({ schedule, n }))
  })
  return { rows: lines.slice(0, page.limit), next }
}

/** @throws StoreFenced when the claim no longer stands. */
function check(tables: Tables, claim: Claim): Mine {
  const lane = standing(tables, claim)
  if (lane === null) throw new StoreFenced(`The claim of lane ${claim.lane} no longer stands.`)
  if (lane.row.shards.length === SHARDS) return () => true
  const shards = new Set(lane.row.shards)
  return part => shards.has(shardOf(part, SHARDS))
}

/** One more than the page has. */
function take(places: SortedPlaces, page: Page, mine: Mine, until = Number.POSITIVE_INFINITY): Place[] {
  const taken: Place[] = []
  for (const place of places.ascending(page.after === null ? null : placeOf(page.after))) {
    if (place.at > until || taken.length > page.limit) break
    if (mine(partOf(place.id))) taken.push(place)
  }
  return taken
}

function openRows(tables: Tables, places: SortedPlaces, page: Page, mine: Mine): Paged<OpenRow> {
  const { rows, next } = pageOf(take(places, page, mine), page.limit, cursorOf)
  return { rows: rows.map(place => copyOpen(tables.open.get(place.id) as OpenRow)), next }
}
