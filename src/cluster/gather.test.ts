import { expect, test } from 'vitest'
import { TestCluster } from '../../test/support/test-cluster.ts'
import { settle } from '../engine/test-clock.ts'

/** One job of each node, and a worker that polls the first and runs those of the others. */
async function working(): Promise<{ cluster: TestCluster; runs: string[] }> {
  const cluster = await TestCluster.start(3)
  const runs = await cluster.start(0, ...[0, 1, 2].map(place => ({ key: cluster.keyAt(place) })))
  await settle()
  let last: string | null = null
  for (const _ of runs) last = (await cluster.poll(0, { last, max: 1 })).answer
  await cluster.clock.advance(1_100)
  return { cluster, runs }
}

test('queues are those of all nodes, with the sums of what each has', async () => {
  const { cluster } = await working()
  await cluster.start(0, { key: cluster.keyAt(1, 'mail', 'b') }, { key: cluster.keyAt(2, 'mail', 'c') })
  for (const place of [0, 1, 2])
    expect(await cluster.engine(place).queues.list('default')).toMatchObject([{ name: 'default', depth: 2, running: 3, workers: 1, untaken: [] }])
})

test('a worker is listed once, wherever it is asked, with all that it runs', async () => {
  const { cluster, runs } = await working()
  for (const place of [0, 1, 2]) {
    const workers = await cluster.engine(place).workers.list('default')
    expect(workers.map(({ id, via }) => [id, via])).toEqual([['w1', null]])
    expect(workers[0]?.running.map(({ run }) => run).sort()).toEqual([...runs].sort())
  }
  expect(await cluster.engine(1).namespaces.list()).toEqual([{ name: 'default', definitions: 1, open: 3, workers: 1 }])
})

test('a worker that falls silent is told of once, by the node that it polled, and not while it polls another', async () => {
  const { cluster } = await working()
  await cluster.clock.advance(80_000)
  for (const place of [0, 1, 2]) expect((await cluster.engine(place).workers.silent('default')).map(({ id }) => id)).toEqual(['w1'])
  const polled = cluster.poll(2)
  await cluster.clock.advance(100)
  await polled
  for (const place of [0, 1, 2]) expect(await cluster.engine(place).workers.silent('default')).toEqual([])
})

test('a worker that said it goes is gone everywhere, and its leases end', async () => {
  const { cluster, runs } = await working()
  await cluster.engine(1).tasks.gone('default', 'w1')
  await cluster.clock.advance(2_000)
  expect(await cluster.engine(2).workers.list('default')).toEqual([])
  for (const [place, run] of runs.entries()) expect((await cluster.member(place).local.runs.get('default', run)).state).not.toBe('running')
})

test('explain of a run at another node knows the workers of all', async () => {
  const cluster = await TestCluster.start(3)
  const [run] = (await cluster.start(0, { key: cluster.keyAt(2, 'mail', 'b') })) as [string]
  const waits = cluster.poll(0, { worker: 'w9', workerName: 'box:9', waitMs: 5_000, serves: [{ definition: 'other', version: null }] })
  await cluster.clock.advance(1_100)
  const { reasons } = await cluster.engine(1).runs.explain('default', run)
  expect(reasons).toMatchObject([{ code: 'no-worker' }])
  expect(reasons[0]?.text).toContain('box:9 serves other')
  await cluster.clock.advance(5_000)
  await waits
})

test('a worker is drained through any node, whichever it polls', async () => {
  const { cluster } = await working()
  await cluster.engine(1).workers.drain('default', 'w1', { id: 'd', by: 'ana' })
  expect((await cluster.member(1).local.workers.list('default')).map(({ draining }) => draining)).toEqual([true])
  await expect(cluster.engine(1).workers.drain('default', 'nobody', { id: 'd', by: 'ana' })).rejects.toMatchObject({ code: 'worker-not-found' })
})

test('what happened is counted once: what each counted itself, and of before what the first of them read', async () => {
  const { cluster } = await working()
  const { points, queues } = await cluster.engine(1).activity.get('default', 1)
  expect(points.reduce((sum, { started }) => sum + started, 0)).toBe(3)
  expect(queues).toEqual([{ name: 'default', started: 3, closed: {} }])
  expect((await cluster.engine(2).activity.lastHour('default')).definitions.get('mail')).toEqual({ started: 3, closed: {} })
})

test('a node that does not answer within a second is left out', async () => {
  const { cluster } = await working()
  cluster.loses = ({ to }) => (to === 2 ? 'never' : null)
  const listed = cluster.engine(0).queues.list('default')
  await cluster.clock.advance(1_000)
  expect(await listed).toMatchObject([{ running: 2 }])
})

test('what no node has is refused as by one', async () => {
  const cluster = await TestCluster.start(2)
  await expect(cluster.engine(0).limits.get('default', 'nothing')).rejects.toMatchObject({ code: 'limit-not-found' })
})
