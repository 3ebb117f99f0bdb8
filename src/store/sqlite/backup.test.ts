import { closeSync, existsSync, openSync, readdirSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { bornRow, openLane } from '../conformance/fixtures.ts'
import { backUp } from './backup.ts'
import { openSqliteStore } from './store.ts'
import { temporaryFolder } from './testing.ts'

const folder = temporaryFolder()
let databases = 0
async function opened() {
  const file = join(folder, `${++databases}.db`)
  const store = await openSqliteStore({ file, nodeName: 'test' })
  return { file, store, lane: await openLane(store), copy: join(folder, `${databases}.copy`) }
}

test('what was committed before is in it, whatever is committed meanwhile, and the copy opens as any database', async () => {
  const { file, store, lane, copy } = await opened()
  const rows = Array.from({ length: 2_000 }, (_, index) => bornRow({ body: 'x'.repeat(1_000), tags: { n: `${index}` } }))
  await lane.commit({ born: rows })
  let copied = false
  const copying = backUp(file, copy).finally(() => {
    copied = true
  })
  let meanwhile = 0
  for (; !copied; meanwhile++) expect(await lane.commit({ born: [bornRow({ namespace: 'later' })] })).toEqual({ is: 'committed' })
  expect((await copying).bytes).toBe(statSync(copy).size)
  await store.close()

  const restored = await openSqliteStore({ file: copy, nodeName: 'test' })
  const { claim } = await openLane(restored, await restored.lanes())
  expect(
    await restored.loadActors(
      claim,
      rows.map(({ id }) => id),
    ),
  ).toHaveLength(rows.length)
  const { rows: later } = await restored.read.runs({ namespace: 'later' }, { after: null, limit: 1_000_000 })
  expect(later.length).toBeLessThanOrEqual(meanwhile)
  await restored.close()
})

test('it is one file, checked, with the rights of the database, and nothing lies beside it', async () => {
  const { file, store, copy } = await opened()
  await backUp(file, copy)
  await store.close()
  expect(readdirSync(folder).filter(name => name.startsWith(`${databases}.copy`))).toEqual([`${databases}.copy`])
  expect(statSync(copy).mode).toBe(statSync(file).mode)
  const database = new DatabaseSync(copy, { readOnly: true })
  expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  expect(database.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'delete' })
  database.close()
})

test.each(['', '-wal', '-journal'])(
  'nothing is overwritten, and nothing of another database is read into the copy: COPY%s is in the way',
  async ending => {
    const { file, store, copy } = await opened()
    writeFileSync(`${copy}${ending}`, 'theirs')
    await expect(backUp(file, copy)).rejects.toThrow(`${copy}${ending} is there already`)
    expect(statSync(`${copy}${ending}`).size).toBe(6)
    await store.close()
  },
)

test('a second backup to the same file, while the first goes on, is refused', async () => {
  const { file, store, copy } = await opened()
  const both = await Promise.allSettled([backUp(file, copy), backUp(file, copy)])
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect((both[1] as PromiseRejectedResult).reason.message).toContain('another backup is writing it')
  await store.close()
})

test('a damaged database gives no backup', async () => {
  const { file, store, lane, copy } = await opened()
  await lane.commit({ born: Array.from({ length: 500 }, (_, n) => bornRow({ tags: { n: `${n}` } })) })
  await store.close()
  const database = new DatabaseSync(file, { readOnly: true })
  const { page } = database.prepare("select max(pageno) as page from dbstat where name = 'run_tag'").get() as { page: number }
  database.close()
  const disk = openSync(file, 'r+')
  writeSync(disk, Buffer.alloc(4_096, 7), 0, 4_096, (page - 1) * 4_096)
  closeSync(disk)
  await expect(backUp(file, copy)).rejects.toThrow('The copy is damaged')
  expect(readdirSync(folder).filter(name => name.startsWith(`${databases}.copy`))).toEqual([])
})

test("a file that is missing, is no database, is somebody else's or empty is refused, and no file is left", async () => {
  const target = join(folder, 'refused.copy')
  const refused = (file: string) => backUp(join(folder, file), target).then(String, (error: Error) => `${error.name}: ${error.message}`)
  expect(await refused('missing.db')).toMatch(/^StoreRefused: There is no database/)
  writeFileSync(join(folder, 'text.db'), 'no database at all, and long enough to have a header. '.repeat(20))
  expect(await refused('text.db')).toMatch(/^StoreRefused: .*not a database/)
  const theirs = new DatabaseSync(join(folder, 'theirs.db'))
  theirs.exec('create table theirs(id)')
  theirs.close()
  expect(await refused('theirs.db')).toMatch(/^StoreRefused: .*not made by Mainspring/)
  writeFileSync(join(folder, 'empty.db'), '')
  expect(await refused('empty.db')).toMatch(/^StoreRefused: .*is empty/)
  expect([target, `${target}.partial`].filter(existsSync)).toEqual([])
})

test('where the copy cannot be written it says so', async () => {
  const { file, store } = await opened()
  await expect(backUp(file, join(folder, 'nowhere', 'copy.db'))).rejects.toThrow(/^.*copy\.db\.partial cannot be written: .*ENOENT/)
  await store.close()
})
