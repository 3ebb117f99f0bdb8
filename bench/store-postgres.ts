// `node bench/store-postgres.ts [ROUNDS]`: what the PostgreSQL store alone commits in a second, beside a plain insert of many rows into a table with a key and
// nothing else. One lane, one commit in flight, every batch on disk; all cases in rounds, one after the other in each; medians. The database is the one of
// the tests (MAINSPRING_TEST_POSTGRES), in schemas that are dropped afterwards.
import { loadavg } from 'node:os'
import pg from 'pg'
import { newId } from '../src/core/ids.ts'
import { openPostgresStore } from '../src/store/postgres/store.ts'
import { ALL_SHARDS, type Batch, type ClosingRow, noWrites, type OpenRow, type TouchedRow, type Writes } from '../src/store/store.ts'
import { INPUT } from './jobs.ts'

const URL_ = process.env.MAINSPRING_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres'
const SCHEMA = `bench_${process.pid}`
const ROWS = { 1: 500, 10: 4_000, 100: 20_000, 1000: 40_000 } as const
const rounds = Number(process.argv[2] ?? 3)

const id = () => newId(Date.now(), Math.random)
const input = JSON.stringify(INPUT)
const event = (type: string) => ({ type, at: Date.now(), by: 'api' })
const short = JSON.stringify([event('started')])
const long = JSON.stringify(['started', 'delivered', 'completed'].map(event))

const bornRow = (): OpenRow => ({
  ...{ id: id(), namespace: 'default', kind: 'job', name: 'job', queue: 'default', state: 'queued', gate: 2 ** 52, sort: Date.now() },
  ...{ wakeAt: null, delivered: false, createdAt: Date.now(), startedAt: null, tags: null, input, body: short },
})
const touchedRow = ({ id, queue }: OpenRow): TouchedRow => ({
  ...{ id, queue, state: 'running', gate: null, sort: null, wakeAt: Date.now() + 60_000, delivered: true, startedAt: Date.now(), body: long },
})
const closingRow = ({ id, queue }: OpenRow): ClosingRow => ({
  ...{ id, born: null, queue, state: 'completed', startedAt: Date.now(), closedAt: Date.now(), output: '{"ok":true}', body: long },
  purgeAt: Date.now() + 1e9,
})

const store = await openPostgresStore({ url: `${URL_}?schema=${SCHEMA}` })
const raw = new pg.Client({ connectionString: URL_ })
await raw.connect()
await raw.query(`create table ${SCHEMA}.raw(id text primary key, created bigint, input text)`)
const { claim, lane, ...chain } = await store.claim({
  ...{ lane: id(), claim: id(), node: id(), nodeName: 'bench', address: null },
  ...{ wanted: ALL_SHARDS, dead: [] },
})

async function commit(writes: Partial<Writes>): Promise<void> {
  const batch: Batch = { id: id(), lane, claim, ...chain, checks: [], writes: { ...noWrites(), ...writes } }
  const answer = await store.commit(batch)
  if (answer.is !== 'committed') throw new Error(JSON.stringify(answer))
  chain.sequence++
  chain.lastBatch = batch.id
}

async function insertRaw(rows: readonly OpenRow[]): Promise<void> {
  const values = rows.flatMap(({ id, createdAt, input }) => [id, createdAt, input])
  const places = rows.map((_, row) => `($${row * 3 + 1}, $${row * 3 + 2}, $${row * 3 + 3})`)
  await raw.query({ name: `raw ${rows.length}`, text: `insert into ${SCHEMA}.raw values ${places.join()}`, values })
}

const found = new Map<string, number[]>()
try {
  for (let round = 0; round < rounds; round++)
    for (const [size, count] of Object.entries(ROWS)) {
      const each = Number(size)
      const batches = Array.from({ length: count / each }, () => Array.from({ length: each }, bornRow))
      const cases: Record<string, (rows: OpenRow[]) => Promise<void>> = {
        'plain insert': insertRaw,
        born: born => commit({ born }),
        touched: rows => commit({ touched: rows.map(touchedRow) }),
        'moved to closed': rows => commit({ closed: rows.map(closingRow) }),
      }
      for (const [name, run] of Object.entries(cases)) {
        const begunAt = performance.now()
        for (const rows of batches) await run(rows)
        const figure = `${name}, ${each.toLocaleString('en')} a batch, rows/s`
        found.set(figure, [...(found.get(figure) ?? []), count / ((performance.now() - begunAt) / 1_000)])
      }
    }
} finally {
  await store.close()
  await raw.query(`set client_min_messages = error; drop schema ${SCHEMA} cascade`)
  await raw.end()
}
for (const [figure, values] of found)
  console.log(
    figure.padEnd(44),
    Math.round(values.sort((a, b) => a - b)[values.length >> 1] as number)
      .toLocaleString('en')
      .padStart(9),
  )
console.log(`${rounds} rounds, load ${loadavg()[0]?.toFixed(1)}`)
