import { describe, expect, test } from 'vitest'
import type { Schedule } from '../api/client.ts'
import { compareTimes } from './compare.ts'
import { changesOf, draftOf, edited, fromLines, linesOf, readDraft, withDraft, writtenDuration, writtenOf } from './draft.ts'

const schedule = {
  name: 'nightly',
  cron: '0 2 * * *',
  timezone: 'Europe/Berlin',
  target: 'report',
  input: null,
  overlap: 'skip',
  catchup: { policy: 'all', window: 21_600_000 },
  jitter: 90_000,
  words: 'at 02:00 every day',
} as unknown as Schedule

describe('a draft', () => {
  test('a schedule is written as a person writes it: defaults left out, durations as text', () => {
    expect(writtenOf(schedule)).toEqual({ cron: '0 2 * * *', timezone: 'Europe/Berlin', target: 'report', catchup: '6h', jitter: '1m30s' })
  })

  test.each([
    [5_400_000, '1h30m'],
    [604_800_000, '7d'],
    [1_500, '1s500ms'],
    [0, '0s'],
  ])('%d ms is written %s', (ms, text) => expect(writtenDuration(ms)).toBe(text))

  test('what is set back to what it was is no change; empty takes a field away', () => {
    const base = writtenOf(schedule)
    const one = edited(base, {}, { cron: '0 3 * * *' })
    expect(one).toEqual({ cron: '0 3 * * *' })
    expect(edited(base, one, { cron: '0 2 * * *' })).toEqual({})
    const none = edited(base, {}, { timezone: '' })
    expect(none).toEqual({ timezone: null })
    expect(withDraft(base, none)).not.toHaveProperty('timezone')
    expect(changesOf(base, none)).toEqual([{ field: 'timezone', from: 'Europe/Berlin', to: 'default' }])
  })

  test('the order of members is no difference', () => {
    expect(draftOf({ solar: { event: 'sunset', latitude: 1 } }, { solar: { latitude: 1, event: 'sunset' } })).toEqual({})
  })

  test('an address that says nothing sensible is no draft', () => {
    expect([readDraft('{'), readDraft('[1]'), readDraft('{"cron":"* * * * *","name":"x"}')]).toEqual([{}, {}, { cron: '* * * * *' }])
  })

  test('several expressions stand a line each', () => {
    expect(linesOf(['0 2 * * *', '0 4 * * *'])).toBe('0 2 * * *\n0 4 * * *')
    expect([fromLines(' \n'), fromLines('a'), fromLines('a\nb\n')]).toEqual([null, 'a', ['a', 'b']])
  })
})

describe('what changes', () => {
  const time = (hour: number, held = false) => ({
    at: `2026-12-01T${String(hour).padStart(2, '0')}:00:00.000Z`,
    local: '',
    held: held ? { is: 'excluded' as const, by: 'bank' } : null,
    movedFrom: null,
  })
  const horizon = Date.parse('2026-12-02T00:00:00Z')

  test('times that come, go and stay', () => {
    const { gained, lost, same, times } = compareTimes([time(1), time(2)], [time(2), time(3)], horizon, 10)
    expect([gained, lost, same]).toEqual([1, 1, 1])
    expect(times.map(({ is }) => is)).toEqual(['lost', 'same', 'gained'])
  })

  test('a time that a calendar holds from now on is lost', () => {
    const { gained, lost, same, times } = compareTimes([time(1)], [time(1, true)], horizon, 10)
    expect([gained, lost, same]).toEqual([0, 1, 0])
    expect(times.map(({ is }) => is)).toEqual(['lost'])
  })

  test('nothing is said of what lies behind the end of the shorter list', () => {
    const { until, lost } = compareTimes([time(1), time(2), time(3)], [time(1), time(2)], horizon, 2)
    expect([new Date(until).getUTCHours(), lost]).toEqual([2, 0])
  })
})
