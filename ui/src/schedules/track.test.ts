import { describe, expect, test } from 'vitest'
import { clustersOf, herdsOf, type Moment, partOf, startsByMinute } from './track.ts'

const moment = (at: number, became: Moment['became'] = 'completed', count = 1): Moment => ({ at, became, count })

describe('a track', () => {
  test('times that are too close become a band that shows the worst of them', () => {
    const clusters = clustersOf([moment(0), moment(10), moment(20, 'failed'), moment(100)], 15)
    expect(clusters.map(({ from, until, count, became }) => [from, until, count, became])).toEqual([
      [0, 20, 3, 'failed'],
      [100, 100, 1, 'completed'],
    ])
    expect(clusters[0]?.tally).toEqual({ completed: 2, failed: 1 })
  })

  test('a band never crosses now', () => {
    expect(clustersOf([moment(0), moment(10, 'coming'), moment(20, 'coming')], 15).map(({ count }) => count)).toEqual([1, 2])
  })

  test('a stretch of the ledger is as long as it is', () => {
    const clusters = clustersOf([{ at: 0, until: 1_000, count: 42, became: 'paused' }, moment(1_010)], 15)
    expect(clusters.map(({ until, count }) => [until, count])).toEqual([[1_010, 43]])
  })
})

test('of a stretch that goes beyond the day, its share belongs to the day', () => {
  const line = { at: '2026-11-28T00:00:00Z', until: '2026-11-29T23:30:00Z', count: 96 }
  const [from, end] = [Date.parse('2026-11-29T00:00:00Z'), Date.parse('2026-11-29T23:59:59Z')]
  expect(partOf(line, from, end)).toEqual({ at: from, until: Date.parse(line.until), count: 47 })
  expect(partOf(line, 0, end)).toMatchObject({ count: 96 })
})

describe('the load', () => {
  const start = (name: string, at: number, became: Moment['became'] = 'coming') => ({ name, definition: name, at, became })

  test('a herd is a minute in which three start; what was skipped is none of them', () => {
    const minutes = startsByMinute([start('a', 0), start('b', 59_000), start('c', 1_000), start('d', 0, 'skipped'), start('a', 60_000)])
    expect(herdsOf(minutes).map(([at, starts]) => [at, starts.map(({ name }) => name).join('')])).toEqual([[0, 'abc']])
  })
})
