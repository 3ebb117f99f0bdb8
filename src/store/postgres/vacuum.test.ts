import { expect, test } from 'vitest'
import { Database } from './database.ts'
import { openPostgresStore } from './store.ts'
import { query, schemaOfOwn, TEST_URL } from './testing.ts'
import { vacuumsOf } from './vacuum.ts'

test('the open table is vacuumed once so many rows are dead, and closing waits for no vacuum', async () => {
  const { url, schema } = schemaOfOwn()
  await (await openPostgresStore({ url })).close()
  const database = new Database(TEST_URL, schema)
  const told = vacuumsOf(database, 100)
  const vacuums = async () => {
    const [found] = await query<{ count: number }>(
      "select vacuum_count::int as count from pg_stat_user_tables where schemaname = $1 and relname = 'run_open'",
      [schema],
    )
    return found?.count
  }
  told(99)
  expect(await vacuums()).toBe(0)
  told(1)
  while ((await vacuums()) !== 1);
  told(100)
  await database.close()
})
