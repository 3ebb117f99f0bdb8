import { describe, expect, test } from 'vitest'
import { tag } from '../codec.ts'
import { Abort, CancelRequested } from '../errors.ts'
import { AT, Driven, drive } from '../testing/driven.ts'
import type { WireEvent } from '../wire.ts'
import type { WorkflowContext } from './context.ts'

describe('what the code asks for', () => {
  test('is asked once, in the order in which it asks', async () => {
    const run = await drive(async (_, ctx) =>
      Promise.all([ctx.sleep('1m'), ctx.waitFor('go', { timeout: '2m' }), ctx.call({ name: 'mail' } as never, { a: 1 } as never)]),
    )
    expect(run.flow.take()).toEqual({
      entries: [
        { is: 'timer', n: 1, forMs: 60_000 },
        { is: 'wait', n: 2, signal: 'go', timeoutMs: 120_000 },
        { is: 'child', n: 3, definition: 'mail', input: { a: 1 } },
      ],
      yields: true,
    })
    expect(run.take()).toEqual([])
  })

  test('is not asked again when the history tells of it', async () => {
    const run = new Driven(async (_, ctx) => {
      const first = await ctx.run('a', () => 1)
      await ctx.sleep(5)
      return [first, await ctx.waitFor('go')]
    })
    await run.happens(
      { is: 'started' },
      { is: 'step_completed', n: 1, name: 'a', attempt: 1, output: 'kept' },
      { is: 'timer_set', n: 2 },
      { is: 'timer_fired', n: 2 },
      { is: 'waiting', n: 3, signal: 'go' },
    )
    expect(run.flow.take()).toEqual({ entries: [], yields: true })
    await run.happens({ is: 'signalled', n: 3, name: 'go', payload: { $type: 'Date', value: AT } })
    expect(run.take()).toEqual([{ is: 'finished', end: { is: 'completed', output: ['kept', { $type: 'Date', value: AT }] } }])
  })

  test('children are asked for in windows, so that all that are open can be told of an end', async () => {
    const run = await drive(async (_, ctx) => Promise.all(Array.from({ length: 1_200 }, () => ctx.call({ name: 'mail' } as never))))
    expect([run.take().length, run.take().length, run.take().length]).toEqual([500, 500, 0])
    await run.happens(
      { is: 'child_asked', n: 1, definition: 'mail', run: 'c' },
      { is: 'child_closed', n: 1, run: 'c', state: 'completed', output: 1 },
    )
    expect(run.take()).toMatchObject([{ is: 'child', n: 1_001 }])
  })
})

test("a step's context can be taken apart", async () => {
  const run = await drive(async (_, ctx) =>
    ctx.run('a', ({ attempt, key, signal, heartbeat, stream }) => {
      heartbeat()
      return [attempt, key, signal.aborted, typeof stream]
    }),
  )
  expect(run.take()).toEqual([])
  expect(await run.outcomes(1)).toMatchObject([{ is: 'completed', n: 1, output: [1, 'r1/1', false, 'function'] }])
})

describe('how far the runs of its schedule have come', () => {
  const code = async (_: never, ctx: WorkflowContext) => {
    const since = ctx.watermark<Date>()
    ctx.setWatermark([since, 1])
    await ctx.sleep(5)
    return since?.getTime()
  }
  const value = { $type: 'Date', value: AT }
  const ended = { is: 'finished', end: { is: 'completed', output: Date.parse(AT), watermark: [value, 1] } }

  test.each([
    ['its start', { is: 'started', trigger: { is: 'schedule', watermark: value } }],
    ['its beginning anew', { is: 'continued', watermark: value }],
  ])('is told by %s, and what it sets goes with its end', async (_, event) => {
    const run = new Driven(code)
    await run.happens(event, { is: 'timer_set', n: 1 }, { is: 'timer_fired', n: 1 })
    expect(run.take()).toEqual([ended])
  })

  test('is null where nobody has said; what is too much is refused', async () => {
    const run = await drive(async (_, ctx) => {
      const tooMuch = ((): unknown => {
        try {
          return ctx.setWatermark('x'.repeat(16_383))
        } catch (error) {
          return (error as { at: string }).at
        }
      })()
      return [ctx.watermark(), tooMuch]
    })
    expect(run.take()).toEqual([{ is: 'finished', end: { is: 'completed', output: [null, '/watermark'] } }])
  })
})

