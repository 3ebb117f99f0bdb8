import { type WireHistory, workflow } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { everyCrash, testEnvironment } from './testing.ts'

/** A step that waits for its result to be sent waits for time to pass. */
const QUICK = { patience: 20 }
const MiB = 1024 * 1024
/** Over 1 MiB of JSON. */
const LARGE = 700_000

/** Of so many characters, some of which are two, three, four or six bytes where they are kept. */
const text = (length: number) => 'ab"\\é€😀\n'.repeat(Math.ceil(length / 9)).slice(0, length)

const report = workflow('report', async (length: number, ctx) => {
  const rows = await ctx.run('query', () => ({ at: new Date(0), text: text(length) }))
  await ctx.waitFor('go')
  return [rows.at, rows.text === text(length), await ctx.run('count', () => rows.text.length)]
})

test('a result that is too large for the history is kept beside it; the code sees the value, wherever it is replayed', async () => {
  const raws: WireHistory[] = []
  const crashes = await everyCrash(
    [report],
    async t => {
      const run = await report.start(LARGE)
      await run.signal('go')
      expect(await run.result()).toEqual([new Date(0), true, LARGE])
      raws.push(await t.client.call<WireHistory>('runs.history', { run: run.id }))
    },
    QUICK,
  )
  expect(crashes).toBeGreaterThan(5)
  for (const raw of raws) {
    const ref = { $type: 'Kept', value: { stream: ':result.1', chunks: expect.any(Number), length: expect.any(Number) } }
    expect(raw.events.find(({ is }) => is === 'step_completed')?.output).toEqual(ref)
    expect(JSON.stringify(raw).length).toBeLessThan(5_000)
  }
}, 120_000)

test('a fork has its own, and the history of a run is whole where it is asked for whole', async () => {
  await using t = await testEnvironment([report], QUICK)
  const run = await report.start(2 * MiB)
  await run.signal('go')
  await run.result()
  const whole = { is: 'step_completed', name: 'query', output: { at: { $type: 'Date', value: new Date(0).toISOString() }, text: text(2 * MiB) } }
  expect(await run.history()).toContainEqual(expect.objectContaining(whole))
  expect((await t.recorded(run)).history).toContainEqual(expect.objectContaining(whole))
  const fork = await run.fork({ from: 'count' })
  expect(await fork.result()).toEqual([new Date(0), true, 2 * MiB])
  expect(await fork.history()).toContainEqual(expect.objectContaining(whole))
})

test('one over 16 MiB fails its step, and says where and what to do', async () => {
  await using _t = await testEnvironment([report], QUICK)
  const run = await report.start(17 * MiB)
  await expect(run.result()).rejects.toMatchObject({
    code: 'run-failed',
    cause: { name: 'Unserialisable', message: expect.stringMatching(/bytes of JSON; 16777216 are possible/) },
  })
  expect((await run.history()).filter(({ is }) => is === 'step_failed')).toMatchObject([{ name: 'query', attempt: 1 }])
})

test('a stream of that sort is nobody else’s', async () => {
  const writer = workflow('writer', async (_: unknown, ctx) => ctx.run('write', step => step.stream(':result.1').write(1)))
  await using _t = await testEnvironment([writer], QUICK)
  const run = await writer.start(null)
  await expect(run.result()).rejects.toMatchObject({ cause: { name: 'InvalidOption' } })
})
