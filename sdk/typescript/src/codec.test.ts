import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode, encode } from './codec.ts'
import { Unserialisable } from './errors.ts'

const bytes = fc.uint8Array().map(array => new Uint8Array(array))
const special = fc.oneof(
  fc.date({ noInvalidDate: true }),
  fc.bigInt(),
  bytes,
  fc.webUrl().map(url => new URL(url)),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0),
)
const keys = fc.oneof(fc.string(), fc.constantFrom('$type', 'value', '__proto__', 'toString', 'length', 'a/b~c'))
const values = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.constant(null),
    special,
    tie('list'),
    tie('record'),
    tie('map'),
    tie('set'),
  ),
  list: fc.array(tie('value'), { maxLength: 4 }),
  record: fc.dictionary(keys, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  map: fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map(pairs => new Map(pairs as [unknown, unknown][])),
  set: fc.array(tie('value'), { maxLength: 3 }).map(items => new Set(items)),
})).value

test('a value comes back as it was', () => {
  fc.assert(
    fc.property(values, value => {
      expect(decode(encode(value) as string)).toStrictEqual(value)
    }),
    { numRuns: 1_000 },
  )
})

test('objects that look like tags come back as they were', () => {
  const $type = fc.oneof(fc.constantFrom('Date', 'BigInt', 'Map', 'Set', 'URL', 'Bytes', 'Error', 'Number', 'Object', 'Other'), values)
  fc.assert(
    fc.property($type, values, ($type, value) => {
      expect(decode(encode({ $type, value }) as string)).toStrictEqual({ $type, value })
    }),
  )
})

test('plain JSON is written as JSON.stringify writes it, and is read as JSON.parse reads it', () => {
  const json = fc.jsonValue().filter(value => !JSON.stringify(value).includes('$type'))
  fc.assert(
    fc.property(json, value => {
      const plain = JSON.parse(JSON.stringify(value)) as unknown // -0 is 0 in JSON
      expect(encode(plain)).toBe(JSON.stringify(plain))
      expect(decode(JSON.stringify(plain))).toStrictEqual(plain)
    }),
  )
})

test('any JSON text of somebody else decodes, and what it decodes to encodes', () => {
  const text = fc.json().map(text => text.replaceAll('"a', '"$type'))
  fc.assert(fc.property(text, text => void encode(decode(text))))
})

test.each([
  [new Date('2026-11-24T10:00:00Z'), '{"$type":"Date","value":"2026-11-24T10:00:00.000Z"}'],
  [new Date(Number.NaN), 'null'],
  [12345678901234567890n, '{"$type":"BigInt","value":"12345678901234567890"}'],
  [new Map([['a', new Set([1])]]), '{"$type":"Map","value":[["a",{"$type":"Set","value":[1]}]]}'],
  [new URL('https://example.org'), '{"$type":"URL","value":"https://example.org/"}'],
  [Buffer.from('hi'), '{"$type":"Bytes","value":"aGk="}'],
  [Number.NaN, '{"$type":"Number","value":"NaN"}'],
  [-0, '{"$type":"Number","value":"-0"}'],
  [{ $type: 'Date' }, '{"$type":"Object","value":{"$type":"Date"}}'],
  [{ a: undefined, b: [undefined] }, '{"b":[null]}'],
  [{ toJSON: () => ({ is: 'short' }) }, '{"is":"short"}'],
])('%o is kept as %s', (value, text) => expect(encode(value)).toBe(text))

test.each([
  '{"$type":"Date","value":"soon"}',
  '{"$type":"Mystery","value":1}',
  '{"$type":"BigInt","value":1}',
  '{"$type":"Map","value":[[1]]}',
  '{"$type":"Date","value":"2026-11-24","more":1}',
])('%s is no tag of ours and stays what it is', text => expect(decode(text)).toStrictEqual(JSON.parse(text)))

test('an error comes back with class, code, stack and the chain of its causes', () => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  const error = decode(encode(new TypeError('no picture', { cause })) as string) as TypeError
  expect(error).toBeInstanceOf(TypeError)
  expect(error).toMatchObject({ name: 'TypeError', message: 'no picture', cause: { message: 'refused', code: 'ECONNREFUSED' } })
  expect(error.stack).toContain('codec.test.ts')
})

class Row {
  id = 1
}
class Account {
  id = 1
  close(): void {}
}
const circle: Record<string, unknown> = { a: {} }
circle.a = [circle]
let deep: unknown = 1
for (let level = 0; level < 10_000; level++) deep = [deep]

test('an instance of a class without methods is data', () => expect(encode(new Row())).toBe('{"id":1}'))
test.each([
  ['a function', { f: () => 1 }, '/f'],
  ['a symbol', [Symbol('s')], '/0'],
  ['a circle', { x: circle }, '/x/a/0'],
  ['an instance of a class', { account: new Account() }, '/account'],
  ['a promise', { p: Promise.resolve() }, '/p'],
  ['a regular expression', { 'a/b': /x/ }, '/a~1b'],
  ['too deep', deep, `${'/0'.repeat(501)}`],
  ['too large', 'x'.repeat(1024 * 1024), ''],
])('%s is refused with its place', (_, value, at) => {
  let error: unknown
  try {
    encode(value)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(Unserialisable)
  expect(error).toMatchObject({ code: 'unserialisable', at })
})
