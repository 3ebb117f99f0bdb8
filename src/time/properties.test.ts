import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseCron } from './cron/cron.ts'
import { type Interval, parseInterval } from './interval.ts'
import { dayAt, instantOf, instantOfMoment, type Moment, parseMoment } from './moments.ts'
import { readSpec } from './read-spec.ts'
import { CREATED, NUMBERS, type SourceSpec, sampleInstant, sampleSource, sampleSpec } from './samples.ts'
import type { BlackoutSpec, TimetableSpec } from './spec.ts'
import { type Nominal, type Timetable, timetable } from './timetable.ts'
import { zoneOf } from './zone.ts'

const numbers = fc.array(fc.nat(), { minLength: NUMBERS, maxLength: NUMBERS })
const specs = numbers.map(sampleSpec)
const instants = numbers.map(sampleInstant)
const sources = numbers.map(sampleSource)
const RUNS = { numRuns: 150 }
const END = Number.POSITIVE_INFINITY

/** By `next`, one after the other. */
function walk(times: Timetable, after: number, count: number): Nominal[] {
  const found: Nominal[] = []
  for (let next = times.next(after); next !== null && found.length < count; next = times.next(next.at)) found.push(next)
  return found
}

test('times strictly increase, and `between` has the same', () => {
  fc.assert(
    fc.property(specs, instants, (spec, after) => {
      const times = timetable(spec, CREATED)
      const found = walk(times, after, 30)
      for (const [index, { at }] of found.entries()) expect(at).toBeGreaterThan(index === 0 ? after : found[index - 1]!.at)
      expect(times.between(after, END, 30)).toEqual(found)
      const last = found.at(-1)?.at ?? after
      expect(times.between(after, last, 1_000)).toEqual(found)
      expect(times.between(after, last - 1, 1_000)).toEqual(found.slice(0, -1))
    }),
    RUNS,
  )
})

test('an answer depends on nothing that was asked before', () => {
  fc.assert(
    fc.property(specs, fc.array(instants, { minLength: 2, maxLength: 8 }), (spec, asked) => {
      const times = timetable(spec, CREATED)
      const answers = asked.map(after => times.next(after))
      expect([...asked].reverse().map(after => times.next(after))).toEqual([...answers].reverse())
      expect(asked.map(after => timetable(spec, CREATED).next(after))).toEqual(answers)
      // A time between a question and its answer has the same answer.
      for (const [index, after] of asked.entries())
        if (answers[index]) expect(times.next(Math.floor((after + answers[index].at - 1) / 2))).toEqual(answers[index])
    }),
    RUNS,
  )
})

test('the canonical form is the same timetable', () => {
  fc.assert(
    fc.property(specs, instants, (spec, after) => {
      const times = timetable(spec, CREATED)
      const again = timetable(times.spec, CREATED)
      expect(again.spec).toEqual(times.spec)
      expect(JSON.parse(JSON.stringify(times.spec))).toEqual(times.spec)
      expect(walk(again, after, 10)).toEqual(walk(times, after, 10))
    }),
    RUNS,
  )
})

test('several sources have the times of each, sorted, each once', () => {
  const parts = fc.tuple(sources, sources, sources)
  fc.assert(
    fc.property(parts, fc.constantFrom('UTC', 'Europe/Berlin'), instants, (three, timezone, after) => {
      const joined = timetable({ timezone, ...merged(three) }, CREATED)
      const until = after + 40 * 86_400_000
      // A source that another of its kind has replaced is left out; crons and one-off times add up.
      const each = unmerged(merged(three)).flatMap(part => walkUntil(timetable({ timezone, ...part }, CREATED), after, until))
      expect(walkUntil(joined, after, until)).toEqual([...new Set(each)].sort((a, b) => a - b))
    }),
    RUNS,
  )
})

function merged(parts: readonly SourceSpec[]): SourceSpec {
  const cron = parts.flatMap(part => (part.cron === undefined ? [] : [part.cron as string]))
  const at = parts.flatMap(part => part.at ?? [])
  const { every, solar } = Object.assign({}, ...parts) as SourceSpec
  return { ...(cron.length > 0 ? { cron } : {}), ...(at.length > 0 ? { at } : {}), ...(every ? { every } : {}), ...(solar ? { solar } : {}) }
}

function unmerged({ cron, at, every, solar }: SourceSpec): SourceSpec[] {
  return [
    ...((cron ?? []) as string[]).map(each => ({ cron: each })),
    ...((at ?? []) as string[]).map(each => ({ at: each })),
    ...(every ? [{ every }] : []),
    ...(solar ? [{ solar }] : []),
  ]
}

function walkUntil(times: Timetable, after: number, until: number): number[] {
  return times.between(after, until, 100_000).map(nominal => nominal.at)
}

test('moved times land on business days, at the same local time, and no day is passed over', () => {
  fc.assert(
    fc.property(specs, instants, fc.constantFrom('next-business-day', 'previous-business-day', 'nearest-business-day'), (any, after, move) => {
      const { only, ...rest } = any
      const spec = { ...rest, move } as TimetableSpec
      const { businessDays, zone } = readSpec(spec, CREATED)
      for (const { at, held, movedFrom } of timetable(spec, CREATED).between(after, END, 20)) {
        if (held?.by !== 'business-days') expect(businessDays.isBusiness(dayAt(zone, at))).toBe(true)
        if (movedFrom === undefined) continue
        const [from, to] = [dayAt(zone, movedFrom), dayAt(zone, at)]
        expect(businessDays.isBusiness(from)).toBe(false)
        expect(at).toBe(instantOf(zone, zone.localOf(movedFrom) + (to - from) * 86_400_000))
        if (move === 'next-business-day') expect(to).toBeGreaterThan(from)
        if (move === 'previous-business-day') expect(to).toBeLessThan(from)
        for (let day = Math.min(from, to) + 1; day < Math.max(from, to); day++) expect(businessDays.isBusiness(day)).toBe(false)
      }
    }),
    RUNS,
  )
})