describe('steps', () => {
  test('what a step gives is not there before the history has it', async () => {
    let goesOn = false
    const run = await drive(async (_, ctx) => {
      await ctx.run('a', () => 1)
      goesOn = true
    })
    expect(run.flow.take()).toEqual({ entries: [], yields: false })
    expect(await run.outcomes(1)).toEqual([{ is: 'completed', n: 1, name: 'a', attempt: 1, output: 1 }])
    expect(goesOn).toBe(false)
    await run.happens({ is: 'step_completed', n: 1, name: 'a', attempt: 1, output: 1 })
    expect(goesOn).toBe(true)
  })

  test('promises settle in the order of the history, not of the steps', async () => {
    const order: string[] = []
    const handler = async (_: never, ctx: WorkflowContext) =>
      Promise.all(
        ['a', 'b'].map(async name => {
          await ctx.run(name, () => (name === 'a' ? new Promise(resolve => setTimeout(resolve, 20)) : 1))
          order.push(name)
        }),
      )
    const run = await drive(handler)
    run.take()
    const entries = await run.outcomes(2)
    expect(entries.map(entry => 'name' in entry && entry.name)).toEqual(['b', 'a'])
    await run.happens(...entries.map(({ is: _, ...entry }) => ({ is: 'step_completed', ...entry })))
    const replayed = new Driven(handler)
    await replayed.flow.feed(0, structuredClone(run.history))
    expect(order).toEqual(['b', 'a', 'b', 'a'])
  })

  test('a failed one is tried by its policy, under the same key; an Abort is the last', async () => {
    const keys: string[] = []
    const run = await drive(async (_, ctx) =>
      ctx.run(
        'a',
        step => {
          keys.push(`${step.key} ${step.attempt}`)
          throw step.attempt === 2 ? new Abort('enough') : new Error('no')
        },
        { retry: { attempts: 5, initial: 100, jitter: 0 } },
      ),
    )
    run.take()
    expect(await run.outcomes(1)).toMatchObject([{ is: 'failed', attempt: 1, retryMs: 100, failure: { message: 'no' } }])
    await run.happens({ is: 'step_failed', n: 1, name: 'a', attempt: 1, failure: { type: 'Error', message: 'no' }, retryAt: AT })
    expect(run.flow.take()).toEqual({ entries: [], yields: true })
    await run.happens({ is: 'retry_due', n: 1 })
    run.take()
    const [last] = await run.outcomes(1)
    expect(last).toMatchObject({ is: 'failed', attempt: 2, failure: { type: 'Abort' } })
    expect(last).not.toHaveProperty('retryMs')
    expect(keys).toEqual(['r1/1 1', 'r1/1 2'])
  })

  test('one that is tried once says so before it begins, and is never begun again', async () => {
    let begun = 0
    const handler = async (_: never, ctx: WorkflowContext) => ctx.run('once', () => ++begun, { retry: { attempts: 1 } })
    const run = await drive(handler)
    expect(run.take()).toEqual([{ is: 'begun', n: 1, name: 'once' }])
    expect(begun).toBe(0)
    await run.happens({ is: 'step_begun', n: 1, name: 'once' })
    run.take()
    expect(begun).toBe(1)
    const other = new Driven(handler)
    await other.flow.feed(0, structuredClone(run.history))
    expect(other.take()).toMatchObject([{ is: 'failed', n: 1, attempt: 1, failure: { type: 'Lost' } }])
    expect(other.take()).toEqual([])
    expect(begun).toBe(1)
  })
})

