import { expect, test } from 'vitest'
import { slotOf } from '../../core/ids.ts'
import type { Context } from '../../core/machine.ts'
import { workflow } from './machine.ts'
import { type Advance, COMMANDS_MS, type Entry, UPDATES_OPEN_MAX, type WorkflowEvent, type WorkflowInput, type WorkflowState } from './types.ts'

const SELF = '01k7x9v2q7e0080w4qgxdtewvh'
let now = 1_000_000
const context = (): Context => ({ self: SELF, now, random: () => 0.5, id: () => 'id', home: () => slotOf(SELF) })

class Driven {
  state: WorkflowState | null = null
  give(input: WorkflowInput): { kinds: string[]; refusal: string | null } {
    const decided = workflow.decide(this.state, input, context())
    this.state = decided.events.reduce<WorkflowState | null>(workflow.evolve, this.state)
    const reply = decided.replies?.[0]?.reply
    return { kinds: decided.events.map(({ is }: WorkflowEvent) => is), refusal: reply?.ok === false ? reply.code : null }
  }
  update(command: string, upTo = this.known.count) {
    return this.give({ is: 'update', command, name: 'add', input: '1', upTo, by: null })
  }
  deliver(delivery: string) {
    return this.give({ is: 'deliver', task: `${this.known.turn}`, attempt: 1, delivery, worker: 'w1', version: null })
  }
  advance(entries: Entry[], more: Partial<Advance> = {}) {
    const { turn, task, count } = this.known
    const delivery = task?.delivery ?? 'none'
    return this.give({ is: 'advance', task: `${turn}`, attempt: 1, delivery, worker: 'w1', call: 1, upTo: count, yields: true, entries, ...more })
  }
  get known(): WorkflowState {
    return this.state as WorkflowState
  }
}

function waiting(): Driven {
  const run = new Driven()
  run.give({ is: 'start', definition: 'cart', options: {}, trigger: { is: 'call' } })
  run.deliver('d1')
  run.advance([])
  return run
}
const END: Entry = { is: 'finished', end: { is: 'completed', output: null } }

test('an update that is accepted gives the code its task; its answer is kept by number', () => {
  const run = waiting()
  const number = run.known.count
  expect(run.update('u1').kinds).toEqual(['update_accepted'])
  expect(workflow.pending(run.known).ready).toHaveLength(1)
  run.deliver('d2')
  expect(run.advance([{ is: 'answered', update: number, output: '7' }]).kinds).toEqual(['update_answered', 'yielded'])
  expect(run.known.updates).toMatchObject([{ id: 'u1', number, answered: number + 2 }])
  expect(run.update('u1')).toEqual({ kinds: [], refusal: null })
})

test('what the code has not seen may change what it takes: it is asked again', () => {
  const run = waiting()
  const seen = run.known.count
  run.give({ is: 'signal', command: 's1', name: 'go', payload: null, by: null })
  expect(run.update('u1', seen).refusal).toBe(null) // a signal that nobody waits for changes nothing that the code knows
  expect(run.update('u2', seen).refusal).toBe('stale')
  expect(run.update('u3', run.known.count + 1).refusal).toBe('stale')
})

test('a run does not end before it has heard of an update that was accepted meanwhile', () => {
  const run = waiting()
  run.update('u1')
  run.deliver('d2')
  const seen = run.known.count
  run.update('u2')
  expect(run.advance([{ is: 'answered', update: seen - 2, output: null }, END], { upTo: seen }).kinds).toEqual(['update_answered'])
  expect(run.known.closing).toBe(null)
  const u2 = run.known.updates?.[1]?.number as number
  expect(run.advance([{ is: 'answered', update: u2, output: null }, END], { call: 2 }).kinds).toEqual(['update_answered', 'completed'])
})

test('code that begins anew answers what its handlers did not', () => {
  const run = waiting()
  run.update('u1')
  run.deliver('d2')
  expect(run.advance([{ is: 'finished', end: { is: 'continued', input: null } }]).kinds).toEqual(['update_answered', 'continued'])
})

test('bounds: updates under way, and those that are remembered', () => {
  const run = waiting()
  for (let n = 0; n < UPDATES_OPEN_MAX; n++) expect(run.update(`u${n}`).refusal).toBe(null)
  expect(run.update('more').refusal).toBe('too-many-updates')
  run.deliver('d2')
  run.advance((run.known.updates ?? []).map(({ number }) => ({ is: 'answered', update: number, output: null })))
  now += COMMANDS_MS + 1
  run.update('later')
  expect(run.known.updates?.map(({ id }) => id)).toEqual(['later'])
})

test('a closed run takes none, and knows those that it took', () => {
  const run = waiting()
  run.update('u1')
  run.give({ is: 'terminate', command: 't', by: null, why: null })
  expect(run.update('u1')).toEqual({ kinds: [], refusal: null })
  expect(run.update('u2').refusal).toBe('run-closed')
})
