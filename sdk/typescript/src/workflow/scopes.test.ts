import { describe, expect, test } from 'vitest'
import { Cancelled } from '../errors.ts'
import { Driven, drive } from '../testing/driven.ts'
import type { WorkflowContext } from './context.ts'
import { Diverged, NotDurable } from './errors.ts'
import { isScoped, isShielded, isWithin, Part, reasonIn } from './parts.ts'

const mail = { name: 'mail' } as never
const gives = (output: unknown) => [{ is: 'finished', end: { is: 'completed', output } }]

describe('parts of a code', () => {
  const outer = new Part(null)
  const inner = new Part(outer)
  const shield = new Part(inner, true)
  const within = new Part(shield)

  test('a cancel reaches what is within, up to a shield; what is within that has its own', () => {
    expect([inner, shield, within, null].map(part => isWithin(part, outer))).toEqual([true, false, false, false])
    expect([inner, shield, within, null].map(isScoped)).toEqual([true, false, true, false])
    expect([outer, inner, shield, within, null].map(isShielded)).toEqual([false, false, true, true, false])
    outer.reason = new Cancelled()
    expect([inner, shield, within].map(part => reasonIn(part) !== null)).toEqual([true, false, false])
    within.reason = new Cancelled()
    expect(reasonIn(within)).toBe(within.reason)
  })
})

describe('what was dropped', () => {
  // Temporal, sdk-core, timer state machine: `cancelled_before_sent`, for which no command goes to the server.
  test('in the turn that asked for it is never asked for', async () => {
    const run = await drive(async (_, ctx) => ctx.race([() => ctx.sleep('1h'), () => ctx.call(mail), async () => 'at once']))
    expect(run.flow.take()).toEqual({ entries: gives('at once'), yields: true })
  })

  test('is told of before all else, and once', async () => {
    const run = await drive(async (_, ctx) => {
      await ctx.race([() => ctx.sleep('1h'), () => ctx.call(mail), () => ctx.waitFor('go')])
      return ctx.waitFor('end')
    })
    expect(run.take().map(({ is }) => is)).toEqual(['timer', 'child', 'wait'])
    await run.happens(
      { is: 'timer_set', n: 1 },
      { is: 'child_asked', n: 2, definition: 'mail', run: 'c' },
      { is: 'waiting', n: 3, signal: 'go', scoped: true },
      { is: 'signalled', n: 3, name: 'go' },
    )
    expect(run.flow.take()).toEqual({
      entries: [
        { is: 'dropped', n: 1 },
        { is: 'dropped', n: 2 },
        { is: 'wait', n: 4, signal: 'end' },
      ],
      yields: true,
    })
    await run.happens({ is: 'dropped', n: 1 }, { is: 'dropped', n: 2 }, { is: 'waiting', n: 4, signal: 'end' })
    expect(run.take()).toEqual([])
  })

  test('may have ended before the server hears of it: that changes nothing', async () => {
    const run = await drive(async (_, ctx) => {
      await ctx.race([() => ctx.sleep('1h'), () => ctx.call(mail), () => ctx.waitFor('go')])
      return ctx.waitFor('end')
    })
    run.take()
    await run.happens(
      { is: 'timer_set', n: 1 },
      { is: 'child_asked', n: 2, definition: 'mail', run: 'c' },
      { is: 'waiting', n: 3, signal: 'go', scoped: true },
      { is: 'timer_fired', n: 1 },
      { is: 'child_closed', n: 2, run: 'c', state: 'completed', output: 1 },
      { is: 'wait_timed_out', n: 3 },
    )
    expect(run.take()).toEqual([{ is: 'wait', n: 4, signal: 'end' }])
  })

  test('by a worker that died before it said so is told of by the one that replays', async () => {
    const run = new Driven(async (_, ctx) => {
      await ctx.race([() => ctx.waitFor('go'), () => ctx.sleep('1h')])
      return ctx.waitFor('end')
    })
    // The race was over before the event that tells of the timer.
    await run.happens(
      { is: 'started' },
      { is: 'waiting', n: 1, signal: 'go', scoped: true },
      { is: 'signalled', n: 1, name: 'go' },
      { is: 'timer_set', n: 2 },
    )
    expect(run.take()).toEqual([
      { is: 'dropped', n: 2 },
      { is: 'wait', n: 3, signal: 'end' },
    ])
  })

  test('of a step that is tried once, and was begun by somebody who did not come back', async () => {
    const run = new Driven(async (_, ctx) => {
      await ctx.race([() => ctx.run('once', () => 1, { retry: { attempts: 1 } }), () => ctx.sleep('1h')])
      return ctx.waitFor('end')
    })
    await run.happens({ is: 'started' }, { is: 'timer_set', n: 2 }, { is: 'step_begun', n: 1, name: 'once' }, { is: 'timer_fired', n: 2 })
    expect(run.take()).toEqual([
      { is: 'dropped', n: 1 },
      { is: 'wait', n: 3, signal: 'end' },
    ])
  })

  test('in the history, and not by the code, is other code', async () => {
    const run = await drive(async (_, ctx) => Promise.race([ctx.sleep('1h'), ctx.waitFor('go')]))
    const dropped = run.happens(
      { is: 'timer_set', n: 1 },
      { is: 'waiting', n: 2, signal: 'go' },
      { is: 'signalled', n: 2, name: 'go' },
      { is: 'dropped', n: 1 },
    )
    await expect(dropped).rejects.toThrow(Diverged)
  })

  test('is not known to a history of before: code that has scopes now goes on with it, and a signal that its loser was given is gone as it was', async () => {
    const run = new Driven(async (_, ctx) => {
      await ctx.race([() => ctx.sleep('1h'), () => ctx.waitFor('go')])
      return ctx.waitFor('go')
    })
    await run.happens(
      { is: 'started' },
      { is: 'timer_set', n: 1 },
      { is: 'waiting', n: 2, signal: 'go' },
      { is: 'timer_fired', n: 1 },
      { is: 'signalled', n: 2, name: 'go', payload: 'lost' },
    )
    expect(run.take()).toEqual([{ is: 'wait', n: 3, signal: 'go' }])
  })
})

