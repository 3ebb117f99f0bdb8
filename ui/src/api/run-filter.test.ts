import { expect, test } from 'vitest'
import type { Run } from './client.ts'
import { accepts, askedOf, type RunFilter, spanMs } from './run-filter.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const RUN = {
  kind: 'job',
  state: 'failed',
  reason: 'aborted',
  definition: 'mail',
  queue: 'post',
  tags: { team: 'crm' },
  failure: { type: 'SmtpError', message: 'mailbox full' },
  createdAt: '2026-03-01T11:30:00.000Z',
} as unknown as Run

test.each<[RunFilter, boolean | null]>([
  [{}, true],
  [{ state: ['failed', 'timed_out'], kind: ['job'], reason: ['aborted'], definition: ['mail'], queue: ['post'], tag: ['team:crm'] }, true],
  [{ state: ['queued'] }, false],
  [{ kind: ['batch'] }, false],
  [{ reason: ['expired'] }, false],
  [{ tag: ['team:media'] }, false],
  [{ error: 'SMTPERROR: mail' }, true],
  [{ error: 'timeout' }, false],
  [{ last: '1h' }, true],
  [{ last: '15m' }, false],
  [{ createdBefore: '2026-03-01T11:30:00.000Z' }, false],
  // What only the server can tell; a plain no is a no all the same.
  [{ metadata: ['a:b'] }, null],
  [{ longerThan: '1s' }, null],
  [{ batch: 'k8t1b' }, null],
  [{ batch: 'k8t1b', state: ['queued'] }, false],
])('%j holds the run: %j', (filter, holds) => {
  expect(accepts(filter, RUN, NOW)).toBe(holds)
})

test.each([
  ['90m', 5_400_000],
  ['2w', 1_209_600_000],
  ['0h', null],
  ['1 h', null],
  ['soon', null],
])('%j is %j ms', (text, ms) => {
  expect(spanMs(text)).toBe(ms)
})

test('a last span and a time: the later of both begins', () => {
  expect(askedOf({ last: '1h' }, NOW)).toEqual({ createdAfter: '2026-03-01T11:00:00.000Z' })
  expect(askedOf({ last: '1h', createdAfter: '2026-03-01T11:45:00.000Z' }, NOW)).toEqual({ createdAfter: '2026-03-01T11:45:00.000Z' })
})
