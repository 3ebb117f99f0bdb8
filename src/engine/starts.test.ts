import { describe, expect, test } from 'vitest'
import { UserError } from '../core/errors.ts'
import { newId, slotOf } from '../core/ids.ts'
import { seeded } from '../core/seeded.ts'
import { openMemoryStore } from '../store/memory/store.ts'
import type { Delivery, StartAnswer, StartRequest } from './face.ts'
import { settle } from './test-clock.ts'
import { TestNode } from './test-engine.ts'

const KEY = newId(1_000_000, seeded(9))
const command = (id = 'c1') => ({ id, by: null })

async function node(definitions?: Parameters<typeof TestNode.start>[1]) {
  const store = openMemoryStore()
  return { store, node: await TestNode.start(store, definitions) }
}
const runs = (answers: StartAnswer[]) => answers.map(answer => (answer.is === 'refused' ? null : answer.run))
const kinds = (answers: StartAnswer[]) => answers.map(answer => (answer.is === 'existing' ? `existing by ${answer.by}` : answer.is))

describe('a call key (E9)', () => {
  test('makes a call repeatable: the same runs, in the same order, started once', async () => {
    const { node: it, store } = await node()
    const first = await it.start(KEY, {}, {}, {})
    const again = await it.start(KEY, {}, {}, {})
    expect([kinds(first), kinds(again)]).toEqual([Array(3).fill('started'), Array(3).fill('existing by call')])
    expect(runs(again)).toEqual(runs(first))
    expect(store.tables().open.size).toBe(3)
    expect(new Set(runs(first).map(run => slotOf(run as string))).size).toBe(1)
  })

  test('finds its runs through another node, and after they have closed', async () => {
    const { node: it, store } = await node()
    const first = await it.start(KEY, {}, {})
    for (const run of runs(first)) await it.engine.runs.terminate('default', run as string, command())
    await it.engine.stop()
    const other = await TestNode.start(store, undefined, { seed: 2 })
    const again = await other.start(KEY, {}, {})
    expect([kinds(again), runs(again)]).toEqual([['existing by call', 'existing by call'], runs(first)])
  })

  test('repeated while the first call is in flight, is told nothing before that is committed', async () => {
    const { node: it } = await node()
    const [first, again] = await Promise.all([it.start(KEY, {}), it.start(KEY, {})])
    expect([kinds(first), kinds(again), runs(again)]).toEqual([['started'], ['existing by call'], runs(first)])
  })

  test('another one starts others', async () => {
    const { node: it } = await node()
    const [a] = runs(await it.start(KEY, {}))
    const [b] = runs(await it.start(`${KEY}x`, {}))
    expect(a).not.toBe(b)
  })

  test('without one, each call starts anew', async () => {
    const { node: it } = await node()
    expect(new Set([...runs(await it.start(null, {})), ...runs(await it.start(null, {}))]).size).toBe(2)
  })
})

test('what a start makes ready is handed out in the turn of its commit, not after its answer', async () => {
  const { node: it } = await node()
  const poll = { worker: 'w1', workerName: 'w1', last: null, queues: [], serves: [{ definition: 'mail', version: null }], labels: {} }
  let tasks: Delivery[] = []
  const polled = it.engine.tasks.poll('default', { ...poll, max: 1, slots: 1, waitMs: 1_000 }, new AbortController().signal)
  void polled.then(answer => {
    tasks = answer.tasks
  })
  await settle()
  const [started] = await it.start(KEY, {})
  await new Promise(resolve => process.nextTick(resolve)) // promises run, and no turn of the clock
  expect(tasks.map(({ run }) => run)).toEqual(runs([started as StartAnswer]))
})

