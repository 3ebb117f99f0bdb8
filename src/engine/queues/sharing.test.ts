import { describe, expect, test } from 'vitest'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { Delivery } from '../face.ts'
import { TestNode } from '../test-engine.ts'

const FAIR = { per: 'tenant', weights: { big: 3 } }
const SERVES = ['mail', 'plain'].map(definition => ({ definition, version: null }))

async function started(...tenants: readonly string[]): Promise<TestNode> {
  const node = await TestNode.start(openMemoryStore(), { mail: { fair: FAIR, limits: [{ per: 'tenant', concurrency: 3 }] }, plain: {} })
  await node.start(null, ...tenants.map(tenant => ({ input: JSON.stringify({ tenant }) })))
  return node
}
const times = (count: number, tenant: string): string[] => Array.from({ length: count }, () => tenant)
const shares = (node: TestNode, queue = 'default') => node.engine.queues.shares('default', queue)

describe('how keys share a queue', () => {
  test('before anything is handed out all are next, each with what waits', async () => {
    const node = await started(...times(3, 'big'), 'a', 'b')
    expect(await shares(node)).toEqual({
      keys: 3,
      inTurn: 3,
      recent: 0,
      unread: 0,
      shares: [
        { key: 'big', weight: 3, before: 0, ready: 3, more: false, held: 0, running: 0, handedOut: 0 },
        { key: 'a', weight: 1, before: 0, ready: 1, more: false, held: 0, running: 0, handedOut: 0 },
        { key: 'b', weight: 1, before: 0, ready: 1, more: false, held: 0, running: 0, handedOut: 0 },
      ],
    })
  })

  test('who was served stands behind who was not, by the weights, as explain says it of a run', async () => {
    const node = await started(...times(9, 'big'), ...times(9, 'a'))
    const { tasks } = await node.poll({ serves: SERVES, max: 3 })
    const served = tasks.map(({ input }) => (JSON.parse(input as string) as { tenant: string }).tenant)
    const [first, second] = (await shares(node)).shares
    // Three a turn of the one, one a turn of the other.
    expect(served.toSorted()).toEqual(['a', 'big', 'big'])
    expect([first, second]).toMatchObject([
      { key: 'big', before: 0, ready: 7, running: 2, handedOut: 2 },
      { key: 'a', before: 1, ready: 8, running: 1, handedOut: 1 },
    ])
    const waits = await node.run({ input: '{"tenant":"a"}' })
    expect((await node.engine.runs.explain('default', waits)).clear).toContain('fair share of "a": 1 of 2 go before it')
  })

  test('one whose limit is full has no turn; one that only runs is told, and gone once it has ended', async () => {
    const node = await started(...times(5, 'a'), 'b')
    const { tasks } = await node.poll({ serves: SERVES, max: 10 })
    expect(await shares(node)).toMatchObject({
      keys: 2,
      inTurn: 0,
      recent: 4,
      shares: [
        { key: 'a', before: null, ready: 2, held: 1, running: 3, handedOut: 3 },
        { key: 'b', before: null, ready: 0, held: 0, running: 1, handedOut: 1 },
      ],
    })
    await node.complete(tasks.find(({ input }) => input?.includes('"b"')) as Delivery)
    expect((await shares(node)).shares.map(({ key }) => key)).toEqual(['a'])
  })

  test('those without a rule are one share, and other queues are not in it', async () => {
    const node = await started('a')
    await node.start(null, { definition: 'plain', input: '1' }, { definition: 'plain', input: '2', options: { queue: 'other' } })
    expect((await shares(node)).shares.map(({ key, ready }) => [key, ready])).toEqual(
      expect.arrayContaining([
        ['a', 1],
        [null, 1],
      ]),
    )
    expect((await shares(node, 'other')).shares.map(({ key, ready }) => [key, ready])).toEqual([[null, 1]])
    expect(await shares(node, 'nowhere')).toEqual({ keys: 0, inTurn: 0, recent: 0, unread: 0, shares: [] })
  })

  test('of many keys the next hundred are told, and how many there are', async () => {
    const node = await started(...Array.from({ length: 150 }, (_, index) => `t${index}`))
    expect(await shares(node)).toMatchObject({ keys: 150, inTurn: 150 })
    expect((await shares(node)).shares).toHaveLength(100)
  })

  test('of what was handed out the last thousand are counted', async () => {
    const node = await started()
    let last: string | null = null
    for (let round = 0; round < 3; round++) {
      await node.start(null, ...times(400, `t${round}`).map(tenant => ({ definition: 'plain', input: JSON.stringify({ tenant }) })))
      const { answer, tasks } = await node.poll({ serves: SERVES, max: 400, slots: 400, last })
      last = answer
      for (const task of tasks) await node.complete(task)
    }
    await node.start(null, { input: '{"tenant":"a"}' })
    expect(await shares(node)).toMatchObject({ recent: 1_000, shares: [{ key: 'a', handedOut: 0 }] })
  })
})
