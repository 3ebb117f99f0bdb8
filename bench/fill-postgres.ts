import type pg from 'pg'

/** Closed runs as a month leaves them, written by the database itself: the numbers in them say how common each thing is. */
export interface Month {
  runs: number
  /** When the last one was created. */
  until: number
}
export const MONTH_MS = 30 * 86_400_000
export const NAMESPACE = 'default'
/** One run in a thousand is of a namespace that is small beside the other. */
export const SMALL_NAMESPACE = 'small'

const PAGE = 250_000
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const digit = (value: string) => `substr('${ALPHABET}', 1 + (${value})::int, 1)`
/** An id (core/ids.ts): its time in ten digits, then the slot of `part` and what is random. */
const ID = [
  ...[45, 40, 35, 30, 25, 20, 15, 10, 5, 0].map(shift => digit(`(at >> ${shift}) & 31`)),
  ...Array.from({ length: 4 }, () => digit('floor(random() * 32)')),
  ...[15, 10, 5, 0].map(shift => digit(`(slot >> ${shift}) & 31`)),
  ...Array.from({ length: 8 }, () => digit('floor(random() * 32)')),
].join(' || ')
const BODY = JSON.stringify({
  e: ['started', 'delivered', 'completed'].map(type => ({ is: type, at: 1_700_000_000_000, by: 'api', attempt: 1, worker: 'web-1' })),
})
const INPUT = JSON.stringify({ user: 'u12345', url: 'https://example.org/pictures/12345.jpg', sizes: [100, 200, 400] })

const CLOSED = `
  insert into run_closed(id, part, namespace, kind, name, queue, state, created_at, started_at, closed_at, purge_at, tags, input, output, body)
  select ${ID}, slot >> 8, case when n % 1000 = 0 then '${SMALL_NAMESPACE}' else '${NAMESPACE}' end, 'job',
    case when n % 100000 = 7 then 'rare' else 'job ' || floor(20 * lot * lot)::int end, case when n % 100000 = 11 then 'rare' else 'queue ' || n % 5 end,
    case when luck < 0.02 then 'failed' when luck < 0.022 then 'cancelled' when luck < 0.0222 then 'timed_out' when luck < 0.02221 then 'terminated' else 'completed' end,
    at, at + 20, at + 20 + (200 / (lot + 0.001))::int8, at + 20 + (200 / (lot + 0.001))::int8 + $4::int8,
    case when n % 10 = 0 then '{"team":"' || n % 7 || '","customer":"' || n % 99991 || '"}' when n % 2 = 0 then '{"team":"' || n % 7 || '"}' end,
    convert_to('${INPUT}', 'UTF8'), '{"width":100}', convert_to('${BODY}', 'UTF8')
  from (select n, $3::int8 - ($5::int8 - n) * $6::int8 as at, floor(random() * 65536)::int as slot, random() as luck, random() as lot from generate_series($1::int8, $2::int8) n) row`
const TAGS = `
  insert into run_tag(id, namespace, name, value, created_at)
  select id, namespace, convert_to(key, 'UTF8'), convert_to(value, 'UTF8'), created_at from run_closed cross join json_each_text(tags::json) where tags is not null`

/** Into empty tables of `schema`; their indexes are made at the end, and none of it is logged: a crash costs the bench alone. */
export async function fillMonth(client: pg.Client, { runs, until }: Month, retentionMs: number): Promise<void> {
  await client.query(
    "set maintenance_work_mem = '1GB'; set synchronous_commit = off; alter table run_closed set unlogged; alter table run_tag set unlogged",
  )
  const { rows: indexes } = await client.query<{ table: string; name: string; definition: string }>(`
    select t.relname as table, i.relname as name, pg_get_indexdef(i.oid) as definition from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
    where t.relname in ('run_closed', 'run_tag') and not x.indisprimary and t.relnamespace = current_schema::regnamespace`)
  const { rows: keys } = await client.query<{ table: string; name: string; definition: string }>(`
    select conrelid::regclass::text as table, conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
    where contype = 'p' and connamespace = current_schema::regnamespace and conrelid::regclass::text in ('run_closed', 'run_tag')`)
  for (const { name } of indexes) await client.query(`drop index ${name}`)
  for (const { table, name } of keys) await client.query(`alter table ${table} drop constraint ${name}`)
  const stepMs = Math.max(1, Math.floor(MONTH_MS / runs))
  for (let from = 1; from <= runs; from += PAGE) {
    await client.query(CLOSED, [from, Math.min(runs, from + PAGE - 1), until, retentionMs, runs, stepMs])
    process.stderr.write(`\r${Math.min(runs, from + PAGE - 1).toLocaleString('en')} runs written`)
  }
  process.stderr.write('\n')
  await client.query(TAGS)
  for (const { table, name, definition } of keys) await client.query(`alter table ${table} add constraint ${name} ${definition}`)
  for (const { definition } of indexes) await client.query(definition)
  await client.query('vacuum analyze run_closed')
  await client.query('vacuum analyze run_tag')
}

/** What is open, as a busy hour leaves it: runs that wait in `groups` groups, are delivered or due later; and keys, a fiftieth of which have expired. */
export async function fillOpen(client: pg.Client, { ready, groups, until }: { ready: number; groups: number; until: number }): Promise<void> {
  await client.query('set synchronous_commit = off; set client_min_messages = warning')
  const row = (state: string, gated: string, delivered: string) => `
    insert into run_open(id, part, namespace, kind, name, queue, state, gate, sort, wake_at, delivered, created_at, started_at, tags, input, body)
    select ${ID}, slot >> 8, '${NAMESPACE}', 'job', 'job ' || n % 20, 'queue ' || n % 5, '${state}', ${gated}, ${delivered}, at, null, null, convert_to('${INPUT}', 'UTF8'), convert_to('${BODY}', 'UTF8')
    from (select n, $2::int8 - n as at, floor(random() * 65536)::int as slot from generate_series(1, $1::int8) n) row`
  await client.query(row('queued', '1000000007::int8 * (n % $3::int8), at, null', 'false'), [ready, until, groups])
  await client.query(row('running', 'null, null, at + 60000', 'true'), [Math.ceil(ready / 10), until])
  await client.query(row('scheduled', 'null, null, at + 3600000 * (n % 100 - 5)', 'false'), [Math.ceil(ready / 2), until])
  await client.query(
    `insert into run_key(namespace, scope, definition, key, run, part, input_hash, expires_at)
    select '${NAMESPACE}', 'key', 'job ' || n % 20, convert_to('order ' || n, 'UTF8'), case n % 100 when 1 then (select min(id) from run_open) else 'gone ' || n end, n % 256, '', $2::int8 + 1000 * (n - $1::int8 / 50)
    from generate_series(1, $1::int8) n`,
    [ready * 10, until],
  )
  for (const table of ['run_open', 'run_key']) await client.query(`vacuum analyze ${table}`)
}
