import { type IncomingMessage, request } from 'node:http'
import type { Client, WireProblem, WireQueues } from '@mainspring/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { noop } from './support/jobs.ts'
import { LONG, type Server, Stage, until } from './support/processes.ts'

const FLOOD = LONG ? 1_000_000 : 100_000
const CLIENTS = 8
const MEMORY_KIB_MAX = 200 * 1024

const stage = new Stage()
let server: Server
let client: Client
beforeAll(async () => {
  server = await stage.server({ database: stage.file('main.db') })
  client = server.client()
  await client.register([noop])
})
afterAll(() => stage.end())

test.each([
  ['a body of more than 16 MiB', 'runs', `{"definition":"noop","input":"${'x'.repeat(17 * 1024 * 1024)}"}`, 413, 'body-too-large', ''],
  ['a payload of more than 1 MiB', 'runs', `{"definition":"noop","input":"${'x'.repeat(1024 * 1024)}"}`, 413, 'payload-too-large', '/input'],
  [
    'a payload of more than 1 MiB among many',
    'runs/batch',
    many(3, index => (index === 1 ? 'é'.repeat(600_000) : 'é')),
    413,
    'payload-too-large',
    '/runs/1/input',
  ],
  ['more than 10,000 runs in a call', 'runs/batch', many(10_001, () => ''), 413, 'too-many-items', '/runs'],
] as const)('%s is refused with its place and its bound', async (_, path, body, status, code, at) => {
  for (const chunked of [false, true]) {
    const { problem, ...answer } = await post(path, body, chunked)
    expect(answer.status).toBe(status)
    expect(problem).toMatchObject({ code, status, at, hint: expect.stringMatching(/\d/) })
  }
  expect(await depth(), 'nothing of it was started').toBe(0)
  expect(await server.metric('ready'), 'the server goes on').toBe(1)
})

test(`a flood of ${FLOOD.toLocaleString('en')} runs is all accepted, after repeats on 429, in no more than 200 MB, and drains while starting goes on`, {
  timeout: LONG ? 900_000 : 120_000,
}, async () => {
  const idleKib = server.memoryKib('VmRSS')
  await flood(FLOOD)
  expect(await depth()).toBe(FLOOD)
  expect(await server.metric('jobs_scheduled_total')).toBe(FLOOD)
  expect(await server.metric('overload_refusals_total'), 'the flood met the bound').toBeGreaterThan(0)

  const closed = (): Promise<number> => server.metric('jobs_closed_total')
  const worker = stage.worker({ url: server.url, slots: 200, name: 'flood' })
  const more = FLOOD / 10
  await Promise.all([flood(more), until('it drains', async () => (await closed()) > more, 50)])
  expect(await server.metric('jobs_scheduled_total')).toBe(FLOOD + more)
  await worker.kill('SIGTERM')
  expect((await depth()) + (await closed()), 'every run is queued or closed').toBe(FLOOD + more)

  const grownKib = server.memoryKib('VmHWM') - idleKib
  console.log(
    `idle ${Math.round(idleKib / 1024)} MiB, at most ${Math.round(grownKib / 1024)} MiB more; ${await server.metric('overload_refusals_total')} calls repeated`,
  )
  expect(grownKib, 'KiB over idle, at most').toBeLessThanOrEqual(MEMORY_KIB_MAX)
})

/** Several clients at once, 10,000 runs a call, all or none; the SDK repeats what is refused. */
async function flood(runs: number): Promise<void> {
  const perCall = Math.min(10_000, runs / CLIENTS)
  let left = runs
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const own = server.client()
      while (left > 0) {
        const count = Math.min(perCall, left)
        left -= count
        const handles = await own.startMany(
          noop,
          Array.from({ length: count }, (_, n) => ({ input: { n, text: 'a job like any other' } })),
        )
        expect(handles).toHaveLength(count)
      }
      await own.close()
    }),
  )
}

async function depth(): Promise<number> {
  const { queues } = await client.call<WireQueues>('queues.list', {})
  return queues.find(({ name }) => name === 'default')?.depth ?? 0
}

function many(count: number, input: (index: number) => string): string {
  return JSON.stringify({ runs: Array.from({ length: count }, (_, index) => ({ definition: 'noop', input: input(index) })) })
}

/** With its length declared, and without. */
async function post(path: string, body: string, chunked: boolean): Promise<{ status: number; problem: WireProblem }> {
  const headers = {
    'content-type': 'application/json',
    ...(chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(Buffer.byteLength(body)) }),
  }
  const sent = request(`${server.url}/v1/namespaces/default/${path}`, { method: 'POST', headers })
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve)
    sent.on('error', reject)
    sent.end(body)
  })
  let text = ''
  for await (const chunk of answer) text += chunk
  return { status: answer.statusCode as number, problem: JSON.parse(text) }
}
