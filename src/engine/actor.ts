import { type Group, type GroupId, groupId } from '../core/gates.ts'
import type { ActorId, RunId } from '../core/ids.ts'
import { isWork, type Kind, type TaskOrder } from '../core/machine.ts'
import { type HistoryEvent, isClosed, type OpenState, type Outcome, type Payload, parentOf, type RunState, type RunView } from '../core/run.ts'
import type { StreamHeads } from '../core/stream.ts'
import type { Instant } from '../core/time.ts'
import type { AnyMachine } from '../machines/registry.ts'
import type { ClosingRow, OpenRow, Row, SegmentRow, TouchedRow } from '../store/store.ts'
import type { OpenBatch } from './batch.ts'
import { type Body, encodeBody, type HeldUnique, type Stuck, stateOf } from './codec.ts'
import { keepersOf } from './keepers.ts'
import type { Lease } from './leases.ts'
import type { KeptHold, Reservation } from './limits/resource.ts'
import { visibleTags } from './tags.ts'

/**
 * A durable actor in memory: its state, and what of it the store does not know yet.
 *
 * A job has at most one task that is ready, and its order says in which group it waits; kinds with many tasks get rows of their own (docs/architecture.md section 12).
 */
export class Actor {
  readonly id: RunId
  readonly namespace: string
  readonly kind: Kind
  readonly name: string
  readonly createdAt: Instant
  readonly tags: Readonly<Record<string, string>> | null
  /** With the engine's own, by which lists find it. */
  readonly rowTags: Readonly<Record<string, string>> | null
  readonly machine: AnyMachine
  /** What it was born with. */
  readonly born: { readonly queue: string; readonly input: Payload | null }
  // biome-ignore lint/suspicious/noExplicitAny: only the actor's own machine looks inside.
  state: any = null
  /** Number of the first event of `events`. */
  first = 0
  /** What the events before `first` make: as text, which every row of it has. */
  private snapshot = 'null'
  events: string[] = []
  private eventsBytes = 0
  /** The last segment: whoever follows the run closely needs no read when its events have moved there. */
  private moved: { first: number; events: readonly string[] } | null = null
  unique: HeldUnique | undefined
  stuck: Stuck | undefined
  /** How far its streams are: in the row, so that chunks and it are committed together. */
  streams: StreamHeads | undefined

  /** Who is told when it closes. */
  parent: ActorId | null = null
  /** And who else, of its row: those that wait for it (watchers.ts). */
  watchers: readonly ActorId[] = NO_KEEPERS
  outcome: Outcome | null = null
  closedAt: Instant = 0
  retentionMs = 0
  wakeAt: Instant | null = null
  order: TaskOrder | null = null
  /** The order whose transition has committed: it may leave (E16). */
  committedOrder: TaskOrder | null = null
  lastAt: Instant = 0

  /** It has a row in the open table, or a batch under way that writes one. */
  stored = false
  /** Batches that carry changes of it and are not committed yet. */
  uncommitted = 0
  /** Number of reads begun when its last change was committed: the actor stays in memory until they have all ended (see actors.ts). */
  committedAtRead = -1
  /** Reasons to stay in memory: a place in a window, a lease. */
  pins = 0
  /** The batch that will carry its latest change, until it leaves. */
  batch: OpenBatch | null = null
  /** It stands in the line of those that may leave memory. */
  idle = false
  /** And was needed again since it came there. */
  usedAgain = false
  /** Events that are committed: no others leave (E4). */
  committedEvents = 0
  /** Events told to live subscribers so far. */
  published = 0
  /** What they were told of it last that no event says. */
  shown: string | null = null
  /** Under which state the engine's counters have it; null: not at all. */
  counted: OpenState | null = null
  countedIn = ''
  /** Its start is counted. */
  announced = false
  /** The lease of its delivery, while it has one. */
  lease: Lease | null = null
  /** What its delivery holds of limits. */
  reservation: Reservation | null = null
  /** Of these, those that have rows (E17). */
  holds: readonly KeptHold[] = NO_HOLDS
  /** Of its row, what was written last; null: nothing since it was loaded. */
  private wrote: Columns | null = null
  private viewed: RunView | null = null
  private grouped: GroupId | null = null
  private groupedOrder: TaskOrder | null = null
  private viewedState: unknown = null

  constructor(born: Pick<OpenRow, 'id' | 'namespace' | 'kind' | 'name' | 'queue' | 'createdAt' | 'tags' | 'input'>, machine: AnyMachine) {
    this.id = born.id
    this.namespace = born.namespace
    this.kind = born.kind
    this.name = born.name
    this.createdAt = born.createdAt
    this.born = { queue: born.queue, input: born.input }
    this.rowTags = born.tags
    this.tags = visibleTags(born.tags)
    this.machine = machine
  }

