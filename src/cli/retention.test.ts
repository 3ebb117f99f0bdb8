import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, job } from '@mainspring/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../server/config.ts'
import { type Node, openNode } from '../server/node.ts'
import { collectableText } from './output/retention.ts'
import { mainspringIn } from './test-terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'mainspring-retention-'))
let node: Node
beforeAll(async () => {
  node = await openNode(loadConfig({ directory, flags: { port: '0', logLevel: 'silent' } }))
})
afterAll(async () => {
  await node.stop()
  rmSync(directory, { recursive: true, force: true })
})
const mainspring = (...given: string[]) => mainspringIn(directory, { MAINSPRING_URL: node.url }, given)

describe('retention', () => {
  test('is shown, set field by field, and reset', async () => {
    const lines = async (...given: string[]) => (await mainspring('retention', ...given)).out.split('\n')
    const [RUNS, LEDGER] = [
      'runs    7d 0h after they closed, unless their options say otherwise',
      'ledger  90d 0h, and the last 1,000 lines of each schedule',
    ]
    expect(await lines('show')).toEqual([RUNS, LEDGER, 'set     default'])
    expect(await lines('set', '--runs', '30d')).toEqual([RUNS.replace('7d', '30d'), LEDGER, expect.stringMatching(/^set {5}operator, .* ago$/)])
    expect((await lines('set', '--ledger', '365d')).slice(0, 2)).toEqual([RUNS.replace('7d', '30d'), LEDGER.replace('90d', '365d')])
    expect(await lines('reset')).toEqual([RUNS, LEDGER, 'set     default'])
  })

  test.each([
    [['set'], 'say runs, ledger or both'],
    [['set', '--runs', 'soon'], '/runs'],
  ])('%j is refused', async (given, why) => {
    const { code, error } = await mainspring('retention', ...given)
    expect([code, error]).toEqual([2, expect.stringContaining(why)])
  })
})

describe('gc', () => {
  test('says what would go, drops it, and then there is nothing', async () => {
    expect((await mainspring('gc', '--dry-run')).out).toBe('Nothing would go: no retention is over.')
    const client = new Client({ url: node.url, namespace: 'shop' })
    const resize = job('resize', { retention: 0, version: '1' }, async () => {})
    await client.register([resize])
    for (let n = 0; n < 3; n++)
      await client.call('runs.terminate', { run: (await client.start(resize, undefined)).id }, {}, { callKey: client.newId() })
    await client.close()
    expect((await mainspring('gc', '--dry-run')).out).toBe(
      [
        'NAMESPACE  DEFINITION  RUNS  TO 1D  TO 7D  TO 30D  OLDER',
        'shop       resize         3      3      -       -      -',
        '',
        '3 closed runs would go: mainspring gc',
      ].join('\n'),
    )
    expect((await mainspring('gc', '--dry-run', '--json')).out).toContain('"runs": 3')
    expect(await mainspring('gc')).toEqual({ code: 0, error: '', out: 'dropped 3 closed runs, 0 keys and 0 lines of ledgers.' })
    expect((await mainspring('gc', '--dry-run')).out).toBe('Nothing would go: no retention is over.')
  })

  test('tells ages apart by whole days, and what was not counted', () => {
    const now = Date.parse('2026-03-31T12:00:00Z')
    const of = (day: string, runs: number, more = {}) => ({ namespace: 'a', kind: 'job', definition: 'd', day, runs, ...more })
    const days = [
      of('2026-03-31', 1),
      of('2026-03-30', 2),
      of('2026-03-24', 4),
      of('2026-03-23', 8),
      of('2026-02-28', 16),
      of('2026-01-01', 32, { kind: 'schedule' }),
    ]
    expect(collectableText({ days, more: true }, { now } as never)).toBe(
      [
        'NAMESPACE  DEFINITION  RUNS  TO 1D  TO 7D  TO 30D  OLDER',
        'a          d             31      3      4       8     16',
        'a          schedule d    32      -      -       -     32',
        '',
        'at least 63 closed runs would go: mainspring gc',
      ].join('\n'),
    )
  })
})
