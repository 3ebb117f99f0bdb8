import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import type { RunFilter } from '../store.ts'
import { claimsOf } from './claims.ts'
import { commitsOf } from './commit.ts'
import { loadsOf } from './load.ts'
import { migrate } from './migrate.ts'
import { readingsOf } from './read.ts'
import { rememberStale } from './ready.ts'
import { runsQuery } from './runs.ts'

const database = new DatabaseSync(':memory:')
migrate(database, 'memory', 0)
rememberStale(database)

/** Every statement that the store prepares. */
const statements: string[] = []
const recording = {
  prepare(sql: string): StatementSync {
    statements.push(sql)
    return database.prepare(sql)
  },
} as unknown as DatabaseSync
commitsOf(recording)
loadsOf(recording, claimsOf(recording))
readingsOf(recording)

/** The steps of SQLite's plan, such as `SEARCH r USING INDEX run_closed_name (namespace=? AND name=?)`. */
function plan(sql: string): string[] {
  return database
    .prepare(`explain query plan ${sql}`)
    .all()
    .map(row => row.detail as string)
}

/** What may go through all rows of a table: small ones, and a count of all open runs. */
const SMALL = ['lane', 'definition', 'setting', 'schema_version']

describe('no statement goes through all runs', () => {
  test.each([...new Set(statements)].filter(sql => !sql.includes('group by 1, 2, 3, 4')).map(sql => [sql.replace(/\s+/g, ' ').slice(0, 120), sql]))(
    '%s',
    (_, sql) => {
      const scans = plan(sql).filter(
        step => /^SCAN (run_|r\b|t\b|lane|definition|setting)/.test(step) && !SMALL.some(table => step.startsWith(`SCAN ${table}`)),
      )
      expect(scans).toEqual([])
    },
  )
})

describe('a list is read in the order of an index, and stops at its limit', () => {
  test.each<[Omit<RunFilter, 'namespace'>, string[]]>([
    [{}, ['run_open_created', 'run_closed_created']],
    [{ createdAfter: 1, createdBefore: 2 }, ['run_open_created', 'run_closed_created']],
    [{ names: ['a'] }, ['run_open_created', 'run_closed_name']],
    [{ names: ['a'], states: ['completed'] }, ['run_closed_name']],
    [{ names: ['a', 'b'] }, ['run_open_created', 'run_closed_created']],
    [{ queues: ['a'] }, ['run_open_created', 'run_closed_created']],
    [{ states: ['failed', 'cancelled'] }, ['run_closed_unsuccessful']],
    [{ states: ['queued'] }, ['run_open_created']],
  ])('%j', (filter, indexes) => {
    const { sql } = runsQuery({ namespace: 'n', ...filter }, { at: 1, id: '' }, 10)
    const steps = plan(sql)
    expect(steps.filter(step => /^(SEARCH|SCAN) r\b/.test(step)).map(step => step.replace(/^SEARCH r USING INDEX (\w+) .*/, '$1'))).toEqual(indexes)
    expectInOrder(sql)
  })

  test.each<[Omit<RunFilter, 'namespace'>]>([[{ tags: { a: '1' } }], [{ tags: { a: '1', b: '2' }, names: ['a'], states: ['failed', 'queued'] }]])(
    '%j',
    filter => {
      const { sql } = runsQuery({ namespace: 'n', ...filter }, { at: 1, id: '' }, 10)
      const steps = plan(sql)
      expect(steps.filter(step => /^SEARCH t USING PRIMARY KEY/.test(step))).toHaveLength(2)
      expect(steps.filter(step => /^SEARCH r USING INDEX run_(open|closed)_id \(id=\?\)/.test(step))).toHaveLength(2)
      expectInOrder(sql)
    },
  )

  /** Each half comes in order out of its index: only what both have found within their limits is sorted. */
  function expectInOrder(sql: string): void {
    const steps = database.prepare(`explain query plan ${sql}`).all() as { id: number; parent: number; detail: string }[]
    const halves = steps.filter(step => step.detail.startsWith('CO-ROUTINE')).map(step => step.id)
    expect(halves.length).toBeGreaterThan(0)
    expect(steps.filter(step => halves.includes(step.parent) && step.detail.includes('TEMP B-TREE'))).toEqual([])
  }
})