  /** Where it waits: the one that it was changed to since, or its own. */
  get queue(): string {
    return (this.state === null ? undefined : this.view.options.queue) ?? this.born.queue
  }

  /** What its handler gets: what it was changed to since, or its own. */
  get input(): Payload | null {
    const changed = this.state === null ? undefined : this.view.input
    return changed === undefined ? this.born.input : changed
  }

  get closed(): boolean {
    return this.outcome !== null
  }

  /** Who else is told of what it does: of a DAG's run the timeline of its DAG, of a backfill its schedule, of what makes assets these, of an asset its schedules. */
  get keepers(): readonly ActorId[] {
    return this.state === null ? NO_KEEPERS : keepersOf(this)
  }

  /** Number of the next event. */
  get sequence(): number {
    return this.first + this.events.length
  }

  get view(): RunView {
    if (this.viewedState !== this.state) {
      this.viewedState = this.state
      this.viewed = this.machine.view(this.state)
    }
    const view = this.viewed as RunView
    return this.stuck === undefined || this.closed ? view : { ...view, state: 'paused', reason: 'stuck' }
  }

  /** As its machine has it, stuck or not: what it goes back to when it is resumed. */
  get ownState(): RunState {
    return this.stuck === undefined ? this.view.state : this.machine.view(this.state).state
  }

  get group(): GroupId | null {
    const { order } = this
    if (order === null || this.stuck !== undefined) return null
    if (this.groupedOrder !== order) {
      this.groupedOrder = order
      this.grouped = groupOf(this.namespace, order)
    }
    return this.grouped
  }

  /** `state`: what the events lead to, if that is known already. */
  push(events: readonly HistoryEvent[], state?: unknown): void {
    for (const event of events) {
      if (state === undefined) this.state = this.machine.evolve(this.state, event)
      const text = JSON.stringify(event)
      this.events.push(text)
      this.eventsBytes += text.length
      if (event.at > this.lastAt) this.lastAt = event.at
    }
    if (state !== undefined) this.state = state
  }

  /** The events from a number on, below another; null: the first of them are in a segment. */
  eventsFrom(from: number, until: number): HistoryEvent[] | null {
    const { moved, first } = this
    if (from < (moved?.first ?? first)) return null
    const before = moved === null ? [] : moved.events.slice(from - moved.first, Math.max(0, until - moved.first))
    const texts = from < first ? [...before, ...this.events.slice(0, Math.max(0, until - first))] : this.events.slice(from - first, until - first)
    return texts.map(text => JSON.parse(text) as HistoryEvent)
  }

  /** Takes back what was pushed since: the machine threw half-way. */
  rewind(state: unknown, length: number): void {
    this.state = state
    for (const text of this.events.splice(length)) this.eventsBytes -= text.length
  }

  /** When the events outgrow the row, they move to a segment and a snapshot takes their place (E10). */
  cutSegment(bytesMax: number): SegmentRow | null {
    if (this.eventsBytes <= bytesMax) return null
    const segment = { run: this.id, first: this.first, events: `[${this.events.join(',')}]` }
    this.moved = { first: this.first, events: this.events }
    this.first += this.events.length
    this.snapshot = JSON.stringify(this.state)
    this.events = []
    this.eventsBytes = 0
    return segment
  }

  openRow(): OpenRow {
    this.wrote = this.columns()
    return {
      ...this.wrote,
      body: this.body(),
      namespace: this.namespace,
      kind: this.kind,
      name: this.name,
      createdAt: this.createdAt,
      tags: this.rowTags,
      input: this.input,
    }
  }

  /** As it is to be written now, in a batch that nothing comes before but what the store has. */
  touchedRow(): TouchedRow {
    const { wrote } = this
    const columns = this.columns()
    this.wrote = columns
    const row = { ...columns, body: this.body() }
    return wrote !== null && COLUMNS.every(column => wrote[column] === columns[column]) ? { ...row, bodyAlone: true } : row
  }

  private columns(): Columns {
    const view = this.view
    const gate = this.group
    return {
      id: this.id,
      queue: this.queue,
      state: view.state as OpenState,
      gate,
      sort: gate === null ? null : (this.order as TaskOrder).sort,
      wakeAt: this.wakeAt,
      delivered: view.state === 'running' && isWork(this.kind), // an operation at work is nobody's task
      startedAt: view.startedAt,
    }
  }

