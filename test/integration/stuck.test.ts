import { writeFileSync } from 'node:fs'
import type { Client, RunHandle, WireWorkers } from '@mainspring/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deaf, spinning } from './support/jobs.ts'
import { type Server, Stage, until, type WorkerChild } from './support/processes.ts'

const stage = new Stage()
let server: Server
let client: Client
beforeAll(async () => {
  const records = stage.file('records.jsonl')
  writeFileSync(records, '')
  server = await stage.server({ database: stage.file('main.db'), lease: '1s' })
  client = server.client()
})
afterAll(() => stage.end())

function worker(): WorkerChild {
  return stage.worker({ url: server.url, slots: 5, name: 'deaf', records: stage.file('records.jsonl'), stuckAfter: '500ms' })
}

test('a handler that waits on after it was asked to stop is stuck, and was seen last where it last called its context', async () => {
  const one = worker()
  const run = await client.start(deaf, undefined)
  await one.word(word => word.is === 'begun' && word.run === run.id)
  await run.cancel()
  await one.word(word => word.is === 'stuck')
  await stuck(run)
  const line = (await run.logs()).find(({ level }) => level === 'warn')
  expect(line).toMatchObject({
    message: 'still running 0.5 s after it was asked to stop',
    fields: { asked: expect.stringContaining('was asked to stop'), lastCall: 'ctx.progress', stack: expect.stringMatching(/support\/jobs\.ts:\d+/) },
  })
  await one.kill('SIGKILL')
})

test('a handler in a busy loop is stuck, and its stack is where it is', async () => {
  const one = worker()
  const run = await client.start(spinning, undefined)
  await one.word(word => word.is === 'begun' && word.run === run.id)
  await run.cancel()
  await stuck(run)
  const line = (await run.logs()).find(({ level }) => level === 'warn')
  expect(line?.message).toContain('still running 0.5 s after it was asked to stop')
  expect(line?.fields?.stack).toMatch(/at spin \(.*support\/jobs\.ts:\d+:\d+\)/)
  await one.kill('SIGKILL')
})

/** Lists of workers and `explain` say so. */
async function stuck(run: RunHandle<unknown>): Promise<void> {
  await until('its worker is listed with a stuck handler', async () => {
    const { workers } = await client.call<WireWorkers>('workers.list', {})
    return workers.some(({ running }) => running.some(one => one.run === run.id && one.stuck))
  })
  expect(await run.explain()).toMatchObject({ state: 'running', reasons: [{ code: 'ignores-stop', command: expect.stringContaining('terminate') }] })
}
