import { describe, expect, test, vi } from 'vitest'
import { schedule as machine } from '../../machines/schedule/machine.ts'
import type { ScheduleSpec } from '../../machines/schedule/types.ts'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { Store } from '../../store/store.ts'
import type { Delivery } from '../face.ts'
import { TestClock } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'

const START = Date.parse('2026-03-01T00:30:00Z')
const HOUR = 3_600_000
/** Hours pass here, and nobody renews claims or leases meanwhile. */
const PATIENT = { claimTtlMs: 1_000 * HOUR, leaseMs: 1_000 * HOUR, retentionEveryMs: 1_000 * HOUR }
const spec = (changes: Partial<ScheduleSpec> = {}): ScheduleSpec => ({
  timetable: { cron: '0 * * * *' },
  target: { definition: 'mail', input: '{"at":"{{nominalTime}}","day":"{{nominalDate}}"}', options: { priority: 3 } },
  overlap: 'allow',
  catchup: { policy: 'all', windowMs: null },
  jitterMs: 0,
  ...changes,
})

async function begin(
  definitions: Parameters<typeof TestNode.start>[1] = { mail: {} },
): Promise<{ node: TestNode; store: Store; commands: () => string }> {
  const store = openMemoryStore()
  const node = await TestNode.start(store, definitions, { clock: new TestClock(START), sizes: PATIENT })
  let n = 0
  return { node, store, commands: () => `command-${n++}` }
}

/** In steps of half an hour, so that what is due is seen to when it is. */
async function pass(node: TestNode, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += HOUR / 2) {
    node.clock.stall(HOUR / 2 - 600)
    await node.clock.advance(600)
  }
}

const lines = async (node: TestNode, name = 'nightly'): Promise<string[]> =>
  (await node.engine.schedules.ledger('default', name, {}, { after: null, limit: 100 })).rows
    .reverse()
    .map(({ at, account, why, count, outcome }) =>
      [new Date(at).toISOString().slice(11, 16), account, why, count > 1 ? `x${count}` : null, outcome?.state].filter(word => word != null).join(' '),
    )

const put = (node: TestNode, changes: Partial<ScheduleSpec> = {}, name = 'nightly') =>
  node.engine.schedules.put('default', name, { spec: spec(changes), origin: { is: 'api' }, id: `put-${name}-${JSON.stringify(changes)}`, by: 'ana' })

