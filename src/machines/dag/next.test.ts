import { expect, test } from 'vitest'
import { inRow, nextOf } from './next.ts'
import { planOf } from './plan.ts'
import type { DagSpec } from './spec.ts'
import { evolve } from './state.ts'
import { Tally } from './tally.ts'
import type { DagEvent, DagState, Reference } from './types.ts'

const at = 1_000
const x = { job: 'x' }
const plain = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`t${n}`, x]))
const mapped = (concurrency?: number) => ({ job: 'x', map: { over: [1, 2], ...(concurrency !== undefined && { concurrency }) } })

/** All of it may begin: a task that is mapped has six items. */
function ready(spec: DagSpec): DagState {
  const { tasks, ids } = planOf(spec)
  const isMapped = (n: number): boolean => tasks[n]?.task.map !== undefined
  const ns = [...ids.keys()]
  const events = [
    { is: 'started', at, definition: 'd', version: '1', size: ids.length },
    { is: 'due', at },
    { is: 'judged', at, ready: ns.filter(n => !isMapped(n)), mapped: ns.filter(isMapped).map(n => ({ n, items: 6 })) },
  ]
  return (events as DagEvent[]).reduce<DagState | null>(evolve, null) as DagState
}

/** Begun by some at a time, as `next` says. */
function begun(spec: DagSpec, next: (...given: Parameters<typeof nextOf>) => readonly Reference[]): Reference[] {
  const plan = planOf(spec)
  const all: Reference[] = []
  for (let state = ready(spec); ; ) {
    const refs = next(plan, state, new Tally(plan, state))
    if (refs.length === 0) return all
    all.push(...refs)
    state = evolve(state, { is: 'asked', at, refs } as DagEvent)
  }
}

test.each<[string, DagSpec, Reference[], number]>([
  ['slots', { maxActiveTasks: 5, tasks: plain }, [0, 1, 2, 3, 4], 1],
  ['how many at a time', { tasks: plain }, [0, 1, 2, 3, 4, 5, 6, 7], 2],
  ['a task of its own before items', { tasks: { a: mapped(), b: x }, maxActiveTasks: 4 }, [1, 0, 2, 4], 2],
  ['items of one task before those of the next', { tasks: { a: mapped(2), b: mapped() }, maxActiveTasks: 5 }, [0, 2, 1, 3, 5], 2],
  ['who takes no slot', { tasks: { a: x, b: { wait: { signal: 's' } }, c: x }, maxActiveTasks: 1 }, [0, 1], 3],
])('those in a row are those one by one: %s', (_, spec, refs, timesMax) => {
  let times = 0
  expect(begun(spec, (...given) => [nextOf(...given)].filter(ref => ref !== null))).toEqual(refs)
  const some = begun(spec, (plan, state, tally) => {
    times++
    return inRow(plan, state, tally, 6)
  })
  expect(some).toEqual(refs)
  expect(times - 1).toBeLessThanOrEqual(timesMax)
})
