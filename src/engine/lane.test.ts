import { describe, expect, test } from 'vitest'
import { newId } from '../core/ids.ts'
import { seeded } from '../core/seeded.ts'
import { MACHINES } from '../machines/registry.ts'
import { openMemoryStore } from '../store/memory/store.ts'
import { ALL_SHARDS, type Answer, type Batch, type Store } from '../store/store.ts'
import { Lane } from './lane.ts'
import { SIZES, type Sizes } from './options.ts'
import { settle, TestClock } from './test-clock.ts'
import { TestNode } from './test-engine.ts'
import type { Work } from './work.ts'

/** A memory store whose answers can be scripted: each `commit` or `settle` takes the next of its line, and passes through once that is empty. */
class Scripted {
  readonly inner = openMemoryStore({
    refuse: batch => (this.poison !== null && JSON.stringify(batch.writes).includes(this.poison) ? 'it holds poison' : null),
  })
  readonly store: Store
  readonly batches: Batch[] = []
  readonly settlings: string[] = []
  poison: string | null = null
  commits: ((batch: Batch) => Promise<Answer>)[] = []
  settles: (() => Promise<'in' | 'out' | 'fenced' | 'unknown'>)[] = []

  constructor() {
    this.store = {
      ...this.inner,
      can: this.inner.can,
      read: this.inner.read,
      commit: async batch => {
        this.batches.push(batch)
        const scripted = this.commits.shift()
        return scripted === undefined ? this.inner.commit(batch) : scripted(batch)
      },
      settle: async (batch, settling) => {
        this.settlings.push(settling)
        const scripted = this.settles.shift()
        return scripted === undefined ? this.inner.settle(batch, settling) : scripted()
      },
    }
  }

  /** The next commit waits until it is told to go on. */
  hold(): () => void {
    let release = (): void => {}
    const released = new Promise<void>(resolve => {
      release = resolve
    })
    this.commits.push(async batch => {
      await released
      return this.inner.commit(batch)
    })
    return release
  }
}

async function makeLane(sizes: Partial<Sizes> = {}) {
  const scripted = new Scripted()
  const clock = new TestClock()
  const random = seeded(1)
  const id = () => newId(clock.now(), random)
  const claim = await scripted.store.claim({ lane: id(), claim: id(), node: id(), nodeName: 'test', address: null, wanted: ALL_SHARDS, dead: [] })
  const told: string[] = []
  const lane = new Lane(
    scripted.store,
    { clock, random, retentionMs: () => 0, log: () => {}, home: () => null },
    { ...SIZES, ...sizes },
    { claim, confirmedAt: clock.monotonic(), singles: [] },
    {
      committed: sent => void told.push(`committed ${sent.length}`),
      sealed: () => new Map(),
      changed: () => {},
      sent: () => {},
      owns: () => true,
      unknown: () => {},
      fenced: () => {
        told.push('fenced')
        lane.end()
      },
      poisoned: next => void told.push(`poisoned ${next.singles.length}`),
    },
  )
  /** Starts a run, or does what `execute` says. */
  const submit = (name: string, changes: Partial<Work> & { input?: string } = {}): string => {
    const { input = null, ...rest } = changes
    const run = id()
    lane.submit({
      ids: [],
      starts: true,
      bytes: 100,
      execute(transaction) {
        const row = { id: run, namespace: 'default', kind: 'job' as const, name: 'mail', queue: 'default', createdAt: 1, tags: null, input }
        const actor = transaction.create(row, MACHINES.job)
        transaction.apply(actor, { is: 'start', definition: 'mail', options: {}, trigger: { is: 'call' } } as { is: string })
      },
      done: () => void told.push(`${name} done`),
      failed: error => void told.push(`${name} ${error.code}`),
      ...rest,
    })
    return run
  }
  return { scripted, clock, lane, told, submit, claim }
}

test('a lane whose renewals get no answer hands nothing out, though its commits arrive: others may have given it up, and settings be acknowledged without it (E21)', async () => {
  const { clock, lane, told, submit } = await makeLane()
  const commits = async (ms: number) => {
    for (const until = clock.monotonic() + ms; clock.monotonic() < until; ) {
      submit('a')
      await clock.advance(SIZES.claimTtlMs / 10)
    }
  }
  await commits(SIZES.claimTtlMs / 2)
  expect(lane.fresh()).toBe(true)
  await commits(SIZES.claimTtlMs / 2)
  expect(told.at(-1)).toMatch(/^committed|done$/)
  expect(lane.fresh()).toBe(false)
  lane.chain.renewed(clock.monotonic())
  expect(lane.fresh()).toBe(true)
})