describe('a schedule', () => {
  test('starts its runs, which know the time that they are for, and its ledger says so', async () => {
    const { node } = await begin()
    const made = await put(node)
    expect(made).toMatchObject({
      changed: 'created',
      warnings: [expect.objectContaining({ code: expect.any(String) })],
      schedule: { nextAt: START + HOUR / 2 },
    })
    await pass(node, 1.5 * HOUR)
    const { tasks } = await node.poll()
    expect(tasks.map(({ input, nominalAt, latenessMs }) => ({ input, nominalAt, late: (latenessMs as number) <= HOUR }))).toEqual([
      { input: '{"at":"2026-03-01T01:00:00.000Z","day":"2026-03-01"}', nominalAt: START + HOUR / 2, late: true },
      { input: '{"at":"2026-03-01T02:00:00.000Z","day":"2026-03-01"}', nominalAt: START + 1.5 * HOUR, late: true },
    ])
    await node.clock.advance(100)
    expect(await lines(node)).toEqual(['01:00 fired running', '02:00 fired running'])
    const run = await node.engine.runs.get('default', tasks[0]?.run as string)
    expect(run).toMatchObject({ priority: 3, trigger: { is: 'schedule', schedule: 'nightly', n: 0, source: 'time' } })
    // Which are runs, and the schedule is none.
    expect((await node.engine.runs.list({ namespace: 'default' }, { after: null, limit: 9 })).rows).toHaveLength(2)
    expect(await node.engine.queues.list('default')).toHaveLength(1)
  })

  test('skips while its run is open and goes on when it has closed: both are one commit', async () => {
    const { node } = await begin()
    await put(node, { overlap: 'skip' })
    await pass(node, HOUR / 2)
    const { tasks } = await node.poll()
    await pass(node, 2 * HOUR)
    expect(await lines(node)).toEqual(['01:00 fired running', '02:00 skipped overlap x2'])
    await node.complete(tasks[0] as never)
    await pass(node, HOUR)
    expect(await lines(node)).toEqual(['01:00 fired completed', '02:00 skipped overlap x2', '04:00 fired queued'])
    expect((await node.engine.schedules.get('default', 'nightly')).open).toHaveLength(1)
  })

  test('gives each run how far those before it have come: kept with the commit that completes one, of a job as of a task of a DAG', async () => {
    const dag = { tasks: { load: { job: 'mail' }, check: { job: 'mail', after: ['load'] } } }
    const { node, commands } = await begin()
    await node.engine.definitions.register('default', [{ kind: 'dag', name: 'flow', version: '1', options: {}, schema: null, dag }])
    const ended = async (task: Delivery, watermark?: string): Promise<void> => {
      const { run, attempt, delivery } = task
      const result = {
        run,
        task: task.task,
        attempt,
        delivery,
        is: 'completed' as const,
        output: null,
        ...(watermark !== undefined && { watermark }),
      }
      for (let again = 0; again < 2; again++) await node.engine.tasks.complete('default', 'w1', [result])
      await node.clock.advance(100)
    }
    const taken = async (): Promise<Delivery> => (await node.poll()).tasks[0] as Delivery
    const mark = async () => (await node.engine.schedules.get('default', 'nightly')).watermark
    await put(node)
    await pass(node, HOUR / 2)
    const first = await taken()
    await ended(first, '{"id":12345678901234567890}')
    expect([first.watermark, await mark()]).toMatchObject([undefined, { value: '{"id":12345678901234567890}', run: first.run }])
    await node.engine.schedules.setWatermark('default', 'nightly', '{"id":5}', { id: commands(), by: 'ana' })
    expect(await mark()).toMatchObject({ value: '{"id":5}', by: 'ana' })

    await put(node, { target: { definition: 'flow', input: null, options: {} } })
    await pass(node, HOUR)
    const load = await taken()
    await ended(load, '{"id":9}')
    expect(await mark()).toMatchObject({ value: '{"id":5}' })
    const check = await taken()
    await ended(check)
    expect([load.watermark, check.watermark, await mark()]).toMatchObject(['{"id":5}', '{"id":5}', { value: '{"id":9}' }])

    await pass(node, HOUR)
    const last = await taken()
    await node.engine.runs.cancel('default', last.dag?.run as string, { id: commands(), by: 'ana', why: null })
    await ended(last, '{"id":10}')
    expect(await mark()).toMatchObject({ value: '{"id":9}' })
  })

  test('terminates the run before, whatever that one is doing', async () => {
    const { node } = await begin()
    await put(node, { overlap: 'terminate_other' })
    await pass(node, HOUR / 2)
    await node.poll()
    await pass(node, HOUR)
    expect(await lines(node)).toEqual(['01:00 fired terminated', '02:00 fired queued'])
  })

  test('cancels the run before and begins when that has ended', async () => {
    const { node } = await begin()
    await put(node, { overlap: 'cancel_other' })
    await pass(node, HOUR / 2)
    const { tasks } = await node.poll()
    const [task] = tasks as [(typeof tasks)[0]]
    await pass(node, HOUR)
    expect(
      await node.engine.tasks.heartbeat('default', 'w1', [{ run: task.run, task: task.task, attempt: task.attempt, delivery: task.delivery }]),
    ).toEqual(['cancel'])
    expect(await lines(node)).toEqual(['01:00 fired running', '02:00 intended'])
    await node.engine.tasks.complete('default', 'w1', [{ ...task, is: 'cancelled' }])
    await node.clock.advance(100)
    expect(await lines(node)).toEqual(['01:00 fired cancelled', '02:00 fired queued'])
  })

  test('what its target refuses is refused in the ledger', async () => {
    const { node } = await begin({ mail: { unique: { by: 'name' } } })
    await put(node)
    await put(node, { target: { definition: 'nobody', input: null, options: {} } }, 'broken')
    await pass(node, 2 * HOUR)
    expect(await lines(node)).toEqual(['01:00 fired queued', '02:00 refused unique'])
    expect(await lines(node, 'broken')).toEqual(['01:00 refused unknown-definition', '02:00 refused unknown-definition'])
  })

  test('another node goes on where the first one stopped, and recovers what was missed', async () => {
    const { node, store } = await begin()
    await put(node)
    await pass(node, HOUR / 2)
    await node.engine.stop()
    node.clock.stall(3 * HOUR + 60_000)
    const next = await TestNode.start(store, { mail: {} }, { clock: node.clock, seed: 2, sizes: PATIENT })
    await next.clock.advance(1_000)
    expect(await lines(next)).toEqual([
      '01:00 fired queued',
      '02:00 recovered catch-up queued',
      '03:00 recovered catch-up queued',
      '04:00 recovered catch-up queued',
    ])
  })

  test('trigger, pause, resume, backfill and removal are answered once they are durable', async () => {
    const { node, commands } = await begin()
    const { schedules } = node.engine
    await put(node)
    const command = () => ({ id: commands(), by: 'ana' })
    const { run } = await schedules.trigger('default', 'nightly', command())
    expect((await node.engine.runs.get('default', run)).trigger).toMatchObject({ source: 'trigger', by: 'ana' })
    await schedules.pause('default', 'nightly', { note: 'freeze', until: null, ...command() })
    await pass(node, 2 * HOUR)
    expect((await schedules.get('default', 'nightly')).paused).toMatchObject({ by: 'ana', note: 'freeze' })
    await schedules.resume('default', 'nightly', command())
    expect(await lines(node)).toEqual(['00:30 fired queued', '01:00 paused x2'])
    const { backfill } = await schedules.backfill('default', 'nightly', { from: START - 3 * HOUR, until: START, maxActive: 2, ...command() })
    await node.clock.advance(100)
    expect((await schedules.get('default', 'nightly')).backfills).toMatchObject([
      { id: backfill, started: 2, active: [expect.any(String), expect.any(String)] },
    ])
    await schedules.remove('default', 'nightly', command())
    await expect(schedules.get('default', 'nightly')).rejects.toMatchObject({ code: 'schedule-not-found' })
    await expect(schedules.pause('default', 'nobody', { note: null, until: null, ...command() })).rejects.toMatchObject({
      code: 'schedule-not-found',
    })
    expect((await schedules.list('default', { after: null, limit: 9 })).rows).toEqual([])
  })

  test('one that left the code is paused with that reason; what others made is left alone', async () => {
    const { node, commands } = await begin()
    const { schedules } = node.engine
    const register = (...names: string[]) =>
      schedules.register(
        'default',
        'jobs.ts',
        names.map(name => ({ name, spec: spec() })),
        { id: commands(), by: null },
      )
    await put(node, {}, 'mine')
    expect((await register('a', 'b', 'mine')).map(({ changed }) => changed)).toEqual(['created', 'created', 'kept'])
    await register('a')
    expect((await schedules.get('default', 'b')).paused).toMatchObject({ gone: true, note: 'it is no longer in the code of jobs.ts' })
    expect((await schedules.get('default', 'mine')).paused).toBeNull()
    expect((await register('a', 'b')).map(({ changed }) => changed)).toEqual(['unchanged', 'edited'])
    expect((await schedules.get('default', 'b')).paused).toBeNull()
  })

  test.each<[string, Partial<ScheduleSpec>, object]>([
    ['a cron expression', { timetable: { cron: '0 25 * * *' } }, { code: 'invalid-cron', problem: { at: '/cron' } }],
    ['a time that never comes', { timetable: { cron: '0 2 31 2 *' } }, { code: 'schedule-never-fires' }],
    ['a zone', { timetable: { cron: '0 2 * * *', timezone: 'Europe/Berlln' } }, { code: 'invalid-timezone', problem: { at: '/timezone' } }],
    [
      'a placeholder',
      { target: { definition: 'mail', input: '"{{nominalDay}}"', options: {} } },
      { code: 'invalid-schedule', problem: { at: '/input' } },
    ],
  ])('%s that is wrong is refused with its place, and nothing is made', async (_, changes, refusal) => {
    const { node } = await begin()
    await expect(put(node, changes)).rejects.toMatchObject(refusal)
    await expect(node.engine.schedules.get('default', 'nightly')).rejects.toMatchObject({ code: 'schedule-not-found' })
  })
})

