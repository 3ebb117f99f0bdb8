import { type Store, StoreRefused } from '../store/store.ts'
import { isPostgresUrl } from './config.ts'
import { Refusal } from './refusal.ts'

/**
 * Opens what the setting `database` names: `memory:`, a PostgreSQL database, or a SQLite file, whose folder is made if it is missing.
 * @throws Refusal: the file is held by another process (it says which), or cannot be opened or used.
 */
export async function openStore(database: string, nodeName: string): Promise<Store> {
  if (database === 'memory:') {
    const { openMemoryStore } = await import('../store/memory/store.ts')
    return openMemoryStore({ now: () => Date.now(), share: false })
  }
  if (isPostgresUrl(database)) {
    const [{ openPostgresStore }, { standingByForMoves }] = await Promise.all([
      import('../store/postgres/store.ts'),
      import('../store/move/standing.ts'),
    ])
    try {
      return standingByForMoves(await openPostgresStore({ url: database }))
    } catch (error) {
      if (error instanceof StoreRefused) throw new Refusal({ code: 'database-refused', place: withoutPassword(database), title: error.message })
      throw error
    }
  }
  try {
    const { openSqliteStore } = await import('../store/sqlite/store.ts')
    return await openSqliteStore({ file: database, nodeName })
  } catch (error) {
    if (error instanceof StoreRefused) throw new Refusal({ code: 'database-refused', place: database, title: error.message })
    const { code } = error as NodeJS.ErrnoException
    if (code?.startsWith('E'))
      throw new Refusal({ code: 'database-refused', place: database, title: `The database cannot be opened: ${(error as Error).message}.` })
    throw error
  }
}

/**
 * Copies the store that the setting `database` names into a file; a server may be at work on it.
 * @throws Refusal: the file is there already or cannot be written, or this store has no file to copy.
 */
export async function backUpStore(database: string, file: string): Promise<{ bytes: number }> {
  if (database === 'memory:' || isPostgresUrl(database))
    throw new Refusal({
      code: 'database-unsupported',
      place: '--database',
      title:
        database === 'memory:'
          ? 'A memory store is gone with its process: there is nothing to back up.'
          : 'Only a SQLite file is backed up by this command.',
      hint: database === 'memory:' ? 'Name the file of the server.' : 'PostgreSQL has tools of its own, such as pg_basebackup and pg_dump.',
    })
  const { backUp } = await import('../store/sqlite/backup.ts')
  try {
    return await backUp(database, file)
  } catch (error) {
    if (error instanceof StoreRefused) throw new Refusal({ code: 'backup-refused', place: file, title: error.message })
    throw error
  }
}

/** What people read in a description of a store. */
export function storeText(database: string, shown: string = database): string {
  if (isPostgresUrl(database)) return `${withoutPassword(shown)} (PostgreSQL)`
  return database === 'memory:' ? 'memory (gone when the process ends)' : `${shown} (SQLite, every acknowledgement on disk)`
}

/** Which store a setting names, in a word. */
export function storeKind(database: string): 'memory' | 'sqlite' | 'postgres' {
  return database === 'memory:' ? 'memory' : isPostgresUrl(database) ? 'postgres' : 'sqlite'
}

/** As people may see it. */
export function withoutPassword(database: string): string {
  return database.replace(/(:\/\/[^:/@]*):[^@]*@/, '$1:********@')
}
