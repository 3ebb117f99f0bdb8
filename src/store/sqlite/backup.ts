import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { StoreRefused } from '../store.ts'
import { versionOf } from './migrate.ts'

/** All pages in one step: one read transaction. In several, a write in between starts the copy again, and a busy server's would never end. */
const ALL_PAGES = 2 ** 31 - 1
/** What SQLite keeps beside a database; left of another one, it would be read into this one. */
const BESIDE = ['-wal', '-shm', '-journal']

/**
 * Copies a database into a file of its own, as it stands at one moment: every commit that was answered before the call is in it. A server may be at work
 * on it; its commits go on, its write-ahead log is not moved until the copy is made. The copy has its final name only when it is whole, checked and on disk.
 * @throws StoreRefused the target is there already or cannot be written, or the database is missing, not ours, or damaged.
 */
export async function backUp(file: string, target: string): Promise<{ bytes: number }> {
  const path = resolve(target)
  const partial = `${path}.partial`
  if (!existsSync(file)) throw new StoreRefused(`There is no database ${file}.`)
  const inTheWay = [path, ...BESIDE.map(ending => `${path}${ending}`)].find(existsSync)
  if (inTheWay !== undefined)
    throw new StoreRefused(`${inTheWay} is there already. A backup overwrites nothing: name another file, or move that one away.`)
  reserve(partial, statSync(file).mode & 0o777)
  try {
    await copy(file, partial)
    check(partial)
    sync(partial)
    renameSync(partial, path)
    syncFolder(dirname(path))
    return { bytes: statSync(path).size }
  } catch (error) {
    for (const ending of ['', ...BESIDE]) rmSync(`${partial}${ending}`, { force: true })
    if (error instanceof StoreRefused) throw error
    throw new StoreRefused(`The database ${file} could not be copied to ${path}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

function reserve(partial: string, mode: number): void {
  try {
    closeSync(openSync(partial, 'wx', mode))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST') throw new StoreRefused(`${partial} cannot be written: ${message}`, { cause: error })
    throw new StoreRefused(`${partial} is there already: another backup is writing it, or one that was interrupted has left it. Then remove it.`)
  }
}

async function copy(file: string, partial: string): Promise<void> {
  const source = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
  try {
    if (versionOf(source, file) === 0) throw new StoreRefused(`The database ${file} is empty: no server has used it yet.`)
    await backup(source, partial, { rate: ALL_PAGES })
  } finally {
    source.close()
  }
}

function check(partial: string): void {
  const copied = new DatabaseSync(partial)
  try {
    // One file, readable wherever it is kept. The server that opens it puts it back.
    copied.exec('pragma journal_mode = delete')
    const found = copied.prepare('pragma integrity_check(1)').get()?.integrity_check
    if (found !== 'ok') throw new StoreRefused(`The copy is damaged, and so may be the database: ${found}. Keep your older backups.`)
  } finally {
    copied.close()
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r+')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** The new name is on disk. Not every system can open a folder. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