describe('group commit', () => {
  test('what comes in one turn goes with one commit, and is answered after it (E4)', async () => {
    const { scripted, told, submit } = await makeLane()
    const release = scripted.hold()
    for (const name of ['a', 'b', 'c']) submit(name)
    await settle()
    expect([scripted.batches.length, told]).toEqual([1, []])
    release()
    await settle()
    expect(told).toEqual(['committed 3', 'a done', 'b done', 'c done'])
    expect(scripted.inner.tables().open.size).toBe(3)
  })

  test('one batch is in flight; what comes meanwhile gathers into the next', async () => {
    const { scripted, told, submit } = await makeLane()
    const release = scripted.hold()
    submit('a')
    await settle()
    for (const name of ['b', 'c', 'd']) submit(name)
    await settle()
    expect(scripted.batches).toHaveLength(1)
    release()
    await settle()
    expect(scripted.batches.map(({ writes }) => writes.born.length)).toEqual([1, 3])
    expect(told).toEqual(['committed 1', 'a done', 'committed 3', 'b done', 'c done', 'd done'])
  })

  test('an actor that changes twice in a batch is written once, with both events', async () => {
    const { scripted, lane, submit } = await makeLane()
    const run = submit('a')
    lane.submit({
      ids: [run],
      bytes: 1,
      execute: transaction => {
        const actor = transaction.actor(run)
        if (actor !== null) transaction.apply(actor, { is: 'terminate', command: 'c', by: null, why: null } as { is: string })
      },
      done: () => {},
      failed: () => {},
    })
    await settle()
    expect(scripted.batches).toHaveLength(1)
    const [batch] = scripted.batches
    expect([batch?.writes.born.length, batch?.writes.closed.length]).toEqual([0, 1])
    expect((JSON.parse(batch?.writes.closed[0]?.body as string) as { events: { is: string }[] }).events.map(({ is }) => is)).toEqual([
      'started',
      'terminated',
    ])
  })

  test('the batches form a chain: each builds on the id and number of the last (E1)', async () => {
    const { scripted, submit } = await makeLane()
    for (const name of ['a', 'b', 'c']) {
      submit(name)
      await settle()
    }
    expect(scripted.batches.map(({ sequence }) => sequence)).toEqual([0, 1, 2])
    expect(scripted.batches.map(({ lastBatch }) => lastBatch)).toEqual(['', scripted.batches[0]?.id, scripted.batches[1]?.id])
  })

  test('a refusal leaves after a commit as well, and changes nothing', async () => {
    const { scripted, told, submit } = await makeLane()
    const { UserError } = await import('../core/errors.ts')
    const release = scripted.hold()
    submit('a', {
      execute: () => {
        throw new UserError('run-closed')
      },
    })
    await settle()
    expect(told).toEqual([])
    release()
    await settle()
    expect(told).toEqual(['committed 0', 'a run-closed'])
  })

  test('a bug of ours in one work is its own error: what it had begun is thrown away, and the others are decided anew (E14)', async () => {
    const { told, submit } = await makeLane()
    submit('a', {
      execute: () => {
        throw new TypeError('oops')
      },
    })
    submit('b')
    await settle()
    expect(told).toEqual(['a internal', 'poisoned 1'])
  })
})

