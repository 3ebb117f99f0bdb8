import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, test } from 'vitest'
import { bornRow, closingRow, touchedRow } from '../conformance/fixtures.ts'
import { cursorOf, FIRST, placeOf } from '../cursor.ts'
import { ALL_SHARDS, noWrites, type OpenRow, type Writes } from '../store.ts'
import { claimsOf } from './claims.ts'
import { type Commits, commitsOf } from './commit.ts'
import { type Loads, loadsOf } from './load.ts'
import { decodeLists, encodeBatch } from './messages.ts'
import { migrate, migrations } from './migrate.ts'
import { rememberStale, sweepOf } from './ready.ts'

const CLAIM = { lane: 'lane', claim: 'claim' }
let database: DatabaseSync
let commits: Commits
let loads: Loads
let sequence = 0
let lastBatch = ''

/** As a server that starts finds it: what another connection remembered is gone. */
function open(): void {
  rememberStale(database)
  commits = commitsOf(database)
  loads = loadsOf(database, claimsOf(database))
}

function crash(): void {
  database.exec('drop table temp.stale; drop trigger temp.stale_closed; drop trigger temp.stale_changed')
  open()
}

function commit(writes: Partial<Writes>): string {
  const id = `batch ${sequence}`
  const answer = commits.commit(encodeBatch({ id, ...CLAIM, sequence, lastBatch, checks: [], writes: { ...noWrites(), ...writes } }))
  if (answer.is === 'committed') {
    sequence++
    lastBatch = id
  }
  return answer.is
}

const ready = (group: number, after = FIRST, limit = 1_000) =>
  decodeLists(loads.pageReady(CLAIM, [{ group, after, limit }]), 1)[0]?.map(({ id }) => id)
const entries = () => database.prepare('select count(*) as count from run_ready').get()?.count
const stale = () => database.prepare('select count(*) as count from stale').get()?.count
const close = (rows: OpenRow[]) => commit({ closed: rows.map(row => closingRow(row)) })
const jobs = (count: number, gate: number) => Array.from({ length: count }, (_, sort) => bornRow({ gate, sort }))
const ids = (rows: OpenRow[]) => rows.map(({ id }) => id)

beforeEach(() => {
  database = new DatabaseSync(':memory:')
  migrate(database, 'memory', 0)
  open()
  sequence = 0
  lastBatch = ''
  claimsOf(database).claim({ ...CLAIM, node: 'node', nodeName: 'node', address: null, wanted: ALL_SHARDS, dead: [] })
})

describe('a stale entry', () => {
  test('is no row of a page and no head of a group, while it is there', () => {
    const [first, second, third] = jobs(3, 7) as [OpenRow, OpenRow, OpenRow]
    const alone = bornRow({ gate: 8, sort: 1 })
    commit({ born: [first, second, third, alone] })
    close([first, alone])
    commit({ touched: [touchedRow(second, { gate: null, sort: null })] })
    expect([entries(), stale()]).toEqual([4, 3])
    expect(ready(7)).toEqual([third.id])
    expect(ready(8)).toEqual([])
    expect(loads.loadGroups(CLAIM)).toEqual([{ group: 7, sort: 2 }])
  })

  test('counts again once its run is ready again in the same place, and is not dropped then', () => {
    const rows = jobs(8, 7)
    commit({ born: rows })
    commit({ touched: rows.slice(0, 7).map(row => touchedRow(row, { gate: null, sort: null })) })
    expect(ready(7)).toEqual([rows[7]?.id])
    commit({ touched: rows.slice(0, 4).map(row => touchedRow(row)) })
    expect(ready(7)).toEqual(ids([...rows.slice(0, 4), ...rows.slice(7)]))
    close(rows.slice(7))
    expect([entries(), stale()]).toEqual([4, 0])
    expect(ready(7)).toEqual(ids(rows.slice(0, 4)))
  })

  test('is one of two, where its run is ready in another place', () => {
    const row = bornRow({ gate: 7, sort: 5 })
    commit({ born: [row] })
    commit({ touched: [touchedRow(row, { sort: 9 })] })
    expect(ready(7)).toEqual([row.id])
    expect(ready(7, placeOf(cursorOf({ at: 5, id: row.id })))).toEqual([row.id])
    commit({ touched: [touchedRow(row, { gate: 8, sort: 9 })] })
    expect([ready(7), ready(8)]).toEqual([[], [row.id]])
    expect(loads.loadGroups(CLAIM)).toEqual([{ group: 8, sort: 9 }])
  })

  test('is none where the batch was refused', () => {
    const rows = jobs(9, 7)
    commit({ born: rows })
    expect(close([...rows, bornRow()])).toBe('refused')
    expect([entries(), stale()]).toEqual([9, 0])
    expect(ready(7)).toEqual(ids(rows))
  })
})

