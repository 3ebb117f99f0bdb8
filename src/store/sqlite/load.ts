import type { DatabaseSync } from 'node:sqlite'
import type { GroupId } from '../../core/gates.ts'
import type { ActorId, RunId } from '../../core/ids.ts'
import type { Instant } from '../../core/time.ts'
import type { Place } from '../cursor.ts'
import type { Expired, GroupHead, HoldRow, KeyName, KeyRow, LineName, MailRow, OpenCount, RateRow } from '../store.ts'
import type { ClaimName, Claims } from './claims.ts'
import { CLOSED_COLUMNS, type Columns, encodeLists, encodeRows, OPEN_COLUMNS } from './messages.ts'
import { COUNTS } from './ready.ts'
import { LIMIT } from './statements.ts'

/** Reads that decisions rest on: on the writer's connection, which sees every batch before it and none after. Rows are answered as `encodeRows` writes them. */
export interface Loads {
  loadActors(claim: ClaimName, ids: readonly RunId[]): ArrayBuffer
  loadDue(claim: ClaimName, until: Instant, after: Place, limit: number): { id: RunId; wakeAt: Instant }[]
  loadDelivered(claim: ClaimName, after: Place, limit: number): ArrayBuffer
  findKeys(claim: ClaimName, names: readonly KeyName[]): KeyRow[]
  loadGroups(claim: ClaimName): GroupHead[]
  /** As `encodeLists` writes them. */
  pageReady(claim: ClaimName, requests: readonly ReadyRequest[]): ArrayBuffer
  loadRates(claim: ClaimName): RateRow[]
  loadHolds(claim: ClaimName): HoldRow[]
  loadMail(claim: ClaimName, after: Pick<MailRow, 'from' | 'n'>, limit: number): MailRow[]
  lastMail(claim: ClaimName): number
  lastId(claim: ClaimName): ActorId | null
  loadCounts(claim: ClaimName): OpenCount[]
  loadExpired(claim: ClaimName, until: Instant, limit: number): Expired
  loadSchedules(claim: ClaimName, after: { namespace: string; name: string }, limit: number): { id: ActorId; namespace: string; name: string }[]
  /** `asked`: schedules, each with the time before which its lines are old. */
  loadOldLines(claim: ClaimName, asked: readonly (readonly [ActorId, Instant])[], keep: number, limit: number): LineName[]
}

export interface ReadyRequest {
  group: GroupId
  after: Place
  limit: number
}

