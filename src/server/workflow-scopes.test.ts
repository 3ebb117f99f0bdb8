import { Cancelled, CancelRequested, type RunHandle, workflow } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { everyCrashPoint, type TestEnvironment, testEnvironment } from './testing.ts'

const eventsOf = async (t: TestEnvironment, run: RunHandle<unknown>) => (await t.recorded(run)).history.map(({ is, n }) => [is, n])
const reasonsOf = async (run: RunHandle<unknown>) => (await run.explain()).reasons.map(({ code }) => code)
const child = workflow('child', async (_: unknown, ctx) => ctx.sleep('30d').then(() => 'slept'))

test('a timer that lost a race is taken away: nothing waits for it, and it wakes nobody', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) => {
    const first = await ctx.race([() => ctx.sleep('1h').then(() => 'time'), () => ctx.waitFor<string>('go')])
    return [first, await ctx.waitFor('end')]
  })
  await using t = await testEnvironment([flow])
  const run = await flow.start()
  await t.settle()
  expect((await reasonsOf(run)).sort()).toEqual(['signal', 'sleep'])
  await run.signal('go', 'told')
  await t.settle()
  expect(await reasonsOf(run)).toEqual(['signal'])
  await t.skip('2h')
  await run.signal('end', 'of it')
  expect(await run.result()).toEqual(['told', 'of it'])
  const events = await eventsOf(t, run)
  expect(events).toContainEqual(['dropped', 1])
  expect(events.filter(([is]) => is === 'timer_fired')).toEqual([])
})

test('no signal is swallowed by a branch that lost: not by one that found it there, nor by one that waited', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) => {
    await ctx.sleep('1m')
    const first = await ctx.race([() => ctx.waitFor('a'), () => ctx.waitFor('b')])
    const second = await ctx.race([() => ctx.waitFor('c'), () => ctx.sleep('1m')])
    await ctx.sleep('1m')
    return [first, second ?? null, await ctx.waitFor('b'), await ctx.waitFor('c')]
  })
  await using t = await testEnvironment([flow])
  const run = await flow.start()
  await run.signal('a', 1)
  await run.signal('b', 2)
  await t.skip('150s')
  await run.signal('c', 3)
  expect(await run.result()).toEqual([1, null, 2, 3])
})

test('a step of a branch that lost is asked to stop, and is not waited for', async () => {
  const seen: unknown[] = []
  const flow = workflow('flow', async (_: unknown, ctx) =>
    ctx.race([
      () => ctx.sleep('1m').then(() => 'time'),
      () =>
        ctx.run('slow', async ({ signal }) => {
          await new Promise(resolve => signal.addEventListener('abort', resolve))
          seen.push(signal.reason)
          return 'too late'
        }),
    ]),
  )
  await using _ = await testEnvironment([flow], { patience: 50 })
  expect(await (await flow.start()).result()).toBe('time')
  expect(seen).toEqual([expect.any(Cancelled)])
})

test('steps that were not begun never are, and one that backs off is not tried again', async () => {
  let tries = 0
  let begun = 0
  const flow = workflow('flow', async (_: unknown, ctx) => {
    const first = await ctx.race([
      () => ctx.sleep('1m').then(() => 'time'),
      async () => {
        await ctx.run('fails', () => Promise.reject(new Error(`${++tries}`)), { retry: { initial: '10m' } })
        await ctx.run('after', () => void begun++)
      },
    ])
    await ctx.sleep('1h')
    return first
  })
  await using _ = await testEnvironment([flow])
  expect(await (await flow.start()).result()).toBe('time')
  expect([tries, begun]).toEqual([1, 0])
})

test.each([
  ['cancel', 'cancelled'],
  ['terminate', 'terminated'],
  ['abandon', 'waiting'],
] as const)('a child of a branch that lost is ended by its parentClose: %s', async (parentClose, state) => {
  const flow = workflow('flow', async (_: unknown, ctx) => {
    const first = await ctx.race([() => ctx.call(child, undefined, { parentClose }), () => ctx.sleep('1m')])
    await ctx.waitFor('end')
    return first
  })
  await using t = await testEnvironment([flow, child])
  const run = await flow.start()
  await t.skip('2m')
  await t.settle()
  expect((await t.client.runs.list({ job: 'child' })).runs).toMatchObject([{ state }])
  expect(await reasonsOf(run)).toEqual(['signal'])
})

test('all: when one throws, the others are cancelled; any: the first that does not', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) => {
    const fails = () => ctx.run('fails', () => Promise.reject(new RangeError('no')), { retry: { attempts: 1 } })
    const all = await ctx.all([() => ctx.sleep('30d'), fails]).catch(({ name }: Error) => name)
    const any = await ctx.any([fails, () => ctx.sleep('1m').then(() => 'any'), () => ctx.sleep('30d')])
    const none = await ctx.any([fails, fails]).catch((error: unknown) => error instanceof AggregateError && error.errors.length)
    const both = await ctx.all([() => ctx.run('one', () => 1), async () => 'two'])
    return [all, any, none, both, await ctx.all([])]
  })
  await using t = await testEnvironment([flow])
  const run = await flow.start()
  expect(await run.result()).toEqual(['RangeError', 'any', 2, [1, 'two'], []])
  expect(t.now().getTime() - Date.UTC(2026, 0, 1)).toBeLessThan(120_000)
})

