import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Cron, type CronError, type CronOptions, type Dialect, type Fold, type Gap, parseCron } from './cron.ts'
import { RULES, type Rules } from './dialects.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const DIALECTS = (Object.keys(RULES) as Dialect[]).filter(dialect => dialect !== 'apscheduler')
const GAPS: Gap[] = ['skip', 'shift', 'shift-once', 'edge', 'vixie']
const FOLDS: Fold[] = ['first', 'second', 'both', 'vixie']
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Asia/Gaza',
  'Antarctica/Troll',
  'America/Sao_Paulo',
  'Pacific/Apia',
  'Asia/Kathmandu',
  '-03:30',
]

const formats = new Map<string, Intl.DateTimeFormat>()

/** One field: its text, and what it means, said in another way than the parser does. */
interface Piece<Value> {
  text: string
  has: (value: Value) => boolean
}
interface Model {
  text: string
  dialect: Dialect
  matches: (local: number) => boolean
  /** Minute or hour begins with `*`: cron(8) runs these by elapsed time. */
  wildcard: boolean
}

/** `most`: the greatest that is written, less than the field's last. */
const numbers = (min: number, max: number, rules: Rules, most = max): fc.Arbitrary<Piece<number>> => {
  const value = fc.integer({ min, max: most })
  const step = fc.integer({ min: 1, max: max - min })
  const range = fc.tuple(value, value).map(([a, b]) => (a > b && !rules.wraps ? ([b, a] as const) : ([a, b] as const)))
  const distance = (from: number, to: number) => (to - from + (max - min + 1)) % (max - min + 1)
  const inRange = (from: number, to: number, by: number) => (v: number) => distance(from, v) <= distance(from, to) && distance(from, v) % by === 0
  const item: fc.Arbitrary<Piece<number>> = fc.oneof(
    value.map(a => ({ text: `${a}`, has: (v: number) => v === a })),
    step.map(n => ({ text: `*/${n}`, has: (v: number) => (v - min) % n === 0 })),
    range.map(([a, b]) => ({ text: `${a}-${b}`, has: inRange(a, b, 1) })),
    fc.tuple(range, step).map(([[a, b], n]) => ({ text: `${a}-${b}/${n}`, has: inRange(a, b, n) })),
    ...(rules.openSteps ? [fc.tuple(value, step).map(([a, n]) => ({ text: `${a}/${n}`, has: inRange(a, max, n) }))] : []),
  )
  return lists(item)
}

function lists<Value>(item: fc.Arbitrary<Piece<Value>>): fc.Arbitrary<Piece<Value>> {
  return fc
    .array(item, { minLength: 1, maxLength: 3 })
    .map(items => ({ text: items.map(({ text }) => text).join(','), has: v => items.some(({ has }) => has(v)) }))
}

/** A local date as `Date` has it, in UTC. */
const dom = (day: Date) => day.getUTCDate()
const shift = (day: Date, days: number) => new Date(day.getTime() + days * DAY)
const lastOfMonth = (day: Date) => new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate()
const isWorkday = (day: Date) => day.getUTCDay() % 6 !== 0

/** The nearest Monday to Friday of the same month to its `target`th: the first hit, looking outwards. */
function isNearest(day: Date, target: number): boolean {
  if (target < 1 || target > lastOfMonth(day)) return false
  for (const off of [0, -1, 1, -2, 2]) {
    const candidate = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), target + off))
    if (candidate.getUTCMonth() === day.getUTCMonth() && isWorkday(candidate)) return candidate.getUTCDate() === day.getUTCDate()
  }
  return false
}

function monthDays(rules: Rules): fc.Arbitrary<Piece<Date>> {
  const specials: fc.Arbitrary<Piece<Date>>[] = []
  if (rules.specials.includes('L')) specials.push(fc.constant({ text: 'L', has: day => dom(day) === lastOfMonth(day) }))
  if (rules.specials.includes('L-n'))
    specials.push(fc.integer({ min: 1, max: 27 }).map(n => ({ text: `L-${n}`, has: day => dom(day) === lastOfMonth(day) - n })))
  if (rules.specials.includes('W'))
    specials.push(
      fc.oneof(fc.constantFrom(1, 2, 28, 29, 30, 31), fc.integer({ min: 1, max: 31 })).map(n => ({ text: `${n}W`, has: day => isNearest(day, n) })),
      fc.constant({ text: 'LW', has: day => isNearest(day, lastOfMonth(day)) }),
    )
  const plain = numbers(1, 31, rules).map(({ text, has }) => ({ text, has: (day: Date) => has(dom(day)) }))
  return mixed(plain, specials, rules)
}

