import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { callRunId, ID_LENGTH, isId, newId, partOf, shortId, slotOf, slotOfKey, timeOf } from './ids.ts'

const TIME_MAX = 2 ** 48 - 1
const time = () => fc.integer({ min: 0, max: TIME_MAX })
const slot = () => fc.integer({ min: 0, max: 65_535 })
/** Uniform in [0, 1), whatever fast-check draws. */
const random = () => fc.infiniteStream(fc.integer({ min: 0, max: 2 ** 30 - 1 })).map(stream => () => (stream.next().value as number) / 2 ** 30)

/** Crockford's base32 (crockford.com/base32.html), decoded without the code under test: 26 characters are 130 bits, of which an id uses the last 128. */
function bits(id: string): string {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
  const text = [...id].map(character => alphabet.indexOf(character).toString(2).padStart(5, '0')).join('')
  expect(text.slice(0, 2)).toBe('00')
  return text.slice(2)
}

describe('an id is a UUIDv7 (RFC 9562, section 5.7)', () => {
  test('48 bits of time, version 7, variant 10, and the slot in bytes 9 and 10', () => {
    fc.assert(
      fc.property(time(), slot(), random(), (ms, slot, random) => {
        const id = newId(ms, random, slot)
        expect(isId(id)).toBe(true)
        expect(id).toHaveLength(ID_LENGTH)
        const all = bits(id)
        expect(all).toHaveLength(128)
        expect(Number.parseInt(all.slice(0, 48), 2)).toBe(ms)
        expect(all.slice(48, 52)).toBe('0111')
        expect(all.slice(64, 66)).toBe('10')
        expect(Number.parseInt(all.slice(72, 88), 2)).toBe(slot)
      }),
    )
  })

  test('time, slot and part come back from the text', () => {
    fc.assert(
      fc.property(time(), slot(), random(), (ms, slot, random) => {
        const id = newId(ms, random, slot)
        expect([timeOf(id), slotOf(id), partOf(id)]).toEqual([ms, slot, Math.floor(slot / 256)])
      }),
    )
  })

  test('ids sort by the time at which they were made', () => {
    fc.assert(
      fc.property(time(), time(), random(), (a, b, random) => {
        fc.pre(a !== b)
        expect(newId(a, random) < newId(b, random)).toBe(a < b)
      }),
    )
  })

  test('each random bit comes from the source: all zeros and all ones differ in every one of the 74 that RFC 9562 leaves free', () => {
    const [zeros, ones] = [bits(newId(0, () => 0)), bits(newId(0, () => 1 - 2 ** -53))]
    const differing = [...zeros].filter((bit, index) => bit !== ones[index]).length
    expect(differing).toBe(74)
  })
})

describe('the ids of a call (E9)', () => {
  const callKey = () =>
    fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.tuple(time(), random(), fc.string()).map(([ms, random, rest]) => newId(ms, random) + rest),
    )

  test('the same call gives the same ids, each index another, all valid and in the slot of the call key', () => {
    fc.assert(
      fc.property(callKey(), fc.uniqueArray(fc.integer({ min: 0, max: 9_999 }), { minLength: 2, maxLength: 20 }), (key, indexes) => {
        const ids = indexes.map(index => callRunId(key, index))
        expect(indexes.map(index => callRunId(key, index))).toEqual(ids)
        expect(new Set(ids).size).toBe(ids.length)
        for (const id of ids) {
          expect(isId(id)).toBe(true)
          expect(bits(id).slice(48, 52)).toBe('0111')
          expect(bits(id).slice(64, 66)).toBe('10')
          expect(slotOf(id)).toBe(slotOfKey(key))
        }
      }),
    )
  })

  test('10,000 runs of one call have 10,000 ids', () => {
    const key = newId(1_750_000_000_000, () => 0.5)
    expect(new Set(Array.from({ length: 10_000 }, (_, index) => callRunId(key, index))).size).toBe(10_000)
  })

  test('a key that begins with an id lends its time, so the runs sort where the call belongs', () => {
    fc.assert(
      fc.property(time(), random(), fc.nat(9_999), (ms, random, index) => {
        expect(timeOf(callRunId(newId(ms, random), index))).toBe(ms)
        expect(timeOf(callRunId(`${newId(ms, random)}-and-more`, index))).toBe(ms)
      }),
    )
  })

  test('another key gives other ids', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        fc.pre(a !== b)
        expect(callRunId(a, 0)).not.toBe(callRunId(b, 0))
      }),
    )
  })
})

test('people see the last five characters', () => {
  expect(shortId('01jzc8p4xr7s5v9q2m6n3k8t1b')).toBe('8t1b'.padStart(5, 'k'))
})

test.each([
  ['', 'empty'],
  ['01jzc8p4xr7s5v9q2m6n3k8t1', '25 characters'],
  ['01jzc8p4xr7s5v9q2m6n3k8t1bb', '27 characters'],
  ['81jzc8p4xr7s5v9q2m6n3k8t1b', 'more than 128 bits'],
  ['01jzc8p4xr7s5v9q2m6n3k8t1i', 'a letter that Crockford leaves out'],
  ['01JZC8P4XR7S5V9Q2M6N3K8T1B', 'upper case'],
  ['01jzc8p4xr7s5v9q2m6n3k8t1b\n', 'a line break after it'],
])('%j is no id: %s', text => expect(isId(text)).toBe(false))
