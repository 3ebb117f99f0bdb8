import { describe, expect, test } from 'vitest'
import { bornRow, openLane, touchedRow } from '../conformance/fixtures.ts'
import { StoreRefused } from '../store.ts'
import { Database } from './database.ts'
import { migrate, migrations } from './migrate.ts'
import { openPostgresStore } from './store.ts'
import { connected, query, schemaOfOwn, TEST_URL } from './testing.ts'

const versions = async (schema: string) =>
  (await query<{ version: number }>(`select version from "${schema}".schema_version order by version`)).map(({ version }) => version)

test('are numbered from 1 without a gap', () => {
  const known = migrations()
  expect(known.map(({ version }) => version)).toEqual(known.map((_, index) => index + 1))
})

test('many that start at once on an empty database make one schema, each step once, and all open', async () => {
  const { url, schema } = schemaOfOwn()
  const stores = await Promise.all(Array.from({ length: 4 }, () => openPostgresStore({ url })))
  expect(await versions(schema)).toEqual(migrations().map(({ version }) => version))
  for (const store of stores) expect(await store.read.settingsVersion()).toBe(0)
  expect(await query(`select count(*)::int as count from "${schema}".shard`)).toEqual([{ count: 64 }])
  await Promise.all(stores.map(store => store.close()))
})

test('go on from any version to the last, each in a transaction of its own', async () => {
  const { url, schema } = schemaOfOwn()
  await (await openPostgresStore({ url })).close()
  const next = migrations().length + 1
  const known = [
    ...migrations(),
    { version: next, sql: 'create table later(id int)' },
    { version: next + 1, sql: 'create table worse(id int); create table later(id int)' },
  ]
  const databases = [1, 2].map(() => new Database(TEST_URL, schema))
  const both = await Promise.allSettled(databases.map(database => migrate(database, { known })))
  for (const result of both) expect(String((result as PromiseRejectedResult).reason)).toContain(`could not be brought to version ${next + 1}`)
  expect((await versions(schema)).at(-1)).toBe(next)
  expect(await query(`select to_regclass('"${schema}".worse') as found`)).toEqual([{ found: null }])
  await Promise.all(databases.map(database => database.close()))
})

describe('while nodes of the version before are at work', () => {
  const next = migrations().length + 1
  const known = [
    ...migrations(),
    { version: next, sql: 'alter table run_open add column later text; alter table lane_claim add column later text; create table later(id int)' },
  ]

  test('they go on, commit, renew and take over; one that starts now is refused', async () => {
    const { url, schema } = schemaOfOwn()
    const store = await openPostgresStore({ url })
    const lane = await openLane(store)
    const [before, after] = [bornRow(), bornRow()]
    await lane.commit({ born: [before] })
    const database = new Database(TEST_URL, schema)
    await migrate(database, { known })
    expect(await lane.commit({ touched: [touchedRow(before)], born: [after] })).toEqual({ is: 'committed' })
    expect(await store.renew(lane.claim, 0)).toBe(0)
    const heir = await openLane(store, await store.lanes())
    expect((await store.loadActors(heir.claim, [before.id, after.id])).map(({ id }) => id).sort()).toEqual([before.id, after.id].sort())
    await expect(openPostgresStore({ url })).rejects.toThrow(`is of version ${next}; this version of Mainspring knows up to ${next - 1}`)
    await Promise.all([store.close(), database.close()])
  })

  test('a session that holds a table delays the change, and not those who are at work', async () => {
    const { url, schema } = schemaOfOwn()
    const store = await openPostgresStore({ url })
    const lane = await openLane(store)
    const database = new Database(TEST_URL, schema)
    await connected(async holder => {
      await holder.query(`begin; select count(*) from "${schema}".run_open`)
      const migrated = migrate(database, { known })
      for (let commits = 0; commits < 20; commits++) {
        await new Promise(resolve => setTimeout(resolve, 100))
        expect(await lane.commit({ born: [bornRow()] })).toEqual({ is: 'committed' })
      }
      expect((await versions(schema)).at(-1)).toBe(next - 1)
      await holder.query('commit')
      await migrated
    })
    expect((await versions(schema)).at(-1)).toBe(next)
    await Promise.all([store.close(), database.close()])
  })

  test('one that holds it for ever is told of', async () => {
    const { url, schema } = schemaOfOwn()
    await (await openPostgresStore({ url })).close()
    const database = new Database(TEST_URL, schema)
    await connected(async holder => {
      await holder.query(`begin; select count(*) from "${schema}".run_open`)
      await expect(migrate(database, { known, patienceMs: 0 })).rejects.toThrow(
        /another session holds what the change needs. "mainspring doctor" names it/,
      )
      await holder.query('rollback')
    })
    await database.close()
  })
})

test('a schema of a newer version is refused, and left as it is', async () => {
  const { url, schema } = schemaOfOwn()
  await (await openPostgresStore({ url })).close()
  await query(`insert into "${schema}".schema_version values (9999, 0)`)
  await expect(openPostgresStore({ url })).rejects.toThrow(/is of version 9999; this version of Mainspring knows up to \d+/)
  expect((await versions(schema)).at(-1)).toBe(9999)
})

test("somebody else's schema is refused, and left as it is", async () => {
  const { url, schema } = schemaOfOwn()
  await query(`create schema "${schema}"; create table "${schema}".theirs(id int)`)
  await expect(openPostgresStore({ url })).rejects.toThrow('was not made by Mainspring')
  expect(await query('select tablename from pg_tables where schemaname = $1', [schema])).toEqual([{ tablename: 'theirs' }])
})

test('an empty schema that somebody made for us is taken', async () => {
  const { url, schema } = schemaOfOwn()
  await query(`create schema "${schema}"`)
  await (await openPostgresStore({ url })).close()
  expect(await versions(schema)).toEqual(migrations().map(({ version }) => version))
})

test('a user who may not make a schema is told so', async () => {
  const { url, schema } = schemaOfOwn()
  const role = `role_${schema}`
  await query(`create role "${role}" login`)
  const theirs = new URL(url)
  theirs.username = role
  const refused = await openPostgresStore({ url: theirs.href }).then(String, String)
  await query(`drop role "${role}"`)
  expect(refused).toContain(`${StoreRefused.name}: The schema "${schema}" cannot be made: permission denied`)
})
