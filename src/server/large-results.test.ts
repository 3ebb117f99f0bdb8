import { type DagBuilder, dag, job, replay, type WireRunDetail, workflow } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { testEnvironment } from './testing.ts'

/** A result that is on its way to the server waits for time to pass. */
const QUICK = { patience: 20 }
const MiB = 1024 * 1024
/** Some of its characters are two, three, four or six bytes where they are kept. */
const text = (length: number) => 'ab"\\é€😀\n'.repeat(Math.ceil(length / 9)).slice(0, length)
const LARGE = 700_000 // over 1 MiB of JSON

const query = job('query', async (length: number) => ({ at: new Date(0), rows: text(length) }))
type Rows = Awaited<ReturnType<typeof query.handler>>
const count = job('count', async ({ at, rows }: Rows) => [at, rows === text(rows.length), rows.length])
const counting = dag('counting', (d: DagBuilder<number>) => {
  const rows = d.task('rows', async length => ({ at: new Date(0), rows: text(length) }))
  return d.task('count', { after: rows }, count)
})
const kept = (run: unknown) => ({
  $type: 'Kept',
  value: { run, stream: expect.stringMatching(/^:result\.[0-9a-z]{26}$/), chunks: expect.any(Number), length: expect.any(Number) },
})

test('what a job gives may be large: it is kept beside the run, and whoever asks for the result has it', async () => {
  await using t = await testEnvironment([query], QUICK)
  const run = await query.start(LARGE)
  expect(await run.result()).toEqual({ at: new Date(0), rows: text(LARGE) })
  const { output, streams } = await t.client.call<WireRunDetail>('runs.get', { run: run.id })
  expect(output).toEqual(kept(run.id))
  expect((await run.get()).output).toEqual(output)
  expect(streams).toBeUndefined() // it is no stream of the user's
})

test('a task of a DAG has what the one before it gave, however large', async () => {
  await using _t = await testEnvironment([counting], QUICK)
  expect(await (await counting.start(LARGE)).result()).toEqual([new Date(0), true, LARGE])
})

test('so have mapped tasks, tasks with several before them, DAGs within DAGs, and who reads the result of the whole', async () => {
  const each = dag('each', (d: DagBuilder<number[]>) => {
    const lengths = d.task('lengths', async input => input)
    const rows = d.map('rows', lengths, query)
    return d.task('all', { after: [rows, lengths] }, async ([all, asked]) => ({ rows: all.map(one => one.rows), asked }))
  })
  const outer = dag('outer', (d: DagBuilder<number[]>) => d.task('inner', each))
  await using _t = await testEnvironment([outer, each, query], QUICK)
  const asked = [LARGE, 3, 2 * MiB]
  expect(await (await outer.start(asked)).result()).toEqual({ rows: asked.map(text), asked })
})

const report = workflow('report', { steps: { load: { limits: [{ concurrency: 1 }] } } }, async (length: number, ctx) => {
  const { rows } = (await ctx.call(query, length)) as Rows
  const loaded = await ctx.run('load', () => ({ text: text(length) }))
  await ctx.waitFor('go')
  return { same: rows === loaded.text, rows, at: await ctx.run('count', () => rows.length) }
})

test('a workflow has what its children and its steps under limits give, and gives as much itself', async () => {
  await using t = await testEnvironment([report, query], QUICK)
  const run = await report.start(LARGE)
  await run.signal('go')
  expect(await run.result()).toEqual({ same: true, rows: text(LARGE), at: LARGE })
  const { events } = await t.client.call<{ events: { is: string; output?: unknown }[] }>('runs.history', { run: run.id })
  const some = kept(expect.any(String))
  expect(events.filter(({ is }) => is === 'child_closed').map(({ output }) => output)).toEqual([some, some])
  expect((await run.get()).output).toEqual(kept(run.id))
  expect(JSON.stringify(events).length).toBeLessThan(5_000)
  // Another worker, to which nothing of it is known, does it all again.
  expect(await replay(report, { ...(await run.get()), history: await run.history() })).toMatchObject({ is: 'fits' })
})

test('over 16 MiB it fails, for good, and says how much it is', async () => {
  await using _t = await testEnvironment([query], QUICK)
  await expect((await query.start(17 * MiB)).result()).rejects.toMatchObject({
    cause: { name: 'Unserialisable', message: expect.stringMatching(/^The value is \d+ bytes of JSON; 16777216 are possible/) },
  })
})

test('what names a result that is not there fails who needs it, at once, and says which', async () => {
  await using t = await testEnvironment([count], QUICK)
  const other = (await count.start({ at: new Date(0), rows: '' })).id
  const reference = { $type: 'Kept', value: { stream: ':result.1', chunks: 1, length: 10, run: other } }
  // By hand: the SDK never sends one as an input.
  const { run } = await t.client.call<{ run: string }>('runs.start', {}, { definition: 'count', input: { rows: reference } })
  await expect(t.client.handle(run).result()).rejects.toMatchObject({
    cause: { code: 'result-gone', message: expect.stringContaining(`run ${other}`) },
  })
  expect((await t.client.handle(run).get()).attempt).toBe(1)
})

test('data that looks like a reference is data, of the sender and of the run', async () => {
  const echo = job('echo', async (input: unknown) => input)
  await using t = await testEnvironment([echo, query], QUICK)
  const large = await query.start(LARGE)
  await large.result()
  const { output } = await t.client.call<WireRunDetail>('runs.get', { run: large.id })
  expect(await (await echo.start({ output })).result()).toEqual({ output })
})
