import { isHeld } from './past.ts'
import type { Plan } from './plan.ts'
import { ACTIVE_MAX } from './spec.ts'
import type { Tally } from './tally.ts'
import type { DagState, Reference } from './types.ts'

/** The next that may begin and has a slot; null: none. In mapped groups the last tasks go first: an item that has begun goes on before another begins. */
export function nextOf(plan: Plan, state: DagState, tally: Tally): Reference | null {
  if (state.active >= ACTIVE_MAX) return null
  if (slotsTaken(state) >= plan.maxActive) return nextSlotless(plan, state, tally)
  for (let plain = state.tasks.indexOf('q'); plain >= 0; plain = state.tasks.indexOf('q', plain + 1)) if (!isHeld(plan, state, plain)) return plain
  let best: { ref: Reference; rank: number } | null = null
  for (const n of tally.ready) {
    const rank = plan.tasks[n]?.group === null ? n : -n
    if (!state.mapped[n]?.items.includes('q')) tally.ready.delete(n)
    if (best !== null && best.rank < rank) continue
    const ref = itemOf(plan, state, tally, n)
    if (ref !== null) best = { ref, rank }
  }
  return best?.ref ?? null
}

/** The next, and those that follow it while nothing but slots decides: at most so many. None of several waits for anything. */
export function inRow(plan: Plan, state: DagState, tally: Tally, most: number): Reference[] {
  const first = nextOf(plan, state, tally)
  if (first === null) return []
  const size = plan.ids.length
  const n = first % size
  const { items, active } = state.mapped[n] ?? { items: null, active: 0 }
  if (plan.slotless.length > 0 || (items !== null && plan.tasks[n]?.group !== null)) return [first]
  const free = (plan.tasks[n]?.task.map?.concurrency ?? ACTIVE_MAX) - active
  const room = Math.min(most, ACTIVE_MAX - state.active, plan.maxActive - slotsTaken(state), items === null ? most : free)
  const letters = items ?? state.tasks
  const refs: Reference[] = []
  for (let at = items === null ? n : Math.floor(first / size); at >= 0 && refs.length < room; at = letters.indexOf('q', at + 1))
    if (items !== null) refs.push(at * size + n)
    else if (!isHeld(plan, state, at)) refs.push(at)
  return refs
}

/** Whoever waits for a person, or for something to happen, takes none. */
export function slotsTaken({ active, persons = [], waits = [] }: DagState): number {
  return active - persons.length - waits.length
}

function nextSlotless(plan: Plan, state: DagState, tally: Tally): Reference | null {
  for (const n of plan.slotless) {
    if (state.mapped[n] === undefined) {
      if (state.tasks[n] === 'q' && !isHeld(plan, state, n)) return n
    } else if (tally.ready.has(n)) {
      const ref = itemOf(plan, state, tally, n)
      if (ref !== null) return ref
    }
  }
  return null
}

/** Of a mapped task the first item that may begin; null: none. */
function itemOf(plan: Plan, state: DagState, { items: tally }: Tally, n: number): Reference | null {
  const { items, active } = state.mapped[n] as DagState['mapped'][number]
  if (active >= (plan.tasks[n]?.task.map?.concurrency ?? ACTIVE_MAX) || isHeld(plan, state, n)) return null
  const item = tally.next(n, items)
  return item < 0 ? null : item * plan.ids.length + n
}
