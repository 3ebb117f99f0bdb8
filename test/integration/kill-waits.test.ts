import { writeFileSync } from 'node:fs'
import type { RunHandle, WireExplanation, WireRunList } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { shortId } from '../../src/core/ids.ts'
import { plain } from './support/jobs.ts'
import { type Server, Stage, until } from './support/processes.ts'

const stage = new Stage()
afterAll(() => stage.end())

const WAITING = {
  name: 'after',
  tasks: { done: { wait: { run: '{{input:run}}' } }, told: { after: ['done'], input: '{{output.done}}' } },
  output: '{{output.told}}',
}

test('who waits for runs by their ids is told of their ends after kill -9 of the server, and at once of those that have ended', {
  timeout: 120_000,
}, async () => {
  const records = stage.file('records.jsonl')
  const database = stage.file('main.db')
  writeFileSync(records, '')
  let server: Server = await stage.server({ database, lease: '1s' })
  const client = server.client()
  await client.call('apply', {}, { dags: [WAITING] }, { callKey: client.newId() })
  // Nobody serves the job yet: it is registered by its first start.
  const awaited = await Promise.all([1, 2, 3].map(ms => client.start(plain, { ms })))
  const waiting = await Promise.all(awaited.map(({ id: run }) => client.start('after', { run })))
  const kinds = { query: { kind: 'wait', state: 'waiting' } }
  const open = async (): Promise<string[]> => (await client.call<WireRunList>('runs.list', {}, undefined, kinds)).runs.map(({ id }) => id)
  await until('all of them wait', async () => (await open()).length === 3)
  await server.kill('SIGKILL')
  server = await stage.server({ database, port: server.port, lease: '1s' })
  const [one] = await open()
  const { reasons } = await client.call<WireExplanation>('runs.explain', { run: one as string })
  const [run] = reasons[0]?.runs ?? []
  expect(awaited.map(({ id }) => id)).toContain(run)
  expect(reasons[0]?.text).toBe(`it waits for run ${shortId(run as string)} to end as success`)
  stage.worker({ url: server.url, slots: 4, name: 'worker', records })
  const ended = (runs: RunHandle<unknown>[]) => Promise.all(runs.map(run => run.result()))
  const told = awaited.map(({ id }) => ({ run: id, definition: 'plain', state: 'completed' }))
  expect(await ended(waiting)).toEqual(told)
  await server.kill('SIGKILL')
  await stage.server({ database, port: server.port, lease: '1s' })
  expect(await ended(await Promise.all(awaited.map(({ id: run }) => client.start('after', { run }))))).toEqual(told)
})
