import { expect, test } from 'vitest'
import { smallDiskImpossible } from '../support/small-disk.ts'
import { chaos } from './chaos.ts'
import { FAULTS } from './faults.ts'

test('one of each fault, on real nodes, workers and PostgreSQL: nothing acknowledged is lost, nothing accepted is doubled, no nominal time is missed', {
  timeout: 170_000,
}, async () => {
  const { wrong, faults, receipts, times, limited } = await chaos({ seed: 1, rounds: 1, long: false, schedules: 10, tell: () => {} })
  expect(wrong.slice(0, 10), `${wrong.length} are wrong`).toEqual([])
  const impossible = smallDiskImpossible() === null ? [] : ['full disk of the database']
  expect([...faults.keys(), ...impossible].sort()).toEqual(Object.keys(FAULTS).sort())
  expect(receipts).toBeGreaterThan(300)
  expect(times).toBeGreaterThan(100)
  expect(limited).toBeGreaterThan(100)
})
