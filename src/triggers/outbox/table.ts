import { readFileSync } from 'node:fs'
import type { WireProblem } from '@mainspring/sdk'
import pg from 'pg'

/** A start that is to be taken over. `n` and `id` together name it: numbers begin anew when somebody empties the table and restarts them. */
export interface Row {
  n: string
  /** A UUID. */
  id: string
  definition: string
  /** JSON text. */
  input: string | null
  options: Record<string, unknown>
  order: string | null
  /** By the database's clock. */
  createdAtMs: number
  ageMs: number
}

/** A row that is set aside: `again` when it may pass with time. */
export interface Refused {
  row: Row
  problem: WireProblem
  again: boolean
}

export const OUTBOX_SQL = readFileSync(new URL('./outbox.sql', import.meta.url), 'utf8')

const CONNECT_MS = 5_000
const ANSWER_MS = 30_000

/** The table of an outbox, over one connection. Nothing is kept in a session, so that a pooler may stand between. */
export class Table {
  readonly #pool: pg.Pool
  readonly #name: string

  /** @throws Error with what is wrong about the address. */
  constructor(url: string) {
    const { connectionString, schema } = addressOf(url)
    this.#name = schema === null ? 'mainspring_outbox' : `${quoted(schema)}.mainspring_outbox`
    this.#pool = new pg.Pool({ ...settingsOf(connectionString), max: 1, query_timeout: ANSWER_MS, allowExitOnIdle: true })
    // A connection that breaks while nobody uses it: the next one who asks gets another.
    this.#pool.on('error', () => {})
  }

  /**
   * The oldest rows whose turn it is, `count` and `bytes` of input at most (one row always). Whatever is committed and still there is looked at each time,
   * from the first number on: a transaction that began early may commit late, so what lies before a number that was seen is not known to be done (E5).
   * A row waits while one before it with its order key is set aside.
   */
  async next(count: number, bytes: number): Promise<Row[]> {
    const turn = `(o.order_key is null or not exists (select from ${this.#name} b where b.order_key = o.order_key and b.refused_at is not null and b.n < o.n))`
    const bytesOf = `octet_length(coalesce(input, '')) + pg_column_size(options) as bytes`
    const { rows } = await this.#pool.query<Row>(
      `select n::text, id::text, definition, input, options, order_key as "order", extract(epoch from created_at)::float8 * 1000 as "createdAtMs",
         extract(epoch from clock_timestamp() - created_at)::float8 * 1000 as "ageMs"
       from (select due.*, sum(bytes) over (order by n) - bytes as before from (
         (select *, ${bytesOf} from ${this.#name} o where refused_at is null and ${turn} order by n limit $1)
         union all (select *, ${bytesOf} from ${this.#name} o where refused_at is not null and again_at <= now() and ${turn} order by again_at limit $1)
       ) due) measured where before <= $2 order by measured.n`,
      [count, bytes],
    )
    return rows
  }

  /** What the scheduler has acknowledged goes. */
  async drop(rows: readonly Row[]): Promise<void> {
    await this.#pool.query(`delete from ${this.#name} o using unnest($1::bigint[], $2::uuid[]) gone(n, id) where o.n = gone.n and o.id = gone.id`, [
      rows.map(({ n }) => n),
      rows.map(({ id }) => id),
    ])
  }

  /** What it refuses stays, with its problem. Tried again it is at growing distances: as long again as since the first refusal, 5 s to 5 min. */
  async setAside(refused: readonly Refused[]): Promise<void> {
    await this.#pool.query(
      `update ${this.#name} o set refused_at = coalesce(o.refused_at, now()), problem = r.problem::jsonb,
         again_at = case when r.again then now() + least(interval '5 minutes', greatest(interval '5 seconds', now() - coalesce(o.refused_at, now()))) end
       from unnest($1::bigint[], $2::uuid[], $3::text[], $4::boolean[]) r(n, id, problem, again) where o.n = r.n and o.id = r.id`,
      [
        refused.map(({ row }) => row.n),
        refused.map(({ row }) => row.id),
        refused.map(({ problem }) => JSON.stringify(problem, storable)),
        refused.map(({ again }) => again),
      ],
    )
  }

  async countAside(): Promise<number> {
    const { rows } = await this.#pool.query<{ count: string }>(`select count(*) from ${this.#name} where refused_at is not null`)
    return Number(rows[0]?.count)
  }

  close(): Promise<void> {
    return this.#pool.end()
  }
}

/** Makes the table and its functions, in the schema that the address names (made, too, where it is missing), else in the role's own first one. */
export async function installOutbox(url: string): Promise<void> {
  const { connectionString, schema } = addressOf(url)
  const client = new pg.Client(settingsOf(connectionString))
  await client.connect()
  try {
    const place = schema === null ? '' : `create schema if not exists ${quoted(schema)}; set local search_path to ${quoted(schema)};`
    await client.query(`begin; select pg_advisory_xact_lock(hashtext('mainspring_outbox')); ${place} ${OUTBOX_SQL}; commit`)
  } finally {
    await client.end()
  }
}

/** The table is not there, or its schema. */
export function isMissing(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return code === '42P01' || code === '3F000'
}

/** `schema` is ours: the driver does not know it. */
function addressOf(url: string): { connectionString: string; schema: string | null } {
  const [address, query = ''] = url.split('?', 2) as [string, string?]
  const parameters = new URLSearchParams(query)
  const schema = parameters.get('schema')
  parameters.delete('schema')
  return { connectionString: parameters.size === 0 ? address : `${address}?${parameters}`, schema }
}

function settingsOf(connectionString: string): pg.ClientConfig {
  return { connectionString, fallback_application_name: 'mainspring outbox', connectionTimeoutMillis: CONNECT_MS, keepAlive: true }
}

/** Without what `jsonb` cannot hold. */
function storable(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '') : value
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
