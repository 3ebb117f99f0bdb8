import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, dag, type WireReruns } from '@mainspring/sdk'
import { startWorker, type Worker } from '@mainspring/sdk/worker'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../server/config.ts'
import { type Node, openNode } from '../server/node.ts'
import { mainspringIn, type Printed } from './test-terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'mainspring-dags-'))
let node: Node
let client: Client
let worker: Worker

let broken = true
const ran: string[] = []
const sales = dag('sales', {}, d => {
  const list = d.task('list', async () => {
    ran.push('list')
    return ['north', 'south']
  })
  const clean = d.map(
    'clean',
    list,
    async region => {
      ran.push(region)
      if (broken && region === 'south') throw new Error('no such table')
      return region.toUpperCase()
    },
    { retry: { attempts: 1 } },
  )
  return d.task('publish', { after: clean }, async parts => {
    ran.push('publish')
    return parts.join(' ')
  })
})
let holds = false
const slow = dag('slow', {}, d => {
  const wait = d.task('wait', async (_, { signal }) => {
    if (holds) await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
    return 'by itself'
  })
  return d.task('tell', { after: wait }, async text => `${text}!`)
})
const kept = dag('kept', {}, d => {
  const list = d.task('list', { cache: { key: '{{input}}', ttl: '1d' } }, async () => {
    ran.push('list')
    return ['north', 'south']
  })
  return d.map(
    'clean',
    list,
    async region => {
      ran.push(region)
      return region.toUpperCase()
    },
    { cache: {} },
  )
})
const mainspring = (...given: string[]): Promise<Printed> => mainspringIn(directory, { MAINSPRING_URL: node.url }, given)
const fresh = (): string[] => ran.splice(0).sort()

beforeAll(async () => {
  node = await openNode(loadConfig({ directory, flags: { port: '0', logLevel: 'silent' } }))
  client = new Client({ url: node.url })
  worker = startWorker({ jobs: [sales, slow, kept], client: new Client({ url: node.url }), name: 'one' })
  await worker.ready
})
afterAll(async () => {
  await worker.stop()
  await client.close()
  await node.stop()
  rmSync(directory, { recursive: true, force: true })
})

test('a result that is kept is taken in place of running its task, is shown so, and can be thrown away', async () => {
  for (let n = 0; n < 2; n++) expect(await (await client.start(kept, 'day')).result()).toEqual(['NORTH', 'SOUTH'])
  expect(fresh()).toEqual(['list', 'north', 'south'])
  const run = await client.start(kept, 'other')
  expect(await run.result()).toEqual(['NORTH', 'SOUTH'])
  expect(fresh()).toEqual(['list'])
  const { out } = await mainspring('dag', 'tasks', run.id)
  expect(out).toMatch(/clean +success +- +2 success, 2 kept/)
  expect((await mainspring('dag', 'cache', 'kept', 'list')).out).toMatch(
    /^kept list: 2 results kept, \d+ characters, for 1d\n\nKEY +KEPT +RUN\nother/,
  )
  expect((await mainspring('dag', 'uncache', 'kept', 'clean', '--key', '"north"')).out).toBe('1 result of "clean" thrown away.')
  await (await client.start(kept, 'day')).result()
  expect(fresh()).toEqual(['north'])
  expect(await mainspring('dag', 'uncache', 'kept', 'clear')).toMatchObject({ code: 2, error: expect.stringContaining('did you mean "clean"?') })
})