export function loadsOf(database: DatabaseSync, { check }: Pick<Claims, 'check'>): Loads {
  const rows = (sql: string) => {
    const statement = database.prepare(sql)
    statement.setReturnArrays(true)
    return statement
  }
  const open = rows(`select ${OPEN_COLUMNS} from run_open where id in (select value from json_each(?))`)
  const closed = rows(`select ${CLOSED_COLUMNS} from run_closed where id in (select value from json_each(?))`)
  const due = database.prepare(
    `select id, wake_at as wakeAt from run_open where wake_at is not null and wake_at <= ? and (wake_at, id) > (?, ?) order by wake_at, id limit ${LIMIT}`,
  )
  const delivered = rows(`select ${OPEN_COLUMNS} from run_open where delivered = 1 and id > ? order by id limit ${LIMIT}`)
  const ready = rows(
    `select ${OPEN_COLUMNS} from (select gate as ready_gate, sort as ready_sort, id as ready_id from run_ready where gate = ? and (sort, id) > (?, ?)) cross join run_open
    on id = ready_id and gate = ready_gate and sort = ready_sort order by ready_sort, ready_id limit ${LIMIT}`,
  )
  function* pagesOf(requests: readonly ReadyRequest[]): Iterable<Columns[]> {
    for (const { group, after, limit } of requests) yield ready.all(group, after.at, after.id, limit) as unknown as Columns[]
  }
  const key = database.prepare(
    `select namespace, scope, definition, key, run, input_hash as inputHash, expires_at as expiresAt from run_key
    where namespace = ? and scope = ? and definition = ? and key = ?`,
  )
  // From group to group by the index: the time depends on the number of groups, not on how many tasks are ready.
  const groups = database.prepare(
    `with recursive found(gate) as (
      select min(gate) from run_ready
      union all
      select (select min(gate) from run_ready where gate > found.gate) from found where found.gate is not null
    )
    select gate from found where gate is not null`,
  )
  const first = database.prepare(`select sort, id from run_ready where gate = ? and exists (${COUNTS}) order by sort, id limit 1`)
  const remember = database.prepare(
    'insert or ignore into stale(gate, sort, id) select gate, sort, id from run_ready where gate = ? and (sort, id) < (?, ?)',
  )
  /** What stands before the head is stale: a crash has left it. */
  const headOf = (gate: GroupId): GroupHead[] => {
    const head = first.get(gate) as { sort: number; id: RunId } | undefined
    remember.run(gate, head?.sort ?? Number.POSITIVE_INFINITY, head?.id ?? '')
    return head === undefined ? [] : [{ group: gate, sort: head.sort }]
  }
  const rates = database.prepare('select namespace, limit_name as "limit", key, spent from rate')
  const holds = database.prepare('select id, part, namespace, limit_name as "limit", key, run, weight, since from hold')
  const mail = database.prepare(
    'select to_part as "to", from_part as "from", n, id, body from mail where (from_part, n) > (?, ?) order by from_part, n limit ? + 0',
  )
  const lastMail = database.prepare('select coalesce(max(n), 0) as n from mail')
  // From namespace to namespace: the index of keys begins with it.
  const lastId = database.prepare(
    `with recursive n(namespace) as (select min(namespace) from run_key union all select (select min(k.namespace) from run_key k where k.namespace > n.namespace) from n
      where n.namespace is not null)
    select max(id) as id from (select max(id) as id from run_open union all select max(id) from run_closed
      union all select (select max(k.key) from run_key k where k.namespace = n.namespace and k.scope = 'call' and k.definition = '') from n)`,
  )
  const counts = database.prepare(
    "select namespace, queue, name, state, count(*) as count from run_open where kind <> 'schedule' and kind <> 'timeline' and kind <> 'asset' and kind <> 'memo' group by 1, 2, 3, 4",
  )
  const purgeable = database.prepare(
    `select id, namespace, created_at as createdAt from run_closed where purge_at <= ? order by purge_at limit ${LIMIT}`,
  )
  const expired = database.prepare(
    `select namespace, scope, definition, key from run_key
    where expires_at is not null and expires_at <= ? and not exists (select 1 from run_open where run_open.id = run_key.run) order by expires_at limit ${LIMIT}`,
  )
  const schedules = database.prepare(
    `select id, namespace, name from run_open indexed by run_open_schedule
    where kind = 'schedule' and (namespace, name) > (?, ?) order by namespace, name limit ${LIMIT}`,
  )
  const oldLines = database.prepare(
    `select schedule, n from ledger indexed by ledger_until where schedule = ?1 and until < ?2 and account <> 'intended'
    and n <= (select max(n) from ledger where schedule = ?1) - ?3 order by until limit ?4 + 0`,
  )

  return {
    loadActors(claim, ids) {
      check(claim)
      const list = JSON.stringify(ids)
      return encodeRows([...(open.all(list) as unknown as Columns[]), ...(closed.all(list) as unknown as Columns[])])
    },

    loadDue: (claim, until, after, limit) =>
      (check(claim) ? due.all(until, after.at, after.id, limit).map(plain) : []) as { id: RunId; wakeAt: Instant }[],

    loadDelivered: (claim, after, limit) => encodeRows(check(claim) ? (delivered.all(after.id, limit) as unknown as Columns[]) : []),

    findKeys(claim, names) {
      check(claim)
      const found = new Map<string, KeyRow>()
      for (const { namespace, scope, definition, key: text } of names) {
        const row = key.get(namespace, scope, definition, text)
        if (row !== undefined) found.set(JSON.stringify([namespace, scope, definition, text]), plain(row) as unknown as KeyRow)
      }
      return [...found.values()]
    },

    loadGroups: claim => (check(claim) ? groups.all().flatMap(({ gate }) => headOf(gate as GroupId)) : []),

    pageReady(claim, requests) {
      const pages = check(claim) ? pagesOf(requests) : requests.map(() => [])
      return encodeLists(
        pages,
        requests.reduce((rows, { limit }) => rows + limit, 0),
      )
    },

    loadRates: claim => (check(claim) ? rates.all().map(plain) : []) as unknown as RateRow[],

    loadHolds: claim => (check(claim) ? holds.all().map(plain) : []) as unknown as HoldRow[],

    loadMail: (claim, after, limit) => (check(claim) ? mail.all(after.from, after.n, limit).map(plain) : []) as unknown as MailRow[],

    lastMail: claim => (check(claim) ? (lastMail.get() as { n: number }).n : 0),

    lastId: claim => (check(claim) ? (lastId.get() as { id: ActorId | null }).id : null),

    loadCounts: claim => (check(claim) ? counts.all().map(plain) : []) as unknown as OpenCount[],

    loadExpired(claim, until, limit) {
      if (!check(claim)) return { runs: [], keys: [] }
      return {
        runs: purgeable.all(until, limit).map(plain) as unknown as Expired['runs'],
        keys: expired.all(until, limit).map(plain) as unknown as KeyName[],
      }
    },

    loadSchedules: (claim, { namespace, name }, limit) =>
      (check(claim) ? schedules.all(namespace, name, limit).map(plain) : []) as ReturnType<Loads['loadSchedules']>,

    loadOldLines(claim, asked, keep, limit) {
      const lines: LineName[] = []
      if (!check(claim)) return lines
      for (const [schedule, before] of asked) {
        lines.push(...(oldLines.all(schedule, before, keep, limit - lines.length).map(plain) as unknown as LineName[]))
        if (lines.length === limit) break
      }
      return lines
    },
  }
}

/** Rows of `node:sqlite` have no prototype. */
function plain<Row extends object>(row: Row): Row {
  return { ...row }
}
