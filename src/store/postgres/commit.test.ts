import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { newId } from '../../core/ids.ts'
import { bornRow, keyRow, type Lane, NAMESPACE, openLane, touchedRow } from '../conformance/fixtures.ts'
import { type Batch, noWrites, SHARDS, type Store, StoreFenced } from '../store.ts'
import { claimsOf } from './claims.ts'
import { commitsOf } from './commit.ts'
import { Database } from './database.ts'
import { statement } from './pipeline.ts'
import { type LossyProxy, lossyProxy } from './proxy.ts'
import { openPostgresStore } from './store.ts'
import { connected, emptied, query, schemaOfOwn, TEST_URL, waiting } from './testing.ts'

const id = () => newId(Date.now(), Math.random)
const both = (first: Lane, second: Lane) => [first.claim.claim, second.claim.claim]

/** Opened anew for each test, in one schema. */
function stores(settings: Record<string, string> = {}, address = (url: string) => url) {
  const { url, schema } = schemaOfOwn(settings)
  const opened: Store[] = []
  return {
    schema,
    async open(): Promise<{ store: Store; lane: Lane }> {
      await emptied(schema)
      const store = await openPostgresStore({ url: address(url) })
      opened.push(store)
      return { store, lane: await openLane(store) }
    },
    closeAll: () => Promise.all(opened.map(store => store.close())),
    /** Another connection, which holds what its statement locks until it is let go. */
    async holding<T>(sql: string, body: (letGo: () => Promise<unknown>) => Promise<T>): Promise<T> {
      return connected(async (client: Client) => {
        await client.query(`set search_path to "${schema}"; begin isolation level read committed; ${sql}`)
        return body(() => client.query('commit'))
      })
    },
  }
}

describe.each(['read committed', 'serializable'])('where transactions are %s by default', isolation => {
  const { schema, open, closeAll, holding } = stores({ default_transaction_isolation: isolation })
  afterAll(closeAll)

  test("a zombie's batch waits for the takeover, and writes nothing (E1)", async () => {
    const { store, lane } = await open()
    const row = bornRow()
    const answer = await holding(`update lane_claim set stands = false where lane = '${lane.claim.lane}'`, async letGo => {
      const answer = lane.commit({ born: [row], keys: [keyRow({ run: row.id })] })
      await waiting(schema)
      await letGo()
      return answer
    })
    expect(answer).toEqual({ is: 'fenced' })
    const next = await openLane(store)
    expect(await store.loadActors(next.claim, [row.id])).toEqual([])
    expect(await store.findKeys(next.claim, [keyRow({})])).toEqual([])
  })

  test('a takeover waits for the batch in flight, and sees its rows (E1)', async () => {
    const { store, lane } = await open()
    const [open_, born] = [bornRow(), bornRow()]
    await lane.commit({ born: [open_] })
    const seen = await store.lanes()
    const { answer, heir } = await holding(`select 1 from run_open where id = '${open_.id}' for update`, async letGo => {
      const answer = lane.commit({ touched: [touchedRow(open_, { body: '"touched"' })], born: [born] })
      await waiting(schema)
      const heir = openLane(store, seen)
      await waiting(schema, 2)
      await letGo()
      return { answer: await answer, heir: await heir }
    })
    expect(answer).toEqual({ is: 'committed' })
    expect(heir.claim.shards).toHaveLength(SHARDS)
    const found = await store.loadActors(heir.claim, [open_.id, born.id])
    expect(found.map(({ id, body }) => [id, body]).sort()).toEqual(
      [
        [open_.id, '"touched"'],
        [born.id, born.body],
      ].sort(),
    )
    expect(await lane.commit({})).toEqual({ is: 'fenced' })
  })

  test('a late batch, older than all that the chain still has, is fenced (E3)', async () => {
    const { store, lane } = await open()
    const other = await openLane(store)
    const row = bornRow()
    const late = lane.batch({ born: [row] }, [other.claim.claim])
    const answer = await holding(`select 1 from lane_claim where lane = '${other.claim.lane}' for update`, async letGo => {
      const answer = store.commit(late)
      await waiting(schema)
      expect(await store.settle(late, 'settling')).toBe('out')
      lane.follow({ ...late, id: 'settling' })
      for (let time = 0; time < 3; time++) expect(await lane.commit({})).toEqual({ is: 'committed' })
      await letGo()
      return answer
    })
    expect(answer).toEqual({ is: 'fenced' })
    expect(await store.loadActors(lane.claim, [row.id])).toEqual([])
    expect(await lane.commit({ born: [row] })).toEqual({ is: 'committed' })
  })

  test('a release waits for the batch in flight (E25)', async () => {
    const { store, lane } = await open()
    const row = bornRow()
    await lane.commit({ born: [row] })
    await holding(`select 1 from run_open where id = '${row.id}' for update`, async letGo => {
      const answer = lane.commit({ touched: [touchedRow(row)] })
      await waiting(schema)
      const released = store.release(lane.claim)
      await waiting(schema, 2)
      await letGo()
      expect(await answer).toEqual({ is: 'committed' })
      await released
    })
    expect(await store.lanes()).toEqual([])
  })

  test('lanes that check each other in every batch, and renew, do not deadlock (E17)', async () => {
    const { store, lane } = await open()
    const other = await openLane(store)
    const answers = await Promise.all(
      [lane, other].map(async lane_ => {
        const found = new Set<string>()
        for (let time = 0; time < 40; time++) {
          const batch = lane_.batch({ born: [bornRow()] }, both(lane, other))
          const [answer] = await Promise.all([store.commit(batch), store.renew(lane_.claim, 0)])
          if (answer.is === 'committed') lane_.follow(batch)
          found.add(answer.is)
        }
        return [...found]
      }),
    )
    expect(answers).toEqual([['committed'], ['committed']])
  })

  test('whoever revokes both of two such lanes gets all, and they are fenced', async () => {
    const { store, lane } = await open()
    const other = await openLane(store)
    const until = async (lane_: Lane) => {
      for (;;) {
        const batch = lane_.batch({ born: [bornRow()] }, both(lane, other))
        const answer = await store.commit(batch)
        if (answer.is !== 'committed') return answer.is
        lane_.follow(batch)
      }
    }
    const ended = Promise.all([until(lane), until(other)])
    const heir = await openLane(store, await store.lanes())
    expect(heir.claim.shards).toHaveLength(SHARDS)
    expect(await ended).toEqual(['fenced', 'fenced'])
  })
})

