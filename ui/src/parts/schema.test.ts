import { expect, test } from 'vitest'
import { blankOf, placeOf } from './schema.ts'
import { schemaFaults } from './schema-faults.ts'

test.each([
  [{ type: 'string' }, 'text'],
  [{ type: ['integer', 'null'] }, 'integer'],
  [{ anyOf: [{ type: 'number' }, { type: 'null' }] }, 'number'],
  [{ type: 'boolean' }, 'flag'],
  [{ enum: ['a', 1] }, 'choice'],
  [{ anyOf: [{ const: 'a' }, { const: 'b' }] }, 'choice'],
  [{ type: 'object', properties: { a: {} } }, 'object'],
  [{ type: 'object', additionalProperties: { type: 'string' } }, 'json'],
  [{ type: 'array', items: { type: 'string' } }, 'list'],
  [{ type: 'array', prefixItems: [{}], items: {} }, 'json'],
  [
    {
      oneOf: [
        { type: 'object', properties: { is: { const: 'a' } } },
        { type: 'object', properties: { is: { const: 'b' } } },
      ],
    },
    'variants',
  ],
  [{ anyOf: [{ type: 'string' }, { type: 'number' }] }, 'json'],
  [{ $ref: '#/$defs/user', $defs: { user: { type: 'integer' } } }, 'integer'],
  [{ allOf: [{ type: 'object', properties: { a: {} } }, { properties: { b: {} } }] }, 'object'],
  [{ $ref: 'https://elsewhere.example/schema' }, 'json'],
  [{}, 'json'],
])('%j is a field of the kind %s', (schema, is) => {
  expect(placeOf(schema, schema).shape.is).toBe(is)
})

test('what refers to itself ends', () => {
  const tree = { type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] }
  expect(JSON.stringify(blankOf(tree, tree)).length).toBeLessThan(100)
  expect(schemaFaults(tree, { next: { next: {} } }).get('/next/next/next')).toBe('it is needed')
})

const ORDER = {
  type: 'object',
  required: ['email', 'lines', 'paid'],
  properties: {
    email: { type: 'string', format: 'email' },
    currency: { enum: ['EUR', 'USD'], default: 'EUR' },
    paid: { type: 'boolean' },
    note: { type: ['string', 'null'] },
    lines: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['sku', 'count'],
        properties: { sku: { type: 'string', minLength: 1 }, count: { type: 'integer', minimum: 1 } },
      },
    },
  },
}

test('a form begins with defaults and what must be there', () => {
  expect(blankOf(ORDER, ORDER)).toEqual({ currency: 'EUR', paid: false, lines: [] })
})

test.each([
  [{ email: 'you@example.org', paid: true, lines: [{ sku: 'A', count: 1 }] }, {}],
  [
    { email: 'you', paid: true, note: null, lines: [{ sku: 'A', count: 0 }] },
    { '/email': expect.stringContaining('you@'), '/lines/0/count': 'at least 1' },
  ],
  [
    { paid: true, lines: [{ sku: '', count: 1.5 }] },
    { '/email': 'it is needed', '/lines/0/sku': 'it is needed', '/lines/0/count': 'a whole number is expected' },
  ],
  [
    { email: 'a@b', currency: 'GBP', paid: 1, lines: [] },
    { '/currency': 'one of EUR, USD is expected', '/paid': expect.any(String), '/lines': 'at least 1 of them' },
  ],
])('%j: faults stand at their places', (value, faults) => {
  expect(Object.fromEntries(schemaFaults(ORDER, value))).toEqual(faults)
})
