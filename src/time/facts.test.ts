import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Instant } from '../core/time.ts'
import type { EverySpec, SolarEvent, TimetableSpec } from './spec.ts'
import { timetable } from './timetable.ts'

/** What other systems answered: the first line of a file tells source and columns. */
// biome-ignore lint/suspicious/noExplicitAny: a table of facts
function rowsOf(file: string): any[][] {
  const text = readFileSync(new URL(`./testdata/${file}`, import.meta.url), 'utf8')
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map(line => JSON.parse(line))
}

/** `2034-07-01T23:08:00Z +60 +60`: the first, then seconds to the next. */
function timesOf(text: string): Instant[] {
  const [first, ...steps] = text.split(' ')
  const times = first ? [Date.parse(first)] : []
  for (const step of steps) times.push(times.at(-1)! + Number(step) * 1_000)
  return times
}

function firesOf(spec: TimetableSpec, created: Instant, from: Instant, count: number): string[] {
  return timetable(spec, created)
    .between(from, Number.POSITIVE_INFINITY, count)
    .map(nominal => iso(nominal.at))
}

const iso = (at: Instant): string => new Date(at).toISOString()

describe('intervals are those of other systems', () => {
  /** Options that a word of the table stands for, beside the interval itself. */
  const OPTIONS: Record<string, { every: Partial<EverySpec>; spec: Partial<TimetableSpec> }> = {
    elapsed: { every: { clock: 'elapsed' }, spec: {} },
    wall: { every: { clock: 'wall' }, spec: {} },
    skip: { every: { monthEnd: 'skip' }, spec: {} },
    clamp: { every: { monthEnd: 'clamp' }, spec: {} },
    drift: { every: { monthEnd: 'drift' }, spec: {} },
    'gap-skip': { every: {}, spec: { gap: 'skip' } },
  }
  /** Quartz moves a time in a gap to the hour before it, and keeps that hour from then on: none of our rules, on purpose. */
  const NOT_OURS = ['quartz']
  /** Months mixed with days, after the 31st: those who answered know `skip` only. */
  const rows = rowsOf('intervals.jsonl').flatMap(([id, every, timezone, anchor, at, from, ...pairs]) =>
    pairs.flatMap((options: string, index) =>
      index % 2 === 1 ? [] : options.split(' ').map(option => ({ id, every, timezone, anchor, at, from, option, times: pairs[index + 1] })),
    ),
  )
  test.each(rows.filter(row => !NOT_OURS.includes(row.option)))('$id: every $every in $timezone, $option', row => {
    const options = OPTIONS[row.option]!
    const every = { every: row.every, anchor: row.anchor, ...(row.at === null ? {} : { at: row.at }), ...options.every }
    const expected = timesOf(row.times).map(iso)
    expect(firesOf({ timezone: row.timezone, every, ...options.spec }, 0, Date.parse(row.from), expected.length)).toEqual(expected)
    // The same without an anchor, for a schedule that was created then.
    const { anchor, ...created } = every
    expect(firesOf({ timezone: row.timezone, every: created, ...options.spec }, Date.parse(anchor), Date.parse(row.from), expected.length)).toEqual(
      expected,
    )
  })
})

describe('the sun is where Celery and astral see it', () => {
  const TOLERANCE_MS = 180_000
  const rows = rowsOf('solar.jsonl').map(([id, place, event, latitude, longitude, from, celery, astral]) => ({
    id,
    place,
    event: event as SolarEvent,
    latitude,
    longitude,
    from,
    celery,
    astral,
  }))
  test.each(rows)('$id: $event at $place', ({ event, latitude, longitude, from, celery, astral }) => {
    const expected = timesOf(celery)
    const found = timetable({ solar: { event, latitude, longitude } }, 0).between(Date.parse(from), Number.POSITIVE_INFINITY, expected.length)
    const differences = found.map(({ at }, index) => Math.abs(at - expected[index]!))
    expect(differences.filter(difference => difference > TOLERANCE_MS)).toEqual([])
    // Where the sun only grazes the horizon, the two differ from each other by more than that.
    if (astral !== '')
      for (const [index, at] of timesOf(astral).entries()) expect(Math.abs(found[index]!.at - at)).toBeLessThan(TOLERANCE_MS + 120_000)
  })
})
