import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, dag, job, type WireDagTasks } from '@mainspring/sdk'
import { startWorker, type Worker } from '@mainspring/sdk/worker'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../server/config.ts'
import { type Node, openNode } from '../server/node.ts'
import { mainspringIn, type Printed } from './test-terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'mainspring-mapping-'))
let node: Node
let client: Client
let worker: Worker

let broken = true
const ran: string[] = []
const files = dag('files', {}, d => {
  const list = d.task('list', async () => ['north', 'south'])
  const clean = d.mapGroup(
    'file',
    d.zip({ name: list, size: [1, 2, 3] }),
    d => {
      const load = d.task('load', async ({ name, size }) => {
        ran.push(`load ${name}`)
        return name.repeat(size)
      })
      return d.task('check', { after: [load, d.part(d.input, 'name')], retry: { attempts: 1 } }, async ([text, name]) => {
        ran.push(`check ${name}`)
        if (broken && name === 'south') throw new Error('torn')
        return text.toUpperCase()
      })
    },
    { concurrency: 1 },
  )
  return d.task('publish', { after: clean }, async parts => parts.join(' '))
})
const gates = dag('gates', {}, d => {
  const list = d.task('list', async () => ['north', 'south'])
  const oks = d.mapGroup('gate', list, d => {
    const open = d.task('open', async name => name)
    return d.signal<number>('ok', { waitFor: open, signal: `ok-${d.input.template}` })
  })
  return d.task('sum', { after: oks }, async parts => parts.join(' '))
})
const many = job('many', async (size: number) => Array.from({ length: size }, () => 0))
const mainspring = (...given: string[]): Promise<Printed> => mainspringIn(directory, { MAINSPRING_URL: node.url }, given)
const fresh = (): string[] => ran.splice(0)

beforeAll(async () => {
  node = await openNode(loadConfig({ directory, flags: { port: '0', logLevel: 'silent' } }))
  client = new Client({ url: node.url })
  worker = startWorker({ jobs: [files, gates, many], client: new Client({ url: node.url }), name: 'one' })
  await worker.ready
})
afterAll(async () => {
  await worker.stop()
  await client.close()
  await node.stop()
  rmSync(directory, { recursive: true, force: true })
})

test('each item goes through its own chain, one item after the other; an item that failed runs again alone', async () => {
  const run = await client.start(files)
  await run.result().catch(() => {})
  expect(fresh()).toEqual(['load north', 'check north', 'load south', 'check south'])
  const { code, out } = await mainspring('dag', 'tasks', run.id)
  expect(code).toBe(0)
  expect(out).toMatch(/file\.check\s+failed\s+-\s+1 success, 1 failed/)
  broken = false
  const again = await run.rerun()
  expect(await again.result()).toBe('NORTH SOUTHSOUTH')
  expect(fresh()).toEqual(['check south'])
  const { code: done } = await mainspring('dag', 'rerun', again.id, '--task', 'file.load', '--item', '0', '--downstream')
  expect(done).toBe(0)
  await expect.poll(() => ran.join()).toBe('load north,check north')
})

test('each item of a group waits for its own signal; a person may mark one, and runs one again', async () => {
  const run = await client.start(gates)
  const isWaiting = (item: number, of = run.id) =>
    expect.poll(async () => (await mainspring('explain', of)).out).toMatch(new RegExp(`"gate\\.ok, item ${item}" waits for the signal "ok-`))
  await isWaiting(0)
  await isWaiting(1)
  expect((await mainspring('signal', run.id, 'ok-south', '2')).code).toBe(0)
  expect((await mainspring('dag', 'mark', run.id, 'gate.ok', '--as', 'success', '--item', '0', '--output', '1')).error).toBe('')
  expect(await run.result()).toBe('1 2')
  const again = await run.rerun({ tasks: ['gate.ok'], items: [1], downstream: true })
  await isWaiting(1, again.id)
  await mainspring('signal', again.id, 'ok-south', '3')
  expect(await again.result()).toBe('1 3')
})

test('an item that there is not is refused at its place', async () => {
  const run = await client.start(files)
  await run.result()
  const { code, error } = await mainspring('dag', 'rerun', run.id, '--task', 'file.load', '--item', '7')
  expect([code, error]).toEqual([2, expect.stringMatching(/\/items.*"file\.load" has 2 items.*unknown-step/s)])
})

// The answer is a limit by name, whichever way the million comes.
test.each<[string, string, object, unknown, RegExp]>([
  [
    'as lists that are crossed',
    'crossed',
    { cross: { a: '{{output.list}}', b: '{{output.list}}' } },
    1_000,
    /each: map-too-large: 1000000 items, and there may be 10000/,
  ],
  ['as an output, as far as one may be that long', 'output', { over: '{{output.list}}' }, 500_000, /each: map-too-large: 500000 items/],
  ['as an input, the same', 'input', { over: '{{input}}' }, 1, /each: map-too-large: 500000 items/],
  [
    'as an output that is kept beside its run',
    'longer',
    { over: '{{output.list}}' },
    1_000_000,
    /each: map-too-large: what is mapped over has 2000001 characters/,
  ],
])('a million items: %s', async (_, name, map, size, reason) => {
  const retry = { attempts: 1 }
  await client.call(
    'apply',
    {},
    { dags: [{ name, tasks: { list: { job: 'many', input: size, options: { retry } }, each: { job: 'many', map, options: { retry } } } }] },
  )
  const run = await client.start(name, name === 'input' ? Array.from({ length: 500_000 }, () => 0) : null)
  await expect(run.result()).rejects.toThrow(reason)
  const { tasks } = await client.call<WireDagTasks>('runs.tasks', { run: run.id })
  const each = tasks.find(({ task }) => task === 'each')
  expect(each).toMatchObject({ state: 'failed', items: null, reason: expect.stringMatching(/^map-too-large/) })
})
