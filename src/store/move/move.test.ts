import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newId } from '../../core/ids.ts'
import { bornRow, closingRow, keyRow, type Lane, logRow, openLane, pages, rateRow } from '../conformance/fixtures.ts'
import { openPostgresStore } from '../postgres/store.ts'
import { freshSchema, query } from '../postgres/testing.ts'
import { openSource } from '../sqlite/source.ts'
import { openSqliteStore } from '../sqlite/store.ts'
import { temporaryFolder } from '../sqlite/testing.ts'
import { ALL_SHARDS, type Batch, type LedgerRow, type Store, type Writes } from '../store.ts'
import { type Moved, MoveInterrupted, move } from './move.ts'
import { standingByForMoves, standingOf } from './standing.ts'
import type { Progress } from './tables.ts'

const folder = temporaryFolder()
const id = () => newId(Date.now(), Math.random)
let files = 0

describe('all of a source is in its target', () => {
  test('every row of every table, as the ports read them', async () => {
    const { file, runs } = await filled()
    const before = await onSource(file, store => everything(store, runs))
    const url = freshSchema()
    const { tables, resumed } = await moved(file, url)
    expect(resumed).toBe(false)
    expect(Object.fromEntries(Object.entries(tables).map(([table, { rows }]) => [table, rows]))).toEqual({
      definitions: 3,
      settings: 2,
      open: 5,
      closed: 2_503,
      keys: 4,
      segments: 3,
      logs: 2_203,
      ledger: 3,
      rates: 2,
      holds: 1,
      mail: 2,
    })
    const after = await onTarget(url, store => everything(store, runs))
    const { settings, ...rest } = after
    expect(settings.filter(({ kind }) => kind !== 'move')).toEqual(before.settings)
    expect({ ...rest, settings: before.settings }).toEqual(before)
    expect(before.actors).toHaveLength(runs.length)
  })

  test('large inputs go in pages of their own, and nothing is lost between them', async () => {
    const file = await source(lane =>
      lane.commit({ born: Array.from({ length: 12 }, (_, n) => bornRow({ input: `"${`${n % 10}`.repeat(1_000_000)}"` })) }),
    )
    const told: Progress[] = []
    const { tables } = await moved(file, freshSchema(), { progress: progress => told.push(progress) })
    expect(tables.open.rows).toBe(12)
    expect(told.filter(({ doing, table }) => doing === 'copying' && table === 'open').map(({ rows }) => rows)).toEqual([0, 5, 10, 12])
  })
})

describe('a move that ends at any batch', () => {
  // The second each time, which makes one batch of progress; or the first, once it is in.
  test.each([
    ['before it is in', 1],
    ['after it is in', 0],
  ])('goes on where it was: %s', { timeout: 60_000 }, async (when, crashAt) => {
    const { file, runs } = await filled()
    const before = await onSource(file, store => everything(store, runs))
    const url = freshSchema()
    let crashes = 0
    for (let result: Moved | null = null; result === null; ) {
      const store = await openPostgresStore({ url })
      let batches = 0
      const crashing: Store = {
        ...store,
        async commit(batch: Batch) {
          if (batches++ === crashAt) {
            if (when === 'after it is in') await store.commit(batch)
            throw new Error('crash')
          }
          return store.commit(batch)
        },
      }
      result = await moveInto(file, crashing).catch((error: Error) => {
        expect(error.message).toBe('crash')
        crashes++
        return null
      })
      await store.close()
    }
    expect(crashes).toBeGreaterThan(12)
    const { settings: _, ...rest } = await onTarget(url, store => everything(store, runs))
    const { settings: __, ...expected } = before
    expect(rest).toEqual(expected)
  })

  test('and is asked to stop is told so, and its target is finished by the next', async () => {
    const { file } = await filled()
    const url = freshSchema()
    const stop = new AbortController()
    const progress = ({ table }: Progress) => void (table === 'closed' && stop.abort())
    await expect(moved(file, url, { progress, signal: stop.signal })).rejects.toThrow(MoveInterrupted)
    await expect(onSource(file, async () => {})).rejects.toThrow(
      /is being moved to there, since .*Finish it: mainspring move --from .*give it up.*move --undo/,
    )
    expect(await moved(file, url)).toMatchObject({ resumed: true, tables: { closed: { rows: 2_503 } } })
    expect(await moved(file, url), 'again').toMatchObject({ resumed: true, tables: { closed: { rows: 2_503 } } })
  })
})

