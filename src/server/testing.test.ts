import { Abort, job, RunFailed } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { cpuMs } from '../../test/support/cpu.ts'
import { everyCrash, testEnvironment } from './testing.ts'

test('a delayed run completes while its result is awaited, and the clock shows it', async () => {
  const hello = job('hello', async (name: string) => `Hello, ${name}`)
  await using t = await testEnvironment([hello])
  const run = await hello.start('Ada', { delay: '30d' })
  expect(await run.result()).toBe('Hello, Ada')
  expect(t.now().toISOString()).toBe('2026-01-31T00:00:00.000Z')
})

test('a job that retries for a day is done in milliseconds', async () => {
  const attempts: string[] = []
  const flaky = job('flaky', { retry: { attempts: 7, initial: '10m', factor: 2, maximum: '1d', jitter: 0 } }, async (_: unknown, ctx) => {
    attempts.push(`${ctx.attempt}`)
    if (ctx.attempt < 7) throw new Error('not yet')
    return ctx.attempt
  })
  await using t = await testEnvironment([flaky])
  const before = cpuMs()
  const run = await flaky.start(undefined)
  expect(await run.result()).toBe(7)
  expect(attempts).toHaveLength(7)
  expect(t.now().getTime() - Date.parse('2026-01-01T00:00:00Z')).toBeGreaterThan(10 * 3_600_000)
  expect(cpuMs() - before).toBeLessThan(2_000)
})

test('skip fires timers in order, and what follows from each happens before the next', async () => {
  const order: string[] = []
  const note = job('note', async (word: string) => void order.push(word))
  await using t = await testEnvironment([note])
  await note.start('third', { delay: '3h' })
  await note.start('first', { delay: '1h' })
  await note.start('second', { delay: '2h' })
  await t.settle()
  expect(order).toEqual([])
  await t.skip('2h')
  expect(order).toEqual(['first', 'second'])
  await t.skip('1h')
  expect(order).toEqual(['first', 'second', 'third'])
})

test('an attempt that hangs is timed out by virtual time', async () => {
  const stuck = job(
    'stuck',
    { timeout: '5m', retry: { attempts: 1 } },
    (_: unknown, ctx) => new Promise((_resolve, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason))),
  )
  await using t = await testEnvironment([stuck], { patience: 50 })
  const run = await stuck.start(undefined)
  await expect(run.result()).rejects.toThrow()
  expect(t.now().getTime() - Date.parse('2026-01-01T00:00:00Z')).toBeGreaterThanOrEqual(300_000)
})

test('a handler that falls silent is noticed by virtual time', async () => {
  const silent = job('silent', { timeout: { heartbeat: '30s' }, retry: { attempts: 1 } }, () => new Promise(() => {}))
  await using t = await testEnvironment([silent], { patience: 50 })
  const run = await silent.start()
  await expect(run.result()).rejects.toThrow()
  const waited = t.now().getTime() - Date.parse('2026-01-01T00:00:00Z')
  expect(waited).toBeGreaterThanOrEqual(30_000)
  expect(waited).toBeLessThan(60_000)
})

test('a failure reaches the test with its own error', async () => {
  const bad = job('bad', async () => {
    throw new Abort('no')
  })
  await using _t = await testEnvironment([bad])
  await expect((await bad.start()).result()).rejects.toThrow(RunFailed)
})

test('a run that cannot end is told with the reason, instead of hanging', async () => {
  const hello = job('hello', { queue: 'images' }, async () => 1)
  await using t = await testEnvironment([hello])
  await t.client.call('queues.pause', { name: 'images' }, {})
  await expect((await hello.start()).result()).rejects.toThrow(/will not end however long one waits: .*paused/)
})

test.each(['before', 'after'] as const)('a crash %s a commit loses nothing that was acknowledged', async moment => {
  const runs: number[] = []
  const work = job('work', async (_: unknown, ctx) => {
    runs.push(ctx.attempt)
    await ctx.checkpoint.save({ at: 1 })
    return ctx.attempt
  })
  await using t = await testEnvironment([work])
  t.crash(moment, 2)
  const run = await work.start(undefined)
  await run.result()
  expect(t.crashes).toBe(1)
  expect((await run.get()).state).toBe('completed')
})

test('every crash of a scenario is tried, and each is survived', async () => {
  const saved: string[] = []
  const steps = job('steps', async (_: unknown, ctx) => {
    for (const step of ['a', 'b', 'c'].slice((ctx.checkpoint.value as number | undefined) ?? 0)) {
      saved.push(step)
      await ctx.checkpoint.save('abc'.indexOf(step) + 1)
    }
    return 'done'
  })
  const crashes = await everyCrash([steps], async () => {
    saved.length = 0
    expect(await (await steps.start(undefined)).result()).toBe('done')
    expect([...new Set(saved)]).toEqual(['a', 'b', 'c'])
    expect(saved.length).toBeLessThanOrEqual(4)
  })
  expect(crashes).toBeGreaterThan(6)
})

test('a scenario that does not survive names the crash', async () => {
  let charged = 0
  const charge = job('charge', async (_: unknown, ctx) => {
    charged++
    await ctx.checkpoint.save('charged')
  })
  const tried = everyCrash([charge], async () => {
    charged = 0
    await (await charge.start(undefined)).result()
    expect(charged).toBe(1)
  })
  await expect(tried).rejects.toThrow(/The scenario fails with a crash (before|after) commit \d+: /)
})
