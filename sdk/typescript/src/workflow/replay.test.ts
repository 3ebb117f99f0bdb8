import { expect, test } from 'vitest'
import type { WireEvent } from '../wire.ts'
import { workflow } from './define.ts'
import { type RecordedRun, replay } from './replay.ts'

const at = '2026-01-01T00:00:00.000Z'
const recorded = (history: (Omit<WireEvent, 'at'> & { is: string })[], more: Partial<RecordedRun> = {}): RecordedRun => ({
  id: 'r1',
  definition: 'order',
  state: 'waiting',
  input: { amount: 5 },
  metadata: null,
  tags: null,
  history: history.map(event => ({ at, ...event }) as WireEvent),
  ...more,
})
const charged = { is: 'step_completed', n: 1, name: 'charge', attempt: 1, output: 'p1' }
const slept = [
  { is: 'timer_set', n: 2 },
  { is: 'timer_fired', n: 2 },
]
const ran: string[] = []
const order = workflow('order', async (input: { amount: number }, ctx) => {
  const payment = await ctx.run('charge', () => void ran.push('charge'))
  await ctx.sleep('1d')
  return `${payment} ${input.amount}`
})

test('code that does the same again fits, and none of its steps is run', async () => {
  expect(await replay(order, recorded([{ is: 'started' }, charged, ...slept, { is: 'completed' }], { state: 'completed' }))).toEqual({
    is: 'fits',
    run: 'r1',
    steps: 2,
  })
  expect(await replay(order, recorded([{ is: 'started' }, charged]))).toMatchObject({ is: 'fits' })
  expect(ran).toEqual([])
})

// Temporal, Replayer: a nondeterminism error names the first event that does not match.
test.each<[string, Parameters<typeof recorded>[0], Partial<RecordedRun>, object]>([
  ['another step', [{ is: 'started' }, { ...charged, name: 'reserve' }], {}, { step: 1, expected: 'reserve', got: 'charge' }],
  [
    'a signal in place of a timer',
    [{ is: 'started' }, charged, { is: 'waiting', n: 2, signal: 'go' }],
    {},
    { step: 2, expected: 'signal go', got: 'a timer' },
  ],
  ['less than was done', [{ is: 'started' }, charged, ...slept, { ...charged, n: 3 }], {}, { step: 3, expected: 'charge', got: 'nothing there' }],
  ['more than was done', [{ is: 'started' }, charged, { is: 'completed' }], { state: 'completed' }, { step: 2, expected: 'the end', got: 'a timer' }],
])('%s is the first divergence', async (_, history, more, expected) =>
  expect(await replay(order, recorded(history, more))).toEqual({ is: 'diverged', run: 'r1', ...expected }),
)

test('a run that began anew is replayed from there, with the input that it had then', async () => {
  const loop = workflow('loop', async (round: number, ctx) => ctx.run(`round-${round}`, () => round))
  const history = [
    { is: 'started' },
    { is: 'step_completed', n: 1, name: 'round-1' },
    { is: 'continued', input: 2 },
    { is: 'step_completed', n: 1, name: 'round-2' },
  ]
  expect(await replay(loop, recorded(history, { input: 1 }))).toMatchObject({ is: 'fits' })
})

test('what is not kept is found', async () => {
  const flow = workflow('flow', async () => new Promise(resolve => setTimeout(resolve, 60_000).unref()))
  expect(await replay(flow, recorded([{ is: 'started' }]))).toMatchObject({ is: 'not-durable' })
})
