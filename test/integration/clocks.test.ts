import { writeFileSync } from 'node:fs'
import type { WireNodes } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { freshSchema } from '../../src/store/postgres/testing.ts'
import { check } from './support/checker.ts'
import { ask, ledger } from './support/ledger.ts'
import { Load } from './support/load.ts'
import { type Server, Stage, until } from './support/processes.ts'
import { quiet } from './support/quiet.ts'
import { recordsIn } from './support/records.ts'

const HOUR_MS = 3_600_000
const SPEC = { cron: '* * * * * *', target: 'plain', input: { ms: 0 }, overlap: 'allow', catchup: 'all' }
/** What a node may be late under load, and far less than an hour. */
const LATE_MS_MAX = 60_000

const stage = new Stage()
afterAll(() => stage.end())

/** Flags of Node for a machine whose clock is ahead by so much. */
function ahead(ms: number): string[] {
  const program = `const { now } = Date
globalThis.Date = class extends Date {
  constructor(...given) { given.length === 0 ? super(now() + ${ms}) : super(...given) }
  static now() { return now() + ${ms} }
}`
  return ['--import', `data:text/javascript,${encodeURIComponent(program)}`]
}

test('nodes whose clocks are an hour ahead and an hour behind fire what the database says, when it says, also across a takeover (E20)', async () => {
  const records = stage.file('records.jsonl')
  writeFileSync(records, '')
  const database = freshSchema()
  const nodes = [
    await stage.server({ database, lease: '2s', flags: ahead(HOUR_MS) }),
    await stage.server({ database, lease: '2s', flags: ahead(-HOUR_MS) }),
  ] as [Server, Server]
  const client = nodes[1].client()
  const worker = stage.worker({ url: nodes[1].url, slots: 20, name: 'worker', records })
  await worker.word(word => word.is === 'ready')
  const { schedule } = await ask<{ schedule: { createdAt: string } }>(nodes[1], 'PUT', 'schedules/every-second', SPEC)
  const created = Date.parse(schedule.createdAt)
  expect(Math.abs(Date.now() - created)).toBeLessThan(LATE_MS_MAX)
  const load = new Load(client)
  load.begin(2, 20)
  const progress = async () => {
    const answers = worker.count('answered') + 60
    await until('the worker gets on', () => worker.count('answered') >= answers)
  }
  const serving = async () => (await client.call<WireNodes>('nodes.list', {})).nodes.find(({ shards }) => shards > 0)?.name
  await progress()
  expect(await serving()).toMatch(new RegExp(`:${nodes[0].pid}$`))
  await nodes[0].kill('SIGKILL')
  await progress()
  expect(await serving()).toMatch(new RegExp(`:${nodes[1].pid}$`))
  await load.end()
  await until('every second has come more than three times', async () => (await ledger(nodes[1], 'every-second')).length > 3)
  await ask(nodes[1], 'POST', 'schedules/every-second/pause', {})
  await quiet(client)

  const { violations } = await check(client, load.receipts, recordsIn(records))
  expect([...load.complaints, ...violations].slice(0, 10), 'none ran before it was due, among others').toEqual([])
  const lines = (await ledger(nodes[1], 'every-second')).filter(({ source }) => source === 'time').sort((a, b) => a.n - b.n)
  const first = Math.floor(created / 1_000) * 1_000 + 1_000
  expect(lines.map(({ at }) => Date.parse(at))).toEqual(lines.map((_, index) => first + index * 1_000))
  expect(lines.length).toBeGreaterThan(3)
  expect(Date.parse(lines.at(-1)?.at as string)).toBeLessThanOrEqual(Date.now())
  for (const { lateMs } of lines) expect(lateMs ?? 0).toBeLessThan(LATE_MS_MAX)
  for (const [index, { said }] of nodes.entries())
    expect(said).toMatch(new RegExp(`"aheadMs":${index === 0 ? '3' : '-3'}(599|600)\\d{3},"msg":"this machine's clock is not that of the database`))
})
