import { describe, expect, test } from 'vitest'
import { HOLIDAYS_ICS, MAINTENANCE_ICS } from './ics/samples.ts'
import type { TimetableSpec } from './spec.ts'
import { timetable } from './timetable.ts'

const CREATED = Date.parse('2026-11-25T10:03:27Z')

/** `2026-12-24 18:00` in the spec's zone is what people compare; held times with their reason, moved ones with where they came from. */
function timesOf(spec: TimetableSpec, count: number, from = CREATED): string[] {
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: spec.timezone ?? 'UTC', dateStyle: 'short', timeStyle: 'medium' })
  const text = (at: number): string => clock.format(at).replace(/:00$/, '')
  return timetable(spec, CREATED)
    .between(from, Number.POSITIVE_INFINITY, count)
    .map(
      ({ at, held, movedFrom }) => `${text(at)}${held ? ` ${held.is} ${held.by}` : ''}${movedFrom === undefined ? '' : ` from ${text(movedFrom)}`}`,
    )
}

describe('sources', () => {
  test.each<[string, TimetableSpec, string[]]>([
    ['cron in a zone', { cron: '0 2 L * *', timezone: 'Europe/Berlin' }, ['2026-11-30 02:00', '2026-12-31 02:00', '2027-01-31 02:00']],
    ['an interval counts from the creation', { every: '15m' }, ['2026-11-25 10:18:27', '2026-11-25 10:33:27']],
    ['an interval counts from its anchor', { every: { every: '6h', anchor: '2026-01-01' } }, ['2026-11-25 12:00', '2026-11-25 18:00']],
    ['nothing was meant before the anchor', { every: { every: '6h', anchor: '2026-12-01T03:00' } }, ['2026-12-01 03:00', '2026-12-01 09:00']],
    [
      'days of elapsed time move when the clock is set',
      { every: { every: '1d', anchor: '2027-03-27T02:30' }, timezone: 'Europe/Berlin' },
      ['2027-03-27 02:30', '2027-03-28 03:30', '2027-03-29 03:30'],
    ],
    [
      'days of the wall clock do not, but over a gap',
      { every: { every: '1d', clock: 'wall', anchor: '2027-03-27T02:30' }, timezone: 'Europe/Berlin' },
      ['2027-03-27 02:30', '2027-03-28 03:30', '2027-03-29 02:30'],
    ],
    [
      'a gap may be skipped',
      { every: { every: '1d', clock: 'wall', anchor: '2027-03-27T02:30' }, timezone: 'Europe/Berlin', gap: 'skip' },
      ['2027-03-27 02:30', '2027-03-29 02:30'],
    ],
    [
      'or fire at its end, once',
      { every: { every: '10m', clock: 'wall', anchor: '2027-03-28T01:50' }, timezone: 'Europe/Berlin', gap: 'edge' },
      ['2027-03-28 01:50', '2027-03-28 03:00', '2027-03-28 03:10'],
    ],
    [
      'or the first of it be shifted',
      { every: { every: '25m', clock: 'wall', anchor: '2027-03-28T01:50' }, timezone: 'Europe/Berlin', gap: 'shift-once' },
      ['2027-03-28 01:50', '2027-03-28 03:05', '2027-03-28 03:15', '2027-03-28 03:30', '2027-03-28 03:55'],
    ],
    [
      'a fold has the first',
      { every: { every: '30m', clock: 'wall', anchor: '2027-10-31T02:00' }, timezone: 'Europe/Berlin' },
      ['2027-10-31 02:00', '2027-10-31 02:30', '2027-10-31 03:00'],
    ],
    [
      'or both',
      { every: { every: '30m', clock: 'wall', anchor: '2027-10-31T02:00' }, timezone: 'Europe/Berlin', fold: 'both' },
      ['2027-10-31 02:00', '2027-10-31 02:30', '2027-10-31 02:00', '2027-10-31 02:30', '2027-10-31 03:00'],
    ],
    [
      'a time of day replaces the anchor’s',
      { every: { every: '1 month', at: '09:30', anchor: '2026-01-31' } },
      ['2026-11-30 09:30', '2026-12-31 09:30', '2027-01-31 09:30', '2027-02-28 09:30', '2027-03-31 09:30'],
    ],
    [
      'a time of day before the anchor waits for the next',
      { every: { every: '2 days', at: '09:00', anchor: '2026-12-01T10:00' } },
      ['2026-12-03 09:00'],
    ],
    ['a time of day before the creation, too', { every: { every: '1 week', at: '09:00' } }, ['2026-12-02 09:00']],
    [
      'one-off times, in any order',
      { at: ['2026-12-24T18:00', '2026-12-01T00:00:00+01:00', '2026-12-24T17:00:00Z'], timezone: 'Europe/Berlin' },
      ['2026-12-01 00:00', '2026-12-24 18:00'],
    ],
    ['@every counts from the creation', { cron: '@every 90s', dialect: 'robfig' }, ['2026-11-25 10:04:57', '2026-11-25 10:06:27']],
    [
      'several are joined, and what meets fires once',
      { cron: ['0 12 * * *', '0 */12 * * *'], at: '2026-11-26T12:00', every: { every: '1d', anchor: '2026-11-25T12:00' } },
      ['2026-11-25 12:00', '2026-11-26 00:00', '2026-11-26 12:00', '2026-11-27 00:00'],
    ],
    ['start is inclusive, end exclusive', { cron: '0 0 * * *', start: '2026-12-01', end: '2026-12-03' }, ['2026-12-01 00:00', '2026-12-02 00:00']],
    [
      'a day that Apia left out',
      { every: { every: '1d', clock: 'wall', anchor: '2011-12-29T10:00' }, timezone: 'Pacific/Apia' },
      ['2011-12-29 10:00', '2011-12-31 10:00', '2012-01-01 10:00'],
    ],
  ])('%s', (_, spec, expected) =>
    expect(
      timesOf(spec, expected.length + (spec.end || spec.at ? 1 : 0), spec.timezone === 'Pacific/Apia' ? 0 : CREATED).slice(
        0,
        expected.length + (spec.end ? 1 : 0),
      ),
    ).toEqual(expected),
  )

  test('sunrise is once a day, and at the pole once a year', () => {
    const days = (latitude: number): number =>
      timetable({ solar: { event: 'sunrise', latitude, longitude: 0 } }, 0).between(CREATED, CREATED + 730 * 86_400_000, 1_000).length
    expect([days(0), days(52), days(90), days(-90)]).toEqual([730, 730, 2, 2])
  })
})

