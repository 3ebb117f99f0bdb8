import { describe, expect, test } from 'vitest'
import { openMemoryStore } from '../store/memory/store.ts'
import type { DefinitionOptions, Delivery } from './face.ts'
import { TestNode } from './test-engine.ts'

const command = (id = 'c1') => ({ id, by: 'ana', why: 'mended' })
const failure = { type: 'TypeError', message: 'no' }

async function node(mail: DefinitionOptions = {}, share = false) {
  const store = openMemoryStore({ share })
  const it = await TestNode.start(store, { mail })
  const get = (run: string) => it.engine.runs.get('default', run)
  const fail = async (task: Delivery) => it.engine.tasks.complete('default', 'w1', [{ ...task, is: 'failed', failure, retry: true }])
  const listed = async (queue: string) =>
    (await it.engine.runs.list({ namespace: 'default', queues: [queue] }, { after: null, limit: 9 })).rows.map(({ id }) => id)
  return { it, store, get, fail, listed, runs: it.engine.runs }
}

describe('a run whose attempts are used up and that parks', () => {
  const parked = async () => {
    const world = await node({ exhausted: 'park', retry: { attempts: 1 } })
    const run = await world.it.run({ input: '1' })
    const { tasks } = await world.it.poll()
    await world.fail(tasks[0] as Delivery)
    return { ...world, run }
  }

  test('is paused with its failure, holds no slot, and explain says what to do', async () => {
    const { it, get, run, runs } = await parked()
    expect(await get(run)).toMatchObject({ state: 'paused', reason: 'parked', failure, attempt: 1, closedAt: null })
    expect((await it.engine.workers.list('default'))[0]?.running).toEqual([])
    const { reasons } = await runs.explain('default', run)
    expect(reasons).toMatchObject([
      { code: 'parked', text: 'parked: its attempts are used up (TypeError: no)', command: `mainspring resume ${run.slice(-5)}` },
    ])
    expect((await it.poll()).tasks).toEqual([])
  })

  test('goes on when it is resumed, by the node or by the next one', async () => {
    const { it, store, run, runs } = await parked()
    await it.engine.stop()
    const other = await TestNode.start(store, { mail: {} }, { seed: 2, clock: it.clock })
    await other.engine.runs.resume('default', run, command())
    await other.engine.runs.resume('default', run, command())
    const { tasks } = await other.poll()
    expect(tasks).toMatchObject([{ run, attempt: 2, attempts: 2, input: '1' }])
    await other.complete(tasks[0] as Delivery, '"done"')
    expect(await other.engine.runs.get('default', run)).toMatchObject({ state: 'completed', output: '"done"' })
    expect((await other.engine.runs.history('default', run)).map(({ is }) => is)).toEqual([
      'started',
      'delivered',
      'parked',
      'resumed',
      'delivered',
      'completed',
    ])
    expect(runs).toBeDefined()
  })

  test('is given to a worker once even when the answer to its poll is lost: at most once holds after a resume (E16)', async () => {
    const { it, run, runs } = await parked()
    await runs.resume('default', run, command())
    expect((await it.poll()).tasks).toHaveLength(1)
    expect((await it.poll({ last: null })).tasks).toEqual([])
  })

  test('is cancelled as any run that waits', async () => {
    const { get, run, runs } = await parked()
    await runs.cancel('default', run, command())
    expect((await get(run)).state).toBe('cancelled')
  })

  test('resume of a run that is neither parked nor stuck is refused', async () => {
    const { it, runs } = await node()
    const error = await runs.resume('default', await it.run(), command()).catch(error => error)
    expect(error.problem).toMatchObject({ code: 'not-stuck', status: 409, hint: 'it is queued' })
  })
})