function weekdays(rules: Rules): fc.Arbitrary<Piece<Date>> {
  const { anyMin, anyMax, sunday } = rules.weekday
  const numberOf = (day: Date) => (sunday === 0 && anyMin === 1 && day.getUTCDay() === 0 ? 7 : day.getUTCDay() + sunday)
  const named = fc
    .integer({ min: 0, max: 6 })
    .map(n => ({ text: ['Sun', 'mon', 'TUE', 'wed', 'Thu', 'FRI', 'sat'][n]!, has: (day: Date) => day.getUTCDay() === n }))
  const specials: fc.Arbitrary<Piece<Date>>[] = []
  const value = fc.integer({ min: anyMin, max: anyMax })
  if (rules.specials.includes('#'))
    specials.push(
      fc
        .tuple(value, fc.integer({ min: 1, max: 5 }))
        .map(([n, k]) => ({ text: `${n}#${k}`, has: day => numberOf(day) === n && Math.ceil(dom(day) / 7) === k })),
    )
  if (rules.specials.includes('nL'))
    specials.push(value.map(n => ({ text: `${n}L`, has: day => numberOf(day) === n && shift(day, 7).getUTCMonth() !== day.getUTCMonth() })))
  const plain = numbers(anyMin, anyMax, rules).map(({ text, has }) => ({ text, has: (day: Date) => has(numberOf(day)) }))
  return mixed(fc.oneof(plain, named), specials, rules)
}

function mixed(plain: fc.Arbitrary<Piece<Date>>, specials: fc.Arbitrary<Piece<Date>>[], rules: Rules): fc.Arbitrary<Piece<Date>> {
  if (specials.length === 0) return plain
  return fc.oneof(plain, ...specials, ...(rules.specialsInLists ? [lists(fc.oneof(plain, ...specials))] : []))
}

const star = <Value>(): Piece<Value> => ({ text: '*', has: () => true })
const mostly = <Value>(piece: fc.Arbitrary<Piece<Value>>): fc.Arbitrary<Piece<Value>> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(star<Value>()) }, { weight: 2, arbitrary: piece })

/** An expression of a dialect with its meaning. `fine`: with seconds other than 0. `on`: for one day of the year. */
function models(dialect: Dialect, fine: boolean, on?: Date): fc.Arbitrary<Model> {
  const rules = RULES[dialect]
  const only = (value: number) => fc.constant({ text: `${value}`, has: (v: number) => v === value })
  return fc
    .record({
      second:
        fine && rules.layouts.some(layout => layout.includes('second'))
          ? numbers(0, 59, rules)
          : fc.constant({ text: '0', has: (v: number) => v === 0 }),
      minute: fc.oneof(fc.constant(star<number>()), numbers(0, 59, rules)),
      hour: fc.oneof(on ? only(on.getUTCHours()) : fc.constant(star<number>()), numbers(0, 23, rules), numbers(0, 23, rules, 3)),
      dayOfMonth: on ? only(dom(on)).map(({ text, has }) => ({ text, has: (day: Date) => has(dom(day)) })) : mostly(monthDays(rules)),
      month: on
        ? only(on.getUTCMonth() + 1)
        : fc.oneof({ weight: 5, arbitrary: fc.constant(star<number>()) }, { weight: 1, arbitrary: numbers(1, 12, rules) }),
      dayOfWeek: on ? fc.constant(star<Date>()) : mostly(weekdays(rules)),
      question: fc.boolean(),
    })
    .map(({ question, ...pieces }) => {
      if (rules.oneDayField) {
        if (question || pieces.dayOfWeek.text === '*') pieces.dayOfWeek = { ...star(), text: '?' }
        else pieces.dayOfMonth = { ...star(), text: '?' }
      }
      const layout = rules.layouts.find(names => names.includes('second') && (fine || dialect !== 'unix')) ?? rules.layouts[0]!
      const { second, minute, hour, dayOfMonth, month, dayOfWeek } = pieces
      const says = (piece: Piece<Date>) => piece.text !== '*' && piece.text !== '?'
      const both = says(dayOfMonth) && says(dayOfWeek)
      const either = both && (rules.days === 'or' || (rules.days === 'vixie' && !dayOfMonth.text.startsWith('*') && !dayOfWeek.text.startsWith('*')))
      return {
        dialect,
        text: layout.map(name => (name === 'year' ? '*' : pieces[name as keyof typeof pieces].text)).join(' '),
        wildcard: minute.text.startsWith('*') || hour.text.startsWith('*'),
        matches: (local: number) => {
          const at = new Date(local)
          const a = dayOfMonth.has(at)
          const b = dayOfWeek.has(at)
          return (
            second.has(at.getUTCSeconds()) &&
            minute.has(at.getUTCMinutes()) &&
            hour.has(at.getUTCHours()) &&
            month.has(at.getUTCMonth() + 1) &&
            (either ? a || b : a && b)
          )
        },
      }
    })
}

