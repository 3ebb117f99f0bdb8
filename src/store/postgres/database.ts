import pg, { type Client, type ClientConfig, type Pool, type PoolClient } from 'pg'
import { StoreUnavailable } from '../store.ts'
import { Aborted, codeOf, unavailable } from './failures.ts'
import { Pipeline, type Result, type Step, statement } from './pipeline.ts'

/**
 * Rows of `table` by a column that is looked up for each row of another list. As an array of one: so it can only be looked up. Joined by `=`, a table that its
 * statistics say is empty is gone through once for each row of the list (seen after a vacuum between two bursts: 1,000 µs a run instead of 20).
 */
export const lookedUp = (column: string, by: string) => `${column} = any(array[${by}])`

/**
 * How statements are planned:
 * - `keyed`: by their indexes, once, whatever the tables' statistics say: those are of another hour, when a table was empty or full. Another form of a
 *   commit's joins was seen to cost 114 µs a run instead of 10.
 * - `listed`: by their indexes in order, anew for the values given.
 * - `ranged`: by ranges of pages, where an index tells them apart.
 * - `free`: as the database likes.
 */
export type Planning = 'keyed' | 'listed' | 'ranged' | 'free'

const BY_INDEX = { enable_seqscan: 'off', enable_bitmapscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off', jit: 'off' }
const BY_KEY = { ...BY_INDEX, enable_indexonlyscan: 'off', enable_material: 'off' }
export const SETTINGS: Record<Planning, Record<string, string>> = {
  keyed: { ...BY_KEY, plan_cache_mode: 'force_generic_plan' },
  listed: { ...BY_INDEX, plan_cache_mode: 'force_custom_plan' },
  ranged: { enable_seqscan: 'off', enable_indexscan: 'off', enable_indexonlyscan: 'off', jit: 'off' },
  free: { jit: 'off' },
}

/**
 * At most so many connections for each: commits and what decisions rest on, of which a lane has one in flight; claims and renewals, which must not wait for
 * them; and what people look at, so that a long list delays neither.
 */
const CONNECTIONS = { decide: 5, claim: 2, read: 3 }
type Role = keyof typeof CONNECTIONS
/** Of a node that is busy, with the one that vacuums. */
export const CONNECTIONS_MAX = Object.values(CONNECTIONS).reduce((sum, max) => sum + max) + 1
const CONNECT_MS = 5_000
/** After this time the connection is given up. */
const ANSWER_MS = 30_000
const IDLE_MS = 300_000

const READ_ONLY = statement('begin isolation level read committed read only')
const READ_WRITE = statement('begin isolation level read committed read write')
const COMMIT = statement('commit')
const ROLLBACK = statement('rollback')

/**
 * Connections to one schema. Nothing is kept in a session but prepared statements, so a pooler may give each transaction another server process, as
 * PgBouncer does in transaction mode: what must be set is set within the transaction, none of it at connecting (a pooler refuses what it does not know).
 * A pooler that does not follow prepared statements shows at the first that is missing; from then on they are sent whole, which costs their planning.
 *
 * Isolation is READ COMMITTED, whatever the database's default: each statement sees what was committed before it began, and one that waits for a row looks
 * at that row again. The fence (commit.ts) is made for that.
 */
export class Database {
  readonly schema: string
  readonly #pools: Record<Role, Pool>
  readonly #settings: Record<'write' | 'read', Record<Planning, Step>>
  readonly #configuration: ClientConfig
  #named = true
  #vacuuming: Client | null = null
  #closing: Promise<void> | null = null

  constructor(connectionString: string, schema: string) {
    this.schema = schema
    this.#configuration = {
      connectionString,
      fallback_application_name: 'mainspring',
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
    }
    const pool = (max: number) => {
      const made = new pg.Pool({
        ...this.#configuration,
        max,
        idleTimeoutMillis: IDLE_MS,
        allowExitOnIdle: true,
      })
      // A connection that breaks: whoever uses it is told by the statement's error, and the next one who asks gets another.
      made.on('error', () => {})
      made.on('connect', client => client.on('error', () => {}))
      return made
    }
    this.#pools = { decide: pool(CONNECTIONS.decide), claim: pool(CONNECTIONS.claim), read: pool(CONNECTIONS.read) }
    const settings = (durably: boolean) =>
      Object.fromEntries(Object.entries(SETTINGS).map(([planning, set]) => [planning, settingStep(schema, set, durably)])) as Record<Planning, Step>
    this.#settings = { write: settings(true), read: settings(false) }
  }

  get closed(): boolean {
    return this.#closing !== null
  }

  /** One transaction that writes, or reads for decisions. @throws Aborted @throws StoreUnavailable when its fate is unknown, or it never began. */
  decide(planning: Planning, ...steps: Step[]): Promise<Result[]> {
    return this.#transaction('decide', [{ statement: READ_WRITE, parameters: [] }, this.#settings.write[planning], ...steps])
  }

  /** The same, of claims and renewals. */
  claim(...steps: Step[]): Promise<Result[]> {
    return this.#transaction('claim', [{ statement: READ_WRITE, parameters: [] }, this.#settings.write.keyed, ...steps])
  }

  /** One transaction that only reads, for people. @throws Aborted @throws StoreUnavailable */
  read(planning: Planning, ...steps: Step[]): Promise<Result[]> {
    return this.#transaction('read', [{ statement: READ_ONLY, parameters: [] }, this.#settings.read[planning], ...steps])
  }

  /** A connection for statements that depend on each other's answers. */
  async session<T>(body: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#connect('claim')
    try {
      return await body(client)
    } finally {
      client.release(true)
    }
  }

  /** Of a table, beside everything; not at all where somebody is at it already. What fails, the next one does. */
  async vacuum(table: string): Promise<void> {
    const client = new pg.Client(this.#configuration)
    client.on('error', () => {})
    this.#vacuuming = client
    try {
      await client.connect()
      await client.query(`vacuum (skip_locked, truncate false) "${this.schema}".${table}`)
    } catch {
      // autovacuum comes, too
    } finally {
      this.#vacuuming = null
      cutOff(client)
    }
  }

  close(): Promise<void> {
    if (this.#vacuuming !== null) cutOff(this.#vacuuming)
    this.#closing ??= Promise.all(Object.values(this.#pools).map(pool => pool.end())).then(() => {})
    return this.#closing
  }

  async #transaction(role: Role, opening: readonly Step[]): Promise<Result[]> {
    const steps = [...opening, { statement: COMMIT, parameters: [] }]
    const client = await this.#connect(role)
    let broken: boolean | Error = true
    try {
      for (;;) {
        const named = this.#named
        const pipeline = new Pipeline(steps, named)
        try {
          const results = await answered(client, pipeline)
          broken = false
          return committed(results)
        } catch (error) {
          if (error instanceof Aborted) throw error
          const code = codeOf(error)
          // Whether the server ended the transaction is what its answer to a rollback says; without one nothing is known.
          if (code === null || !(await rolledBack(client))) throw unavailable(error)
          broken = false
          if (named && isUnprepared(code)) this.#named = false
          else throw new Aborted(error as Error, code)
        }
      }
    } finally {
      client.release(broken)
    }
  }

  async #connect(role: Role): Promise<PoolClient> {
    if (this.closed) throw new StoreUnavailable('The store is closed.')
    try {
      return await this.#pools[role].connect()
    } catch (error) {
      throw unavailable(error)
    }
  }
}

