import type { DeliveryId, LaneId, RunId, WorkerId } from '../../src/core/ids.ts'
import { limitName } from '../../src/core/limits.ts'
import type { HistoryEvent } from '../../src/core/run.ts'
import type { Delivery, LimitSet } from '../../src/engine/face.ts'
import { LIMIT_SETTING } from '../../src/engine/limits/rules.ts'
import { type AnyMachine, MACHINES } from '../../src/machines/registry.ts'
import type { Tables } from '../../src/store/memory/tables.ts'
import type { Batch } from '../../src/store/store.ts'
import type { Scenario } from './scenario.ts'
import type { RunTruth, Truth } from './truth.ts'
import { Turns } from './turns.ts'
import type { World } from './world.ts'

/** Two readings of one clock, rounded. */
const SLACK_MS = 1.5
/** Longer than any window that is drawn. */
const WINDOW_MS_MAX = 20_000

/** A limit as some commit set it: null where it took it away. */
interface Version {
  set: { max: number; everyMs: number | null } | null
  on: LimitSet['on'] | null
  per: string | null
  /** True time of its commit, and of the next commit of anybody: from then on every decision goes by it. */
  at: number
  heardAt: number
  /** Whose commit it was, and the version of the settings that it made. */
  lane: LaneId
  version: number
}

/** What a delivery takes of a limit: `max` the most that it may have found. */
interface Taken {
  /** Limit and key. */
  resource: string
  weight: number
  everyMs: number | null
  max: number
  /** Since when (true time) this limit counts in this way. */
  since: number
}

interface Hold {
  run: RunId
  delivery: DeliveryId
  decidedAt: number
  taken: Taken[]
}

interface Handler {
  hold: Hold
  worker: WorkerId
  /** Its worker was frozen, so that it may run on past the end of its lease (E17). */
  excused: boolean
}

/**
 * Limits as committed (E17, E18), by a reading of their own: which there are from the definitions and from each commit of a setting, what runs from each
 * commit of a delivery and of its end, and from the handlers' own starts and ends. The commit that ends a delivery lets go of it only once it has landed.
 */
export class HoldBook {
  readonly #world: World
  readonly #truth: Truth
  readonly #scenario: Scenario
  readonly #tables: Tables
  readonly #turns: Turns
  readonly #versions = new Map<string, Version[]>()
  readonly #decidedAt = new Map<DeliveryId, number>()
  readonly #seen = new Map<RunId, number>()
  readonly #holds = new Map<RunId, Hold>()
  readonly #byDelivery = new Map<DeliveryId, Hold>()
  readonly #tokens = new Map<string, { at: number; weight: number }[]>()
  readonly #handlers = new Map<DeliveryId, Handler>()
  #tokensOf: LaneId | null = null
  counts = { limited: 0, tokens: 0, handlers: 0 }

  constructor(world: World, truth: Truth, scenario: Scenario, tables: Tables) {
    this.#world = world
    this.#truth = truth
    this.#scenario = scenario
    this.#tables = tables
    this.#turns = new Turns(world, scenario)
  }

  get turnsTaken(): number {
    return this.#turns.count
  }

  /** Sees at what true time deliveries are decided. Answers how to take it away again. */
  install(): () => void {
    const machines = MACHINES as Record<string, AnyMachine>
    const job = machines.job as AnyMachine
    machines.job = {
      ...job,
      decide: (state, input, context) => {
        const decision = job.decide(state, input, context)
        if (input.is === 'deliver' && decision.events.length > 0)
          this.#decidedAt.set((input as unknown as { delivery: DeliveryId }).delivery, this.#world.now)
        return decision
      },
    }
    return () => {
      machines.job = job
    }
  }

  /** A person asks for a stopped sequence to go on. */
  resumes(definition: string, key: string): void {
    this.#turns.asked(definition, key)
  }