const anyModel = (fine: boolean) => fc.constantFrom(...DIALECTS).chain(dialect => models(dialect, fine))
const anyOptions = fc.record({ timezone: fc.constantFrom(...ZONES), gap: fc.constantFrom(...GAPS), fold: fc.constantFrom(...FOLDS) })
const anyInstant = fc.integer({ min: Date.UTC(1971, 0, 1) / 1_000, max: Date.UTC(2099, 0, 1) / 1_000 }).map(seconds => seconds * 1_000)

/** Null for one that never fires: what is generated is always valid. */
function parsed(text: string, options: CronOptions): Cron | null {
  try {
    return parseCron(text, options)
  } catch (error) {
    expect((error as CronError).code, String(error)).toBe('schedule-never-fires')
    return null
  }
}

function between(cron: Cron, from: number, until: number): number[] {
  const fires: number[] = []
  for (let at = cron.next(from); at !== null && at < until; at = cron.next(at)) fires.push(at)
  return fires
}

describe('a generated expression of any dialect', () => {
  test('fires in order, whole seconds apart, and `previous` walks back over the same times', () => {
    fc.assert(
      fc.property(anyModel(true), anyOptions, anyInstant, ({ text, dialect }, options, from) => {
        const cron = parsed(text, { dialect, ...options })
        if (cron === null) return
        const fires: number[] = []
        for (let at = cron.next(from); at !== null && fires.length < 12; at = cron.next(at)) fires.push(at)
        for (const [index, fire] of fires.entries()) {
          expect(fire % 1_000).toBe(0)
          expect(fire).toBeGreaterThan(fires[index - 1] ?? from)
          expect(cron.previous(fire + 1)).toBe(fire)
          expect(cron.next(fire - 1)).toBe(fire)
          if (index > 0) expect(cron.previous(fire)).toBe(fires[index - 1])
        }
        const before = cron.previous(from)
        if (before !== null) {
          expect(before).toBeLessThan(from)
          expect(cron.next(before)).toBe(cron.next(from - 1) === from ? from : (fires[0] ?? null))
        }
      }),
      { numRuns: 1_500 },
    )
  })

  test('fires at readings of the clock that match it, unless a gap moved them', () => {
    fc.assert(
      fc.property(anyModel(true), anyOptions, anyInstant, ({ text, dialect, matches }, options, from) => {
        const cron = parsed(text, { dialect, ...options, gap: 'skip' })
        for (let at = cron?.next(from) ?? null, count = 0; at !== null && count < 5; at = cron!.next(at), count++)
          expect(matches(localByIntl(options.timezone, at)), new Date(at).toISOString()).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('is the same schedule after it was written out and read again', () => {
    fc.assert(
      fc.property(anyModel(true), anyOptions, anyInstant, ({ text, dialect }, options, from) => {
        const cron = parsed(text, { dialect, ...options })
        if (cron === null) return
        const again = parseCron(cron.expression, { dialect, ...options })
        expect(again.expression).toBe(cron.expression)
        expect(again.fields).toMatchObject(
          Object.fromEntries(Object.entries(cron.fields).map(([name, { items, values }]) => [name, { items, values }])),
        )
        for (let at = cron.next(from), count = 0; at !== null && count < 5; at = cron.next(at), count++) expect(again.next(at - 1)).toBe(at)
        expect(cron.words()).toBe(again.words())
        expect(cron.words()).not.toMatch(/undefined|NaN|Infinity| {2}/)
        expect(cron.warnings(from)).toEqual(again.warnings(from))
      }),
      { numRuns: 500 },
    )
  })

  test('has just the times that a search second by second finds', () => {
    fc.assert(
      fc.property(anyModel(true), anyInstant, ({ text, dialect, matches }, from) => {
        const cron = parsed(text, { dialect })
        const expected: number[] = []
        for (let at = from; at < from + 2 * HOUR; at += 1_000) if (matches(at)) expected.push(at)
        expect(cron === null ? [] : between(cron, from - 1, from + 2 * HOUR)).toEqual(expected)
      }),
      { numRuns: 150 },
    )
  })

  test('fires on just the days of a month that its day field means', () => {
    const oneField = fc.constantFrom(...DIALECTS).chain(dialect => {
      const rules = RULES[dialect]
      const other = rules.oneDayField ? '?' : '*'
      const time = rules.layouts[0]!.includes('second') && rules.layouts[0]!.length > 5 ? '0 0 0' : '0 0'
      const year = dialect === 'aws' ? ' *' : ''
      return fc.oneof(
        monthDays(rules).map(({ text, has }) => ({ text: `${time} ${text} * ${other}${year}`, dialect, has })),
        weekdays(rules).map(({ text, has }) => ({ text: `${time} ${other} * ${text}${year}`, dialect, has })),
      )
    })
    fc.assert(
      fc.property(oneField, fc.integer({ min: 1970 * 12, max: 2370 * 12 }), ({ text, dialect, has }, month) => {
        const from = Date.UTC(Math.floor(month / 12), month % 12, 1)
        const until = Date.UTC(Math.floor(month / 12), (month % 12) + 1, 1)
        const expected: number[] = []
        for (let day = from; day < until; day += DAY) if (has(new Date(day))) expected.push(day)
        const cron = parsed(text, { dialect })
        expect((cron === null ? [] : between(cron, from - 1, until)).map(iso)).toEqual(expected.map(iso))
      }),
      { numRuns: 3_000 },
    )
  })

  test('never fires, if that is said, in 400 years of days; else its first day fits', () => {
    const rules = RULES.unix
    fc.assert(
      fc.property(monthDays(rules), numbers(1, 12, rules), weekdays(rules), (days, months, weekdays) => {
        const cron = parsed(`0 0 ${days.text} ${months.text} ${weekdays.text}`, { days: 'and' })
        const fits = (day: Date) => months.has(day.getUTCMonth() + 1) && weekdays.has(day) && days.has(day)
        if (cron !== null && !fits(new Date(cron.next(Date.UTC(2026, 0, 1))!))) throw new Error('its first day does not fit')
        if (cron !== null) return
        for (let day = 0; day < 146_097; day++) if (fits(new Date(day * DAY))) throw new Error(`it fires on ${iso(day * DAY)}`)
      }),
      { numRuns: 30 },
    )
  })
})

/** Clocks that were set: a gap or a fold of an hour, half an hour, two hours, a day; at midnight; twice in one month. */
const CHANGES: [string, string][] = [
  ['Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['Europe/Berlin', '2026-10-25T01:00:00Z'],
  ['America/New_York', '2025-03-09T07:00:00Z'],
  ['America/New_York', '2025-11-02T06:00:00Z'],
  ['Australia/Lord_Howe', '2025-10-04T15:30:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
  ['Antarctica/Troll', '2025-03-30T01:00:00Z'],
  ['Antarctica/Troll', '2025-10-26T01:00:00Z'],
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z'],
  ['America/Sao_Paulo', '2018-02-18T02:00:00Z'],
  ['Africa/Casablanca', '2026-02-15T02:00:00Z'],
  ['Africa/Casablanca', '2026-03-22T02:00:00Z'],
  ['Asia/Gaza', '2026-03-28T00:00:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['Pacific/Enderbury', '1994-12-31T11:00:00Z'],
  ['Asia/Singapore', '1981-12-31T16:00:00Z'],
  ['America/Caracas', '2007-12-09T07:00:00Z'],
]
const AROUND = 30 * HOUR

/** The readings of the clock, minute by minute, from `Intl` alone. */
const clocks = CHANGES.map(([timezone, at]) => {
  const from = Date.parse(at) - AROUND
  const minutes = Array.from({ length: (2 * AROUND) / MINUTE }, (_, index) => from + index * MINUTE)
  return { timezone, from, minutes, locals: minutes.map(minute => localByIntl(timezone, minute)) }
})

/** All fires around a change, found by walking through the minutes, as the table in docs/cron.md says. */
function oracle({ minutes, locals }: (typeof clocks)[number], { matches, wildcard }: Model, gapOption: Gap, foldOption: Fold): number[] {
  const fires = new Set<number>()
  const repeated = new Map<number, number>() // minute to first (1) or second (2)
  for (let index = 1; index < minutes.length; index++) {
    const leap = locals[index]! - locals[index - 1]! - MINUTE
    const limited = Math.abs(leap) >= 3 * HOUR
    const gap = gapOption !== 'vixie' ? gapOption : limited || wildcard ? 'skip' : 'edge'
    const fold = foldOption !== 'vixie' ? foldOption : limited || wildcard ? 'both' : 'first'
    const at = minutes[index]!
    if (leap > 0 && gap !== 'skip') {
      let done = false
      for (let skipped = 0; skipped < leap && !(done && gap !== 'shift'); skipped += MINUTE) {
        if (!matches(locals[index - 1]! + MINUTE + skipped)) continue
        fires.add(gap === 'edge' ? at : at + skipped)
        done = true
      }
    }
    if (leap < 0 && fold !== 'both') {
      for (let minute = 0; minute < -leap; minute += MINUTE) repeated.set(fold === 'second' ? at - MINUTE - minute : at + minute, 0)
    }
  }
  for (const [index, minute] of minutes.entries()) if (matches(locals[index]!) && !repeated.has(minute)) fires.add(minute)
  return [...fires].sort((a, b) => a - b)
}

/** A change, and an expression: any, or one that fires on the day of the change alone, often in its hour, so that nothing else is near. */
const aroundChange = fc.nat({ max: clocks.length - 1 }).chain(which => {
  const { locals } = clocks[which]!
  const days = fc.constantFrom(...[-26, -1, 1, 26].map(hours => new Date(locals[locals.length / 2 + hours * 60]!)))
  const rare = days.chain(day => models('unix', false, day))
  return fc.record({ which: fc.constant(which), model: fc.oneof(anyModel(false), rare) })
})

test.each(GAPS.flatMap(gap => FOLDS.map(fold => [gap, fold] as const)))(
  'around changes of the clock, gap %s and fold %s are what a walk through the minutes finds, forwards and back',
  (gap, fold) => {
    fc.assert(
      fc.property(aroundChange, ({ which, model }) => {
        const clock = clocks[which]!
        const cron = parsed(model.text, { dialect: model.dialect, timezone: clock.timezone, gap, fold })
        const until = clock.from + 2 * AROUND
        const found = cron === null ? [] : between(cron, clock.from - 1, until)
        expect(found.map(iso), `${model.dialect} ${model.text} in ${clock.timezone}`).toEqual(oracle(clock, model, gap, fold).map(iso))
        const back: number[] = []
        for (let at = cron?.previous(until) ?? null; at !== null && at >= clock.from; at = cron!.previous(at)) back.unshift(at)
        expect(back.map(iso)).toEqual(found.map(iso))
      }),
      { numRuns: 100 },
    )
  },
)

function iso(instant: number): string {
  return new Date(instant).toISOString()
}

function localByIntl(timezone: string, instant: number): number {
  let format = formats.get(timezone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formats.set(timezone, format)
  }
  const [month, day, year, hour, minute, second] = format.format(instant).split(/\D+/).map(Number)
  return Date.UTC(year!, month! - 1, day, hour, minute, second)
}