test('the source is locked for good once it is moved, until somebody wants it back on purpose', async () => {
  const { file } = await filled()
  await moved(file, freshSchema())
  await expect(onSource(file, async () => {})).rejects.toThrow(/was moved to there on \d{4}-.*mainspring server --database.*move --undo --from/)
  await expect(moved(file, freshSchema()), 'elsewhere').rejects.toThrow(/was moved to there already/)
  const source = openSource(file, 'undo')
  source.setMark(null)
  source.close()
  expect(await onSource(file, async store => (await store.read.definitions()).length)).toBe(3)
})

describe('nodes of the target', () => {
  test('stand by while it is not whole, also when nobody goes on with the move', async () => {
    const { file } = await filled()
    const url = freshSchema()
    const stop = new AbortController()
    await onTarget(url, store =>
      moveInto(file, { ...store, release: async () => {} }, { progress: () => stop.abort(), signal: stop.signal }).catch(() => {}),
    )
    await onTarget(url, async store => {
      const node = standingByForMoves(store)
      const [mover] = await store.lanes()
      expect((await openLane(node, mover && [mover])).claim.shards).toEqual([])
      const standby = { lane: id(), claim: id(), node: id(), nodeName: 'standby', address: null, wanted: [], dead: mover ? [mover] : [] }
      await node.claim(standby)
      expect((await store.lanes()).filter(({ shards }) => shards.length > 0)).toEqual([mover])
      await moved(file, url)
      expect((await openLane(node)).claim.shards).toEqual(ALL_SHARDS)
    })
  })

  test('are not pushed aside: one that serves is named', async () => {
    const { file } = await filled()
    const url = freshSchema()
    await onTarget(url, async store => {
      const { claim } = await openLane(store)
      const renewing = setInterval(() => void store.renew(claim, 0), 100)
      await expect(moved(file, url)).rejects.toThrow('"test" is at work on the target: stop it first')
      clearInterval(renewing)
    })
    // nobody renews it any more
    expect(await moved(file, url)).toMatchObject({ resumed: false })
  })
})

describe('a target that is not for it is refused, and left as it is', () => {
  test.each<[string, Partial<Writes>]>([
    ['definitions', { definitions: [{ namespace: 'n', name: 'a', version: '1', kind: 'job', options: '{}', schema: null, registeredAt: 1 }] }],
    ['settings', { settings: [{ namespace: 'n', kind: 'pause', name: 'a', value: '{}', changedAt: 1 }] }],
    ['open runs', { born: [bornRow({ kind: 'schedule', namespace: 'elsewhere', wakeAt: 1 })] }],
    ['open runs', { born: [bornRow()] }],
    ['closed runs', { closed: [closingRow(bornRow(), bornRow())] }],
    ['schedules', { born: [bornRow({ kind: 'schedule' })] }],
  ])('it has %s', async (what, writes) => {
    const { file } = await filled()
    const url = freshSchema()
    await onTarget(url, async store => {
      const lane = await openLane(store)
      expect(await lane.commit(writes)).toEqual({ is: 'committed' })
      await store.release(lane.claim)
    })
    await expect(moved(file, url)).rejects.toThrow(`The target is not empty: it has ${what}. `)
    expect(await onSource(file, async () => 'opens')).toBe('opens')
    expect(await onTarget(url, standingOf)).toBeNull()
  })

  test('it has a part of another source, or all of it', async () => {
    const [one, other] = [await filled(), await filled()]
    const url = freshSchema()
    const stop = new AbortController()
    await moved(one.file, url, { progress: () => stop.abort(), signal: stop.signal }).catch(() => {})
    await expect(moved(other.file, url)).rejects.toThrow(/holds a part of .*\.db on .*not finished or was given up/)
    await moved(one.file, url)
    await expect(moved(other.file, url)).rejects.toThrow(/holds what was moved there from .*\.db on /)
  })
})

