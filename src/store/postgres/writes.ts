import { partOf, partOfResource } from '../../core/ids.ts'
import type { ClosingRow, KeyName, KeyRow, LedgerRow, OpenRow, TouchedRow, Writes } from '../store.ts'
import type { Column, ColumnType, Value } from './arrays.ts'
import { lookedUp } from './database.ts'

/** Rows of a batch that go to one place, and the common table expressions that take them there. */
export interface Part<Row = never> {
  name: string
  rows(writes: Writes): readonly Row[]
  columns: Readonly<Record<string, Column<Row>>>
  /** `u`: the rows, as a table with these columns. */
  sql(u: string): string
  /** The expression that must come to as many rows as there are, and what is wrong when it does not; else the database's own constraints say so. */
  counted?: { by: string; what: string }
}

/** True of a batch that is the next link of its chain: nothing is written without it. */
const FENCED = 'exists (select 1 from fence)'

const text = <Row>(of: (row: Row) => string | null) => column('text', of)
const bytes = <Row>(of: (row: Row) => string | null) => column('bytea', of)
const whole = <Row>(of: (row: Row) => number | null) => column('int8', of)
const small = <Row>(of: (row: Row) => number) => column('int2', of)
const flag = <Row>(of: (row: Row) => boolean) => column('bool', of)
const real = <Row>(of: (row: Row) => number | null) => column('float8', of)
function column<Type extends ColumnType, Row>(type: Type, of: (row: Row) => Value<Type> | null): Column<Row> {
  return { type, of } as unknown as Column<Row>
}

const part = <Row>(part: Part<Row>): Part => part as unknown as Part

const isBodyAlone = ({ bodyAlone }: TouchedRow) => bodyAlone === true

const tagsText = ({ tags }: OpenRow) => (tags === null ? null : JSON.stringify(tags))

const BORN = {
  id: text<OpenRow>(row => row.id),
  part: small<OpenRow>(row => partOf(row.id)),
  namespace: text<OpenRow>(row => row.namespace),
  kind: text<OpenRow>(row => row.kind),
  name: text<OpenRow>(row => row.name),
  queue: text<OpenRow>(row => row.queue),
  state: text<OpenRow>(row => row.state),
  gate: whole<OpenRow>(row => row.gate),
  sort: real<OpenRow>(row => row.sort),
  wake_at: whole<OpenRow>(row => row.wakeAt),
  delivered: flag<OpenRow>(row => row.delivered),
  created_at: whole<OpenRow>(row => row.createdAt),
  started_at: whole<OpenRow>(row => row.startedAt),
  tags: text<OpenRow>(tagsText),
  input: bytes<OpenRow>(row => row.input),
  body: bytes<OpenRow>(row => row.body),
}

const CLOSING = {
  id: text<ClosingRow>(row => row.id),
  queue: text<ClosingRow>(row => row.queue),
  state: text<ClosingRow>(row => row.state),
  started_at: whole<ClosingRow>(row => row.startedAt),
  closed_at: whole<ClosingRow>(row => row.closedAt),
  purge_at: whole<ClosingRow>(row => row.purgeAt),
  output: bytes<ClosingRow>(row => row.output),
  body: bytes<ClosingRow>(row => row.body),
}

/** Of the birth of a run that was never open. */
const BIRTH = Object.fromEntries(
  (['part', 'namespace', 'kind', 'name', 'created_at', 'tags', 'input'] as const).map(name => {
    const { type, of } = BORN[name] as Column<OpenRow>
    return [name, column(type, (row: ClosingRow) => of(row.born as OpenRow) as never)]
  }),
)

/** What a closed run keeps as it was. */
const KEPT = 'id, part, namespace, kind, name, created_at, tags, input'
const ENDED = 'queue, state, started_at, closed_at, purge_at, output, body'

const KEY = {
  namespace: text<KeyName>(row => row.namespace),
  scope: text<KeyName>(row => row.scope),
  definition: text<KeyName>(row => row.definition),
  key: bytes<KeyName>(row => row.key),
}

