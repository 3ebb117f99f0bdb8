import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { streamCursorOf } from '../cursor.ts'
import type { HoldRow, MailRow, OpenRow, Store } from '../store.ts'
import {
  bornRow,
  byId,
  closedRow,
  closingRow,
  holdRow,
  keyRow,
  type Lane,
  logRow,
  mailRow,
  NAMESPACE,
  type Open,
  openLane,
  pages,
  rateRow,
  readyOf,
  streamRow,
  touchedRow,
} from './fixtures.ts'

/** What batches write, and what decisions rest on. */
export function rowsConform(open: Open): void {
  let store: Store
  let lane: Lane
  beforeEach(async () => {
    store = (await open()).store
    lane = await openLane(store)
  })
  afterEach(() => store.close())

  describe('rows', () => {
    test('a touch changes what of an open run changes, and nothing else', async () => {
      const row = bornRow({ tags: { team: 'a' }, input: '{"ü":"😀"}' })
      const touched = touchedRow(row, {
        queue: 'other',
        state: 'running',
        gate: null,
        sort: null,
        wakeAt: 5,
        delivered: true,
        startedAt: 4,
        body: '["\\u0000"]',
      })
      await lane.commit({ born: [row] })
      await lane.commit({ touched: [touched] })
      expect(await store.loadActors(lane.claim, [row.id])).toEqual([{ ...row, ...touched }])
    })

    test('a touch of the body alone leaves all else, beside others of its batch', async () => {
      const [one, other] = [bornRow({ gate: 3, sort: 1.5, input: '1' }), bornRow({ state: 'running', delivered: true, wakeAt: 5 })]
      await lane.commit({ born: [one, other] })
      const bodies = [touchedRow(one, { state: 'running', gate: null, sort: null }), touchedRow(other, { body: '["\\u0000"]', bodyAlone: true })]
      expect(await lane.commit({ touched: bodies })).toEqual({ is: 'committed' })
      const rows = await store.loadActors(lane.claim, [one.id, other.id])
      expect(rows.sort(byId)).toEqual(
        [
          { ...one, state: 'running', gate: null, sort: null },
          { ...other, body: '["\\u0000"]' },
        ].sort(byId),
      )
    })

    test('a move keeps the input and all that does not change', async () => {
      const row = bornRow({ tags: { team: 'a' }, input: '{"n":1}', startedAt: 3 })
      const closing = closingRow(row, null, { queue: 'other', startedAt: 4, output: '2' })
      await lane.commit({ born: [row] })
      await lane.commit({ closed: [closing] })
      expect(await store.loadActors(lane.claim, [row.id])).toEqual([closedRow(row, closing)])
      expect(await store.read.run(NAMESPACE, row.id)).toEqual(closedRow(row, closing))
    })

    test('a run that is born and closed in one batch was never open', async () => {
      const row = bornRow({ tags: { team: 'a' }, input: null, wakeAt: 1, delivered: true, gate: 1, sort: 1 })
      await lane.commit({ closed: [closingRow(row, row)] })
      expect(await store.loadActors(lane.claim, [row.id])).toEqual([closedRow(row, closingRow(row))])
      expect((await store.loadDue(lane.claim, 9, { after: null, limit: 9 })).rows).toEqual([])
      expect((await store.read.runs({ namespace: NAMESPACE, tags: { team: 'a' } }, { after: null, limit: 9 })).rows).toHaveLength(1)
    })

    test('an actor that is missing is left out; one that is asked for twice comes once', async () => {
      const row = bornRow()
      await lane.commit({ born: [row] })
      expect(await store.loadActors(lane.claim, ['nobody', row.id, row.id])).toEqual([row])
    })

    test('what callers do to their rows afterwards does not change what is stored', async () => {
      const row = bornRow({ tags: { team: 'a' } })
      const before = structuredClone(row)
      await lane.commit({ born: [row] })
      row.body = 'changed'
      ;(row.tags as Record<string, string>).team = 'changed'
      const [loaded] = (await store.loadActors(lane.claim, [row.id])) as [OpenRow]
      loaded.body = 'changed'
      expect(await store.loadActors(lane.claim, [row.id])).toEqual([before])
    })

    test('rows of many batches and of one large batch are all there', async () => {
      const rows = Array.from({ length: 1_000 }, (_, index) => bornRow({ body: 'x'.repeat(index), tags: index % 3 ? null : { n: `${index}` } }))
      await lane.commit({ born: rows })
      await lane.commit({ touched: rows.map(row => touchedRow(row, { body: `${row.body}!` })) })
      await lane.commit({ closed: rows.slice(0, 500).map(row => closingRow(row)) })
      const loaded = await store.loadActors(
        lane.claim,
        rows.map(row => row.id),
      )
      expect(loaded.filter(row => 'closedAt' in row)).toHaveLength(500)
      expect(new Map(loaded.map(row => [row.id, row.body]))).toEqual(
        new Map(rows.map((row, index) => [row.id, index < 500 ? closingRow(row).body : `${row.body}!`])),
      )
    })

    test('a payload of a megabyte is kept as it is', async () => {
      const row = bornRow({ input: JSON.stringify('é'.repeat(512 * 1024)) })
      await lane.commit({ born: [row] })
      expect(await store.loadActors(lane.claim, [row.id])).toEqual([row])
    })
  })

  describe('decision pages never repeat or miss', () => {
    test('due, by (wakeAt, id) across ties, at any number at a time', async () => {
      const rows = [1, 2, 2, 2, 3, 3, -4, 9, null].map(wakeAt => bornRow({ wakeAt }))
      await lane.commit({ born: rows })
      const expected = rows
        .filter(row => row.wakeAt !== null && row.wakeAt <= 3)
        .map(({ id, wakeAt }) => ({ id, wakeAt: wakeAt as number }))
        .sort((a, b) => a.wakeAt - b.wakeAt || (a.id < b.id ? -1 : 1))
      for (const limit of [1, 2, 3]) expect(await pages(after => store.loadDue(lane.claim, 3, { after, limit }))).toEqual(expected)
    })

    test('delivered, by id, at any number at a time', async () => {
      const rows = Array.from({ length: 7 }, (_, index) => bornRow({ delivered: index !== 3 }))
      await lane.commit({ born: rows })
      const expected = rows.filter(row => row.delivered).sort(byId)
      for (const limit of [1, 2, 3]) expect(await pages(after => store.loadDelivered(lane.claim, { after, limit }))).toEqual(expected)
    })

    test('ready of a group, by (sort, id) across ties, at any number at a time', async () => {
      const rows = [5, 1, 1, 1.5, 3, 3, -2].map(sort => bornRow({ gate: 2 ** 53 - 1, sort }))
      await lane.commit({ born: [...rows, bornRow({ gate: 7, sort: 2 })] })
      const expected = [...rows].sort((a, b) => (a.sort as number) - (b.sort as number) || byId(a, b))
      for (const limit of [1, 2, 3]) expect(await readyOf(store, lane.claim, 2 ** 53 - 1, limit)).toEqual(expected)
    })

    test('ready of many groups at once: answers in the order of the requests, each with its own cursor and limit', async () => {
      const [a, b, c] = [1, 2, 3].map(sort => bornRow({ gate: 1, sort })) as [OpenRow, OpenRow, OpenRow]
      const [d, e] = [1, 2].map(sort => bornRow({ gate: 2, sort, input: '"é"', tags: { a: '1' } })) as [OpenRow, OpenRow]
      await lane.commit({ born: [e, d, c, b, a] })
      const ask = (...requests: [group: number, after: string | null, limit: number][]) =>
        store.pageReady(
          lane.claim,
          requests.map(([group, after, limit]) => ({ group, after, limit })),
        )
      const none = { rows: [], next: null }
      const [first, ...others] = await ask([1, null, 1], [2, null, 9], [8, null, 9], [1, null, 2])
      expect(first?.rows).toEqual([a])
      expect(others).toEqual([{ rows: [d, e], next: null }, none, { rows: [a, b], next: expect.any(String) }])
      expect(await ask([1, others[2]?.next ?? null, 2], [1, first?.next ?? null, 9], [8, null, 1])).toEqual([
        { rows: [c], next: null },
        { rows: [b, c], next: null },
        none,
      ])
      expect(await ask()).toEqual([])
    })

    test('what lies before the cursor is not read again, what comes after it is', async () => {
      await lane.commit({ born: [1, 2, 3].map(sort => bornRow({ gate: 1, sort })) })
      const [first] = await store.pageReady(lane.claim, [{ group: 1, after: null, limit: 2 }])
      const [before, after] = [bornRow({ gate: 1, sort: 1 }), bornRow({ gate: 1, sort: 2.5 })]
      await lane.commit({ born: [before, after] })
      const [second] = await store.pageReady(lane.claim, [{ group: 1, after: first?.next ?? null, limit: 9 }])
      expect(second?.rows.map(row => row.sort)).toEqual([2.5, 3])
    })

    test('every group that has ready tasks, with the smallest sort key in it', async () => {
      const [leaving, staying] = [bornRow({ gate: 3, sort: 1 }), bornRow({ gate: 1, sort: 8 })]
      await lane.commit({ born: [leaving, staying, bornRow({ gate: 1, sort: 9 }), bornRow({ gate: 2 ** 53 - 1, sort: -1 }), bornRow()] })
      await lane.commit({ touched: [touchedRow(leaving, { gate: null, sort: null })] })
      const heads = await store.loadGroups(lane.claim)
      expect(heads.sort((a, b) => a.group - b.group)).toEqual([
        { group: 1, sort: 8 },
        { group: 2 ** 53 - 1, sort: -1 },
      ])
    })

    test('runs that close leave all of them', async () => {
      const row = bornRow({ gate: 1, sort: 1, wakeAt: 1, delivered: true })
      await lane.commit({ born: [row] })
      await lane.commit({ closed: [closingRow(row)] })
      expect(await store.loadGroups(lane.claim)).toEqual([])
      expect((await store.loadDue(lane.claim, 9, { after: null, limit: 9 })).rows).toEqual([])
      expect((await store.loadDelivered(lane.claim, { after: null, limit: 9 })).rows).toEqual([])
    })
  })

  describe('the last id', () => {
    const last = () => store.lastId(lane.claim)
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(first => `7${first}`.padEnd(26, '0')) as [string, string, string, string]

    test('is the greatest of open and closed actors, and of what calls left behind', async () => {
      expect(await last()).toBe(null)
      const [row, later] = [bornRow({ id: b }), bornRow({ id: c, namespace: 'other' })]
      await lane.commit({ born: [row] })
      expect(await last()).toBe(b)
      await lane.commit({ born: [later], keys: [keyRow({ scope: 'key', key: d }), keyRow({ scope: 'unique', key: d, namespace: 'other' })] })
      expect(await last()).toBe(c)
      await lane.commit({ closed: [closingRow(later)] })
      expect(await last()).toBe(c)
      await lane.commit({ purge: [c] })
      expect(await last()).toBe(b)
      const called = ['other', 'default', 'third'].map((namespace, index) =>
        keyRow({ scope: 'call', definition: '', key: [d, a, c][index] as string, namespace }),
      )
      await lane.commit({ keys: called })
      expect(await last()).toBe(d)
      await lane.commit({ keyDrops: called })
      expect(await last()).toBe(b)
    })
  })

  describe('keys', () => {
    test('are found by all of their name, replaced, and dropped; what is missing is free', async () => {
      const row = keyRow({ key: 'a\0b', expiresAt: 5 })
      const others = [keyRow({ key: 'a' }), keyRow({ key: 'a\0b', scope: 'unique', expiresAt: null }), keyRow({ key: 'a\0b', definition: 'other' })]
      await lane.commit({ keys: [row, ...others] })
      expect(await store.findKeys(lane.claim, [row, row, keyRow({ key: 'free' })])).toEqual([row])
      const taken = { ...row, run: 'another', inputHash: 'h2' }
      await lane.commit({ keys: [taken] })
      expect(await store.findKeys(lane.claim, [row])).toEqual([taken])
      await lane.commit({ keyDrops: [row, keyRow({ key: 'free' })] })
      expect(await store.findKeys(lane.claim, [row, ...others])).toEqual(others)
    })

    test('a key that is dropped and taken in one batch is taken', async () => {
      await lane.commit({ keys: [keyRow({ run: 'before' })] })
      await lane.commit({ keyDrops: [keyRow({})], keys: [keyRow({ run: 'after' })] })
      expect(await store.findKeys(lane.claim, [keyRow({})])).toEqual([keyRow({ run: 'after' })])
    })
  })

  describe('rates (E18)', () => {
    const spent = async () => (await store.loadRates(lane.claim)).map(row => `${row.namespace} ${row.limit} ${row.key} ${row.spent}`).sort()

    test('are upserted by namespace, limit and key', async () => {
      const rows = [rateRow(), rateRow({ key: 'é\0' }), rateRow({ limit: 'other' }), rateRow({ namespace: 'n' })]
      await lane.commit({ rates: rows })
      expect(await store.loadRates(lane.claim)).toHaveLength(4)
      expect(await store.loadRates(lane.claim)).toEqual(expect.arrayContaining(rows))
      await lane.commit({ rates: [rateRow({ spent: '{"until":7}' })] })
      expect(await store.loadRates(lane.claim)).toEqual(expect.arrayContaining([rateRow({ spent: '{"until":7}' }), ...rows.slice(1)]))
      expect(await store.loadRates(lane.claim)).toHaveLength(4)
    })

    test('null removes, also what is not there', async () => {
      await lane.commit({ rates: [rateRow({ key: 'a' }), rateRow({ key: 'b' })] })
      await lane.commit({ rates: [rateRow({ key: 'a', spent: null }), rateRow({ key: 'absent', spent: null })] })
      expect(await spent()).toEqual(['default api b {}'])
    })

    test('of one rate that is written twice in a batch the later stands', async () => {
      const twice = (first: string | null, second: string | null) => [rateRow({ spent: first }), rateRow({ spent: second })]
      await lane.commit({ rates: twice('1', '2') })
      expect(await spent()).toEqual(['default api  2'])
      await lane.commit({ rates: twice(null, '3') })
      expect(await spent()).toEqual(['default api  3'])
      await lane.commit({ rates: twice('4', null) })
      expect(await spent()).toEqual([])
    })

    test('are as they were when the batch is refused', async () => {
      await lane.commit({ rates: [rateRow({ spent: '1' })] })
      expect(await lane.commit({ touched: [touchedRow(bornRow())], rates: [rateRow({ spent: '2' })] })).toMatchObject({ is: 'refused' })
      expect(await spent()).toEqual(['default api  1'])
    })
  })

  describe('holds (E17)', () => {
    test('are kept as they are, and dropped by id; a drop of none does nothing', async () => {
      const rows = [holdRow({ key: 'é\0', weight: 2.5 }), holdRow({ part: 255, since: 0 })]
      await lane.commit({ holds: rows })
      expect((await store.loadHolds(lane.claim)).sort(byId)).toEqual([...rows].sort(byId))
      await lane.commit({ holdDrops: [(rows[0] as HoldRow).id, 'nobody'] })
      expect(await store.loadHolds(lane.claim)).toEqual([rows[1]])
    })

    test('a hold that comes and goes in one batch is gone', async () => {
      const row = holdRow()
      expect(await lane.commit({ holds: [row], holdDrops: [row.id] })).toEqual({ is: 'committed' })
      expect(await store.loadHolds(lane.claim)).toEqual([])
    })
  })

  describe('mail (E7)', () => {
    test('by (from, n) whoever it is to, at any number at a time', async () => {
      const rows = [
        mailRow({ from: 1, n: 10, to: 7 }),
        mailRow({ from: 10, n: 2, to: 0 }),
        mailRow({ from: 1, n: 9, to: 255, body: '"é\u0000"' }),
        mailRow({ from: 0, n: 11, to: 7 }),
      ] as const
      await lane.commit({ mail: [...rows] })
      const expected = [rows[3], rows[2], rows[0], rows[1]]
      for (const limit of [1, 2, 9]) expect(await pages(after => store.loadMail(lane.claim, { after, limit }))).toEqual(expected)
    })

    test('what is taken is gone; the greatest number is of what still lies there', async () => {
      const rows = [3, 4].map(n => mailRow({ from: 5, n }))
      await lane.commit({ mail: rows })
      expect(await store.lastMail(lane.claim)).toBe(4)
      expect(await lane.commit({ mailTaken: [rows[1] as MailRow] })).toEqual({ is: 'committed' })
      expect((await store.loadMail(lane.claim, { after: null, limit: 9 })).rows).toEqual([rows[0]])
      expect(await store.lastMail(lane.claim)).toBe(3)
      await lane.commit({ mailTaken: [rows[0] as MailRow] })
      expect(await store.lastMail(lane.claim)).toBe(0)
    })
  })

  describe('retention', () => {
    test('what is expired: closed runs by purgeAt, keys by expiresAt unless their run is open', async () => {
      const [open, early, late] = [bornRow(), bornRow(), bornRow()]
      await lane.commit({ born: [open, early, late] })
      await lane.commit({ closed: [closingRow(early, null, { purgeAt: 10 }), closingRow(late, null, { purgeAt: 11 })] })
      await lane.commit({
        keys: [
          keyRow({ key: 'of an open run', run: open.id, expiresAt: 1 }),
          keyRow({ key: 'of a closed run', run: late.id, expiresAt: 10 }),
          keyRow({ key: 'of a purged run', run: 'gone', expiresAt: 9 }),
          keyRow({ key: 'later', run: 'gone', expiresAt: 11 }),
          keyRow({ key: 'never', run: 'gone', expiresAt: null }),
        ],
      })
      const { runs, keys } = await store.loadExpired(lane.claim, 10, 100)
      expect(runs).toEqual([{ id: early.id, namespace: early.namespace, createdAt: early.createdAt }])
      expect(keys.map(({ key }) => key)).toEqual(['of a purged run', 'of a closed run'])
      expect(keys[0]).toEqual({ namespace: NAMESPACE, scope: 'key', definition: 'job', key: 'of a purged run' })
      const limited = await store.loadExpired(lane.claim, 11, 1)
      expect([limited.runs.length, limited.keys.length]).toEqual([1, 1])
    })

    test('what is expired is counted by namespace, definition and day of the close, of those alone that go first', async () => {
      const day = 86_400_000
      const runs = [bornRow({ name: 'a' }), bornRow({ name: 'a' }), bornRow({ name: 'b', namespace: 'other' }), bornRow({ name: 'a' }), bornRow()]
      await lane.commit({ born: runs })
      const ends: [closedAt: number, purgeAt: number][] = [
        [day, 10],
        [2 * day - 1, 11],
        [day + 1, 12],
        [2 * day, 13],
        [day, 14],
      ]
      await lane.commit({
        closed: runs.map((row, index) => closingRow(row, null, { closedAt: ends[index]?.[0] as number, purgeAt: ends[index]?.[1] as number })),
      })
      const first = { namespace: NAMESPACE, kind: 'job', name: 'a', day, count: 2 }
      const other = { namespace: 'other', kind: 'job', name: 'b', day, count: 1 }
      const next = { ...first, day: 2 * day, count: 1 }
      const byName = (a: { name: string; day: number }, b: { name: string; day: number }) =>
        a.name < b.name ? -1 : a.name > b.name ? 1 : a.day - b.day
      expect((await store.read.expired(13, 9)).sort(byName)).toEqual([first, next, other])
      expect((await store.read.expired(13, 3)).sort(byName)).toEqual([first, other])
      expect(await store.read.expired(9, 9)).toEqual([])
    })

    test('a purge takes closed runs with their tags, segments, logs and streams, and never an open one', async () => {
      const [open, closed] = [bornRow({ tags: { a: '1' } }), bornRow({ tags: { a: '1', b: '2' } })]
      const segments = [open, closed].map(({ id }) => ({ run: id, first: 0, events: '[]' }))
      const streams = [open, closed].map(({ id }) => streamRow({ run: id }))
      await lane.commit({ born: [open, closed], segments, streams, logs: [logRow({ run: open.id }), logRow({ run: closed.id })] })
      await lane.commit({ closed: [closingRow(closed)] })
      await lane.commit({ purge: [open.id, closed.id, 'nobody'] })
      expect(await store.loadActors(lane.claim, [open.id, closed.id])).toEqual([open])
      expect(await store.read.segments(closed.id)).toEqual([])
      expect((await store.read.logs(closed.id, { after: null, limit: 9 })).rows).toEqual([])
      expect((await store.read.streams(closed.id, 's', { after: null, limit: 9 })).rows).toEqual([])
      expect((await store.read.streams(open.id, 's', { after: null, limit: 9 })).rows).toHaveLength(1)
      expect(await store.read.segments(open.id)).toHaveLength(1)
      expect((await store.read.logs(open.id, { after: null, limit: 9 })).rows).toHaveLength(1)
      expect((await store.read.runs({ namespace: NAMESPACE, tags: { a: '1' } }, { after: null, limit: 9 })).rows).toEqual([open])
      expect((await store.loadExpired(lane.claim, 1e15, 9)).runs).toEqual([])
      expect(await lane.commit({ born: [closed] })).toEqual({ is: 'committed' })
    })
  })

  describe('history and logs', () => {
    test('segments are appended and read in order', async () => {
      await lane.commit({ segments: [10, 2].map(first => ({ run: 'r', first, events: `[${first}]` })) })
      await lane.commit({ segments: [{ run: 'r', first: 0, events: '["é"]' }] })
      expect(await store.read.segments('r')).toEqual([0, 2, 10].map(first => ({ run: 'r', first, events: first === 0 ? '["é"]' : `[${first}]` })))
      const firsts = async (...from: [number?, number?]) => (await store.read.segments('r', ...from)).map(({ first }) => first)
      expect(await firsts(1)).toEqual([0, 2, 10])
      expect(await firsts(2)).toEqual([2, 10])
      expect(await firsts(9)).toEqual([2, 10])
      expect(await firsts(99)).toEqual([10])
      expect(await firsts(0, 2)).toEqual([0, 2])
      expect(await firsts(3, 1)).toEqual([2])
    })

    test('a line that is there already is ignored', async () => {
      await lane.commit({ logs: [logRow({ message: 'first' }), logRow({ message: 'in the same batch', at: 5 })] })
      await lane.commit({ logs: [logRow({ message: 'again', at: 6 })] })
      expect((await store.read.logs('r', { after: null, limit: 9 })).rows).toEqual([logRow({ message: 'first' })])
    })

    test('lines by (at, delivery, n), at any number at a time', async () => {
      const rows = ['b', 'a'].flatMap(delivery => [2, 0, 1, 3].map(n => logRow({ delivery, n, at: n < 2 ? 7 : 7 + n, fields: n ? null : '{"x":1}' })))
      await lane.commit({ logs: rows })
      const expected = [...rows].sort((a, b) => a.at - b.at || (a.delivery < b.delivery ? -1 : a.delivery > b.delivery ? 1 : a.n - b.n))
      for (const limit of [1, 2, 3]) expect(await pages(after => store.read.logs('r', { after, limit }))).toEqual(expected)
    })
  })

  describe('streams', () => {
    const written = [
      streamRow({ stream: 'a', last: 2, count: 3, chunks: '"é"\n2\nnull' }),
      streamRow({ stream: 'a', last: 10, count: 8, step: 'naïve', attempt: 3, restarted: true, at: 7 }),
      streamRow({ stream: 'a b', last: 0 }),
      streamRow({ stream: 'b', last: 4 }),
    ]

    test('one of them, or all of a run, by (stream, last), at any number at a time', async () => {
      await lane.commit({ streams: [...written, streamRow({ run: 'r2', stream: 'a', last: 99 })].reverse() })
      for (const limit of [1, 2, 9]) {
        expect(await pages(after => store.read.streams('r', null, { after, limit }))).toEqual(written)
        expect(await pages(after => store.read.streams('r', 'a', { after, limit }))).toEqual(written.slice(0, 2))
      }
    })

    test('from a chunk on: the row that it lies in is the first', async () => {
      await lane.commit({ streams: written })
      const from = async (last: number) =>
        (await store.read.streams('r', 'a', { after: streamCursorOf({ stream: 'a', last }), limit: 9 })).rows.map(({ last }) => last)
      expect([await from(1), await from(2), await from(9), await from(10)]).toEqual([[2, 10], [10], [10], []])
    })

    test('what is there already is refused, and so is its batch', async () => {
      await lane.commit({ streams: written })
      const again = await lane.commit({ streams: [streamRow({ stream: 'new' }), streamRow({ stream: 'b', last: 4 })] })
      expect(again).toMatchObject({ is: 'refused', resend: false })
      expect((await store.read.streams('r', 'new', { after: null, limit: 9 })).rows).toEqual([])
    })
  })

  describe('definitions and settings', () => {
    test('their version counts up with each batch that writes some (E21), and with no other', async () => {
      const setting = { namespace: NAMESPACE, kind: 'pause', name: 'queue', value: '{}', changedAt: 1 }
      const definition = { namespace: NAMESPACE, name: 'job', version: '1', kind: 'job' as const, options: '{}', schema: null, registeredAt: 1 }
      const versions = [await store.read.settingsVersion()]
      for (const writes of [
        { born: [bornRow()] },
        { settings: [setting] },
        { definitions: [definition] },
        { settings: [setting, { ...setting, name: 'b' }], definitions: [definition] },
      ]) {
        expect(await lane.commit(writes)).toEqual({ is: 'committed' })
        versions.push(await store.read.settingsVersion())
      }
      expect(versions).toEqual([0, 0, 1, 2, 3])
      expect(await lane.commit({ settings: [setting], touched: [touchedRow(bornRow())] })).toMatchObject({ is: 'refused' })
      expect(await store.read.settingsVersion()).toBe(3)
    })

    test('definitions are upserted by version and read oldest first', async () => {
      const row = (version: string, registeredAt: number) => ({
        namespace: NAMESPACE,
        name: 'job',
        version,
        kind: 'job' as const,
        options: '{}',
        schema: null,
        registeredAt,
      })
      await lane.commit({ definitions: [row('2', 20), row('1', 10)] })
      await lane.commit({ definitions: [{ ...row('2', 20), options: '{"a":1}', schema: '{}' }] })
      expect(await store.read.definitions()).toEqual([row('1', 10), { ...row('2', 20), options: '{"a":1}', schema: '{}' }])
    })

    test('settings are upserted; null removes, also what is not there', async () => {
      const row = { namespace: NAMESPACE, kind: 'pause', name: 'queue', value: '{}' as string | null, changedAt: 1 }
      await lane.commit({ settings: [row, { ...row, name: 'absent', value: null }] })
      await lane.commit({ settings: [{ ...row, value: '{"by":"me"}', changedAt: 2 }] })
      expect(await store.read.settings()).toEqual([{ ...row, value: '{"by":"me"}', changedAt: 2 }])
      await lane.commit({ settings: [{ ...row, value: null }] })
      expect(await store.read.settings()).toEqual([])
    })
  })
}
