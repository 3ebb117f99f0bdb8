import { expect, test } from 'vitest'
import { withDefaults } from './schema-defaults.ts'

const SCHEMA = {
  type: 'object',
  properties: {
    region: { type: 'string', default: 'north' },
    day: { type: 'string' },
    load: { type: 'object', properties: { batch: { type: 'integer', default: 100 }, to: { type: 'string' } } },
  },
}

// Airflow, core-concepts/params: defaults of a DAG's params stand where the run's conf says nothing.
test.each<[object | boolean, unknown, unknown]>([
  [SCHEMA, null, { region: 'north', load: { batch: 100 } }],
  [SCHEMA, { region: 'south' }, { region: 'south', load: { batch: 100 } }],
  [SCHEMA, { region: null, load: { to: 'x' } }, { region: null, load: { to: 'x', batch: 100 } }],
  [SCHEMA, [1], [1]],
  [{ default: { a: 1 } }, null, { a: 1 }],
  [{ type: 'object', properties: { day: {} } }, null, null],
  [true, { a: 1 }, { a: 1 }],
])('%j of %j is %j', (schema, input, filled) => {
  const text = withDefaults(JSON.stringify(schema), input === null ? null : JSON.stringify(input))
  expect(text === null ? null : JSON.parse(text)).toEqual(filled)
})

test('what lacks nothing is as it was written', () => {
  const text = '{ "region": "a",  "load": {"batch": 1} }'
  expect(withDefaults(JSON.stringify(SCHEMA), text)).toBe(text)
})
