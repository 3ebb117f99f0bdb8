import type { DeliveryId, RunId } from '../../src/core/ids.ts'
import { isRun } from '../../src/core/machine.ts'
import { type HistoryEvent, isClosed } from '../../src/core/run.ts'
import { decodeBody, type Stuck } from '../../src/engine/codec.ts'
import { MACHINES } from '../../src/machines/registry.ts'
import type { Tables } from '../../src/store/memory/tables.ts'
import type { LogRow, Row } from '../../src/store/store.ts'
import type { Throwing } from './throwing.ts'
import type { World } from './world.ts'

/** What the store has said of a run, commit by commit. */
export interface RunTruth {
  readonly id: RunId
  row: Row
  /** Each event as text; what is here once never changes. */
  texts: string[]
  events: HistoryEvent[]
  /** The number of attempts that have failed, and one. */
  attempt: number
  /** The recorded delivery of the current attempt, or null. */
  delivery: DeliveryId | null
  /** What the machine threw at (E14), and since when (true time) that is so. */
  stuck: Stuck | null
  stuckSince: number
  closed: boolean
  purged: boolean
  /** A rollback of the store took it, or part of it. */
  forgotten: boolean
  /** True time of its first commit. */
  readonly bornAt: number
  /** It has been in all of the states in which its unique key is its own. */
  holdsUnique: boolean
}

/**
 * The committed truth, built from each commit as it lands, by a reading of its own: histories are decoded from the stored bodies and segments, and
 * each must continue what was there before. Answers are judged by it (E4).
 */
export class Truth {
  readonly runs = new Map<RunId, RunTruth>()
  /** By `tags.call` and `tags.key`: the run that was born for it. */
  readonly called = new Map<string, RunId>()
  readonly keyed = new Map<string, RunId>()
  readonly #world: World
  readonly #tables: Tables
  readonly #throwing: Throwing
  readonly #bodyBytesMax: number
  readonly #openUnique = new Map<string, Set<RunId>>()
  /** Every run that was ever committed, and every outcome of a delivery: what a rollback took was true once. */
  readonly ever = new Set<RunId>()
  readonly everEnded = new Set<string>()
  /** When each delivery was recorded. */
  readonly recordedAt = new Map<unknown, number>()
  #wentBack = false
  /** Told of each event when it is committed first. */
  onEvent: (run: RunTruth, event: HistoryEvent) => void = () => {}

  constructor(world: World, tables: Tables, throwing: Throwing, bodyBytesMax: number) {
    this.#world = world
    this.#tables = tables
    this.#throwing = throwing
    this.#bodyBytesMax = bodyBytesMax
  }

  get(id: RunId): RunTruth | undefined {
    return this.runs.get(id)
  }

  row(id: RunId): Row | undefined {
    return this.#tables.open.get(id) ?? this.#tables.closed.get(id)
  }

  /** The committed log of a run, and one line of it. */
  lines(run: RunId): Iterable<LogRow> {
    return this.#tables.logs.get(run)?.values() ?? []
  }

  line({ run, delivery, n }: LogRow): LogRow | undefined {
    return this.#tables.logs.get(run)?.get(`${n} ${delivery}`)
  }

