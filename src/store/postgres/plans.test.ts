import type { Client } from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { ALL_SHARDS, type Claim, type RunFilter } from '../store.ts'
import { commitSql } from './commit.ts'
import { type Database, type Planning, SETTINGS } from './database.ts'
import { loadsOf } from './load.ts'
import type { Step } from './pipeline.ts'
import { readsOf } from './read.ts'
import { runsQuery } from './runs.ts'
import { openPostgresStore } from './store.ts'
import { connected, schemaOfOwn } from './testing.ts'
import { PARTS } from './writes.ts'

interface Asked {
  planning: Planning
  sql: string
}

/** What is asked of the database, without one. */
async function recorded(ask: (database: Database) => Promise<unknown>[]): Promise<Asked[]> {
  const asked: Asked[] = []
  const record = async (planning: Planning, ...steps: Step[]) => {
    for (const { statement } of steps) asked.push({ planning, sql: statement.text })
    // The claim stands, and there is nothing: whoever asks for more goes on.
    return [{ rows: [[null]] }]
  }
  await Promise.allSettled(ask({ decide: record, read: record } as unknown as Database))
  return asked
}

const page = { after: null, limit: 9 }
const claim: Claim = { lane: 'l', claim: 'c', sequence: 0, lastBatch: '', shards: [...ALL_SHARDS] }
const keyed: Asked[] = [
  ...(await recorded(database => {
    const loads = loadsOf(database)
    return [
      loads.loadActors(claim, ['a']),
      loads.loadDue(claim, 1, page),
      loads.loadDelivered(claim, page),
      loads.findKeys(claim, []),
      loads.loadGroups(claim),
      loads.pageReady(claim, []),
      loads.loadMail(claim, page),
      loads.loadExpired(claim, 1, 9),
      loads.loadOldLines(claim, { before: 1, beforeIn: {}, keep: 9 }, page),
    ]
  })),
  ...(await recorded(database => {
    const read = readsOf(database)
    return [
      read.run('n', 'r'),
      read.runsEnding('n', 'e', 1, 9),
      ...[{}, { names: ['a'] }, { states: ['failed', 'cancelled'] as const }, { tags: { a: '1' } }].map(filter =>
        read.runsDepth({ namespace: 'n', ...filter }, null, 1, { open: true, closed: true }),
      ),
      read.segments('r', 5, 2),
      read.logs('r', page),
      read.streams('r', 's', page),
      read.schedules('n', page),
      read.assets('n', page),
      read.ledger('s', {}, page),
      read.ledgers(['s'], { from: 0, until: 1 }, 1),
      read.runTimes('n', ['r']),
      read.closedCounts('n', 0),
      read.closedTimes('n', { from: 0, until: 1 }, 1),
      read.expired(1, 9),
    ]
  })),
  ...PARTS.map(part => ({ planning: 'keyed' as const, sql: commitSql([part]) })),
]

/** Steps of a plan, such as `Index Scan using run_open_due on run_open r`. */
async function plan(client: Client, { planning, sql }: Asked, values?: unknown[]): Promise<string[]> {
  await client.query(
    `begin; ${Object.entries(SETTINGS[planning])
      .map(([name, value]) => `set local ${name} = '${value}'`)
      .join('; ')}`,
  )
  try {
    if (values !== undefined) return steps((await client.query(`explain (costs off) ${sql}`, values)).rows)
    const parameters = new Set(sql.match(/\$\d+/g)).size
    await client.query(`set local plan_cache_mode = force_generic_plan; prepare asked as ${sql}`)
    const nulls = parameters === 0 ? '' : `(${Array(parameters).fill('null').join()})`
    return steps((await client.query(`explain (costs off) execute asked${nulls}`)).rows)
  } finally {
    await client.query('rollback; deallocate all')
  }
}
const steps = (rows: { 'QUERY PLAN': string }[]) => rows.map(row => row['QUERY PLAN'].trim().replace(/^-> +/, ''))

const { url, schema } = schemaOfOwn()
async function inSchema(body: (client: Client) => Promise<void>): Promise<void> {
  await connected(async client => {
    await client.query(`set search_path to "${schema}"`)
    await body(client)
  })
}

beforeAll(async () => {
  await (await openPostgresStore({ url })).close()
})

