import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, dag, job, schedule, workflow } from '@mainspring/sdk'
import { startWorker, type Worker } from '@mainspring/sdk/worker'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../server/config.ts'
import { type Node, openNode } from '../server/node.ts'
import { mainspringIn, type Printed } from './test-terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'mainspring-assets-'))
let node: Node
let client: Client
let worker: Worker

const got: unknown[] = []
const came = Promise.withResolvers<void>()
const load = job('load', { outlets: ['s3://sales/daily'] }, async (day: string, ctx) => {
  ctx.asset('s3://sales/daily', { partition: day, extra: { rows: 12n } })
  return day
})
const report = job('report', async (_: undefined, ctx) => {
  got.push([ctx.partition, ctx.assetEvents.map(({ asset, n, extra, run }) => ({ asset, n, extra, run }))])
  came.resolve()
})
const flow = workflow('flow', { outlets: ['s3://flow'] }, async (_: unknown, ctx) => ctx.run('count', () => 1))
const waiting = schedule('report', { assets: ['s3://sales/daily', { any: ['s3://rates', 's3://other'] }] }, report)
const weekly = dag('weekly', { schedule: { assets: 's3://sales/weekly' } }, d => {
  d.task('sum', { outlets: [{ asset: 's3://sales/sums' }] }, async () => 1)
})
const mainspring = (...given: string[]): Promise<Printed> => mainspringIn(directory, { MAINSPRING_URL: node.url }, given)

beforeAll(async () => {
  node = await openNode(loadConfig({ directory, flags: { port: '0', logLevel: 'silent' } }))
  client = new Client({ url: node.url })
  worker = startWorker({ jobs: [load, report, weekly, flow], schedules: [waiting], client: new Client({ url: node.url }), name: 'one' })
  await worker.ready
})
afterAll(async () => {
  await worker.stop()
  await client.close()
  await node.stop()
  rmSync(directory, { recursive: true, force: true })
})

test('a handler says what it made, and the run that waits for it is told', async () => {
  const run = await client.start(load, '2026-11-28')
  await run.result({ timeout: '20s' })
  expect((await mainspring('schedule', 'explain', 'report')).out).toContain('it waits for new events of s3://rates or s3://other')
  const emitted = await mainspring('asset', 'emit', 's3://rates', '--partition', '2026-11-28', '--key', 'k1')
  expect(emitted).toMatchObject({ code: 0, out: 'event 1 of s3://rates\n1 schedule waits for it' })
  expect((await mainspring('asset', 'emit', 's3://rates', '--partition', '2026-11-28', '--key', 'k1')).out).toContain('is there already')
  await came.promise
  const events = [
    { asset: 's3://sales/daily', n: 1, extra: { rows: 12n }, run: run.id },
    { asset: 's3://rates', n: 1, extra: undefined, run: undefined },
  ]
  expect(got).toEqual([['2026-11-28', events]])
})

test('lists who makes what, and what waits for it', async () => {
  await (await client.start(flow, null)).result({ timeout: '20s' })
  const { out } = await mainspring('asset', 'ls')
  expect(out).toMatch(/^s3:\/\/sales\/daily +1 +.* ago +load +report$/m)
  expect(out).toMatch(/^s3:\/\/sales\/sums +0 +- +weekly\.sum +-$/m)
  expect(out).toMatch(/^s3:\/\/sales\/weekly +0 +- +- +weekly$/m)
  expect(out).toMatch(/^s3:\/\/flow +1 +.* ago +flow +-$/m)
  const shown = (await mainspring('asset', 'show', 's3://sales/daily')).out
  expect(shown).toMatch(/^1 .* load .* 2026-11-28 /m)
  expect(shown).toContain('not at all')
})

test('says how it is cut, and how its partitions stand', async () => {
  expect(await mainspring('asset', 'partitions', 's3://sales/daily')).toMatchObject({ code: 2, error: expect.stringContaining('[not-partitioned]') })
  const set = ['asset', 'set', 's3://countries', '--key', 'de', '--key', 'fr']
  expect((await mainspring(...set)).out).toBe('s3://countries: created.')
  expect((await mainspring(...set)).out).toBe('s3://countries: unchanged.')
  await mainspring('asset', 'emit', 's3://countries', '--partition', 'fr')
  expect((await mainspring('asset', 'partitions', 's3://countries')).out).toMatch(/^de +missing +- +0 +-$/m)
  expect((await mainspring('asset', 'partitions', 's3://countries', '--state', 'made')).out).not.toMatch(/^de /m)
  const refused = await mainspring('asset', 'emit', 's3://countries', '--partition', 'it')
  expect(refused).toMatchObject({ code: 2, error: expect.stringContaining('its partitions are like "de"') })
  expect(await mainspring('asset', 'set', 's3://countries', '--every', 'day', '--start', '2026-02-30')).toMatchObject({
    code: 2,
    error: expect.stringContaining('/partitions/start'),
  })
})

test.each([
  ['[]', 'bad.yaml:4:13'],
  ['[a, {every: [b]}]', 'bad.yaml:4:17'],
  ['{any: [a, 5]}', 'bad.yaml:4:23'],
])('what is no expression is refused with its place: %s', async (assets, place) => {
  writeFileSync(join(directory, 'bad.yaml'), `schedules:\n  bad:\n    target: report\n    assets: ${assets}\n`)
  const { code, error } = await mainspring('apply', '-f', 'bad.yaml')
  expect(code).toBe(2)
  expect(error).toContain(place)
})