describe('stale entries are dropped', () => {
  test('with the batch that makes it eight of their group', () => {
    const rows = jobs(9, 7)
    commit({ born: rows })
    close(rows.slice(0, 7))
    expect([entries(), stale()]).toEqual([9, 7])
    close(rows.slice(7, 8))
    expect([entries(), stale()]).toEqual([1, 0])
    expect(ready(7)).toEqual([rows[8]?.id])
  })

  test('of many groups in turn, however small the batches are', () => {
    const groups = Array.from({ length: 500 }, (_, gate) => jobs(10, gate))
    commit({ born: groups.flat() })
    for (let round = 0; round < 10; round++)
      for (let gate = 0; gate < 500; gate += 50) close(groups.slice(gate, gate + 50).map(rows => rows[round] as OpenRow))
    // At most what a group may keep and what comes while a sweep goes once through all of them.
    expect(stale()).toBeLessThan(500 * (7 + 2))
    expect(entries()).toBe(stale())
  })

  test('however few they are in each group, where there are too many in all', () => {
    const rows = Array.from({ length: 1_000 }, (_, gate) => bornRow({ gate, sort: 1 }))
    commit({ born: rows })
    const sweep = sweepOf(database, 100)
    const left = () => stale() as number
    for (let at = 0; at < 1_000; at += 20) {
      database.prepare('delete from run_open where id in (select value from json_each(?))').run(JSON.stringify(ids(rows.slice(at, at + 20))))
      sweep()
      expect(left()).toBeLessThanOrEqual(100)
    }
    expect(entries()).toBe(left())
  })

  test('that a crash has left before the heads of their groups, or without one', () => {
    const [rows, others] = [jobs(20, 7), jobs(7, 8)]
    commit({ born: [...rows, ...others] })
    close([...rows.slice(0, 5), ...rows.slice(10, 12), ...others])
    expect([entries(), stale()]).toEqual([27, 14])
    crash()
    expect(stale()).toBe(0)
    expect(loads.loadGroups(CLAIM)).toEqual([{ group: 7, sort: 5 }])
    expect(ready(7)).toEqual(ids([...rows.slice(5, 10), ...rows.slice(12)]))
    expect(stale()).toBe(5 + 7)
    close(rows.slice(5, 8))
    expect([entries(), stale()]).toEqual([27 - 8, 7])
    sweepOf(database, 0)()
    // What a crash left in the middle of a group stays until it is the head at a start.
    expect([entries(), stale()]).toEqual([27 - 8 - 7, 0])
    expect(ready(7)).toEqual(ids([...rows.slice(8, 10), ...rows.slice(12)]))
  })
})

test('a database of the schema before has what was ready, in its order', () => {
  const known = migrations()
  database = new DatabaseSync(':memory:')
  migrate(
    database,
    'memory',
    0,
    known.filter(({ version }) => version < 5),
  )
  const insert = database.prepare(
    `insert into run_open(id, namespace, kind, name, queue, state, gate, sort, delivered, created_at, body)
    values (?, 'default', 'job', 'job', 'default', 'queued', ?, ?, 0, 1, x'5b5d')`,
  )
  for (const [id, gate, sort] of [
    ['d', 2 ** 53 - 1, 1],
    ['c', 7, 2],
    ['b', 7, 2],
    ['a', 7, 2.5],
    ['e', null, null],
  ] as const)
    insert.run(id, gate, sort)
  migrate(database, 'memory', 0)
  open()
  claimsOf(database).claim({ ...CLAIM, node: 'node', nodeName: 'node', address: null, wanted: ALL_SHARDS, dead: [] })
  expect(ready(7)).toEqual(['b', 'c', 'a'])
  expect(loads.loadGroups(CLAIM)).toEqual([
    { group: 7, sort: 2 },
    { group: 2 ** 53 - 1, sort: 1 },
  ])
})

test('whoever else writes the database, what is ready is found', () => {
  const [row, other] = jobs(2, 7) as [OpenRow, OpenRow]
  commit({ born: [row, other] })
  database.exec('drop trigger temp.stale_closed; drop trigger temp.stale_changed')
  database.prepare('update run_open set gate = 9 where id = ?').run(row.id)
  expect([ready(7), ready(9)]).toEqual([[other.id], [row.id]])
})
