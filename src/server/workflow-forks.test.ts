import { Abort, job, type RunHandle, workflow } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { type TestEnvironment, testEnvironment } from './testing.ts'

const historyOf = async (t: TestEnvironment, run: RunHandle<unknown>) =>
  (await t.client.call<{ events: { is: string; [fact: string]: unknown }[] }>('runs.history', { run: run.id })).events
const explained = async (run: RunHandle<unknown>) => (await run.explain()).reasons.map(({ code, text }) => `${code}: ${text}`).join('\n')

/** What its steps did, in order; `broken` fails the one that ships. */
function orders(options: { exhausted?: 'park' } = {}) {
  const did: string[] = []
  const world = { broken: true }
  const order = workflow('order', options, async (input: { amount: number }, ctx) => {
    const [random, begun] = [ctx.random(), ctx.now().toISOString()]
    await ctx.sleep('1h')
    const payment = await ctx.run('charge', step => {
      did.push(`charge ${input.amount}`)
      return { payment: step.key, random }
    })
    const shipped = await ctx.run(
      'ship',
      () => {
        did.push('ship')
        if (world.broken) throw new Error('no lorry')
        return `shipped ${input.amount}`
      },
      { retry: { attempts: 2, initial: '1m' } },
    )
    return { payment, shipped, random, begun }
  })
  return { order, did, world }
}

test('a fork goes on from the failed step with what came before it: results, random numbers and times', async () => {
  const { order, did, world } = orders()
  await using t = await testEnvironment([order])
  const run = await order.start({ amount: 5 })
  await expect(run.result()).rejects.toThrow('no lorry')
  expect(did).toEqual(['charge 5', 'ship', 'ship'])
  world.broken = false
  await t.skip('1d')
  const fork = await run.fork()
  const output = (await fork.result()) as { payment: { payment: string; random: number }; random: number; begun: string; shipped: string }
  expect(did).toEqual(['charge 5', 'ship', 'ship', 'ship'])
  expect(output).toMatchObject({ shipped: 'shipped 5', begun: '2026-01-01T00:00:00.000Z', payment: { payment: `${run.id}/2` } })
  expect(output.random).toBe(output.payment.random)
  expect(await fork.get()).toMatchObject({ trigger: { is: 'retry', of: run.id, after: 'failed', from: { n: 3, name: 'ship' } } })
  const { chain } = await t.client.call<{ chain: { id: string }[] }>('runs.related', { run: run.id })
  expect(chain.map(({ id }) => id)).toEqual([run.id, fork.id])
})

test('a fork goes on from a queued step, by its name or because it failed', async () => {
  const did: string[] = []
  let broken = true
  const order = workflow('order', { steps: { charge: { retry: { attempts: 1 } }, ship: { retry: { attempts: 1 } } } }, async (_: unknown, ctx) => {
    const payment = await ctx.run('charge', step => {
      did.push('charge')
      return step.key
    })
    const shipped = await ctx.run('ship', step => {
      did.push('ship')
      if (broken) throw new Error('no lorry')
      return step.key
    })
    return [payment, shipped]
  })
  await using _ = await testEnvironment([order])
  const run = await order.start()
  await expect(run.result()).rejects.toThrow('no lorry')
  broken = false
  const fork = await run.fork()
  expect(await fork.result()).toEqual([`${run.id}/1`, `${fork.id}/2`])
  expect(did).toEqual(['charge', 'ship', 'ship'])
  const first = await run.fork({ from: 'charge' })
  expect(await first.result()).toEqual([`${first.id}/1`, `${first.id}/2`])
  await expect(run.fork({ from: 'pack' })).rejects.toMatchObject({ code: 'unknown-step' })
})

test('with another input, from any step; the old one never changes', async () => {
  const { order, did, world } = orders()
  world.broken = false
  await using t = await testEnvironment([order])
  const run = await order.start({ amount: 5 })
  const before = await run.result()
  const fork = await run.fork({ from: 'ship', input: { amount: 7 } })
  expect(await fork.result()).toMatchObject({ shipped: 'shipped 7' })
  const again = await fork.fork({ from: 2, input: { amount: 9 } })
  expect(await again.result()).toMatchObject({ shipped: 'shipped 9' })
  expect(did).toEqual(['charge 5', 'ship', 'ship', 'charge 9', 'ship'])
  expect(await run.result()).toEqual(before)
  await expect(run.fork({ from: 'pay' })).rejects.toMatchObject({ code: 'unknown-step', status: 404, at: '/from' })
  expect(t.crashes).toBe(0)
})

