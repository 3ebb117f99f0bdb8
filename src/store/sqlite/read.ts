import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { ActorId, RunId } from '../../core/ids.ts'
import { ACCOUNTS } from '../../core/ledger.ts'
import type { RunState } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { LogPlace, Place } from '../cursor.ts'
import type {
  ClosedDay,
  ClosedTimes,
  DefinitionRow,
  LedgerFilter,
  LedgerRow,
  LogRow,
  Reads,
  RunFilter,
  RunTimes,
  SegmentRow,
  SettingRow,
  StreamRow,
} from '../store.ts'
import { CLOSED_COLUMNS, type Columns, encodeRows, OPEN_COLUMNS } from './messages.ts'
import { type Query, runCountsQuery, runsDepthQuery, runsQuery } from './runs.ts'

/** What people look at: on a read-only connection in a thread of its own, so that a long list never delays a commit. Each answer is one statement. */
export interface Readings {
  run(namespace: string, id: RunId): ArrayBuffer
  runsEnding(namespace: string, ending: string, limit: number, among: number): RunId[]
  runs(filter: RunFilter, before: Place, limit: number): ArrayBuffer
  runsDepth(filter: RunFilter, before: Place, rows: number, tables: { open: boolean; closed: boolean }): Instant | null
  runCounts(filter: RunFilter, steps: { from: Instant; stepMs: number }, limit: number): RunCount[]
  segments(run: RunId, from?: number, limit?: number): SegmentRow[]
  logs(run: RunId, after: LogPlace, limit: number): LogRow[]
  streams(run: RunId, after: { stream: string; last: number; until: string }, limit: number): StreamRow[]
  definitions(): DefinitionRow[]
  settings(): SettingRow[]
  settingsVersion(): number
  schedules(namespace: string, after: string, limit: number): ArrayBuffer
  assets(namespace: string, after: string, limit: number): ArrayBuffer
  ledger(schedule: ActorId, filter: LedgerFilter, before: number, limit: number): LedgerRow[]
  ledgers(schedules: readonly ActorId[], filter: LedgerFilter, limit: number): LedgerRow[][]
  runTimes(namespace: string, ids: readonly RunId[]): RunTimes[]
  closedCounts(namespace: string, since: Instant): Awaited<ReturnType<Reads['closedCounts']>>
  closedTimes(namespace: string, from: Instant, until: Instant, limit: number): ClosedTimes[]
  expired(until: Instant, limit: number): ClosedDay[]
}

/** `oldest`: when the oldest run of it was created. */
export interface RunCount {
  step: number
  state: RunState
  count: number
  oldest: Instant
}

/** Shapes of a filter whose statements stay prepared: those that people ask for again and again are few, and there are thousands. */
const PREPARED_MAX = 200