describe('a cancel', () => {
  test('interrupts what waits, once: what cleans up is not interrupted', async () => {
    const run = await drive(async (_, ctx) => {
      const error = await ctx.sleep('1d').catch((error: unknown) => error)
      await ctx.sleep('1m')
      throw error
    })
    run.take()
    await run.happens({ is: 'timer_set', n: 1 }, { is: 'cancel_requested' })
    expect(run.flow.cancel.stop.signal.reason).toBeInstanceOf(CancelRequested)
    expect(run.take()).toEqual([{ is: 'timer', n: 2, forMs: 60_000 }])
    await run.happens({ is: 'timer_set', n: 2 }, { is: 'timer_fired', n: 1 }, { is: 'timer_fired', n: 2 })
    expect(run.take()).toEqual([{ is: 'finished', end: { is: 'cancelled' } }])
  })

  test('asks a step under way to stop; its outcome counts, and the next operation hears of the cancel', async () => {
    const handler = async (_: never, ctx: WorkflowContext) => {
      const paid = await ctx.run('pay', step => new Promise(resolve => step.signal.addEventListener('abort', () => resolve('paid'))))
      const error = await ctx.sleep('1d').catch((error: unknown) => error)
      return [paid, (error as Error).name]
    }
    const run = await drive(handler)
    run.take()
    await run.happens({ is: 'cancel_requested' })
    const [entry] = await run.outcomes(1)
    expect(entry).toMatchObject({ is: 'completed', output: 'paid' })
    await run.happens({ is: 'step_completed', n: 1, name: 'pay', attempt: 1, output: 'paid' })
    const end = [{ is: 'finished', end: { is: 'completed', output: ['paid', 'CancelRequested'] } }]
    expect(run.take()).toEqual(end)
    const replayed = new Driven(handler)
    await replayed.flow.feed(0, structuredClone(run.history))
    expect(replayed.take()).toEqual(end)
  })

  test('a step that stops because it was asked to is not tried again', async () => {
    const run = await drive(async (_, ctx) =>
      ctx.run('wait', step => new Promise((_, reject) => step.signal.addEventListener('abort', () => reject(step.signal.reason)))),
    )
    run.take()
    await run.happens({ is: 'cancel_requested' })
    const [entry] = await run.outcomes(1)
    expect(entry).not.toHaveProperty('retryMs')
    await run.happens({ ...(entry as object), is: 'step_failed' } as never)
    expect(run.take()).toEqual([{ is: 'finished', end: { is: 'cancelled' } }])
  })

  test('does not interrupt compensations', async () => {
    const run = await drive(async (_, ctx) => {
      ctx.compensate('undo', () => 'undone')
      throw new Error('no')
    })
    await run.happens({ is: 'cancel_requested' })
    run.take()
    const [entry] = await run.outcomes(1)
    await run.happens({ ...(entry as object), is: 'step_completed' } as never)
    expect(run.take()).toMatchObject([{ is: 'finished', end: { is: 'failed', reason: 'threw', failure: { message: 'no' } } }])
  })
})

describe('a history that the code does not fit', () => {
  test.each([
    ['of another name', { is: 'step_completed', n: 1, name: 'b', attempt: 1 }, 'Step 1 was b, the code asks for a.'],
    ['of another kind', { is: 'timer_set', n: 1 }, 'Step 1 was a timer, the code asks for a.'],
    ['of more', { is: 'step_completed', n: 2, name: 'b', attempt: 1 }, 'Step 2 was b, the code asks for nothing there.'],
  ])('%s', async (_, event, message) => {
    const run = new Driven(async (_, ctx) => ctx.run('a', () => 1))
    await expect(run.happens({ is: 'started' }, event)).rejects.toThrow(message)
  })

  test('overlaps otherwise than it was seen', async () => {
    const run = await drive(async (_, ctx) => ctx.sleep(1))
    await run.happens({ is: 'timer_set', n: 1 })
    const event = (is: string): WireEvent => ({ is, at: AT, n: 1 })
    expect(run.flow.fits(1, [event('timer_set'), event('timer_fired')])).toBe(true)
    expect(run.flow.fits(1, [event('timer_fired')])).toBe(false)
    expect(run.flow.fits(2, [event('timer_fired')])).toBe(true)
    expect(run.flow.fits(3, [event('timer_fired')])).toBe(false)
  })
})

