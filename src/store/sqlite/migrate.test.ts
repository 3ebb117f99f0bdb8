import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { migrate, migrations } from './migrate.ts'
import { openSqliteStore } from './store.ts'
import { temporaryFolder } from './testing.ts'

const folder = temporaryFolder()

describe('migrations', () => {
  test('are numbered from 1 without a gap', () => {
    const known = migrations()
    expect(known.map(({ version }) => version)).toEqual(known.map((_, index) => index + 1))
  })

  test('bring an empty database to the newest schema, once', () => {
    const database = new DatabaseSync(':memory:')
    migrate(database, 'f', 5)
    migrate(database, 'f', 6)
    expect(database.prepare('select version, applied_at from schema_version').all()).toEqual(
      migrations().map(({ version }) => ({ version, applied_at: 5 })),
    )
  })

  test('go on from any version to the last, each in a transaction of its own', () => {
    const database = new DatabaseSync(':memory:')
    migrate(database, 'f', 1)
    const next = migrations().length + 1
    const known = [
      ...migrations(),
      { version: next, sql: 'create table later(id)' },
      { version: next + 1, sql: 'create table worse(id); create table later(id)' },
    ]
    expect(() => migrate(database, 'f', 2, known)).toThrow(`could not be brought to schema ${next + 1}`)
    expect(database.prepare('select max(version) as version from schema_version').get()).toEqual({ version: next })
    expect(database.prepare("select name from sqlite_schema where name = 'worse'").get()).toBeUndefined()
  })

  test('a database of a newer version is refused, and left as it is', async () => {
    const file = join(folder, 'newer.db')
    await (await openSqliteStore({ file, nodeName: 'node' })).close()
    const database = new DatabaseSync(file)
    database.exec('insert into schema_version(version, applied_at) values (9999, 0)')
    database.close()
    await expect(openSqliteStore({ file, nodeName: 'node' })).rejects.toThrow(/has schema 9999; this version of Mainspring knows schemas up to \d+/)
  })

  test("somebody else's database is refused, and left as it is", async () => {
    const file = join(folder, 'other.db')
    const database = new DatabaseSync(file)
    database.exec('create table theirs(id)')
    await expect(openSqliteStore({ file, nodeName: 'node' })).rejects.toThrow('was not made by Mainspring')
    expect(database.prepare('select name from sqlite_schema').all()).toEqual([{ name: 'theirs' }])
    database.close()
  })
})