describe('an answer that is lost is settled (E3)', () => {
  let lossy: LossyProxy
  beforeAll(async () => {
    lossy = await lossyProxy()
  })
  const { schema, open: opened, closeAll, holding } = stores({}, url => lossy.through(url))
  afterAll(closeAll)
  /** Connected: what is lost is of the batch, not of the connection's beginning. */
  const open = async () => {
    const { store, lane } = await opened()
    await lane.commit({})
    return { store, lane }
  }
  const written = async (row: { id: string }) => (await query(`select 1 from "${schema}".run_open where id = $1`, [row.id])).length === 1

  test('the batch never reached the database: out, and it never comes in', async () => {
    const { store, lane } = await open()
    const batch = lane.batch({ born: [bornRow()] })
    lossy.lose('questions')
    expect(await store.commit(batch)).toEqual({ is: 'unknown' })
    expect(await store.settle(batch, 'settling')).toBe('out')
    expect(await store.commit(batch)).toEqual({ is: 'fenced' })
    lane.follow({ ...batch, id: 'settling' })
    expect(await lane.commit(batch.writes)).toEqual({ is: 'committed' })
  })

  test('only the answer was lost: in', async () => {
    const { store, lane } = await open()
    const row = bornRow()
    const batch = lane.batch({ born: [row] })
    lossy.lose('answers')
    expect(await store.commit(batch)).toEqual({ is: 'unknown' })
    expect(await store.settle(batch, 'settling')).toBe('in')
    expect(await written(row)).toBe(true)
    lane.follow(batch)
    expect(await lane.commit({})).toEqual({ is: 'committed' })
  })

  test("a settling's own answer is lost: it is repeated", async () => {
    const { store, lane } = await open()
    const batch = lane.batch({})
    lossy.lose('answers')
    expect(await store.settle(batch, 'settling')).toBe('unknown')
    expect(await store.settle(batch, 'settling')).toBe('out')
  })

  test('a batch that lands after its connection died is waited for: in, where a read would have said out', async () => {
    const { store, lane } = await open()
    const [row, born] = [bornRow(), bornRow()]
    await lane.commit({ born: [row] })
    const batch = lane.batch({ touched: [touchedRow(row)], born: [born] })
    const settled = await holding(`select 1 from run_open where id = '${row.id}' for update`, async letGo => {
      const answer = store.commit(batch)
      await waiting(schema)
      lossy.cut()
      expect(await answer).toEqual({ is: 'unknown' })
      expect(await written(born)).toBe(false)
      const settled = store.settle(batch, 'settling')
      await waiting(schema, 2)
      await letGo()
      return settled
    })
    expect(settled).toBe('in')
    expect(await written(born)).toBe(true)
  })

  test('an answer that does not come is given up, and waited for by the settling: in', async () => {
    const { store, lane } = await open()
    const row = bornRow()
    await lane.commit({ born: [row] })
    const batch = lane.batch({ touched: [touchedRow(row)] })
    const settled = await holding(`select 1 from run_open where id = '${row.id}' for update`, async letGo => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const answer = store.commit(batch).finally(() => vi.useRealTimers())
      await waiting(schema)
      vi.advanceTimersByTime(30_000)
      expect(await answer).toEqual({ is: 'unknown' })
      const settled = store.settle(batch, 'settling')
      await waiting(schema, 2)
      await letGo()
      return settled
    })
    expect(settled).toBe('in')
  })

  test("the server's process is ended in the middle: out", async () => {
    const { store, lane } = await open()
    const row = bornRow()
    await lane.commit({ born: [row] })
    const batch = lane.batch({ touched: [touchedRow(row)] })
    await holding(`select 1 from run_open where id = '${row.id}' for update`, async letGo => {
      const answer = store.commit(batch)
      await waiting(schema)
      await query(
        'select pg_terminate_backend(l.pid) from pg_locks l join pg_stat_activity a on a.pid = l.pid where not l.granted and a.application_name = $1',
        [schema],
      )
      expect(await answer).toEqual({ is: 'unknown' })
      await letGo()
    })
    expect(await store.settle(batch, 'settling')).toBe('out')
  })
})

