import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, job } from '@mainspring/sdk'
import { startWorker } from '@mainspring/sdk/worker'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadConfig } from '../server/config.ts'
import { type Node, openNode } from '../server/node.ts'
import { mainspringIn } from './test-terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'mainspring-limits-'))
const resize = job(
  'resize',
  {
    limits: [
      { per: 'user', concurrency: 2 },
      { name: 'api', rate: 100, every: '1m' },
      { pool: 'warehouse', weight: 2 },
    ],
    retry: { attempts: 5 },
    version: '1',
  },
  async () => {},
)
let node: Node
let namespaces = 0
let namespace: string

beforeAll(async () => {
  node = await openNode(loadConfig({ directory, flags: { port: '0', logLevel: 'silent' } }))
})
afterAll(async () => {
  await node.stop()
  rmSync(directory, { recursive: true, force: true })
})
beforeEach(async () => {
  namespace = `n${++namespaces}`
  const client = new Client({ url: node.url, namespace })
  await client.register([resize])
  await client.close()
})

const mainspring = (...given: string[]) => mainspringIn(directory, { MAINSPRING_URL: node.url, MAINSPRING_NAMESPACE: namespace }, given)
const write = (file: string, text: string): void => writeFileSync(join(directory, file), text)

describe('limits', () => {
  test('those of code are there; one is changed, says so, and is reset', async () => {
    expect(await mainspring('limits', 'ls')).toEqual({
      code: 0,
      error: '',
      out: [
        'NAME         ON                 PER          MAX  USED  WAITING  FROM',
        'api          definition resize  -     100 per 1m     0        0  code',
        'resize/user  definition resize  user           2     0        0  code',
        'warehouse    pool               -              0     0        0  code',
      ].join('\n'),
    })
    expect((await mainspring('limits', 'set', 'api', '--rate', '5', '--every', '1s')).out).toMatch(
      /^limit {2}api\non {5}definition resize\nmax {4}5 per 1s\nused {3}0\nfrom {3}operator, .* ago \(code: 100 per 1m\)$/,
    )
    await mainspring('limits', 'set', 'warehouse', '--concurrency', '10')
    await mainspring('limits', 'set', 'images', '--queue', 'images', '--per', 'user', '--concurrency', '3')
    expect((await mainspring('limits', 'ls')).out.split('\n').slice(1)).toEqual([
      expect.stringMatching(/^api {10}definition resize {2}- {5}5 per 1s {5}0 {8}0 {2}operator, .* ago \(code: 100 per 1m\)$/),
      expect.stringMatching(/^images {7}queue images {7}user {9}3 {5}0 {8}0 {2}operator, .* ago$/),
      'resize/user  definition resize  user         2     0        0  code',
      expect.stringMatching(/^warehouse {4}pool {15}- {11}10 {5}0 {8}0 {2}operator, .* ago \(code: 0\)$/),
    ])
    expect((await mainspring('limits', 'reset', 'api')).out).toBe('limit "api" is as the code has it, if any has.')
    expect(JSON.parse((await mainspring('limits', 'show', 'api', '--json')).out)).toMatchObject({ rate: 100, every: 60_000, from: 'code', byKey: [] })
    expect((await mainspring('limits', 'show', 'resize/user', '--key', 'u1')).out).toMatch(/^limit +resize\/user\n/)
  })

  test.each([
    [['limits', 'show', 'nobody'], /There is no such limit.*\[limit-not-found\]/s],
    [['limits', 'reset', 'nobody'], /\[limit-not-found\]/],
    [['limits', 'set', 'fresh', '--concurrency', '1'], /what it is on.*\[limit-not-found\]/s],
    [['limits', 'set', 'api'], /concurrency, or rate with every, is needed.*\[invalid-option\]/s],
    [['limits', 'set', 'api', '--rate', '5'], /a rate has a window.*\[invalid-option\]/s],
    [['limits', 'set', 'api', '--concurrency', 'x'], /^--concurrency {2}Found "x", expected a whole number from 0 to 1000000\./],
    [['limits', 'set', 'a', '--pool', '--queue', 'q', '--concurrency', '1'], /^A limit is on one thing\..*\[usage\]/s],
    [['sequence', 'resume', 'resize', 'order-17'], /\[sequence-not-stopped\]/],
  ])('%j is refused', async (given, error) => {
    expect(await mainspring(...given)).toEqual({ code: 2, out: '', error: expect.stringMatching(error) })
  })
})

