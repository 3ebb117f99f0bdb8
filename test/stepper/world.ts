import pg, { type Client } from 'pg'
import type { Lane } from '../../src/store/conformance/fixtures.ts'
import { INCARNATION } from '../../src/store/postgres/commit.ts'
import { openPostgresStore } from '../../src/store/postgres/store.ts'
import { schemaOfOwn } from '../../src/store/postgres/testing.ts'
import type { Batch, Store } from '../../src/store/store.ts'
import type { Isolation, Plant, Rewrite } from './plants.ts'
import { type Alone, StepProxy } from './proxy.ts'

/** A store of its own for each who takes part, all of one schema. */
export interface Stepped {
  proxy: StepProxy
  store: Store
}

const BEGIN = 'begin isolation level read committed read write'
/** Of a claim: what it writes and reads between the revocation and its commit is its own, and nobody else looks at it. */
const ITS_OWN = /^(insert into lane_(claim|renewal|link)|update shard|delete from lane_|with coarse)/
/** Of a claim: what only other claims and renewals look at. */
const OF_CLAIMS = /^update (cluster|lane_renewal)/

function aloneAt(isolation: Isolation): Alone {
  return (statement, fine) =>
    statement.startsWith('begin') ||
    ITS_OWN.test(statement) ||
    (!fine && OF_CLAIMS.test(statement)) ||
    (isolation === 'read committed' && statement.startsWith("select set_config('search_path'"))
}

/** One schema on a real PostgreSQL, whose stores all run at one isolation level, with a rule broken or with none. */
export class World {
  readonly isolation: Isolation
  readonly observer: Client
  /** Not stepped, and always right: what comes before and after. */
  readonly plain: Store
  readonly owner: Stepped
  readonly heir: Stepped
  readonly late: Stepped
  /** Which parts of the plant a statement had: one that none has breaks nothing. */
  readonly met: ReadonlySet<string>
  readonly #plant: Plant | null
  readonly #schema: string

  private constructor(
    given: Pick<World, 'isolation' | 'observer' | 'plain' | 'owner' | 'heir' | 'late' | 'met'> & { plant: Plant | null; schema: string },
  ) {
    this.isolation = given.isolation
    this.observer = given.observer
    this.plain = given.plain
    this.owner = given.owner
    this.heir = given.heir
    this.late = given.late
    this.met = given.met
    this.#plant = given.plant
    this.#schema = given.schema
  }

  static async open(isolation: Isolation, plant: Plant | null): Promise<World> {
    const { url, schema } = schemaOfOwn()
    const timeline: Rewrite = sql => sql.replaceAll(INCARNATION, `(select timeline from "${schema}".stepper)`)
    const met = new Set<string>()
    const rewrite: Rewrite = sql => timeline(planted(sql, plant, met)).replace(BEGIN, BEGIN.replace('read committed', isolation))
    const observer = new pg.Client({ connectionString: url.replace(/[?].*/, '') })
    await observer.connect()
    const open = async (rewrite: Rewrite): Promise<Stepped> => {
      const proxy = await StepProxy.before(url, rewrite, aloneAt(isolation))
      return { proxy, store: await openPostgresStore({ url: proxy.through(url) }) }
    }
    const { store: plain } = await open(timeline)
    await observer.query(`create table "${schema}".stepper as select '00000001' as timeline`)
    return new World({
      isolation,
      observer,
      plain,
      owner: await open(rewrite),
      heir: await open(rewrite),
      late: await open(rewrite),
      met,
      plant,
      schema,
    })
  }

  async close(): Promise<void> {
    for (const { proxy, store } of [this.owner, this.heir, this.late]) {
      await store.close()
      proxy.close()
    }
    await this.plain.close()
    await this.observer.end()
  }

  /** What the caller of a commit is told. */
  async commit(store: Store, batch: Batch): Promise<string> {
    const answer = store.commit(batch).then(({ is }) => is)
    return this.#plant?.answersEarly ? Promise.race([answer, this.#through()]) : answer
  }

  async settle(store: Store, batch: Batch): Promise<string> {
    if (this.#plant?.settlesByReading) {
      await store.now() // a transaction of its own: a moment for others
      const [last] = (await this.#query<{ batch: string }>('select batch from lane_link where lane = $1 order by sequence desc limit 1', [
        batch.lane,
      ])) as [{ batch: string }]
      return last.batch === batch.id ? 'in' : 'out'
    }
    for (;;) {
      const settled = await store.settle(batch, 'settling')
      if (settled !== 'unknown') return settled
    }
  }

  /** The bodies of runs, as they are. */
  async rows(ids: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.#query<{ id: string; body: string }>(`select id, convert_from(body, 'UTF8') as body from run_open where id = any($1)`, [
      ids,
    ])
    return new Map(rows.map(({ id, body }) => [id, body]))
  }

  /** The chain of a lane, as far as it is kept. */
  async links(lane: string): Promise<number[]> {
    const rows = await this.#query<{ sequence: string }>('select sequence from lane_link where lane = $1 order by lane_link.sequence', [lane])
    return rows.map(({ sequence }) => Number(sequence))
  }

  /** Each shard has an owner whose claim stands. */
  async ownersFaults(): Promise<string[]> {
    const rows = await this.#query<{ shard: number }>(
      'select shard from shard s where not exists (select 1 from lane_claim c where c.lane = s.lane and c.stands)',
    )
    return rows.map(({ shard }) => `shard ${shard} has no owner`)
  }

  /** What the lane's chain and runs are; called, they are that again. */
  async remember({ claim: { lane } }: Lane): Promise<() => Promise<void>> {
    const links = await this.#query<{ sequence: string; batch: string }>('select sequence, batch from lane_link where lane = $1', [lane])
    return async () => {
      await this.#query('delete from lane_link where lane = $1', [lane])
      for (const { sequence, batch } of links)
        await this.#query('insert into lane_link(lane, sequence, batch) values ($1, $2, $3)', [lane, sequence, batch])
    }
  }

  async failOver(): Promise<void> {
    await this.#query("update stepper set timeline = lpad((timeline::int + 1)::text, 8, '0')")
  }

  /** Ends a server process, and waits until it is gone. */
  async terminate(pid: number): Promise<void> {
    await this.observer.query('select pg_terminate_backend($1, 10000)', [pid])
  }

  async #query<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.observer.query<Row>(sql.replace(/\b(from|into|update) (?=[a-z])/g, `$1 "${this.#schema}".`), values)).rows
  }

  /** The statement is through, its COMMIT has not been sent. */
  async #through(): Promise<string> {
    const { proxy } = this.owner
    while (!(proxy.inTransaction !== null && proxy.next === 'commit')) await new Promise(resolve => proxy.happened.once('now', resolve))
    return 'committed'
  }
}

function planted(sql: string, plant: Plant | null, met: Set<string>): string {
  let text = sql
  for (const [is, becomes] of plant?.sql ?? []) {
    if (!text.includes(is)) continue
    met.add(is)
    text = text.replaceAll(is, becomes)
  }
  return text
}