describe('what it says of itself', () => {
  test('the preview is what the ledger will say, and the calendar has the same times', async () => {
    const { node } = await begin()
    await put(node, {
      timetable: { cron: '0 2 * * *', timezone: 'Europe/Berlin', blackouts: [{ from: '2026-03-02', to: '2026-03-03', note: 'freeze' }] },
    })
    const preview = await node.engine.schedules.preview('default', { name: 'nightly' }, null, 3)
    expect(preview).toMatchObject({
      timezone: 'Europe/Berlin',
      times: [
        { local: '2026-03-01T02:00:00.000+01:00', held: null },
        { local: '2026-03-02T02:00:00.000+01:00', held: { is: 'blacked_out', by: 'freeze' } },
        { local: '2026-03-03T02:00:00.000+01:00', held: null },
      ],
    })
    const calendar = await node.engine.schedules.calendar('default', 'nightly', null, 2)
    expect(calendar.match(/DTSTART:\S+/g)).toEqual(['DTSTART:20260301T010000Z', 'DTSTART:20260303T010000Z'])
    for (let day = 0; day < 3; day++) await pass(node, 24 * HOUR)
    const ledger = await node.engine.schedules.ledger('default', 'nightly', {}, { after: null, limit: 9 })
    expect(ledger.rows.reverse().map(({ at, account }) => [at, account])).toEqual(preview.times.map(({ at, held }) => [at, held?.is ?? 'fired']))
  })

  test.each<[string | null, string[]]>([
    ['2026-03-01T01:00:00Z', ['paused']],
    ['2026-03-01T03:00', ['fired']],
    ['2026-03-01T03:05', ['not-nominal', 'neighbours']],
    ['2026-02-01T03:00', ['not-yet-made', 'neighbours']],
    ['2026-03-01T09:00', ['not-due']],
    ['2026-03-01T09:01', ['not-nominal', 'neighbours']],
    [null, ['not-due']],
  ])('explain at %s says %j', async (at, codes) => {
    const { node, commands } = await begin()
    const { schedules } = node.engine
    await put(node)
    await schedules.pause('default', 'nightly', { note: null, until: null, id: commands(), by: null })
    await pass(node, 2 * HOUR)
    await schedules.resume('default', 'nightly', { id: commands(), by: null })
    await pass(node, 1.5 * HOUR)
    const explained = await schedules.explain('default', 'nightly', at)
    expect(explained.reasons.map(({ code }) => code)).toEqual(codes)
  })

  test('a time that the clock never showed is explained by the clock', async () => {
    const { node } = await begin()
    await put(node, { timetable: { cron: '30 2 * * *', timezone: 'Europe/Berlin', gap: 'skip' } })
    const { reasons } = await node.engine.schedules.explain('default', 'nightly', '2026-03-29 02:30')
    expect(reasons[0]).toMatchObject({ code: 'dst-gap', text: expect.stringContaining('Europe/Berlin') })
  })
})