test.each([
  ['waits for what is not kept', async () => new Promise(() => {})],
  [
    'goes on after what is not kept',
    async (_: never, ctx: WorkflowContext) => Promise.all([ctx.sleep(1), new Promise(resolve => setTimeout(resolve, 100)).then(() => ctx.sleep(2))]),
  ],
  ['asks for a step inside of a step', async (_: never, ctx: WorkflowContext) => ctx.run('outer', () => ctx.run('inner', () => 1))],
])('code that %s is refused', async (_, handler) => {
  const refused = (async () => {
    const run = await drive(handler)
    run.take()
    await run.flow.news()
    run.take()
  })()
  await expect(refused).rejects.toMatchObject({ code: 'not-durable' })
})

describe('signals', () => {
  const loop = async (_: unknown, ctx: WorkflowContext) => {
    const got: unknown[] = []
    while (got.at(-1) !== 'end') got.push(await ctx.waitFor('go'))
    return got
  }
  const go = (payload: unknown) => ({ is: 'signalled', name: 'go', payload })

  test('that are known to be there are taken without asking, in one turn, and told', async () => {
    const run = await drive(loop)
    expect(run.take()).toEqual([{ is: 'wait', n: 1, signal: 'go' }])
    await run.happens(go('a'), { is: 'signalled', name: 'other' }, go('b'), go('end'), { is: 'waiting', n: 1, signal: 'go', taken: 1 })
    expect(run.flow.take()).toEqual({
      entries: [
        { is: 'wait', n: 2, signal: 'go', taken: 3 },
        { is: 'wait', n: 3, signal: 'go', taken: 4 },
        { is: 'finished', end: { is: 'completed', output: ['a', 'b', 'end'] } },
      ],
      yields: true,
    })
  })

  test('are not taken before those have theirs that wait already: the server may be giving it to one of them', async () => {
    const run = await drive(async (_, ctx) => {
      const first = ctx.waitFor('go')
      await ctx.sleep('1s')
      return [await ctx.waitFor('go'), await first]
    })
    expect(run.take()).toHaveLength(2)
    await run.happens({ is: 'timer_set', n: 2 }, go('a'), { is: 'timer_fired', n: 2 })
    expect(run.take()).toEqual([{ is: 'wait', n: 3, signal: 'go' }])
    await run.happens({ is: 'waiting', n: 1, signal: 'go', taken: 2 }, { is: 'waiting', n: 3, signal: 'go' }, { ...go('b'), n: 3 })
    expect(run.take()).toEqual([{ is: 'finished', end: { is: 'completed', output: ['b', 'a'] } }])
  })

  test('a cancel that comes between the taking and its event finds the code behind it, live and replayed', async () => {
    const code = async (_: unknown, ctx: WorkflowContext) => {
      await ctx.sleep('1s')
      const taken = await ctx.waitFor('go')
      return ctx.waitFor('go').catch((error: Error) => [taken, error.name])
    }
    const history = [
      { is: 'started' },
      { is: 'timer_set', n: 1 },
      go('a'),
      { is: 'timer_fired', n: 1 },
      { is: 'cancel_requested' },
      { is: 'waiting', n: 2, signal: 'go', taken: 2, known: true },
    ]
    const live = new Driven(code)
    await live.happens(...history.slice(0, 4))
    expect(live.take()).toEqual([
      { is: 'wait', n: 2, signal: 'go', taken: 2 },
      { is: 'wait', n: 3, signal: 'go' },
    ])
    await live.happens(...history.slice(4))
    const replayed = new Driven(code)
    await replayed.happens(...history)
    for (const run of [live, replayed]) expect(run.take()).toEqual([{ is: 'finished', end: { is: 'completed', output: ['a', 'CancelRequested'] } }])
  })

  test('of a history that says that the server was asked are not there before it says so', async () => {
    const run = new Driven(async (_, ctx) => {
      await ctx.sleep('1s')
      const other = ctx.run('a', () => 1).then(() => ctx.run('c', () => 3))
      return [await ctx.waitFor('go'), await ctx.run('b', () => 2), await other]
    })
    await run.happens(
      { is: 'started' },
      { is: 'timer_set', n: 1 },
      go('x'),
      { is: 'timer_fired', n: 1 },
      { is: 'step_completed', n: 2, name: 'a', attempt: 1, output: 1 },
      { is: 'waiting', n: 3, signal: 'go', taken: 2 },
      { is: 'step_completed', n: 4, name: 'c', attempt: 1, output: 3 },
      { is: 'step_completed', n: 5, name: 'b', attempt: 1, output: 2 },
    )
    expect(run.take()).toEqual([{ is: 'finished', end: { is: 'completed', output: ['x', 2, 3] } }])
  })

  test('that the code takes otherwise than its history tells do not fit it', async () => {
    const run = new Driven(async (_, ctx) => {
      await ctx.sleep('1s')
      return ctx.waitFor('go')
    })
    const history = [
      { is: 'started' },
      { is: 'timer_set', n: 1 },
      go('a'),
      go('b'),
      { is: 'timer_fired', n: 1 },
      { is: 'waiting', n: 2, signal: 'go', taken: 3, known: true },
    ]
    await expect(run.happens(...history)).rejects.toThrow('signal go of event 3')
  })
})