  closingRow(): ClosingRow {
    const outcome = this.outcome as Outcome
    return {
      id: this.id,
      born: this.stored ? null : this.bornRow(),
      queue: this.queue,
      state: outcome.state,
      startedAt: this.view.startedAt,
      closedAt: this.closedAt,
      output: outcome.output ?? null,
      body: this.body(),
      purgeAt: this.closedAt + this.retentionMs,
    }
  }

  /** A run that opens and closes in one batch: the store needs its unchanging columns only. */
  private bornRow(): OpenRow {
    const { id, namespace, kind, name, queue, createdAt, rowTags: tags, input } = this
    return {
      id,
      namespace,
      kind,
      name,
      queue,
      createdAt,
      tags,
      input,
      state: 'queued',
      gate: null,
      sort: null,
      wakeAt: null,
      delivered: false,
      startedAt: null,
      body: '',
    }
  }

  private body(): string {
    const rest: Omit<Body, 'events' | 'snapshot'> = {}
    if (this.first > 0) {
      rest.first = this.first
      rest.lastAt = this.lastAt
    }
    if (this.unique !== undefined) rest.unique = this.unique
    if (this.stuck !== undefined) rest.stuck = this.stuck
    if (this.streams !== undefined) rest.streams = this.streams
    if (this.watchers.length > 0 && !this.closed) rest.watchers = this.watchers
    if (this.holds.length > 0) rest.holds = this.holds
    return encodeBody(this.events, rest, this.snapshot)
  }

  static load(row: Row): Actor {
    const { machine, body, state } = stateOf(row)
    const actor = new Actor(row, machine)
    actor.state = state
    actor.first = body.first ?? 0
    actor.snapshot = JSON.stringify(body.snapshot ?? null)
    actor.lastAt = body.lastAt ?? 0
    for (const event of body.events) {
      // A run that waits for its first delivery has one event, and its text is there.
      const text = body.events.length === 1 && row.body.startsWith(ONLY_EVENTS) ? row.body.slice(ONLY_EVENTS.length, -2) : JSON.stringify(event)
      actor.events.push(text)
      actor.eventsBytes += text.length
      if (event.at > actor.lastAt) actor.lastAt = event.at
    }
    actor.parent = parentOf(machine.view(state).trigger)
    actor.unique = body.unique
    actor.stuck = body.stuck
    actor.streams = body.streams
    actor.holds = body.holds ?? NO_HOLDS
    actor.watchers = body.watchers ?? NO_KEEPERS
    actor.stored = true
    actor.published = actor.sequence
    actor.committedEvents = actor.sequence
    if (isClosed(row.state)) {
      const view = machine.view(state)
      actor.outcome = { state: row.state, reason: view.reason }
      actor.closedAt = (row as { closedAt: Instant }).closedAt
      return actor
    }
    const pending = machine.pending(state)
    actor.order = pending.ready[0] ?? null
    actor.committedOrder = actor.order
    actor.wakeAt = actor.stuck === undefined ? pending.wakeAt : null // it takes no wake, and would be asked for ever
    return actor
  }
}

const NO_KEEPERS: readonly ActorId[] = []
const NO_HOLDS: readonly KeptHold[] = []
/** Of a row that is touched, all but the body. */
type Columns = Omit<TouchedRow, 'body' | 'bodyAlone'>
const COLUMNS = ['queue', 'state', 'gate', 'sort', 'wakeAt', 'delivered', 'startedAt'] as const
const ONLY_EVENTS = '{"events":['

/** The last group that was asked for: most tasks in a row are of one. */
let last: { namespace: string; queue: string; definition: string; id: GroupId } | null = null

function groupOf(namespace: string, order: TaskOrder): GroupId {
  const { queue, definition, labels, gate } = order
  if (labels !== null || gate !== null) return groupId(gatedBy(namespace, order))
  if (last === null || last.definition !== definition || last.queue !== queue || last.namespace !== namespace)
    last = { namespace, queue, definition, id: groupId(gatedBy(namespace, order)) }
  return last.id
}

/** The group in which a task waits, or would. */
export function gatedBy(namespace: string, { queue, definition, labels, gate }: Pick<TaskOrder, 'queue' | 'definition' | 'labels' | 'gate'>): Group {
  return { namespace, queue, definition, labels, keys: gate?.keys ?? null, sequence: gate?.sequence ?? null, dag: gate?.dag ?? null }
}

/** The group in which an actor's task waits, or would, whatever state it is in. */
export function groupFor({ namespace, queue, name, view }: Actor): Group {
  const { labels = null, gate = null } = view.options
  return gatedBy(namespace, { queue, definition: name, labels, gate })
}
