import fc from 'fast-check'
import { expect, test } from 'vitest'
import { VirtualClock } from './virtual-clock.ts'

test('timers fire by time, those of one instant in the order in which they were set', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 100 }), delays => {
      const clock = new VirtualClock(1_000)
      const fired: { delay: number; index: number; at: number }[] = []
      delays.forEach((delay, index) => void clock.after(delay, () => fired.push({ delay, index, at: clock.now() })))
      for (let next = clock.next(); next !== null; next = clock.next()) clock.advanceTo(next)
      const expected = delays.map((delay, index) => ({ delay, index, at: 1_000 + delay })).sort((a, b) => a.delay - b.delay || a.index - b.index)
      expect(fired).toEqual(expected)
    }),
  )
})

test('a cancelled timer neither fires nor counts as the next one', () => {
  const clock = new VirtualClock(0)
  const cancel = clock.after(10, () => expect.unreachable())
  clock.after(20, () => {})
  cancel()
  expect(clock.next()).toBe(20)
})

test('what a timer sets for now waits for the next move', () => {
  const clock = new VirtualClock(0)
  const fired: string[] = []
  clock.after(5, () => {
    fired.push('first')
    clock.after(0, () => fired.push('second'))
  })
  clock.advanceTo(5)
  expect(fired).toEqual(['first'])
  clock.advanceTo(5)
  expect(fired).toEqual(['first', 'second'])
})

test('time never steps back', () => {
  const clock = new VirtualClock(100)
  clock.advanceTo(50)
  expect([clock.now(), clock.monotonic()]).toEqual([100, 0])
})
