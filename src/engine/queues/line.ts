import type { Group, GroupId, Labels } from '../../core/gates.ts'
import type { RunId } from '../../core/ids.ts'
import type { DagGate, Units } from '../../core/limits.ts'
import type { Instant } from '../../core/time.ts'
import type { KeyName, KeyRow } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import type { Bound, Resource, Waiter } from '../limits/resource.ts'
import { Heap, type Placed } from './heap.ts'
import type { FairQueue, Share } from './shares.ts'
import type { Entry, Window } from './window.ts'

/** Why a line with ready tasks hands none out: it is one parked entry, and whatever it waits for wakes it (E19). */
export type Parked =
  | { is: 'resource'; resource: Resource }
  | { is: 'rate'; resource: Resource; at: Instant }
  | { is: 'sequence' }
  | { is: 'gathering'; at: Instant }

/** The ready tasks of one group. */
export class Line implements Placed, Waiter {
  readonly id: GroupId
  /** Unknown until a first task of it is in memory. */
  group: Group | null = null
  readonly window: Window
  set: LineSet | null = null
  share: Share | null = null
  /** Limits of its own keys; those of all its set stand there. */
  bounds: readonly Bound[] = []
  parked: Parked | null = null
  alarm: Alarm | null = null
  /** Until when its first task gathers others; of which task that is. */
  gathers: { of: RunId; until: Instant } | null = null
  /** Null: in none. */
  sequence: Sequence | null = null

  /** Its place among the lines of its set, and by what it was put there: its share and its first task may be further by now, never back. */
  heapIndex = -1
  pass = 0
  sort = 0
  first: RunId = ''

  private readonly woken: (line: Line) => void

  constructor(id: GroupId, window: Window, woken: (line: Line) => void) {
    this.id = id
    this.window = window
    this.woken = woken
  }

  wake(): void {
    this.woken(this)
  }
}

/** A sequence, whose runs may wait in several lines: one for each queue, labels and keys that they have. */
export class Sequence {
  readonly name: KeyName
  readonly lines = new Set<Line>()
  /** Whose turn it is; undefined: not read yet. */
  holder: Pick<KeyRow, 'run' | 'inputHash'> | null | undefined = undefined
  isReading = false
  /** How many runs were ready in it and change, which is not committed yet: until then nobody goes past them. */
  changing = 0

  constructor(name: KeyName) {
    this.name = name
  }

  /** The first of its ready runs that are in memory. */
  first(): Entry | null {
    let first: Entry | null = null
    for (const { window } of this.lines) {
      const entry = window.peek()
      if (entry !== null && (first === null || goesBefore(entry, first))) first = entry
    }
    return first
  }
}

/** Lines of one queue, definition, labels and DAG: a worker fits all of them or none. Those with something to hand out stand in the order of their turns. */
export class LineSet {
  readonly namespace: string
  readonly queue: string
  readonly definition: string
  readonly labels: Labels | null
  readonly dag: DagGate | null
  readonly fair: FairQueue
  readonly ready = new Heap<Line>(goesFirst)
  readonly alarm: Alarm = { heapIndex: -1, at: 0, line: null }
  lines = 0
  bounds: readonly Bound[] = []
  /** What a task takes of its worker. */
  cost: Units | null = null
  batch: { size: number; withinMs: number } | null = null

  constructor({ namespace, queue, definition, labels, dag = null }: Group, fair: FairQueue) {
    this.namespace = namespace
    this.queue = queue
    this.definition = definition
    this.labels = labels
    this.dag = dag
    this.fair = fair
  }
}

/** Something is looked at again at a time. */
export interface Alarm extends Placed {
  at: Instant
  /** Null: all of its set. */
  line: Line | null
}

export function goesFirst(a: Pick<Line, 'pass' | 'sort' | 'first'>, b: Pick<Line, 'pass' | 'sort' | 'first'>): boolean {
  return a.pass < b.pass || (a.pass === b.pass && (a.sort < b.sort || (a.sort === b.sort && a.first < b.first)))
}

/** Across queues shares say nothing: the first in time goes first. */
export function isOlder(a: Pick<Line, 'sort' | 'first'>, b: Pick<Line, 'sort' | 'first'>): boolean {
  return a.sort < b.sort || (a.sort === b.sort && a.first < b.first)
}

function goesBefore(a: Entry, b: Entry): boolean {
  return isOlder({ sort: a.order.sort, first: a.actor.id }, { sort: b.order.sort, first: b.actor.id })
}

/** Nobody's turn, its own, or that of a failed run that stopped the sequence and that it tries again. */
export function isTurnOf(actor: Actor, holder: Sequence['holder']): boolean {
  if (holder === undefined) return false
  if (holder === null || holder.run === actor.id) return true
  const { trigger } = actor.view
  return holder.inputHash === 'stopped' && trigger.is === 'retry' && trigger.of === holder.run
}
