import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cpuMs } from '../../test/support/cpu.ts'
import { jsonError, quote } from './json.ts'
import { type Place, splitPayloads } from './raw.ts'

const START: Place = { runs: [{ input: 'raw', metadata: 'raw' }], input: 'raw' }

describe('payloads keep their text', () => {
  test.each([
    ['12345678901234567890'],
    ['1e400'],
    ['{"a":1,"a":2}'],
    ['"\\u00e9\\/\\ud800"'],
    ['{ "__proto__" : [ 1 ,\n2 ] }'],
    ['-0'],
    ['null'],
    ['"}]\\\\"'],
  ])('%s', payload => {
    const { value, payloads } = splitPayloads(`{"definition":"a", "input" : ${payload} }`, { input: 'raw' })
    expect(payloads).toEqual([payload])
    expect(value).toEqual({ definition: 'a', input: 0 })
  })

  test('a member whose name is written with escapes is found', () => {
    expect(splitPayloads('{"inpu\\u0074":1e400}', { input: 'raw' })).toEqual({ value: { input: 0 }, payloads: ['1e400'] })
  })

  test('of two members of the same name the later one counts', () => {
    expect(splitPayloads('{"input":[1],"input":[2]}', { input: 'raw' })).toEqual({ value: { input: 1 }, payloads: ['[1]', '[2]'] })
  })

  test('a payload deeper than any stack is still a payload', () => {
    const deep = '['.repeat(500_000) + ']'.repeat(500_000)
    expect(splitPayloads(`{"input":${deep}}`, { input: 'raw' }).payloads[0]).toBe(deep)
  })

  test('any whitespace, escape and order: cut out exactly, and the rest is as JSON.parse has it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ a: fc.json(), input: fc.option(text()), metadata: fc.option(text()) })),
        text(),
        space(),
        (runs, input, gap) => {
          const expected: string[] = []
          const items = runs.map(run => {
            const members = [`"a"${gap}:${gap}${run.a}`]
            for (const name of ['input', 'metadata'] as const) {
              const payload = run[name]
              if (payload === null) continue
              members.push(`"${name}"${gap}:${gap}${payload}`)
              expected.push(payload)
            }
            return `{${gap}${members.join(`${gap},${gap}`)}${gap}}`
          })
          expected.push(input)
          const whole = `${gap}{"x\\n\\"":1,"runs":${gap}[${gap}${items.join(`${gap},${gap}`)}${gap}],"input":${input}${gap}}${gap}`
          const { value, payloads } = splitPayloads(whole, START)
          expect(payloads).toEqual(expected)
          const put = value as { runs: Record<string, unknown>[]; input: unknown }
          for (const run of [...put.runs, put] as Record<string, unknown>[])
            for (const name of ['input', 'metadata'])
              if (typeof run[name] === 'number') run[name] = JSON.parse(payloads[run[name] as number] as string)
          expect(put).toEqual(JSON.parse(whole))
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('what is not JSON is refused', () => {
  test.each([
    ['{"input":1 2}', 11],
    ['{"input":"a"5}', 12],
    ['{"input":"a""b"}', 12],
    ['{"input":1,"input":"a"5}', 22],
    ['{"input":[1}}', 11],
    ['{"input":}', 9],
    ['{"input":01}', 9],
    ['{"a":1,}', 7],
    ['{"a"', 4],
    ['', 0],
    ['{"a":"\\x"}', 6],
    ['{"a":"', 6],
  ])('%s at position %i', (text, position) => {
    expect(() => splitPayloads(text, { input: 'raw' })).toThrow(
      expect.objectContaining({ code: 'invalid-json', problem: expect.objectContaining({ data: expect.objectContaining({ position }) }) }),
    )
  })

  test('cut texts and texts with a changed character: refused exactly when JSON.parse refuses them', () => {
    fc.assert(
      fc.property(
        text(),
        fc.nat(),
        fc.constantFrom('', '"', '\\', '}', ']', '{', '[', ',', ':', '1', ' ', 'e', '\n', 'null'),
        (payload, seed, sign) => {
          const valid = `{"runs":[{"a":"b","input":${payload}},{"input":1,"c":[{"d":null}]}],"input":${payload}}`
          const at = seed % valid.length
          const broken = valid.slice(0, at) + sign + valid.slice(at + (seed % 3))
          const parses = succeeds(() => JSON.parse(broken))
          expect(succeeds(() => splitPayloads(broken, START))).toBe(parses)
          expect(jsonError(broken) === null).toBe(parses)
        },
      ),
      { numRuns: 3_000 },
    )
  })

  test('nested too deeply outside a payload', () => {
    expect(() => splitPayloads(`{"a":${'['.repeat(100)}${']'.repeat(100)}}`, { input: 'raw' })).toThrow(
      expect.objectContaining({ code: 'invalid-input' }),
    )
  })

  test('a payload over its bound is named', () => {
    const large = JSON.stringify('ä'.repeat(600_000))
    expect(() => splitPayloads(`{"runs":[{"input":1},{"a":"x,\\"[","b":{"c":[]},"input":${large}}]}`, START)).toThrow(
      expect.objectContaining({ code: 'payload-too-large', problem: expect.objectContaining({ at: '/runs/1/input', found: '1200002 bytes' }) }),
    )
  })

  test.each([
    (n: number) => `{"input":"${'\\"'.repeat(n)}`,
    (n: number) => `[${'"a",'.repeat(n)}`,
    (n: number) => `{${'"input":1,'.repeat(n)}`,
    (n: number) => '{'.repeat(n),
  ])('a hostile text costs no more than its length: %s', textOf => {
    const bestMs = (length: number): number => {
      const text = textOf(length)
      const times = Array.from({ length: 5 }, () => {
        const before = cpuMs()
        expect(() => splitPayloads(text, START)).toThrow()
        return cpuMs() - before
      })
      return Math.min(...times)
    }
    // What grows with the square of its length takes a thousand times as long: some seconds.
    expect(bestMs(320_000)).toBeLessThan(250 * bestMs(10_000) + 500)
  })
})

test('quote is JSON.stringify', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), text => void expect(quote(text)).toBe(JSON.stringify(text))))
})

function succeeds(act: () => unknown): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}

const space = () => fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 3 })

/** JSON text as a person or another language may write it. */
function text(): fc.Arbitrary<string> {
  return fc.letrec<{ value: string }>(tie => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('null', 'true', 'false', '0', '-0', '1e400', '12345678901234567890', '1.5E-7', '{}', '[]', '""'),
      fc.string({ unit: 'binary' }).map(string => JSON.stringify(string)),
      fc.string().map(string => `"${[...string].map(sign => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}\\"\\\\"`),
      fc.tuple(fc.array(tie('value'), { maxLength: 4 }), space()).map(([items, gap]) => `[${gap}${items.join(`${gap},${gap}`)}${gap}]`),
      fc
        .tuple(fc.array(fc.tuple(fc.constantFrom('input', 'a', '__proto__', 'x\\"', 'runs'), tie('value')), { maxLength: 4 }), space())
        .map(([members, gap]) => `{${gap}${members.map(([name, value]) => `"${name}"${gap}:${gap}${value}`).join(`${gap},${gap}`)}${gap}}`),
    ),
  })).value
}
