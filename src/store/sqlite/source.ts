import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { logCursorOf, logPlaceOf, numberOf, pageOf, streamCursorOf, streamPlaceOf } from '../cursor.ts'
import {
  type ClosedRow,
  type DefinitionRow,
  type HoldRow,
  type KeyRow,
  type LedgerRow,
  type LogRow,
  type MailRow,
  type OpenRow,
  type Page,
  type Paged,
  type RateRow,
  type SegmentRow,
  type SettingRow,
  StoreRefused,
  type StreamRow,
} from '../store.ts'
import { refusalOf } from './disk.ts'
import { hold } from './lock.ts'
import { CLOSED_COLUMNS, type Columns, decodeRows, encodeRows, OPEN_COLUMNS } from './messages.ts'
import { migrate, versionOf } from './migrate.ts'
import { type MovedMark, movedMarkOf, setMovedMark } from './moved.ts'
import { type Readings, readingsOf } from './read.ts'
import { requireDurability } from './thread.ts'

/** What each table holds, as the port knows it. */
export interface SourceRows {
  definitions: DefinitionRow
  settings: SettingRow
  open: OpenRow
  closed: ClosedRow
  keys: KeyRow
  segments: SegmentRow
  logs: LogRow
  streams: StreamRow
  ledger: LedgerRow
  rates: RateRow
  holds: HoldRow
  mail: MailRow
}
export type SourceTable = keyof SourceRows
/** Where a page ended: the key of its last row. */
export type SourceCursor = readonly (string | number)[]

/** A database whose process is gone, held so that none begins: all that is in it, page by page. */
export interface Source {
  readonly file: string
  mark(): MovedMark | null
  setMark(mark: MovedMark | null): void
  count(table: SourceTable): number
  /** By key, from `after` (exclusive) on: as many rows as a batch may have. */
  page<Table extends SourceTable>(table: Table, after: SourceCursor | null): { rows: SourceRows[Table][]; next: SourceCursor | null }
  /** Runs that have segments, logs or streams, or schedules that have ledgers, by id. */
  owners(table: OwnedTable, after: string, limit: number): string[]
  /** What one of them has, as the port reads it. */
  owned<Table extends OwnedTable>(table: Table, owner: string, page: Page): Paged<SourceRows[Table]>
  /** Of open or of closed runs, without schedules: what the port counts. */
  runs(table: 'open' | 'closed'): number
  /** In which runs are. */
  namespaces(): string[]
  close(): void
}
export type OwnedTable = 'segments' | 'logs' | 'streams' | 'ledger'

/** Of a page: what a commit holds in memory, and how long others wait for it. */
const ROWS_MAX = 2_000
const BYTES_MAX = 4 * 1024 * 1024
const BUSY_MS = 1_000

/** @throws StoreRefused when another process holds the file (it says which), or it is none of ours, missing or empty. */
export function openSource(file: string, nodeName: string): Source {
  if (!existsSync(file)) throw new StoreRefused(`There is no database ${file}.`)
  const path = realpathSync.native(resolve(file))
  const lock = hold(path, nodeName)
  try {
    return sourceOf(path, opened(path), () => lock.release())
  } catch (error) {
    lock.release()
    throw error instanceof StoreRefused ? error : refusalOf(path, error)
  }
}

