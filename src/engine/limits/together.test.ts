import { expect, test } from 'vitest'
import type { LimitDetail, LimitKeyView } from '../face.ts'
import { limitTogether } from './together.ts'

const LIMIT = {
  name: 'mail/user',
  namespace: 'default',
  on: { scope: 'definition', name: 'mail' },
  per: 'user',
  is: 'concurrency',
  max: 2,
  everyMs: null,
  from: 'code',
  declared: null,
  set: null,
} as const
const key = (key: string, used: number, waiting: number, runs: string[] = []): LimitKeyView => ({
  key,
  used,
  holders: runs.map(run => ({ run, weight: 1, since: 1 })),
  waiting,
  nextAt: null,
})
const detail = (byKey: LimitKeyView[]): LimitDetail => ({
  ...LIMIT,
  used: byKey.reduce((sum, { used }) => sum + used, 0),
  keys: byKey.filter(({ used }) => used > 0).length,
  waiting: byKey.reduce((sum, { waiting }) => sum + waiting, 0),
  byKey,
})

test('a limit is what its lanes know of it together: each key as its home counts it, with who waits in any lane; the fullest first', () => {
  const home = detail([key('a', 1, 0, ['r1']), key('b', 2, 1, ['r2', 'r3'])])
  const other = detail([key('a', 0, 3), key('c', 0, 1)])
  expect(limitTogether([home, other])).toEqual({
    ...LIMIT,
    used: 3,
    keys: 2,
    waiting: 5,
    byKey: [key('b', 2, 1, ['r2', 'r3']), key('a', 1, 3, ['r1']), key('c', 0, 1)],
  })
  expect(limitTogether([home]).byKey.map(({ key }) => key)).toEqual(['b', 'a'])
})
