import { job, outbox } from '@mainspring/sdk'
import { startWorker } from '@mainspring/sdk/worker'
import { sql as drizzleSql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import { type EmbeddedNode, startNode } from 'mainspring'
import pg from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshSchema, query, TEST_URL } from '../../src/store/postgres/testing.ts'
import { until } from './support/processes.ts'

/** One node in this process, on the database that the drivers write to: no server, no relay beside it. */
const address = freshSchema()
const schema = new URL(address).searchParams.get('schema') as string
const jobs = outbox.in(schema)
const ran: unknown[] = []
const ship = job('ship', async (input: { by: string; at?: Date }) => void ran.push(input))

const pool = new pg.Pool({ connectionString: TEST_URL })
const sql = postgres(TEST_URL, { onnotice: () => {} })
let node: EmbeddedNode

beforeAll(async () => {
  node = await startNode({ database: address, work: [ship] })
  const find = `select from pg_tables where schemaname = '${schema}' and tablename = 'mainspring_outbox'`
  await until('there is an outbox', async () => (await query(find)).length === 1)
})
afterAll(async () => {
  await node.stop()
  await Promise.all([pool.end(), sql.end()])
})

/** Each runs `start` in a transaction of its own, which commits unless it throws. */
const DRIVERS: Record<string, (start: (transaction: Parameters<typeof jobs.start>[0]) => Promise<void>) => Promise<void>> = {
  async pg(start) {
    const client = await pool.connect()
    try {
      await client.query('begin')
      await start(client)
      await client.query('commit')
    } catch (error) {
      await client.query('rollback')
      throw error
    } finally {
      client.release()
    }
  },
  async 'postgres.js'(start) {
    await sql.begin(sql => start((text, values) => sql.unsafe(text, values)))
  },
  async Drizzle(start) {
    await drizzle(pool).transaction(tx =>
      start((_, [job, input, options, id]) =>
        tx.execute(drizzleSql`select ${drizzleSql.identifier(schema)}.mainspring_start_json(${job}, ${input}, ${options}, ${id}::uuid)`),
      ),
    )
  },
  async Kysely(start) {
    const kysely = new Kysely({ dialect: new PostgresDialect({ pool }) })
    await kysely.transaction().execute(tx => start((text, values) => tx.executeQuery(CompiledQuery.raw(text, values))))
  },
  async 'Prisma, by the form of its client'(start) {
    const client = await pool.connect()
    /** `$queryRawUnsafe(query: string, ...values: any[])` */
    const tx = { $queryRawUnsafe: async <T>(text: string, ...values: unknown[]): Promise<T> => (await client.query(text, values)).rows as T }
    try {
      await client.query('begin')
      await start((text, values) => tx.$queryRawUnsafe(text, ...values))
      await client.query('commit')
    } catch (error) {
      await client.query('rollback')
      throw error
    } finally {
      client.release()
    }
  },
}

test.each(Object.keys(DRIVERS))('%s: a job that is started in a transaction runs once it has committed, and never when it has not', async by => {
  const run = DRIVERS[by] as (typeof DRIVERS)[string]
  const lost = run(async tx => {
    await jobs.start(tx, ship, { by: `${by}, rolled back` })
    throw new Error('no stock')
  })
  await expect(lost).rejects.toThrow('no stock')
  ran.length = 0
  const input = { by: `${by} "quoted" \\ ü`, at: new Date(0) }
  await run(async tx => {
    await jobs.start(tx, ship, input)
    await jobs.start(tx, 'ship')
  })
  await until('both have run', () => ran.length === 2)
  expect(ran).toEqual(expect.arrayContaining([input, undefined]))
})

test('what is started in order per key also runs in it, where the job is a sequence by that key', async () => {
  const steps: string[] = []
  const step = job('step', { sequence: 'customer' }, async ({ customer, n }: { customer: string; n: number }) => void steps.push(`${customer} ${n}`))
  const worker = startWorker({ jobs: [step], client: node.client, slots: 20 })
  await worker.ready
  for (let n = 0; n < 10; n++)
    await sql.begin(async sql => {
      for (const customer of ['ada', 'bo', 'cy'])
        for (const part of [2 * n, 2 * n + 1])
          await jobs.start((text, values) => sql.unsafe(text, values), step, { customer, n: part }, { order: customer })
    })
  await until('all have run', () => steps.length === 60)
  await worker.stop()
  for (const customer of ['ada', 'bo', 'cy'])
    expect(steps.filter(said => said.startsWith(customer))).toEqual(Array.from({ length: 20 }, (_, n) => `${customer} ${n}`))
})