describe('with work', () => {
  test('a limit names who holds it and what waits, by its keys', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const held = job(
      'held',
      {
        limits: [
          { per: 'user', concurrency: 2 },
          { rate: 5, every: '1h' },
        ],
      },
      () => released,
    )
    const client = new Client({ url: node.url, namespace })
    const worker = startWorker({ jobs: [held], client })
    const runs = await client.startMany(
      held,
      ['u1', 'u1', 'u1', 'u2'].map(user => ({ input: { user } })),
    )
    await expect.poll(async () => (await client.limits.get('held/user')).used).toBe(3)
    const { out } = await mainspring('limits', 'show', 'held/user')
    expect(out).toMatch(/^used {3}3 by 2 keys$/m)
    expect(out).toMatch(/\n\nKEY +USED +WAITING +HELD BY\nu1 +2 +1 +\w{5} \([^)]+ ago\), \w{5} \([^)]+ ago\)\nu2 +1 +0 +\w{5} /)
    expect((await mainspring('limits', 'show', 'held/user', '--key', 'u2')).out).not.toMatch(/^u1/m)
    expect((await mainspring('limits', 'ls')).out).toMatch(/^held\/3600000ms +definition held +- +5 per 1h +3 +0 +code$/m)
    release()
    await Promise.all(runs.map(run => run.result()))
    expect((await mainspring('limits', 'show', 'held/user')).out).toMatch(/^used {3}0 by 0 keys$/m)
    expect((await mainspring('limits', 'show', 'held/3600000ms')).out).toMatch(/^used {3}4$/m)
    await worker.stop()
    await client.close()
  })

  test('a sequence that stopped goes on with the next, and cannot be resumed twice', async () => {
    const ship = job('ship', { sequence: 'order', retry: { attempts: 1 } }, ({ step }: { order: string; step: number }) => {
      if (step === 1) throw new Error('out of paper')
      return step
    })
    const client = new Client({ url: node.url, namespace })
    const worker = startWorker({ jobs: [ship], client })
    const [first, second] = await client.startMany(
      ship,
      [1, 2].map(step => ({ input: { order: 'o 1/2', step } })),
    )
    await expect(first?.result()).rejects.toMatchObject({ code: 'run-failed' })
    expect((await second?.get())?.state).toBe('queued')
    expect((await mainspring('sequence', 'resume', 'ship', 'o 1/2')).out).toBe('sequence "o 1/2" of "ship" goes on.')
    expect(await second?.result()).toBe(2)
    expect((await mainspring('sequence', 'resume', 'ship', 'o 1/2')).error).toMatch(/\[sequence-not-stopped\]/)
    await worker.stop()
    await client.close()
  })
})

describe('limits in a file', () => {
  test('are made what it says, written back as they were, and reset by prune', async () => {
    write(
      'limits.yaml',
      'limits:\n  warehouse: { concurrency: 10 }\n  images: { on: { queue: images }, per: user, rate: 100, every: 1m }\n  all: { on: namespace, concurrency: 50 }\n',
    )
    expect((await mainspring('apply', 'limits.yaml', '--dry-run')).out).toBe(
      '+ limit "warehouse"  10 at once\n+ limit "images"  100 per 1m, each user\n+ limit "all"  50 at once\nIt would be: 3 created. Nothing was changed (--dry-run).',
    )
    expect((await mainspring('apply', 'limits.yaml')).out).toMatch(/\n3 created\.$/)
    expect((await mainspring('apply', 'limits.yaml')).out).toBe('Nothing to do: 3 entries unchanged.')
    expect((await mainspring('export', '--out', 'exported.yaml')).error).toMatch(/, 3 limits$/)
    expect(readFileSync(join(directory, 'exported.yaml'), 'utf8')).toMatch(/\nlimits:\n {2}all:\n {4}on: namespace\n {4}concurrency: 50\n/)
    expect((await mainspring('apply', 'exported.yaml', '--prune')).out).toBe('Nothing to do: 3 entries unchanged.')

    write('limits.yaml', 'limits:\n  images: { on: { queue: images }, per: user, rate: 50, every: 1m }\n')
    expect((await mainspring('apply', 'limits.yaml', '--prune')).out.split('\n')).toEqual([
      '~ limit "images"',
      '    rate: 100 → 50',
      '- limit "all"',
      '- limit "warehouse"',
      '1 edited, 2 deleted.',
    ])
    write('limits.yaml', 'queues: {}\n')
    expect((await mainspring('apply', 'limits.yaml', '--prune')).out).toBe('Nothing to do: 0 entries unchanged.')
    write('limits.yaml', 'limits: {}\n')
    expect((await mainspring('apply', 'limits.yaml', '--prune')).out).toBe('- limit "images"\n1 deleted.')
  })

  test.each([
    ['limits:\n  api: { rate: 5 }\n', /^m\.yaml:2:3 {2}limit "api": .*a rate has a window.*\[invalid-option\]/s],
    ['limits:\n  api: { concurrency: 5, rate: 5 }\n', /^m\.yaml:2:32 {2}limit "api": .*\[invalid-option\]/s],
    ['limits:\n  fresh: { concurrency: 5 }\n', /^m\.yaml:2:3 {2}limit "fresh": .*\[limit-not-found\]/s],
    ['limits:\n  api: { concurency: 5 }\n', /^m\.yaml:2:10 {2}limit "api": .*did you mean concurrency.*\[invalid-input\]/s],
    ['definitions:\n  resize: { options: { limits: [{ rate: 5 }] } }\n', /^m\.yaml:2:\d+ {2}definition "resize": .*a rate has a window/s],
    ['limits: 5\n', /^m\.yaml:1:9 {2}Expected the names of limits/],
  ])('%j is refused there', async (text, error) => {
    write('m.yaml', text)
    const result = await mainspring('apply', 'm.yaml')
    expect([result.code, result.error]).toEqual([2, expect.stringMatching(error)])
    expect(result.error).toMatch(/\nNothing was changed\.$/)
  })

  test('what code says of its limit is said to be left alone', async () => {
    write('m.yaml', 'limits:\n  api: { on: namespace, concurrency: 5 }\n')
    expect((await mainspring('apply', 'm.yaml')).error).toMatch(/^m\.yaml:2:\d+ {2}warning: limit "api": what it is on .*\[limit-of-code\]$/)
  })
})

