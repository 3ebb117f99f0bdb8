import type { RunId } from '../../src/core/ids.ts'
import type { Context, Decision } from '../../src/core/machine.ts'
import type { HistoryEvent } from '../../src/core/run.ts'
import type { Stuck } from '../../src/engine/codec.ts'
import { type AnyMachine, MACHINES } from '../../src/machines/registry.ts'
import type { Rng } from './rng.ts'
import type { RunTruth } from './truth.ts'
import type { World } from './world.ts'

/** Inputs at which the machine of a marked run throws (E14). The mark is a tag, `throws`, which the machine finds in its own history. */
const AT = ['start', 'deliver', 'deliver', 'result', 'result', 'wake', 'report', 'lost', 'cancel'] as const
/** It decides, and the last of its events cannot be applied: what was applied before it must be taken back. */
const HALF_WAY = ' half-way'

export function throwsTag(rng: Rng): string {
  const at = rng.pick(AT)
  return `${at}${at !== 'start' && rng.chance(0.3) ? '+cancel' : ''}${rng.chance(0.5) ? HALF_WAY : ''}`
}

interface Thrown {
  input: string
  /** The state that the input was given to. */
  state: string
  /** True time. */
  at: number
}

/** A machine that throws at what is marked until it is mended, and what must hold of the runs that are stuck by it. */
export class Throwing {
  readonly #world: World
  readonly #thrown = new Map<RunId, Thrown[]>()
  /** Inputs of marked runs that the machine took: run and input. */
  readonly #taken = new Set<string>()
  readonly #mended = new Set<RunId>()
  /** Every input that was committed as a dead letter, by run. */
  readonly #kept = new Map<RunId, string[]>()
  readonly stuck = new Set<RunId>()
  /** How often a run got stuck. */
  count = 0

  constructor(world: World) {
    this.#world = world
  }

  /** Answers how to take it away again. */
  install(): () => void {
    const machines = MACHINES as Record<string, AnyMachine>
    const job = machines.job as AnyMachine
    machines.job = { ...job, decide: (state, input, context) => this.#decide(job, state, input, context) }
    return () => {
      machines.job = job
    }
  }

  /** A new version of the machine no longer throws at this run. */
  mend(run: RunId): void {
    this.#mended.add(run)
  }

  isMended(run: RunId): boolean {
    return this.#mended.has(run)
  }

  /** True when the machine has thrown at an input of this run, since that time. */
  threw(run: RunId, since = 0): boolean {
    return this.#thrown.get(run)?.some(({ at }) => at >= since) ?? false
  }

  /** True when an input with this in it was kept as a dead letter of the run. */
  kept(run: RunId, part: string): boolean {
    return this.#kept.get(run)?.some(input => input.includes(part)) ?? false
  }

  wasStuck(run: RunId): boolean {
    return this.#kept.has(run)
  }

  #decide(job: AnyMachine, state: unknown, input: { is: string }, context: Context): Decision<HistoryEvent> {
    const started = (input.is === 'start' ? input : (state as { started: unknown } | null)?.started) as {
      options?: { tags?: Record<string, string> }
    }
    const tag = started?.options?.tags?.throws
    if (tag === undefined) return job.decide(state, input, context)
    const text = JSON.stringify(input)
    const throws = tag.replace(HALF_WAY, '').split('+').includes(input.is) && !this.#mended.has(context.self)
    const decision = throws && !tag.endsWith(HALF_WAY) ? null : job.decide(state, input, context)
    if (!throws || decision?.events.length === 0) {
      this.#taken.add(`${context.self} ${text}`)
      return decision as Decision<HistoryEvent>
    }
    const thrown = this.#thrown.get(context.self) ?? []
    this.#thrown.set(context.self, thrown)
    thrown.push({ input: text, state: JSON.stringify(state), at: this.#world.now })
    if (decision === null) throw new Error(`simulated: the machine throws at ${input.is}`)
    // Without the state that it may have worked out: then its events are applied one by one.
    const { state: _, ...rest } = decision as Decision<HistoryEvent> & { state?: unknown }
    return { ...rest, events: [...decision.events, { is: 'started', at: context.now, definition: 'twice' }] }
  }

  /** A commit wrote a run: `before` is what was committed of it until then, `state` what its events make now. */
  wrote(before: RunTruth | undefined, now: RunTruth, state: unknown): void {
    const { id: run } = now
    const was = before === undefined || before.purged ? null : before.stuck
    const is = now.closed ? null : now.stuck
    const facts = () => ({ run, was, is, state: now.row.state, events: now.events.map(event => event.is) })
    if (is === null) this.stuck.delete(run)
    else {
      this.stuck.add(run)
      this.#kept.set(run, [...(this.#kept.get(run) ?? []), JSON.stringify(is.input)])
      this.#expectKept(is, now, state, facts)
    }
    if (was === null) {
      if (is !== null) this.count++
      return
    }
    const fresh = now.events.slice(before?.events.length)
    if (is !== null && JSON.stringify(is) === JSON.stringify(was)) {
      const still = fresh.every(event => event.is === 'cancel_requested')
      this.#world.expect(still, 'a run went on while it is stuck (E14)', facts)
      return
    }
    const { input } = was as { input: { is: string; delivery?: string } }
    const ended = now.closed && ['cancelled', 'terminated'].includes(now.row.state)
    const again = this.#taken.has(`${run} ${JSON.stringify(input)}`) || this.#threwAgain(run, input, is)
    // What would have left never left: its task waits anew.
    if (input.is === 'deliver')
      this.#world.expect(!fresh.some(event => event.delivery === input.delivery), 'a delivery was recorded that never left (E14)', facts)
    else this.#world.expect(ended || again, 'a stuck run went on without the input that it was stuck on (E14)', facts)
  }

  #threwAgain(run: RunId, input: unknown, is: Stuck | null): boolean {
    const text = JSON.stringify(input)
    return is !== null && JSON.stringify(is.input) === text && (this.#thrown.get(run)?.filter(thrown => thrown.input === text).length ?? 0) > 1
  }

  /** It is stuck on what the machine threw at, and as it was before: nothing of that input is applied. */
  #expectKept(is: Stuck, { stuck }: RunTruth, state: unknown, facts: () => { run: RunId }): void {
    const text = JSON.stringify(is.input)
    const thrown = this.#thrown.get(facts().run)?.filter(({ input }) => input === text) ?? []
    this.#world.expect(thrown.length > 0 && stuck !== null, 'a run is stuck on an input that its machine did not throw at (E14)', facts)
    // A cancel may have been asked for since.
    const states = [JSON.stringify(state), JSON.stringify({ ...(state as object), cancelRequested: false })]
    this.#world.expect(
      thrown.some(({ state }) => states.includes(state)),
      'a run is stuck half-way (E14)',
      facts,
    )
  }
}