/** Without the opening and the closing. @throws Aborted when the database says of the commit anything else than that it is one (E1). */
function committed(results: Result[]): Result[] {
  const tag = results.at(-1)?.tag
  if (tag !== 'COMMIT') throw new Aborted(new Error(`The database answered ${tag} to a commit.`), '40000')
  return results.slice(2, -1)
}

async function answered(client: PoolClient, pipeline: Pipeline): Promise<Result[]> {
  const late = setTimeout(() => pipeline.abandon(), ANSWER_MS)
  try {
    client.query(pipeline)
    return await pipeline.done
  } finally {
    clearTimeout(late)
  }
}

/** At once: a server that is at work does not hear a goodbye. */
function cutOff(client: Client): void {
  client.connection.stream.destroy()
}

async function rolledBack(client: PoolClient): Promise<boolean> {
  try {
    await answered(client, new Pipeline([{ statement: ROLLBACK, parameters: [] }], false))
    return true
  } catch {
    return false
  }
}

/** The statement is not there, or one of that name is: a pooler gave the connection another server process. */
function isUnprepared(code: string): boolean {
  return code === '26000' || code === '42P05'
}

function settingStep(schema: string, settings: Record<string, string>, durably: boolean): Step {
  const set = Object.entries({ search_path: schema, ...settings }).map(([name, value]) => `set_config('${name}', '${value}', true)`)
  // Numbers come back as they were written; and a commit is on disk when it is answered, whatever a role or a database has set (E6).
  set.push(`set_config('extra_float_digits', '1', true)`)
  if (durably)
    set.push(
      `set_config('synchronous_commit', case current_setting('synchronous_commit') when 'off' then 'on' else current_setting('synchronous_commit') end, true)`,
    )
  return { statement: statement(`select ${set.join(', ')}`), parameters: [] }
}