describe('held and moved', () => {
  const daily = { cron: '0 2 * * *', timezone: 'Europe/Berlin' } satisfies TimetableSpec
  const xmas = { calendars: { de: { dates: ['12-25', '12-26', '2026-12-24'] } } }
  const before = Date.parse('2026-12-23T12:00Z')
  test.each<[string, TimetableSpec, string[]]>([
    [
      'except drops, and accounts',
      { ...daily, ...xmas, except: 'de' },
      ['2026-12-24 02:00 excluded de', '2026-12-25 02:00 excluded de', '2026-12-26 02:00 excluded de', '2026-12-27 02:00'],
    ],
    ['only keeps', { ...daily, ...xmas, only: ['de'] }, ['2026-12-24 02:00', '2026-12-25 02:00', '2026-12-26 02:00', '2026-12-27 02:00 excluded de']],
    [
      'business days',
      { ...daily, ...xmas, holidays: 'de', only: 'business-days' },
      [
        '2026-12-24 02:00 excluded business-days',
        '2026-12-25 02:00 excluded business-days',
        '2026-12-26 02:00 excluded business-days',
        '2026-12-27 02:00 excluded business-days',
        '2026-12-28 02:00',
      ],
    ],
    [
      'any of several will do',
      { ...daily, ...xmas, holidays: 'de', only: ['business-days', 'de'] },
      ['2026-12-24 02:00', '2026-12-25 02:00', '2026-12-26 02:00', '2026-12-27 02:00 excluded business-days, de'],
    ],
    [
      'another weekend',
      { ...daily, weekend: ['fri', 'Saturday'], only: 'business-days' },
      ['2026-12-24 02:00', '2026-12-25 02:00 excluded business-days', '2026-12-26 02:00 excluded business-days', '2026-12-27 02:00'],
    ],
    [
      'moved to the next, where they meet',
      { ...daily, ...xmas, holidays: 'de', move: 'next-business-day' },
      ['2026-12-28 02:00', '2026-12-29 02:00'],
    ],
    ['moved to the previous', { ...daily, ...xmas, holidays: 'de', move: 'previous-business-day' }, ['2026-12-28 02:00', '2026-12-29 02:00']],
    [
      'moved to the nearest',
      { cron: '0 2 26 * *', timezone: 'Europe/Berlin', ...xmas, holidays: 'de', move: 'nearest-business-day' },
      [
        '2026-12-28 02:00 from 2026-12-26 02:00',
        '2027-01-26 02:00',
        '2027-02-26 02:00',
        '2027-03-26 02:00',
        '2027-04-26 02:00',
        '2027-05-26 02:00',
        '2027-06-25 02:00 from 2027-06-26 02:00',
      ],
    ],
    [
      'the last of the month, as a business day',
      { cron: '0 2 L * *', timezone: 'Europe/Berlin', move: 'previous-business-day' },
      ['2026-12-31 02:00', '2027-01-29 02:00 from 2027-01-31 02:00', '2027-02-26 02:00 from 2027-02-28 02:00', '2027-03-31 02:00'],
    ],
    [
      'only is of the time that was meant',
      { ...daily, ...xmas, calendars: { ends: { dates: ['12-26', '01-31'] } }, only: 'ends', move: 'next-business-day', start: '2026-12-25' },
      [
        '2026-12-25 02:00 excluded ends',
        '2026-12-27 02:00 excluded ends',
        '2026-12-28 02:00 from 2026-12-26 02:00',
        '2026-12-29 02:00 excluded ends',
      ],
    ],
    [
      'except is of the time that it moved to',
      { ...daily, calendars: { x: { dates: ['2026-12-26', '2026-12-28'] } }, except: 'x', move: 'next-business-day' },
      ['2026-12-24 02:00', '2026-12-25 02:00', '2026-12-28 02:00 excluded x', '2026-12-29 02:00'],
    ],
    [
      'a moved time keeps its hour when the clock is set',
      { cron: '30 2 * * SUN', timezone: 'Europe/Berlin', move: 'next-business-day', start: '2027-03-22', gap: 'shift' },
      ['2027-03-29 03:30 from 2027-03-28 03:30', '2027-04-05 02:30 from 2027-04-04 02:30'],
    ],
    [
      'no business day at all',
      { ...daily, weekend: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], move: 'next-business-day' },
      ['2026-12-24 02:00 excluded business-days', '2026-12-25 02:00 excluded business-days'],
    ],
    [
      'blackouts, from inclusive to exclusive',
      { ...daily, blackouts: [{ from: '2026-12-24T02:00', to: '2026-12-26T02:00', note: 'freeze' }] },
      ['2026-12-24 02:00 blacked_out freeze', '2026-12-25 02:00 blacked_out freeze', '2026-12-26 02:00'],
    ],
    [
      'blackouts by cron',
      { cron: '0 */6 * * *', blackouts: [{ cron: '0 18 * * *', for: '6h' }] },
      ['2026-12-23 18:00 blacked_out blackout 1', '2026-12-24 00:00', '2026-12-24 06:00'],
    ],
    [
      'a longer blackout than its distance',
      { cron: '0 */6 * * *', blackouts: [{ cron: '0 18 * * FRI', for: '3d' }] },
      [
        '2026-12-23 18:00',
        '2026-12-24 00:00',
        '2026-12-24 06:00',
        '2026-12-24 12:00',
        '2026-12-24 18:00',
        '2026-12-25 00:00',
        '2026-12-25 06:00',
        '2026-12-25 12:00',
        '2026-12-25 18:00 blacked_out blackout 1',
      ],
    ],
    [
      'exclusions before blackouts',
      { ...daily, ...xmas, except: 'de', blackouts: [{ from: '2026-12-24', to: '2026-12-29' }] },
      ['2026-12-24 02:00 excluded de', '2026-12-25 02:00 excluded de', '2026-12-26 02:00 excluded de', '2026-12-27 02:00 blacked_out blackout 1'],
    ],
    [
      'holidays of a file',
      { ...daily, calendars: { de: { ics: HOLIDAYS_ICS } }, holidays: 'de', move: 'next-business-day' },
      ['2026-12-28 02:00', '2026-12-29 02:00', '2026-12-30 02:00', '2026-12-31 02:00', '2027-01-04 02:00'],
    ],
    [
      'hours of a file',
      { cron: '0 * * * *', timezone: 'America/New_York', start: '2026-02-02T21:00', calendars: { work: { ics: MAINTENANCE_ICS } }, only: 'work' },
      ['2026-02-02 21:00 excluded work', '2026-02-02 22:00', '2026-02-02 23:00', '2026-02-03 00:00', '2026-02-03 01:00 excluded work'],
    ],
  ])('%s', (_, spec, expected) => expect(timesOf(spec, expected.length, spec.start?.startsWith('2026-02') ? 0 : before)).toEqual(expected))
})

