import { describe, expect, test } from 'vitest'
import { newId } from '../core/ids.ts'
import { seeded } from '../core/seeded.ts'
import { openMemoryStore } from '../store/memory/store.ts'
import type { DefinitionOptions, Delivery, StartAnswer, StartRequest } from './face.ts'
import { settle } from './test-clock.ts'
import { TestNode } from './test-engine.ts'

/** `unique` with replace, debounce and throttle: starts that meet a run of their key. */

const command = (id = 'c1') => ({ id, by: null })
const told = (answers: StartAnswer[]) =>
  answers.map(answer => (answer.is === 'existing' ? `${answer.by}${answer.replaced ? ' replaced' : ''}` : answer.is))
const runOf = ([answer]: StartAnswer[]) => (answer as { run: string }).run

/** `small`: what is not needed leaves memory at once, so that holders must be read. */
async function node(mail: DefinitionOptions, small = false) {
  const store = openMemoryStore()
  const it = await TestNode.start(store, { mail, other: {} }, { sizes: small ? { actorsCached: 0 } : {} })
  const start = async (request: Partial<StartRequest> = {}) => {
    const answers = await it.start(null, request)
    await settle()
    return answers
  }
  const get = (run: string) => it.engine.runs.get('default', run)
  return { it, store, start, get }
}

describe.each([
  ['with its run in memory', false],
  ['with its run read from the store', true],
])('unique with replace, %s', (_, small) => {
  const unique = { by: 'name', onConflict: 'replace' } as const

  test('gives the run that has not begun the new input and options, and is answered with it', async () => {
    const { it, start, get } = await node({ unique, queue: 'a' }, small)
    const first = await start({ input: '1' })
    const second = await start({ input: '2', options: { priority: 7, queue: 'b' } })
    expect([told(first), told(second), runOf(second)]).toEqual([['started'], ['unique replaced'], runOf(first)])
    expect(await get(runOf(first))).toMatchObject({ input: '2', priority: 7, queue: 'b', state: 'queued' })
    expect(await it.engine.runs.history('default', runOf(first))).toMatchObject([{ is: 'started' }, { is: 'changed', by: 'unique', input: '2' }])
    expect((await it.poll()).tasks).toMatchObject([{ input: '2', queue: 'b' }])
  })

  test('leaves a run that has begun as it is', async () => {
    const { it, start, get } = await node({ unique }, small)
    const first = await start({ input: '1' })
    const { tasks } = await it.poll()
    await it.clock.advance(100)
    const second = await start({ input: '2' })
    expect([told(second), runOf(second)]).toEqual([['unique'], runOf(first)])
    expect((await get(runOf(first))).input).toBe('1')
    await it.engine.tasks.complete('default', 'w1', [
      { ...(tasks[0] as Delivery), is: 'failed', failure: { type: 'E', message: '' }, retry: true, delayMs: 60_000 },
    ])
    expect(told(await start({ input: '2' }))).toEqual(['unique'])
  })

  test('moves a scheduled run to when the new start is due', async () => {
    const { it, start, get } = await node({ unique }, small)
    const first = await start({ options: { delayMs: 5_000 } })
    await start({ options: { delayMs: 9_000 } })
    expect(await get(runOf(first))).toMatchObject({ state: 'scheduled', nextAt: it.clock.now() + 9_000 })
    await start()
    expect((await get(runOf(first))).state).toBe('queued')
  })

  test('of a call that is repeated changes nothing further', async () => {
    const { it, start, get } = await node({ unique }, small)
    const first = await start({ input: '1' })
    const key = newId(it.clock.now(), seeded(3))
    await it.start(key, { definition: 'mail', input: '2' })
    await start({ input: '3' })
    expect(told(await it.start(key, { definition: 'mail', input: '2' }))).toEqual(['call'])
    expect((await get(runOf(first))).input).toBe('3')
  })
})

test('unique without onConflict keeps the run that is there', async () => {
  const { start, get } = await node({ unique: { by: 'name' } })
  const first = await start({ input: '1' })
  expect(told(await start({ input: '2' }))).toEqual(['unique'])
  expect((await get(runOf(first))).input).toBe('1')
})

