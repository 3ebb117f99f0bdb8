import { expect, test } from 'vitest'
import { LEDGER_LINES_KEPT } from '../core/options.ts'
import { openMemoryStore } from '../store/memory/store.ts'
import type { LedgerRow, Store } from '../store/store.ts'
import { TestNode } from './test-engine.ts'

const DAY = 86_400_000
const PATIENT = { claimTtlMs: 1_000 * DAY, leaseMs: 1_000 * DAY, timerHorizonMs: 1_000 * DAY, lookAgainMs: DAY }

async function scene(definitions: Parameters<typeof TestNode.start>[1] = { mail: {} }, retentionEveryMs = 1_000 * DAY, retentionBatch = 2) {
  const store = openMemoryStore()
  const purged: number[] = []
  const watched: Store = {
    ...store,
    commit(batch) {
      if (batch.writes.purge.length > 0) purged.push(batch.writes.purge.length)
      return store.commit(batch)
    },
  }
  const node = await TestNode.start(watched, definitions, { sizes: { ...PATIENT, retentionEveryMs, retentionBatch } })
  const close = async (definition = 'mail', options = {}) => {
    const id = await node.run({ definition, options })
    await node.engine.runs.terminate('default', id, { id: `${id}:t`, by: null, why: null })
    return id
  }
  const kept = (id: string) => store.tables().closed.has(id)
  return { store, node, close, kept, purged }
}

test("what a run says of its retention goes before its definition's, that before its namespace's, and that before the default", async () => {
  const { node, close, kept } = await scene({ mail: {}, brief: { retentionMs: 3 * DAY } })
  const before = await close()
  await node.engine.retention.set('default', { runsMs: 2 * DAY }, 'ana')
  const [own, defined, spaced] = [await close('brief', { retentionMs: DAY }), await close('brief'), await close()]
  const gone: Record<string, number> = {}
  for (let day = 1; day <= 8; day++) {
    await node.clock.advance(DAY + 1)
    while ((await collected(node)).more);
    for (const [name, id] of Object.entries({ own, defined, spaced, before })) if (!kept(id)) gone[name] ??= day
  }
  expect(gone).toEqual({ own: 1, spaced: 2, defined: 3, before: 7 })
})

/** The clock stands still: whoever waits for the next batch waits for it. */
async function collected(node: TestNode) {
  const asked = node.engine.retention.collect()
  await node.clock.advance(5_000)
  return asked
}

test('what is set stays until it is removed, says who has set it, and leaves what was not said', async () => {
  const { node } = await scene()
  const { retention } = node.engine
  expect(retention.get('default')).toEqual({ runsMs: 7 * DAY, ledgerMs: 90 * DAY, set: null })
  await retention.set('default', { runsMs: DAY }, 'ana')
  await retention.set('default', { ledgerMs: 365 * DAY }, 'ben')
  expect(retention.get('default')).toEqual({ runsMs: DAY, ledgerMs: 365 * DAY, set: { by: 'ben', since: node.clock.now() } })
  expect(retention.get('other')).toEqual({ runsMs: 7 * DAY, ledgerMs: 90 * DAY, set: null })
  await retention.set('default', null, 'ana')
  expect(retention.get('default')).toEqual({ runsMs: 7 * DAY, ledgerMs: 90 * DAY, set: null })
})

test('a preview tells what would go and drops nothing; collecting drops it, batch by batch, and nothing else', async () => {
  const { node, close, kept, purged } = await scene({ mail: { retentionMs: DAY }, bill: { retentionMs: 5 * DAY } })
  const day = Math.floor(node.clock.now() / DAY) * DAY
  const mails = [await close(), await close(), await close(), await close(), await close()]
  const bill = await close('bill')
  expect(await node.engine.retention.preview()).toEqual({ days: [], more: false })
  await node.clock.advance(DAY)
  expect(await node.engine.retention.preview()).toEqual({ days: [{ namespace: 'default', kind: 'job', name: 'mail', day, count: 5 }], more: false })
  expect(mails.every(kept)).toBe(true)
  expect(await collected(node)).toEqual({ runs: 5, keys: 0, lines: 0, more: false })
  expect([mails.some(kept), kept(bill)]).toEqual([false, true])
  // No commit is held up by more than one batch.
  expect(purged).toEqual([2, 2, 1])
  expect(await node.engine.retention.preview()).toEqual({ days: [], more: false })
})

test('by itself it does the same', async () => {
  const { node, close, kept } = await scene({ mail: { retentionMs: 30_000 } }, 10_000)
  const ids = [await close(), await close(), await close(), await close(), await close()]
  await node.clock.advance(29_000)
  expect(ids.every(kept)).toBe(true)
  await node.clock.advance(12_000)
  expect(ids.some(kept)).toBe(false)
})

test('of a ledger the lines go that are older than their namespace keeps them, but never the last of a schedule, nor one that waits for its answer', async () => {
  const { store, node } = await scene({ mail: {} }, 1_000 * DAY, 300)
  await node.engine.schedules.put('default', 'nightly', {
    spec: {
      ...{ timetable: { cron: '0 0 1 1 *' }, target: { definition: 'mail', input: null, options: {} }, overlap: 'allow' },
      ...{ catchup: { policy: 'all', windowMs: null }, jitterMs: 0 },
    },
    ...{ origin: { is: 'api' }, id: 'put', by: 'ana' },
  })
  const [schedule] = [...store.tables().open.values()].filter(({ kind }) => kind === 'schedule').map(({ id }) => id) as [string]
  const now = node.clock.now()
  const lines = Array.from({ length: LEDGER_LINES_KEPT + 1_000 }, (_, n): LedgerRow => {
    const at = now - (n < 900 ? 20 * DAY : DAY)
    const line = {
      schedule,
      n,
      source: 'time',
      at,
      until: at,
      count: 1,
      account: 'fired',
      run: null,
      lateMs: 0,
      why: null,
      note: null,
      accountedAt: at,
    }
    return { ...line, account: n === 7 ? 'intended' : 'fired' } as LedgerRow
  })
  ;(store.tables().ledgers as Map<string, ReadonlyMap<number, LedgerRow>>).set(schedule, new Map(lines.map(line => [line.n, line])))
  const numbers = () => [...(store.tables().ledgers.get(schedule)?.keys() ?? [])]
  expect(await collected(node)).toMatchObject({ lines: 0, more: false })
  await node.engine.retention.set('default', { ledgerMs: 10 * DAY }, null)
  expect(await collected(node)).toEqual({ runs: 0, keys: 0, lines: 899, more: false })
  expect(numbers().slice(0, 3)).toEqual([7, 900, 901])
  await node.engine.retention.set('default', { ledgerMs: 0 }, null)
  expect(await collected(node)).toMatchObject({ lines: 100, more: false })
  expect([numbers().length, numbers()[1]]).toEqual([LEDGER_LINES_KEPT + 1, 1_000])
})
