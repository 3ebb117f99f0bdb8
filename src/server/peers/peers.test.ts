import { describe, expect, test } from 'vitest'
import { CANCELLATION } from './cancellation.ts'
import { type Case, outcomeOf } from './case.ts'
import { MESSAGES } from './messages.ts'
import { TIME } from './time.ts'

const PEERS = { 'temporal.io': 'Temporal', 'restate.dev': 'Restate', 'dbos.dev': 'DBOS', 'inngest.com': 'Inngest' }
const peerOf = (at: string) => Object.entries(PEERS).find(([host]) => new URL(at).hostname.endsWith(host))?.[1]
const titled = (cases: readonly Case[]) =>
  cases.map(one => [`${peerOf(one.at)}: ${one.says}${one.differs ? `; here ${one.differs}` : ''}`, one] as const)

// Each row is a fact of the documentation of Temporal, Restate, DBOS or Inngest, with its page; `differs` says where and why we do otherwise.
describe.each([
  ['messages', MESSAGES],
  ['cancellation', CANCELLATION],
  ['time', TIME],
])('durable code, %s', (_, cases) => {
  test.each(titled(cases))('%s', async (_, one) => {
    const { gives, fails, told, replayed } = await outcomeOf(one)
    if (one.fails === undefined) expect({ gives, fails }).toEqual({ gives: one.gives, fails: undefined })
    else expect(fails).toMatchObject(one.fails)
    expect(told).toEqual(one.told)
    expect(replayed).toBe('fits')
  })
})

test('each peer is cited, sixty cases and more', () => {
  const all = [...MESSAGES, ...CANCELLATION, ...TIME]
  expect(all.length).toBeGreaterThanOrEqual(60)
  for (const peer of Object.values(PEERS)) expect(all.filter(({ at }) => peerOf(at) === peer).length, peer).toBeGreaterThanOrEqual(8)
})
