import { expect, test } from 'vitest'
import { effectOf, sizeFlags, sizeText } from './words.ts'

const key = (used: number, waiting = 0) => ({ key: '', used, waiting, holders: [], nextAt: null })
const full = { used: 2, waiting: 3, per: null, byKey: [key(2, 3)] }
const perUser = { used: 3, waiting: 1, per: 'user', byKey: [key(2, 1), key(1)] }

test.each([
  ['a slot more for those that wait', full, { concurrency: 5 }, '3 more could start now.'],
  ['each key by itself, and only where one waits', perUser, { concurrency: 4 }, '2 more could start now.'],
  ['the same size', full, { concurrency: 2 }, 'It stays full: what waits goes on waiting.'],
  ['fewer than are held', full, { concurrency: 1 }, '1 slot more than that are held: nothing is stopped, and none starts until they are free.'],
  ['none at all', full, { concurrency: 0 }, 'Nothing of it starts any more. The 2 that hold it go on to their end.'],
  ['nobody waits', { ...full, waiting: 0, byKey: [key(2)] }, { concurrency: 9 }, 'Nothing waits for it. 9 may run at once.'],
  ['another kind', full, { rate: 9, every: 1_000 }, 'It counts starts from now on, not what runs.'],
])('what a change does is said before it is made: %s', (_, limit, next, says) => {
  expect(effectOf(limit, next)).toBe(says)
})

test('a size is written as people say it, and as the command takes it', () => {
  expect([sizeText({ concurrency: 5 }), sizeText({ rate: 200, every: 60_000 })]).toEqual(['5 at once', '200 in any 1m'])
  expect(sizeFlags({ rate: 200, every: 60_000 })).toEqual(['--rate', '200', '--every', '60000ms'])
})
