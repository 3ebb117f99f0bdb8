import { describe, expect, test } from 'vitest'
import type { DagSpec } from '../../machines/dag/spec.ts'
import type { ScheduleSpec } from '../../machines/schedule/types.ts'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { Delivery } from '../face.ts'
import type { Sizes } from '../options.ts'
import { settle, TestClock } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'

const AT = Date.parse('2026-11-29T12:00:00Z')
const PAGE = { after: null, limit: 100 }
const refused = (code: string) => expect.objectContaining({ code })
const by = (id: string) => ({ id, by: 'ana' })
/** What is loaded is forgotten at once: whoever is told must be loaded for it. */
const SMALL: Partial<Sizes> = { actorsCached: 1, bodyBytesBeforeSegment: 1 }

async function begin(sizes: Partial<Sizes> = {}): Promise<TestNode> {
  const outlets = [{ asset: 's3://sales' }]
  return TestNode.start(openMemoryStore(), { load: { outlets, retry: { attempts: 1 } }, report: {}, count: {} }, { clock: new TestClock(AT), sizes })
}

function waits(node: TestNode, name: string, assets: ScheduleSpec['assets'], more: Partial<ScheduleSpec> = {}) {
  const spec: ScheduleSpec = {
    timetable: {},
    ...(assets !== undefined && { assets }),
    target: { definition: 'report', input: null, options: {} },
    overlap: 'allow',
    catchup: { policy: 'all', windowMs: null },
    jitterMs: 0,
    ...more,
  }
  return node.engine.schedules.put('default', name, { spec, origin: { is: 'api' }, ...by(`put-${name}-${JSON.stringify(assets)}`) })
}
const emit = (node: TestNode, asset: string, id: string, more = {}) => node.engine.assets.emit('default', asset, { ...by(id), ...more })

/** Hands out what there is of one definition. */
async function taken(node: TestNode, definition: string): Promise<Delivery[]> {
  await settle()
  const { answer, tasks } = await node.poll({ serves: [{ definition, version: null }], last: answered.get(node) ?? null })
  answered.set(node, answer)
  return tasks
}
const answered = new WeakMap<TestNode, string>()
const numbers = (tasks: Delivery[]) => tasks.map(({ triggeredBy }) => triggeredBy?.events.map(({ asset, n }) => `${asset} ${n}`))

