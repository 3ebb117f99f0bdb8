import pg from 'pg'
import { afterAll } from 'vitest'

/** Where PostgreSQL is in tests: MAINSPRING_TEST_POSTGRES, or what the set-up of the tests has found or started (test/support/postgres.ts). */
export const TEST_URL = process.env.MAINSPRING_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres'

let made = 0

/** The URL of a schema that nobody has, dropped with the test file. */
export function freshSchema(): string {
  const schema = `test_${process.pid}_${Date.now().toString(36)}_${++made}`
  afterAll(() => query(`drop schema if exists "${schema}" cascade`))
  const url = new URL(TEST_URL)
  url.searchParams.set('schema', schema)
  return url.href
}

/** One statement on a connection of its own. */
export async function query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: TEST_URL })
  await client.connect()
  try {
    return (await client.query<Row>(text, values)).rows
  } finally {
    await client.end()
  }
}