describe('what differs is found, and the source stays what it is', () => {
  test.each([
    ['open', 'update run_open set wake_at = wake_at + 1 where wake_at is not null'],
    ['closed', `update run_closed set output = '7' where id = (select max(id) from run_closed)`],
    ['keys', `delete from run_key where scope = 'unique'`],
    ['logs', `update run_log set message = message || ' ' where n = 2000`],
    ['logs', `insert into run_log select run, delivery || 'x', n, at, attempt, level, message, fields from run_log limit 1`],
    ['segments', 'delete from run_segment where first = 10'],
    ['ledger', 'update ledger set count = count + 1 where n = 2'],
    ['rates', 'delete from rate'],
    ['definitions', 'update definition set registered_at = registered_at + 1'],
  ])('of %s: %s', async (table, change) => {
    const { file } = await filled()
    const url = freshSchema()
    const schema = new URL(url).searchParams.get('schema')
    let changed: Promise<unknown> | null = null
    const progress = ({ doing }: Progress) => {
      if (doing === 'comparing') changed ??= query(`set search_path to "${schema}"; ${change}`)
    }
    await onTarget(url, async store => {
      // The first thing that is compared waits for it.
      const read: Store['read'] = { ...store.read, definitions: () => Promise.resolve(changed).then(store.read.definitions) }
      await expect(moveInto(file, { ...store, read }, { progress })).rejects.toThrow(new RegExp(`^A row of ${table} is (not|another) in the target`))
    })
    await expect(onSource(file, async () => {})).rejects.toThrow(/is being moved/)
  })

  test("and so is what is no row of the source's", async () => {
    const { file } = await filled()
    await onTarget(freshSchema(), async store => {
      let comparing = false
      const more = { namespace: 'default', queue: 'q', name: 'more', state: 'queued', count: 1 } as const
      const loadCounts: Store['loadCounts'] = async claim => [...(await store.loadCounts(claim)), ...(comparing ? [more] : [])]
      const progress = ({ doing }: Progress) => {
        comparing = doing === 'comparing'
      }
      await expect(moveInto(file, { ...store, loadCounts }, { progress })).rejects.toThrow('The target has 5 open runs, the source 4.')
    })
  })
})