describe.each([
  ['all at hand', {}],
  ['each is loaded anew', SMALL],
])('%s', (_, sizes) => {
  test('its watermark is kept by the commit that completes a run, and by no other', async () => {
    const node = await begin(sizes)
    const mark = async () => (await node.engine.assets.get('default', 's3://sales')).watermark
    const ended = async (how: 'completed' | 'failed', watermark: string) => {
      const run = await node.run({ definition: 'load' })
      const [load] = (await taken(node, 'load')) as [Delivery]
      const ref = { run, task: load.task, attempt: 1, delivery: load.delivery }
      const assets = [{ asset: 's3://sales', watermark }]
      const failure = { type: 'E', message: 'no' }
      const result = how === 'completed' ? { ...ref, is: how, output: null, assets } : { ...ref, is: how, failure, retry: false }
      for (let again = 0; again < 2; again++) await node.engine.tasks.complete('default', 'w1', [result])
      await settle()
      return run
    }
    const first = await ended('completed', '{"id":12345678901234567890}')
    expect(await mark()).toMatchObject({ value: '{"id":12345678901234567890}', run: first })
    await ended('failed', '{"id":2}')
    expect(await mark()).toMatchObject({ run: first })
    await node.engine.assets.declare('default', 's3://sales', { ...by('d1'), watermark: '{"id":5}' })
    expect(await mark()).toMatchObject({ value: '{"id":5}', by: 'ana' })
  })

  test('a job that completes makes its outlets anew, once, and what waits for them runs with the event', async () => {
    const node = await begin(sizes)
    await waits(node, 'daily-report', 's3://sales')
    const run = await node.run({ definition: 'load' })
    const [load] = (await taken(node, 'load')) as [Delivery]
    const result = { run, task: load.task, attempt: 1, delivery: load.delivery, is: 'completed' as const, output: null }
    const assets = [{ asset: 's3://sales', extra: '{"rows":12345678901234567890}' }]
    for (let again = 0; again < 3; again++) await node.engine.tasks.complete('default', 'w1', [{ ...result, assets }])
    const reports = await taken(node, 'report')
    expect(numbers(reports)).toEqual([['s3://sales 1']])
    expect(reports[0]?.triggeredBy?.events).toMatchObject([{ run, extra: '{"rows":12345678901234567890}' }])
    expect(await node.engine.assets.get('default', 's3://sales')).toMatchObject({
      count: 1,
      producers: [{ definition: 'load', at: expect.any(Number) }],
      consumers: [{ name: 'daily-report' }],
      events: [{ n: 1, source: { is: 'run', run } }],
    })
    const { rows } = await node.engine.schedules.ledger('default', 'daily-report', {}, PAGE)
    expect(rows).toMatchObject([{ source: 'asset', account: 'fired', note: 's3://sales', run: reports[0]?.run }])
  })

  test('a run that fails makes nothing', async () => {
    const node = await begin(sizes)
    await waits(node, 'daily-report', 's3://sales')
    await node.run({ definition: 'load' })
    const [load] = (await taken(node, 'load')) as [Delivery]
    const { run, task, attempt, delivery } = load
    const failure = { type: 'Error', message: 'no' }
    await node.engine.tasks.complete('default', 'w1', [{ run, task, attempt, delivery, is: 'failed', failure, retry: false }])
    expect(await taken(node, 'report')).toEqual([])
    expect(await node.engine.assets.get('default', 's3://sales')).toMatchObject({ count: 0 })
  })

  test('two schedules wait each in its way; a call that is repeated makes one event', async () => {
    const node = await begin(sizes)
    await waits(node, 'both', { all: ['a', 'b'] })
    await waits(node, 'either', { any: ['a', 'b'] }, { target: { definition: 'count', input: null, options: {} } })
    expect(await emit(node, 'a', 'one')).toEqual({ n: 1, isNew: true, consumers: 2 })
    expect(await emit(node, 'a', 'one')).toEqual({ n: 1, isNew: false, consumers: 2 })
    await emit(node, 'a', 'two')
    await emit(node, 'b', 'three')
    expect(numbers(await taken(node, 'report'))).toEqual([['a 1', 'a 2', 'b 1']])
    expect(numbers(await taken(node, 'count')).sort()).toEqual([['a 1'], ['a 2'], ['b 1']])
  })

  test('tasks of a DAG make theirs, those that do nothing too, and the DAG that waits gets the events in its inputs', async () => {
    const node = await begin(sizes)
    const outlets = (...names: string[]) => ({ options: { outlets: names.map(asset => ({ asset })) } })
    const sales: DagSpec = {
      tasks: {
        load: { job: 'count', ...outlets('raw') },
        each: { job: 'count', after: ['load'], map: { over: [1, 2] }, ...outlets('parts') },
        done: { after: ['each'], ...outlets('sales') },
      },
    }
    const weekly: DagSpec = { tasks: { report: { job: 'report', input: { events: '{{assetEvents}}', partition: '{{partition}}' } } } }
    await node.engine.definitions.register('default', [
      { kind: 'dag', name: 'sales', version: '1', options: {}, schema: null, dag: sales },
      { kind: 'dag', name: 'weekly', version: '1', options: {}, schema: null, dag: weekly },
    ])
    await waits(node, 'weekly', { all: ['raw', 'parts', 'sales'] }, { target: { definition: 'weekly', input: null, options: {} } })
    await node.run({ definition: 'sales' })
    await node.clock.advance(10)
    for (const expected of [1, 2]) {
      const tasks = await taken(node, 'count')
      expect(tasks).toHaveLength(expected)
      for (const task of tasks) await node.complete(task)
      await node.clock.advance(10)
    }
    await node.clock.advance(10)
    const [report, ...more] = await taken(node, 'report')
    expect(more).toEqual([])
    const { events, partition } = JSON.parse(report?.input as string) as { events: { asset: string; n: number; run: string }[]; partition: null }
    expect(events.map(({ asset, n }) => `${asset} ${n}`)).toEqual(['raw 1', 'parts 1', 'parts 2', 'sales 1'])
    expect(partition).toBe(null)
    expect((await node.engine.assets.get('default', 'raw')).producers).toMatchObject([{ definition: 'count', dag: 'sales', task: 'load' }])
    expect(await node.engine.assets.lineage('default')).toMatchObject({
      assets: ['parts', 'raw', 's3://sales', 'sales'],
      producers: [
        { definition: 'load', task: null, asset: 's3://sales' },
        { definition: 'sales', task: 'load', asset: 'raw' },
        { definition: 'sales', task: 'each', asset: 'parts' },
        { definition: 'sales', task: 'done', asset: 'sales' },
      ],
      consumers: [{ schedule: 'weekly', definition: 'weekly' }],
      more: false,
    })
  })
})