describe('a signal', () => {
  const twice = async (_: never, ctx: WorkflowContext) => {
    await ctx.race([() => ctx.sleep('1h'), () => ctx.waitFor('go')])
    await ctx.sleep('1m')
    return ctx.waitFor('go')
  }

  test('that a branch was given after it had lost is there for who asks next', async () => {
    const run = await drive(twice)
    run.take()
    await run.happens(
      { is: 'timer_set', n: 1 },
      { is: 'waiting', n: 2, signal: 'go', scoped: true },
      { is: 'timer_fired', n: 1 },
      { is: 'signalled', n: 2, name: 'go', payload: 'kept' },
    )
    expect(run.take()).toEqual([
      { is: 'dropped', n: 2 },
      { is: 'timer', n: 3, forMs: 60_000 },
    ])
    await run.happens({ is: 'dropped', n: 2, signal: 4 }, { is: 'timer_set', n: 3 }, { is: 'timer_fired', n: 3 })
    expect(run.take()).toEqual([{ is: 'wait', n: 4, signal: 'go', taken: 4 }, ...gives('kept')])
  })

  test('that is there is not taken by a branch where it asks: the other may be first', async () => {
    const run = new Driven(async (_, ctx) => {
      await ctx.sleep('1m')
      return ctx.race([() => ctx.waitFor('a'), () => ctx.waitFor('b')])
    })
    await run.happens(
      { is: 'started' },
      { is: 'timer_set', n: 1 },
      { is: 'signalled', name: 'a', payload: 1 },
      { is: 'signalled', name: 'b', payload: 2 },
      { is: 'timer_fired', n: 1 },
    )
    expect(run.take()).toEqual([
      { is: 'wait', n: 2, signal: 'a', scoped: true },
      { is: 'wait', n: 3, signal: 'b', scoped: true },
    ])
    await run.happens({ is: 'waiting', n: 2, signal: 'a', taken: 2, scoped: true }, { is: 'waiting', n: 3, signal: 'b', taken: 3, scoped: true })
    expect(run.take()).toEqual([{ is: 'dropped', n: 3 }, ...gives(1)])
  })
})

describe('a scope', () => {
  test('is not cancelled by what is not kept', async () => {
    let cancel = (): void => {}
    const run = await drive(async (_, ctx) =>
      ctx.scope(async scope => {
        cancel = () => scope.cancel()
        await ctx.waitFor('go')
      }),
    )
    run.take()
    cancel()
    expect(() => run.take()).toThrow(NotDurable)
  })

  test('is not cancelled by a query, which only looks', async () => {
    const run = await drive(async (_, ctx) =>
      ctx.scope(async scope => {
        ctx.onQuery('stop', () => scope.cancel())
        await ctx.waitFor('go')
      }),
    )
    run.take()
    const { failure } = (await run.flow.messages.answer({ is: 'query', name: 'stop', payload: null }, () => 1)) as { failure?: { message: string } }
    expect(failure?.message).toContain('asked for the cancel of a scope')
    await run.happens({ is: 'waiting', n: 1, signal: 'go', scoped: true }, { is: 'signalled', n: 1, name: 'go' })
    expect(run.take()).toMatchObject([{ is: 'finished' }])
  })

  test('in a loop leaves nothing behind that grows', async () => {
    const run = await drive(async (_, ctx) => {
      for (let round = 0; round < 2_000; round++) await ctx.race([() => ctx.sleep('1h'), () => ctx.waitFor('never'), async () => round])
      return ctx.waitFor('end')
    })
    expect(run.take()).toEqual([{ is: 'wait', n: 4_001, signal: 'end' }])
    expect(run.flow.operations.get(1)).toBeUndefined()
    expect(run.flow.operations.get(4_000)).toBeUndefined()
  })

  test('of thousands of branches leaves nothing open but what is waited for', async () => {
    const run = await drive(async (_, ctx) => {
      const all = Array.from({ length: 5_000 }, (_, index) => () => (index % 2 === 0 ? ctx.sleep('1h') : ctx.scope(() => ctx.waitFor('never'))))
      await ctx.race([...all, async () => ctx.all(Array.from({ length: 5_000 }, () => async () => 1))])
      return ctx.waitFor('end')
    })
    expect(run.take()).toEqual([{ is: 'wait', n: 5_001, signal: 'end' }])
    expect(run.flow.operations.open().map(({ n }) => n)).toEqual([5_001])
  })
})
