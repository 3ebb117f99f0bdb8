import { describe, expect, test } from 'vitest'
import { openPostgresStore, reasonAgainst, type Server } from './store.ts'
import { query, schemaOfOwn } from './testing.ts'

describe('a database that cannot be used is refused, with the reason', () => {
  const usable: Server = { fsync: 'on', version: 140_000, encoding: 'UTF8', standby: false }
  test.each<[string, Partial<Server>, string | null]>([
    ['a usable one', {}, null],
    ['fsync = off (E6)', { fsync: 'off' }, 'runs with fsync = off'],
    ['a version before 14', { version: 130_012 }, 'PostgreSQL 13'],
    ['another encoding', { encoding: 'SQL_ASCII' }, 'encoded in SQL_ASCII'],
    ['a standby', { standby: true }, 'Name the primary'],
  ])('%s', (_, changes, why) => {
    const reason = reasonAgainst({ ...usable, ...changes })
    if (why === null) expect(reason).toBeNull()
    else expect(reason).toContain(why)
  })

  test.each([
    ['mysql://host/database', 'begins with postgres://'],
    ['postgres://host/database?schema=Big', '"Big" is no name for a schema'],
    [`postgres://host/database?schema=${encodeURIComponent('a"; drop')}`, 'is no name for a schema'],
  ])('%s', async (url, why) => {
    await expect(openPostgresStore({ url })).rejects.toThrow(why)
  })

  test('one that nobody answers for', async () => {
    const refused = openPostgresStore({ url: 'postgres://user:secret@127.0.0.1:1/none' })
    await expect(refused).rejects.toThrow(/The database cannot be opened: PostgreSQL: .*ECONNREFUSED/)
    await expect(refused).rejects.not.toThrow('secret')
  })
})

test("the schema is called mainspring unless the URL names one; other parameters are the driver's", async () => {
  const { url, schema } = schemaOfOwn()
  const store = await openPostgresStore({ url })
  await store.lanes()
  expect(await query('select application_name as name from pg_stat_activity where application_name = $1 limit 1', [schema])).toEqual([
    { name: schema },
  ])
  expect((await query('select 1 from pg_tables where schemaname = $1', [schema])).length).toBeGreaterThan(10)
  await store.close()
})

test("wall time is the database's", async () => {
  const { url } = schemaOfOwn()
  const store = await openPostgresStore({ url })
  const before = Number((await query<{ at: string }>('select floor(extract(epoch from clock_timestamp()) * 1000)::text as at'))[0]?.at)
  const at = await store.now()
  const after = Number((await query<{ at: string }>('select floor(extract(epoch from clock_timestamp()) * 1000)::text as at'))[0]?.at)
  expect(at).toBeGreaterThanOrEqual(before)
  expect(at).toBeLessThanOrEqual(after)
  await store.close()
})