  committed({ lane, writes }: Batch): void {
    if (this.#scenario.limited === null || this.#scenario.rollbacks) return
    this.#turns.landed(lane, other => this.#tables.lanes.get(other)?.stands === true)
    for (const versions of this.#versions.values())
      for (const version of versions) if (this.#isHeard(version, lane)) version.heardAt = Math.min(version.heardAt, this.#world.now)
    const ended: Hold[] = []
    const runs = [...writes.born, ...writes.touched, ...writes.closed].flatMap(({ id }) => this.#truth.get(id) ?? [])
    // What this commit ends is let go by it, so nothing that it delivers can have relied on that.
    for (const truth of runs) this.#deliveries(truth, lane, ended)
    for (const hold of ended) this.#letGo(hold)
    for (const truth of runs) this.#turns.wrote(truth, lane)
    this.#turns.dropped(writes.keyDrops)
    for (const { kind, name, value } of writes.settings) if (kind === LIMIT_SETTING) this.#set(name, value, lane)
  }

  /** All who decide go by it (E21): who committed it does once that commit is followed by another, others say so when they renew. */
  #isHeard({ lane, version }: Version, committing: LaneId): boolean {
    for (const [id, { row, stands }] of this.#tables.lanes)
      if (stands && row.shards.length > 0 && (id === lane ? id !== committing : row.version < version)) return false
    return true
  }

  handlerStarts(worker: WorkerId, task: Delivery, late: boolean): void {
    const hold = this.#byDelivery.get(task.delivery)
    if (hold === undefined || this.#handlers.has(task.delivery)) return
    this.counts.handlers++
    this.#handlers.set(task.delivery, { hold, worker, excused: late })
    for (const { resource, everyMs } of hold.taken) {
      if (everyMs !== null) continue
      const found = [...this.#handlers.values()].flatMap(({ hold, excused }) => (excused ? [] : hold.taken.filter(other => isSame(other, resource))))
      const used = found.reduce((sum, { weight }) => sum + weight, 0)
      const max = Math.max(0, ...found.map(({ max }) => max))
      this.#world.expect(used <= max, 'more handlers run at once than a limit allows (E17)', () => ({
        resource,
        used,
        max,
        handlers: [...this.#handlers.values()].filter(({ hold }) => hold.taken.some(other => isSame(other, resource))).map(({ hold }) => hold.run),
      }))
    }
  }

  handlerEnds(delivery: DeliveryId): void {
    this.#handlers.delete(delivery)
  }

  /** Its handlers no longer notice anything. */
  frozen(worker: WorkerId): void {
    for (const handler of this.#handlers.values()) if (handler.worker === worker) handler.excused = true
  }

  #deliveries(truth: RunTruth, lane: LaneId, ended: Hold[]): void {
    const { id, events } = truth
    const from = this.#seen.get(id) ?? 0
    this.#seen.set(id, events.length)
    for (const event of events.slice(from)) {
      const hold = this.#holds.get(id)
      if (event.is === 'delivered') this.#delivered(truth, event, lane)
      else if (hold !== undefined && (event.delivery === hold.delivery || (truth.closed && event === events.at(-1)))) this.#ends(hold, event, ended)
    }
    // A stuck run's worker is told that its lease is lost.
    const hold = this.#holds.get(id)
    if (truth.stuck !== null && hold !== undefined) this.#ends(hold, null, ended)
  }

  #ends(hold: Hold, event: HistoryEvent | null, ended: Hold[]): void {
    this.#holds.delete(hold.run)
    ended.push(hold)
    const lost = event !== null && (event.why === 'lost' || event.reason === 'lost')
    // A handler whose lease ended has stopped by then, by its worker's own clock; any other was ended over its head, and is told at its next beat.
    if (!lost || this.#handlers.get(hold.delivery)?.excused) this.#handlers.delete(hold.delivery)
    // Nor is one counted that has yet to begin: the answer that brings it is on its way.
    if (!lost) this.#byDelivery.delete(hold.delivery)
  }

  #letGo(hold: Hold): void {
    for (const { resource } of hold.taken)
      this.#used.set(
        resource,
        (this.#used.get(resource) ?? []).filter(other => other !== hold),
      )
  }

  readonly #used = new Map<string, Hold[]>()

  #delivered(truth: RunTruth, event: HistoryEvent, lane: LaneId): void {
    const delivery = event.delivery as DeliveryId
    const decidedAt = this.#decidedAt.get(delivery)
    // Adopted when its worker spoke: it left before anything limited it.
    if (decidedAt === undefined) return
    this.#turns.delivered(truth, lane, decidedAt)
    const hold: Hold = { run: truth.id, delivery, decidedAt, taken: this.#taken(truth, decidedAt, truth.events.indexOf(event)) }
    this.#holds.set(truth.id, hold)
    if (hold.taken.length === 0) return
    this.counts.limited++
    this.#byDelivery.set(delivery, hold)
    for (const taken of hold.taken) {
      if (taken.everyMs === null) this.#expectRoom(hold, taken)
      else this.#expectToken(hold, taken, taken.everyMs, lane)
    }
  }

  #expectRoom(hold: Hold, { resource, max, since }: Taken): void {
    const holds = [...(this.#used.get(resource) ?? []), hold]
    this.#used.set(resource, holds)
    const counted = holds.filter(({ decidedAt }) => decidedAt >= since)
    const used = counted.reduce((sum, { taken }) => sum + (taken.find(other => isSame(other, resource))?.weight ?? 0), 0)
    this.#world.expect(used <= max, 'a committed state holds more of a limit than there is (E17)', () => ({
      resource,
      used,
      max,
      holders: counted.map(({ run, delivery }) => `${run} ${delivery}`),
    }))
  }

  #expectToken(hold: Hold, { resource, weight, max, since }: Taken, everyMs: number, lane: LaneId): void {
    this.counts.tokens++
    // What a clock that is set forward makes of a window across a takeover, or where memory is loaded afresh (E14), is the clock's (E20).
    const { faults, throws, poison } = this.#scenario
    if (faults.includes('step-clock') && (lane !== this.#tokensOf || throws || poison)) this.#tokens.clear()
    this.#tokensOf = lane
    const tokens = this.#tokens.get(resource) ?? []
    this.#tokens.set(resource, tokens)
    tokens.push({ at: hold.decidedAt, weight })
    tokens.sort((a, b) => a.at - b.at)
    while ((tokens[0] as { at: number }).at < hold.decidedAt - 2 * WINDOW_MS_MAX) tokens.shift()
    const width = everyMs - SLACK_MS
    for (const { at: from } of tokens) {
      if (from < since || from > hold.decidedAt || from + width <= hold.decidedAt) continue
      const inside = tokens.filter(({ at }) => at >= from && at < from + width)
      const spent = inside.reduce((sum, { weight }) => sum + weight, 0)
      this.#world.expect(spent <= max, 'a window has more tokens than its rate (E18)', () => ({ resource, everyMs, spent, max, inside }))
    }
  }

  /** All limits that a delivery met, decided at that time: where a change was under way, by the more generous side. */
  #taken(truth: RunTruth, decidedAt: number, until: number): Taken[] {
    const { row } = truth
    const queue = queueOf(truth, until)
    const taken: Taken[] = []
    const rules = this.#scenario.limited?.[row.name]?.limits ?? []
    const ofCode = new Set<string>()
    for (const rule of rules) {
      const name = limitName(row.name, rule)
      ofCode.add(name)
      const code = this.#ofCode(name)
      const found = this.#allowed(name, decidedAt, code)
      if (found !== null) taken.push({ ...found, resource: resourceOf(name, rule.per ?? null, truth, until), weight: rule.weight ?? 1 })
    }
    for (const [name, versions] of this.#versions) {
      const { on = null, per = null } = versions.findLast(version => version.set !== null) ?? {}
      if (ofCode.has(name) || this.#isOfCode(name) || !isOn(on, queue, row.name)) continue
      const found = this.#allowed(name, decidedAt, null)
      // One that was started before anybody went by this path is in none of its keys.
      if (found !== null && (per === null || gateOf(truth, until)?.keys?.[per] !== undefined))
        taken.push({ ...found, resource: resourceOf(name, per, truth, until), weight: 1 })
    }
    return taken
  }

  #isOfCode(name: string): boolean {
    return this.#ofCode(name) !== null
  }

  /** What the code says of a limit: the strictest of those that name it. */
  #ofCode(name: string): { max: number; everyMs: number | null } | null {
    let found: { max: number; everyMs: number | null } | null = null
    for (const [definition, { limits = [] }] of Object.entries(this.#scenario.limited ?? {}))
      for (const rule of limits) {
        if (limitName(definition, rule) !== name) continue
        const is =
          'pool' in rule
            ? { max: 0, everyMs: null }
            : 'rate' in rule
              ? { max: rule.rate, everyMs: rule.everyMs }
              : { max: rule.concurrency, everyMs: null }
        if (found === null || is.max / (is.everyMs ?? 1) < found.max / (found.everyMs ?? 1)) found = is
      }
    return found
  }

  /** Null: there may have been none, or one of another sort. */
  #allowed(name: string, decidedAt: number, code: { max: number; everyMs: number | null } | null): Omit<Taken, 'resource' | 'weight'> | null {
    const versions = this.#versions.get(name) ?? []
    const sure = versions.findLastIndex(({ heardAt }) => heardAt <= decidedAt)
    const inForce = [sure < 0 ? code : (versions[sure]?.set ?? code), ...versions.slice(sure + 1).map(({ set }) => set ?? code)]
    const [first] = inForce
    if (first == null || inForce.some(set => set === null || set.everyMs !== first.everyMs)) return null
    // Since when it is of this sort: what was delivered before is not counted here.
    let since = Number.NEGATIVE_INFINITY
    for (let index = sure; index >= 0; index--) {
      const before = index === 0 ? code : (versions[index - 1]?.set ?? code)
      if (before?.everyMs === first.everyMs) continue
      since = (versions[index] as Version).heardAt
      break
    }
    return { max: Math.max(...inForce.map(set => (set as { max: number }).max)), everyMs: first.everyMs, since }
  }

  #set(name: string, value: string | null, lane: LaneId): void {
    const set = value === null ? null : (JSON.parse(value) as LimitSet)
    const versions = this.#versions.get(name) ?? []
    this.#versions.set(name, versions)
    versions.push({
      set: set === null ? null : { max: set.max, everyMs: set.everyMs ?? null },
      on: set?.on ?? null,
      per: set?.per ?? null,
      at: this.#world.now,
      lane,
      version: this.#tables.settingsVersion,
      heardAt: Number.POSITIVE_INFINITY,
    })
  }
}

