import { expect, test } from 'vitest'
import { listOf, parseSearch, present, stringifySearch } from './search.ts'

test.each([
  ['', {}],
  ['?state=failed', { state: 'failed' }],
  ['?state=failed&state=timed_out&queue=mail', { state: ['failed', 'timed_out'], queue: 'mail' }],
  ['?tag=customer:4711', { tag: 'customer:4711' }],
])('%j is %j, and back', (text, search) => {
  expect(parseSearch(text)).toEqual(search)
  expect(stringifySearch(search)).toBe(text)
})

test('what an address cannot mean is left out, never thrown at', () => {
  expect(listOf(['failed', 'nonsense', ''], ['failed', 'queued'])).toEqual(['failed'])
  expect(listOf('nonsense', ['failed'])).toBeUndefined()
  expect(present({ state: undefined, queue: 'mail' })).toEqual({ queue: 'mail' })
  expect(stringifySearch({ namespace: undefined, state: [] })).toBe('')
})
