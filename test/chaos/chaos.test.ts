import { expect, test } from 'vitest'
import { chaos } from './chaos.ts'
import { FAULTS } from './faults.ts'

test('one of each fault, on real nodes, workers and PostgreSQL: nothing acknowledged is lost, nothing accepted is doubled, no nominal time is missed', {
  timeout: 170_000,
}, async () => {
  const { wrong, faults, receipts, times } = await chaos({ seed: 1, rounds: 1, long: false, tell: () => {} })
  expect(wrong.slice(0, 10), `${wrong.length} are wrong`).toEqual([])
  expect([...faults.keys()].sort()).toEqual(Object.keys(FAULTS).sort())
  expect(receipts).toBeGreaterThan(300)
  expect(times).toBeGreaterThan(100)
})
