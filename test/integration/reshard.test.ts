import { writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { WireShards } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { freshSchema } from '../../src/store/postgres/testing.ts'
import { check } from './support/checker.ts'
import { plain } from './support/jobs.ts'
import { Load } from './support/load.ts'
import { type Server, Stage, until } from './support/processes.ts'
import { quiet } from './support/quiet.ts'
import { recordsIn } from './support/records.ts'

const stage = new Stage()
afterAll(() => stage.end())

test('the number of shards changes under load, also across a takeover: nothing is lost or doubled, and each node has its share of the new ones', {
  timeout: 170_000,
}, async () => {
  const records = stage.file('records.jsonl')
  writeFileSync(records, '')
  const database = freshSchema()
  const nodes: Server[] = []
  for (const _ of [1, 2]) nodes.push(await stage.server({ database, lease: '2s' }))
  const [first, second] = nodes as [Server, Server]
  const client = second.client()
  const worker = stage.worker({ url: second.url, slots: 20, name: 'worker', records })
  const load = new Load(client)
  load.begin(3, 8)
  const progress = async (): Promise<void> => {
    const [receipts, answers] = [load.receipts.length + 40, worker.count('answered') + 40]
    await until('the client and the worker get on', () => load.receipts.length >= receipts && worker.count('answered') >= answers, 2)
  }
  /** So many shards, and how many each lane of those that hold any has. */
  const shared = async () => {
    const { count, free, lanes } = await client.call<WireShards>('shards.list', {})
    return { count, free, held: lanes.map(({ shards }) => shards.length).filter(held => held > 0) }
  }
  const are = (count: number, held: number[]): Promise<void> =>
    until(`${count} shards are held by ${held.length}`, async () => isDeepStrictEqual(await shared().catch(() => null), { count, free: [], held }))
  /** The longest that a start took meanwhile, whichever shard it lives on. */
  const pauseMs = async (act: () => Promise<unknown>): Promise<number> => {
    let [longest, over] = [0, false]
    const starting = Array.from({ length: 8 }, async () => {
      while (!over) {
        const sentAt = performance.now()
        const { id } = await client.start(plain, { ms: 1 })
        longest = Math.max(longest, performance.now() - sentAt)
        load.receipts.push({ run: id, kind: 'plain' })
      }
    })
    await act()
    await progress()
    over = true
    await Promise.all(starting)
    return Math.round(longest)
  }
  await are(64, [32, 32])
  await progress()

  const pauses: string[] = []
  for (const count of [256, 1, 16, 256]) {
    const ms = await pauseMs(async () => {
      await client.call('shards.set', {}, { shards: count })
      await are(count, count === 1 ? [1] : [count / 2, count / 2])
    })
    pauses.push(`${count}: ${ms}`)
  }
  await first.kill('SIGKILL')
  await are(256, [256])
  await progress()
  await client.call('shards.set', {}, { shards: 64 })
  await are(64, [64])
  await progress()
  await load.end()
  await quiet(client)
  const findings = await check(client, load.receipts, recordsIn(records))
  console.log(`the longest start, ms, while there became ${pauses.join(', ')}; ${load.receipts.length} receipts`)
  expect([...load.complaints, ...findings.violations].slice(0, 10)).toEqual([])
  for (const { said } of nodes) expect(said).not.toMatch(/invariant|"level":50/)
})
