import { expect, test } from 'vitest'
import { Patches } from './patches.ts'

const at = '2026-01-01T00:00:00.000Z'

// Temporal, Patching: true on first execution and where the history has the marker, false on a replay of a history without it.
test('new code takes the change, tells it once, and gives the same answer for ever', () => {
  const patches = new Patches()
  patches.note([{ is: 'started', at }])
  expect(patches.ask('fraud', 0)).toBe(true)
  expect(patches.take()).toEqual([{ is: 'patched', id: 'fraud' }])
  expect(patches.ask('fraud', 7)).toBe(true)
  expect(patches.take()).toEqual([])
})

test('a history that has gone past without it keeps to the code of before, also where the same is asked again later', () => {
  const patches = new Patches()
  patches.note([
    { is: 'started', at },
    { is: 'step_completed', at, n: 1, name: 'a' },
  ])
  expect(patches.ask('fraud', 0)).toBe(false)
  expect(patches.ask('fraud', 1)).toBe(false)
  expect(patches.ask('other', 1)).toBe(true)
})

test('a replay of a history that has it takes it from the beginning', () => {
  const patches = new Patches()
  patches.note([
    { is: 'started', at },
    { is: 'patched', at, id: 'fraud' },
    { is: 'step_completed', at, n: 1, name: 'fraud' },
  ])
  expect(patches.ask('fraud', 0)).toBe(true)
  expect(patches.take()).toEqual([])
})

test('what the code asked for before, and ends later, is nothing that it went past', () => {
  const patches = new Patches()
  patches.note([
    { is: 'started', at },
    { is: 'step_completed', at, n: 1, name: 'a' },
    { is: 'step_completed', at, n: 2, name: 'b' },
  ])
  // Both were asked for at once; the first has ended.
  expect(patches.ask('fraud', 2)).toBe(true)
})
