import { setTimeout as after } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { type Migration, migrationsIn } from '../migrations.ts'
import type { Database } from './database.ts'
import { codeOf, refusal } from './failures.ts'

export const migrations = (): Migration[] => migrationsIn(new URL('./migrations/', import.meta.url))

/** How often a schema is made at the same moment as somebody else makes it: once is enough to find theirs. */
const ATTEMPTS_MAX = 5

/**
 * A change of a table waits for whoever uses it, and everybody else waits behind: so it waits for no longer than this, and tries again. A session that is
 * idle in its transaction delays the change, and not the nodes that are at work.
 */
const LOCK_MS = 1_000
const AGAIN_MS = 500
/** PostgreSQL: lock_not_available, and deadlock_detected: a batch takes its tables in another order. */
const LOCKED = ['55P03', '40P01']

export interface MigrateOptions {
  known?: readonly Migration[]
  /** After so long a change is given up that never gets its lock. */
  patienceMs?: number
}

/**
 * Brings a schema to the newest version, forward only, each step in a transaction of its own. Of nodes that start at once one does a step, the others wait.
 * Nodes of the version before may be at work meanwhile, and stay so.
 * @throws StoreRefused when a newer version of Mainspring has written it, it is somebody else's, or a step fails.
 */
export async function migrate(database: Database, { known = migrations(), patienceMs = 120_000 }: MigrateOptions = {}): Promise<void> {
  const newest = known.at(-1)?.version ?? 0
  await database.session(async client => {
    await makeSchema(client, database.schema)
    for (const step of known) {
      for (const until = performance.now() + patienceMs; ; ) {
        try {
          await apply(client, database.schema, step, newest)
          break
        } catch (error) {
          await client.query('rollback').catch(() => {})
          const code = codeOf(error)
          if (code === null) throw error
          if (!LOCKED.includes(code))
            throw refusal(`The schema "${database.schema}" could not be brought to version ${step.version}: ${(error as Error).message}`, error)
          if (performance.now() > until)
            throw refusal(
              `The schema "${database.schema}" could not be brought to version ${step.version}: another session holds what the change needs. "mainspring doctor" names it; end it and start again.`,
              error,
            )
          await after(AGAIN_MS)
        }
      }
    }
  })
}

async function apply(client: PoolClient, schema: string, { version, sql }: Migration, newest: number): Promise<void> {
  await begin(client, schema)
  // The lock is the turn: whoever waits for it sees what was done meanwhile. Readers of the version do not wait.
  await client.query('lock table schema_version in share row exclusive mode')
  const found = await versionOf(client)
  if (found > newest)
    throw refusal(
      `The schema "${schema}" is of version ${found}; this version of Mainspring knows up to ${newest}. Start the version that wrote it, or a newer one; a schema never goes back.`,
    )
  if (version > found) {
    await client.query(`set local lock_timeout = ${LOCK_MS}; set local statement_timeout = 0`)
    await client.query(sql)
    await client.query('insert into schema_version(version, applied_at) values ($1, (extract(epoch from clock_timestamp()) * 1000)::int8)', [version])
  }
  await client.query('commit')
}

async function makeSchema(client: PoolClient, schema: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query('begin isolation level read committed read write')
      const { rows } = await client.query(
        'select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1',
        [schema],
      )
      if (rows.length > 0 && !rows.some(({ name }) => name === 'schema_version'))
        throw refusal(
          `The schema "${schema}" was not made by Mainspring: it has tables, but no schema_version. Name another one by ?schema= in the URL.`,
        )
      if (rows.length === 0)
        await client.query(
          `create schema if not exists "${schema}"; create table "${schema}".schema_version(version integer primary key, applied_at bigint not null)`,
        )
      await client.query('commit')
      return
    } catch (error) {
      await client.query('rollback').catch(() => {})
      const code = codeOf(error)
      if (code === null) throw error
      // Somebody else makes it at this moment: 23505 of a catalogue's index, 42P06 and 42P07 where it is there.
      const again = attempt < ATTEMPTS_MAX && ['23505', '42P06', '42P07'].includes(code)
      if (!again)
        throw refusal(`The schema "${schema}" cannot be made: ${(error as Error).message}. Let this user make it, or make it for them.`, error)
    }
  }
}

async function begin(client: PoolClient, schema: string): Promise<void> {
  await client.query('begin isolation level read committed read write')
  await client.query(`set local search_path to "${schema}"`)
}

async function versionOf(client: PoolClient): Promise<number> {
  const { rows } = await client.query('select coalesce(max(version), 0) as version from schema_version')
  return rows[0].version as number
}
