import { describe, expect, test } from 'vitest'
import type { RunInput } from '../core/machine.ts'
import { seeded } from '../core/seeded.ts'
import { MACHINES } from '../machines/registry.ts'
import type { Writes } from '../store/store.ts'
import { Actor } from './actor.ts'
import { OpenBatch, seal } from './batch.ts'
import { Counters } from './counters.ts'
import type { LiveEvent } from './face.ts'
import { Live } from './live.ts'
import { TestClock } from './test-clock.ts'
import { transition, type World } from './transition.ts'

const world: World = { clock: new TestClock(), random: seeded(1), retentionMs: () => 0, log: () => {}, home: () => null }
let made = 0

function born(namespace = 'default', queue = 'default'): Actor {
  const row = { id: `r${++made}`, namespace, kind: 'job' as const, name: 'mail', queue, createdAt: 1, tags: null, input: null }
  const actor = new Actor(row, MACHINES.job)
  give(actor, { is: 'start', definition: 'mail', options: { queue }, trigger: { is: 'call' } } as { is: string })
  return actor
}
const give = (actor: Actor, input: { is: string }) => void transition(actor, input, world)
const deliver = { is: 'deliver', task: 'job', attempt: 1, delivery: 'd1', worker: 'w1', version: null }
const report = { is: 'report', task: 'job', attempt: 1, delivery: 'd1', worker: 'w1', progress: { value: 0.5 } }
const terminate = { is: 'terminate', command: 'c', by: null, why: null } satisfies RunInput
const failed = {
  is: 'result',
  task: 'job',
  attempt: 1,
  delivery: 'd1',
  worker: 'w1',
  result: { is: 'failed', retry: true, failure: { type: 'E', message: 'no' } },
}

/** Seals as the lane does: rows are written, then the subscribers' events are fixed. Call the answer once the batch is committed. */
function sealed(live: Live, actors: Actor[], segmentBytes = 16_384): (writes?: Partial<Pick<Writes, 'logs' | 'streams'>>) => void {
  const batch = new OpenBatch()
  for (const actor of actors) batch.actors.add(actor)
  const sent = seal(batch, segmentBytes)
  const prepared = live.sealed(sent)
  return writes => live.committed(sent, prepared, { logs: [], streams: [], ...writes })
}

function watch(live: Live, run: string | null, namespace = 'default') {
  const told: LiveEvent[] = []
  const leave = live.subscribe(namespace, run, event => void told.push(event))
  return { told, leave, kinds: () => told.flatMap(event => (event.is === 'run' ? event.events.map(({ is }) => is) : [event.is])) }
}