describe('data that PostgreSQL cannot hold (E14)', () => {
  const { open, closeAll } = stores()
  afterAll(closeAll)

  test('NUL is kept in whatever people and programs write', async () => {
    const { store, lane } = await open()
    const row = bornRow({ input: 'a\0b', body: '\0', tags: { 'a\0': '\0' } })
    const log = { run: row.id, attempt: 1, delivery: 'd', n: 0, at: 1, level: 'info' as const, message: 'm\0', fields: '\0' }
    const segment = { run: row.id, first: 0, events: '\0' }
    expect(await lane.commit({ born: [row], logs: [log], segments: [segment] })).toEqual({ is: 'committed' })
    expect(await store.read.runs({ namespace: NAMESPACE, tags: { 'a\0': '\0' } }, { after: null, limit: 9 })).toEqual({ rows: [row], next: null })
    expect((await store.read.logs(row.id, { after: null, limit: 9 })).rows).toEqual([log])
    expect(await store.read.segments(row.id)).toEqual([segment])
  })

  test.each<[string, Partial<Batch['writes']>]>([
    ['NUL in a name', { born: [bornRow({ name: 'a\0' })] }],
    ['half of a surrogate pair', { born: [bornRow({ body: '\ud800' })] }],
    ['a time that is no number', { born: [bornRow({ createdAt: Number.NaN })] }],
    ['a time that is no whole number', { born: [bornRow({ wakeAt: 1.5 })] }],
    ['a sort key that is no number', { born: [bornRow({ gate: 1, sort: Number.NaN })] }],
    ['a key longer than an index holds', { keys: [keyRow({ key: Array.from({ length: 20_000 }, () => id()[25]).join('') })] }],
  ])('%s is refused, and the lane goes on', async (_, writes) => {
    const { lane } = await open()
    expect(await lane.commit(writes)).toMatchObject({ is: 'refused', resend: false, why: expect.stringMatching(/\w/) })
    expect(await lane.commit({ born: [bornRow()] })).toEqual({ is: 'committed' })
  })

  test('who asks for a name with NUL finds nothing', async () => {
    const { store } = await open()
    expect(await store.read.run('a\0', 'b\0')).toBeNull()
    expect((await store.read.runs({ namespace: NAMESPACE, names: ['\0'] }, { after: null, limit: 9 })).rows).toEqual([])
  })

  test('why a batch is refused says how many of which rows', async () => {
    const { lane } = await open()
    const row = bornRow()
    await lane.commit({ born: [row] })
    expect(await lane.commit({ touched: [row, bornRow(), bornRow()].map(row => touchedRow(row)) })).toEqual({
      is: 'refused',
      resend: false,
      why: '1 of 3 runs that are touched are open',
    })
  })
})