describe('a source that is none is refused', () => {
  test('it is missing, and none is made', () => expect(() => openSource(join(folder, 'none.db'), 'move')).toThrow('There is no database'))

  test('somebody is at work on it, and is named', async () => {
    const { file } = await filled()
    await onSource(file, async () => expect(() => openSource(file, 'move')).toThrow(/in use by node "the server" \(process \d+/))
  })
})

let template: ReturnType<typeof fill> | null = null

/** A database of its own with something in every table. */
async function filled(): Promise<{ file: string; runs: string[] }> {
  template ??= fill()
  const { file, runs } = await template
  const copy = join(folder, `${++files}.db`)
  copyFileSync(file, copy)
  return { file: copy, runs }
}

/** Texts that are easily spoilt, and more rows than a page has. */
async function fill(): Promise<{ file: string; runs: string[] }> {
  const odd = { 'ключ "\u0000"': '😀\n', '1': 'one', '': '' }
  const waiting = bornRow({
    namespace: 'other',
    tags: odd,
    input: '{"at":{"$date":"2026-01-02T03:04:05.678Z"},"nul":"\u0000"}',
    wakeAt: 4_102_444_800_123,
    body: '["é\u0000"]',
  })
  const running = bornRow({
    state: 'running',
    delivered: true,
    startedAt: 5,
    gate: 9_007_199_254_740_991,
    sort: -60_000.5,
    createdAt: 1_764_000_000_123,
  })
  const schedule = bornRow({ kind: 'schedule', name: 'nightly', queue: '', wakeAt: 7 })
  const long = bornRow({ name: 'long', tags: { team: 'a' } })
  const parked = bornRow({ state: 'waiting', kind: 'batch', wakeAt: null })
  const closed = Array.from({ length: 2_500 }, (_, n) => bornRow({ input: `${n}`, tags: n % 2 === 0 ? { n: `${n}` } : null, createdAt: n }))
  const closedSchedule = bornRow({ kind: 'schedule', name: 'gone' })
  const never = bornRow({ namespace: 'third' })
  const line = (n: number): LedgerRow =>
    ({
      schedule: schedule.id,
      n,
      source: 'time',
      at: n * 10,
      until: n * 10 + 5,
      count: 2,
      account: n === 2 ? 'skipped' : 'fired',
      run: n === 2 ? null : id(),
      lateMs: n === 2 ? null : 4,
      why: n === 2 ? 'overlap' : null,
      note: n === 2 ? 'naïve\u0000' : null,
      accountedAt: n,
    }) as LedgerRow
  const file = await source(async lane => {
    for (const name of ['a', 'b'] as const)
      await lane.commit({
        definitions: [
          { namespace: 'default', name, version: '1', kind: 'job', options: '{"queue":"q"}', schema: name === 'a' ? '{}' : null, registeredAt: 3 },
        ],
      })
    await lane.commit({ definitions: [{ namespace: 'default', name: 'a', version: '0', kind: 'job', options: '{}', schema: null, registeredAt: 3 }] })
    await lane.commit({
      settings: [
        { namespace: 'default', kind: 'pause', name: 'queue:q', value: '{"by":"ü"}', changedAt: 11 },
        { namespace: '', kind: 'api-key', name: 'laptop', value: '"hash"', changedAt: 12 },
      ],
      born: [waiting, running, schedule, long, parked],
      keys: [
        keyRow({ run: waiting.id, key: '\u0000k' }),
        keyRow({ run: waiting.id, scope: 'unique', key: '{}', expiresAt: null }),
        keyRow({ run: running.id, scope: 'sequence', key: 's', inputHash: 'stopped', expiresAt: null }),
        keyRow({ run: long.id, scope: 'call', key: 'c', expiresAt: 4_102_444_800_123 }),
      ],
      segments: [
        { run: long.id, first: 0, events: '["ß"]' },
        { run: long.id, first: 10, events: '[]' },
        { run: running.id, first: 0, events: '[1]' },
      ],
      logs: [
        ...Array.from({ length: 2_200 }, (_, n) =>
          logRow({ run: running.id, delivery: n % 2 === 0 ? 'a' : 'b', n, at: 10_000 - n, message: `line ${n} \u0000`, fields: '{"k":1}' }),
        ),
        ...[0, 1].map(n => logRow({ run: long.id, n, level: 'error' })),
        logRow({ run: (closed[0] as { id: string }).id }),
      ],
      ledger: [1, 2, 3].map(line),
      rates: [rateRow(), rateRow({ key: 'k\u0000', spent: '[1,2]' })],
      holds: [{ id: id(), part: 7, namespace: 'default', limit: 'pool', key: 'ü', run: running.id, weight: 0.5, since: 9 }],
      mail: [
        { to: 3, from: 1, n: 1, id: id(), body: '{"b":"\u0000"}' },
        { to: 255, from: 0, n: 2, id: id(), body: '{}' },
      ],
      closed: [
        ...closed.map(row => closingRow(row, row, { output: row.input, purgeAt: 4_102_444_800_123 })),
        closingRow(closedSchedule, closedSchedule),
        closingRow(never, never, { state: 'cancelled', startedAt: null }),
      ],
    })
    await lane.commit({ born: [bornRow({ id: '0'.repeat(26), input: '0' })] })
    await lane.commit({ closed: [closingRow(bornRow({ id: '0'.repeat(26) }))] })
  })
  return { file, runs: [waiting, running, schedule, long, parked, ...closed, closedSchedule, never].map(row => row.id).concat('0'.repeat(26)) }
}

async function source(fill: (lane: Lane) => Promise<unknown>): Promise<string> {
  const file = join(folder, `${++files}.db`)
  await onSource(file, async store => {
    const lane = await openLane(store)
    const commit = lane.commit.bind(lane)
    lane.commit = async writes => {
      const answer = await commit(writes)
      expect(answer).toEqual({ is: 'committed' })
      return answer
    }
    await fill(lane)
  })
  return file
}

/** All that a port can be asked for. */
async function everything(store: Store, runs: string[]) {
  const { claim } = await openLane(store, await store.lanes())
  const sorted = <Row>(rows: readonly Row[]) => rows.map(row => JSON.stringify(row, Object.keys(row as object).sort())).sort()
  const keys = [
    { scope: 'key', key: '\u0000k' },
    { scope: 'unique', key: '{}' },
    { scope: 'sequence', key: 's' },
    { scope: 'call', key: 'c' },
  ] as const
  const [waiting, running, schedule, long] = runs as [string, string, string, string]
  const found = {
    actors: (await store.loadActors(claim, runs)).sort((a, b) => (a.id < b.id ? -1 : 1)),
    due: await store.loadDue(claim, Number.MAX_SAFE_INTEGER, { after: null, limit: 100 }),
    delivered: await store.loadDelivered(claim, { after: null, limit: 100 }),
    groups: await store.loadGroups(claim),
    keys: sorted(
      await store.findKeys(
        claim,
        keys.map(key => ({ namespace: 'default', definition: 'job', ...key })),
      ),
    ),
    rates: sorted(await store.loadRates(claim)),
    holds: await store.loadHolds(claim),
    mail: await store.loadMail(claim, { after: null, limit: 100 }),
    counts: sorted(await store.loadCounts(claim)),
    tagged: (await store.read.runs({ namespace: 'other', tags: { '1': 'one', 'ключ "\u0000"': '😀\n' } }, { after: null, limit: 9 })).rows.map(
      row => row.id,
    ),
    even: (await store.read.runs({ namespace: 'default', tags: { n: '2498' } }, { after: null, limit: 9 })).rows.map(row => row.id),
    list: (await pages(after => store.read.runs({ namespace: 'default' }, { after, limit: 1_000 }))).map(row => row.id),
    definitions: await store.read.definitions(),
    settings: (await store.read.settings()).sort((a, b) => (a.kind < b.kind ? -1 : 1)),
    segments: [...(await store.read.segments(long)), ...(await store.read.segments(running))],
    logs: await pages(after => store.read.logs(running, { after, limit: 1_000 })),
    ledger: await store.read.ledger(schedule, {}, { after: null, limit: 100 }),
    schedules: await store.read.schedules('default', { after: null, limit: 100 }),
    run: await store.read.run('other', waiting),
  }
  await store.release(claim)
  return found
}

async function onSource<T>(file: string, body: (store: Store) => Promise<T>): Promise<T> {
  return used(await openSqliteStore({ file, nodeName: 'the server' }), body)
}

async function onTarget<T>(url: string, body: (store: Store) => Promise<T>): Promise<T> {
  return used(await openPostgresStore({ url }), body)
}

async function used<T>(store: Store, body: (store: Store) => Promise<T>): Promise<T> {
  try {
    return await body(store)
  } finally {
    await store.close()
  }
}

interface Given {
  progress?: (told: Progress) => void
  signal?: AbortSignal
}

function moved(file: string, url: string, given: Given = {}): Promise<Moved> {
  return onTarget(url, store => moveInto(file, store, given))
}

async function moveInto(file: string, target: Store, { progress = () => {}, signal = new AbortController().signal }: Given = {}): Promise<Moved> {
  const source = openSource(file, 'move')
  try {
    return await move({ source, target, targetText: 'there', nodeName: 'move', progress, signal })
  } finally {
    source.close()
  }
}