describe('options of a definition', () => {
  test('are shown with where each comes from, set one by one, and reset', async () => {
    const table = async (...given: string[]) => (await mainspring(...given)).out.split('\n\n')[1]?.split('\n')
    const code = ['retry.attempts  5', 'limits'].map(start => expect.stringMatching(new RegExp(`^${start}.* code$`)))
    expect(await table('definition', 'show', 'resize')).toEqual([expect.stringMatching(/^OPTION +VALUE +FROM$/), ...code])
    expect(await table('definition', 'set', 'resize', '--option', 'retry={"maximum":"90s"}', '--option', 'fair="tenant"')).toEqual([
      expect.any(String),
      ...code.slice(0, 1),
      expect.stringMatching(/^retry\.maximum +90s +operator, .* ago$/),
      ...code.slice(1),
      expect.stringMatching(/^fair +\{"per":"tenant"\} +operator, .* ago$/),
    ])
    expect((await mainspring('definition', 'ls')).out).toMatch(/^NAME .*SET +PAUSED\nresize .* retry fair +-$/)
    expect(await table('definition', 'set', 'resize', '--option', 'retry=null')).toHaveLength(4)
    // A list replaces the code's as a whole, and is in force at once.
    await mainspring('definition', 'set', 'resize', '--option', 'limits=[{"rate":50,"every":"1m"}]')
    expect((await mainspring('limits', 'ls')).out.split('\n').slice(1)).toEqual([
      expect.stringMatching(/^resize\/60000ms +definition resize +- +50 per 1m +0 +0 +operator, .* ago$/),
    ])
    expect((await mainspring('export')).out).not.toMatch(/^limits:/m)
    expect((await mainspring('definition', 'reset', 'resize')).out).not.toContain('operator')
    expect((await mainspring('definition', 'ls')).out).toMatch(/\nresize .* - +-$/)
  })

  test.each([
    [['definition', 'set', 'resize'], /^No option is given\..*\[usage\]/s],
    [['definition', 'set', 'resize', '--option', 'limits'], /^--option {2}Found "limits", expected name=json\./],
    [['definition', 'set', 'resize', '--option', 'limits=[{'], /^--option:1:\d+ {2}This is not JSON/],
    [['definition', 'set', 'resize', '--option', 'limits=[{}]'], /^\/limits\/0 .*is needed.*\[invalid-option\]/s],
    [['definition', 'set', 'resize', '--option', 'colour=5'], /colour.*\[invalid-input\]/s],
    [['definition', 'show', 'resise'], /did you mean resize.*\[unknown-definition\]/s],
  ])('%j is refused', async (given, error) => {
    expect(await mainspring(...given)).toEqual({ code: 2, out: '', error: expect.stringMatching(error) })
  })
})
