import type { DatabaseSync } from 'node:sqlite'
import type { Instant } from '../../core/time.ts'
import { type Migration, migrationsIn } from '../migrations.ts'
import { StoreRefused } from '../store.ts'
import { faultOf, refusalOf } from './disk.ts'
import { rollback } from './failures.ts'

export const migrations = (): Migration[] => migrationsIn(new URL('./migrations/', import.meta.url))

/**
 * Brings a database to the newest schema, forward only, each step in a transaction of its own.
 * @throws StoreRefused when a newer version of Mainspring has written it, or it is somebody else's.
 */
export function migrate(database: DatabaseSync, file: string, now: Instant, known: readonly Migration[] = migrations()): void {
  const found = versionOf(database, file)
  const newest = known.at(-1)?.version ?? 0
  if (found > newest)
    throw new StoreRefused(
      `The database ${file} has schema ${found}; this version of Mainspring knows schemas up to ${newest}. Start the version that wrote it, or a newer one; a schema never goes back.`,
    )
  for (const { version, sql } of known) {
    if (version <= found) continue
    try {
      database.exec('begin immediate')
      database.exec(sql)
      database.prepare('insert into schema_version(version, applied_at) values (?, ?)').run(version, now)
      database.exec('commit')
    } catch (error) {
      rollback(database)
      if (faultOf(file, error) !== null) throw refusalOf(file, error)
      throw new StoreRefused(`The database ${file} could not be brought to schema ${version}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      })
    }
  }
}

/** 0: it has no tables yet. @throws StoreRefused when it is somebody else's. */
export function versionOf(database: DatabaseSync, file: string): number {
  const tables = database.prepare("select name from sqlite_schema where type = 'table'").all()
  if (tables.length === 0) return 0
  if (!tables.some(({ name }) => name === 'schema_version'))
    throw new StoreRefused(`The database ${file} was not made by Mainspring: it has tables, but no schema_version. Name another file.`)
  return (database.prepare('select max(version) as version from schema_version').get() as { version: number | null }).version ?? 0
}
