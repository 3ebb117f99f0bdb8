import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { openStore } from '../server/stores.ts'
import { schemaOfOwn } from '../store/postgres/testing.ts'
import { mainspringIn } from './test-terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'mainspring-doctor-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const doctor = (...given: string[]) => mainspringIn(directory, {}, ['doctor', '--database', ...given])

test('a file: all is well and exit 0; each finding with place, code, reason and what mends it, and exit 1', async () => {
  await (await openStore(join(directory, 'a.db'), 'node')).close()
  const well = await doctor('a.db')
  expect(well).toEqual({ code: 0, out: expect.stringMatching(/^.*a\.db \(SQLite .*\): all is well$/), error: '' })

  const database = new DatabaseSync(join(directory, 'a.db'))
  database.exec('drop index run_open_due')
  database.close()
  const ill = await doctor('a.db')
  expect(ill.code).toBe(1)
  expect(
    ill.out
      .replaceAll(directory, '')
      .replace(/SQLite [\d.]+/, 'SQLite 3')
      .split('\n'),
  ).toMatchInlineSnapshot(`
    [
      "/a.db (SQLite 3): 1 finding",
      "",
      "index run_open_due  It is not there.  [index-missing]",
      "  What is looked up by it is looked for in all of run_open, or written twice.",
      "  mend: stop the server; sqlite3 /a.db "CREATE INDEX run_open_due on run_open(wake_at, id) where wake_at is not null;"",
    ]
  `)
  const { findings, unseen } = JSON.parse((await doctor('a.db', '--json')).out)
  expect({ findings: findings.map(({ code }: { code: string }) => code), unseen }).toEqual({ findings: ['index-missing'], unseen: [] })
})

test('PostgreSQL, by its URL alone', async () => {
  const { url } = schemaOfOwn()
  await (await openStore(url, 'node')).close()
  const { out, error } = await doctor(url.replace('//postgres@', '//postgres:secret@'), '--json')
  expect(error).toBe('')
  expect(out).not.toContain('secret')
  const { database, findings } = JSON.parse(out)
  expect(database).toMatch(/^PostgreSQL \d/)
  expect(findings.filter(({ where }: { where: string }) => where.includes('test_'))).toEqual([])
})

test('where there is nothing to look at, that is said with another exit code', async () => {
  expect(await doctor('none.db')).toMatchObject({ code: 3, error: expect.stringContaining('There is no database') })
  expect(await doctor('postgres://127.0.0.1:1/none')).toMatchObject({ code: 3, error: expect.stringContaining('[database-refused]') })
  expect(await doctor('memory:')).toMatchObject({ code: 2, error: expect.stringContaining('[database-unsupported]') })
})