describe.each([
  ['in memory', false],
  ['read from the store', true],
])('debounce, its run %s', (_, small) => {
  const debounce = { per: 'user', forMs: 1_000, maximumMs: 2_500 }

  test('a start waits; one like it replaces its input and pushes it back, so the last input runs once it is quiet', async () => {
    const { it, start, get } = await node({ debounce }, small)
    const began = it.clock.now()
    const first = await start({ input: '{"user":"a","n":1}' })
    expect(await get(runOf(first))).toMatchObject({ state: 'scheduled', nextAt: began + 1_000 })
    await it.clock.advance(900)
    const second = await start({ input: '{"user":"a","n":2}' })
    expect([told(first), told(second), runOf(second)]).toEqual([['started'], ['unique replaced'], runOf(first)])
    await it.clock.advance(900)
    expect((await it.poll()).tasks).toEqual([])
    await it.clock.advance(100)
    expect((await it.poll()).tasks).toMatchObject([{ run: runOf(first), input: '{"user":"a","n":2}' }])
  })

  test('is never pushed back beyond the maximum after the first start', async () => {
    const { it, start, get } = await node({ debounce }, small)
    const began = it.clock.now()
    const first = await start({ input: '{"user":"a"}' })
    for (let n = 0; n < 2; n++) {
      await it.clock.advance(900)
      await start({ input: `{"user":"a","n":${n}}` })
    }
    expect((await get(runOf(first))).nextAt).toBe(began + 2_500)
  })

  test('keys are apart, and another definition is not debounced', async () => {
    const { start } = await node({ debounce }, small)
    await start({ input: '{"user":"a"}' })
    expect(told(await start({ input: '{"user":"b"}' }))).toEqual(['started'])
    expect(told(await start({ input: '{"user":"a"}', definition: 'other' }))).toEqual(['started'])
  })

  test('once it is due, the next start begins another run, also when its timer has not come yet', async () => {
    const { it, start, get } = await node({ debounce }, small)
    const first = await start({ input: '{"user":"a"}' })
    it.clock.step(1_000)
    const second = await start({ input: '{"user":"a"}' })
    expect([told(second), runOf(second) === runOf(first)]).toEqual([['started'], false])
    expect((await get(runOf(first))).state).toBe('queued')
    expect(told(await start({ input: '{"user":"a"}' }))).toEqual(['unique replaced'])
  })

  test('holds through a crash of the node', async () => {
    const { it, store, start } = await node({ debounce }, small)
    const first = await start({ input: '{"user":"a","n":1}' })
    await it.engine.stop()
    const other = await TestNode.start(store, { mail: { debounce } }, { seed: 2, clock: it.clock })
    const answers = await other.start(null, { input: '{"user":"a","n":2}' })
    expect([told(answers), runOf(answers)]).toEqual([['unique replaced'], runOf(first)])
  })
})

test('without a path all starts of a definition are one key; a repeat within one call counts too', async () => {
  const { it } = await node({ debounce: { per: null, forMs: 1_000 } })
  const answers = await it.start(null, { input: '1' }, { input: '2' })
  expect(told(answers)).toEqual(['started', 'unique replaced'])
  expect((await it.engine.runs.get('default', runOf(answers))).input).toBe('2')
})

describe.each([
  ['in memory', false],
  ['read from the store', true],
])('throttle (lodash: leading and trailing edge), its run %s', (_, small) => {
  const throttle = { per: 'user', everyMs: 1_000 }
  const input = (n: number) => `{"user":"a","n":${n}}`

  test('the first begins at once; those of the time after it are one run, due at its end, with the last input', async () => {
    const { it, start, get } = await node({ throttle }, small)
    const began = it.clock.now()
    const first = await start({ input: input(1) })
    await it.clock.advance(100)
    const second = await start({ input: input(2) })
    await it.clock.advance(100)
    const third = await start({ input: input(3) })
    expect([told(first), told(second), told(third), runOf(third)]).toEqual([['started'], ['started'], ['unique replaced'], runOf(second)])
    expect((await get(runOf(first))).state).toBe('queued')
    expect(await get(runOf(second))).toMatchObject({ state: 'scheduled', nextAt: began + 1_000, input: input(3) })
  })

  test('no two begin within the time, however starts come', async () => {
    const { it, start } = await node({ throttle }, small)
    const began: number[] = []
    for (let n = 0; n < 40; n++) {
      await start({ input: input(n) })
      await it.clock.advance(130)
      const { tasks } = await it.poll()
      for (const task of tasks) {
        began.push(it.clock.now())
        await it.complete(task)
      }
    }
    // 40 starts over 5,200 ms: one at once, then one a second; each is seen within the 130 ms after it is due.
    expect(began).toHaveLength(6)
    for (let n = 1; n < began.length; n++) expect((began[n] as number) - (began[n - 1] as number)).toBeGreaterThanOrEqual(1_000 - 130)
  })

  test('counts from the beginning of the last also when that has closed', async () => {
    const { it, start } = await node({ throttle }, small)
    await start({ input: input(1) })
    const { tasks } = await it.poll()
    await it.complete(tasks[0] as Delivery)
    await it.clock.advance(500)
    const second = await start({ input: input(2) })
    expect((await it.engine.runs.get('default', runOf(second))).state).toBe('scheduled')
    await it.clock.advance(500)
    expect(told(await start({ input: input(3) }))).toEqual(['started'])
  })

  test('begins at once again when nothing began for that long', async () => {
    const { it, start, get } = await node({ throttle }, small)
    await start({ input: input(1) })
    await it.clock.advance(1_000)
    expect((await get(runOf(await start({ input: input(2) })))).state).toBe('queued')
  })

  test('counts from where a start with a delay of its own begins', async () => {
    const { it, start, get } = await node({ throttle }, small)
    const began = it.clock.now()
    await start({ input: input(1) })
    await start({ input: input(2), options: { delayMs: 3_000 } })
    await it.clock.advance(3_000)
    expect((await get(runOf(await start({ input: input(3) })))).nextAt).toBe(began + 4_000)
  })

  test('the time of one that was cancelled before it began is taken by the next', async () => {
    const { it, start, get } = await node({ throttle }, small)
    const began = it.clock.now()
    await start({ input: input(1) })
    await it.engine.runs.cancel('default', runOf(await start({ input: input(2) })), command())
    expect((await get(runOf(await start({ input: input(3) })))).nextAt).toBe(began + 1_000)
  })
})