describe('the four answers of a commit (E3)', () => {
  test('fenced: all that waits is answered `unavailable`, and nothing is sent any more', async () => {
    const { scripted, told, submit } = await makeLane()
    let go = (): void => {}
    scripted.commits.push(() => new Promise(resolve => (go = () => resolve({ is: 'fenced' }))))
    submit('a')
    await settle()
    submit('b')
    go()
    await settle()
    expect(told.sort()).toEqual(['a unavailable', 'b unavailable', 'fenced'])
    submit('c')
    await settle()
    expect([scripted.batches.length, told.includes('c unavailable')]).toEqual([1, true])
  })

  test('refused for now: the same batch goes again, on the same place of the chain', async () => {
    const { scripted, clock, told, submit } = await makeLane()
    scripted.commits.push(async () => ({ is: 'refused', resend: true, why: '40001' }))
    submit('a')
    await clock.advance(100)
    expect(scripted.batches.map(({ sequence }) => sequence)).toEqual([0, 0])
    expect(scripted.batches[1]?.writes).toBe(scripted.batches[0]?.writes)
    expect(told).toEqual(['committed 1', 'a done'])
  })

  test.each<[string, boolean, string[], number]>([
    ['in: it is durable, its replies leave, and it is not sent again', true, ['committed 1', 'a done'], 1],
    ['out: it is not in and never can be, so it is sent again', false, ['committed 1', 'a done'], 2],
  ])('unknown, and settled as %s', async (_, arrived, expected, sent) => {
    const { scripted, clock, told, submit, claim } = await makeLane()
    scripted.commits.push(async batch => {
      if (arrived) await scripted.inner.commit(batch)
      return { is: 'unknown' }
    })
    submit('a')
    await clock.advance(100)
    expect([told, scripted.batches.length, scripted.settlings.length]).toEqual([expected, sent, 1])
    expect(scripted.inner.tables().open.size).toBe(1)
    const chain = scripted.inner.tables().chains.get(claim.lane)
    expect(chain?.map(({ sequence }) => sequence)).toEqual(arrived ? [1] : [1, 2])
    expect(claim).toMatchObject({ sequence: chain?.length, lastBatch: chain?.at(-1)?.id })
    submit('b')
    await settle()
    expect(told.at(-1)).toBe('b done')
  })

  test('unknown, and settled as fenced: nobody is told that it is done', async () => {
    const { scripted, clock, told, submit } = await makeLane()
    scripted.commits.push(async () => ({ is: 'unknown' }))
    scripted.settles.push(async () => 'fenced')
    submit('a')
    await clock.advance(100)
    expect(told).toEqual(['a unavailable', 'fenced'])
  })

  test('unknown, and the settling too: it is repeated under the same id, and nothing else is committed meanwhile', async () => {
    const { scripted, clock, told, submit } = await makeLane()
    scripted.commits.push(async () => ({ is: 'unknown' }))
    scripted.settles.push(
      async () => 'unknown',
      () => Promise.reject(new Error('away')),
      async () => 'unknown',
    )
    submit('a')
    await settle()
    submit('b')
    await settle()
    expect([told, scripted.batches.length]).toEqual([[], 1])
    await clock.advance(1_000)
    expect(new Set(scripted.settlings).size).toBe(1)
    expect(scripted.settlings).toHaveLength(4)
    expect(told).toEqual(['committed 1', 'a done', 'committed 1', 'b done'])
  })

  test('a rejected commit is an unknown one', async () => {
    const { scripted, clock, told, submit } = await makeLane()
    scripted.commits.push(() => Promise.reject(new Error('connection lost')))
    submit('a')
    await clock.advance(100)
    expect([told, scripted.settlings.length]).toEqual([['committed 1', 'a done'], 1])
  })
})

describe('overload (E23)', () => {
  test('starts are refused first, with a time to come again; completions go on until the hard bound', async () => {
    const { scripted, lane, told, submit } = await makeLane({ batchBytesSoft: 1_000, batchBytesHard: 2_000 })
    const release = scripted.hold()
    submit('first', { bytes: 1_001 })
    await settle()
    submit('start')
    submit('completion', { starts: false, bytes: 1_000 })
    submit('too much', { starts: false })
    expect(told).toEqual(['start overloaded', 'too much overloaded'])
    release()
    await settle()
    expect(told.slice(2)).toEqual(['committed 1', 'first done', 'committed 1', 'completion done'])
    expect(lane.bytes).toBe(0)
    submit('again')
    await settle()
    expect(told.at(-1)).toBe('again done')
  })

  test('a batch has a bound of its own: more goes with the next', async () => {
    const { scripted, submit } = await makeLane({ batchActorsMax: 3 })
    for (let run = 0; run < 8; run++) submit(`${run}`)
    await settle(20)
    expect(scripted.batches.map(({ writes }) => writes.born.length)).toEqual([3, 3, 2])
  })
})

test('an ended lane answers everything that waits, and everything that comes', async () => {
  const { scripted, lane, told, submit } = await makeLane()
  scripted.hold()
  submit('in flight')
  await settle()
  submit('waiting')
  lane.end()
  submit('late')
  expect(told).toEqual(['waiting unavailable', 'late unavailable'])
  await lane.drained()
})

describe('poison is isolated (E14)', () => {
  test('one start that the store cannot hold is refused alone; all others of its batch are started', async () => {
    const scripted = new Scripted()
    scripted.poison = 'POISON'
    const node = await TestNode.start(scripted.store)
    const calls = ['"1"', '"2"', '"POISON"', '"3"', '"4"'].map(input =>
      node.start(null, { input }).then(
        answers => answers[0]?.is,
        error => error.code as string,
      ),
    )
    await node.clock.advance(5_000)
    const answers = await Promise.race([Promise.all(calls), settle(50).then(() => 'some are never answered')])
    expect(answers).toEqual(['started', 'started', 'refused-data', 'started', 'started'])
    expect(scripted.inner.tables().open.size).toBe(4)
    expect(await node.start(null, {})).toMatchObject([{ is: 'started' }])
    await node.engine.stop()
  })

  test('two culprits are refused, each alone, and a culprit alone in its batch at once', async () => {
    const scripted = new Scripted()
    scripted.poison = 'POISON'
    const node = await TestNode.start(scripted.store)
    const calls = ['"POISON"', '"1"', '"POISON"'].map(input => node.start(null, { input }).catch(error => error.code as string))
    await node.clock.advance(5_000)
    const answers = await Promise.race([Promise.all(calls), settle(50).then(() => ['some are never answered'])])
    expect(answers).toMatchObject(['refused-data', [{ is: 'started' }], 'refused-data'])
    const alone = node.start(null, { input: '"POISON"' }).catch(error => error.code as string)
    await node.clock.advance(5_000)
    expect(await alone).toBe('refused-data')
  })
})

