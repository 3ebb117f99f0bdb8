import { expect, test } from 'vitest'
import { schemaFields } from './schema.ts'
import { optionText } from './words.ts'

test('a schema is told as its fields, those within others by their path', () => {
  const schema = {
    type: 'object',
    required: ['customer'],
    properties: {
      customer: { type: 'object', properties: { mail: { type: 'string', format: 'email', description: 'where it goes' } } },
      items: {
        type: 'array',
        items: { type: 'object', required: ['count'], properties: { count: { type: 'integer', minimum: 1, maximum: 9_007_199_254_740_991 } } },
      },
      size: { enum: ['s', 'l'] },
    },
  }
  expect(schemaFields(schema)).toEqual([
    { path: 'customer', type: 'object', isNeeded: true, says: '' },
    { path: 'customer.mail', type: 'string, email', isNeeded: false, says: 'where it goes' },
    { path: 'items', type: 'list of object', isNeeded: false, says: '' },
    { path: 'items[].count', type: 'integer, at least 1', isNeeded: true, says: '' },
    { path: 'size', type: 'one of "s", "l"', isNeeded: false, says: '' },
  ])
  expect(schemaFields(true)).toEqual([])
})

test.each([
  ['retry', { attempts: 4, initial: 20_000, factor: 3, maximum: 300_000 }, '4 attempts, first again after 20 s, then ×3, at most 5m'],
  ['timeout', { attempt: 1_800_000 }, 'attempt 30m'],
  [
    'limits',
    [
      { name: 'gateway', rate: 20, every: 60_000 },
      { per: 'user', concurrency: 2 },
    ],
    'gateway: 20 in any 1m · 2 at once for each user',
  ],
  ['tags', { team: 'mail' }, 'team:mail'],
  ['unique', { by: 'input' }, '{"by":"input"}'],
] as const)('the option %s is told in words', (name, value, says) => {
  expect(optionText(name, value)).toBe(says)
})
