import { job, type WireArtifact, type WireArtifacts, type WireRunDetail, workflow } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { testEnvironment } from './testing.ts'

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')

const report = job('report', { retry: { attempts: 2, initial: '1s' } }, async (_: unknown, ctx) => {
  await ctx.artifact.table('rows', [{ id: 1 }, { id: 2, name: 'b' }], { title: `Attempt ${ctx.attempt}` })
  await ctx.artifact.markdown('notes', `attempt ${ctx.attempt}`)
  if (ctx.attempt === 1) {
    await ctx.artifact.link('first', 'https://example.org/1')
    throw new Error('once')
  }
  await ctx.stream('log').write('line')
  // Kept before the run's end is, awaited or not; the last stays.
  void ctx.artifact.markdown('notes', 'one')
  void ctx.artifact.markdown('notes', 'two')
  void ctx.artifact.image('plot', PNG, 'image/png')
})

test('what a run leaves is there once it has ended, and a repeated attempt replaces it by its name', async () => {
  await using t = await testEnvironment([report])
  const run = await report.start(undefined)
  await t.skip('1m')
  await run.result()
  const kinds = [
    { name: 'first', kind: 'link' },
    { name: 'notes', kind: 'markdown' },
    { name: 'plot', kind: 'image' },
    { name: 'rows', kind: 'table' },
  ]
  expect(await t.client.call<WireArtifacts>('runs.artifacts', { run: run.id })).toEqual({ artifacts: kinds })
  const { artifacts, streams } = await t.client.call<WireRunDetail>('runs.get', { run: run.id })
  expect({ artifacts, streams: streams?.map(({ name }) => name) }).toEqual({ artifacts: kinds, streams: ['log'] })
  const get = (name: string) => t.client.call<WireArtifact>('runs.artifact', { run: run.id, name })
  expect(await get('rows')).toEqual({
    ...{ name: 'rows', kind: 'table', title: 'Attempt 2', type: null, at: expect.any(String), attempt: 2, step: null },
    value: {
      columns: ['id', 'name'],
      rows: [
        [1, null],
        [2, 'b'],
      ],
    },
  })
  expect(await get('notes')).toMatchObject({ value: 'two', attempt: 2 })
  expect(await get('plot')).toMatchObject({ type: 'image/png', value: PNG.toString('base64') })
  expect(await get('first')).toMatchObject({ value: 'https://example.org/1', attempt: 1 })
  await expect(get('none')).rejects.toMatchObject({ code: 'artifact-not-found', hint: 'there are: first, notes, plot, rows' })
  await expect(t.client.call('runs.chunks', { run: run.id, name: ':artifact:rows' })).resolves.toBeDefined()
})

test('a step of a workflow leaves them with its run', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) => {
    await ctx.run('draw', step => step.artifact.markdown('notes', '# drawn'))
    return 1
  })
  await using t = await testEnvironment([flow])
  const run = await flow.start(undefined)
  expect(await run.result()).toBe(1)
  expect(await t.client.call<WireArtifact>('runs.artifact', { run: run.id, name: 'notes' })).toMatchObject({ value: '# drawn', step: 'draw' })
})

const refused = (put: (ctx: Parameters<typeof report.handler>[1]) => Promise<void>) =>
  job('refused', { retry: { attempts: 1 } }, async (_: unknown, ctx) => put(ctx as never))

test.each([
  ['a link that runs something', refused(ctx => ctx.artifact.link('a', 'javascript:alert(1)')), 'xpected an address of http: or https:'],
  [
    'an image that is none',
    refused(ctx => ctx.artifact.image('a', Buffer.from('<svg onload=x>'), 'image/png')),
    'xpected an image of the type image/png',
  ],
  ['an image of a type that may hold scripts', refused(ctx => ctx.artifact.image('a', PNG, 'image/svg+xml' as never)), 'image/png'],
  ['too large a text', refused(ctx => ctx.artifact.markdown('a', 'x'.repeat(240_001))), 'most 240000 bytes'],
  ['a table without columns', refused(ctx => ctx.artifact.table('a', { columns: ['x'], rows: [[1, 2]] })), 'at most 1 values'],
  ['a name that is none', refused(ctx => ctx.artifact.markdown('', 'x')), 'name'],
])('%s is refused, and fails the attempt', async (_, made, message) => {
  await using t = await testEnvironment([made])
  const run = await made.start(undefined)
  await expect(run.result()).rejects.toMatchObject({ code: 'run-failed' })
  const { failure, artifacts } = await t.client.call<WireRunDetail>('runs.get', { run: run.id })
  expect(failure?.message).toContain(message)
  expect(artifacts).toBeUndefined()
})