describe('the record of a delivery (E16)', () => {
  test('joins its result in one write: a run costs two commits, its start and its end', async () => {
    const scripted = new Scripted()
    const node = await TestNode.start(scripted.store)
    await node.run()
    const before = scripted.batches.length
    const { tasks } = await node.poll()
    expect(tasks).toHaveLength(1)
    await settle()
    expect(scripted.batches).toHaveLength(before)
    const answers = await node.complete(tasks[0] as never, '1')
    expect([answers, scripted.batches.length]).toEqual([['accepted'], before + 1])
    const events = await node.engine.runs.history('default', tasks[0]?.run as string)
    expect(events.map(({ is }) => is)).toEqual(['started', 'delivered', 'completed'])
  })

  test('is written by itself when no result comes soon', async () => {
    const scripted = new Scripted()
    const node = await TestNode.start(scripted.store, undefined, { sizes: { deliveryHoldMs: 50 } })
    const run = await node.run()
    await node.poll()
    expect(scripted.inner.tables().open.get(run)?.delivered).toBe(false)
    await node.clock.advance(60)
    expect(scripted.inner.tables().open.get(run)?.delivered).toBe(true)
  })

  test('waits five times as long where a hundred or more are held back', async () => {
    const scripted = new Scripted()
    const node = await TestNode.start(scripted.store, undefined, { sizes: { deliveryHoldMs: 50 } })
    const runs = await Promise.all(Array.from({ length: 100 }, () => node.run()))
    await node.poll({ max: 100 })
    const recorded = (): number => runs.filter(run => scripted.inner.tables().open.get(run)?.delivered).length
    await node.clock.advance(240)
    expect(recorded()).toBe(0)
    await node.clock.advance(20)
    expect(recorded()).toBe(100)
  })

  test('is committed before the task leaves where attempts are 1', async () => {
    const scripted = new Scripted()
    const node = await TestNode.start(scripted.store, { mail: { retry: { attempts: 1 } } })
    const run = await node.run()
    const release = scripted.hold()
    let answered = false
    const poll = node.poll().then(answer => {
      answered = true
      return answer
    })
    await settle(20)
    expect(answered).toBe(false)
    release()
    expect((await poll).tasks).toMatchObject([{ run }])
    expect(scripted.inner.tables().open.get(run)?.delivered).toBe(true)
  })

  test('a lost answer is given again: the same attempt and delivery, at once; not where attempts are 1', async () => {
    const scripted = new Scripted()
    const node = await TestNode.start(scripted.store, { mail: {}, bank: { retry: { attempts: 1 } } })
    await node.run()
    await node.run({ definition: 'bank' })
    const [mail, bank] = ['mail', 'bank'].map(definition => ({ serves: [{ definition, version: null }] }))
    const first = await node.poll(mail)
    expect(first.tasks).toHaveLength(1)
    const again = await node.poll(mail)
    expect(again.tasks).toEqual(first.tasks)
    expect((await node.poll({ ...mail, last: again.answer })).tasks).toEqual([])
    expect((await node.poll({ ...bank, worker: 'w2' })).tasks).toHaveLength(1)
    expect((await node.poll({ ...bank, worker: 'w2' })).tasks).toEqual([])
  })

  test('a task that an overloaded lane could not hand out is handed out later (E23)', async () => {
    const scripted = new Scripted()
    const node = await TestNode.start(scripted.store, undefined, { sizes: { batchBytesHard: 400 } })
    const run = await node.run()
    const release = scripted.hold()
    const specs = ['a', 'b'].map(name => ({ kind: 'job' as const, name, version: '1', options: {}, schema: null }))
    const registered = node.engine.definitions.register('default', specs) // 1,000 bytes in hand
    await settle()
    expect((await node.poll()).tasks).toEqual([])
    release()
    await registered
    expect((await node.poll()).tasks).toMatchObject([{ run, attempt: 1 }])
  })

  test('nothing leaves while the lane cannot be sure of its claim', async () => {
    const scripted = new Scripted()
    const node = await TestNode.start(scripted.store, undefined, { sizes: { claimTtlMs: 1_000 } })
    await node.run()
    node.clock.stall(501)
    const { tasks } = await node.poll()
    expect(tasks).toEqual([])
  })
})
