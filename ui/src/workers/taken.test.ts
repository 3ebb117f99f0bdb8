import { expect, test } from 'vitest'
import type { DefinitionRow, Worker } from '../api/work.ts'
import { takenOf } from './taken.ts'

test('runs take a slot each, or what their definition says that they cost', () => {
  const running = ['mail', 'heavy', 'render'].map(definition => ({ run: definition, definition, attempt: 1, since: '', stuck: false }))
  const worker = { slots: 8, units: { gpu: 2, cpu: 4 }, running } as unknown as Worker
  const definitions = [
    { name: 'mail', options: {} },
    { name: 'heavy', options: { cost: 3 } },
    { name: 'render', options: { cost: { gpu: 1 } } },
  ] as unknown as DefinitionRow[]
  expect(takenOf(worker, definitions)).toEqual({
    slots: { name: 'slots', used: 5, of: 8 },
    units: [
      { name: 'gpu', used: 1, of: 2 },
      { name: 'cpu', used: 0, of: 4 },
    ],
  })
})