  /** A commit wrote this run. */
  wrote(id: RunId): void {
    const row = this.row(id)
    if (row !== undefined && !isRun(row.kind)) return // see schedules.ts and past.ts
    const known = this.runs.get(id)
    if (row === undefined) return this.#world.fail('a commit wrote a run that is not there', { run: id })
    this.#world.expect(known === undefined || !known.closed || known.purged || known.forgotten, 'a closed run changed (P2)', () => ({ run: id }))
    const read = this.#history(row)
    if (read === null) return
    const { events, stuck, state } = read
    // Retention keeps a tombstone of whatever a call may still ask for, and a retry for its command: ids never come back (E9).
    this.#world.expect(
      known === undefined || !known.purged || known.forgotten || this.#wentBack,
      'a run was born again after it was dropped (E9)',
      () => ({
        run: id,
      }),
    )
    const texts = events.map(event => JSON.stringify(event))
    const before = known === undefined || known.purged ? [] : known.texts
    const forks = before.findIndex((text, index) => text !== texts[index])
    this.#world.expect(forks < 0, 'a history forked (P2)', () => ({ run: id, number: forks, was: before[forks], is: texts[forks] ?? null }))
    const bornAt = known === undefined || known.purged ? this.#world.now : known.bornAt
    const truth: RunTruth = {
      id,
      row,
      texts,
      events,
      ...attemptOf(events),
      stuck,
      stuckSince: JSON.stringify(stuck) === JSON.stringify(known?.stuck ?? null) ? (known?.stuckSince ?? this.#world.now) : this.#world.now,
      closed: isClosed(row.state),
      purged: false,
      forgotten: false,
      bornAt,
      holdsUnique: true,
    }
    truth.holdsUnique = holdsUnique(truth)
    this.runs.set(id, truth)
    this.ever.add(id)
    if (before.length === 0) this.#born(truth)
    this.#outcomes(truth, before.length)
    this.#unique(truth)
    if (known?.forgotten !== true) this.#throwing.wrote(known, truth, state)
    // What a fork has kept happened to another run, before it.
    const kept = (events[0]?.kept as number | undefined) ?? 0
    const times = events.filter((_, number) => number === 0 || number > kept).map(event => event.at)
    this.#world.expect(
      times.every((at, index) => index === 0 || at >= (times[index - 1] as number)),
      'event times within a run step back (E20)',
      () => ({ run: id, times }),
    )
  }

  purged(id: RunId): void {
    const known = this.runs.get(id)
    if (known === undefined || this.row(id) !== undefined) return
    this.#world.expect(known.closed || known.forgotten, 'retention dropped an open run', () => ({ run: id }))
    known.purged = true
  }

  /** The store went backwards (E2): what is there now is the truth. */
  rolledBack(): void {
    this.#wentBack = true
    for (const [id, known] of this.runs) {
      const row = this.row(id)
      if (row === undefined) {
        if (known.purged) continue
        this.#forget(known)
        continue
      }
      const { events, stuck } = this.#history(row) ?? { events: [], stuck: null }
      if (events.length === known.texts.length && !known.purged && JSON.stringify(stuck) === JSON.stringify(known.stuck)) continue
      Object.assign(known, {
        row,
        events,
        texts: events.map(event => JSON.stringify(event)),
        ...attemptOf(events),
        stuck,
        stuckSince: this.#world.now,
      })
      Object.assign(known, { closed: isClosed(row.state), purged: false, forgotten: true })
      known.holdsUnique = holdsUnique(known)
      this.#unique(known)
    }
  }

  #forget(known: RunTruth): void {
    known.forgotten = true
    known.closed = true
    const { call, key } = known.row.tags ?? {}
    if (call !== undefined) this.called.delete(call)
    if (key !== undefined) this.keyed.delete(within(key, known.events))
    this.#unique(known)
    this.runs.delete(known.id)
  }

  /** Each attempt has one outcome, that of its recorded delivery (E15), and attempt numbers are dense. */
  #outcomes({ id, events }: RunTruth, from: number): void {
    let attempt = 1
    let delivery: unknown = null
    for (const [number, event] of events.entries()) {
      const told = number < from || event.delivery === undefined
      const facts = () => ({ run: id, number, event, attempt, delivery })
      if (event.is === 'delivered') {
        this.#world.expect(
          told || (event.attempt === attempt && delivery === null),
          'an attempt has two recorded deliveries, or numbers restart (E15)',
          facts,
        )
        delivery = event.delivery
        if (number >= from) this.recordedAt.set(delivery, this.#world.now)
      } else if (event.delivery !== undefined) {
        this.#world.expect(told || event.delivery === delivery, 'an outcome was taken that is not of the recorded delivery (E15)', facts)
        delivery = null
        if (event.is === 'attempt_failed') attempt = (event.attempt as number) + 1
        for (const result of [event.is, event.result]) if (result !== undefined) this.everEnded.add(`${id} ${event.delivery} ${result}`)
      }
      if (event.is === 'resumed') attempt++
      if (event.is === 'yielded' || event.is === 'continued') {
        attempt = 1
        delivery = null
      }
      if (number >= from) this.onEvent(this.runs.get(id) as RunTruth, event)
    }
  }

  /** E9: the same call, or the same key, never makes two runs. */
  #born({ id, row, events }: RunTruth): void {
    // A retried run has the tags of the run that it repeats.
    if (isRetry(events)) return
    const claims = [
      ['call', this.called],
      ['key', this.keyed],
    ] as const
    for (const [tag, map] of claims) {
      const given = row.tags?.[tag]
      if (given === undefined) continue
      const name = tag === 'key' ? within(given, events) : given
      const other = map.get(name)
      this.#world.expect(other === undefined || other === id, `two runs of one ${tag} (E9)`, () => ({ [tag]: name, runs: [other, id] }))
      map.set(name, id)
    }
  }

  /** Never two open runs in states in which their unique keys conflict. */
  #unique(truth: RunTruth): void {
    const given = truth.row.tags?.unique
    if (given === undefined || isRetry(truth.events)) return
    const name = within(given, truth.events)
    const holders = this.#openUnique.get(name) ?? new Set()
    this.#openUnique.set(name, holders)
    if (truth.closed || !truth.holdsUnique) holders.delete(truth.id)
    else holders.add(truth.id)
  }

  /** After each batch, since one may hand a key on. */
  expectUnique(): void {
    for (const [name, holders] of this.#openUnique)
      this.#world.expect(holders.size <= 1, 'two open runs hold one unique key', () => ({ unique: name, runs: [...holders] }))
  }

  /** All events by segments and body, dense; the folded events equal the snapshot and what the machine makes of it (E10). */
  #history(row: Row): { events: HistoryEvent[]; stuck: Stuck | null; state: unknown } | null {
    const body = decodeBody(row.body)
    const segments = [...(this.#tables.segments.get(row.id)?.values() ?? [])].sort((a, b) => a.first - b.first)
    const events: HistoryEvent[] = []
    for (const segment of segments) {
      this.#world.expect(segment.first === events.length, 'a history has a gap or an overlap (P2)', () => ({
        run: row.id,
        first: segment.first,
        expected: events.length,
      }))
      events.push(...(JSON.parse(segment.events) as HistoryEvent[]))
    }
    this.#world.expect((body.first ?? 0) === events.length, 'the body does not continue the segments (P2)', () => ({
      run: row.id,
      first: body.first ?? 0,
      expected: events.length,
    }))
    events.push(...body.events)
    const bodyBytes = body.events.reduce((sum, event) => sum + JSON.stringify(event).length, 0)
    this.#world.expect(bodyBytes <= this.#bodyBytesMax, 'a row carries more events than the bound (E10)', () => ({
      run: row.id,
      bodyBytes,
      events: body.events.length,
    }))
    const machine = MACHINES[row.kind]
    try {
      const snapshot = events.slice(0, body.first ?? 0).reduce((state, event) => machine.evolve(state, event), null)
      const state = events.reduce((folded, event) => machine.evolve(folded, event), null)
      const same = JSON.stringify(snapshot) === JSON.stringify(body.snapshot ?? null)
      this.#world.expect(same, 'the snapshot is not what the events make (E10)', () => ({ run: row.id }))
      const view = machine.view(state)
      const shown = body.stuck !== undefined && !isClosed(row.state) ? 'paused' : view.state
      this.#world.expect(shown === row.state, 'the row says another state than its history', () => ({
        run: row.id,
        row: row.state,
        history: view.state,
      }))
      if (!isClosed(row.state) && body.stuck === undefined && 'wakeAt' in row) {
        const pending = machine.pending(state)
        const ready = pending.ready[0]
        this.#world.expect(pending.wakeAt === row.wakeAt, 'the decisions do not add up to pending: wakeAt', () => ({
          run: row.id,
          row: row.wakeAt,
          pending: pending.wakeAt,
        }))
        this.#world.expect((ready?.sort ?? null) === row.sort, 'the decisions do not add up to pending: ready', () => ({
          run: row.id,
          row: row.sort,
          pending: ready?.sort ?? null,
        }))
        this.#world.expect(pending.delivered.length > 0 === row.delivered, 'the decisions do not add up to pending: delivered', () => ({
          run: row.id,
        }))
      }
      return { events, stuck: body.stuck ?? null, state }
    } catch (error) {
      this.#world.fail('a committed history cannot be folded', { run: row.id, error: String(error), events: events.map(event => event.is) })
      return null
    }
  }
}

