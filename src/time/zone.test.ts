import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HORIZON, type Zone, ZoneError, zoneOf } from './zone.ts'

const HOUR = 3_600_000
const NAMES = Intl.supportedValuesOf('timeZone')

describe('transitions', () => {
  test.each([
    ['Europe/Berlin', '2026-01-15T00:00:00Z', '2026-03-29T01:00:00Z', 1, 2],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', '2026-10-25T01:00:00Z', 2, 1],
    ['Australia/Lord_Howe', '2026-01-15T00:00:00Z', '2026-04-04T15:00:00Z', 11, 10.5],
    ['Antarctica/Troll', '2026-01-15T00:00:00Z', '2026-03-29T01:00:00Z', 0, 2],
    ['Africa/Casablanca', '2026-01-15T00:00:00Z', '2026-02-15T02:00:00Z', 1, 0],
    ['Africa/Casablanca', '2026-02-15T02:00:00Z', '2026-03-22T02:00:00Z', 0, 1],
    ['America/Sao_Paulo', '2018-06-01T00:00:00Z', '2018-11-04T03:00:00Z', -3, -2],
    ['Pacific/Apia', '2011-12-01T00:00:00Z', '2011-12-30T10:00:00Z', -10, 14],
    ['Asia/Singapore', '1981-12-01T00:00:00Z', '1981-12-31T16:00:00Z', 7.5, 8],
    ['Africa/Monrovia', '1970-01-01T00:00:00Z', '1972-01-07T00:44:30Z', -(44 * 60 + 30) / 3_600, 0],
    ['Europe/Berlin', '2099-12-01T00:00:00Z', '2100-03-28T01:00:00Z', 1, 2],
    ['Europe/Berlin', '2500-01-01T00:00:00Z', '2500-03-28T01:00:00Z', 1, 2],
  ])('%s after %s changes at %s', (name, after, at, before, then) => {
    const transition = { at: Date.parse(at), before: before * HOUR, after: then * HOUR }
    expect(zoneOf(name).nextTransition(Date.parse(after))).toEqual(transition)
    expect(zoneOf(name).lastTransition(Date.parse(at))).toEqual(transition)
    expect(zoneOf(name).lastTransition(Date.parse(at) - 1)?.at).not.toBe(Date.parse(at))
  })

  test.each(['UTC', 'Etc/GMT+5', '+05:30', 'Asia/Tokyo', 'America/Sao_Paulo', 'Pacific/Apia'])('%s is never set again', name => {
    expect(zoneOf(name).nextTransition(Date.UTC(2026, 0, 1))).toBeNull()
  })

  test('are all there: between two of them no day has another offset, in every zone', () => {
    for (const name of NAMES.filter((_, index) => index % 30 === 0)) {
      const zone = zoneOf(name)
      for (let at = Date.UTC(2006, 0, 1), next = zone.nextTransition(at); at < Date.UTC(2030, 0, 1); at += 24 * HOUR) {
        if (next !== null && next.at <= at) next = zone.nextTransition(at)
        expect(zone.offsetAt(at)).toBe(next?.before ?? zone.offsetAt(HORIZON))
      }
    }
  })
})

describe('readings of the clock', () => {
  const anyZone = fc.constantFrom(...NAMES, 'UTC', '-03:30')
  const anySecond = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) / 1_000 }).map(second => second * 1_000)

  test('are those of Intl at any instant from 1970 to 2100 in any zone', () => {
    fc.assert(
      fc.property(anyZone, anySecond, (name, instant) => {
        expect(zoneOf(name).localOf(instant)).toBe(localByIntl(name, instant))
      }),
      { numRuns: 1_000 },
    )
  })

  test('belong to the instants that show them, near a change too', () => {
    fc.assert(
      fc.property(anyZone, anySecond, fc.integer({ min: -30 * 3_600, max: 30 * 3_600 }), (name, instant, seconds) => {
        const zone = zoneOf(name)
        const near = (zone.nextTransition(instant)?.at ?? instant) + seconds * 1_000
        const local = zone.localOf(near)
        const instants = zone.instantsOf(local)
        expect(instants).toContain(near)
        expect(instants).toEqual([...new Set(instants)].sort((a, b) => a - b))
        for (const each of instants) expect(zone.localOf(each)).toBe(local)
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    ['Europe/Berlin', '2026-03-29T02:30:00Z', []],
    ['Europe/Berlin', '2026-03-29T03:00:00Z', ['2026-03-29T01:00:00Z']],
    ['Europe/Berlin', '2026-10-25T02:30:00Z', ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z']],
    ['Europe/Berlin', '2026-10-25T03:00:00Z', ['2026-10-25T02:00:00Z']],
    ['Australia/Lord_Howe', '2026-04-05T01:45:00Z', ['2026-04-04T14:45:00Z', '2026-04-04T15:15:00Z']],
    ['Pacific/Apia', '2011-12-30T12:00:00Z', []],
    ['UTC', '2026-01-01T00:00:00Z', ['2026-01-01T00:00:00Z']],
  ])('%s shows %s at %j', (name, local, instants) =>
    expect(zoneOf(name).instantsOf(Date.parse(local))).toEqual(instants.map(text => Date.parse(text))),
  )
})

describe('names', () => {
  test.each([
    ['europe/berlin', 'Europe/Berlin'],
    ['utc', 'UTC'],
    ['US/Eastern', 'US/Eastern'],
    ['Asia/Kolkata', 'Asia/Kolkata'],
    ['+05:30', '+05:30'],
  ])('%s is known as %s', (name, known) => {
    expect(zoneOf(name).name).toBe(known)
    expect(zoneOf(name)).toBe(zoneOf(name.toUpperCase()))
  })

  test.each([
    ['Europe/Berln', 'There is no time zone "Europe/Berln". Did you mean "Europe/Berlin"?'],
    ['New York', 'There is no time zone "New York". Did you mean "America/New_York"?'],
    ['CEST', 'There is no time zone "CEST". Use an IANA name such as "Europe/Berlin", "America/New_York" or "UTC".'],
    ['', 'There is no time zone "". Use an IANA name such as "Europe/Berlin", "America/New_York" or "UTC".'],
  ])('%j is refused with a way out', (name, message) => {
    expect(() => zoneOf(name)).toThrow(ZoneError)
    expect(() => zoneOf(name)).toThrow(message)
  })
})

function localByIntl(name: string, instant: number): ReturnType<Zone['localOf']> {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const [month, day, year, hour, minute, second] = format.format(instant).split(/\D+/).map(Number)
  return Date.UTC(year!, month! - 1, day, hour, minute, second)
}