function isSame(taken: Taken, resource: string): boolean {
  return taken.resource === resource && taken.everyMs === null
}

function resourceOf(name: string, per: string | null, truth: RunTruth, until: number): string {
  return `${name}${per === null ? '' : ` ${per}=${keyValue(truth, per, until)}`}`
}

/** Of its input, as people read it; as it was after so many events. */
export function keyValue(truth: RunTruth, path: string, until = truth.events.length): string {
  const text = lastChange<string | null>(truth, 'input', until) ?? truth.row.input
  const input: unknown = text === null ? null : JSON.parse(text)
  return typeof input === 'object' && input !== null && path in input ? String((input as Record<string, unknown>)[path]) : ''
}

/** What a run was changed to while it waited; undefined: it was not. */
function lastChange<T>({ events }: RunTruth, fact: string, until: number): T | undefined {
  return events.slice(0, until).findLast(event => event.is === 'changed' && fact in event)?.[fact] as T | undefined
}

/** A later replacement's options win over an earlier move. */
function queueOf({ row, events }: RunTruth, until: number): string {
  const change = events.slice(0, until).findLast(event => event.is === 'changed' && ('queue' in event || 'options' in event))
  return (change?.queue ?? (change?.options as { queue?: string } | undefined)?.queue ?? row.queue) as string
}

function gateOf(truth: RunTruth, until: number): { keys?: Record<string, string> } | undefined {
  const changed = lastChange<{ keys?: Record<string, string> } | null>(truth, 'gate', until)
  if (changed !== undefined) return changed ?? undefined
  const { events } = truth
  return (events[0] as unknown as { options?: { gate?: { keys?: Record<string, string> } } }).options?.gate
}

function isOn(on: LimitSet['on'] | null, queue: string, definition: string): boolean {
  if (on == null) return false
  return on.scope === 'namespace' || (on.scope === 'queue' && on.name === queue) || (on.scope === 'definition' && on.name === definition)
}