test('a retry of a run knows the events that triggered the first', async () => {
  const node = await begin()
  await waits(node, 'daily-report', 's3://sales')
  await emit(node, 's3://sales', 'one', { partition: '2026-11-28' })
  const [report] = (await taken(node, 'report')) as [Delivery]
  expect(report.partition).toBe('2026-11-28')
  await node.complete(report)
  await node.engine.runs.retry('default', report.run, { id: 'r1', by: null })
  const again = await taken(node, 'report')
  expect(numbers(again)).toEqual([['s3://sales 1']])
  expect(again[0]?.partition).toBe('2026-11-28')
})

test('explain says what a schedule waits for, and what it has', async () => {
  const node = await begin()
  await waits(node, 'both', { all: ['a', { any: ['b', 'c'] }] })
  await emit(node, 'a', 'one')
  const said = await node.engine.schedules.explain('default', 'both', null)
  expect(said.reasons).toEqual([{ code: 'asset', text: 'it waits for new events of b or c' }])
  expect(said.clear).toContain('a has 1 new event')
  expect((await node.engine.schedules.get('default', 'both')).words).toBe('when there are new events of a and (b or c)')
})

test('one that nobody names is not there; those that are only named are listed among the others', async () => {
  const node = await begin()
  await expect(node.engine.assets.get('default', 'nothing')).rejects.toThrow(refused('asset-not-found'))
  for (const name of ['z', 'a', 't']) await emit(node, name, `emit ${name}`)
  const names = async (limit: number) => {
    const found: string[] = []
    for (let after: string | null = null; ; ) {
      const page: Awaited<ReturnType<typeof node.engine.assets.list>> = await node.engine.assets.list('default', { after, limit })
      found.push(...page.rows.map(({ name, count }) => `${name} ${count}`))
      if (page.next === null) return found
      after = page.next
    }
  }
  for (const limit of [1, 2, 3, 9]) expect(await names(limit)).toEqual(['a 1', 's3://sales 0', 't 1', 'z 1'])
  // No run, and in no list of runs.
  expect((await node.engine.runs.list({ namespace: 'default' }, PAGE)).rows).toEqual([])
})