test('a renewal waits for no commits, however many there are', async () => {
  const { schema, open, closeAll, holding } = stores()
  const { store, lane } = await open()
  const row = bornRow()
  await lane.commit({ born: [row] })
  await holding(`select 1 from run_open where id = '${row.id}' for update`, async letGo => {
    const commits = [...Array(8).keys()].map(async () => (await openLane(store)).commit({ touched: [touchedRow(row)] }))
    await waiting(schema, 5)
    expect(await store.renew(lane.claim, 0)).toBe(0)
    await letGo()
    expect(await Promise.all(commits)).toEqual(Array(8).fill({ is: 'committed' }))
  })
  await closeAll()
})

test('a lock that is not got in time refuses the batch, which may go again', async () => {
  const { open, closeAll, holding } = stores({ lock_timeout: '50ms' })
  const { lane } = await open()
  const row = bornRow()
  await lane.commit({ born: [row] })
  await holding(`select 1 from run_open where id = '${row.id}' for update`, async letGo => {
    expect(await lane.commit({ touched: [touchedRow(row)] })).toMatchObject({ is: 'refused', resend: true })
    await letGo()
  })
  expect(await lane.commit({ touched: [touchedRow(row)] })).toEqual({ is: 'committed' })
  await closeAll()
})

test('where commits are not waited for by default, those of a batch are (E6)', async () => {
  const { schema, open, closeAll } = stores({ synchronous_commit: 'off' })
  const { lane } = await open()
  await query(`create table "${schema}".seen(setting text);
    create function "${schema}".see() returns trigger language plpgsql as
      $$ begin insert into "${schema}".seen values (current_setting('synchronous_commit')); return new; end $$;
    create trigger see after insert on "${schema}".run_open for each row execute function "${schema}".see()`)
  await lane.commit({ born: [bornRow()] })
  expect(await query(`select setting from "${schema}".seen`)).toEqual([{ setting: 'on' }])
  await closeAll()
})

test('after a fail-over no claim of before stands, and all shards are free (E2)', async () => {
  const { schema, open, closeAll } = stores()
  const { store, lane } = await open()
  const other = await openLane(store)
  await query(`update "${schema}".lane_claim set incarnation = '000000FF' where lane = '${lane.claim.lane}'`)
  expect(await lane.commit({ born: [bornRow()] })).toEqual({ is: 'fenced' })
  expect(await store.renew(lane.claim, 0)).toBeNull()
  await expect(store.loadActors(lane.claim, [])).rejects.toThrow(StoreFenced)
  const checked = other.batch({}, [lane.claim.claim])
  expect(await store.commit(checked)).toEqual({ is: 'unchecked', claims: [lane.claim.claim] })
  expect((await store.lanes()).map(({ lane }) => lane)).toEqual([other.claim.lane])
  await expect(store.claim(lane.request)).rejects.toThrow(StoreFenced)
  expect((await openLane(store)).claim.shards).toHaveLength(SHARDS)
  await closeAll()
})

test('a pooler that loses prepared statements is noticed, and goes on without', async () => {
  const { schema, open, closeAll } = stores()
  await open()
  await closeAll()
  await emptied(schema)
  const database = new Database(TEST_URL, schema)
  const claim = await claimsOf(database).claim({
    ...{ lane: id(), claim: id(), node: id(), nodeName: 'test', address: null },
    ...{ wanted: [], dead: [] },
  })
  const commits = commitsOf(database)
  const row = bornRow()
  const batch = { ...claim, id: id(), checks: [], writes: { ...noWrites(), born: [row] } }
  await database.decide('free', { statement: statement('deallocate all'), parameters: [] })
  expect(await commits.commit(batch)).toEqual({ is: 'committed' })
  expect(await commits.commit({ ...batch, id: id(), sequence: 1, lastBatch: batch.id, writes: { ...batch.writes, born: [bornRow()] } })).toEqual({
    is: 'committed',
  })
  expect(await query(`select count(*)::int as count from "${schema}".run_open`)).toEqual([{ count: 2 }])
  await database.close()
})
