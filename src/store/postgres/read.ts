import { ACCOUNTS } from '../../core/ledger.ts'
import type { ClosedState, RunState } from '../../core/run.ts'
import { cursorOf, depthFrom, LAST, logCursorOf, logPlaceOf, numberOf, pageOf, placeOf, streamCursorOf, streamPlaceOf } from '../cursor.ts'
import type {
  ClosedDay,
  ClosedTimes,
  DefinitionRow,
  LedgerFilter,
  LedgerRow,
  LogRow,
  OpenRow,
  Page,
  Paged,
  Reads,
  Row,
  SettingRow,
  StreamRow,
} from '../store.ts'
import { arrayOf } from './arrays.ts'
import { type Database, lookedUp, type Planning } from './database.ts'
import { unavailable } from './failures.ts'
import { textOf, upFrom, wholeDown, wholeUp } from './parameters.ts'
import { type Parameter, type ResultRow, type Statement, statement } from './pipeline.ts'
import { CLOSED_COLUMNS, numberOrNull, OPEN_COLUMNS, openRowOf, rowOf } from './rows.ts'
import { type Query, runCountsQuery, runsDepthQuery, runsQuery } from './runs.ts'

const RUN = statement(`select ${OPEN_COLUMNS} from run_open r where r.id = $1 and r.namespace = $2
  union all select ${CLOSED_COLUMNS} from run_closed r where r.id = $1 and r.namespace = $2`)
// Endings have no index: random text in one would dirty a page a run. This goes through the indexes of lists, newest first, and no further than it is told.
const half = (table: string) =>
  `(select id, created_at from (select id, created_at from ${table} where namespace = $1 and kind <> 'schedule' order by ${table}.created_at desc, id desc limit $4::int8) ${table}
    where right(id, length($2)) = $2 order by created_at desc, id desc limit $3::int8)`
const ENDING = statement(`select id from (${half('run_open')} union all ${half('run_closed')}) r order by created_at desc, id desc limit $3::int8`)
const SEGMENTS = statement(`select run, first::text, events from run_segment where run = $1
  and first >= coalesce((select max(first) from run_segment where run = $1 and first <= $2::int8), 0) order by run_segment.first limit $3::int8`)
const LOGS = statement(`select run, attempt::text, delivery, n::text, at::text, level, message, fields from run_log
  where run = $1 and (at, delivery, n) > ($2::int8, $3, $4::int8) order by run_log.at, delivery, run_log.n limit $5::int8`)
const STREAMS = statement(`select run, stream, last::text, count::text, at::text, step, attempt::text, restarted::text, chunks from run_stream
  where run = $1 and (stream, last) > ($2, $3::int8) and stream <= $4 order by stream, run_stream.last limit $5::int8`)
const DEFINITIONS = statement(
  'select namespace, name, version, kind, options, schema, registered_at::text from definition order by definition.registered_at, ordinal',
)
const SETTINGS = statement('select namespace, kind, name, value, changed_at::text from setting')
const SETTINGS_VERSION = statement('select version::text from settings_version')
const SCHEDULES = statement(
  `select ${OPEN_COLUMNS} from run_open r where r.kind = 'schedule' and r.namespace = $1 and r.name > $2 order by r.name limit $3::int8`,
)
// They are as if created at 0, where the index of lists has them and little else.
const ASSETS = statement(
  `select ${OPEN_COLUMNS} from run_open r
  where r.namespace = $1 and r.created_at = 0 and r.kind <> 'schedule' and r.kind = 'asset' and r.name > $2 order by r.name limit $3::int8`,
)
const LINE =
  'l.schedule, l.n::text, l.source, l.at::text, l.until::text, l.count::text, l.account, l.run, l.late_ms::text, l.why, l.note, l.accounted_at::text'
// Lines of a schedule are few in any stretch that a person looks at, and their numbers rise with their times: by number, latest first.
const LEDGER = statement(`select ${LINE} from ledger l
  where l.schedule = $1 and l.n < $2::int8 and l.until >= $3::int8 and l.at <= $4::int8 and l.account = any($5::text[]) order by l.n desc limit $6::int8`)
// By when they end, so that a stretch of time costs what is in it, however long the ledger is.
const LEDGERS = statement(`select q.nth::text, ${LINE} from unnest($1::text[]) with ordinality q(schedule, nth)
  cross join lateral (
    select * from ledger l where l.schedule = q.schedule and l.until >= $2::int8 and l.at <= $3::int8 and l.account = any($4::text[])
    order by l.until desc, l.n desc limit $5::int8) l
  order by q.nth, l.until desc, l.n desc`)