describe.each([
  ['empty, as on the first day', ''],
  ['with 20,000 runs in each table', 'full'],
  ['with 20,000 runs in each table, of which statistics say that they are empty', 'stale'],
])('%s', (_, filled) => {
  beforeAll(async () => {
    if (filled === '') return
    await inSchema(async client => {
      if (filled === 'stale') await client.query('delete from run_open; delete from run_closed')
      if (filled === 'stale') for (const table of ['run_open', 'run_closed']) await client.query(`vacuum (analyze, truncate false) ${table}`)
      await client.query(`
        insert into run_open select n::text, n % 256, 'n', 'job', 'job ' || n % 10, 'q', 'queued', n % 100, n, n, n % 100 = 0, n, null, null, null, ''
          from generate_series(1, 20000) n;
        insert into run_closed select n::text, n % 256, 'n', 'job', 'job ' || n % 10, 'q', case n % 100 when 0 then 'failed' else 'completed' end,
          n, n, n, n, null, null, null, '' from generate_series(20001, 40000) n;
        ${filled === 'full' ? 'analyze run_open; analyze run_closed' : ''}`)
    })
  })

  describe('no statement goes through all of a table', () => {
    test.each(keyed.map(asked => [asked.sql.replace(/\s+/g, ' ').slice(0, 60), asked] as const))('%s', async (_, asked) => {
      await inSchema(async client => {
        const found = await plan(client, asked)
        const scans = found.filter(step => /Seq Scan on (run_|ledger|definition|setting |rate|hold|mail)|(Hash|Merge) Join/.test(step))
        expect(scans).toEqual([])
        if (asked.planning === 'ranged') return expect(found).toContain('Bitmap Index Scan on run_closed_at')
        expect(found.filter(step => step.includes('Bitmap'))).toEqual([])
        // Nor through all of an index, save to find the first group.
        const whole = found.filter((step, at) => /^Index.* on (run_|ledger|rate|hold|mail)/.test(step) && !found[at + 1]?.startsWith('Index Cond'))
        expect(whole.filter(step => !step.includes('run_open_ready'))).toEqual([])
      })
    })
  })

  describe('pages for decisions are read in the order of an index that carries the part', () => {
    test.each([
      ['r.wake_at <=', 'run_open_due', /part >= \$3/],
      ['r.delivered and', 'run_open_delivered', /part >= \$3/],
      ['q.gate', 'run_open_ready', /part >= \$3/],
    ])('%s: %s', async (words, index, bounds) => {
      const asked = keyed.find(({ sql }) => sql.includes(words)) as Asked
      await inSchema(async client => {
        const found = await plan(client, asked)
        const at = found.findIndex(step => step.includes(`using ${index} on run_open`))
        expect(at).toBeGreaterThan(0)
        expect(found[at + 1]).toMatch(/^Index Cond/)
        expect(found[at + 1]).toMatch(bounds)
        // What is sorted is the page, never what it was taken from.
        const sorts = found.flatMap((step, at) => (step === 'Sort' ? [at] : []))
        expect(sorts.every(sort => sort < found.indexOf('Limit'))).toBe(true)
      })
    })
  })

  describe('a list is read in the order of an index, and stops at its limit', () => {
    test.each<[Omit<RunFilter, 'namespace'>, string[]]>([
      [{}, ['run_open_created', 'run_closed_created']],
      [{ createdAfter: 1, createdBefore: 2 }, ['run_open_created', 'run_closed_created']],
      [{ names: ['a'], states: ['completed'] }, ['run_closed_name']],
      [{ states: ['failed', 'cancelled'] }, ['run_closed_unsuccessful', 'run_closed_unsuccessful']],
      [{ names: ['a', 'b'] }, ['run_open_created', 'run_closed_name', 'run_closed_name']],
      [{ states: ['queued'] }, ['run_open_created']],
      [{ tags: { a: '1' } }, ['run_tag_pkey', 'run_open_pkey', 'run_closed_pkey']],
    ])('%j', async (filter, indexes) => {
      const { sql, parameters } = runsQuery({ namespace: 'n', ...filter }, { at: 30_000, id: '' }, 10)
      await inSchema(async client => {
        const found = await plan(client, { planning: 'listed', sql }, parameters)
        expect(found.flatMap(step => /using (\w+) on/.exec(step)?.[1] ?? [])).toEqual(indexes)
      })
    })
  })
})