test('a reset ends an open run, tells its children, and takes its later signals along', async () => {
  const nap = workflow('nap', async (_: unknown, ctx) => ctx.sleep('1h'))
  const flow = workflow('flow', async (_: unknown, ctx) => {
    const name = await ctx.run('name', () => 'Ada')
    const told = await ctx.waitFor<string>('go')
    await ctx.call(nap)
    return `${name} ${told}`
  })
  await using t = await testEnvironment([flow, nap])
  const run = await flow.start()
  await run.signal('go', 'north')
  await t.settle()
  const events = await historyOf(t, run)
  const child = events.find(({ is }) => is === 'child_asked')?.run as string
  const reset = await run.reset({ to: 'name' })
  await t.settle()
  expect(await run.get()).toMatchObject({ state: 'terminated' })
  expect((await historyOf(t, run)).at(-1)).toMatchObject({ why: expect.stringContaining(`reset to "name": run ${reset.id}`) })
  expect(await t.client.handle(child).get()).toMatchObject({ state: 'cancelled' })
  expect((await historyOf(t, reset)).filter(({ is }) => is === 'signalled')).toMatchObject([{ name: 'go', payload: 'north' }])
  expect(await reset.result()).toBe('Ada north')
})

test('a job has no steps', async () => {
  const mail = job('mail', async () => 'sent')
  await using t = await testEnvironment([mail])
  const run = await mail.start()
  await t.settle()
  await expect(run.fork()).rejects.toMatchObject({ code: 'not-a-workflow' })
})

test('many are forked by a filter, each from its failed step', async () => {
  const { order, did, world } = orders()
  await using t = await testEnvironment([order])
  const runs = await order.startMany([{ input: { amount: 1 } }, { input: { amount: 2 } }])
  for (const run of runs) await run.result().catch(() => {})
  world.broken = false
  await t.client.batches.bulk({ operation: 'fork', where: { job: 'order' } } as never)
  await t.skip('1h')
  const { runs: all } = await t.client.call<{ runs: { state: string; trigger: { of?: string } }[] }>('runs.list', {})
  const forks = all.filter(({ trigger }) => trigger.of !== undefined)
  expect(forks.map(({ trigger }) => trigger.of).sort()).toEqual(runs.map(({ id }) => id).sort())
  expect(forks.map(({ state }) => state)).toEqual(['completed', 'completed'])
  expect(did.filter(what => what.startsWith('charge'))).toHaveLength(2)
})

test('a step whose attempts are used up parks the run, and is tried again with all its attempts when a person resumes it', async () => {
  const { order, did, world } = orders({ exhausted: 'park' })
  await using t = await testEnvironment([order])
  const run = await order.start({ amount: 3 })
  await t.skip('2h')
  expect(await run.get()).toMatchObject({ state: 'paused', reason: 'parked' })
  expect(await explained(run)).toBe('parked: step "ship" is parked: its attempts are used up (2, the last: Error: no lorry)')
  await run.resume()
  await t.skip('2h')
  expect(did).toEqual(['charge 3', 'ship', 'ship', 'ship', 'ship'])
  expect(await run.get()).toMatchObject({ state: 'paused', reason: 'parked' })
  world.broken = false
  await run.resume()
  expect(await run.result()).toMatchObject({ shipped: 'shipped 3' })
})

test.each([1, 3])('what runs %i times at most is parked and resumed as well', async attempts => {
  let calls = 0
  const flow = workflow('flow', { exhausted: 'park' }, async (_: unknown, ctx) =>
    ctx.run('once', () => (++calls <= attempts ? Promise.reject(new Error('no')) : calls), { retry: { attempts, initial: 1 } }),
  )
  await using t = await testEnvironment([flow])
  const run = await flow.start()
  await t.skip('1m')
  expect(await run.get()).toMatchObject({ state: 'paused', reason: 'parked' })
  await run.resume()
  expect(await run.result()).toBe(attempts + 1)
})

test('Abort is the code’s own word: nothing is parked', async () => {
  const flow = workflow('flow', { exhausted: 'park' }, async (_: unknown, ctx) => ctx.run('no', () => Promise.reject(new Abort('never'))))
  await using _ = await testEnvironment([flow])
  await expect((await flow.start()).result()).rejects.toMatchObject({ code: 'run-failed' })
})
