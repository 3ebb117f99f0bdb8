import { expect, test } from 'vitest'
import { TestCluster } from '../../test/support/test-cluster.ts'
import { callRunId, slotOf } from '../core/ids.ts'
import type { ScheduleSpec } from '../engine/face.ts'
import { settle } from '../engine/test-clock.ts'

test('a call with keys starts each run where its key lives, and answers in the order of the call', async () => {
  const cluster = await TestCluster.start(3)
  const places = [2, 0, 1, 2, 0]
  const runs = await cluster.start(1, ...places.map((place, index) => ({ key: cluster.keyAt(place, 'mail', `k${index}`) })))
  expect(runs.map(run => cluster.ownerOfRun(run))).toEqual(places)
  for (const [index, place] of places.entries())
    expect(await cluster.member(place).local.runs.get('default', runs[index] as string)).toMatchObject({ state: 'queued' })
})

test('unkeyed runs of a call are born together at one node', async () => {
  const cluster = await TestCluster.start(3)
  const runs = await cluster.start(0, {}, {}, {})
  expect(new Set(runs.map(slotOf)).size).toBe(1)
  expect(new Set(runs).size).toBe(3)
})

test('the same call through another node, split anew, finds the same runs', async () => {
  const cluster = await TestCluster.start(3)
  const starts = [{ key: cluster.keyAt(2) }, {}, { key: cluster.keyAt(1) }].map(request => ({
    definition: 'mail',
    input: null,
    options: {},
    trigger: { is: 'call' as const },
    ...request,
  }))
  const call = { callKey: 'once', by: null, starts }
  const first = await cluster.engine(0).runs.start('default', call)
  const again = await cluster.engine(1).runs.start('default', call)
  expect(first.map(({ is }) => is)).toEqual(['started', 'started', 'started'])
  // However it is split: by its place in the whole call.
  const runs = first.map(answer => (answer as { run: string }).run)
  expect(runs).toEqual(runs.map((run, index) => callRunId('once', index, slotOf(run))))
  expect(again).toEqual(first.map(answer => ({ is: 'existing', run: (answer as { run: string }).run, by: 'call' })))
})

test('a part whose answer is lost is sent again, and starts nothing twice', async () => {
  const cluster = await TestCluster.start(2)
  let lost = 0
  cluster.loses = ({ method }) => (method === 'runs.start' && lost++ < 2 ? 'answer' : null)
  const started = cluster.start(0, { key: cluster.keyAt(0) }, { key: cluster.keyAt(1) })
  await cluster.clock.advance(100)
  const [, run] = await started
  expect(lost).toBe(3)
  expect(await cluster.member(1).local.runs.list({ namespace: 'default' }, { after: null, limit: 10 })).toMatchObject({ rows: [{ id: run }] })
})

test('a command goes to the owner of its run, waits while nobody owns it, and is refused after five seconds', async () => {
  const cluster = await TestCluster.start(2)
  const [run] = (await cluster.start(0, { key: cluster.keyAt(1) })) as [string]
  const shared = cluster.owner
  cluster.owner = slot => (slot === slotOf(run) ? null : shared(slot))
  const cancelled = cluster.engine(0).runs.cancel('default', run, { id: 'c1', by: null })
  await cluster.clock.advance(2_000)
  cluster.owner = shared
  await cluster.clock.advance(100)
  await cancelled
  expect(await cluster.member(1).local.runs.get('default', run)).toMatchObject({ state: 'cancelled' })

  cluster.owner = slot => (slot === slotOf(run) ? null : shared(slot))
  const refused = expect(cluster.engine(0).runs.terminate('default', run, { id: 'c2', by: null })).rejects.toMatchObject({
    problem: { code: 'unavailable', retryAfter: 1 },
  })
  await cluster.clock.advance(5_100)
  await refused
})

