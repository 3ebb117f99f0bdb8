import { type Store, StoreRefused } from '../store.ts'
import { claimsOf } from './claims.ts'
import { commitsOf } from './commit.ts'
import { Database } from './database.ts'
import { unavailable } from './failures.ts'
import { loadsOf } from './load.ts'
import { locate } from './locate.ts'
import { migrate } from './migrate.ts'
import { statement } from './pipeline.ts'
import { readsOf } from './read.ts'

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`; `?schema=` names the schema that everything is in, `mainspring` where it does not. */
  url: string
}

const VERSION_MIN = 140_000
const NOW = statement('select floor(extract(epoch from clock_timestamp()) * 1000)::int8::text')

/**
 * A schema of a PostgreSQL database, 14 or newer, for any number of processes. Made and brought to the newest version when it is opened.
 * @throws StoreRefused when it cannot be used; the message says why and what to do.
 */
export async function openPostgresStore({ url }: PostgresOptions): Promise<Store> {
  const { connectionString, schema } = locate(url)
  const database = new Database(connectionString, schema)
  try {
    await requireDurability(database)
    await migrate(database)
    return storeOf(database)
  } catch (error) {
    await database.close()
    throw error instanceof StoreRefused ? error : new StoreRefused(`The database cannot be opened: ${unavailable(error).message}`, { cause: error })
  }
}

/** @throws StoreRefused when commits would not be on disk (E6), or texts would not be kept as they are. */
async function requireDurability(database: Database): Promise<void> {
  const server = await database.session(async client => {
    const { rows } = await client.query<Server>(
      `select current_setting('fsync') as fsync, current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
        pg_is_in_recovery() as standby`,
    )
    return rows[0] as Server
  })
  const why = reasonAgainst(server)
  if (why !== null) throw new StoreRefused(why)
}

export interface Server {
  fsync: string
  /** 150018: version 15.18. */
  version: number
  encoding: string
  standby: boolean
}

/** Why a server cannot be used, and what to do. */
export function reasonAgainst({ fsync, version, encoding, standby }: Server): string | null {
  if (version < VERSION_MIN) return `The database is PostgreSQL ${Math.floor(version / 10_000)}. Mainspring needs 14 or newer: name a newer one.`
  if (fsync !== 'on')
    return 'The database runs with fsync = off: what it acknowledges is lost when its machine stops. Do: alter system set fsync = on; select pg_reload_conf();'
  if (encoding !== 'UTF8') return `The database is encoded in ${encoding}. Make one with encoding 'UTF8', and name that.`
  if (standby) return 'The database is a standby, which takes no writes. Name the primary.'
  return null
}

function storeOf(database: Database): Store {
  return {
    can: { share: true },
    ...commitsOf(database),
    ...claimsOf(database),
    ...loadsOf(database),
    read: readsOf(database),
    async now() {
      try {
        const [found] = await database.decide('free', { statement: NOW, parameters: [] })
        return Number(found?.rows[0]?.[0])
      } catch (error) {
        throw unavailable(error)
      }
    },
    close: () => database.close(),
  }
}
