import { Client, job } from '@mainspring/sdk'
import { startWorker } from '@mainspring/sdk/worker'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { slotOf } from '../core/ids.ts'
import { openMemoryStore } from '../store/memory/store.ts'
import { type BareNode, openNodeOn } from './node.ts'

/** What a setting would name: two nodes of one process share a store in its memory. */
const settings = { database: 'shared:', leaseMs: 15_000, logLevel: 'silent' as const }
let one: BareNode
let two: BareNode
beforeEach(async () => {
  const store = { ...openMemoryStore({ now: () => Date.now() }), close: async () => {} }
  one = await openNodeOn(store, 'one', settings)
  two = await openNodeOn(store, 'two', settings)
})
afterEach(async () => {
  await two.stop()
  await one.stop()
})

async function until(what: string, is: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !is(); ) {
    if (performance.now() > end) throw new Error(`not within 10 s: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

const parts = Array.from({ length: 256 }, (_, part) => part)
const ownersAt = (node: BareNode): (string | undefined)[] => parts.map(part => node.engine.places.ownerOf(part << 8)?.name)
const sharing = (): Promise<void> =>
  until('each serves its half, and both know who serves what and the secret of the cluster', () => {
    const owners = ownersAt(one)
    const isHalf = ['one', 'two'].every(name => owners.filter(owner => owner === name).length === parts.length / 2)
    return isHalf && owners.every((owner, part) => owner === ownersAt(two)[part]) && two.engine.settings.get('cluster-secret').length === 1
  })

test('nodes share the shards evenly, and both are ready', async () => {
  await sharing()
  await expect.poll(() => [one, two].flatMap(({ engine }) => [engine.serves(), engine.ready()])).toEqual([true, true, true, true])
  expect((await one.engine.nodes.list()).map(({ name, shards }) => [name, shards])).toEqual([
    ['one', 32],
    ['two', 32],
  ])
})

test('the number of shards is changed at either: both know of it, and share so many', async () => {
  await sharing()
  for (const [node, shards] of [
    [one, 256],
    [two, 16],
  ] as const) {
    await expect.poll(async () => (await node.api.dispatch('shards.set', { params: {}, body: JSON.stringify({ shards }) })).status).toBe(200)
    for (const asked of [one, two])
      await expect
        .poll(async () => {
          const { count, free, lanes } = JSON.parse((await asked.api.dispatch('shards.list', { params: {} })).body)
          return [count, free, lanes.map((lane: { shards: number[] }) => lane.shards.length)]
        })
        .toEqual([shards, [], [shards / 2, shards / 2]])
    await sharing()
  }
})

test.each([0, 63, 257, 1.5])('%s shards are refused, with those that there can be', async shards => {
  const { status, body } = await one.api.dispatch('shards.set', { params: {}, body: JSON.stringify({ shards }) })
  expect([status, JSON.parse(body)]).toEqual([
    400,
    expect.objectContaining({ code: 'invalid-option', at: '/shards', hint: expect.stringMatching(/power of two|64/) }),
  ])
})

test('either tells who holds which shards, and whether each renews and goes by the settings of now', async () => {
  await sharing()
  await one.engine.settings.put('api-key', '', 'laptop', '{}')
  const told = async (node: BareNode) => JSON.parse((await node.api.dispatch('shards.list', { params: {} })).body)
  const first = await told(two)
  expect(first).toMatchObject({ count: 64, free: [] })
  const standing = async () => {
    const { lanes } = await told(one)
    return lanes.map(({ name, shards, behind }: { name: string; shards: number[]; behind: number }) => [name, shards.length, behind])
  }
  await expect.poll(standing).toEqual([
    ['one', 32, 0],
    ['two', 32, 0],
  ])
  await expect.poll(async () => (await told(one)).lanes[1].renewals).toBeGreaterThan(first.lanes[1].renewals)
  const { nodes, fault } = JSON.parse((await two.api.dispatch('nodes.list', { params: {} })).body)
  expect(fault).toBeNull()
  expect(Math.abs(Date.parse(nodes[0].since) - Date.now())).toBeLessThan(60_000)
})

test('whichever half a run lives in, clients and workers at either node are served: starts, long polls, results, events', async () => {
  await sharing()
  const double = job('double', async ({ n }: { n: number }) => n * 2)
  const client = new Client({ connection: two.connection })
  const worker = startWorker({ jobs: [double], client })
  await worker.ready
  const numbers = Array.from({ length: 16 }, (_, n) => n)
  // One after the other: what is started at once goes together, to one shard.
  const handles: Awaited<ReturnType<typeof double.start>>[] = []
  for (const n of numbers) handles.push(await client.start(double, { n }))
  expect(new Set(handles.map(({ id }) => two.engine.places.ownerOf(slotOf(id))?.name)), 'they live in both halves').toEqual(new Set(['one', 'two']))
  for (const [n, handle] of handles.entries()) {
    const events = handle.events()[Symbol.asyncIterator]()
    expect(await handle.result()).toBe(2 * n)
    expect((await events.next()).value).toMatchObject({ is: 'run', run: { id: handle.id } })
    await events.return?.(undefined)
    const there = await one.api.dispatch('runs.get', { params: { namespace: 'default', run: handle.id } })
    expect(JSON.parse(there.body)).toMatchObject({ id: handle.id, state: 'completed' })
  }
  await worker.stop()
  await client.close()
})

test('an error of another node is told as its own would be', async () => {
  await sharing()
  const asked = two.engine.places.holds(0) ? one : two
  const answer = await asked.api.dispatch('runs.get', { params: { namespace: 'default', run: '00000000000000000000000000' } })
  expect([answer.status, JSON.parse(answer.body).code]).toEqual([404, 'run-not-found'])
})

test('when one stops, the other takes over, and runs that were waiting go on', async () => {
  await sharing()
  const late = job('late', async () => 'done')
  const client = new Client({ connection: two.connection })
  await client.register([late])
  const handles: Awaited<ReturnType<typeof late.start>>[] = []
  for (let n = 0; n < 8; n++) handles.push(await client.start(late))
  await one.stop()
  const worker = startWorker({ jobs: [late], client })
  expect(await Promise.all(handles.map(handle => handle.result()))).toEqual(Array(8).fill('done'))
  await until('all is served by the other', () => parts.every(part => two.engine.places.holds(part << 8)))
  await worker.stop()
  await client.close()
})

test('nothing is answered to who does not know the secret of the cluster', async () => {
  await sharing()
  const address = two.engine.places.others()[0]?.address as string
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
  await sharing()
  await one.engine.settings.put('api-key', '', 'laptop', '{}')
  expect(two.engine.settings.get('api-key').map(({ name }) => name)).toEqual(['laptop'])
  await one.engine.settings.put('api-key', '', 'laptop', null)
  expect(two.engine.settings.get('api-key')).toEqual([])
})
