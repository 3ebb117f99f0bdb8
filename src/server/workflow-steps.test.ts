import { Abort, InvalidOption, type RunHandle, workflow } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { everyCrash, type TestEnvironment, testEnvironment } from './testing.ts'

const eventsOf = async (t: TestEnvironment, run: RunHandle<unknown>) =>
  (await t.client.call<{ events: { is: string; [fact: string]: unknown }[] }>('runs.history', { run: run.id })).events
const stepsOf = async (t: TestEnvironment, name: string) => (await t.client.runs.list({ job: name })).runs

test('a queued step waits under the limits of its key, and explain tells who holds them', async () => {
  const running: string[] = []
  const held: (() => void)[] = []
  let most = 0
  const order = workflow(
    'order',
    { steps: { charge: { queue: 'bank', limits: [{ per: 'key.user', concurrency: 1 }] } } },
    async ({ user }: { user: string }, ctx) => {
      const factor = await ctx.run('factor', () => 2)
      return ctx.run(
        'charge',
        async () => {
          running.push(user)
          most = Math.max(most, running.filter(one => one === user).length)
          await new Promise<void>(resolve => held.push(resolve))
          running.splice(running.indexOf(user), 1)
          return factor * 21
        },
        { key: { user } },
      )
    },
  )
  await using t = await testEnvironment([order], { patience: 50 })
  const runs = [await order.start({ user: 'ada' }), await order.start({ user: 'ada' }), await order.start({ user: 'bob' })]
  await t.settle()
  expect(running.sort()).toEqual(['ada', 'bob'])
  const waiting = (await stepsOf(t, 'order.charge')).find(({ state }) => state === 'queued')
  expect(waiting).toMatchObject({ queue: 'bank' })
  const { reasons } = await t.client.handle(waiting?.id as string).explain()
  expect(reasons).toMatchObject([{ code: 'limit' }])
  const parent = runs[0] as RunHandle<number>
  expect((await parent.explain()).reasons).toMatchObject([{ code: 'child', text: expect.stringContaining('order.charge') }])
  while (held.length > 0) {
    for (const release of held.splice(0)) release()
    await t.settle()
  }
  for (const run of runs) expect(await run.result()).toBe(42)
  expect(most).toBe(1)
})

test('no window of a rate sees more of a queued step than it allows, whatever the number of runs', async () => {
  const at: number[] = []
  const order = workflow('order', { steps: { mail: { limits: [{ rate: 2, every: '1h' }] } } }, async (_: unknown, ctx) =>
    ctx.run('mail', () => void at.push(t.now().getTime())),
  )
  await using t = await testEnvironment([order])
  const runs = await order.startMany(Array.from({ length: 6 }, () => ({})))
  await Promise.all(runs.map(run => run.result()))
  expect(at).toHaveLength(6)
  for (const [index, time] of at.entries()) if (index >= 2) expect(time - (at[index - 2] as number)).toBeGreaterThanOrEqual(3_600_000)
})

test('it is tried again as any step is, under one key, and the code catches its last error', async () => {
  const seen: unknown[] = []
  const order = workflow('order', { steps: { charge: { retry: { attempts: 3 } } } }, async (_: unknown, ctx) => {
    const first = await ctx.run('charge', step => {
      seen.push([step.key, step.attempt])
      if (step.attempt < 3) throw new RangeError('no')
      return 'paid'
    })
    const error = await ctx
      .run('charge', () => Promise.reject(new TypeError('never')), { retry: { attempts: 2 } })
      .catch((error: unknown) => error as TypeError)
    const aborted = await ctx.run('charge', () => Promise.reject(new Abort('at once'))).catch((error: unknown) => error as Error)
    return [first, (error as Error).name, (error as Error).message, (aborted as Error).message]
  })
  await using t = await testEnvironment([order])
  const run = await order.start()
  expect(await run.result()).toEqual(['paid', 'TypeError', 'never', 'at once'])
  expect(seen).toEqual([1, 2, 3].map(attempt => [`${run.id}/1`, attempt]))
  expect((await stepsOf(t, 'order.charge')).map(({ attempt }) => attempt).sort()).toEqual([1, 2, 3])
})

