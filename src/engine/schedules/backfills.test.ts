import { describe, expect, test } from 'vitest'
import type { ScheduleSpec } from '../../machines/schedule/types.ts'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { BackfillAsked, Delivery } from '../face.ts'
import { settle, TestClock } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'

const START = Date.parse('2026-03-10T00:30:00Z')
const HOUR = 3_600_000
const DAY = 24 * HOUR
const SPEC: ScheduleSpec = {
  timetable: { cron: '0 0 * * *' },
  target: { definition: 'mail', input: '{"day":"{{nominalDate}}"}', options: { retry: { attempts: 1 } } },
  overlap: 'allow',
  catchup: { policy: 'all', windowMs: null },
  jitterMs: 0,
}
/** The first to the fifth. */
const RANGE = { from: Date.parse('2026-03-01T00:00:00Z'), until: Date.parse('2026-03-05T00:00:00Z') }

async function begin(store = openMemoryStore()) {
  const node = await TestNode.start(store, { mail: {} }, { clock: new TestClock(START) })
  await node.engine.schedules.put('default', 'nightly', { spec: SPEC, origin: { is: 'api' }, id: 'put', by: 'ana' })
  return { node, store }
}
const pass = async (node: TestNode, ms = 200): Promise<void> => {
  await node.clock.advance(ms)
  await settle()
}
let commands = 0
async function backfill(node: TestNode, asked: Partial<BackfillAsked> = {}): Promise<string> {
  const id = `b${commands++}`
  const { backfill: batch } = await node.engine.schedules.backfill('default', 'nightly', { ...RANGE, maxActive: 1, ...asked, id, by: 'ana' })
  await pass(node)
  return batch
}
const polled = async (node: TestNode): Promise<Delivery[]> => (await node.poll()).tasks
const dayOf = ({ input }: Delivery): string => (JSON.parse(input as string) as { day: string }).day.slice(-2)
async function ended(node: TestNode, task: Delivery, fails = false): Promise<void> {
  const { run, attempt, delivery } = task
  if (!fails) await node.complete(task)
  else
    await node.engine.tasks.complete('default', 'w1', [
      { run, task: task.task, attempt, delivery, is: 'failed', failure: { type: 'Error', message: 'no' }, retry: false },
    ])
  await pass(node)
}
/** Works on all that it starts, one after the other. */
async function worked(node: TestNode, failing: readonly string[] = []): Promise<string[]> {
  const days: string[] = []
  for (let tasks = await polled(node); tasks.length > 0; tasks = await polled(node))
    for (const task of tasks) {
      days.push(dayOf(task))
      await ended(node, task, failing.includes(dayOf(task)))
    }
  return days
}
const view = (node: TestNode, batch: string) => node.engine.batches.get('default', batch)

