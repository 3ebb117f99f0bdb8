import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Outputs } from './outputs.ts'

const n = fc.oneof(fc.nat(5), fc.nat(400))
const step = fc.record({ n, output: fc.option(fc.string()) })

test('holds what a record would, in the same order, and nothing that was made of it changes it', () =>
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), steps => {
      let [outputs, record] = [Outputs.NONE, {} as Record<number, string>]
      const before: [Outputs, string][] = []
      for (const { n, output } of steps) {
        before.push([outputs, JSON.stringify(record)])
        if (output !== null) [outputs, record] = [outputs.with(n, output), { ...record, [n]: output }]
        else {
          outputs = outputs.without(n)
          delete record[n]
        }
        expect(JSON.stringify(outputs)).toBe(JSON.stringify(record))
        expect(outputs.values()).toEqual(Object.values(record))
        expect(outputs.length).toBe(Object.values(record).join('').length)
        expect(outputs.get(n)).toBe(record[n])
        expect(JSON.stringify(Outputs.of(record))).toBe(JSON.stringify(outputs))
      }
      for (const [outputs, text] of before) expect(JSON.stringify(outputs)).toBe(text)
    }),
  ))

test('one of ten thousand copies its neighbours alone', () => {
  const partsOf = (outputs: Outputs) => (outputs as unknown as { parts: unknown[][] }).parts
  const many = Outputs.of(Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [n, '1'])))
  const more = many.with(5_000, '2')
  const copied = partsOf(more).filter((part, at) => part !== partsOf(many)[at])
  expect(copied.map(part => part.length)).toEqual([128])
  expect(partsOf(more).length).toBeLessThanOrEqual(128)
})
