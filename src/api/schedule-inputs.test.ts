import fc from 'fast-check'
import { Compile } from 'typebox/compile'
import { describe, expect, test } from 'vitest'
import { durationText } from '../core/duration-text.ts'
import { refuseUnknownPlaceholder } from '../engine/face.ts'
import { splitPayloads } from './raw.ts'
import { compactJson, scheduleOf } from './schedule-inputs.ts'
import { NamedSchedule, type ScheduleBody } from './schedule-schemas.ts'
import { writtenSpecText } from './schedule-views.ts'

const DAY_MS = 86_400_000

function read(text: string) {
  const { value, payloads } = splitPayloads(text, { input: 'raw' })
  expect([...Compile(NamedSchedule).Errors(value)]).toEqual([])
  return scheduleOf(value as ScheduleBody, payloads, '')
}
const spec = (body: object) => read(JSON.stringify({ name: 'n', target: 'a', ...body }))

test.each([
  [undefined, 'latest', 7 * DAY_MS],
  ['latest', 'latest', 7 * DAY_MS],
  ['all', 'all', null],
  ['none', 'none', null],
  ['6h', 'all', 6 * 3_600_000],
  [1_500, 'all', 1_500],
  [{ policy: 'latest' }, 'latest', 7 * DAY_MS],
  [{ policy: 'latest', window: null }, 'latest', null],
  [{ policy: 'latest', window: '1h' }, 'latest', 3_600_000],
  [{ policy: 'all' }, 'all', null],
  [{ policy: 'all', window: '1d' }, 'all', DAY_MS],
  [{ policy: 'none', window: '1d' }, 'none', null],
])('catchup %j is %s within %s', (catchup, policy, windowMs) => {
  expect(spec({ every: '1d', ...(catchup !== undefined && { catchup }) }).catchup).toEqual({ policy, windowMs })
})

test.each([
  [{ catchup: 'lates' }, '/catchup', 'did you mean latest?'],
  [{ catchup: '6x' }, '/catchup', 'a duration is'],
  [{ catchup: { policy: 'all', window: 'soon' } }, '/catchup/window', 'a duration is'],
  [{ jitter: '25h' }, '/jitter', 'a day at most'],
  [{ options: { timeout: { attempt: 0 } } }, '/options/timeout/attempt', 'longer than nothing'],
  [{ options: { retry: { initial: 'x' } } }, '/options/retry/initial', 'a duration is'],
])('%j is refused at %s', (body, at, hint) => {
  expect(() => spec(body)).toThrow(expect.objectContaining({ problem: expect.objectContaining({ at, hint: expect.stringContaining(hint) }) }))
})

test('two bodies that say the same give the same spec, to the last character', () => {
  const one = read(
    '{"name":"n","target":"a","cron":{"minute":"0","hour":"2"},"input":{ "a" : [1, " x \\" "] },"options":{"tags":{"b":"1","a":"2"},"queue":"q"},"catchup":"60m"}',
  )
  const other = read(
    '{"name":"n","catchup":3600000,"options":{"queue":"q","tags":{"a":"2","b":"1"}},"jitter":"0s","overlap":"skip","input":{"a":[1," x \\" "]},"cron":{"hour":"2","minute":"0"},"target":"a"}',
  )
  expect(JSON.stringify(other)).toBe(JSON.stringify(one))
})

test('a placeholder that means nothing is refused with its place', () => {
  refuseUnknownPlaceholder(spec({ input: ['{{ nominalTime }} {{schedule}}'] }).target.input, '/schedules/0/input')
  expect(() => refuseUnknownPlaceholder(spec({ input: '{{nominal}}' }).target.input, '/schedules/0/input')).toThrow(
    expect.objectContaining({ problem: expect.objectContaining({ at: '/schedules/0/input', found: '{{nominal}}' }) }),
  )
})

test.each([
  [0, '0s'],
  [1, '1ms'],
  [90_000, '1m 30s'],
  [7 * DAY_MS, '7d'],
  [10 * DAY_MS, '10d'],
  [14 * DAY_MS, '2w'],
  [DAY_MS + 3_600_001, '1d 1h 1ms'],
])('%d ms are written %s', (ms, text) => expect(durationText(ms)).toBe(text))

const duration = () => fc.oneof(fc.integer({ min: 1, max: 30 * DAY_MS }), fc.constantFrom('90s', '1h 30m', '7d', '2w'))
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const words = () =>
  fc.dictionary(fc.string({ minLength: 1, maxLength: 5, unit: fc.constantFrom(...'abc-.') }), fc.constantFrom('x', 'y'), { maxKeys: 3 })
const body = () =>
  fc.record(
    {
      description: fc.constantFrom('', 'for people'),
      timezone: fc.constantFrom('Europe/Berlin', '+05:30'),
      cron: fc.constantFrom<unknown>('0 2 * * *', ['0 2 * * *'], ['@daily', { minute: '0' }], { hour: '2', minute: '0' }),
      every: fc.constantFrom<unknown>('1d', { every: '1 month', monthEnd: 'skip', at: '02:00' }),
      at: fc.constantFrom<unknown>('2026-12-24T18:00:00Z', ['2026-12-24 18:00']),
      calendars: fc.constantFrom({ b: { dates: ['12-25'] }, a: { ics: 'BEGIN:VCALENDAR' } }),
      except: fc.constantFrom<unknown>('b', ['b', 'a']),
      weekend: fc.constantFrom([], ['sun']),
      blackouts: fc.constantFrom([{ from: '2026-01-01', to: '2026-01-02' }], [{ note: 'n', cron: '0 2 * * *', for: '1h' }]),
      input: fc.jsonValue(),
      options: fc.record(
        {
          queue: fc.constant('q'),
          priority: fc.integer({ min: -100, max: 100 }),
          retry: fc.record({ attempts: fc.integer({ min: 1, max: 9 }), initial: duration(), maximum: duration() }, { requiredKeys: [] }),
          timeout: fc.record({ attempt: duration(), heartbeat: duration() }, { requiredKeys: [] }),
          expires: duration(),
          exhausted: fc.constantFrom('fail', 'park'),
          retention: duration(),
          tags: words(),
          labels: words(),
        },
        { requiredKeys: [] },
      ),
      overlap: fc.constantFrom('skip', 'allow', 'terminate_other'),
      catchup: fc.oneof(
        fc.constantFrom('all', 'latest', 'none'),
        duration(),
        fc.record({ policy: fc.constantFrom('all', 'latest', 'none'), window: some(fc.oneof(fc.constant(null), duration())) }),
      ),
      jitter: fc.constantFrom<unknown>(0, 5_000, '5m'),
    },
    { requiredKeys: [] },
  )

describe('what was read is written so that it is read the same', () => {
  test('any schedule', () => {
    fc.assert(
      fc.property(body(), given => {
        const once = spec(given)
        const again = read(writtenSpecText('n', once))
        expect(JSON.stringify(again)).toBe(JSON.stringify(once))
      }),
      { numRuns: 300 },
    )
  })

  test('any JSON without its spaces', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 1, 4, '\t'), (text, space) => {
        const spaced = JSON.stringify(JSON.parse(text), null, space)
        expect(compactJson(spaced)).toBe(JSON.stringify(JSON.parse(text)))
      }),
    )
  })

  test('numbers that JavaScript cannot hold', () => {
    const text = '{"name":"n","every":"1d","target":"a","input":[12345678901234567890, 1e400]}'
    expect(writtenSpecText('n', read(text))).toContain('"input":[12345678901234567890,1e400]')
  })
})
