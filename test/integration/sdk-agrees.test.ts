import fc from 'fast-check'
import { Compile } from 'typebox/compile'
import { describe, expect, test } from 'vitest'
import * as sdkBounds from '../../sdk/typescript/src/bounds.ts'
import { KEY_RETENTION_MS_MIN } from '../../sdk/typescript/src/checks.ts'
import type { Clock as SdkClock } from '../../sdk/typescript/src/clock.ts'
import { durationMs as sdkDurationMs } from '../../sdk/typescript/src/duration.ts'
import { newId as sdkNewId } from '../../sdk/typescript/src/ids.ts'
import { definitionOptions } from '../../sdk/typescript/src/wire-options.ts'
import { DefinitionOptions } from '../../src/api/definition-schemas.ts'
import { definitionOptionsOf } from '../../src/api/inputs.ts'
import * as bounds from '../../src/core/bounds.ts'
import { callRunId, isId, newId, slotOf, timeOf } from '../../src/core/ids.ts'
import { KEY_RETENTION_MS } from '../../src/core/options.ts'
import { durationMs } from '../../src/core/time.ts'
import { type Clock, systemClock } from '../../src/engine/clock.ts'

/** The SDK is a package of its own and imports nothing of ours: what both need to know stands twice, and is held together here. */
describe('what stands twice, in the SDK and in the core, says the same', () => {
  const ours: Record<string, number> = { ...bounds }
  const shared = Object.entries<number>({ ...sdkBounds }).filter(([name]) => name in ours)

  test.each(shared)('the bound %s is %i', (name, bound) => expect(ours[name]).toBe(bound))

  test('a bound that only the SDK has is its own memory, or within a bound of the server', () => {
    const own = Object.keys(sdkBounds).filter(name => !(name in ours))
    expect(own.sort()).toEqual([
      'BODY_BYTES_WANTED',
      'DELIVERIES_REMEMBERED',
      'DEPTH_MAX',
      'EVENTS_BUFFERED_MAX',
      'FILE_BYTES_MAX',
      'LOG_LINES_BUFFERED_MAX',
      'RESULTS_UNANSWERED_MAX',
      'RESULT_BYTES_MAX',
    ])
    // What is kept beside a history is a stream of its run. Escaped it may take twice its bytes.
    expect(sdkBounds.RESULT_BYTES_MAX * 2).toBeLessThanOrEqual(bounds.STREAM_BYTES_PER_RUN_MAX)
    // So is a file, in base64.
    expect((sdkBounds.FILE_BYTES_MAX * 4) / 3).toBeLessThanOrEqual(bounds.STREAM_BYTES_PER_RUN_MAX)
    expect(sdkBounds.BODY_BYTES_WANTED + sdkBounds.PAYLOAD_BYTES_MAX).toBeLessThanOrEqual(bounds.BODY_BYTES_MAX)
    expect(KEY_RETENTION_MS_MIN).toBe(KEY_RETENTION_MS)
  })

  test('durations: the same milliseconds, or neither takes it', () => {
    const number = fc.oneof(
      fc.nat({ max: 10_000 }).map(String),
      fc.double({ min: 0, max: 1e6, noNaN: true }).map(value => value.toFixed(3)),
      fc.constantFrom('36500', '36501', '', '1.', '.5', '1e3', '-1', '٣'),
    )
    const space = fc.constantFrom('', ' ', '\t', '\u00a0')
    const term = fc.tuple(space, number, space, fc.constantFrom('ms', 's', 'm', 'h', 'd', 'w', 'M', 'S', 'y', '', 'sm')).map(parts => parts.join(''))
    const text = fc.oneof(
      fc.array(term, { maxLength: 4 }).map(terms => terms.join('')),
      fc.string(),
      fc.stringMatching(/^[0-9. mshdw]{0,12}$/),
    )
    const given = fc.oneof(text, fc.double(), fc.integer(), fc.constantFrom(100 * 365 * 86_400_000, 100 * 365 * 86_400_000 + 0.4, -0))
    const core = (duration: string | number): number | null => {
      try {
        return durationMs(duration, '/at')
      } catch {
        return null
      }
    }
    let taken = 0
    const agrees = (duration: string | number): void => {
      const ms = sdkDurationMs(duration)
      if (ms !== null) taken++
      expect(ms).toBe(core(duration))
    }
    fc.assert(fc.property(given, agrees), { numRuns: 5_000 })
    expect(taken).toBeGreaterThan(500)
  })

  test('rules of definitions: taken by both, to the same effect, or refused by both', () => {
    const perhaps = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 })
    const some = <T extends Record<string, fc.Arbitrary<unknown>>>(members: T) => fc.record(members, { requiredKeys: [] })
    const path = fc.constantFrom('user', 'a.b', 'a..b', '.a', '', '\u2028', 'x'.repeat(200), 'x'.repeat(201), '\n')
    const count = fc.constantFrom<unknown>(1, 2, 1_000_000, 1_000_001, 0, -1, 1.5, '1')
    const duration = fc.constantFrom<unknown>(0, 0.4, 1, '1m', '366d', '367d', 'x', -1)
    const name = fc.constantFrom('a', 'b', 'a b', '', 'x'.repeat(201))
    const rule = fc.oneof(
      fc.record({ concurrency: count, per: perhaps(path), name: perhaps(name), weight: perhaps(count) }),
      fc.record({ rate: count, every: duration, per: perhaps(path), name: perhaps(name) }),
      fc.record({ pool: name, weight: perhaps(count) }),
      some({ concurrency: count, rate: count, every: duration, pool: name, name, per: path }),
    )
    const weights = fc.dictionary(fc.constantFrom('big', '__proto__', '', 'a\u0007'), fc.constantFrom<unknown>(1, 0.001, 0, 1_001, '1'), {
      maxKeys: 2,
    })
    const told = fc.array(fc.constantFrom('failed', 'completed', 'deadline', 'success'), { maxLength: 2 })
    const options = some({
      limits: fc.oneof(fc.array(rule, { maxLength: 3 }), fc.constant([...Array(21)].map((_, n) => ({ pool: `p${n}` })))),
      fair: fc.oneof(path, some({ per: path, weights })),
      sequence: fc.oneof(path, some({ per: path, onFailure: fc.constantFrom('stop', 'skip', 'x') })),
      cost: fc.oneof(count, weights),
      batch: some({ size: fc.constantFrom<unknown>(1, 1_000, 1_001, 0, '1'), within: duration }),
      debounce: fc.oneof(duration, some({ per: path, for: duration, maximum: duration })),
      throttle: some({ per: path, every: duration }),
      onFailure: fc.oneof(
        name,
        some({ url: fc.constantFrom('https://a', 'ftp://a', 'https://', 'http://a b'), secret: fc.constantFrom('s', '', '\n') }),
      ),
      notify: fc.array(
        fc.oneof(
          fc.record({ on: told, email: fc.array(fc.constantFrom('a@b', 'a@b.org', 'a', '@', 'a b@c', 'a@b,c@d'), { maxLength: 2 }) }),
          some({
            on: told,
            job: name,
            url: fc.constantFrom('https://a', 'ftp://a'),
            secret: fc.constantFrom('s', ''),
            slack: fc.constantFrom('https://a/b', 'a'),
          }),
          fc.record({ on: told, url: fc.constant('https://a'), secret: perhaps(fc.constant('s')) }),
        ),
        { maxLength: 3 },
      ),
    })
    const compiled = Compile(DefinitionOptions)
    const server = (body: unknown): unknown => {
      // What is undefined is not sent.
      const sent: unknown = JSON.parse(JSON.stringify(body))
      if (!compiled.Check(sent)) return null
      try {
        return definitionOptionsOf(sent as never, '', null)
      } catch {
        return null
      }
    }
    const sdk = (body: unknown): unknown => {
      try {
        return server(definitionOptions(body as never)) ?? 'taken by the SDK alone'
      } catch {
        return null
      }
    }
    let taken = 0
    const one = fc.oneof(
      {
        weight: 4,
        arbitrary: fc
          .tuple(options, fc.nat())
          .map(([all, n]) => Object.fromEntries(Object.entries(all).filter((_, index, { length }) => index === n % length))),
      },
      { weight: 1, arbitrary: options },
    )
    fc.assert(
      fc.property(one, body => {
        const theirs = server(body)
        if (theirs !== null) taken++
        expect(sdk(body)).toEqual(theirs)
      }),
      { numRuns: 3_000 },
    )
    expect(taken).toBeGreaterThan(300)
  })

  test('ids: of one form, with their time in them, sorted together, in any slot', () => {
    const random = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })).map(stream => () => stream.next().value as number)
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 40 }), random, (ms, next) => {
        const id = sdkNewId(ms, next)
        expect(isId(id)).toBe(true)
        expect(timeOf(id)).toBe(ms)
        // The engine's next millisecond comes after, whoever made them.
        expect(id < newId(ms + 1, next)).toBe(true)
        expect(newId(ms, next) < sdkNewId(ms + 1, next)).toBe(true)
        // A UUIDv7: its version is the first four bits of the eleventh character.
        expect([id, newId(ms, next)].map(text => '0123456789abcdefghjkmnpqrstvwxyz'.indexOf(text[10] as string) >>> 1)).toEqual([7, 7])
      }),
    )
    const slots = new Set(Array.from({ length: 2_000 }, () => slotOf(sdkNewId(1_700_000_000_000)) >>> 8))
    expect(slots.size).toBeGreaterThan(250)
  })

  test('call keys: runs take their time from a key of the SDK, and every call of one handler has others', () => {
    const at = 1_700_000_000_000
    const key = sdkNewId(at)
    expect(timeOf(callRunId(key, 3))).toBe(at)
    // A handler's own starts: `taskKey` and place (sdk/typescript/src/worker/attempt.ts).
    const taskKey = `${newId(at, Math.random)}/job`
    const runs = [`${taskKey}:0`, `${taskKey}:1`, `${taskKey}:mail`].flatMap(callKey => [0, 1].map(index => callRunId(callKey, index)))
    expect(runs.map(timeOf)).toEqual(runs.map(() => at))
    expect(new Set(runs).size).toBe(runs.length)
    expect(runs).toEqual([`${taskKey}:0`, `${taskKey}:1`, `${taskKey}:mail`].flatMap(callKey => [0, 1].map(index => callRunId(callKey, index))))
  })

  test('clocks: one serves where the other is asked for', () => {
    const asSdk: SdkClock = systemClock
    const asOurs: Clock = asSdk
    expect(Object.keys(asOurs).sort()).toEqual(['after', 'monotonic', 'now', 'soon'])
  })
})
