import type { LaneId, RunId } from '../../src/core/ids.ts'
import type { KeyName, OpenRow } from '../../src/store/store.ts'
import { keyValue } from './holds.ts'
import type { Scenario } from './scenario.ts'
import type { RunTruth } from './truth.ts'
import type { World } from './world.ts'

interface Waiting {
  truth: RunTruth
  sort: number
  /** Whose commit it was. */
  lane: LaneId
  /** True time at which every owner knew that it is ready. */
  heardAt: number
}

interface Sequence {
  /** Whose turn it is, from its first delivery to its close; it stays that of a failed one that stopped the sequence. */
  holder: RunTruth | null
  stopped: boolean
  ready: Map<RunId, Waiting>
}

/** Sequences as committed: one run at a time and in order, and what failed under `stop` is followed by its retry alone, until a person resumes it. */
export class Turns {
  readonly #world: World
  readonly #scenario: Scenario
  readonly #sequences = new Map<string, Sequence>()
  readonly #asked = new Set<string>()
  count = 0

  constructor(world: World, scenario: Scenario) {
    this.#world = world
    this.#scenario = scenario
  }

  /** A commit of a lane: what it had committed before it knows from now on, and what lanes committed that are gone whoever took over. */
  landed(lane: LaneId, stands: (lane: LaneId) => boolean): void {
    for (const { ready } of this.#sequences.values())
      for (const waiting of ready.values())
        if (waiting.lane === lane || !stands(waiting.lane)) waiting.heardAt = Math.min(waiting.heardAt, this.#world.now)
  }

  delivered(truth: RunTruth, _lane: LaneId, decidedAt: number): void {
    const sequence = this.#of(truth)
    if (sequence === null) return
    const { holder, stopped, ready } = sequence
    const trigger = truth.events[0]?.trigger as { is: string; of?: RunId } | undefined
    const isRetry = stopped && trigger?.is === 'retry' && trigger.of === holder?.id
    const facts = () => ({ run: truth.id, holder: holder?.id ?? null, stopped, sequence: this.#nameOf(truth) })
    this.#world.expect(
      holder === null || holder.id === truth.id || isRetry,
      stopped ? 'a sequence went on past a run that failed' : 'two runs of a sequence at a time',
      facts,
    )
    const self = ready.get(truth.id)
    if (holder === null && self !== undefined)
      for (const { truth: other, sort, heardAt } of ready.values()) {
        const isBefore = sort < self.sort || (sort === self.sort && other.id < truth.id)
        this.#world.expect(!isBefore || heardAt > decidedAt, 'a sequence is out of order', () => ({ ...facts(), before: other.id }))
      }
    ready.delete(truth.id)
    if (holder?.id !== truth.id) this.count++
    sequence.holder = truth
    sequence.stopped = false
  }

  /** Its row was written: after all deliveries of its commit. */
  wrote(truth: RunTruth, lane: LaneId): void {
    const sequence = this.#of(truth)
    // Changed while it waited, it may wait in another.
    for (const other of this.#sequences.values()) if (other !== sequence) other.ready.delete(truth.id)
    if (sequence === null) return
    const { id, row, closed } = truth
    const { gate, sort } = row as OpenRow
    const known = sequence.ready.get(id)
    if (closed || gate === null) sequence.ready.delete(id)
    else if (known?.sort !== sort) sequence.ready.set(id, { truth, sort: sort as number, lane, heardAt: Number.POSITIVE_INFINITY })
    if (sequence.holder?.id !== id) return
    sequence.holder = truth
    if (!closed) return
    const stops = this.#scenario.limited?.[row.name]?.sequence?.onFailure === 'stop' && (row.state === 'failed' || row.state === 'timed_out')
    sequence.stopped = stops
    if (!stops) sequence.holder = null
  }

  /** A person asks for a stopped sequence to go on. */
  asked(definition: string, key: string): void {
    this.#asked.add(`${definition} ${key}`)
  }

  dropped(names: readonly KeyName[]): void {
    for (const { scope, definition, key } of names) {
      const name = `${definition} ${key}`
      const sequence = scope === 'sequence' ? this.#sequences.get(name) : undefined
      if (sequence?.stopped && this.#asked.delete(name)) Object.assign(sequence, { holder: null, stopped: false })
    }
  }

  #of(truth: RunTruth): Sequence | null {
    const name = this.#nameOf(truth)
    if (name === null) return null
    const known = this.#sequences.get(name) ?? { holder: null, stopped: false, ready: new Map() }
    this.#sequences.set(name, known)
    return known
  }

  #nameOf(truth: RunTruth): string | null {
    const rule = this.#scenario.limited?.[truth.row.name]?.sequence
    return rule === undefined ? null : `${truth.row.name} ${sequenceKey(truth, rule.per)}`
  }
}

/** Its turn is where it first had one, whatever it is changed to after. */
export function sequenceKey(truth: RunTruth, path: string): string {
  const begun = truth.events.findIndex(({ is }) => is === 'delivered')
  return keyValue(truth, path, begun < 0 ? undefined : begun)
}
