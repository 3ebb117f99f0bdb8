import type { Context, Decision, Machine, Message } from '../../core/machine.ts'
import { type RunView, viewOfActor } from '../../core/run.ts'
import type { DagSpec } from '../dag/spec.ts'
import { entryOf, evolve, heldOf, holdersFor, lateTo, pending, wakeAt } from './state.ts'
import type { Entry, PlacedInput, RunOfTimeInput, TimelineEvent, TimelineInput, TimelineState, WatchInput } from './types.ts'
import { isOfWatching, refusalMessages, watchEvents, watchTells } from './watch.ts'

/** Runs that are open at a time: one more is not heard until another leaves, and asks again. */
const ENTRIES_MAX = 10_000
/** Runs that one transition tells (E8): with more to tell it goes on at once. */
const TOLD_MAX = 500
/** So often it is looked whether the DAG lets more of its runs be active than it did. */
const LOOK_MS = 60_000

/**
 * The runs of a DAG in the order of the times that they are for: at most so many have their place at once (`maxActiveRuns`), the others wait, the earliest time
 * first; and tasks that depend on the past wait until those of the run before have passed.
 *
 * A run asks when it is due, says what has passed, and says when it closes, in the commit of its close. What it is told it confirms, else it is told again.
 */
export const timeline: Machine<TimelineState, TimelineInput, TimelineEvent> = {
  kind: 'timeline',
  reads: [1],
  writes: 1,
  decide,
  evolve,
  pending,
  view,
  forgets: true,
}

const NOTHING: Decision<TimelineEvent> = { events: [] }

function decide(state: TimelineState | null, input: TimelineInput, context: Context): Decision<TimelineEvent> {
  const step = new Step(state, context)
  const { now: at } = context
  if (isOfWatching(input)) {
    step.watch(input)
    return step.decided(null)
  }
  const known = 'run' in input && state !== null ? entryOf(state, input.run) : null
  switch (input.is) {
    case 'wake':
      step.tellAgain()
      break
    case 'enter':
      if (known !== null) step.repeat(known)
      else {
        if ((state?.entries.length ?? 0) >= ENTRIES_MAX) return NOTHING
        const { run, free, tasks } = input
        step.add({ is: 'entered', at, run, for: input.for, free, open: tasks })
        step.changed(input.for)
      }
      break
    case 'leave':
      if (known === null) return NOTHING
      step.add({ is: 'left', at, run: known.run, open: input.tasks })
      step.changed(known.for)
      break
    case 'pass':
      if (known === null) return NOTHING
      step.add({ is: 'passed', at, run: known.run, tasks: input.tasks })
      step.changed(known.for)
      break
    case 'idle':
      if (known === null || known.idle === input.idle || known.told > known.confirmed) return NOTHING
      step.add({ is: 'idled', at, run: known.run, idle: input.idle })
      break
    case 'confirm':
      if (known === null || known.confirmed >= input.n) return NOTHING
      step.add({ is: 'confirmed', at, run: known.run, n: input.n })
  }
  return step.decided(input.is === 'enter' && known === null ? input.run : null)
}

class Step {
  private state: TimelineState
  private readonly before: TimelineState | null
  private readonly context: Context
  private readonly events: TimelineEvent[] = []
  private readonly messages: Message[] = []

  constructor(before: TimelineState | null, context: Context) {
    this.before = before
    this.state = before ?? { entries: [], past: [], lookAt: null }
    this.context = context
  }

  add(event: TimelineEvent): void {
    this.events.push(event)
    this.state = evolve(this.state, event)
  }

  watch(input: RunOfTimeInput | WatchInput): void {
    this.messages.push(...refusalMessages(this.state, input))
    for (const event of watchEvents(this.state, input, this.context)) this.add(event)
  }

  /** Who waits for a run hears how it stands, and runs hear what of them is waited for. */
  private tellWatchers(): void {
    const { events, messages } = watchTells(this.state, this.context)
    for (const event of events) this.add(event)
    this.messages.push(...messages)
  }

  tellAgain(): void {
    const late = lateTo(this.state, this.context.now).slice(0, TOLD_MAX)
    if (late.length === 0) return
    this.add({ is: 'told_again', at: this.context.now, runs: late.map(({ run }) => run) })
    for (const entry of late) this.repeat(entry)
  }

  repeat({ run, told, active, held }: Entry): void {
    const input: PlacedInput = { is: 'placed', n: told, active, held }
    this.messages.push({ is: 'tell', to: run, input })
  }

  /** What is known of a time is another: so the runs for the next time may wait for less, or for more. */
  changed(time: number): void {
    const next = this.state.entries.find(entry => entry.for > time)
    if (next === undefined) return
    for (const entry of this.state.entries.filter(other => other.for === next.for)) if (entry.active) this.review(entry)
  }

  /** One that may go on again takes its place again: where that is lent, it hears of it once it is free. */
  private review(entry: Entry): void {
    const held = heldOf(this.state, entry)
    if (isSame(held, entry.held) || this.messages.length >= TOLD_MAX) return
    if (entry.idle && holdersFor(this.state, entry).length >= this.max) return
    this.tell(entry, true, held)
  }

  private tell(entry: Entry, active: boolean, held: readonly string[]): void {
    this.add({ is: 'told', at: this.context.now, run: entry.run, active, held })
    this.repeat(entryOf(this.state, entry.run) as Entry)
  }

  private get max(): number {
    return (this.context.definition?.() as DagSpec | undefined)?.maxActiveRuns ?? Number.POSITIVE_INFINITY
  }

  /** `entered`: is answered in any case. */
  decided(entered: string | null): Decision<TimelineEvent> {
    const isMore = this.place()
    const newcomer = entered === null ? null : entryOf(this.state, entered)
    if (newcomer !== null && newcomer.told === 0) this.tell(newcomer, false, [])
    this.look(isMore)
    if (this.state.watchers !== undefined && this.messages.length < TOLD_MAX / 5) this.tellWatchers()
    if (this.events.length === 0 && this.messages.length === 0) return NOTHING
    const decision: Decision<TimelineEvent> = { events: this.events, state: this.state }
    const at = wakeAt(this.state)
    if (this.before === null ? at !== null : at !== wakeAt(this.before)) decision.wakeAt = at
    if (at !== null && at <= this.context.now) decision.wakeAt = at
    if (this.messages.length > 0) decision.messages = this.messages
    return decision
  }

  /** Places are given to the earliest times first. True: there are more to give. */
  private place(): boolean {
    const { max } = this
    for (const entry of this.state.entries) {
      if (entry.active && !entry.idle) continue
      if (!entry.free && holdersFor(this.state, entry).length >= max) {
        if (!this.state.entries.some(({ free, active }) => free && !active)) break
        continue
      }
      if (this.messages.length >= TOLD_MAX) return true
      if (!entry.active) this.tell(entry, true, heldOf(this.state, entry))
      else this.review(entry)
    }
    return false
  }

  /** Whoever waits is looked at again, for the DAG may let more runs be active by then. */
  private look(isMore: boolean): void {
    const { now: at } = this.context
    const { lookAt, entries } = this.state
    const isWaiting = entries.some(({ active, idle }) => !active || idle)
    const next = isMore ? at : !isWaiting ? null : lookAt === null || lookAt <= at ? at + LOOK_MS : lookAt
    if (next !== lookAt || isMore) this.add({ is: 'looked', at, next })
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((task, index) => task === other[index])
}

/** As an actor: what its row and the engine need. People see it in what its runs say. */
function view(state: TimelineState): RunView {
  return viewOfActor('waiting', wakeAt(state))
}