interface Tag {
  id: string
  namespace: string
  name: string
  value: string
  createdAt: number
}

export const PARTS: readonly Part[] = [
  part<OpenRow>({
    name: 'born',
    rows: ({ born }) => born,
    columns: BORN,
    sql: u => `born as (
      insert into run_open(${names(BORN)}) select ${names(BORN)} from ${u}
      where ${FENCED} and not exists (select 1 from run_closed c where ${lookedUp('c.id', 'u.id')}) returning 1)`,
    counted: { by: '(select count(*) from born)', what: 'runs are born, the others exist already' },
  }),
  part<Writes['touched'][number]>({
    name: 'touched',
    rows: ({ touched }) => (touched.some(isBodyAlone) ? touched.filter(row => !isBodyAlone(row)) : touched),
    columns: {
      id: text(row => row.id),
      queue: text(row => row.queue),
      state: text(row => row.state),
      gate: whole(row => row.gate),
      sort: real(row => row.sort),
      wake_at: whole(row => row.wakeAt),
      delivered: flag(row => row.delivered),
      started_at: whole(row => row.startedAt),
      body: bytes(row => row.body),
    },
    sql: u => `touched as (
      update run_open o set queue = u.queue, state = u.state, gate = u.gate, sort = u.sort, wake_at = u.wake_at, delivered = u.delivered,
        started_at = u.started_at, body = u.body
      from ${u} where ${lookedUp('o.id', 'u.id')} and ${FENCED} returning 1)`,
    counted: { by: '(select count(*) from touched)', what: 'runs that are touched are open' },
  }),
  part<Writes['touched'][number]>({
    name: 'bodies',
    rows: ({ touched }) => touched.filter(isBodyAlone),
    columns: { id: text(row => row.id), body: bytes(row => row.body) },
    sql: u => `bodies as (update run_open o set body = u.body from ${u} where ${lookedUp('o.id', 'u.id')} and ${FENCED} returning 1)`,
    counted: { by: '(select count(*) from bodies)', what: 'runs that are touched are open' },
  }),
  // A move beats an update: the row is copied within the database, so its input does not travel, and the open table keeps no closed rows.
  part<ClosingRow>({
    name: 'moved',
    rows: ({ closed }) => closed.filter(row => row.born === null),
    columns: CLOSING,
    sql: u => `moved as (
      delete from run_open o using ${u} where ${lookedUp('o.id', 'u.id')} and ${FENCED}
      returning o.id, o.part, o.namespace, o.kind, o.name, o.created_at, o.tags, o.input, ${ENDED.replace(/\w+/g, 'u.$&')}),
    moved_in as (insert into run_closed(${KEPT}, ${ENDED}) select ${KEPT}, ${ENDED} from moved returning 1)`,
    counted: { by: '(select count(*) from moved_in)', what: 'runs that close are open' },
  }),
  part<ClosingRow>({
    name: 'born_closed',
    rows: ({ closed }) => closed.filter(row => row.born !== null),
    columns: { ...CLOSING, ...BIRTH },
    sql: u => `born_closed as (
      insert into run_closed(${KEPT}, ${ENDED}) select ${KEPT}, ${ENDED} from ${u}
      where ${FENCED} and not exists (select 1 from run_open o where ${lookedUp('o.id', 'u.id')}) returning 1)`,
    counted: { by: '(select count(*) from born_closed)', what: 'runs are born closed, the others are open already' },
  }),
  part<Tag>({
    name: 'tags',
    rows: tagsOf,
    columns: {
      id: text(row => row.id),
      namespace: text(row => row.namespace),
      name: bytes(row => row.name),
      value: bytes(row => row.value),
      created_at: whole(row => row.createdAt),
    },
    sql: u => `tags as (
      insert into run_tag(id, namespace, name, value, created_at) select id, namespace, name, value, created_at from ${u} where ${FENCED})`,
  }),
  // One statement sees the tables as they were before it: what is dropped and taken in one batch is only taken.
  part<KeyName>({
    name: 'key_drops',
    rows: ({ keyDrops, keys }) => {
      if (keys.length === 0 || keyDrops.length === 0) return keyDrops
      const taken = new Set(keys.map(keyText))
      return keyDrops.filter(name => !taken.has(keyText(name)))
    },
    columns: KEY,
    sql: u => `key_drops as (
      delete from run_key k using ${u}
      where ${lookedUp('k.namespace', 'u.namespace')} and k.scope = u.scope and k.definition = u.definition and k.key = u.key and ${FENCED})`,
  }),
  part<KeyRow>({
    name: 'keys',
    rows: ({ keys }) => lastOf(keys, keyText),
    columns: {
      ...(KEY as unknown as Record<string, Column<KeyRow>>),
      run: text(row => row.run),
      part: small(row => partOf(row.run)),
      input_hash: text(row => row.inputHash),
      expires_at: whole(row => row.expiresAt),
    },
    sql: u => `keys as (
      insert into run_key(namespace, scope, definition, key, run, part, input_hash, expires_at)
      select namespace, scope, definition, key, run, part, input_hash, expires_at from ${u} where ${FENCED}
      on conflict (namespace, scope, definition, key)
      do update set run = excluded.run, part = excluded.part, input_hash = excluded.input_hash, expires_at = excluded.expires_at)`,
  }),
  part<Writes['segments'][number]>({
    name: 'segments',
    rows: ({ segments }) => segments,
    columns: { run: text(row => row.run), first: whole(row => row.first), events: bytes(row => row.events) },
    sql: u => `segments as (insert into run_segment(run, first, events) select run, first, events from ${u} where ${FENCED})`,
  }),
  part<Writes['logs'][number]>({
    name: 'logs',
    rows: ({ logs }) => logs,
    columns: {
      run: text(row => row.run),
      delivery: text(row => row.delivery),
      n: whole(row => row.n),
      at: whole(row => row.at),
      attempt: whole(row => row.attempt),
      level: text(row => row.level),
      message: bytes(row => row.message),
      fields: bytes(row => row.fields),
    },
    sql: u => `logs as (
      insert into run_log(run, delivery, n, at, attempt, level, message, fields)
      select run, delivery, n, at, attempt, level, message, fields from ${u} where ${FENCED} on conflict (run, delivery, n) do nothing)`,
  }),
  part<Writes['streams'][number]>({
    name: 'streams',
    rows: ({ streams }) => streams,
    columns: {
      run: text(row => row.run),
      stream: text(row => row.stream),
      last: whole(row => row.last),
      count: whole(row => row.count),
      at: whole(row => row.at),
      step: text(row => row.step),
      attempt: whole(row => row.attempt),
      restarted: flag(row => row.restarted),
      chunks: bytes(row => row.chunks),
    },
    sql: u => `streams as (
      insert into run_stream(run, stream, last, count, at, step, attempt, restarted, chunks)
      select run, stream, last, count, at, step, attempt, restarted, chunks from ${u} where ${FENCED})`,
  }),
  part<Writes['definitions'][number]>({
    name: 'definitions',
    rows: ({ definitions }) => lastOf(definitions, ({ namespace, name, version }) => JSON.stringify([namespace, name, version])),
    columns: {
      namespace: text(row => row.namespace),
      name: text(row => row.name),
      version: text(row => row.version),
      kind: text(row => row.kind),
      options: bytes(row => row.options),
      schema: bytes(row => row.schema),
      registered_at: whole(row => row.registeredAt),
    },
    sql: u => `definitions as (
      insert into definition(namespace, name, version, kind, options, schema, registered_at)
      select namespace, name, version, kind, options, schema, registered_at from ${u} where ${FENCED}
      on conflict (namespace, name, version)
      do update set kind = excluded.kind, options = excluded.options, schema = excluded.schema, registered_at = excluded.registered_at)`,
  }),
  ...upserts<Writes['settings'][number]>({
    name: 'settings',
    table: 'setting',
    rows: ({ settings }) => settings,
    key: { namespace: text(row => row.namespace), kind: text(row => row.kind), name: text(row => row.name) },
    value: { value: bytes(row => row.value), changed_at: whole(row => row.changedAt) },
    removed: row => row.value === null,
  }),
  part<Writes['definitions'][number] | Writes['settings'][number]>({
    name: 'versioned',
    rows: ({ definitions, settings }) => [...definitions, ...settings].slice(0, 1),
    columns: {},
    sql: () => `versioned as (update settings_version set version = version + 1 where ${FENCED})`,
  }),
  part<LedgerRow>({
    name: 'ledger',
    rows: ({ ledger }) => lastOf(ledger, ({ schedule, n }) => `${n} ${schedule}`),
    columns: {
      schedule: text(row => row.schedule),
      n: whole(row => row.n),
      source: text(row => row.source),
      at: whole(row => row.at),
      until: whole(row => row.until),
      count: whole(row => row.count),
      account: text(row => row.account),
      run: text(row => row.run),
      late_ms: whole(row => row.lateMs),
      why: bytes(row => row.why),
      note: bytes(row => row.note),
      accounted_at: whole(row => row.accountedAt),
    },
    sql: u => {
      const values = 'source, at, until, count, account, run, late_ms, why, note, accounted_at'
      return `ledger as (
      insert into ledger(schedule, n, ${values}) select schedule, n, ${values} from ${u} where ${FENCED}
      on conflict (schedule, n) do update set ${values.replace(/\w+/g, '$& = excluded.$&')})`
    },
  }),
  part<Writes['ledgerDrops'][number]>({
    name: 'ledger_drops',
    rows: ({ ledgerDrops }) => ledgerDrops,
    columns: { schedule: text(row => row.schedule), n: whole(row => row.n) },
    sql: u => `ledger_drops as (delete from ledger l using ${u} where ${lookedUp('l.schedule', 'u.schedule')} and l.n = u.n and ${FENCED})`,
  }),
  ...upserts<Writes['rates'][number]>({
    name: 'rates',
    table: 'rate',
    rows: ({ rates }) => rates,
    key: { namespace: text(row => row.namespace), limit_name: text(row => row.limit), key: bytes(row => row.key) },
    value: { part: small(row => partOfResource(row)), spent: bytes(row => row.spent) },
    removed: row => row.spent === null,
  }),
  part<Writes['holds'][number]>({
    name: 'holds',
    rows: ({ holds, holdDrops }) => (holdDrops.length === 0 ? holds : holds.filter(({ id }) => !holdDrops.includes(id))),
    columns: {
      id: text(row => row.id),
      part: small(row => row.part),
      namespace: text(row => row.namespace),
      limit_name: text(row => row.limit),
      key: bytes(row => row.key),
      run: text(row => row.run),
      weight: real(row => row.weight),
      since: whole(row => row.since),
    },
    sql: u => `holds as (
      insert into hold(id, part, namespace, limit_name, key, run, weight, since)
      select id, part, namespace, limit_name, key, run, weight, since from ${u} where ${FENCED})`,
  }),
  part<string>({
    name: 'hold_drops',
    rows: ({ holdDrops }) => holdDrops,
    columns: { id: text(id => id) },
    sql: u => `hold_drops as (delete from hold h using ${u} where ${lookedUp('h.id', 'u.id')} and ${FENCED})`,
  }),
  part<Writes['mail'][number]>({
    name: 'mail_sent',
    rows: ({ mail }) => mail,
    columns: {
      from_part: small(row => row.from),
      n: whole(row => row.n),
      to_part: small(row => row.to),
      id: text(row => row.id),
      body: bytes(row => row.body),
    },
    sql: u => `mail_sent as (insert into mail(from_part, n, to_part, id, body) select from_part, n, to_part, id, body from ${u} where ${FENCED})`,
  }),
  part<Writes['mailTaken'][number]>({
    name: 'mail_taken',
    rows: ({ mailTaken }) => mailTaken,
    columns: { from_part: small(row => row.from), n: whole(row => row.n), to_part: small(row => row.to), id: text(row => row.id) },
    sql: u => `mail_taken as (
      delete from mail m using ${u}
      where ${lookedUp('m.from_part', 'u.from_part')} and m.n = u.n and m.to_part = u.to_part and m.id = u.id and ${FENCED} returning 1)`,
    counted: { by: '(select count(*) from mail_taken)', what: 'messages that are taken are there' },
  }),
  // An open run loses nothing, and no run's segments go before it does.
  part<string>({
    name: 'purged',
    rows: ({ purge }) => purge,
    columns: { id: text(id => id) },
    sql: u => `purged as (delete from run_closed c using ${u} where ${lookedUp('c.id', 'u.id')} and ${FENCED} returning c.id),
    purged_tags as (delete from run_tag t using purged p where ${lookedUp('t.id', 'p.id')}),
    purged_segments as (delete from run_segment s using purged p where ${lookedUp('s.run', 'p.id')}),
    purged_logs as (delete from run_log l using purged p where ${lookedUp('l.run', 'p.id')}),
    purged_streams as (delete from run_stream s using purged p where ${lookedUp('s.run', 'p.id')}),
    purged_ledgers as (delete from ledger l using purged p where ${lookedUp('l.schedule', 'p.id')})`,
  }),
]

