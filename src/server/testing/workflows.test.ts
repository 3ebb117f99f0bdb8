import { job, workflow } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { everyCrashPoint, replay, testEnvironment } from '../testing.ts'

const bank = { charge: async (_amount: number): Promise<string> => Promise.reject(new Error('the real bank')) }
const order = workflow('order', async (amount: number, ctx) => {
  const payment = await ctx.run('charge', () => bank.charge(amount))
  if (!(await ctx.waitFor<boolean>('approval', { timeout: '7d' }))) throw new Error('not approved')
  return ctx.run('ship', () => `shipped for ${payment}`)
})

test('steps are mocked by their names, others run', async () => {
  await using t = await testEnvironment([order], { steps: { charge: ({ key }) => `p-${key.slice(-1)}` } })
  const run = await order.start(5)
  await t.skip('6d')
  await run.signal('approval', true)
  expect(await run.result()).toBe('shipped for p-1')
})

test('a name that every object has is no mock', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) => ctx.run('toString', () => 'mine'))
  await using _ = await testEnvironment([flow])
  expect(await (await flow.start()).result()).toBe('mine')
})

test('a workflow is crashed at each of its steps, and must end as it does without', async () => {
  const mail = job('mail', async (to: string) => to)
  const flow = workflow('flow', async (n: number, ctx) => {
    const a = await ctx.run('a', () => n + 1)
    const told = await ctx.waitFor<number>('go')
    const [b, sent] = await Promise.all([ctx.run('b', () => a * 2), ctx.call(mail, 'ada')])
    return [a, told, b, sent, ctx.random()]
  })
  expect(await everyCrashPoint(flow, 1, { with: [mail], drive: run => run.signal('go', 7) })).toBeGreaterThan(10)
})

test('an error is an end as well', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) => {
    await ctx.run('a', () => 1)
    throw new Error('always')
  })
  expect(await everyCrashPoint(flow, undefined)).toBeGreaterThan(4)
})

test('one that depends on what is not kept is caught, with the place', async () => {
  let calls = 0
  const flow = workflow('flow', async (_: unknown, ctx) => {
    const call = ++calls
    await ctx.run('a', () => 1)
    return call
  })
  await expect(everyCrashPoint(flow, undefined)).rejects.toThrow(
    /with a crash (before|after) commit \d+: it ended with \{"output":\d\}, and without a crash with \{"output":1\}/,
  )
})

test('a recorded run is a snapshot that later code is replayed against', async () => {
  await using t = await testEnvironment([order], { steps: { charge: () => 'p' } })
  const run = await order.start(5)
  await run.signal('approval', true)
  await run.result()
  const recorded = JSON.parse(JSON.stringify(await t.recorded(run)))
  expect(await replay(order, recorded)).toEqual({ is: 'fits', run: run.id, steps: 3 })
  const changed = workflow('order', async (_: number, ctx) => ctx.run('refund', () => 1))
  expect(await replay(changed, recorded)).toMatchObject({ is: 'diverged', step: 1, expected: 'charge', got: 'refund' })
})
