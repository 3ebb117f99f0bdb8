import { expect, test } from 'vitest'
import { machineOf } from '../machines/registry.ts'
import { Actor } from './actor.ts'
import { Actors } from './actors.ts'

const born = (id: string) =>
  new Actor({ id, namespace: 'default', kind: 'job', name: 'mail', queue: 'default', createdAt: 0, tags: null, input: null }, machineOf('job'))

function memory(countMax: number) {
  const actors = new Actors(countMax)
  return {
    actors,
    add(id: string): Actor {
      const actor = born(id)
      actors.add(actor)
      return actor
    },
    here: (...ids: string[]): string[] => ids.filter(id => actors.get(id) !== undefined),
  }
}

test('what is needed takes no place of those that are kept beside it', () => {
  const { actors, add, here } = memory(2)
  for (const id of ['p1', 'p2', 'p3', 'p4']) actors.pin(add(id))
  for (const id of ['a', 'b', 'c']) actors.release(add(id))
  expect(here('p1', 'p2', 'p3', 'p4')).toHaveLength(4)
  expect(here('a', 'b', 'c')).toEqual(['b', 'c'])
})

test('who was needed again since is kept before who was not', () => {
  const { actors, add, here } = memory(2)
  const [a, b] = [add('a'), add('b')]
  for (const actor of [a, b]) actors.release(actor)
  actors.pin(a)
  actors.unpin(a)
  actors.release(add('c'))
  expect(here('a', 'b', 'c')).toEqual(['a', 'c'])
  // Once: who is never needed again goes.
  actors.release(add('d'))
  expect(here('a', 'b', 'c', 'd')).toHaveLength(2)
})

test('who has left memory otherwise takes no place either', () => {
  const { actors, add, here } = memory(2)
  for (const id of ['a', 'b']) actors.release(add(id))
  actors.forget('a')
  actors.forget('b')
  for (const id of ['c', 'd']) actors.release(add(id))
  expect(here('c', 'd')).toEqual(['c', 'd'])
  actors.release(add('e'))
  expect(here('c', 'd', 'e')).toEqual(['d', 'e'])
})

test('nobody leaves while a read that began before its last commit is under way', () => {
  const { actors, add, here } = memory(0)
  const read = actors.beginRead()
  const a = add('a')
  a.uncommitted++
  actors.committed(a)
  actors.release(a)
  expect(here('a')).toEqual(['a'])
  actors.endRead(read)
  expect(here('a')).toEqual([])
})

test('what has closed while a read is under way pushes out nobody, and leaves as it ends', () => {
  const { actors, add, here } = memory(1)
  actors.release(add('open'))
  const read = actors.beginRead()
  for (const id of ['a', 'b', 'c']) {
    const closed = add(id)
    closed.outcome = { state: 'completed', reason: null }
    closed.uncommitted++
    actors.committed(closed)
    actors.release(closed)
  }
  const later = actors.beginRead()
  expect(here('open', 'a', 'b', 'c')).toEqual(['open', 'a', 'b', 'c'])
  actors.endRead(read)
  expect(here('open', 'a', 'b', 'c')).toEqual(['open'])
  actors.endRead(later)
})
