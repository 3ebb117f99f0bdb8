import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bornRow, closingRow, type Lane, openLane, touchedRow } from '../conformance/fixtures.ts'
import type { Store } from '../store.ts'
import { commitsOf } from './commit.ts'
import { Database } from './database.ts'
import { openPostgresStore } from './store.ts'
import { query, TEST_URL } from './testing.ts'
import { vacuumsOf } from './vacuum.ts'

/** Small, so that an hour of a busy server passes in seconds: fifteen vacuums. */
const DEAD_ROWS_MAX = 2_000
const RUNS = 250
const ROUNDS = 60

// A database of its own: what other tests hold open there would keep dead rows here.
const name = `test_bloat_${process.pid}_${Date.now().toString(36)}`
const url = Object.assign(new URL(TEST_URL), { pathname: name }).href
let store: Store
let database: Database
let client: pg.Client
let lane: Lane
let vacuumed: Promise<void> = Promise.resolve()

beforeAll(async () => {
  await query(`create database ${name}`)
  store = await openPostgresStore({ url: `${url}?schema=bloat` })
  database = new Database(url, 'bloat')
  const vacuum = database.vacuum.bind(database)
  database.vacuum = table => {
    vacuumed = vacuum(table)
    return vacuumed
  }
  client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('set search_path to bloat')
  lane = await openLane({ ...store, ...commitsOf(database, vacuumsOf(database, DEAD_ROWS_MAX)) })
})
afterAll(async () => {
  await Promise.all([store.close(), database.close(), client.end()])
  await query(`drop database ${name} with (force)`)
})

/** What an engine writes of jobs: they are born, their delivery is recorded, they close. */
async function churn(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const rows = Array.from({ length: RUNS }, () => bornRow({ gate: 1, sort: 1 }))
    const delivered = rows.map(row => touchedRow(row, { state: 'running', gate: null, sort: null, wakeAt: 1, delivered: true }))
    for (const writes of [{ born: rows }, { touched: delivered }, { closed: rows.map(row => closingRow(row)) }])
      expect(await lane.commit(writes)).toEqual({ is: 'committed' })
    await vacuumed
  }
}

async function pages(): Promise<number> {
  const { rows } = await client.query("select (pg_relation_size('run_open') / 8192)::int as pages")
  return rows[0].pages
}

test('the open table grows no further, however many runs go through it', { timeout: 60_000 }, async () => {
  await churn(ROUNDS / 4)
  const before = await pages()
  await churn(ROUNDS)
  // Without a vacuum it is five times as large by then.
  expect(await pages()).toBeLessThan(before * 1.5)
})

test('what dies while somebody leaves a transaction open is given back once that ends', { timeout: 60_000 }, async () => {
  const holder = new pg.Client({ connectionString: url })
  holder.on('error', () => {})
  await holder.connect()
  await holder.query('begin isolation level repeatable read; select 1 from bloat.run_open')
  const before = await pages()
  await churn(ROUNDS / 4)
  const held = await pages()
  expect(held).toBeGreaterThan(before * 1.5)
  await holder.query('rollback')
  await holder.end()
  await churn(ROUNDS)
  expect(await pages()).toBeLessThan(held * 1.5)
})