describe('all schedules together', () => {
  const all = { after: null, limit: 10 }

  test('tell when they will fire in a range, from what is not accounted for yet', async () => {
    const { node, commands } = await begin()
    await put(node)
    await put(node, { timetable: { cron: '*/1 * * * *' } }, 'busy')
    await put(node, {}, 'gone')
    await node.engine.schedules.remove('default', 'gone', { id: commands(), by: null })
    await node.engine.schedules.pause('default', 'nightly', { note: 'audit', until: null, id: commands(), by: 'ana' })
    await pass(node, HOUR)
    const { rows, next } = await node.engine.schedules.upcoming('default', { from: START, until: START + 24 * HOUR }, all)
    expect(rows.map(({ name, times, count, more, paused }) => [name, times.length, count, more, paused?.note])).toEqual([
      ['busy', 300, 1_000, true, undefined],
      ['nightly', 23, 23, false, 'audit'],
    ])
    expect(rows[1]?.times[0]).toBe(START + 1.5 * HOUR)
    expect(next).toBeNull()
    const at = START + 2.5 * HOUR
    const { rows: one } = await node.engine.schedules.upcoming('default', { from: at, until: at }, all)
    expect(one.map(({ times }) => times)).toEqual([[at], [at]])
  })

  test('tell what became of a range, each with how its run stands', async () => {
    const { node } = await begin()
    await put(node)
    await put(node, { overlap: 'skip' }, 'careful')
    await pass(node, 2 * HOUR)
    const { open } = await node.engine.schedules.get('default', 'careful')
    const task = (await node.poll()).tasks.find(({ run }) => run === open[0])
    await node.clock.advance(100)
    await node.complete(task as never)
    const range = { from: START, until: START + 24 * HOUR }
    const { rows } = await node.engine.schedules.outcomes('default', range, all)
    expect(rows.map(({ name, lines }) => [name, lines.map(({ account, outcome }) => `${account} ${outcome?.state}`)])).toEqual([
      ['careful', ['skipped undefined', 'fired completed']],
      ['nightly', ['fired running', 'fired running']],
    ])
    const skipped = await node.engine.schedules.outcomes('default', { ...range, accounts: ['skipped'] }, all)
    expect(skipped.rows.map(({ lines }) => lines.length)).toEqual([1, 0])
    const newest = await node.engine.schedules.outcomes('default', { ...range, lines: 1 }, all)
    expect(newest.rows.map(({ lines, more }) => [lines.length, more])).toEqual([
      [1, true],
      [1, true],
    ])
    const listed = (await node.engine.schedules.list('default', all)).rows
    expect(listed.map(({ last, lastOutcome }) => [last?.account, lastOutcome?.state])).toEqual([
      ['fired', 'completed'],
      ['fired', 'running'],
    ])
  })
})

test('one whose machine throws is stuck, says on what, and takes it again when it is resumed', async () => {
  const { node } = await begin()
  await put(node)
  // Whatever wakes it from now on is too much for it.
  const decide = vi.spyOn(machine, 'decide').mockImplementation(() => {
    throw new Error('oops')
  })
  await pass(node, HOUR / 2)
  decide.mockRestore()
  const stuck = { on: 'wake', why: 'oops', since: expect.any(Number) }
  expect((await node.engine.schedules.list('default', { after: null, limit: 9 })).rows).toMatchObject([{ name: 'nightly', stuck }])
  expect((await node.engine.schedules.explain('default', 'nightly', null)).reasons[0]).toMatchObject({
    code: 'stuck',
    text: 'it is stuck on "wake": oops',
    command: 'mainspring schedule resume nightly',
  })
  const resume = { id: 'again', by: 'ana' }
  await expect(node.engine.schedules.pause('default', 'nightly', { ...resume, note: null, until: null })).rejects.toThrow(/is stuck/)
  await node.engine.schedules.resume('default', 'nightly', resume)
  expect(await node.engine.schedules.get('default', 'nightly')).toMatchObject({ stuck: null })
  expect(await lines(node)).toEqual(['01:00 fired queued'])
})
