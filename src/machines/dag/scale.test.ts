import { expect, test } from 'vitest'
import type { Context } from '../../core/machine.ts'
import { dag } from './machine.ts'
import type { DagSpec, DagTask } from './spec.ts'
import { Tally } from './tally.ts'
import type { DagEvent, DagState } from './types.ts'

const SELF = '01k7x9v2q7e0080w4qgxdtewvh'

/** Plays a run to its end and says what it took: events, their bytes, how often a task was judged, and how often all was counted anew. */
function played(spec: DagSpec): { tasks: number; events: number; bytes: number; judged: number; counted: number; activeMax: number } {
  const context: Context = { self: SELF, now: 1_000, random: () => 0, id: () => 'id', home: () => 0, definition: () => spec }
  const took = { tasks: Object.keys(spec.tasks).length, events: 0, bytes: 0, judged: 0, counted: 0, activeMax: 0 }
  const { before } = Tally.prototype
  let built: Tally | null = null
  const seen = (tally: Tally): void => {
    if (built !== tally) took.counted++
    built = tally
  }
  Tally.prototype.before = function (...given) {
    took.judged++
    seen(this)
    return before.apply(this, given)
  }
  let state: DagState | null = null
  const open: { run: string; reference: number }[] = []
  const waiting: { run: string; reference: number }[] = []
  const give = (input: Parameters<typeof dag.decide>[1]): void => {
    const decided = dag.decide(state, input, context)
    state = decided.state === undefined ? state : (decided.state as DagState)
    took.events += decided.events.length
    for (const event of decided.events as DagEvent[]) took.bytes += JSON.stringify(event).length
    for (const message of decided.messages ?? []) if (message.is === 'start') waiting.push({ run: message.run, reference: message.reference })
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      open.push(next)
      took.activeMax = Math.max(took.activeMax, open.length)
      give({ is: 'answered', reference: next.reference, run: next.run, closed: false, refusal: null })
    }
  }
  try {
    give({ is: 'start', definition: 'x', version: '1', options: {}, trigger: { is: 'call' } })
    const wake = (): void => {
      while ((state as DagState).closing === null && (dag.pending(state as DagState).wakeAt ?? 2_000) <= 1_000) give({ is: 'wake' })
    }
    wake()
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      give({ is: 'child_closed', run: next.run, reference: next.reference, state: 'completed' })
      wake()
    }
  } finally {
    Object.assign(Tally.prototype, { before })
  }
  expect((state as unknown as DagState).closing?.is).toBe('completed')
  return { ...took, tasks: (state as unknown as DagState).total }
}

const chain = (size: number): DagSpec => ({
  tasks: Object.fromEntries(
    Array.from({ length: size }, (_, n): [string, DagTask] => [`t${n}`, { job: 'x', ...(n > 0 && { after: [`t${n - 1}`] }) }]),
  ),
})
const fan = (size: number): DagSpec => ({
  tasks: {
    first: { job: 'x' },
    ...Object.fromEntries(Array.from({ length: size - 2 }, (_, n): [string, DagTask] => [`t${n}`, { job: 'x', after: ['first'] }])),
    last: { job: 'x', after: Array.from({ length: size - 2 }, (_, n) => `t${n}`) },
  },
})
/** Four tasks for each item: the first, two behind it, and one behind these. */
const group = (items: number): DagSpec => ({
  groups: { g: { map: { over: Array.from({ length: items }, (_, n) => n) } } },
  tasks: {
    a: { job: 'x', group: 'g' },
    b: { job: 'x', group: 'g', input: '{{output.a}}' },
    c: { job: 'x', group: 'g', after: ['a'] },
    d: { job: 'x', group: 'g', after: ['b', 'c'] },
    last: { job: 'x', after: ['g'] },
  },
})
/** Behind each item of a mapped task, all of a group. */
const barrier = (items: number): DagSpec => ({
  groups: { g: { map: { over: Array.from({ length: items }, (_, n) => n) } } },
  tasks: {
    a: { job: 'x', map: { over: Array.from({ length: items }, (_, n) => n) } },
    b: { job: 'x', group: 'g' },
    c: { job: 'x', group: 'g', after: ['a', 'b'] },
    d: { job: 'x', group: 'g', after: ['c'] },
  },
})
const lattice = (side: number): DagSpec => ({
  tasks: Object.fromEntries(
    Array.from({ length: side * side }, (_, n): [string, DagTask] => {
      const [row, column] = [Math.floor(n / side), n % side]
      const after = [...(row > 0 ? [`t${n - side}`] : []), ...(column > 0 ? [`t${n - 1}`] : [])]
      return [`t${n}`, { job: 'x', ...(after.length > 0 && { after }) }]
    }),
  ),
})

test.each<[string, DagSpec, DagSpec, number]>([
  ['a chain', chain(100), chain(10_000), 1],
  ['a fan-out and its join', fan(100), fan(10_000), 2],
  ['a lattice', lattice(10), lattice(100), 2],
  ['a mapped group', group(25), group(2_500), 3],
  ['a mapped group behind a mapped task', barrier(25), barrier(2_500), 3],
])('of 10,000 tasks costs as much for each as one of 100: %s', (_, small, large, judgedMax) => {
  const [one, many] = [played(small), played(large)]
  expect(many.tasks).toBeGreaterThanOrEqual(10_000)
  expect(many.events / many.tasks).toBeLessThanOrEqual(Math.max(5, (one.events / one.tasks) * 1.1))
  expect(many.bytes / many.tasks).toBeLessThan((one.bytes / one.tasks) * 1.5)
  // Each task is judged once for each of those before it at most, and nothing is counted anew.
  expect(many.judged).toBeLessThanOrEqual(many.tasks * judgedMax)
  expect(many.counted).toBe(1)
  expect(many.activeMax).toBeLessThanOrEqual(1_000)
})
