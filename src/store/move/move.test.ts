import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bornRow, closingRow, openLane } from '../conformance/fixtures.ts'
import { openPostgresStore } from '../postgres/store.ts'
import { freshSchema, query } from '../postgres/testing.ts'
import { openSource } from '../sqlite/source.ts'
import { ALL_SHARDS, type Batch, type Store, type Writes } from '../store.ts'
import { type Moved, MoveInterrupted } from './move.ts'
import { standingByForMoves, standingOf } from './standing.ts'
import type { Progress } from './tables.ts'
import { everything, filled, folder, id, moved, moveInto, onSource, onTarget, source } from './testing.ts'

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
      streams: 5,
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

test('a part that lies in one target is never finished once the source has gone to another', async () => {
  const { file } = await filled()
  const [one, other] = [freshSchema(), freshSchema()]
  const stop = new AbortController()
  await moved(file, one, { progress: () => stop.abort(), signal: stop.signal }).catch(() => {})
  expect(await moved(file, other)).toMatchObject({ resumed: false })
  await expect(moved(file, one)).rejects.toThrow(/holds a part of .*not finished or was given up/)
})

test('a row that the target cannot hold is named by its table and place', async () => {
  const file = await source(lane => lane.commit({ born: [bornRow({ wakeAt: 1.5 })] }))
  await expect(moved(file, freshSchema())).rejects.toThrow('The target does not take a row of open after the first: 1.5 is no whole number')
})

describe('what differs is found, and the source stays what it is', () => {
  test.each([
    ['open', 'update run_open set wake_at = wake_at + 1 where wake_at is not null'],
    ['closed', `update run_closed set output = '7' where id = (select max(id) from run_closed)`],
    ['keys', `delete from run_key where scope = 'unique'`],
    ['logs', `update run_log set message = message || ' ' where n = 2000`],
    ['logs', `insert into run_log select run, delivery || 'x', n, at, attempt, level, message, fields from run_log limit 1`],
    ['streams', `update run_stream set restarted = not restarted where stream = 'b'`],
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
