import pg from 'pg'
import { afterAll } from 'vitest'

/** Where PostgreSQL is in tests: as the environment says, or where the set-up of the tests has started one (test/support/postgres.ts). */
export const TEST_URL = process.env.MAINSPRING_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres'

/** Dropped at the end of the file: a hook that is registered while a test runs never would. */
const made: string[] = []
afterAll(async () => {
  for (const schema of made) await query(`drop schema if exists "${schema}" cascade`)
})

/** The URL of a schema that nobody has, dropped with the test file; connections are named like it. `settings` are those of a role or a database. */
export function schemaOfOwn(settings: Record<string, string> = {}): { url: string; schema: string } {
  const schema = `test_${process.pid}_${Date.now().toString(36)}_${made.length + 1}`
  made.push(schema)
  const url = new URL(TEST_URL)
  url.searchParams.set('schema', schema)
  url.searchParams.set('application_name', schema)
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
  if (options.length > 0) url.searchParams.set('options', options.join(' '))
  return { url: url.href, schema }
}

/** The same, where nobody needs its name. */
export function freshSchema(settings: Record<string, string> = {}): string {
  return schemaOfOwn(settings).url
}

/** One statement, or several without values, on a connection of its own. */
export async function query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]> {
  return connected(async client => (await client.query<Row>(text, values)).rows)
}

export async function connected<T>(body: (client: pg.Client) => Promise<T>, options: pg.ClientConfig = {}): Promise<T> {
  const client = new pg.Client({ connectionString: TEST_URL, ...options })
  client.on('error', () => {})
  await client.connect()
  try {
    return await body(client)
  } finally {
    await client.end()
  }
}

/** As the migrations leave it, if they have. Making a schema takes a second where each file is put on disk; this takes none. */
export async function emptied(schema: string): Promise<void> {
  await connected(async client => {
    const { rows } = await client.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = $1 and tablename not in ('schema_version', 'cluster', 'settings_version', 'shard')",
      [schema],
    )
    if (rows.length === 0) return
    const statements = rows.map(({ name }) => `delete from ${name}`)
    await client.query(
      [`set search_path to "${schema}"`, ...statements, 'update settings_version set version = 0', 'update shard set lane = null'].join(';'),
    )
  })
}

/** Once so many connections of a store wait for a lock. */
export async function waiting(schema: string, count = 1): Promise<void> {
  await connected(async client => {
    for (;;) {
      const { rows } = await client.query(
        `select count(distinct l.pid)::int as count from pg_locks l join pg_stat_activity a on a.pid = l.pid
        where not l.granted and a.application_name = $1`,
        [schema],
      )
      if (rows[0].count >= count) return
    }
  })
}