test('who waits for an owner that stands still goes on with the next owner', async () => {
  const cluster = await TestCluster.start(3)
  const [run] = (await cluster.start(0, { key: cluster.keyAt(1) })) as [string]
  const shared = cluster.owner
  cluster.loses = ({ to }) => (to === 1 ? 'never' : null)
  // It has another store here, and knows of no such run: but it was asked.
  const explained = expect(cluster.engine(0).runs.explain('default', run)).rejects.toMatchObject({ code: 'run-not-found' })
  await cluster.clock.advance(200)
  cluster.owner = slot => (slot === slotOf(run) ? 2 : shared(slot))
  await cluster.clock.advance(100)
  await explained
})

test('results, beats, lines and chunks go to the owners of their runs, answers in order', async () => {
  const cluster = await TestCluster.start(2)
  const runs = await cluster.start(0, { key: cluster.keyAt(1) }, { key: cluster.keyAt(0) })
  const given: Awaited<ReturnType<TestCluster['poll']>>[] = []
  await settle()
  for (const _ of runs) given.push(await cluster.poll(0, { last: given.at(-1)?.answer ?? null, max: 1 }))
  const tasks = given.flatMap(({ tasks }) => tasks)
  expect(tasks.map(({ run }) => run).sort()).toEqual([...runs].sort())
  const { tasks: calls } = cluster.engine(1)
  const refs = runs.map(run => tasks.find(task => task.run === run)!).map(({ run, task, attempt, delivery }) => ({ run, task, attempt, delivery }))
  const stranger = { ...refs[0]!, run: runs[1]!, delivery: 'another' }
  expect(await calls.heartbeat('default', 'w1', [...refs, stranger])).toEqual(['held', 'held', 'lost'])
  await calls.log(
    'default',
    refs.map(ref => ({ ...ref, n: 0, at: 1, level: 'info', message: 'hello', fields: null })),
  )
  const followed: string[] = []
  // Who follows asks any node, and hears of the runs of all.
  const leave = await Promise.all(
    runs.map(run => cluster.engine(0).subscribe('default', run, event => event.is === 'chunks' && followed.push(event.run))),
  )
  const chunks = { stream: 's', step: null, writer: 'w1.1', from: 0, chunks: ['1'] }
  expect(
    await calls.stream(
      'default',
      'w1',
      [...refs, stranger].map(ref => ({ ...ref, ...chunks })),
    ),
  ).toEqual(['kept', 'kept', 'lost'])
  await settle()
  expect(followed.sort()).toEqual([...runs].sort())
  for (const end of leave) end()
  expect(
    await calls.complete(
      'default',
      'w1',
      refs.map(ref => ({ ...ref, is: 'completed', output: null })),
    ),
  ).toEqual(['accepted', 'accepted'])
  for (const [index, run] of runs.entries()) {
    const { local } = cluster.member(cluster.ownerOfRun(run)!)
    expect(
      [(await local.runs.get('default', run)).state, (await local.runs.logs('default', run, { after: null, limit: 5 })).rows.length],
      `${index}`,
    ).toEqual(['completed', 1])
  }
})

test('schedules of some code are put where each lives, and those that left it are paused there', async () => {
  const cluster = await TestCluster.start(2)
  const { homes } = cluster.member(0).local
  const nameAt = (place: number): string => {
    for (let n = 0; ; n++) if (cluster.owner(homes.schedule('default', `nightly-${n}`)) === place) return `nightly-${n}`
  }
  const [here, there] = [nameAt(0), nameAt(1)]
  const spec: ScheduleSpec = {
    timetable: { cron: '0 2 * * *' },
    target: { definition: 'mail', input: null, options: {} },
    overlap: 'allow',
    catchup: { policy: 'all', windowMs: null },
    jitterMs: 0,
  }
  const register = (names: string[], id: string) =>
    cluster.engine(0).schedules.register(
      'default',
      'jobs.ts',
      names.map(name => ({ name, spec })),
      { id, by: null },
    )
  expect((await register([here, there], 'one')).map(({ changed }) => changed)).toEqual(['created', 'created'])
  const listed = async (place: number) => (await cluster.member(place).local.schedules.list('default', { after: null, limit: 10 })).rows
  expect((await listed(0)).map(({ name }) => name)).toEqual([here])
  expect((await listed(1)).map(({ name }) => name)).toEqual([there])
  await register([there], 'two')
  expect((await listed(0)).map(({ paused }) => paused?.gone)).toEqual([true])
})
