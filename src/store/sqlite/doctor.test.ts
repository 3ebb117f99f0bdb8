import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, test } from 'vitest'
import { examineSqlite } from './doctor.ts'
import { setMovedMark } from './moved.ts'
import { openSqliteStore } from './store.ts'
import { temporaryFolder } from './testing.ts'

const folder = temporaryFolder()
let file: string
let number = 0
beforeEach(async () => {
  file = join(folder, `${++number}.db`)
  await (await openSqliteStore({ file, nodeName: 'node' })).close()
})

const found = (...limits: [Parameters<typeof examineSqlite>[1]?]) =>
  examineSqlite(file, ...limits).findings.map(({ code, where }) => `${code}: ${where}`)
function changed(body: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(file)
  body(database)
  database.close()
}

test('of a database that a server is at work on nothing is said', async () => {
  const store = await openSqliteStore({ file, nodeName: 'node' })
  expect(examineSqlite(file)).toEqual({ database: expect.stringMatching(/^SQLite 3\./), findings: [], unseen: [] })
  await store.close()
})

describe('what is not as it should be is named', () => {
  test.each([
    ['an index that is dropped', 'drop index run_open_due', 'index-missing: index run_open_due'],
    ['an index on other columns', 'drop index run_open_due; create index run_open_due on run_open(wake_at)', 'index-differs: index run_open_due'],
    ['a table that is gone', 'alter table ledger rename to gone', 'table-missing: table ledger'],
    ['a column that is gone', 'alter table rate drop column spent', 'table-differs: table rate'],
    ['a schema of a newer version', 'insert into schema_version values (9999, 0)', 'schema-ahead: FILE'],
  ])('%s', (_, change, expected) => {
    changed(database => database.exec(change))
    expect(found()).toContain(expected.replace('FILE', file))
  })

  test('one that was moved elsewhere', () => {
    changed(database => setMovedMark(database, { id: 'm', target: 'postgres://there', startedAt: 1, endedAt: 2 }))
    expect(found()).toEqual([`database-moved: ${file}`])
  })

  test('a page that something else wrote over', () => {
    changed(database => {
      const row = database.prepare("insert into setting(namespace, kind, name, value, changed_at) values ('', 'k', ?, ?, 0)")
      for (let name = 0; name < 500; name++) row.run(`n${name}`, 'x'.repeat(500))
      database.exec('pragma wal_checkpoint(truncate)')
    })
    const descriptor = openSync(file, 'r+')
    writeSync(descriptor, Buffer.alloc(8_192, 0xff), 0, 8_192, statSync(file).size - 65_536)
    closeSync(descriptor)
    expect(found()).toEqual([`database-damaged: ${file}`])
  })

  test('a disk with little room, a long write-ahead log', async () => {
    expect(found({ freeBytesMin: 2 ** 60 })).toEqual([`disk-nearly-full: ${folder}`])
    const database = new DatabaseSync(file)
    database.exec("insert into setting(namespace, kind, name, value, changed_at) values ('', 'k', 'n', 'x', 0)")
    expect(found({ logBytesMax: 0 })).toEqual([`log-long: ${file}-wal`])
    database.close()
  })
})

test.each([
  ['none', (path: string) => `${path}-none`, 'There is no database'],
  ["somebody else's", (path: string) => path, 'was not made by Mainspring'],
])('%s is refused', (_, name, why) => {
  changed(database => database.exec('drop table schema_version'))
  expect(() => examineSqlite(name(file))).toThrow(why)
})
