import { Client, job } from '@mainspring/sdk'
import { startWorker } from '@mainspring/sdk/worker'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openMemoryStore } from '../store/memory/store.ts'
import { type BareNode, openNodeOn } from './node.ts'

/** What a setting would name: two nodes of one process share a store in its memory. */
const settings = { database: 'shared:', leaseMs: 15_000, logLevel: 'silent' as const }
let serves: BareNode
let standsBy: BareNode
beforeEach(async () => {
  const store = { ...openMemoryStore({ now: () => Date.now() }), close: async () => {} }
  serves = await openNodeOn(store, 'one', settings)
  standsBy = await openNodeOn(store, 'two', settings)
})
afterEach(async () => {
  await standsBy.stop()
  await serves.stop()
})

async function until(what: string, is: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !is(); ) {
    if (performance.now() > end) throw new Error(`not within 10 s: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
const knowsOwner = (): Promise<void> =>
  until(
    'the secret of the cluster and who serves are known',
    () => standsBy.engine.owner()?.name === 'one' && standsBy.engine.settings.get('cluster-secret').length === 1,
  )

test('the first node serves, the second stands by and knows the first', async () => {
  await knowsOwner()
  expect([serves.engine.serves(), serves.engine.owner(), standsBy.engine.serves(), standsBy.engine.ready()]).toEqual([true, null, false, true])
  expect((await serves.engine.nodes.list()).map(({ name, shards }) => [name, shards])).toEqual([
    ['one', 64],
    ['two', 0],
  ])
})

test('either tells who holds which shards, and whether each renews and goes by the settings of now', async () => {
  await knowsOwner()
  await serves.engine.settings.put('api-key', '', 'laptop', '{}')
  const told = async (node: BareNode) => JSON.parse((await node.api.dispatch('shards.list', { params: {} })).body)
  const first = await told(standsBy)
  expect(first).toMatchObject({ count: 64, free: [] })
  const standing = async () => {
    const { lanes } = await told(serves)
    return lanes.map(({ name, shards, behind }: { name: string; shards: number[]; behind: number }) => [name, shards.length, behind])
  }
  await expect.poll(standing).toEqual([
    ['one', 64, 0],
    ['two', 0, 0],
  ])
  await expect.poll(async () => (await told(serves)).lanes[1].renewals).toBeGreaterThan(first.lanes[1].renewals)
  const { nodes, fault } = JSON.parse((await standsBy.api.dispatch('nodes.list', { params: {} })).body)
  expect(fault).toBeNull()
  expect(Math.abs(Date.parse(nodes[0].since) - Date.now())).toBeLessThan(60_000)
})

test('a client and a worker at the node that stands by are served as by the other: starts, long polls, results, events', async () => {
  await knowsOwner()
  const double = job('double', async ({ n }: { n: number }) => n * 2)
  const client = new Client({ connection: standsBy.connection })
  const worker = startWorker({ jobs: [double], client })
  await worker.ready
  const handle = await client.start(double, { n: 21 })
  const events = handle.events()[Symbol.asyncIterator]()
  expect(await handle.result()).toBe(42)
  expect((await events.next()).value).toMatchObject({ is: 'run', run: { id: handle.id } })
  await events.return?.(undefined)
  const there = await serves.api.dispatch('runs.get', { params: { namespace: 'default', run: handle.id } })
  expect(JSON.parse(there.body)).toMatchObject({ id: handle.id, state: 'completed' })
  await worker.stop()
  await client.close()
})

test('an error of the node that serves is told as its own would be', async () => {
  await knowsOwner()
  const answer = await standsBy.api.dispatch('runs.get', { params: { namespace: 'default', run: '00000000000000000000000000' } })
  expect([answer.status, JSON.parse(answer.body).code]).toEqual([404, 'run-not-found'])
})

test('when the one that serves is drained, the other takes over, and a run that was waiting goes on', async () => {
  await knowsOwner()
  const late = job('late', async () => 'done')
  const client = new Client({ connection: standsBy.connection })
  await client.register([late])
  const handle = await client.start(late)
  await serves.stop()
  await until('the other serves', () => standsBy.engine.serves())
  const worker = startWorker({ jobs: [late], client })
  expect(await handle.result()).toBe('done')
  await worker.stop()
  await client.close()
})

test('nothing is answered to who does not know the secret of the cluster', async () => {
  await knowsOwner()
  const address = standsBy.engine.owner()?.address as string
  for (const authorization of ['Bearer x', '']) {
    const response = await fetch(`${address}/cluster/v1/dispatch/runs.list`, {
      method: 'POST',
      headers: { authorization },
      body: '{"params":{"namespace":"default"}}\n',
    })
    expect(response.status).toBe(401)
    expect(await response.text()).toBe('')
  }
})

test('a setting is in force at the other node once it is confirmed: a key that is removed opens nothing any more (E21)', async () => {
  await knowsOwner()
  await serves.engine.settings.put('api-key', '', 'laptop', '{}')
  expect(standsBy.engine.settings.get('api-key').map(({ name }) => name)).toEqual(['laptop'])
  await serves.engine.settings.put('api-key', '', 'laptop', null)
  expect(standsBy.engine.settings.get('api-key')).toEqual([])
})