describe('a change of a run that waits', () => {
  test('of its queue, priority and input reaches the worker, the lists and the next node', async () => {
    const { it, store, get, listed, runs } = await node({ queue: 'a' })
    const run = await it.run({ input: '1' })
    await runs.change('default', run, { queue: 'b', priority: 9, input: '2' }, command())
    expect(await get(run)).toMatchObject({ queue: 'b', priority: 9, input: '2' })
    expect([await listed('a'), await listed('b')]).toEqual([[], [run]])
    expect(it.engine.stats().queues).toMatchObject([{ queue: 'b', depth: 1 }])
    expect((await it.poll({ queues: ['a'] })).tasks).toEqual([])
    await it.engine.stop()
    const other = await TestNode.start(store, { mail: { queue: 'a' } }, { seed: 2, clock: it.clock })
    const { tasks } = await other.poll({ queues: ['b'] })
    expect(tasks).toMatchObject([{ run, queue: 'b', input: '2' }])
    await other.complete(tasks[0] as Delivery)
    expect(await other.engine.runs.get('default', run)).toMatchObject({ queue: 'b', input: '2', state: 'completed' })
  })

  test('back to the first queue leaves nothing behind in the other', async () => {
    const { it, listed, runs } = await node({ queue: 'a' })
    const run = await it.run()
    await runs.change('default', run, { queue: 'b' }, command('c1'))
    await runs.change('default', run, { queue: 'a' }, command('c2'))
    expect([await listed('a'), await listed('b')]).toEqual([[run], []])
    expect((await it.poll({ queues: ['a'] })).tasks).toHaveLength(1)
  })

  test('and its end in one commit closes it where it was moved to', async () => {
    const { it, listed, runs } = await node({ queue: 'a' })
    const run = await it.run()
    await Promise.all([runs.change('default', run, { queue: 'b' }, command('c1')), runs.cancel('default', run, command('c2'))])
    expect([await listed('a'), await listed('b')]).toEqual([[], [run]])
  })

  test('of its priority changes who is first', async () => {
    const { it, runs } = await node()
    const [first, second] = [await it.run(), await it.run()]
    await runs.change('default', second, { priority: 1 }, command())
    expect((await it.poll({ max: 1 })).tasks).toMatchObject([{ run: second }])
    expect((await it.poll({ max: 1, last: null, worker: 'w2' })).tasks).toMatchObject([{ run: first }])
  })

  test('to now runs what is scheduled, and to a time postpones what is queued', async () => {
    const { it, runs } = await node()
    const run = await it.run({ options: { delayMs: 60_000 } })
    await runs.change('default', run, { due: 'now' }, command('c1'))
    await runs.change('default', run, { due: it.clock.now() + 500 }, command('c2'))
    expect((await it.poll()).tasks).toEqual([])
    await it.clock.advance(500)
    expect((await it.poll()).tasks).toMatchObject([{ run }])
  })

  test.each<[string, (world: Awaited<ReturnType<typeof node>>, run: string) => Promise<unknown>, string]>([
    ['runs', ({ it }) => it.poll(), 'run-begun'],
    ['is closed', ({ runs }, run) => runs.cancel('default', run, command()), 'run-closed'],
  ])('that %s is refused', async (_, before, code) => {
    const world = await node()
    const run = await world.it.run()
    await before(world, run)
    const error = await world.runs.change('default', run, { priority: 1 }, command('c9')).catch(error => error)
    expect(error.problem).toMatchObject({ code, status: 409 })
  })

  test('that is repeated, also once the run has begun, is answered as the first was', async () => {
    const { it, get, runs } = await node()
    const run = await it.run()
    await runs.change('default', run, { input: '2' }, command())
    await it.poll()
    await runs.change('default', run, { input: '2' }, command())
    expect((await get(run)).input).toBe('2')
  })

  test('moves it to the limit and the sequence of its new input', async () => {
    const { it, runs } = await node({ limits: [{ per: 'user', concurrency: 1 }], sequence: { per: 'order', onFailure: 'skip' } })
    const of = (user: string, order: string) => JSON.stringify({ user, order })
    const [first, second] = [await it.run({ input: of('a', '1') }), await it.run({ input: of('a', '1') })]
    const { tasks } = await it.poll()
    expect(tasks.map(({ run }) => run)).toEqual([first])
    await runs.change('default', second, { input: of('b', '2') }, command())
    expect((await it.poll({ worker: 'w2' })).tasks.map(({ run }) => run)).toEqual([second])
  })

  test('is refused where it would be in another sequence, which may be counted at another node', async () => {
    const { it, get, runs } = await node({ sequence: { per: 'order', onFailure: 'skip' } }, true)
    const run = await it.run({ input: '{"order":"1"}' })
    const elsewhere = runs.change('default', run, { input: '{"order":"2"}' }, command())
    await expect(elsewhere).rejects.toMatchObject({ code: 'invalid-option', problem: { at: '/input' } })
    await runs.change('default', run, { input: '{"order":"1","more":true}' }, command('c2'))
    expect((await get(run)).input).toBe('{"order":"1","more":true}')
  })

  test('leaves it its turn in a sequence once that has begun, and its end gives the turn to the next', async () => {
    const { it, fail, runs } = await node({ sequence: { per: 'order', onFailure: 'skip' }, retry: { initialMs: 0 } })
    const [first, second] = [await it.run({ input: '{"order":1}' }), await it.run({ input: '{"order":1}' })]
    await fail((await it.poll()).tasks[0] as Delivery)
    await runs.change('default', first, { input: '{"order":2}' }, command())
    const { tasks } = await it.poll()
    expect(tasks).toMatchObject([{ run: first, attempt: 2, input: '{"order":2}' }])
    await it.complete(tasks[0] as Delivery)
    expect((await it.poll()).tasks).toMatchObject([{ run: second }])
  })

  test('is what a retry starts from', async () => {
    const { it, get, runs } = await node({ queue: 'a' })
    const run = await it.run({ input: '1' })
    await runs.change('default', run, { queue: 'b', input: '2' }, command())
    await runs.cancel('default', run, command())
    expect(await get(await runs.retry('default', run, command('r1')))).toMatchObject({ queue: 'b', input: '2' })
  })
})