describe('live events', () => {
  test('are told after the commit, never before (E4)', () => {
    const live = new Live()
    const actor = born()
    const { told } = watch(live, actor.id)
    const sent = sealed(live, [actor])
    expect(told).toEqual([])
    sent()
    expect(told).toMatchObject([{ is: 'run', run: { id: actor.id, state: 'queued' }, events: [{ is: 'started' }], sequence: 0 }])
  })

  test('tell what was sent, not what has changed since', () => {
    const live = new Live()
    const actor = born()
    const { told } = watch(live, actor.id)
    const sent = sealed(live, [actor])
    give(actor, deliver)
    sent()
    expect(told).toMatchObject([{ run: { state: 'queued' }, sequence: 0 }])
    sealed(live, [actor])()
    expect(told[1]).toMatchObject({ run: { state: 'running' }, events: [{ is: 'delivered' }], sequence: 1 })
  })

  test('of a batch that never committed are never told, not even with a later commit (E4)', () => {
    const live = new Live()
    const lost = born()
    const { told } = watch(live, null)
    sealed(live, [lost]) // fenced: its lane is thrown away, and what subscribers wait for goes on
    const other = born()
    sealed(live, [other])()
    expect(told.map(event => event.is === 'run' && event.run.id)).toEqual([other.id])
  })

  test('leave none out when the history moves to a segment', () => {
    const live = new Live()
    const actor = born()
    const watching = watch(live, actor.id)
    sealed(live, [actor])()
    give(actor, deliver)
    give(actor, report)
    sealed(live, [actor], 1)()
    give(actor, terminate)
    sealed(live, [actor], 1)()
    expect(watching.kinds()).toEqual(['started', 'delivered', 'reported', 'terminated'])
  })

  test('go to the subscribers of the run and of its namespace, and to no others', () => {
    const live = new Live()
    const [mine, sibling, foreign] = [born(), born(), born('other')]
    const [run, namespace, other] = [watch(live, mine.id), watch(live, null), watch(live, null, 'other')]
    sealed(live, [mine, sibling, foreign])()
    expect([run, namespace, other].map(({ told }) => told.map(event => event.is === 'run' && event.run.id))).toEqual([
      [mine.id],
      [mine.id, sibling.id],
      [foreign.id],
    ])
  })

  test('of a run that nobody watches are not even made; who comes later is told of what is new', () => {
    const live = new Live()
    const [watched, unwatched] = [born(), born()]
    const { told } = watch(live, watched.id)
    sealed(live, [unwatched])()
    expect(told).toEqual([])
    const late = watch(live, unwatched.id)
    give(unwatched, deliver)
    sealed(live, [unwatched])()
    expect(late.kinds()).toEqual(['delivered'])
    late.leave()
    give(unwatched, terminate)
    sealed(live, [unwatched])()
    expect(late.kinds()).toEqual(['delivered'])
  })

  test('of a closing carry the output', () => {
    const live = new Live()
    const actor = born()
    const { told } = watch(live, actor.id)
    give(actor, deliver)
    give(actor, { ...failed, result: { is: 'completed', output: '42' } } as { is: string })
    sealed(live, [actor])()
    expect(told).toMatchObject([{ run: { state: 'completed' }, output: '42' }])
  })

  test('log lines are told with the commit that holds them', () => {
    const live = new Live()
    const actor = born()
    const { told } = watch(live, actor.id)
    const line = { run: actor.id, attempt: 1, delivery: 'd1', n: 0, at: 1, level: 'info' as const, message: 'hello', fields: null }
    live.committed([], new Map(), { logs: [line], streams: [] })
    expect(told).toEqual([{ is: 'log', run: actor.id, lines: [line] }])
  })

  test('who waits for the end of a run is called by the commit that closes it', () => {
    const live = new Live()
    const actor = born()
    let calls = 0
    live.onClosed(actor.id, () => void calls++)
    sealed(live, [actor])()
    expect(calls).toBe(0)
    give(actor, terminate)
    const sent = sealed(live, [actor])
    expect(calls).toBe(0)
    sent()
    expect(calls).toBe(1)
  })
})

describe('counters', () => {
  const counted = (counters: Counters) =>
    counters.all().map(({ namespace, queue, counts }) => [namespace, queue, counts.queued, counts.running, counts.waiting])

  test('follow each run through its states, by namespace and queue', () => {
    const counters = new Counters()
    const [a, b, c] = [born(), born('default', 'slow'), born('other')]
    for (const actor of [a, b, c]) counters.committed(actor)
    expect(counted(counters)).toEqual([
      ['default', 'default', 1, 0, 0],
      ['default', 'slow', 1, 0, 0],
      ['other', 'default', 1, 0, 0],
    ])
    give(a, deliver)
    counters.committed(a)
    expect(counters.of('default').get('default')).toMatchObject({ queued: 0, running: 1 })
    give(a, failed)
    counters.committed(a)
    counters.committed(a)
    expect(counters.of('default').get('default')).toMatchObject({ running: 0, waiting: 1 })
    give(a, terminate)
    counters.committed(a)
    expect([counters.of('default').get('default'), counters.started]).toEqual([undefined, 3])
  })

  test('a run that opens and closes in one commit is started, and counted nowhere', () => {
    const counters = new Counters()
    const actor = born()
    give(actor, terminate)
    counters.committed(actor)
    counters.committed(actor)
    expect([counters.started, counted(counters)]).toEqual([1, []])
  })

  test('runs in the store are counted once, also when they are loaded and change', () => {
    const counters = new Counters()
    counters.load([{ namespace: 'default', queue: 'default', state: 'queued', count: 5 }])
    const actor = born()
    counters.loaded(actor)
    give(actor, deliver)
    counters.committed(actor)
    expect([counted(counters), counters.started]).toEqual([[['default', 'default', 4, 1, 0]], 0])
  })
})