test('what moves is what would be without the move: each time lands where its day does', () => {
  fc.assert(
    fc.property(specs, instants, fc.constantFrom('next-business-day', 'previous-business-day', 'nearest-business-day'), (any, after, move) => {
      const { only, except, blackouts, start, move: _, ...spec } = any
      const { businessDays, zone } = readSpec({ ...spec, move } as TimetableSpec, CREATED)
      const span = 15 * 86_400_000
      const landed = timetable(spec, CREATED)
        .between(after - 2 * span, after + 3 * span, 10_000)
        .map(({ at }) => {
          const [from, to] = [dayAt(zone, at), businessDays.moved(dayAt(zone, at), move as 'next-business-day')]
          return from === to ? at : instantOf(zone, zone.localOf(at) + (to - from) * 86_400_000)!
        })
      const expected = [...new Set(landed)].filter(at => at > after && at <= after + span).sort((a, b) => a - b)
      expect(walkUntil(timetable({ ...spec, move } as TimetableSpec, CREATED), after, after + span)).toEqual(expected)
    }),
    RUNS,
  )
})

test('nothing fires in a blackout, in `except`, outside `only`, before the start', () => {
  fc.assert(
    fc.property(specs, instants, (spec, after) => {
      const plan = readSpec(spec, CREATED)
      const times = timetable(spec, CREATED)
      const covered = (names: readonly string[], at: number): boolean =>
        names.some(name => coversByHand(spec, name, at) ?? plan.calendars.get(name)!.coverage.covers(at))
      for (const { at, held, movedFrom } of times.between(after, END, 40)) {
        if (plan.start) expect(at).toBeGreaterThanOrEqual(plan.start.instant)
        const out = plan.only.length > 0 && !covered(plan.only, plan.only.includes('business-days') ? at : (movedFrom ?? at))
        const excluded = out || covered(plan.except, at)
        const dark = (spec.blackouts ?? []).some(blackout => isDark(blackout, spec, at))
        if (held === null) expect([excluded, dark]).toEqual([false, false])
        else if (held.by !== 'business-days') expect(held.is === 'excluded' ? excluded : dark).toBe(true)
      }
    }),
    RUNS,
  )
})

/** The days of the simple calendars, without what is under test; null for the others. */
function coversByHand(spec: TimetableSpec, name: string, at: number): boolean | null {
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone: spec.timezone ?? 'UTC' }).format(at)
  if (name === 'fixed') return ['12-25', '12-26', '01-01', '2026-12-24', '2027-03-29'].some(date => day.endsWith(date))
  if (name === 'none') return false
  if (name !== 'business-days' || (spec.holidays ?? []).includes('holidays') || (spec.holidays ?? []).includes('hours'))
    return name === 'business-days' ? readSpec(spec, CREATED).businessDays.covers(at) : null
  const weekday = new Date(day).toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' }).toLowerCase()
  return !(spec.weekend ?? ['sat', 'sun']).includes(weekday) && !((spec.holidays ?? []).includes('fixed') && coversByHand(spec, 'fixed', at))
}

function isDark(blackout: BlackoutSpec, spec: TimetableSpec, at: number): boolean {
  const options = { timezone: spec.timezone ?? 'UTC', ...(spec.gap ? { gap: spec.gap } : {}), ...(spec.fold ? { fold: spec.fold } : {}) }
  if ('cron' in blackout) {
    const begun = parseCron(blackout.cron, options).previous(at + 1)
    return begun !== null && at - begun < (parseInterval(blackout.for) as Interval).ms
  }
  const [from, to] = [blackout.from, blackout.to].map(text => instantOfMoment(parseMoment(text) as Moment, zoneOf(options.timezone))!)
  return at >= from! && at < to!
}

test('the first that fires is the first that is not held', () => {
  fc.assert(
    fc.property(specs, instants, (spec, after) => {
      const times = timetable(spec, CREATED)
      const first = times.nextFiring(after)
      const walked = walk(times, after, 300)
      const expected = walked.find(nominal => nominal.held === null)
      // After 8 years of held times the search may end.
      if (expected && expected.at < after + 8 * 365 * 86_400_000) expect(first).toEqual(expected)
      else if (first && first.at !== expected?.at) expect(first.at).toBeGreaterThan(walked.at(-1)!.at)
    }),
    RUNS,
  )
})

test('at most one local time a day is left out or doubled when the clock is set', () => {
  const daily = fc.record({
    timezone: fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Cairo'),
    minutes: fc.integer({ min: 0, max: 1_439 }),
  })
  fc.assert(
    fc.property(daily, fc.constantFrom('shift' as const, 'edge' as const), instants, ({ timezone, minutes }, gap, after) => {
      const at = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
      const times = timetable({ timezone, gap, every: { every: '1d', at, anchor: '2020-01-01T00:00:00Z' } }, CREATED)
      const zone = zoneOf(timezone)
      const found = walk(times, after, 20).map(nominal => dayAt(zone, nominal.at))
      expect(found).toEqual(found.map((_, index) => found[0]! + index))
    }),
    RUNS,
  )
})