describe('an idempotency key', () => {
  test('answers the run that has it, whatever its state, as long as it is kept', async () => {
    const { node: it } = await node()
    const [first] = runs(await it.start(null, { key: 'order-7', input: '1' }))
    const again = await it.start(null, { key: 'order-7', input: '1' })
    expect([kinds(again), runs(again)]).toEqual([['existing by key'], [first]])
    await it.engine.runs.terminate('default', first as string, command())
    expect(runs(await it.start(null, { key: 'order-7', input: '1' }))).toEqual([first])
  })

  test('with another input is refused, and the problem names the run', async () => {
    const { node: it } = await node()
    const [first] = runs(await it.start(null, { key: 'order-7', input: '1' }))
    const [answer] = await it.start(null, { key: 'order-7', input: '2' })
    expect(answer).toMatchObject({
      is: 'refused',
      problem: { code: 'key-conflict', status: 409, at: '/key', found: 'order-7', data: { run: first } },
    })
  })

  test('is per definition and namespace', async () => {
    const { node: it } = await node({ mail: {}, report: {} })
    const [a] = runs(await it.start(null, { key: 'k' }))
    const [b] = runs(await it.start(null, { key: 'k', definition: 'report' }))
    expect(a).not.toBe(b)
  })

  test('is kept for 24 hours at least, and then as long as the run is open (E9)', async () => {
    const { node: it } = await node()
    const [open] = runs(await it.start(null, { key: 'open' }))
    const [closed] = runs(await it.start(null, { key: 'closed' }))
    const [kept] = runs(await it.start(null, { key: 'kept', keyRetentionMs: 2 * 86_400_000 }))
    for (const run of [closed, kept]) await it.engine.runs.terminate('default', run as string, command())
    const ask = async (key: string) => runs(await it.start(null, { key }))[0]
    it.clock.step(86_400_000 - 1_000)
    await it.clock.advance(500)
    expect(await ask('closed')).toBe(closed)
    it.clock.step(60_000)
    await it.clock.advance(60_000)
    expect([await ask('open'), await ask('kept'), (await ask('closed')) === closed]).toEqual([open, kept, false])
  })

  test('in one call conflicts are told item by item, and the rest is started', async () => {
    const { node: it } = await node()
    const [held] = runs(await it.start(null, { key: 'held', input: '1' }))
    const answers = await it.start(KEY, {}, { key: 'held', input: '1' }, { key: 'held', input: '2' }, { key: 'new' }, { key: 'new' })
    expect(kinds(answers)).toEqual(['started', 'existing by key', 'refused', 'started', 'existing by key'])
    expect(runs(answers)[1]).toBe(held)
    expect(runs(answers)[4]).toBe(runs(answers)[3])
  })

  test('and `unique` are two questions: asking both is an error that says where', async () => {
    const { node: it } = await node()
    const error = await it.start(null, {}, { key: 'k', unique: { by: 'name' } }).catch(error => error)
    expect(error).toBeInstanceOf(UserError)
    expect(error.problem).toMatchObject({ code: 'invalid-option', at: '/runs/1/unique' })
  })
})

describe('unique', () => {
  test.each<[string, Partial<StartRequest>, Partial<StartRequest>, boolean]>([
    ['by name: one of a definition', { unique: { by: 'name' }, input: '1' }, { unique: { by: 'name' }, input: '2' }, true],
    ['by name: another definition is another', { unique: { by: 'name' } }, { unique: { by: 'name' }, definition: 'report' }, false],
    ['by input: the same input', { unique: { by: 'input' }, input: '1' }, { unique: { by: 'input' }, input: '1' }, true],
    ['by input: another input is another', { unique: { by: 'input' }, input: '1' }, { unique: { by: 'input' }, input: '2' }, false],
    ['by key: the same key', { unique: { by: 'key', key: 'a' }, input: '1' }, { unique: { by: 'key', key: 'a' }, input: '2' }, true],
    ['by key: another key is another', { unique: { by: 'key', key: 'a' } }, { unique: { by: 'key', key: 'b' } }, false],
    ['nothing asked, nothing in the way', { unique: { by: 'name' } }, {}, false],
  ])('%s', async (_, first, second, conflicts) => {
    const { node: it } = await node({ mail: {}, report: {} })
    const [run] = runs(await it.start(null, first))
    const answers = await it.start(null, second)
    expect(kinds(answers)).toEqual([conflicts ? 'existing by unique' : 'started'])
    if (conflicts) expect(runs(answers)).toEqual([run])
  })

  test("a definition's `unique` holds for its starts", async () => {
    const { node: it } = await node({ mail: { unique: { by: 'name' } } })
    const [run] = runs(await it.start(null, {}))
    expect(await it.start(null, {})).toEqual([{ is: 'existing', run, by: 'unique' }])
  })

  test('a closed run is in nobody’s way', async () => {
    const { node: it } = await node({ mail: { unique: { by: 'name' } } })
    const [run] = runs(await it.start(null, {}))
    await it.engine.runs.terminate('default', run as string, command())
    expect(kinds(await it.start(null, {}))).toEqual(['started'])
  })

  test('a run that has left the states asked for does not come back into them', async () => {
    const { node: it } = await node({ mail: { unique: { by: 'name', states: ['scheduled', 'queued'] }, retry: { initialMs: 0 } } })
    const [run] = runs(await it.start(null, {}))
    expect(kinds(await it.start(null, {}))).toEqual(['existing by unique'])
    const { tasks } = await it.poll({ max: 1 })
    expect(tasks).toMatchObject([{ run }])
    await settle()
    const [second] = runs(await it.start(null, {}))
    expect(second).not.toBe(run)
    const [task] = tasks
    await it.engine.tasks.complete('default', 'w1', [{ ...(task as Delivery), is: 'returned' }])
    expect((await it.engine.runs.get('default', run as string)).state).toBe('queued')
    expect(runs(await it.start(null, {}))).toEqual([second])
  })

  test('a run that begins outside the states asked for is in nobody’s way, then or later', async () => {
    const { node: it, store } = await node({ mail: { unique: { by: 'name', states: ['scheduled'] } } })
    const answers = [await it.start(null, {}), await it.start(null, {})]
    expect(answers.map(kinds)).toEqual([['started'], ['started']])
    expect(store.tables().keys.size).toBe(0)
    const delayed = await it.start(null, { options: { delayMs: 1_000 } })
    expect(kinds(await it.start(null, { options: { delayMs: 1_000 } }))).toEqual(['existing by unique'])
    await it.clock.advance(1_000)
    expect(kinds(delayed)).toEqual(['started'])
    expect(kinds(await it.start(null, {}))).toEqual(['started'])
  })
})

