import { expect, test } from 'vitest'
import { dayOf } from './days.ts'
import { daysOf } from './month.ts'
import type { RangeView } from './ranges.ts'

const WEEK = ['2026-11-28', '2026-11-29'].map(date => dayOf(date, 'UTC'))
const line = (at: string, account: string, rest: object = {}) => ({
  source: 'time',
  at,
  until: at,
  count: 1,
  account,
  lateMs: 0,
  why: null,
  outcome: null,
  ...rest,
})
const view = (parts: object) => ({ past: [], unfired: [], future: [], now: 0, more: false, ...parts }) as unknown as RangeView

test('a day counts what became of its times, and names what went wrong', () => {
  const lines = [
    line('2026-11-28T02:00:00Z', 'fired', { outcome: { state: 'failed' } }),
    line('2026-11-28T01:00:00Z', 'fired', { outcome: { state: 'completed' } }),
    line('2026-11-28T01:00:00Z', 'fired', { source: 'backfill', outcome: { state: 'failed' } }),
  ]
  const days = daysOf(view({ past: [{ name: 'a', lines, more: false }] }), WEEK, new Set(['a']))
  expect(days.get('2026-11-28')).toEqual({ tally: { failed: 1, completed: 1 }, roughly: false, bad: new Set(['a']) })
})

test('a stretch of the ledger is spread over its days', () => {
  const lines = [line('2026-11-28T12:00:00Z', 'paused', { until: '2026-11-29T11:59:00Z', count: 48 })]
  const days = daysOf(view({ unfired: [{ name: 'a', lines, more: false }] }), WEEK, new Set(['a']))
  const [first = 0, second = 0] = WEEK.map(({ date }) => days.get(date)?.tally.paused)
  expect(first + second).toBe(48)
  expect(Math.abs(first - second)).toBeLessThanOrEqual(2)
})

test('of one that fires too often to be told, the rest is about as many; one that is paused for good has none to come', () => {
  const often = { name: 'often', times: ['2026-11-28T00:00:00Z', '2026-11-28T12:00:00Z'], count: 26, more: true, paused: null }
  const still = { name: 'still', times: ['2026-11-28T00:00:00Z'], count: 1, more: false, paused: { until: null } }
  const days = daysOf(view({ future: [often, still] }), WEEK, new Set(['often', 'still']))
  const [first = 0, second = 0] = WEEK.map(({ date }) => days.get(date)?.tally.coming)
  expect(first + second).toBe(26)
  expect(second).toBeGreaterThan(first)
  expect(days.get('2026-11-29')?.roughly).toBe(true)
})