test('lines are written when they are reached first', async () => {
  const handler = async (_: never, ctx: WorkflowContext) => {
    ctx.log.info('one')
    await ctx.sleep(1)
    ctx.log.info('two')
    await ctx.sleep(2)
  }
  const run = new Driven(handler)
  await run.happens({ is: 'started' }, { is: 'timer_set', n: 1 }, { is: 'timer_fired', n: 1 })
  expect(run.lines).toEqual(['two'])
})

test('an update that comes when the code has asked to begin anew goes along', async () => {
  const days = [new Date(1), new Date(2)]
  const run = await drive(async (_, ctx) => {
    const kept = { days: [] as Date[] }
    ctx.onUpdate('add', (day: Date) => void kept.days.push(day))
    await ctx.until(() => kept.days.length > 0)
    ctx.continueAs(kept)
  })
  await run.happens({ is: 'update_accepted', name: 'add', input: tag(days[0]), command: 'c1' })
  expect(run.take().at(-1)).toEqual({ is: 'finished', end: { is: 'continued', input: tag({ days: days.slice(0, 1) }) } })
  // The server had it before it heard of that, and so does not let it end.
  await run.happens({ is: 'update_answered', update: 1 }, { is: 'update_accepted', name: 'add', input: tag(days[1]), command: 'c2' })
  expect(run.take()).toEqual([
    { is: 'answered', update: 3 },
    { is: 'finished', end: { is: 'continued', input: tag({ days }) } },
  ])
})

test('10,000 steps are replayed', async () => {
  const steps = 10_000
  const run = new Driven(async (_, ctx) => {
    let sum = 0
    for (let step = 0; step < steps; step++) sum += await ctx.run('add', () => 1)
    return sum
  })
  const events = Array.from({ length: steps }, (_, index) => ({ is: 'step_completed', n: index + 1, name: 'add', attempt: 1, output: 1 }))
  const before = process.cpuUsage()
  await run.happens({ is: 'started' }, ...events)
  const { user, system } = process.cpuUsage(before)
  console.log(`${steps} steps replayed in ${Math.round((user + system) / 1_000)} ms of CPU`)
  expect(run.take()).toEqual([{ is: 'finished', end: { is: 'completed', output: steps } }])
})

