import fs, { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { StoreRefused } from '../store.ts'
import { hold } from './lock.ts'
import { openSqliteStore } from './store.ts'
import { spawnProgram, temporaryFolder } from './testing.ts'
import { requireDurability } from './thread.ts'

/** What the disk says that it is; null: what it is. Of the module itself, for those who import it have it already. */
let networkType: number | null = null
const { statfsSync } = fs
fs.statfsSync = ((path: string) => ({ ...statfsSync(path), ...(networkType !== null && { type: networkType }) })) as typeof statfsSync
syncBuiltinESMExports()
afterAll(() => {
  fs.statfsSync = statfsSync
  syncBuiltinESMExports()
})

const folder = temporaryFolder()

describe('one process at a time (E6)', () => {
  test('a second process is refused, and told who holds the database', async () => {
    const file = join(folder, 'held.db')
    const store = await openSqliteStore({ file, nodeName: 'the first' })
    const child = spawnProgram(
      `await openSqliteStore({ file: ${JSON.stringify(file)}, nodeName: 'second' }).then(() => print('open'), error => print(error.name, error.message))`,
    )
    const { value: line } = await child.lines.next()
    await child.ended
    await store.close()
    expect(line).toContain('StoreRefused')
    expect(line).toContain('"the first"')
    expect(line).toContain(`process ${process.pid} `)
  })

  test('so is this process, also by another path, until the store is closed', async () => {
    const file = join(folder, 'twice.db')
    const store = await openSqliteStore({ file, nodeName: 'one' })
    const link = join(folder, 'link.db')
    symlinkSync(file, link)
    await expect(openSqliteStore({ file: link, nodeName: 'two' })).rejects.toThrow(StoreRefused)
    await expect(openSqliteStore({ file, nodeName: 'two' })).rejects.toThrow('"one"')
    // that the refusal closed its own handle must not have released ours: POSIX locks belong to the process
    await expect(openSqliteStore({ file, nodeName: 'two' })).rejects.toThrow('"one"')
    await store.close()
    await (await openSqliteStore({ file, nodeName: 'two' })).close()
  })

  test('a process that was killed holds nothing', async () => {
    const file = join(folder, 'killed.db')
    const child = spawnProgram(
      `await openSqliteStore({ file: ${JSON.stringify(file)}, nodeName: 'child' }); print('open'); setInterval(() => {}, 1000)`,
    )
    expect((await child.lines.next()).value).toBe('open')
    await expect(openSqliteStore({ file, nodeName: 'parent' })).rejects.toThrow(`process ${child.process.pid} `)
    child.process.kill('SIGKILL')
    await child.ended
    await (await openSqliteStore({ file, nodeName: 'parent' })).close()
  })

  test('a store that nobody uses does not keep its process alive', async () => {
    const child = spawnProgram(`await openSqliteStore({ file: ${JSON.stringify(join(folder, 'idle.db'))}, nodeName: 'child' })`)
    await child.ended
    expect(child.process.exitCode).toBe(0)
  })
})

describe('a database that cannot be opened is refused, with the reason', () => {
  test.each([
    ['NFS', 0x6969],
    ['SMB', 0x517b],
    ['CIFS', 0xff534d42],
    ['CIFS', 0xff534d42 - 2 ** 32],
    ['SMB2', 0xfe534d42],
  ])('on %s (%i)', (name, type) => {
    networkType = type
    try {
      expect(() => hold(join(folder, 'network.db'), 'node')).toThrow(`network file system (${name})`)
    } finally {
      networkType = null
    }
  })

  test.each(['', ':memory:'])('%j is no file', async file => {
    await expect(openSqliteStore({ file, nodeName: 'node' })).rejects.toThrow(StoreRefused)
  })

  test('a file that is no database, and one that lies where a file is', async () => {
    const file = join(folder, 'text.db')
    writeFileSync(file, 'not a database, but a longer text than a header of one would be. '.repeat(20))
    await expect(openSqliteStore({ file, nodeName: 'node' })).rejects.toThrow(/text\.db cannot be opened: .*not a database/)
    await expect(openSqliteStore({ file: join(file, 'below.db'), nodeName: 'node' })).rejects.toThrow(StoreRefused)
    mkdirSync(join(folder, 'folder.db'))
    await expect(openSqliteStore({ file: join(folder, 'folder.db'), nodeName: 'node' })).rejects.toThrow(StoreRefused)
  })

  test('a folder that is missing is made', async () => {
    await (await openSqliteStore({ file: join(folder, 'a/b/c.db'), nodeName: 'node' })).close()
  })

  test('where SQLite cannot write durably', () => {
    const database = new DatabaseSync(':memory:') // it has no write-ahead log
    expect(() => requireDurability(database, 'f')).toThrow(/journal mode is memory/)
    const onDisk = new DatabaseSync(join(folder, 'durable.db'))
    requireDurability(onDisk, 'f')
    expect(onDisk.prepare('pragma synchronous').get()).toEqual({ synchronous: 2 })
    onDisk.close()
  })
})