function opened(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_MS })
  try {
    if (versionOf(database, path) === 0) throw new StoreRefused(`The database ${path} is empty: no server has used it yet.`)
    requireDurability(database, path)
    migrate(database, path, Date.now())
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function sourceOf(file: string, database: DatabaseSync, closed: () => void): Source {
  const pages = new Map<SourceTable, PageReader>()
  const readerOf = (table: SourceTable): PageReader => {
    const known = pages.get(table) ?? pageReader(database, TABLES[table] as TableShape<never>)
    pages.set(table, known)
    return known
  }
  const owners = {
    segments: ownersOf(database, 'run_segment', 'run'),
    logs: ownersOf(database, 'run_log', 'run'),
    streams: ownersOf(database, 'run_stream', 'run'),
    ledger: ownersOf(database, 'ledger', 'schedule'),
  }
  const owned = ownedOf(readingsOf(database))
  return {
    file,
    mark: () => movedMarkOf(database),
    setMark: mark => setMovedMark(database, mark),
    count: table => (database.prepare(`select count(*) as count from ${TABLES[table].from}`).get() as { count: number }).count,
    page: (table, after) => readerOf(table)(after) as never,
    owners: (table, after, limit) => owners[table].all(after, limit).map(({ id }) => id as string),
    owned: (table, owner, page) => owned[table](owner, page) as never,
    runs: table => (database.prepare(`select count(*) as count from run_${table} where kind <> 'schedule'`).get() as { count: number }).count,
    namespaces: () =>
      database
        .prepare('select distinct namespace from run_open union select distinct namespace from run_closed')
        .all()
        .map(({ namespace }) => namespace as string),
    close() {
      try {
        database.exec('pragma wal_checkpoint(truncate)')
      } finally {
        database.close()
        closed()
      }
    },
  }
}

/** From owner to owner by the index, whatever each has. */
function ownersOf(database: DatabaseSync, table: string, column: string): StatementSync {
  return database.prepare(
    `with recursive found(id) as (
      select min(${column}) from ${table} where ${column} > ?
      union all
      select (select min(${column}) from ${table} where ${column} > found.id) from found where found.id is not null
    )
    select id from found where id is not null limit ?`,
  )
}

function ownedOf(read: Readings): { [Table in OwnedTable]: (owner: string, page: Page) => Paged<SourceRows[Table]> } {
  return {
    segments: run => ({ rows: read.segments(run), next: null }),
    logs(run, { after, limit }) {
      const place = after === null ? { at: Number.NEGATIVE_INFINITY, delivery: '', n: 0 } : logPlaceOf(after)
      return pageOf(read.logs(run, place, limit + 1), limit, logCursorOf)
    },
    streams: (run, { after, limit }) => pageOf(read.streams(run, streamPlaceOf(null, after), limit + 1), limit, streamCursorOf),
    ledger(schedule, { after, limit }) {
      const before = after === null ? Number.MAX_SAFE_INTEGER : numberOf(after)
      return pageOf(read.ledger(schedule, {}, before, limit + 1), limit, ({ n }) => String(n))
    },
  }
}

interface TableShape<Row> {
  from: string
  columns: string
  /** Columns of an index that is unique; none: the order is `order by`, and a page is found by its number of rows before it. */
  key: readonly string[]
  orderBy?: string
  keyOf(row: Row): SourceCursor
  /** A run's row has texts as bytes, which the port's own code reads. */
  isRun?: true
}

const TABLES: { [Table in SourceTable]: TableShape<SourceRows[Table]> } = {
  definitions: {
    from: 'definition',
    columns: 'namespace, name, version, kind, options, schema, registered_at as registeredAt',
    key: [],
    orderBy: 'registered_at, rowid',
    keyOf: () => [],
  },
  settings: {
    from: 'setting',
    columns: 'namespace, kind, name, value, changed_at as changedAt',
    key: ['namespace', 'kind', 'name'],
    keyOf: row => [row.namespace, row.kind, row.name],
  },
  open: { from: 'run_open', columns: OPEN_COLUMNS, key: ['id'], keyOf: row => [row.id], isRun: true },
  closed: { from: 'run_closed', columns: CLOSED_COLUMNS, key: ['id'], keyOf: row => [row.id], isRun: true },
  keys: {
    from: 'run_key',
    columns: 'namespace, scope, definition, key, run, input_hash as inputHash, expires_at as expiresAt',
    key: ['namespace', 'scope', 'definition', 'key'],
    keyOf: row => [row.namespace, row.scope, row.definition, row.key],
  },
  segments: { from: 'run_segment', columns: 'run, first, events', key: ['run', 'first'], keyOf: row => [row.run, row.first] },
  logs: {
    from: 'run_log',
    columns: 'run, attempt, delivery, n, at, level, message, fields',
    key: ['run', 'delivery', 'n'],
    keyOf: row => [row.run, row.delivery, row.n],
  },
  streams: {
    from: 'run_stream',
    columns: 'run, stream, last, count, at, step, attempt, restarted, chunks',
    key: ['run', 'stream', 'last'],
    keyOf: row => [row.run, row.stream, row.last],
  },
  ledger: {
    from: 'ledger',
    columns: 'schedule, n, source, at, until, count, account, run, late_ms as lateMs, why, note, accounted_at as accountedAt',
    key: ['schedule', 'n'],
    keyOf: row => [row.schedule, row.n],
  },
  rates: {
    from: 'rate',
    columns: 'namespace, limit_name as "limit", key, spent',
    key: ['namespace', 'limit_name', 'key'],
    keyOf: row => [row.namespace, row.limit, row.key],
  },
  holds: { from: 'hold', columns: 'id, part, namespace, limit_name as "limit", key, run, weight, since', key: ['id'], keyOf: row => [row.id] },
  mail: {
    from: 'mail',
    columns: 'to_part as "to", from_part as "from", n, id, body',
    key: ['from_part', 'n', 'to_part'],
    keyOf: row => [row.from, row.n, row.to],
  },
}

type PageReader = (after: SourceCursor | null) => { rows: unknown[]; next: SourceCursor | null }

function pageReader(database: DatabaseSync, { from, columns, key, orderBy = key.join(), keyOf, isRun }: TableShape<never>): PageReader {
  const select = `select ${columns} from ${from}`
  const end = `order by ${orderBy} limit ${ROWS_MAX}`
  const first = database.prepare(`${select} ${end}`)
  const further = database.prepare(
    key.length === 0 ? `${select} ${end} offset ?` : `${select} where (${key.join()}) > (${key.map(() => '?').join()}) ${end}`,
  )
  if (isRun) for (const statement of [first, further]) statement.setReturnArrays(true)
  return after => {
    const found: object[] = []
    let bytes = 0
    for (const row of after === null ? first.iterate() : further.iterate(...after)) {
      found.push(row)
      bytes += bytesOf(row)
      if (bytes >= BYTES_MAX) break
    }
    const rows = (isRun ? decodeRows(encodeRows(found as unknown as Columns[])) : found.map(plain)) as never[]
    const last = rows.at(-1)
    const before = after === null ? 0 : (after[0] as number)
    return { rows, next: last === undefined ? null : key.length === 0 ? [before + rows.length] : keyOf(last) }
  }
}

/** Rows of `node:sqlite` have no prototype; events are bytes, and flags are numbers. */
function plain(row: object): object {
  const { events, restarted } = row as { events?: unknown; restarted?: unknown }
  if (restarted !== undefined) return { ...row, restarted: restarted === 1 }
  return events instanceof Uint8Array ? { ...row, events: Buffer.from(events).toString('utf8') } : { ...row }
}

function bytesOf(row: object): number {
  let bytes = 0
  for (const value of Object.values(row)) bytes += typeof value === 'string' || value instanceof Uint8Array ? value.length : 8
  return bytes
}