describe('options that do not go together', () => {
  test.each<[string, DefinitionOptions, string]>([
    ['debounce and throttle', { debounce: { per: null, forMs: 1 }, throttle: { per: null, everyMs: 1 } }, '/definitions/0/options/throttle'],
    ['throttle and unique', { throttle: { per: null, everyMs: 1 }, unique: { by: 'name' } }, '/definitions/0/options/unique'],
  ])('%s of a definition are refused when it is registered', async (_, options, at) => {
    const error = await TestNode.start(openMemoryStore(), { mail: options }).catch(error => error)
    expect(error.problem).toMatchObject({ code: 'invalid-option', at })
  })

  test.each<[string, Partial<StartRequest>]>([
    ['/key', { key: 'k' }],
    ['/unique', { unique: { by: 'name' } }],
  ])('%s of a start of what is debounced is refused', async (at, request) => {
    const { it } = await node({ debounce: { per: null, forMs: 1 } })
    const error = await it.start(null, request).catch(error => error)
    expect(error.problem).toMatchObject({ code: 'invalid-option', at })
  })
})

test('an operator cannot put one over the other either', async () => {
  const { it } = await node({ unique: { by: 'name' } })
  const override = async () => it.engine.definitions.override('default', 'mail', { debounce: { per: null, forMs: 1 } }, null)
  await expect(override()).rejects.toMatchObject({ problem: { code: 'invalid-option', at: '/unique' } })
})

describe('a retry of a run that was unique', () => {
  const setUp = async (small: boolean) => {
    const world = await node({ unique: { by: 'name' } }, small)
    const old = runOf(await world.start({ input: '1' }))
    await world.it.engine.runs.terminate('default', old, command())
    await settle()
    return { ...world, old }
  }

  test.each([false, true])('takes its key where that is free (read: %s)', async small => {
    const { it, start, old } = await setUp(small)
    const retry = await it.engine.runs.retry('default', old, command('r1'))
    const met = await start({ input: '2' })
    expect([told(met), runOf(met)]).toEqual([['unique'], retry])
    expect(await it.engine.runs.retry('default', old, command('r1'))).toBe(retry)
  })

  test.each([false, true])('is refused where another holds it, and names that one; with force it starts without it (read: %s)', async small => {
    const { it, start, old } = await setUp(small)
    const holder = runOf(await start({ input: '2' }))
    const error = await it.engine.runs.retry('default', old, command('r1')).catch(error => error)
    expect(error.problem).toMatchObject({ code: 'unique-conflict', status: 409, found: old, data: { run: holder } })
    const forced = await it.engine.runs.retry('default', old, { ...command('r2'), force: true })
    await it.engine.runs.terminate('default', forced, command())
    expect(runOf(await start())).toBe(holder)
  })

  test('with another input asks for the key of that', async () => {
    const { it, start } = await node({ unique: { by: 'input' } })
    const old = runOf(await start({ input: '1' }))
    await it.engine.runs.terminate('default', old, command())
    await start({ input: '1' })
    const retry = await it.engine.runs.retry('default', old, { ...command('r1'), input: '2' })
    expect(runOf(await start({ input: '2' }))).toBe(retry)
  })
})
