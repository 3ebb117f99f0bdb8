import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, Stage } from './support/processes.ts'
import { ledger } from './support/workflow-jobs.ts'

const stage = new Stage()
afterAll(() => stage.end())
const worker = (name: string) =>
  stage.worker({ url: server.url, slots: 2, name, records: stage.file('records.jsonl'), jobs: 'workflows', drainMs: 100 })
let server: Server
beforeAll(async () => {
  server = await stage.server({ database: stage.file('main.db'), lease: '3s' })
})

test('a query is answered by the worker that has the run live; once that is killed, by a replay on another, and updates go on', async () => {
  const client = server.client()
  const first = worker('first')
  const run = await client.start(ledger, null)
  expect(await run.update('add', 5)).toBe(5)
  const second = worker('second')
  expect(await run.query('entries')).toEqual({ entries: [5], worker: 'first' })
  await first.kill('SIGKILL')
  expect(await run.query('entries', undefined, { timeout: '30s' })).toEqual({ entries: [5], worker: 'second' })
  expect(await run.update('add', 7)).toBe(12)
  await run.update('stop')
  expect(await run.result()).toEqual([5, 7])
  expect(await run.query('entries')).toEqual({ entries: [5, 7], worker: 'second' })
  await second.kill('SIGTERM')
})

test('without a live worker, a query and an update end in time and say what is missing; what was taken is answered all the same', async () => {
  const client = server.client()
  const only = worker('only')
  const run = await client.start(ledger, null)
  expect(await run.update('add', 3, { id: 'once' })).toBe(3)
  await only.kill('SIGTERM')
  const missing = { code: 'no-live-worker', message: expect.stringContaining('ledger') }
  await expect(run.query('entries', undefined, { timeout: 500 })).rejects.toMatchObject(missing)
  await expect(run.update('add', 4, { timeout: 500 })).rejects.toMatchObject(missing)
  expect(await run.update('add', 3, { id: 'once' })).toBe(3)
  const again = worker('again')
  expect(await run.query('entries', undefined, { timeout: '30s' })).toMatchObject({ entries: [3] })
  await again.kill('SIGTERM')
})