test('the interval of a DAG is the partition that it makes, and partitions are listed by how they stand', async () => {
  const node = await begin()
  const change = { partitions: { every: 'day' as const, start: '2026-11-20', timezone: 'UTC' } }
  expect(await node.engine.assets.declare('default', 'daily', { ...change, ...by('d1') })).toEqual({ changed: 'created' })
  const dag: DagSpec = { tasks: { load: { job: 'count', options: { outlets: [{ asset: 'daily' }] } } } }
  await node.engine.definitions.register('default', [{ kind: 'dag', name: 'days', version: '1', options: {}, schema: null, dag }])
  const nominalAt = Date.parse('2026-11-28T00:00:00Z')
  const trigger = { is: 'schedule' as const, schedule: 's', id: 's', n: 0, nominalAt, source: 'time' as const, intervalStart: nominalAt - 86_400_000 }
  await node.run({ definition: 'days', trigger })
  await node.clock.advance(10)
  for (const task of await taken(node, 'count')) await node.complete(task)
  await emit(node, 'daily', 'e1', { partition: '2026-11-21' })
  await expect(emit(node, 'daily', 'e2', { partition: '2026-11-19' })).rejects.toMatchObject({ code: 'invalid-input', problem: { at: '/partition' } })
  const listed = async (states?: ('made' | 'missing')[]) => {
    const filter = states === undefined ? {} : { states }
    const { rows } = await node.engine.assets.partitions('default', 'daily', filter, PAGE)
    return rows.map(({ key, state }) => `${key.slice(-2)} ${state}`)
  }
  expect(await listed(['made'])).toEqual(['27 made', '21 made'])
  expect(await listed(['missing'])).toEqual(['29', '28', '26', '25', '24', '23', '22', '20'].map(day => `${day} missing`))
  await expect(node.engine.assets.partitions('default', 's3://sales', {}, PAGE)).rejects.toThrow(refused('not-partitioned'))
})

test('a schedule that is deleted is told of nothing more', async () => {
  const node = await begin()
  await waits(node, 'daily-report', 'a')
  await node.engine.schedules.remove('default', 'daily-report', by('gone'))
  expect(await emit(node, 'a', 'one')).toMatchObject({ consumers: 0 })
  expect(await taken(node, 'report')).toEqual([])
})

test('a backfill of what is missing starts only the times whose partitions were not all made', async () => {
  const node = await begin()
  const dag: DagSpec = { tasks: { load: { job: 'count', options: { outlets: [{ asset: 'daily' }] } } } }
  await node.engine.definitions.register('default', [{ kind: 'dag', name: 'days', version: '1', options: {}, schema: null, dag }])
  const target = { definition: 'days', input: null, options: {} }
  await waits(node, 'days', undefined, { timetable: { cron: '0 0 * * *' }, target })
  const range = { from: Date.parse('2026-11-21T00:00:00Z'), until: Date.parse('2026-11-26T00:00:00Z'), maxActive: 10, missing: true }
  await expect(node.engine.schedules.previewBackfill('default', 'days', range)).rejects.toMatchObject({
    code: 'invalid-option',
    problem: { at: '/missing' },
  })
  const partitions = { every: 'day' as const, start: '2026-11-01', timezone: 'UTC' }
  await node.engine.assets.declare('default', 'daily', { partitions, ...by('d1') })
  // The run of the 21st makes what begins on the 20th.
  for (const day of ['20', '22', '23']) await emit(node, 'daily', day, { partition: `2026-11-${day}` })
  const preview = await node.engine.schedules.previewBackfill('default', 'days', range)
  expect(preview).toMatchObject({ total: 6, starts: 3, skips: { made: 3 } })
  expect(preview.times.filter(({ skipped }) => skipped === null).map(({ at }) => new Date(at).toISOString().slice(8, 10))).toEqual(['22', '25', '26'])
  await node.engine.schedules.backfill('default', 'days', { ...range, ...by('b1') })
  for (let round = 0; round < 5; round++) {
    await node.clock.advance(2_100)
    for (const task of await taken(node, 'count')) await node.complete(task)
  }
  const { rows } = await node.engine.assets.partitions('default', 'daily', { from: range.from - 86_400_000, until: range.until - 1 }, PAGE)
  expect(rows.map(({ key, state, count }) => `${key.slice(-2)} ${state} ${count}`)).toEqual(
    ['25', '24', '23', '22', '21', '20'].map(day => `${day} made 1`),
  )
  expect(await node.engine.schedules.previewBackfill('default', 'days', range)).toMatchObject({ starts: 0, skips: { made: 6 } })
})