test('a scope is cancelled by itself, by its time, and with what is around it; cleaning up is shielded, and waited for', async () => {
  const done: string[] = []
  const flow = workflow('flow', async (_: unknown, ctx) => {
    const ended: unknown[] = []
    const name = (error: unknown) => (error instanceof Cancelled ? `${error.name} ${error.timedOut}` : String(error))
    await ctx.scope(async scope => {
      await ctx
        .all([() => ctx.waitFor('never'), () => ctx.until(() => false), async () => ctx.sleep('1m').then(() => scope.cancel())])
        .catch(error => ended.push(name(error)))
      ended.push(scope.cancelled, await ctx.run('refused', () => done.push('refused')).catch(name))
      await ctx.shielded(async () => {
        await ctx.sleep('1m')
        await ctx.run('clean', () => void done.push('clean'))
      })
    })
    ended.push(await ctx.scope({ timeout: '1h' }, () => ctx.scope(() => ctx.waitFor('never'))).catch(name))
    ended.push(await ctx.scope({ timeout: '1h' }, async () => ctx.sleep('1m').then(() => 'in time')))
    return ended
  })
  await using t = await testEnvironment([flow])
  const run = await flow.start()
  expect(await run.result()).toEqual(['Cancelled false', true, 'Cancelled false', 'Cancelled true', 'in time'])
  expect(done).toEqual(['clean'])
  expect(t.now().getTime() - Date.UTC(2026, 0, 1)).toBeLessThan(64 * 60_000)
})

test('a cancel of the run reaches what is within scopes, once, so that each branch can clean up', async () => {
  const done: string[] = []
  const flow = workflow('flow', async (_: unknown, ctx) => {
    const branch = (name: string) => async () => {
      try {
        await ctx.scope({ timeout: '1d' }, () => ctx.sleep('30d'))
      } catch (error) {
        await ctx.sleep(name === 'a' ? '1m' : '2m')
        await ctx.run(`clean ${name}`, () => void done.push(`${name} ${error instanceof CancelRequested}`))
        throw error
      }
    }
    await ctx.all([branch('a'), branch('b')])
  })
  await using t = await testEnvironment([flow])
  const run = await flow.start()
  await t.settle()
  await run.cancel()
  await expect(run.result()).rejects.toMatchObject({ code: 'run-cancelled' })
  expect(done).toEqual(['a true', 'b true'])
})

test('a place in the line for a lock is given up with its scope; a lock that is held is not', async () => {
  const flow = workflow('flow', { locks: { gpu: {} } }, async (who: string, ctx) => {
    const lock = await ctx.scope({ timeout: '1h' }, () => ctx.lock('gpu')).catch(() => null)
    if (lock === null) return (await ctx.lock('gpu')) && `${who} later`
    await ctx.sleep('3h')
    await lock.release()
    return `${who} first`
  })
  await using t = await testEnvironment([flow])
  const first = await flow.start('a')
  await t.settle()
  const second = await flow.start('b')
  expect([await first.result(), await second.result()]).toEqual(['a first', 'b later'])
})

test('a promise in place of a function is refused, with what to write', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) => ctx.race([ctx.sleep('1h') as never]))
  await using _ = await testEnvironment([flow])
  await expect((await flow.start()).result()).rejects.toThrow(/A function, which begins it: ctx\.race\(\[\(\) => ctx\.sleep/)
})

test('code that goes on and on in a scope that was cancelled is stopped, and says why', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) =>
    ctx.scope(async scope => {
      scope.cancel()
      for (;;) await ctx.sleep('1h').catch(() => undefined)
    }),
  )
  await using t = await testEnvironment([flow])
  const run = await flow.start()
  await t.settle()
  expect((await run.get()).failure).toMatchObject({ code: 'not-durable', message: expect.stringContaining('again and again in a scope') })
})

test('crashed at any place, code with scopes gives what it gives', async () => {
  const flow = workflow('flow', async (n: number, ctx) => {
    const first = await ctx.race([() => ctx.waitFor<number>('go'), () => ctx.sleep('30d'), () => ctx.call(child)])
    const second = await ctx.race([() => ctx.waitFor('never'), () => ctx.run('quick', () => n * 2)])
    const third = await ctx.race([() => ctx.waitFor('x'), () => ctx.waitFor('y')])
    const late = await ctx
      .scope({ timeout: '1h' }, async () => {
        try {
          await ctx.all([() => ctx.sleep('30d'), () => ctx.promise('none').then(({ result }) => result)])
        } finally {
          await ctx.shielded(() => ctx.run('clean', () => 1))
        }
      })
      .catch((error: unknown) => error instanceof Cancelled && error.timedOut)
    return [first, second, third, late, await ctx.waitFor('y')]
  })
  const crashes = await everyCrashPoint(flow, 4, {
    with: [child],
    drive: async (run, t) => {
      await t.skip('1m')
      await run.signal('go', 7)
      await run.signal('x', 'taken')
      await run.signal('y', 'kept')
      expect(await run.result()).toEqual([7, 8, 'taken', true, 'kept'])
    },
  })
  expect(crashes).toBeGreaterThan(10)
}, 120_000)
