import { describe, expect, test } from 'vitest'
import { HOLIDAYS_ICS } from './ics/samples.ts'
import type { TimetableSpec } from './spec.ts'
import { timetable } from './timetable.ts'

const CREATED = Date.parse('2026-11-25T10:03:27Z')
const berlin = { timezone: 'Europe/Berlin' }
const holidays = { calendars: { de: { ics: HOLIDAYS_ICS } }, holidays: 'de' }

describe('words', () => {
  test.each<[TimetableSpec, string]>([
    [
      { cron: '0 2 L * *', ...berlin, ...holidays, except: 'de', end: '2028-01-01' },
      'at 02:00 on the last day of the month, in Europe/Berlin, except on holidays (de), until 2028-01-01',
    ],
    [
      { cron: '0 2 L * *', ...berlin, ...holidays, move: 'previous-business-day' },
      'at 02:00 on the last day of the month, in Europe/Berlin, moved to the previous business day (not sat and sun, not on "de")',
    ],
    [{ cron: '0 2 * * *', only: 'business-days' }, 'at 02:00 every day, in UTC, only on business days (not sat and sun)'],
    [
      { cron: '0 2 * * *', only: 'business-days', move: 'nearest-business-day', weekend: [] },
      'at 02:00 every day, in UTC, only on business days (all days), moved to the nearest business day',
    ],
    [
      { cron: '0 2 * * *', calendars: { a: { dates: [] }, b: { dates: [] } }, only: ['a', 'b'] },
      'at 02:00 every day, in UTC, only on the days of "a" or the days of "b"',
    ],
    [{ every: '15m' }, 'every 15 minutes, in UTC'],
    [{ every: '1 month' }, 'every month at 10:03:27, in UTC'],
    [
      { every: { every: '1d', at: '09:00' }, ...berlin, start: '2026-12-01', end: '2027-01-01T12:00:00Z' },
      'every day at 09:00, in Europe/Berlin, from 2026-12-01, until 2027-01-01 12:00 UTC',
    ],
    [
      { every: { every: '1 month', anchor: '2026-01-31T09:00', monthEnd: 'drift' } },
      'every month from 2026-01-31 09:00 on (drifting at the end of months), in UTC',
    ],
    [
      { every: { every: '3 months', anchor: '2026-01-31', monthEnd: 'skip' } },
      'every 3 months from 2026-01-31 on (leaving out months without that day), in UTC',
    ],
    [{ at: ['2026-12-24T18:00', '2026-12-25'] }, 'at 2026-12-24 18:00 and 2026-12-25, in UTC'],
    [{ at: ['2026-12-24', '2026-12-25', '2026-12-26', '2026-12-27'] }, 'at 4 given times, in UTC'],
    [{ solar: { event: 'sunrise', latitude: 52.52, longitude: 13.405 } }, 'at sunrise at 52.52°N 13.405°E, in UTC'],
    [{ solar: { event: 'dusk_civil', latitude: -33, longitude: -70 } }, 'at civil dusk at 33°S 70°W, in UTC'],
    [{ cron: '@every 90s', dialect: 'robfig' }, 'every 1 minute 30 seconds, in UTC'],
    [{ cron: 'CRON_TZ=Asia/Tokyo 0 2 * * *', dialect: 'robfig' }, 'at 02:00 every day (in Asia/Tokyo), in UTC'],
    [{ cron: ['0 2 * * *', '0 4 * * *'], every: '1d' }, 'at 02:00 every day, and at 04:00 every day, and every day, in UTC'],
    [
      {
        cron: '5 2 * * *',
        blackouts: [
          { from: '2026-12-20', to: '2027-01-04', note: 'freeze' },
          { from: '2027-02-01', to: '2027-02-02' },
          { cron: '0 2 * * SUN', for: '2h' },
        ],
      },
      'at 02:05 every day, in UTC, not during "freeze", 2027-02-01 to 2027-02-02 and 2 hours from "0 2 * * SUN"',
    ],
    [
      { cron: '5 2 * * *', blackouts: [1, 2, 3, 4].map(day => ({ from: `2026-12-0${day}`, to: `2026-12-0${day}T12:00` })) },
      'at 02:05 every day, in UTC, not in 4 blackouts',
    ],
  ])('of %j', (spec, words) => expect(timetable(spec, CREATED).words()).toBe(words))
})