/** Two parts: rows that are written, and rows that are removed. Of one key that comes twice the later stands. */
function upserts<Row>(given: {
  name: string
  table: string
  rows(writes: Writes): readonly Row[]
  key: Record<string, Column<Row>>
  value: Record<string, Column<Row>>
  removed(row: Row): boolean
}): Part[] {
  const { name, table, rows, key, value, removed } = given
  const keyOf = (row: Row) => JSON.stringify(Object.values(key).map(({ of }) => of(row)))
  const all = `${names(key)}, ${names(value)}`
  return [
    part<Row>({
      name,
      rows: writes => lastOf(rows(writes), keyOf).filter(row => !removed(row)),
      columns: { ...key, ...value },
      sql: u => `${name} as (
      insert into ${table}(${all}) select ${all} from ${u} where ${FENCED}
      on conflict (${names(key)}) do update set ${names(value).replace(/\w+/g, '$& = excluded.$&')})`,
    }),
    part<Row>({
      name: `${name}_drops`,
      rows: writes => lastOf(rows(writes), keyOf).filter(removed),
      columns: key,
      sql: u => `${name}_drops as (
      delete from ${table} t using ${u} where ${Object.keys(key)
        .map(name => lookedUp(`t.${name}`, `u.${name}`))
        .join(' and ')} and ${FENCED})`,
    }),
  ]
}

function names(columns: Record<string, unknown>): string {
  return Object.keys(columns).join(', ')
}

function tagsOf({ born, closed }: Writes): Tag[] {
  const found: Tag[] = []
  const add = ({ id, namespace, createdAt, tags }: OpenRow) => {
    if (tags === null) return
    for (const [name, value] of Object.entries(tags)) found.push({ id, namespace, name, value, createdAt })
  }
  for (const row of born) add(row)
  for (const row of closed) if (row.born !== null) add(row.born)
  return found
}

function keyText({ namespace, scope, definition, key }: KeyName): string {
  return JSON.stringify([namespace, scope, definition, key])
}

/** One row of each key, the last: a statement may write a row only once. */
function lastOf<Row>(rows: readonly Row[], keyOf: (row: Row) => string): readonly Row[] {
  if (rows.length < 2) return rows
  return [...new Map(rows.map(row => [keyOf(row), row])).values()]
}
