import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, test } from 'vitest'
import { bornRow } from '../conformance/fixtures.ts'
import { ALL_SHARDS, type Batch, noWrites, type Writes } from '../store.ts'
import { claimsOf } from './claims.ts'
import { type Commits, commitsOf } from './commit.ts'
import { encodeBatch } from './messages.ts'
import { migrate } from './migrate.ts'
import { rememberStale } from './ready.ts'

/** A database whose statements fail as told: before they are done, or after, so that only the answer is lost. */
class FailingDatabase {
  readonly #database: DatabaseSync
  fault: { sql: string; when: 'before' | 'after'; errcode: number } | null = null
  constructor(database: DatabaseSync) {
    this.#database = database
  }
  get isTransaction() {
    return this.#database.isTransaction
  }
  location() {
    return null
  }
  prepare(sql: string) {
    return this.#database.prepare(sql)
  }
  exec(sql: string): void {
    const fault = this.fault?.sql === sql ? this.fault : null
    if (fault) this.fault = null
    if (fault?.when !== 'before') this.#database.exec(sql)
    if (fault) throw Object.assign(new Error('injected'), { code: 'ERR_SQLITE_ERROR', errcode: fault.errcode })
  }
}

const BUSY = 5
const IO_ERROR_OF_FSYNC = 10 | (4 << 8)
const FULL = 13
const READ_ONLY = 8

let database: DatabaseSync
let failing: FailingDatabase
let commits: Commits
let batches = 0
const first = (writes: Partial<Writes>): Batch => ({
  id: `batch ${++batches}`,
  lane: 'lane',
  claim: 'claim',
  sequence: 0,
  lastBatch: '',
  checks: [],
  writes: { ...noWrites(), ...writes },
})
const commit = (batch: Batch) => commits.commit(encodeBatch(batch))
const runs = () => database.prepare('select count(*) as count from run_open').get()?.count

beforeEach(() => {
  database = new DatabaseSync(':memory:')
  migrate(database, 'memory', 0)
  rememberStale(database)
  failing = new FailingDatabase(database)
  commits = commitsOf(failing as unknown as DatabaseSync)
  claimsOf(database).claim({ lane: 'lane', claim: 'claim', node: 'node', nodeName: 'node', address: null, wanted: ALL_SHARDS, dead: [] })
})

describe('an answer that is unknown is settled (E3)', () => {
  test.each([
    ['I/O error', IO_ERROR_OF_FSYNC, 'failing'],
    ['full disk', FULL, 'full'],
    ['read-only file system', READ_ONLY, 'read-only'],
  ])('%s at a commit that did not happen: out, and the batch never comes in', (_, errcode, fault) => {
    failing.fault = { sql: 'commit', when: 'before', errcode }
    const batch = first({ born: [bornRow()] })
    expect(commit(batch)).toMatchObject({ is: 'unknown', fault: { is: fault } })
    expect(commits.settle(batch, 'settling')).toBe('out')
    expect(commits.settle(batch, 'settling')).toBe('out')
    expect(commit(batch)).toEqual({ is: 'fenced' })
    expect(runs()).toBe(0)
    expect(commit({ ...batch, id: 'again', sequence: 1, lastBatch: 'settling' })).toEqual({ is: 'committed' })
    expect(runs()).toBe(1)
  })

  test('an I/O error at a commit that did happen: in', () => {
    failing.fault = { sql: 'commit', when: 'after', errcode: IO_ERROR_OF_FSYNC }
    const batch = first({ born: [bornRow()] })
    expect(commit(batch)).toMatchObject({ is: 'unknown' })
    expect(commits.settle(batch, 'settling')).toBe('in')
    expect(runs()).toBe(1)
    expect(commit({ ...first({}), sequence: 1, lastBatch: batch.id })).toEqual({ is: 'committed' })
  })

  test.each(['before', 'after'] as const)('a settling whose own answer is lost (%s its commit) is repeated', when => {
    const batch = first({ born: [bornRow()] })
    failing.fault = { sql: 'commit', when, errcode: IO_ERROR_OF_FSYNC }
    expect(commits.settle(batch, 'settling')).toBe('unknown')
    expect(commits.settle(batch, 'settling')).toBe('out')
  })

  test('a settling that finds the batch in writes, so that its fsync takes the batch along', () => {
    const batch = first({})
    commit(batch)
    const changes = () => database.prepare('select total_changes() as count').get()?.count as number
    const before = changes()
    expect(commits.settle(batch, 'settling')).toBe('in')
    expect(changes()).toBe(before + 1)
  })
})

test('a database that is busy refuses the batch, which may go again', () => {
  failing.fault = { sql: 'begin immediate', when: 'before', errcode: BUSY }
  const batch = first({ born: [bornRow()] })
  expect(commit(batch)).toEqual({ is: 'refused', resend: true, why: 'injected' })
  expect(commit(batch)).toEqual({ is: 'committed' })
})

test('a value that is none is refused', () => {
  expect(commit(first({ born: [bornRow({ createdAt: Number.NaN })] }))).toMatchObject({ is: 'refused', resend: false })
  expect(commit(first({ born: [bornRow()] }))).toEqual({ is: 'committed' })
})

test('half of a surrogate pair is refused before it becomes another text', () => {
  expect(() => encodeBatch(first({ born: [bornRow({ name: 'a\ud800' })] }))).toThrow('UTF-8')
})