export function readingsOf(database: DatabaseSync): Readings {
  const one = arrays(
    database.prepare(`select ${OPEN_COLUMNS} from run_open where id = ?1 and namespace = ?2
    union all select ${CLOSED_COLUMNS} from run_closed where id = ?1 and namespace = ?2`),
  )
  // Endings have no index: random text in one would dirty a page a run. This goes through the index of lists alone, newest first, and no further than it is told.
  const endingIn = (table: string) => `select * from (
      select * from (select id, created_at from ${table} where namespace = ?1 and kind <> 'schedule' order by created_at desc, id desc limit ?4)
      where substr(id, -length(?2)) = ?2 order by created_at desc, id desc limit ?3)`
  const ending = database.prepare(
    `select id from (${endingIn('run_open')} union all ${endingIn('run_closed')}) order by created_at desc, id desc limit ?3`,
  )
  const segments = database.prepare(
    `select run, first, events from run_segment where run = :run
      and first >= coalesce((select max(first) from run_segment where run = :run and first <= :from), 0) order by first limit :limit`,
  )
  const logs = database.prepare(
    `select run, attempt, delivery, n, at, level, message, fields from run_log
    where run = ? and (at, delivery, n) > (?, ?, ?) order by at, delivery, n limit ?`,
  )
  const streams = database.prepare(
    `select run, stream, last, count, at, step, attempt, restarted, chunks from run_stream
    where run = ? and (stream, last) > (?, ?) and stream <= ? order by stream, last limit ?`,
  )
  const definitions = database.prepare(
    'select namespace, name, version, kind, options, schema, registered_at as registeredAt from definition order by registered_at, rowid',
  )
  const settings = database.prepare('select namespace, kind, name, value, changed_at as changedAt from setting')
  const settingsVersion = database.prepare('select version from settings_version')
  const closedCounts = database.prepare(
    "select state, count(*) as count from run_closed where namespace = ? and closed_at >= ? and kind <> 'schedule' group by state",
  )
  const closedTimes = database.prepare(
    `select name, queue, state, created_at as createdAt, started_at as startedAt, closed_at as closedAt from run_closed indexed by run_closed_state
    where namespace = ? and closed_at >= ? and closed_at < ? and kind <> 'schedule' order by closed_at desc limit ?`,
  )
  const schedules = arrays(
    database.prepare(
      `select ${OPEN_COLUMNS} from run_open indexed by run_open_schedule where kind = 'schedule' and namespace = ? and name > ? order by name limit ?`,
    ),
  )
  // They are as if created at 0, where the index of lists has them and little else.
  const assets = arrays(
    database.prepare(
      `select ${OPEN_COLUMNS} from run_open indexed by run_open_created
      where namespace = ? and created_at = 0 and kind <> 'schedule' and kind = 'asset' and name > ? order by name limit ?`,
    ),
  )
  // Lines of a schedule are few in any stretch that a person looks at, and their numbers rise with their times: by number, latest first.
  const ledger = database.prepare(
    `select schedule, n, source, at, until, count, account, run, late_ms as lateMs, why, note, accounted_at as accountedAt from ledger
    where schedule = ? and n < ? and until >= ? and at <= ? and account in (select value from json_each(?)) order by n desc limit ?`,
  )
  // By when they end, so that a stretch of time costs what is in it, however long the ledger is.
  const ledgerRange = database.prepare(
    `select schedule, n, source, at, until, count, account, run, late_ms as lateMs, why, note, accounted_at as accountedAt from ledger indexed by ledger_until
    where schedule = ? and until >= ? and at <= ? and account in (select value from json_each(?)) order by until desc, n desc limit ?`,
  )
  const runTimes = database.prepare(
    `select r.id, r.state, r.started_at as startedAt, null as closedAt from json_each(?2) i cross join run_open r on r.id = i.value where r.namespace = ?1
    union all
    select r.id, r.state, r.started_at as startedAt, r.closed_at as closedAt from json_each(?2) i cross join run_closed r on r.id = i.value where r.namespace = ?1`,
  )
  const expired = database.prepare(
    `select namespace, kind, name, closed_at - closed_at % 86400000 as day, count(*) as count
    from (select namespace, kind, name, closed_at from run_closed where purge_at <= ? order by purge_at limit ?) group by 1, 2, 3, 4`,
  )
  const filtered = new Map<string, StatementSync>()
  const prepared = ({ sql }: Query, make: (statement: StatementSync) => StatementSync): StatementSync => {
    const statement = filtered.get(sql) ?? make(database.prepare(sql))
    filtered.delete(sql)
    filtered.set(sql, statement)
    if (filtered.size > PREPARED_MAX) filtered.delete(filtered.keys().next().value as string)
    return statement
  }

  return {
    run: (namespace, id) => encodeRows(one.all(id, namespace) as unknown as Columns[]),
    runsEnding: (namespace, text, limit, among) => ending.all(namespace, text, limit, among).map(row => row.id as RunId),
    runs(filter, before, limit) {
      const query = runsQuery(filter, before, limit)
      return encodeRows(prepared(query, arrays).all(query.parameters) as unknown as Columns[])
    },
    runsDepth(filter, before, rows, tables) {
      const query = runsDepthQuery(filter, before, rows, tables)
      return prepared(query, statement => statement).get(query.parameters)?.at as Instant | null
    },
    runCounts(filter, steps, limit) {
      const query = runCountsQuery(filter, steps, limit)
      return plain(prepared(query, statement => statement).all(query.parameters))
    },
    segments: (run, from = 0, limit = -1) =>
      segments.all({ run, from, limit }).map(row => ({ ...row, events: text(row.events as Uint8Array) }) as unknown as SegmentRow),
    logs: (run, after, limit) => plain(logs.all(run, after.at, after.delivery, after.n, limit)),
    streams: (run, after, limit) =>
      streams.all(run, after.stream, after.last, after.until, limit).map(row => ({ ...row, restarted: row.restarted === 1 }) as unknown as StreamRow),
    definitions: () => plain(definitions.all()),
    settings: () => plain(settings.all()),
    settingsVersion: () => (settingsVersion.get() as { version: number }).version,
    assets: (namespace, after, limit) => encodeRows(assets.all(namespace, after, limit) as unknown as Columns[]),
    schedules: (namespace, after, limit) => encodeRows(schedules.all(namespace, after, limit) as unknown as Columns[]),
    ledger: (schedule, { from, until, accounts }, before, limit) =>
      plain(ledger.all(schedule, before, from ?? -FAR, until ?? FAR, JSON.stringify(accounts ?? ACCOUNTS), limit)),
    ledgers: (schedules, { from, until, accounts }, limit) =>
      schedules.map(schedule => plain(ledgerRange.all(schedule, from ?? -FAR, until ?? FAR, JSON.stringify(accounts ?? ACCOUNTS), limit))),
    runTimes: (namespace, ids) => plain(runTimes.all(namespace, JSON.stringify(ids))),
    closedCounts: (namespace, since) => plain(closedCounts.all(namespace, since)),
    closedTimes: (namespace, from, until, limit) => plain(closedTimes.all(namespace, from, until, limit)),
    expired: (until, limit) => plain(expired.all(until, limit)),
  }
}

/** Beyond all times. */
const FAR = Number.MAX_SAFE_INTEGER

function arrays(statement: StatementSync): StatementSync {
  statement.setReturnArrays(true)
  return statement
}

/** Rows of `node:sqlite` have no prototype. */
function plain<Row>(rows: object[]): Row[] {
  return rows.map(row => ({ ...row })) as Row[]
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