const TIMES =
  statement(`select r.id, r.state, r.started_at::text, null::text from unnest($2::text[]) i(id) join run_open r on ${lookedUp('r.id', 'i.id')} where r.namespace = $1
  union all
  select r.id, r.state, r.started_at::text, r.closed_at::text from unnest($2::text[]) i(id) join run_closed r on ${lookedUp('r.id', 'i.id')} where r.namespace = $1`)
/** Runs of a namespace, by conditions that are none for an index: by one that fits all of them the whole namespace would be gone through. */
const RUNS_AMONG = "r.namespace || '' = $1 and r.kind || '' <> 'schedule'"
const CLOSED_COUNTS = statement(`select state, count(*)::text from run_closed r where r.closed_at >= $2::int8 and ${RUNS_AMONG} group by state`)
const CLOSED_TIMES = statement(`select name, queue, state, created_at::text, started_at::text, closed_at::text from run_closed r
  where r.closed_at >= $2::int8 and r.closed_at < $3::int8 and ${RUNS_AMONG} order by r.closed_at desc limit $4::int8`)
const EXPIRED = statement(`select c.namespace, c.kind, c.name, (c.closed_at - c.closed_at % 86400000)::text, count(*)::text
  from (select namespace, kind, name, closed_at from run_closed where purge_at <= $1::int8 order by run_closed.purge_at limit $2::int8) c group by 1, 2, 3, 4`)