// https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/backfill.html: order, max active runs, reprocess behaviour, dry run
describe('a backfill is a run', () => {
  test.each([
    ['forward', ['01', '02', '03', '04', '05']],
    ['reverse', ['05', '04', '03', '02', '01']],
  ] as const)('goes %s through its range, as many at a time as it may', async (order, days) => {
    const { node } = await begin()
    const batch = await backfill(node, { order, maxActive: 2 })
    const first = await polled(node)
    expect(first.map(dayOf)).toEqual(days.slice(0, 2))
    expect(await view(node, batch)).toMatchObject({
      name: 'nightly',
      state: 'running',
      jobs: { open: 2 },
      backfill: { schedule: 'nightly', order, total: 5, maxActive: 2, active: first.map(({ run }) => run) },
    })
    for (const task of first) await ended(node, task)
    expect(await worked(node)).toEqual(days.slice(2))
    expect(await view(node, batch)).toMatchObject({ state: 'completed', jobs: { total: 5, completed: 5, sealed: true } })
    const ledger = await node.engine.schedules.ledger('default', 'nightly', {}, { after: null, limit: 100 })
    expect(ledger.rows.map(({ source, account, note }) => [source, account, note])).toEqual(days.map(() => ['backfill', 'fired', batch]))
  })

  test.each([
    ['none', []],
    ['failed', ['02']],
    ['completed', ['01', '02', '03', '04', '05']],
  ] as const)('of times for which a run is there it starts again, by reprocess %s: %j', async (reprocess, days) => {
    const { node } = await begin()
    await backfill(node)
    await worked(node, ['02'])
    const preview = await node.engine.schedules.previewBackfill('default', 'nightly', { ...RANGE, maxActive: 1, reprocess })
    expect(preview).toMatchObject({ total: 5, starts: days.length })
    const batch = await backfill(node, { reprocess })
    expect(await worked(node)).toEqual(days)
    expect(await view(node, batch)).toMatchObject({ state: 'completed', backfill: { skipped: 5 - days.length } })
  })

  test('a failed run that a retry has made good is not started again, and one that is open never', async () => {
    const { node } = await begin()
    const first = await backfill(node, { maxActive: 2 })
    const [one, other] = (await polled(node)) as [Delivery, Delivery]
    await ended(node, one, true)
    await node.engine.runs.retry('default', one.run, { id: 'r', by: null })
    await pass(node)
    const range = { ...RANGE, until: RANGE.from + DAY, maxActive: 1 }
    const open = await node.engine.schedules.previewBackfill('default', 'nightly', { ...range, reprocess: 'completed' })
    expect(open.skips).toEqual({ 'in-flight': 2 })
    const again = (await node.poll({ last: null })).tasks.find(task => dayOf(task) === '01') as Delivery
    await ended(node, again)
    await ended(node, other)
    const closed = await node.engine.schedules.previewBackfill('default', 'nightly', { ...range, reprocess: 'failed' })
    expect(closed.skips).toEqual({ completed: 2 })
    expect((await view(node, first)).state).toBe('running')
  })

  test('it is paused, explained, goes on and is cancelled; its runs go on', async () => {
    const { node } = await begin()
    const batch = await backfill(node)
    const [one] = (await polled(node)) as [Delivery]
    expect((await node.engine.runs.explain('default', batch)).reasons).toMatchObject([{ code: 'max-active', runs: [one.run] }])
    await node.engine.batches.pause('default', batch, { id: 'p', by: 'ana', why: 'freeze' })
    await ended(node, one)
    expect(await polled(node)).toEqual([])
    expect((await node.engine.runs.explain('default', batch)).reasons[0]?.text).toBe('the backfill is paused by ana: "freeze"')
    await node.engine.batches.resume('default', batch, { id: 'r', by: 'ana' })
    await pass(node)
    const [two] = (await polled(node)) as [Delivery]
    expect(dayOf(two)).toBe('02')
    await node.engine.runs.cancel('default', batch, { id: 'c', by: 'ana' })
    expect((await view(node, batch)).state).toBe('waiting')
    await ended(node, two)
    expect(await view(node, batch)).toMatchObject({ state: 'cancelled', jobs: { completed: 2, total: 2 } })
  })

  test('those of one schedule are listed, newest first, page by page', async () => {
    const { node } = await begin()
    await node.engine.schedules.put('default', 'other', { spec: SPEC, origin: { is: 'api' }, id: 'put-2', by: 'ana' })
    const ours = [await backfill(node), await backfill(node)]
    await node.engine.schedules.backfill('default', 'other', { ...RANGE, maxActive: 1, id: 'elsewhere', by: 'ana' })
    await pass(node)
    const listed = async (schedule: string, after: string | null = null) => node.engine.batches.list('default', { after, limit: 1 }, { schedule })
    const first = await listed('nightly')
    const second = await listed('nightly', first.next)
    expect([...first.rows, ...second.rows].map(({ id }) => id)).toEqual(ours.reverse())
    expect((await listed('other')).rows.map(({ name }) => name)).toEqual(['other'])
    expect((await listed('nobody')).rows).toEqual([])
  })

  test('another node goes on with it', async () => {
    const { node, store } = await begin()
    const batch = await backfill(node, { maxActive: 2 })
    await ended(node, (await node.poll({ max: 1 })).tasks[0] as Delivery)
    await node.engine.stop()
    const next = await TestNode.start(store, {}, { clock: node.clock, seed: 2 })
    await pass(next, 30_000)
    expect((await worked(next)).sort()).toEqual(['02', '03', '04', '05'])
    expect(await view(next, batch)).toMatchObject({ state: 'completed', jobs: { total: 5, completed: 5 } })
  })

  test('a dry run says what would be, and how long it would take by how long runs took; a range too long is refused', async () => {
    const { node } = await begin()
    expect(await node.engine.schedules.previewBackfill('default', 'nightly', { ...RANGE, maxActive: 2 })).toMatchObject({
      total: 5,
      starts: 5,
      skips: {},
      estimatedMs: null,
      times: Array.from({ length: 5 }, (_, day) => ({ at: RANGE.from + day * DAY, skipped: null })),
    })
    const wide = { ...RANGE, from: RANGE.from - 40 * 366 * DAY, maxActive: 1 }
    await expect(node.engine.schedules.previewBackfill('default', 'nightly', wide)).rejects.toMatchObject({ code: 'too-many-items' })
  })
})