describe('the first that fires', () => {
  const year = (spec: TimetableSpec, from = CREATED): number | null => {
    const found = timetable(spec, CREATED).nextFiring(from)
    return found && new Date(found.at).getUTCFullYear()
  }
  test.each<[string, TimetableSpec, number | null]>([
    ['passes over what is held', { cron: '0 0 29 2 *', except: 'x', calendars: { x: { dates: ['2028-02-29'] } } }, 2032],
    ['may be far, if nothing is held', { at: '2099-01-01' }, 2099],
    ['gives up after 8 years', { cron: '0 0 29 2 *', except: 'x', calendars: { x: { dates: ['02-29'] } } }, null],
    ['gives up where `only` has no day', { every: '1s', only: 'x', calendars: { x: { dates: [] } } }, null],
    ['gives up in a blackout that never ends', { every: '1s', blackouts: [{ cron: '* * * * * *', for: '1s' }] }, null],
    [
      'gives up in a week of weekends',
      { every: '1s', weekend: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], move: 'nearest-business-day' },
      null,
    ],
    [
      'gives up in a year of holidays',
      {
        every: '1s',
        calendars: { x: { ics: 'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:00010101\nDTEND;VALUE=DATE:99991231\nEND:VEVENT\nEND:VCALENDAR' } },
        holidays: 'x',
        move: 'previous-business-day',
      },
      null,
    ],
    [
      'gives up with a move that `only` contradicts',
      { every: '1s', only: 'x', calendars: { x: { dates: ['2000-01-01'] } }, move: 'next-business-day' },
      null,
    ],
    ['is none after the end', { every: '1s', end: '2026-11-25T10:04' }, 2026],
    ['knows the last year', { every: '1 year' }, 2027],
  ])('%s', (_, spec, expected) => expect(year(spec)).toBe(expected))

  test('ends with the year 9999, and begins with the year 1', () => {
    const yearly = timetable({ cron: '* * * * *', every: '1s', solar: { event: 'solar_noon', latitude: 0, longitude: 0 } }, CREATED)
    for (const after of [Number.POSITIVE_INFINITY, 8.64e15, Date.UTC(9999, 11, 31), Number.MAX_SAFE_INTEGER]) expect(yearly.next(after)).toBeNull()
    expect(yearly.next(Number.NEGATIVE_INFINITY)!.at).toBeLessThan(Date.UTC(1, 0, 5))
    expect(() => yearly.next(Number.NaN)).toThrow(/is a number/)
  })
})

