import { expect, test } from 'vitest'
import { TestCluster } from '../../test/support/test-cluster.ts'
import type { LiveEvent } from '../engine/face.ts'
import { settle } from '../engine/test-clock.ts'

const shown = (event: LiveEvent): string => (event.is === 'run' ? `${event.run.id} ${event.run.state}` : event.is)

test('who follows a namespace hears of all nodes, from the answer on, until they leave', async () => {
  const cluster = await TestCluster.start(3)
  const heard: string[] = []
  const leave = await cluster.engine(0).subscribe('default', null, event => void heard.push(shown(event)))
  const runs = await cluster.start(1, ...[0, 1, 2].map(place => ({ key: cluster.keyAt(place) })))
  await settle()
  expect(heard.sort()).toEqual(runs.map(run => `${run} queued`).sort())
  expect(cluster.streams.size).toBe(2)
  leave()
  await settle()
  expect(cluster.streams.size).toBe(0)
})

test('those who follow the same share the streams of other nodes', async () => {
  const cluster = await TestCluster.start(2)
  const heard: string[] = []
  const leaves = await Promise.all(
    ['a', 'b'].map(who => cluster.engine(0).subscribe('default', null, event => void heard.push(`${who} ${event.is}`))),
  )
  expect(cluster.streams.size).toBe(1)
  leaves[0]?.()
  await cluster.start(0, { key: cluster.keyAt(1) })
  await settle()
  expect(heard).toEqual(['b run'])
})

test('a stream that breaks is told as lagged, when it is opened again too, and goes on', async () => {
  const cluster = await TestCluster.start(2)
  const heard: string[] = []
  await cluster.engine(0).subscribe('default', null, event => void heard.push(event.is))
  cluster.breakStreams(1)
  await settle()
  expect(heard).toEqual(['lagged'])
  await cluster.start(0, { key: cluster.keyAt(1) })
  await cluster.clock.advance(1_000)
  expect(heard).toEqual(['lagged', 'lagged'])
  await cluster.start(0, { key: cluster.keyAt(1, 'mail', 'other') })
  await settle()
  expect(heard).toEqual(['lagged', 'lagged', 'run'])
})

test('a node that does not answer keeps nobody from following the others, and is told as lagged once it is followed', async () => {
  const cluster = await TestCluster.start(3)
  const heard: string[] = []
  cluster.loses = ({ to, method }) => (to === 2 && method === 'follow' ? 'call' : null)
  await cluster.engine(0).subscribe('default', null, event => void heard.push(event.is))
  await cluster.start(0, { key: cluster.keyAt(1) })
  await settle()
  expect(heard).toEqual(['run'])
  cluster.loses = () => null
  await cluster.clock.advance(1_000)
  expect(heard).toEqual(['run', 'lagged'])
})
