import { beforeEach, describe, expect, test } from 'vitest'
import { type Api, createApi } from './api.ts'
import { FakeEngine, NOW } from './fake-engine.ts'
import { fakeLine } from './fake-schedules.ts'
import type { Need } from './needs.ts'

let engine: FakeEngine
let api: Api
beforeEach(() => {
  engine = new FakeEngine()
  api = createApi(engine, { now: () => NOW })
})

async function summary(): Promise<{ needs: Need[]; needsComplete: boolean }> {
  return JSON.parse((await api.dispatch('summary.get', { params: { namespace: 'default' } })).body)
}
const texts = async (is: Need['is']) => (await summary()).needs.filter(need => need.is === is).map(({ text }) => text)
const hour = (closed: Record<string, number>) => ({ queues: new Map(), definitions: new Map([['resize', { started: 9, closed }]]) })
const queue = {
  name: 'mails',
  depth: 3,
  running: 0,
  scheduled: 0,
  waiting: 0,
  parked: 0,
  oldestAt: NOW - 600_000,
  paused: null,
  workers: 1,
  untaken: [] as string[],
}

describe('what needs a person', () => {
  test('is nothing where all is well', async () => {
    engine.workers.silent = async () => []
    engine.limits.stopped = async () => []
    expect(await summary()).toMatchObject({ needs: [], needsComplete: true })
  })

  test('are definitions that fail, of how many, and with the last error', async () => {
    engine.activity.lastHour = async () => hour({ failed: 2, timed_out: 1, completed: 7 })
    const { id } = engine.add({ state: 'failed', failure: { type: 'HttpError', message: 'status\n  502' } })
    expect((await summary()).needs.filter(({ is }) => is === 'failing')).toEqual([
      {
        is: 'failing',
        why: 'failed',
        text: '3 of 10 runs of resize failed in the last hour, last with HttpError: status 502',
        count: 3,
        definition: 'resize',
        run: id,
      },
    ])
  })

  test('are runs that wait for an operator, by definition', async () => {
    for (let n = 0; n < 2; n++) engine.add({ state: 'paused', reason: 'parked' })
    engine.add({ state: 'paused', reason: 'stuck', definition: 'bill' })
    expect(await texts('parked')).toEqual(['2 runs of resize used up the attempts and wait for you'])
    expect(await texts('stuck')).toEqual(['a run of bill choked on an input, and will do nothing before it is resumed'])
    for (let n = 0; n < 100; n++) engine.add({ state: 'paused', reason: 'parked' })
    expect((await summary()).needsComplete).toBe(false)
  })

  test.each([
    [{}, 'slow', '3 tasks of mails wait, the oldest for 10m'],
    [{ workers: 0 }, 'no-worker', '3 tasks of mails wait, and no worker takes any of it'],
    [{ paused: { by: 'ana', note: null, since: NOW } }, 'paused', '3 tasks of mails wait while it is paused by ana'],
  ])('are queues with work that %j', async (change, why, text) => {
    engine.queues.list = async () => [{ ...queue, ...change }]
    expect((await summary()).needs.find(({ is }) => is === 'queue')).toMatchObject({ why, text, queue: 'mails', count: 3 })
  })

  test('are queues whose workers do not take what waits, however long it waits', async () => {
    engine.queues.list = async () => [{ ...queue, oldestAt: NOW, untaken: ['render', 'ship'] }]
    expect((await summary()).needs.find(({ is }) => is === 'queue')).toMatchObject({
      why: 'untaken',
      text: 'no worker takes render and 1 more, of which tasks wait in mails',
      queue: 'mails',
      definition: 'render',
      count: 2,
    })
  })

  test.each([{ depth: 0, workers: 0 }, { oldestAt: NOW - 1_000 }])('are not queues that %j', async change => {
    engine.queues.list = async () => [{ ...queue, ...change }]
    expect(await texts('queue')).toEqual([])
  })

  test('are workers that fell silent, handlers that ignore a stop, and sequences that stopped', async () => {
    const [worker] = await engine.workers.list('default')
    engine.workers.list = async () => (worker === undefined ? [] : [{ ...worker, running: worker.running.map(task => ({ ...task, stuck: true })) }])
    expect(await texts('worker')).toEqual([
      'a handler of resize on web-1:42 ignores that it was asked to stop',
      'web-0:41 fell silent, and did not say that it goes',
    ])
    expect(await texts('sequence')).toEqual(['the sequence "u17" of resize stopped when 00000 failed, and others wait in it'])
  })

  test('are schedules that left the code, skipped, were late or refused', async () => {
    await api.dispatch('schedules.put', { params: { namespace: 'default', name: 'nightly' }, body: '{"cron":"0 2 * * *","target":"resize"}' })
    const view = engine.schedules.known.get('nightly')
    if (view?.paused) view.paused = { ...view.paused, gone: true }
    if (view) view.stuck = { on: 'wake', why: 'out of\n bounds', since: NOW }
    engine.schedules.lines = [
      { ...fakeLine(NOW), account: 'skipped', count: 4, text: 'overlap: 7kq2m was still open' },
      { ...fakeLine(NOW), account: 'recovered' },
    ]
    expect(await texts('schedule')).toEqual([
      'nightly choked on "wake", and does nothing before it is resumed: out of bounds',
      'nightly is no longer in the code, and paused',
      'nightly skipped a time 4 times in the last day: overlap: 7kq2m was still open',
      'nightly fired late in the last day',
    ])
  })

  test('most urgent first', async () => {
    engine.activity.lastHour = async () => hour({ failed: 1 })
    engine.add({ state: 'paused', reason: 'parked' })
    engine.queues.list = async () => [queue]
    expect((await summary()).needs.map(({ is }) => is)).toEqual(['queue', 'worker', 'failing', 'sequence', 'parked'])
  })
})
