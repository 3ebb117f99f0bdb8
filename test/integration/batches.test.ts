import { writeFileSync } from 'node:fs'
import { type BatchHandle, batch } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { hopeless, noop, plain } from './support/jobs.ts'
import { type Server, Stage, until } from './support/processes.ts'

const stage = new Stage()
afterAll(() => stage.end())

const RUNS = 5_000
const JOBS = 2_000
const HOPELESS = 5

test(`kill -9 in the middle of an operation on ${RUNS} runs: nobody is forgotten, and each is done once (E12)`, async () => {
  const database = stage.file('bulk.db')
  let server = await stage.server({ database })
  const client = server.client()
  const again = async (): Promise<void> => {
    await server.kill('SIGKILL')
    server = await stage.server({ database, port: server.port })
  }
  await client.startMany(
    noop,
    Array.from({ length: RUNS }, (_, n) => ({ input: { n, text: '' } })),
  )
  const [other] = await client.startMany(plain, [{ input: { ms: 1 } }])
  const bulk = await client.batches.bulk({ operation: 'cancel', where: { job: 'noop' }, why: 'a test' })
  const { id } = bulk
  await again()
  const seen = [await doneOf(bulk)]
  // It goes on by itself, and is killed again once it has.
  await until('it is at work again', async () => (await doneOf(bulk)) > (seen[0] as number), 1)
  await again()
  seen.push(await doneOf(bulk))
  console.log(`killed at ${seen.join(' and ')} of ${RUNS}`)
  expect(seen[0], 'the first kill came before its end').toBeLessThan(RUNS)

  expect(await bulk.result({ timeout: '60s' })).toMatchObject({ batch: id, done: RUNS, skipped: 0, refused: 0 })
  expect((await client.runs.list({ job: 'noop', state: ['scheduled', 'queued', 'running', 'waiting', 'paused'] })).runs).toEqual([])
  let count = 0
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await client.runs.list({ job: 'noop', state: 'cancelled', limit: 1_000, ...(cursor && { cursor }) })
    count += page.runs.length
    cursor = page.next
  }
  expect(count).toBe(RUNS)
  expect((await other?.get())?.state).toBe('queued')
  expect(server.said).not.toMatch(/invariant|"level":50/)
})

test(`kill -9 in the middle of a batch of ${JOBS} jobs: it counts each once, and each callback starts once`, async () => {
  const database = stage.file('group.db')
  const records = stage.file('records.jsonl')
  writeFileSync(records, '')
  let server: Server = await stage.server({ database, lease: '1s' })
  const client = server.client()
  const started = await batch({
    name: 'import',
    onFirstFailure: [noop, 'firstFailure'],
    onComplete: [noop, 'complete'],
    onSuccess: [noop, 'success'],
  })
    .add(
      plain,
      Array.from({ length: JOBS - HOPELESS }, () => ({ input: { ms: 1 } })),
    )
    .add(
      hopeless,
      Array.from({ length: HOPELESS }, () => ({ input: null })),
    )
    .start({ client })
  stage.worker({ url: server.url, slots: 20, name: 'worker', records })
  for (let kill = 1; kill <= 4; kill++) {
    await until('some of it is done', async () => ended(await started.get()) >= (kill * JOBS) / 5)
    await server.kill('SIGKILL')
    server = await stage.server({ database, port: server.port, lease: '1s' })
  }
  await expect(started.result({ timeout: '60s' })).rejects.toMatchObject({ code: 'run-failed' })
  const { jobs } = await started.get()
  expect(jobs).toMatchObject({ total: JOBS, open: 0, completed: JOBS - HOPELESS, failed: HOPELESS, cancelled: 0 })
  expect(jobs?.failedRuns).toHaveLength(HOPELESS)
  await until('the callbacks have run', async () => (await client.runs.list({ job: 'noop', state: 'completed' })).runs.length >= 2)
  const { runs } = await client.runs.list({ job: 'noop' })
  const callbacks = await Promise.all(runs.map(async ({ id }) => (await client.handle(id).get()).input as { input: string; batch: object }))
  expect(callbacks.map(({ input }) => input).sort()).toEqual(['complete', 'firstFailure'])
  expect(callbacks.find(({ input }) => input === 'complete')?.batch).toMatchObject({ total: JOBS, completed: JOBS - HOPELESS, failed: HOPELESS })
  expect(server.said).not.toMatch(/invariant|"level":50/)
})

async function doneOf(bulk: BatchHandle): Promise<number> {
  return (await bulk.get()).bulk?.done ?? 0
}

function ended({ jobs }: Awaited<ReturnType<BatchHandle['get']>>): number {
  return jobs === null ? 0 : jobs.total - jobs.open
}