/** Read from the events alone, without the machine. */
function attemptOf(events: readonly HistoryEvent[]): { attempt: number; delivery: DeliveryId | null } {
  let attempt = 1
  let delivery: DeliveryId | null = null
  for (const event of events) {
    if (event.is === 'attempt_failed') {
      attempt = (event.attempt as number) + 1
      delivery = null
    } else if (event.is === 'delivered') delivery = event.delivery as DeliveryId
    else if (event.is === 'yielded' || event.is === 'continued') {
      // A workflow's next task begins anew.
      attempt = 1
      delivery = null
    } else if (event.is === 'returned' || event.is === 'snoozed' || event.is === 'parked') delivery = null
    else if (event.is === 'resumed') attempt++
  }
  return { attempt, delivery }
}

/** Tag `until-begun`: the key is its own only in the states before its first delivery. */
function holdsUnique({ row, events }: RunTruth): boolean {
  return row.tags?.until !== 'begun' || !events.some(event => event.is === 'delivered')
}

function isRetry(events: readonly HistoryEvent[]): boolean {
  return (events[0]?.trigger as { is: string } | undefined)?.is === 'retry'
}

/** What a run was to do at any time of its life, the latest last. */
interface Asked {
  inputs: unknown[]
  labels: Record<string, string> | null
  /** Another start replaced its options. */
  replaced: boolean
  /** At most once, by its tag: unless it was replaced, or is a retry of one that was, whose tag it has as well. */
  once: boolean
}

export function askedOf({ row, events }: RunTruth): Asked {
  const changes = events.filter(event => event.is === 'changed')
  const options = changes.findLast(event => event.options !== undefined)?.options ?? events[0]?.options
  const replaced = changes.some(event => event.options !== undefined)
  const { labels = null, retry } = (options ?? {}) as { labels?: Record<string, string>; retry?: { attempts?: number } }
  return {
    inputs: [row.input, ...events.flatMap(({ is, input }) => ((is === 'changed' || is === 'continued') && input !== undefined ? [input] : []))],
    labels,
    replaced,
    once: row.tags?.once !== undefined && !replaced && (!isRetry(events) || retry?.attempts === 1),
  }
}

/** A key is one within its sequence (E9). */
function within(key: string, [started]: readonly HistoryEvent[]): string {
  const { sequence } = (started as { options?: { gate?: { sequence?: string } } } | undefined)?.options?.gate ?? {}
  return sequence === undefined ? key : `${key} in ${sequence}`
}