/** What people look at. Each answer is one statement. */
export function readsOf(database: Database): Reads {
  async function rows(planning: Planning, statement: Statement, ...parameters: Parameter[]): Promise<ResultRow[]> {
    try {
      const [found] = await database.read(planning, { statement, parameters })
      return found?.rows ?? []
    } catch (error) {
      throw unavailable(error)
    }
  }
  /** Shapes of filters are thousands: none of them stays prepared. */
  const filtered = ({ sql, parameters }: Query) => rows('listed', { text: sql, name: '' }, ...parameters)

  async function byName(statement: Statement, namespace: string, { after, limit }: Page): Promise<Paged<OpenRow>> {
    const found = await rows('keyed', statement, textOf(namespace), textOf(after ?? ''), String(limit + 1))
    return pageOf(
      found.map(columns => openRowOf(columns)),
      limit,
      ({ name }) => name,
    )
  }

  return {
    async run(namespace, id) {
      const [found] = await rows('keyed', RUN, textOf(id), textOf(namespace))
      return found === undefined ? null : rowOf(found)
    },

    async runsEnding(namespace, ending, limit, among) {
      return (await rows('listed', ENDING, textOf(namespace), textOf(ending), String(limit), String(among))).map(([id]) => id as string)
    },

    async runs(filter, page) {
      const found = await filtered(runsQuery(filter, page.after === null ? LAST : placeOf(page.after), page.limit + 1))
      const runs: Row[] = found.map(columns => rowOf(columns))
      return pageOf(runs, page.limit, ({ createdAt, id }) => cursorOf({ at: createdAt, id }))
    },

    async runsDepth(filter, after, down, tables) {
      const [found] = await filtered(runsDepthQuery(filter, depthFrom(after, filter.createdBefore), down, tables))
      return numberOrNull(found?.[0])
    },

    async runCounts(filter, steps, limit) {
      const found = await filtered(runCountsQuery(filter, steps, limit))
      const counts = found.map(([step, state, count]) => ({ step: Number(step), state: state as RunState, count: Number(count) }))
      const whole = counts.reduce((sum, { count }) => sum + count, 0) < limit
      return { counts, through: whole ? null : found.reduce((oldest, row) => Math.min(oldest, Number(row[3])), Number.POSITIVE_INFINITY) }
    },

    async segments(run, from = 0, limit = Number.MAX_SAFE_INTEGER) {
      return (await rows('keyed', SEGMENTS, textOf(run), String(from), String(limit))).map(([run, first, events]) => ({
        run: run as string,
        first: Number(first),
        events: events as string,
      }))
    },

    async logs(run, page) {
      const after = page.after === null ? { at: Number.NEGATIVE_INFINITY, delivery: '', n: 0 } : logPlaceOf(page.after)
      const [at, delivery] = upFrom({ at: after.at, id: after.delivery })
      const found = await rows('keyed', LOGS, textOf(run), at, delivery, wholeDown(after.n), String(page.limit + 1))
      const lines = found.map(
        ([run, attempt, delivery, n, at, level, message, fields]) =>
          ({ run, attempt: Number(attempt), delivery, n: Number(n), at: Number(at), level, message, fields }) as LogRow,
      )
      return pageOf(lines, page.limit, logCursorOf)
    },

    async streams(run, stream, page) {
      const after = streamPlaceOf(stream, page.after)
      const given = [textOf(run), textOf(after.stream), wholeDown(after.last), textOf(after.until), String(page.limit + 1)] as const
      const found = (await rows('keyed', STREAMS, ...given)).map(
        ([run, stream, last, count, at, step, attempt, restarted, chunks]) =>
          ({
            run,
            stream,
            last: Number(last),
            count: Number(count),
            at: Number(at),
            step,
            attempt: Number(attempt),
            restarted: restarted === 'true',
            chunks,
          }) as StreamRow,
      )
      return pageOf(found, page.limit, streamCursorOf)
    },

    async definitions() {
      return (await rows('free', DEFINITIONS)).map(
        ([namespace, name, version, kind, options, schema, registeredAt]) =>
          ({ namespace, name, version, kind, options, schema, registeredAt: Number(registeredAt) }) as DefinitionRow,
      )
    },

    async settings() {
      return (await rows('free', SETTINGS)).map(
        ([namespace, kind, name, value, changedAt]) => ({ namespace, kind, name, value, changedAt: Number(changedAt) }) as SettingRow,
      )
    },

    settingsVersion: async () => Number((await rows('free', SETTINGS_VERSION))[0]?.[0]),

    schedules: (namespace, page) => byName(SCHEDULES, namespace, page),
    assets: (namespace, page) => byName(ASSETS, namespace, page),

    async ledger(schedule, filter, page) {
      const before = page.after === null ? Number.MAX_SAFE_INTEGER : numberOf(page.after)
      const found = await rows('keyed', LEDGER, textOf(schedule), wholeUp(before), ...rangeOf(filter), String(page.limit + 1))
      return pageOf(
        found.map(columns => lineOf(columns)),
        page.limit,
        ({ n }) => String(n),
      )
    },

    async ledgers(schedules, filter, limit) {
      const found = await rows('keyed', LEDGERS, arrayOf('text', schedules.map(textOf)), ...rangeOf(filter), String(limit))
      const ledgers: LedgerRow[][] = schedules.map(() => [])
      for (const columns of found) ledgers[Number(columns[0]) - 1]?.push(lineOf(columns, 1))
      return ledgers
    },

    async runTimes(namespace, ids) {
      const found = await rows('keyed', TIMES, textOf(namespace), arrayOf('text', ids.map(textOf)))
      return found.map(([id, state, startedAt, closedAt]) => ({
        id: id as string,
        state: state as RunState,
        startedAt: numberOrNull(startedAt),
        closedAt: numberOrNull(closedAt),
      }))
    },

    async closedCounts(namespace, since) {
      const found = await rows('ranged', CLOSED_COUNTS, textOf(namespace), wholeUp(since))
      return found.map(([state, count]) => ({ state: state as ClosedState, count: Number(count) }))
    },

    async closedTimes(namespace, { from, until }, limit) {
      const found = await rows('ranged', CLOSED_TIMES, textOf(namespace), wholeUp(from), wholeUp(until), String(limit))
      return found.map(
        ([name, queue, state, createdAt, startedAt, closedAt]) =>
          ({ name, queue, state, createdAt: Number(createdAt), startedAt: numberOrNull(startedAt), closedAt: Number(closedAt) }) as ClosedTimes,
      )
    },

    async expired(until, limit) {
      const found = await rows('keyed', EXPIRED, wholeDown(until), String(limit))
      return found.map(([namespace, kind, name, day, count]) => ({ namespace, kind, name, day: Number(day), count: Number(count) }) as ClosedDay)
    },
  }
}

/** What lies in it at all: a stretch fits when any of it does. */
function rangeOf({ from, until, accounts }: LedgerFilter): [from: string, until: string, accounts: Buffer] {
  return [wholeUp(from ?? Number.NEGATIVE_INFINITY), wholeDown(until ?? Number.POSITIVE_INFINITY), arrayOf('text', [...(accounts ?? ACCOUNTS)])]
}

function lineOf(columns: ResultRow, first = 0): LedgerRow {
  const [schedule, n, source, at, until, count, account, run, lateMs, why, note, accountedAt] = columns.slice(first)
  return {
    schedule,
    n: Number(n),
    source,
    at: Number(at),
    until: Number(until),
    count: Number(count),
    account,
    run,
    lateMs: numberOrNull(lateMs),
    why,
    note,
    accountedAt: Number(accountedAt),
  } as LedgerRow
}