describe('code that goes on ahead of what is accepted', () => {
  const completed = (n: number, name = 'a'): Omit<WireEvent, 'at'> & { is: string } => ({ is: 'step_completed', n, name, attempt: 1, output: 1 })
  /** It has run its first step, and what it says of it is on its way. */
  async function ahead(handler: (input: never, ctx: WorkflowContext) => Promise<unknown>) {
    const run = await drive(handler)
    run.take()
    await run.flow.news()
    return { run, said: await run.flow.goAhead(run.flow.take()) }
  }

  test('says what it asks for next with the result that it rests on', async () => {
    const { run, said } = await ahead(async (_, ctx) => {
      const a = await ctx.run('a', () => 1)
      await ctx.sleep('1m')
      return a
    })
    expect(said).toEqual({
      entries: [
        { is: 'completed', n: 1, name: 'a', attempt: 1, output: 1 },
        { is: 'timer', n: 2, forMs: 60_000 },
      ],
      ahead: 1,
      yields: true,
    })
    expect(run.flow.isStill).toBe(false)
    await run.happens({ is: 'delivered' }, completed(1), { is: 'timer_set', n: 2 }, { is: 'yielded' })
    expect(run.flow.overtaken).toBe(false)
    await run.happens({ is: 'timer_fired', n: 2 })
    expect(run.take()).toEqual([{ is: 'finished', end: { is: 'completed', output: 1 } }])
  })

  test('begins no step before that is accepted', async () => {
    const begun: string[] = []
    const { run, said } = await ahead(async (_, ctx) => {
      await ctx.run('a', () => 1)
      await ctx.run('b', () => begun.push('b'))
      await ctx.run('c', () => begun.push('c'), { retry: { attempts: 1 } })
    })
    expect(said).toMatchObject({ ahead: 0, yields: false })
    expect(run.take()).toEqual([])
    expect(begun).toEqual([])
    await run.happens(completed(1))
    expect(run.take()).toEqual([])
    expect((await run.outcomes(1)).map(({ is }) => is)).toEqual(['completed'])
    expect(begun).toEqual(['b'])
  })

  test.each<[string, Omit<WireEvent, 'at'> & { is: string }]>([
    ['a signal', { is: 'signalled', n: 1, name: 'go' }],
    ['a cancel', { is: 'cancel_requested' }],
    ['an update', { is: 'update_accepted', name: 'add' }],
  ])('is replayed where %s came before', async (_, event) => {
    const { run } = await ahead(async (_, ctx) => Promise.race([ctx.waitFor('go'), ctx.run('a', () => 1)]))
    await run.happens(event, completed(2))
    expect(run.flow.overtaken).toBe(true)
  })

  test('goes on where a signal came that nobody waits for', async () => {
    const { run } = await ahead(async (_, ctx) => [await ctx.run('a', () => 1), await ctx.waitFor('go')])
    await run.happens({ is: 'signalled', name: 'go', payload: 5 }, completed(1), { is: 'waiting', n: 2, signal: 'go', taken: 1 })
    expect(run.flow.overtaken).toBe(false)
    expect(run.take()).toEqual([{ is: 'finished', end: { is: 'completed', output: [1, 5] } }])
  })

  test('tells its lines once what they rest on is accepted, and each once where it is replayed', async () => {
    const handler = async (_: never, ctx: WorkflowContext) => {
      await ctx.run('a', () => 1)
      ctx.log.info('a is done')
      await ctx.sleep('1m')
    }
    const { run } = await ahead(handler)
    expect(run.lines).toEqual([])
    await run.happens(completed(1), { is: 'timer_set', n: 2 })
    expect(run.lines).toEqual(['a is done'])
    const overtaken = (await ahead(handler)).run
    await overtaken.happens({ is: 'cancel_requested' }, completed(1))
    expect(overtaken.lines).toEqual([])
  })

  test('that asks for the time says nothing more, is replayed, and is not ahead again', async () => {
    const timed = async (_: never, ctx: WorkflowContext) => [await ctx.run('a', () => 1), ctx.now().toISOString()]
    const { run, said } = await ahead(timed)
    expect(said.entries.map(({ is }) => is)).toEqual(['completed'])
    await run.happens(completed(1))
    expect(run.flow.overtaken).toBe(true)
    const next = await ahead(timed)
    expect(next.said.ahead).toBeUndefined()
    await next.run.happens(completed(1))
    expect(next.run.take()).toEqual([{ is: 'finished', end: { is: 'completed', output: [1, AT] } }])
  })

  test('does not see what the function of a step does with its result later', async () => {
    const list = [1]
    const { run } = await ahead(async (_, ctx) => {
      const found = await ctx.run('a', () => list)
      await ctx.sleep('1m')
      return found
    })
    list.push(2)
    await run.happens({ ...completed(1), output: [1] }, { is: 'timer_set', n: 2 }, { is: 'timer_fired', n: 2 })
    expect(run.take()).toEqual([{ is: 'finished', end: { is: 'completed', output: [1] } }])
  })
})
