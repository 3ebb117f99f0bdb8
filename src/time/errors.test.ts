import { expect, test } from 'vitest'
import { TimetableError, type TimetableErrorCode, timetable } from './timetable.ts'

const CREATED = Date.parse('2026-11-25T10:00Z')
const daily = { cron: '0 2 * * *' }

test.each<[string, unknown, TimetableErrorCode, string, RegExp]>([
  ['no object', 'daily', 'invalid-schedule', '', /is an object/],
  ['nothing', {}, 'invalid-schedule', '', /give "cron", "every", "at" or "solar"/],
  ['empty lists', { cron: [] }, 'invalid-schedule', '', /needs times/],
  ['a typo', { ...daily, timzone: 'UTC' }, 'invalid-schedule', '/timzone', /did you mean "timezone"/],
  ['a foreign field', { ...daily, 'a/b~c': 1 }, 'invalid-schedule', '/a~1b~0c', /has no field "a\/b~c"/],
  ['an unknown zone', { ...daily, timezone: 'Berlin' }, 'invalid-timezone', '/timezone', /Did you mean "Europe\/Berlin"/],
  ['a zone that is no text', { ...daily, timezone: 1 }, 'invalid-schedule', '/timezone', /is a text/],
  ['a bad cron', { cron: '61 * * * *' }, 'invalid-cron', '/cron', /./],
  ['a bad cron in a list', { cron: ['* * * * *', '* * *'] }, 'invalid-cron', '/cron/1', /./],
  ['a cron that never fires', { cron: '0 0 31 2 *' }, 'schedule-never-fires', '/cron', /./],
  ['a cron that is no text', { cron: [5] }, 'invalid-cron', '/cron/0', /is a text such as/],
  ['a cron of no fields', { cron: {}, dialect: 'celery' }, 'invalid-cron', '/cron', /is a text such as/],
  ['a dialect', { ...daily, dialect: 'linux' }, 'invalid-schedule', '/dialect', /"unix"/],
  ['a gap', { ...daily, gap: 'skipp' }, 'invalid-schedule', '/gap', /Did you mean "skip"/],
  ['a fold', { ...daily, fold: null }, 'invalid-schedule', '/fold', /"first"/],
  ['an interval', { every: '5 fortnights' }, 'invalid-schedule', '/every', /no unit "fortnights"/],
  ['an interval in an object', { every: { every: '15' } }, 'invalid-schedule', '/every/every', /units/],
  ['an interval without one', { every: {} }, 'invalid-schedule', '/every/every', /is a text/],
  ['a clock', { every: { every: '1d', clock: 'sun' } }, 'invalid-schedule', '/every/clock', /"elapsed" or "wall"/],
  ['elapsed months', { every: { every: '1 month', clock: 'elapsed' } }, 'invalid-schedule', '/every/clock', /no fixed length/],
  ['an elapsed time of day', { every: { every: '1d', clock: 'elapsed', at: '09:00' } }, 'invalid-schedule', '/every/clock', /wall clock/],
  ['a time of day', { every: { every: '1d', at: '25:00' } }, 'invalid-schedule', '/every/at', /HH:MM/],
  ['a time of day for hours', { every: { every: '6h', at: '09:00' } }, 'invalid-schedule', '/every/at', /not with 6 hours/],
  ['a month end', { every: { every: '1 month', monthEnd: 'clip' } }, 'invalid-schedule', '/every/monthEnd', /"clamp"/],
  ['an anchor', { every: { every: '1d', anchor: 'now' } }, 'invalid-schedule', '/every/anchor', /ISO 8601/],
  ['a time', { at: ['2026-12-24', '24.12.2026'] }, 'invalid-schedule', '/at/1', /ISO 8601/],
  ['a day that is none', { at: '2026-02-29' }, 'invalid-schedule', '/at', /2026-02 has 28 days/],
  ['an hour that is none', { at: '2026-02-28T24:00' }, 'invalid-schedule', '/at', /00:00:00 to 23:59:59/],
  ['no time', { at: [] }, 'invalid-schedule', '/at', /one time at least/],
  ['an event of the sun', { solar: { event: 'dusk', latitude: 0, longitude: 0 } }, 'invalid-schedule', '/solar/event', /"dusk_civil"/],
  ['a latitude', { solar: { event: 'sunset', latitude: 91, longitude: 0 } }, 'invalid-schedule', '/solar/latitude', /-90 to 90/],
  ['a longitude', { solar: { event: 'sunset', latitude: 0, longitude: Number.NaN } }, 'invalid-schedule', '/solar/longitude', /-180 to 180/],
  ['an end before the start', { ...daily, start: '2026-12-02', end: '2026-12-01' }, 'schedule-never-fires', '/end', /after the start/],
  [
    'no time between start and end',
    { ...daily, start: '2026-12-01T03:00', end: '2026-12-02T02:00' },
    'schedule-never-fires',
    '/end',
    /no time before its end and after its start/,
  ],
  [
    'an anchor after the end',
    { every: { every: '1d', anchor: '2027-01-01' }, end: '2026-12-31' },
    'schedule-never-fires',
    '/end',
    /no time before its end/,
  ],
  ['calendars that are a list', { ...daily, calendars: [] }, 'invalid-schedule', '/calendars', /are an object/],
  ['a calendar of both', { ...daily, calendars: { de: { dates: [], ics: 'x' } } }, 'invalid-calendar', '/calendars/de', /one of them/],
  ['a calendar of none', { ...daily, calendars: { 'a/b': {} } }, 'invalid-calendar', '/calendars/a~1b', /one of them/],
  [
    'a calendar with a built-in name',
    { ...daily, calendars: { 'business-days': { dates: [] } } },
    'invalid-calendar',
    '/calendars/business-days',
    /is built in/,
  ],
  [
    'a day of a calendar',
    { ...daily, calendars: { de: { dates: ['12-25', '12-32'] } } },
    'invalid-calendar',
    '/calendars/de/dates/1',
    /Month 12 has 31 days, no day 32/,
  ],
  ['a date of a calendar', { ...daily, calendars: { de: { dates: ['25.12.'] } } }, 'invalid-calendar', '/calendars/de/dates/0', /"12-25"|"12-24"/],
  [
    'an iCalendar text',
    { ...daily, calendars: { de: { ics: 'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\nEND:VCALENDAR' } } },
    'invalid-calendar',
    '/calendars/de/ics',
    /no DTSTART/,
  ],
  [
    'an unknown calendar',
    { ...daily, calendars: { feiertage: { dates: [] } }, except: ['feiertag'] },
    'invalid-calendar',
    '/except/0',
    /did you mean "feiertage"/,
  ],
  ['no calendars', { ...daily, only: 'weekdays' }, 'invalid-calendar', '/only', /define it under "calendars"/],
  ['business days as holidays', { ...daily, holidays: 'business-days' }, 'invalid-calendar', '/holidays', /no calendar/],
  ['a weekday', { ...daily, weekend: ['sat', 'domingo'] }, 'invalid-schedule', '/weekend/1', /"mon"/],
  ['a move', { ...daily, move: 'next' }, 'invalid-schedule', '/move', /"next-business-day"/],
  ['a blackout of nothing', { ...daily, blackouts: [{}] }, 'invalid-schedule', '/blackouts/0', /"from" and "to", or "cron" and "for"/],
  [
    'a blackout of both',
    { ...daily, blackouts: [{ from: '2026-01-01', cron: '* * * * *' }] },
    'invalid-schedule',
    '/blackouts/0',
    /"from" and "to", or/,
  ],
  [
    'a blackout that ends before it begins',
    { ...daily, blackouts: [{ from: '2026-01-02', to: '2026-01-02' }] },
    'invalid-schedule',
    '/blackouts/0/to',
    /after the beginning/,
  ],
  ['a blackout without an end', { ...daily, blackouts: [{ from: '2026-01-02' }] }, 'invalid-schedule', '/blackouts/0/to', /is a text/],
  [
    'a blackout of months',
    { ...daily, blackouts: [{ cron: '* * * * *', for: '1 month' }] },
    'invalid-schedule',
    '/blackouts/0/for',
    /no fixed length/,
  ],
  ['a blackout of a bad cron', { ...daily, blackouts: [{ cron: 'x', for: '1h' }] }, 'invalid-cron', '/blackouts/0/cron', /./],
  [
    'a blackout counted from when it is asked',
    { ...daily, dialect: 'robfig', blackouts: [{ cron: '@every 1h', for: '5m' }] },
    'invalid-schedule',
    '/blackouts/0/cron',
    /no times of its own/,
  ],
  ['a note', { ...daily, blackouts: [{ from: '2026-01-02', to: '2026-01-03', note: '' }] }, 'invalid-schedule', '/blackouts/0/note', /not empty/],
])('%s', (_, spec, code, at, hint) => {
  const error = errorOf(spec)
  expect({ code: error.code, at: error.at, hint: error.hint || error.message }).toEqual({ code, at, hint: expect.stringMatching(hint) })
  expect(error.message).toContain(at)
})

test('the place within a text is told', () => {
  expect(errorOf({ every: '1h 5x' })).toMatchObject({ at: '/every', offset: 4, length: 1 })
  expect(errorOf({ cron: ['* * * * *', '0 25 * * *'] })).toMatchObject({ at: '/cron/1', offset: 2, length: 2, found: '25' })
  const ics = 'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:soon\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n'
  const error = errorOf({ ...daily, calendars: { de: { ics } } })
  expect(error).toMatchObject({ line: 3, found: 'soon' })
  expect(ics.slice(error.offset, error.offset! + error.length!)).toBe('DTSTART:soon')
})

function errorOf(spec: unknown): TimetableError {
  try {
    timetable(spec as never, CREATED)
  } catch (error) {
    if (error instanceof TimetableError) return error
    throw error
  }
  throw new Error(`nothing was wrong with ${JSON.stringify(spec)}`)
}
