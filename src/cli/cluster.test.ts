import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../server/config.ts'
import { type Node, openNode } from '../server/node.ts'
import { freshSchema } from '../store/postgres/testing.ts'
import { shardsText } from './output/cluster.ts'
import { plainPaint } from './output/words.ts'
import { mainspringIn } from './test-terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'mainspring-cluster-'))
const database = freshSchema()
const nodes: Node[] = []
beforeAll(async () => {
  const config = loadConfig({ directory, flags: { port: '0', logLevel: 'silent', database } })
  for (const _ of [1, 2]) nodes.push(await openNode(config))
})
afterAll(async () => {
  for (const node of nodes.reverse()) await node.stop()
  rmSync(directory, { recursive: true, force: true })
})
const mainspring = (...given: string[]) => mainspringIn(directory, { MAINSPRING_URL: nodes[1]?.url as string }, given)

test('cluster status: shards by owner, lane, claim, renewals and settings, from any node', async () => {
  // The lane of a node that has given half of its shards to one that came later is new.
  await expect.poll(async () => (await mainspring('cluster', 'status')).out, { timeout: 15_000 }).not.toMatch(/ new |0-63/)
  const { code, out } = await mainspring('cluster', 'status')
  expect(code).toBe(0)
  const [head, , titles, ...rows] = out.split('\n')
  expect(head).toBe('64 shards: 64 held, 0 free')
  expect(titles).toMatch(/^NODE +ID +SHARDS +LANE +CLAIM +RENEWALS +LAST SECOND +SETTINGS$/)
  const row = [expect.stringMatching(/^[\d, -]+…?$/), expect.stringMatching(/^[1-9]\d?$/), 'current']
  expect(rows.map(row => row.split(/ {2,}/).filter((_, index) => [2, 6, 7].includes(index)))).toEqual([row, row])
  const data = JSON.parse((await mainspring('cluster', 'status', '--json')).out)
  expect(data).toMatchObject({ count: 64, free: [], lanes: expect.arrayContaining([expect.objectContaining({ lately: expect.any(Number) })]) })
})

test('one that stands still, one that is new, and shards that nobody holds are told', () => {
  const lane = { lane: 'lane-aaaaa', claim: 'claim-bbbbb', node: 'node-ccccc', name: 'web-1:7', renewals: 9, behind: 0 }
  const text = shardsText(
    {
      count: 8,
      free: [3, 5, 6, 7],
      lanes: [
        { ...lane, shards: [0, 1, 2, 4], lately: 0 },
        { ...lane, shards: [], lately: null, behind: 2 },
      ],
    },
    { paint: plainPaint, now: 0 },
  )
  expect(text.split('\n')).toEqual([
    '8 shards: 4 held, 4 free (3, 5-7)',
    '',
    'NODE     ID     SHARDS     LANE   CLAIM  RENEWALS         LAST SECOND  SETTINGS',
    'web-1:7  ccccc  0-2, 4     aaaaa  bbbbb         9  0: it stands still  current',
    'web-1:7  ccccc  stands by  aaaaa  bbbbb         9                 new  2 behind',
  ])
})

test('node ls tells since when each is up', async () => {
  await expect.poll(async () => (await mainspring('node', 'ls')).out.match(/ 32 shards /g)).toHaveLength(2)
  const { out } = await mainspring('node', 'ls')
  expect(out.split('\n')[0]).toMatch(/^NODE +ID +UP SINCE +SERVES +ADDRESS +DRAINED$/)
  expect(out.split('\n')).toHaveLength(3)
  expect(out).toMatch(/ ago +32 shards +http:/)
})