test('what failed of a run runs again in a new one, which keeps the rest; then tasks by name', async () => {
  const run = await client.start(sales, null)
  await run.result().catch(() => {})
  expect(fresh()).toEqual(['list', 'north', 'south'])
  broken = false
  const told = await mainspring('dag', 'rerun', run.id)
  expect(told).toMatchObject({ code: 0, out: expect.stringMatching(/^started \w+, a rerun of \w+\nsee it: mainspring dag tasks \w+/) })
  const [, id] = told.out.match(/^started (\w+)/) as unknown as [string, string]
  await expect.poll(async () => (await mainspring('show', id)).out).toMatch(/"?NORTH SOUTH/)
  expect(fresh()).toEqual(['publish', 'south'])
  expect((await mainspring('show', id)).out).toMatch(/from clean \(1\) of \w+/)

  const again = await mainspring('dag', 'rerun', id, '--task', 'publish', '--json')
  expect(await client.handle((JSON.parse(again.out) as { run: string }).run).result()).toBe('NORTH SOUTH')
  expect(fresh()).toEqual(['publish'])
  const below = await client.handle(run.id).rerun({ tasks: ['list'], downstream: true })
  expect(await below.result()).toBe('NORTH SOUTH')
  expect(fresh()).toEqual(['list', 'north', 'publish', 'south'])
})

// Airflow, tasks clear: --only-failed, and `include_past` of its API, whose dry run lists what would be cleared.
test('of earlier runs the same runs again, each once; a dry run says so before, and a run that cannot says why not', async () => {
  broken = true
  const [first, second, third] = [await client.start(sales, null), await client.start(sales, null), await client.start(sales, null)]
  for (const run of [first, second, third]) await run.result().catch(() => {})
  broken = false
  await third.rerun().then(run => run.result())
  fresh()
  const { nominalTime } = (await first.rerunAll({ dryRun: true })).runs[0] as { nominalTime: string }
  const would = await mainspring(
    'dag',
    'rerun',
    third.id,
    '--task',
    'list',
    '--downstream',
    '--only-failed',
    '--past',
    '--from',
    nominalTime,
    '--dry-run',
  )
  expect(would.code).toBe(0)
  expect(would.out.match(/clean \(1 items\), publish/g)).toHaveLength(3)
  expect(would.out).toContain('3 of 3 runs would be run again; nothing was changed')
  const body = { past: true, from: nominalTime }
  const call = () => client.call<WireReruns>('runs.rerun', { run: third.id }, body, { callKey: 'same' })
  const { runs } = await call()
  expect(runs.map(({ run }) => run)).toEqual([first.id, second.id, third.id])
  expect(await call()).toEqual({ dryRun: false, runs })
  for (const { again } of runs) expect(await client.handle(again as string).result()).toBe('NORTH SOUTH')
  expect(fresh()).toEqual(['publish', 'publish', 'publish', 'south', 'south', 'south'])
  const refused = await second.rerunAll({ past: true, from: nominalTime })
  expect(refused.runs.map(({ again, refused }) => [again, refused?.code])).toMatchObject([
    [null, 'unknown-step'],
    [expect.any(String), undefined],
  ])
  expect(await mainspring('dag', 'rerun', third.id, '--from', '2026-01-01')).toMatchObject({ code: 2, error: expect.stringContaining('Add --past') })
})

test('a task that is not there is refused, and so is what nothing failed of', async () => {
  const run = await client.start(sales, null)
  await run.result()
  expect(await mainspring('dag', 'rerun', run.id, '--task', 'tidy')).toMatchObject({
    code: 2,
    error: expect.stringContaining('there are list, clean, publish'),
  })
  expect(await mainspring('dag', 'rerun', run.id)).toMatchObject({ code: 2, error: expect.stringContaining('nothing of it failed') })
  expect(await mainspring('dag', 'rerun', run.id, '--task', 'list', '--from-failed')).toMatchObject({ code: 2 })
})

test('a person marks a task that runs, and others get what the person gave', async () => {
  holds = true
  const run = await client.start(slow, null)
  await expect.poll(async () => (await client.handle(run.id).get()).state).toBe('running')
  const told = await mainspring('dag', 'mark', run.id, 'wait', '--as', 'success', '--output', '"by hand"', '--why', 'seen')
  expect(told).toMatchObject({ code: 0, out: expect.stringMatching(/^"wait" of \w+ is marked success\./) })
  expect(await run.result()).toBe('by hand!')
  expect((await mainspring('show', run.id)).out).toMatch(/marked .*seen|seen.*marked/s)
  await expect(run.mark('wait', { as: 'failed' })).rejects.toMatchObject({ code: 'run-closed' })
  const other = await client.start(slow, null)
  await expect(other.mark('wai', { as: 'failed' })).rejects.toMatchObject({ code: 'unknown-task' })
  await other.mark('wait', { as: 'failed' })
  await expect(other.result()).rejects.toThrow()
})

// Airflow, core-concepts/params: a DAG's params are checked when it is triggered, and have defaults.
test('the input of a run is checked against the schema of its DAG, and has its defaults', async () => {
  writeFileSync(
    join(directory, 'report.yaml'),
    `dags:
  report:
    schema:
      type: object
      required: [day]
      properties: { day: { type: string, pattern: '^[0-9-]{10}$' }, rows: { type: integer, minimum: 1, default: 10 } }
      additionalProperties: false
    tasks:
      all: { input: { is: '{{input}}', rows: '{{input:rows}}' } }
    output: '{{output.all}}'
`,
  )
  expect(await mainspring('apply', '-f', 'report.yaml')).toMatchObject({ code: 0 })
  const day = '2026-11-29'
  const run = await client.start('report', { day })
  expect(await run.result()).toEqual({ is: { day, rows: 10 }, rows: 10 })
  expect((await run.get()).input).toEqual({ day, rows: 10 })
  for (const [input, at] of [
    [{ day: 'today' }, '/input/day'],
    [{ day, rows: 0 }, '/input/rows'],
    [{ day, row: 1 }, '/input'],
    [{}, '/input'],
    [undefined, '/input'],
  ] as const)
    await expect(client.start('report', input as never)).rejects.toMatchObject({ code: 'invalid-input', at })
  await expect(run.retry({ input: { day: 1 } })).rejects.toMatchObject({ at: '/input/day' })
  const runs = [{ day }, 5].map(input => ({ definition: 'report', input }))
  await expect(client.call('runs.startMany', {}, { runs })).rejects.toMatchObject({ at: '/runs/1/input' })
  const again = await run.retry({ input: { day: '2026-11-30' } })
  expect(await again.result()).toMatchObject({ rows: 10 })
})
