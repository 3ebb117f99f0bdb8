import { expect, expectTypeOf, test } from 'vitest'
import { type BatchCallbackInput, batch } from './batch.ts'
import { Client } from './client.ts'
import { InvalidOption, RunFailed } from './errors.ts'
import { job } from './job.ts'
import { FakeClock, FakeServer } from './testing/fakes.ts'

const rows = job('rows', async ({ page }: { page: number }) => page)
const told = job('told', async ({ batch: done, input }: BatchCallbackInput<{ at: Date }>) => `${done.completed} at ${input.at.toISOString()}`)
const AT = new Date('2026-11-24T10:00:00Z')

function world(): { server: FakeServer; client: Client } {
  const server = new FakeServer()
  server.answers['batches.start'] = () => ({ batch: 'b1', is: 'started', started: 2, conflicts: [] })
  server.answers['batches.add'] = server.answers['batches.start']
  return { server, client: new Client({ connection: server, clock: new FakeClock() }) }
}

test('a batch sends its jobs, nested batches and callbacks in one call, and registers what it needs before', async () => {
  const { server, client } = world()
  const nested = batch({ name: 'part' }).add('other', [{ input: 1 }])
  const started = await batch({ name: 'import', onSuccess: [told, { at: AT }], onComplete: told, open: true, retention: '1d' })
    .add(rows, [{ input: { page: 1 } }, { input: { page: 2 }, priority: 3 }], { queue: 'import' })
    .add(nested)
    .start({ client })
  expect(started.id).toBe('b1')
  const [registered, sent] = server.calls
  expect(registered).toMatchObject({ operation: 'definitions.register', body: { definitions: [{ name: 'rows' }, { name: 'told' }] } })
  expect(sent).toMatchObject({ operation: 'batches.start', call: { callKey: expect.any(String) } })
  expect(sent?.body).toEqual({
    name: 'import',
    jobs: [
      { definition: 'rows', input: { page: 1 }, queue: 'import' },
      { definition: 'rows', input: { page: 2 }, queue: 'import', priority: 3 },
      { batch: { name: 'part', jobs: [{ definition: 'other', input: 1 }] } },
    ],
    open: true,
    onComplete: { definition: 'told' },
    onSuccess: { definition: 'told', input: { at: { $type: 'Date', value: AT.toISOString() } } },
    retention: 86_400_000,
  })
  await started.add(rows, [{ input: { page: 3 } }])
  expect(server.calls.at(-1)).toMatchObject({ operation: 'batches.add', call: { params: { batch: 'b1' } }, body: { jobs: [{ definition: 'rows' }] } })
})

test('what is wrong is refused before anything is sent', async () => {
  const { server, client } = world()
  await expect(batch({ name: '' }).start({ client })).rejects.toThrow(InvalidOption)
  await expect(
    batch()
      .add(rows, [{ input: { page: 1 }, priority: 1_000 }])
      .start({ client }),
  ).rejects.toThrow(InvalidOption)
  // @ts-expect-error the input of another job
  batch().add(rows, [{ input: { sheet: 1 } }])
  expectTypeOf(batch().add(rows, [])).toEqualTypeOf(batch())
  expect(server.calls).toEqual([])
})

test('its result is what became of its jobs, and an error when not all have completed', async () => {
  const { server, client } = world()
  const summary = { batch: 'b1', name: 'import', total: 2, completed: 2, failed: 0, cancelled: 0, failedRuns: [] }
  server.answers['runs.get'] = () => ({ id: 'b1', state: 'completed', output: summary })
  expect(await client.batches.handle('b1').result()).toEqual(summary)
  server.answers['runs.get'] = () => ({
    id: 'b1',
    state: 'failed',
    reason: 'jobs-failed',
    failure: { type: 'BatchFailed', message: '1 of 2 jobs failed' },
  })
  await expect(client.batches.handle('b1').result()).rejects.toThrow(RunFailed)
})

test('an operation on many runs is sent with its filter, times and reasons', async () => {
  const { server, client } = world()
  server.answers['batches.bulk'] = () => ({ batch: 'b2', matched: 3 })
  server.answers['batches.preview'] = () => ({ matched: 3, more: false, byState: { queued: 3 }, runs: [] })
  const where = { state: 'queued', job: ['rows'], tags: { team: 'media' }, createdBefore: AT } as const
  const filter = { state: ['queued'], definition: ['rows'], tags: { team: 'media' }, createdBefore: AT.toISOString() }
  expect(
    (await client.batches.bulk({ operation: 'change', where: { ...where, job: [...where.job] }, change: { delay: '5m', priority: 2 }, why: 'late' }))
      .id,
  ).toBe('b2')
  expect(server.calls[0]?.body).toEqual({ operation: 'change', filter, change: { delay: 300_000, priority: 2 }, why: 'late' })
  expect(await client.batches.preview({ operation: 'cancel', where: {} })).toMatchObject({ matched: 3 })
  expect(server.calls[1]?.body).toEqual({ operation: 'cancel', filter: {} })
})
