import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Heap } from './heap.ts'

interface Item {
  heapIndex: number
  key: number
}

type Step = { is: 'push'; key: number } | { is: 'pop' } | { is: 'remove'; which: number } | { is: 'move'; which: number; key: number }

const step = (): fc.Arbitrary<Step> => {
  const key = fc.integer({ min: 0, max: 20 })
  const which = fc.nat(30)
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ is: fc.constant('push' as const), key }) },
    { weight: 2, arbitrary: fc.record({ is: fc.constant('pop' as const) }) },
    { weight: 2, arbitrary: fc.record({ is: fc.constant('remove' as const), which }) },
    { weight: 2, arbitrary: fc.record({ is: fc.constant('move' as const), which, key }) },
  )
}

test('its head is the least of what is in it, whatever comes, goes and moves, and who has left knows it', () => {
  fc.assert(
    fc.property(fc.array(step(), { maxLength: 100 }), steps => {
      const heap = new Heap<Item>((a, b) => a.key < b.key)
      const there: Item[] = []
      const gone: Item[] = []
      const leave = (item: Item): void => {
        heap.remove(item)
        gone.push(...there.splice(there.indexOf(item), 1))
      }
      for (const step of steps) {
        const item = 'which' in step ? there[step.which % Math.max(1, there.length)] : heap.peek()
        if (step.is === 'push') {
          const pushed = { heapIndex: -1, key: step.key }
          there.push(pushed)
          heap.push(pushed)
        } else if (item === undefined) continue
        else if (step.is === 'move') {
          item.key = step.key
          heap.moved(item)
        } else leave(item)
        expect(heap.size).toBe(there.length)
        expect(heap.peek()?.key).toBe(there.length === 0 ? undefined : Math.min(...there.map(({ key }) => key)))
        expect(gone.every(({ heapIndex }) => heapIndex === -1)).toBe(true)
        expect(new Set(there.map(({ heapIndex }) => heapIndex)).size).toBe(there.length)
      }
    }),
    { numRuns: 1_000 },
  )
})
