import { job, type OperationName, schedule, type WireApplied, type WireApply, type WireExport, workflow } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { everyCrash, testEnvironment } from '../testing.ts'

test('a schedule fires as time is skipped; its handler gets the time that was meant, and the ledger has it', async () => {
  const got: unknown[] = []
  const report = job('report', async (day: string, ctx) => void got.push([day, ctx.nominalTime?.toISOString(), ctx.latenessMs]))
  const nightly = schedule('nightly', { cron: '0 2 * * *' }, report, '{{nominalDate}}')
  await using t = await testEnvironment([report, nightly])
  await t.skip('2d')
  expect(got).toEqual([
    ['2026-01-01', '2026-01-01T02:00:00.000Z', 0],
    ['2026-01-02', '2026-01-02T02:00:00.000Z', 0],
  ])
  expect((await nightly.ledger()).lines).toMatchObject([
    { n: 1, at: '2026-01-02T02:00:00.000Z', account: 'fired', outcome: { state: 'completed' } },
    { n: 0, at: '2026-01-01T02:00:00.000Z', account: 'fired' },
  ])
  expect(await nightly.get()).toMatchObject({ origin: { is: 'code', source: 'test' }, nextAt: '2026-01-03T02:00:00.000Z', fired: 2 })
})

test('a schedule is paused, triggered, filled back and explained through its own methods', async () => {
  const runs: (string | undefined)[] = []
  const report = job('report', async (_: unknown, ctx) => void runs.push(ctx.nominalTime?.toISOString()))
  const hourly = schedule('hourly', { cron: '0 * * * *' }, report)
  await using t = await testEnvironment([report, hourly])
  await hourly.pause('inventory', { for: '2h 30m' })
  await t.skip('3h')
  expect(runs).toEqual(['2026-01-01T03:00:00.000Z'])
  expect((await hourly.ledger({ account: 'paused' })).lines).toMatchObject([{ count: 2, note: 'inventory' }])
  const run = await hourly.trigger()
  await run.result()
  await hourly.backfill({ from: '2026-01-01T01:00:00Z', to: '2026-01-01T02:00:00Z' })
  await t.settle()
  expect(runs).toEqual(['2026-01-01T03:00:00.000Z', '2026-01-01T03:00:00.000Z', '2026-01-01T01:00:00.000Z', '2026-01-01T02:00:00.000Z'])
  expect((await hourly.explain('2026-01-01T01:00:00Z')).line).toMatchObject({ account: 'paused' })
  expect((await hourly.preview(2)).times.map(({ at }) => at)).toEqual(['2026-01-01T04:00:00.000Z', '2026-01-01T05:00:00.000Z'])
})

test('a schedule that never fires is refused at once, with its place', async () => {
  const report = job('report', async () => {})
  const never = schedule('never', { cron: '0 0 30 2 *' }, report)
  await expect(testEnvironment([report, never])).rejects.toMatchObject({ code: 'schedule-never-fires', at: '/schedules/0/cron' })
})

test('each time is started once, wherever the node crashes', async () => {
  const report = job('report', async () => {})
  const daily = schedule('daily', { cron: '0 2 * * *', overlap: 'allow' }, report)
  const crashes = await everyCrash([report, daily], async t => {
    await t.skip('2d')
    const { lines } = await daily.ledger()
    expect(lines.map(({ at, outcome }) => [at, outcome?.state])).toEqual([
      ['2026-01-02T02:00:00.000Z', 'completed'],
      ['2026-01-01T02:00:00.000Z', 'completed'],
    ])
  })
  expect(crashes).toBeGreaterThanOrEqual(4)
})

test('how far workflows have come is told to the next one, also where they begin anew, wherever the node crashes', async () => {
  const load = workflow('load', async (from: number, ctx) => {
    const since = ctx.watermark<Date>()?.getTime() ?? 0
    if (from === 0) {
      ctx.setWatermark(new Date(since + 10))
      await ctx.sleep('1m')
      ctx.continueAs(1)
    }
    // What begins anew is told the same, and what was said before counts.
    const again = await ctx.run('again', () => since)
    if (since >= 10) ctx.setWatermark(new Date(again + 100))
    return since
  })
  const hourly = schedule('hourly', { cron: '0 * * * *' }, load, 0)
  const crashes = await everyCrash([load, hourly], async t => {
    await t.skip('2h 30m')
    const { lines } = await hourly.ledger()
    const outputs = await Promise.all(lines.map(({ run }) => t.client.handle<number>(run as string).result()))
    expect(outputs).toEqual([10, 0])
    expect((await hourly.get()).watermark).toMatchObject({ value: new Date(110), run: lines[0]?.run })
  })
  expect(crashes).toBeGreaterThanOrEqual(8)
})

test('an operator’s change lies over the code; an export is applied without a change', async () => {
  const report = job('report', async () => {})
  const coded = schedule('coded', { cron: '0 2 * * *', timezone: 'Europe/Berlin', queue: 'q' }, report)
  await using t = await testEnvironment([report, coded])
  const call = <Answer>(operation: OperationName, params: Record<string, string>, body?: unknown) => t.client.call<Answer>(operation, params, body)
  expect(await call('schedules.change', { name: 'coded' }, { jitter: '5m', overlap: 'allow' })).toMatchObject({
    changed: 'edited',
    schedule: { origin: { is: 'code', source: 'test' }, overridden: ['jitter', 'overlap'], jitter: 300_000, cron: '0 2 * * *' },
  })
  const file: WireApply = {
    schedules: [
      {
        name: 'filed',
        every: { every: '1 month', at: '02:00', anchor: '2026-01-31' },
        target: 'report',
        input: { day: '{{nominalDate}}' },
        catchup: 'all',
      },
      { name: 'solar', solar: { event: 'sunrise', latitude: 52.5, longitude: 13.4 }, at: ['2026-12-24 18:00'], target: 'unknown', jitter: '90s' },
    ],
    queues: [{ name: 'q', paused: { note: 'moving' } }],
    definitions: [{ name: 'report', options: { priority: 5, retry: { attempts: 2 } } }],
  }
  expect((await call<WireApplied>('apply', {}, file)).changes.map(({ change }) => change)).toEqual(['edited', 'edited', 'created', 'created'])
  expect((await call<WireApplied>('apply', {}, file)).changes.map(({ change }) => change)).toEqual(Array(4).fill('unchanged'))
  const exported = await call<WireExport>('export', {})
  expect(exported.schedules.map(({ name }) => name)).toEqual(['coded', 'filed', 'solar'])
  expect((await call<WireApplied>('apply', {}, exported)).changes.filter(({ change }) => change !== 'unchanged')).toEqual([])
  expect(await call('export', {})).toEqual(exported)
  await t.skip('1s')
  expect(await call('schedules.reset', { name: 'coded' })).toMatchObject({
    changed: 'edited',
    schedule: { overridden: [], jitter: 0, overlap: 'skip' },
  })
  const pruned = await call<WireApplied>('apply', {}, { schedules: exported.schedules.slice(1, 2), prune: true })
  expect(pruned.changes.map(({ name, change }) => [name, change])).toEqual([
    ['filed', 'unchanged'],
    ['solar', 'deleted'],
  ])
  await expect(call('apply', {}, { schedules: [exported.schedules[1], { name: 'b', target: 'report', cron: '0 0 30 2 *' }] })).rejects.toMatchObject({
    code: 'schedule-never-fires',
    at: '/schedules/1/cron',
    data: { offset: expect.any(Number) },
  })
  expect(await t.client.callText('schedules.calendar', { params: { name: 'coded' } })).toMatch(/^BEGIN:VCALENDAR\r\n/)
})