describe('warnings', () => {
  const daily = { cron: '7 4 * * *' } // of which the cron reader has nothing to say
  test.each<[string, TimetableSpec, [string, string, RegExp][]]>([
    ['nothing', daily, []],
    [
      'what the cron reader says',
      { cron: ['7 4 * * *', '30 2 * * *'], ...berlin },
      [
        ['dst-skipped', '/cron/1', /^02:30 on Sunday, 28 March 2027 .*\.$/],
        ['dst-repeated', '/cron/1', /./],
      ],
    ],
    [
      'days of elapsed time, where the clock is set',
      { every: '1d', ...berlin },
      [['interval-drifts', '/every', /^Every day of elapsed time is another local time from 2027-03-28 on/]],
    ],
    ['not where it is not', { every: '1d' }, []],
    ['nor for hours', { every: '6h', ...berlin }, []],
    ['nor by the wall clock', { every: { every: '1d', clock: 'wall' }, ...berlin }, []],
    ['months that drift', { every: { every: '1 month', monthEnd: 'drift' } }, [['month-end-drifts', '/every/monthEnd', /28th of March/]]],
    ['months that are left out', { every: { every: '1 month', monthEnd: 'skip' } }, [['months-skipped', '/every/monthEnd', /left out/]]],
    ['a time that is past', { at: ['2027-01-01', '2026-11-25T10:03:27Z'] }, [['time-past', '/at/1', /This time is past/]]],
    ['times that are past', { at: ['2026-01-01', '2026-01-02', '2027-01-01'] }, [['time-past', '/at/0', /2 times are past/]]],
    [
      'nothing but past',
      { at: '2026-01-01' },
      [
        ['time-past', '/at', /past/],
        ['no-more-times', '', /never fires again/],
      ],
    ],
    ['an end that is past', { ...daily, end: '2026-11-25' }, [['no-more-times', '', /never fires again/]]],
    [
      'a time that the clock leaves out',
      { at: ['2027-03-28T02:30', '2027-03-29'], ...berlin, gap: 'skip' },
      [['time-skipped', '/at/0', /never shows this time/]],
    ],
    [
      'sources that meet',
      { cron: ['7 4 * * *', '7 */4 * * *'], ...berlin },
      [['sources-overlap', '/cron/1', /This and \/cron\/0 both name 2026-11-26 04:07/]],
    ],
    ['sources of different kinds', { ...daily, at: '2026-12-01T04:07' }, [['sources-overlap', '/at', /and \/cron both/]]],
    ['a calendar that nothing uses', { ...daily, calendars: { a: { dates: ['12-25'] } } }, [['calendar-unused', '/calendars/a', /Nothing uses/]]],
    ['a calendar without days', { ...daily, calendars: { a: { dates: [] } }, except: 'a' }, [['calendar-empty', '/calendars/a', /no days/]]],
    [
      'a calendar that ends',
      { ...daily, calendars: { 'a/b': { dates: ['2026-12-25', '2027-01-01'] } }, except: 'a/b' },
      [['calendar-ends', '/calendars/a~1b', /nothing after 2027-01-01/]],
    ],
    ['not if the schedule ends before', { ...daily, calendars: { a: { dates: ['2026-12-25', '2027-01-01'] } }, except: 'a', end: '2027-01-01' }, []],
    ['holidays that nothing asks for', { ...daily, ...holidays }, [['business-days-unused', '/holidays', /Nothing asks for business days/]]],
    ['not if they are excluded', { ...daily, ...holidays, except: 'de' }, []],
    ['a weekend that nothing asks for', { ...daily, weekend: ['fri'] }, [['business-days-unused', '/weekend', /Nothing asks/]]],
    ['business days that are all days', { ...daily, weekend: [], move: 'next-business-day' }, [['business-days-unused', '/move', /Every day is/]]],
    [
      'no business day',
      { ...daily, weekend: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], only: 'business-days' },
      [
        ['no-business-days', '/weekend', /no day is a business day/],
        ['all-held', '', /by "business-days"/],
      ],
    ],
    [
      'a blackout that is over',
      { ...daily, blackouts: [{ from: '2026-01-01', to: '2026-02-01' }] },
      [['blackout-past', '/blackouts/0', /over since 2026-02-01/]],
    ],
    [
      'all in a blackout',
      { ...daily, blackouts: [{ cron: '0 4 * * *', for: '1h', note: 'backup' }] },
      [['all-held', '', /the first by "backup": nothing fires/]],
    ],
  ])('of %s', (_, spec, warnings) => {
    const found = timetable(spec, CREATED).warnings(CREATED)
    expect(found).toEqual(warnings.map(([code, at, message]) => expect.objectContaining({ code, at, message: expect.stringMatching(message) })))
    for (const { message, hint } of found)
      expect([message, hint ?? 'None.'].filter(text => !/^[^a-z].*[.?]$/s.test(text) && !/^"/.test(text))).toEqual([])
  })
})