describe('the canonical form', () => {
  test.each<[TimetableSpec, TimetableSpec]>([
    [{ cron: '0 2 * * *' }, { timezone: 'UTC', cron: ['0 2 * * *'] }],
    [
      { every: '90s', timezone: 'europe/berlin' },
      { timezone: 'Europe/Berlin', every: { every: '1 minute 30 seconds', clock: 'elapsed' } },
    ],
    [
      { every: { every: '1 month', at: '09:00', anchor: '2026-01-31T00:00' } },
      { timezone: 'UTC', every: { every: '1 month', clock: 'wall', anchor: '2026-01-31', at: '09:00', monthEnd: 'clamp' } },
    ],
    [
      { at: ['2026-12-24 18:00', '2026-12-24T18:00:00', '2026-12-24T19:00:00.500+01:00'] },
      { timezone: 'UTC', at: ['2026-12-24T18:00:00', '2026-12-24T18:00:00.500Z'] },
    ],
    [
      { cron: '0 2 * * *', dialect: 'unix', only: 'b', except: [], weekend: ['sun', 'sat'], calendars: { b: { dates: ['12-25', '01-01'] } } },
      { timezone: 'UTC', cron: ['0 2 * * *'], calendars: { b: { dates: ['01-01', '12-25'] } }, only: ['b'] },
    ],
    [
      {
        every: '1d',
        weekend: [],
        blackouts: [
          { cron: '0 2 * * *', for: 'PT1H' },
          { from: '2026-01-01', to: '2026-01-02', note: 'x' },
        ],
      },
      {
        timezone: 'UTC',
        every: { every: '1 day', clock: 'elapsed' },
        weekend: [],
        blackouts: [
          { cron: '0 2 * * *', for: '1 hour' },
          { from: '2026-01-01', to: '2026-01-02', note: 'x' },
        ],
      },
    ],
  ])('of %j', (spec, canonical) => {
    expect(timetable(spec, CREATED).spec).toEqual(canonical)
    expect(Object.keys(timetable(spec, CREATED).spec)).toEqual(Object.keys(canonical))
    expect(timetable(canonical, CREATED).spec).toEqual(canonical)
  })
})