test('a cancel stops it, and its signal says so', async () => {
  let reason: unknown = null
  const order = workflow('order', { steps: { slow: {}, short: { timeout: { heartbeat: '1s' } } } }, async (_: unknown, ctx) =>
    ctx.run(
      'slow',
      step =>
        new Promise((_, reject) =>
          step.signal.addEventListener('abort', () => {
            reason = step.signal.reason
            reject(reason)
          }),
        ),
    ),
  )
  await using t = await testEnvironment([order], { patience: 50 })
  const run = await order.start()
  await t.settle()
  await run.cancel()
  await expect(run.result()).rejects.toMatchObject({ code: 'run-cancelled' })
  await t.skip('1m')
  expect(reason).toMatchObject({ name: 'CancelRequested' })
  expect(await stepsOf(t, 'order.slow')).toMatchObject([{ state: 'cancelled' }])
})

test('a step that gives no sign of life is given up and tried again', async () => {
  const attempts: number[] = []
  const order = workflow('order', { steps: { copy: { timeout: { heartbeat: '30s' }, retry: { initial: '1s' } } } }, async (_: unknown, ctx) =>
    ctx.run('copy', step => {
      attempts.push(step.attempt)
      step.heartbeat()
      return step.attempt === 1 ? new Promise<string>(() => {}) : 'copied'
    }),
  )
  await using t = await testEnvironment([order], { patience: 50 })
  const run = await order.start()
  await t.skip('5m')
  expect(await run.result()).toBe('copied')
  expect(attempts).toEqual([1, 2])
})

test('code that does not fit the history leaves a queued step to code that does', async () => {
  let isOther = false
  let ran = 0
  const order = workflow('order', { steps: { charge: { limits: [{ pool: 'bank' }] } } }, async (_: unknown, ctx) => {
    await ctx.run(isOther ? 'refund' : 'reserve', () => 1)
    return ctx.run('charge', () => ++ran)
  })
  await using t = await testEnvironment([order])
  const run = await order.start()
  await t.settle()
  isOther = true
  t.crash('after')
  await t.client.limits.set('bank', { concurrency: 1 })
  await t.skip('1m')
  expect(ran).toBe(0)
  expect(await stepsOf(t, 'order.charge')).toMatchObject([{ attempt: 1 }])
  isOther = false
  expect(await run.result()).toBe(1)
})

test('it may not ask for more from within: that is refused, and nothing hangs', async () => {
  const order = workflow('order', { steps: { charge: { retry: { attempts: 1 } } } }, async (_: unknown, ctx) =>
    ctx.run('charge', () => ctx.run('inner', () => 1)).catch((error: Error) => error.name),
  )
  await using t = await testEnvironment([order])
  t.crash('after') // it is replayed for its step
  const run = await order.start()
  expect(await run.result()).toBe('NotDurable')
})

test.each([
  [() => workflow('a', { steps: { b: { concurrency: 2 } as object } }, async () => 1), '/steps/b/concurrency'],
  [() => workflow('a', { steps: { b: { limits: [{ rate: 2 } as never] } } }, async () => 1), '/steps/b/limits/0/every'],
])('options that it cannot have are refused with their place', (define, at) => {
  expect(define).toThrow(InvalidOption)
  expect(define).toThrow(expect.objectContaining({ at }))
})

test('a key is refused where no step of the name is declared', async () => {
  const order = workflow('order', async (_: unknown, ctx) => ctx.run('charge', () => 1, { key: 'ada' }))
  await using _t = await testEnvironment([order])
  await expect((await order.start()).result()).rejects.toThrow('ame "charge" in the workflow\'s option "steps"')
})

test('a crash at every commit, of node and worker, changes no result of queued steps', { timeout: 180_000 }, async () => {
  let keys = new Map<string, number>()
  const order = workflow('order', { steps: { charge: { limits: [{ per: 'key', concurrency: 1 }] } } }, async (n: number, ctx): Promise<unknown> => {
    const charge = (amount: number) =>
      ctx.run(
        'charge',
        step => {
          keys.set(step.key, (keys.get(step.key) ?? 0) + 1)
          return amount * n
        },
        { key: 'ada' },
      )
    const base = await ctx.run('base', () => 10)
    const both = await Promise.all([charge(base), charge(base + 1)])
    if (n === 2) ctx.continueAs(3)
    return [...both, await ctx.waitFor('go')]
  })
  const results: unknown[] = []
  await everyCrash(
    [order],
    async t => {
      keys = new Map()
      const run = await order.start(2)
      await run.signal('go', 'on')
      results.push(await run.result())
      const ended = (await stepsOf(t, 'order.charge')).filter(({ state }) => state === 'completed')
      expect(ended).toHaveLength(4)
      expect(keys.size).toBe(4)
      expect((await eventsOf(t, run)).filter(({ is }) => is === 'child_closed')).toHaveLength(4)
    },
    { seed: 11 },
  )
  for (const result of results) expect(result).toEqual([30, 33, 'on'])
})
