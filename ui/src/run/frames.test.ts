import { expect, test } from 'vitest'
import { framesOf, textOfFailure } from './frames.ts'

const STACK = `TypeError: no
    at charge (file:///app/jobs/pay.ts:3:9)
    at async /app/jobs/pay.ts:12:3
    at Client.send (/app/node_modules/pg/lib/client.js:5:1)
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)`

test("the reader's own frames come first, others are told apart", () => {
  const { own, others } = framesOf({ type: 'TypeError', message: 'no', stack: STACK })
  expect(own).toEqual([
    { name: 'charge', place: '/app/jobs/pay.ts:3:9' },
    { name: null, place: '/app/jobs/pay.ts:12:3' },
  ])
  expect(others.map(({ name }) => name)).toEqual(['Client.send', 'process.processTicksAndRejections'])
})

test('a stack of another language is kept as it is', () => {
  const { own, others } = framesOf({ type: 'ValueError', message: 'no', stack: 'Traceback:\n  File "pay.py", line 3' })
  expect(own.map(({ place }) => place)).toEqual(['Traceback:', '  File "pay.py", line 3'])
  expect(others).toEqual([])
})

test('an error is copied with all that caused it', () => {
  expect(textOfFailure({ type: 'A', message: 'a', cause: { type: 'B', message: 'b' } })).toBe('A: a\ncaused by B: b')
})
