import { expect, test } from 'vitest'
import { ALL_SHARDS, CLAIMS_READ, type LaneRow } from '../store/store.ts'
import { nodeCalls } from './nodes.ts'
import { Settings } from './settings.ts'
import { TestClock } from './test-clock.ts'

const lane = { lane: 'l', claim: 'c', node: 'n', address: null, renewals: 0, version: 0, canHold: true }

function calls(lanes: readonly Pick<LaneRow, 'nodeName' | 'shards' | 'reads'>[]) {
  const settings = new Settings()
  const version = 0
  return nodeCalls({
    ...{ settings, clock: new TestClock(), read: async () => [] },
    readLanes: async () => ({ lanes: lanes.map(row => ({ ...lane, ...row })), version }),
    put: async (kind, namespace, name, value) => settings.put({ kind, namespace, name, value, changedAt: 0 }),
  })
}
const command = { id: 'c', by: 'ana' }

test('while nodes of an older version are there the number of shards stays, and they are named (E11)', async () => {
  const nodes = calls([
    { nodeName: 'web-1:7', shards: [...ALL_SHARDS], reads: 1 },
    { nodeName: 'web-2:7', shards: [], reads: CLAIMS_READ },
  ])
  await expect(nodes.reshard(256, command)).rejects.toMatchObject({ code: 'older-nodes', problem: { status: 409, found: 'web-1:7' } })
  expect((await nodes.shards()).count).toBe(64)
})

test('a shard is held where all of its parts are; in the middle of a move none of it is', async () => {
  const nodes = calls([
    { nodeName: 'web-1:7', shards: [0, 1, 2, 3, 4, 5], reads: CLAIMS_READ },
    { nodeName: 'web-2:7', shards: [8, 9, 10, 11], reads: CLAIMS_READ },
  ])
  const told = async () => {
    const { count, lanes, free } = await nodes.shards()
    return [count, lanes.map(({ shards }) => shards), free.length]
  }
  expect(await told()).toEqual([64, [[0], [2]], 62])
  await nodes.reshard(128, command)
  expect(await told()).toEqual([
    128,
    [
      [0, 1, 2],
      [4, 5],
    ],
    123,
  ])
  await nodes.reshard(1, command)
  expect(await told()).toEqual([1, [[], []], 1])
})
