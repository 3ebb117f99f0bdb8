import { expect, test } from 'vitest'
import { instantOf } from './instants.ts'

const local = (text: string): number => new Date(text).getTime()
const NOW = local('2026-03-02T12:00')

test.each([
  ['2h', NOW - 7_200_000],
  ['last 30m', NOW - 1_800_000],
  ['1d ago', NOW - 86_400_000],
  ['now', NOW],
  ['Today', local('2026-03-02T00:00')],
  ['yesterday', local('2026-03-01T00:00')],
  ['09:30', local('2026-03-02T09:30')],
  ['14:00', local('2026-03-01T14:00')],
  ['2026-03-01', local('2026-03-01T00:00')],
  ['2026-03-01 14:00', local('2026-03-01T14:00')],
  ['2026-03-01T14:00:00Z', Date.parse('2026-03-01T14:00:00Z')],
  ['25:00', null],
  ['soon', null],
  ['12', null],
])('%j is an instant, or none', (words, at) => {
  expect(instantOf(words, NOW)).toBe(at)
})