describe('a start', () => {
  test('of what nobody registered says so, and what is near', async () => {
    const { node: it } = await node()
    const error = await it.start(null, { definition: 'mial' }).catch(error => error)
    expect(error.problem).toMatchObject({ code: 'unknown-definition', at: '/definition', found: 'mial', hint: 'Did you mean "mail"?' })
  })

  test('has the options of its definition under its own', async () => {
    const { node: it } = await node({ mail: { queue: 'slow', priority: 5, retry: { attempts: 3 }, tags: { team: 'a' } } })
    const run = await it.run({ options: { priority: 7, retry: { initialMs: 5 }, tags: { tier: '1' } } })
    expect(await it.engine.runs.get('default', run)).toMatchObject({
      queue: 'slow',
      priority: 7,
      attempts: 3,
      tags: { team: 'a', tier: '1' },
      options: { retry: { attempts: 3, initialMs: 5 } },
    })
  })

  test('with a delay is due that long after now, or at its own time if that is later', async () => {
    const { node: it } = await node()
    const now = it.clock.now()
    const due = async (options: StartRequest['options']) => (await it.engine.runs.get('default', await it.run({ options }))).nextAt
    expect([await due({ delayMs: 500 }), await due({ delayMs: 500, notBefore: now + 900 })]).toEqual([now + 500, now + 900])
  })

  test('of more than 10,000 in a call is refused', async () => {
    const { node: it } = await node()
    const error = await it.start(null, ...Array.from({ length: 10_001 }, () => ({}))).catch(error => error)
    expect(error.problem).toMatchObject({ code: 'too-many-items', at: '/runs', found: 10_001 })
  })
})

describe('a retry', () => {
  test('is a new run linked to the old; repeating its command answers the same run', async () => {
    const { node: it } = await node()
    const old = await it.run({ input: '1', options: { priority: 3 } })
    await it.engine.runs.terminate('default', old, command())
    const run = await it.engine.runs.retry('default', old, command('r1'))
    expect(await it.engine.runs.retry('default', old, command('r1'))).toBe(run)
    expect(await it.engine.runs.retry('default', old, command('r2'))).not.toBe(run)
    expect(await it.engine.runs.get('default', run)).toMatchObject({ trigger: { is: 'retry', of: old }, input: '1', priority: 3 })
    const other = await it.engine.runs.retry('default', old, { ...command('r3'), input: '2' })
    expect((await it.engine.runs.get('default', other)).input).toBe('2')
  })

  test.each([
    ['of an open run', async (it: TestNode) => it.run(), 'run-open'],
    ['of what does not exist', async () => KEY, 'run-not-found'],
  ])('%s is refused', async (_, make, code) => {
    const { node: it } = await node()
    const error = await it.engine.runs.retry('default', await make(it), command()).catch(error => error)
    expect(error.code).toBe(code)
  })
})
