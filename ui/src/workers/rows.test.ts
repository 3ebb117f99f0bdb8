import { expect, test } from 'vitest'
import type { Need, Worker } from '../api/work.ts'
import { stateOf, workerRows } from './rows.ts'

const worker = (name: string, more: Partial<Worker> = {}): Worker => ({
  id: name,
  name,
  serves: [],
  queues: [],
  labels: {},
  slots: 4,
  units: {},
  running: [],
  lastSeenAt: '2026-11-28T14:00:00.000Z',
  draining: false,
  drained: null,
  ...more,
})
const task = (stuck: boolean) => ({ run: '0', definition: 'mail', attempt: 1, since: '2026-11-28T14:00:00.000Z', stuck })
const silent: Need = {
  is: 'worker',
  why: 'silent',
  text: 'worker fell away fell silent, and did not say that it goes',
  count: 1,
  worker: 'w9',
  since: '2026-11-28T13:00:00.000Z',
}

test('those that somebody should look at stand first, the others by name whoever was heard of last', () => {
  const rows = workerRows([worker('web-2'), worker('web-1', { running: [task(false)] }), worker('web-3', { running: [task(true)] })], [silent])
  expect(rows.map(row => [row.name, stateOf(row)])).toEqual([
    ['worker fell away', 'silent'],
    ['web-3', 'stuck'],
    ['web-1', 'busy'],
    ['web-2', 'idle'],
  ])
})

test('one that is back is silent no longer', () => {
  expect(workerRows([worker('w9')], [silent]).map(({ is }) => is)).toEqual(['there'])
})

test.each([
  [{ draining: true, running: [task(false)] }, 'draining'],
  [{ draining: true }, 'drained'],
])('a drain has come to its end when nothing runs: %j is %s', (more, state) => {
  expect(workerRows([worker('web-1', more)], []).map(stateOf)).toEqual([state])
})
