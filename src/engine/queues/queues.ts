import { dagText, type Group, type GroupId, OTHER_VERSION_LABEL, VERSION_LABEL, WORKER_LABEL } from '../../core/gates.ts'
import { newId, type Random, type RunId } from '../../core/ids.ts'
import type { Limit, Units } from '../../core/limits.ts'
import type { Instant } from '../../core/time.ts'
import type { GroupHead, KeyName, KeyRow, OpenRow, Paged, ReadyRequest } from '../../store/store.ts'
import { type Actor, gatedBy } from '../actor.ts'
import { keyText } from '../actors.ts'
import type { Clock } from '../clock.ts'
import type { Definitions } from '../definitions.ts'
import type { Head, Poll } from '../face.ts'
import type { Limits } from '../limits/limits.ts'
import type { Bound, Reservation } from '../limits/resource.ts'
import type { Settings } from '../settings.ts'
import { misfit, type WorkerSeen } from '../workers.ts'
import { Alarms } from './alarms.ts'
import { goesFirst, isOlder, isTurnOf, Line, LineSet, type Parked, Sequence } from './line.ts'
import { Pager } from './pager.ts'
import { ReadAhead } from './read-ahead.ts'
import { FairQueue, shareOf } from './shares.ts'
import { type Entry, Window } from './window.ts'

/** A task that leaves for a worker. */
export interface Match extends Entry {
  /** What it holds; null: nothing limits it. */
  reservation: Reservation | null
  /** Those of one bundle go to one call of the handler. */
  bundle: string | null
  /** What it takes of its worker; null: one slot. */
  cost: Units | null
  /** It is recorded before it leaves (E16): at most once, limited, or in a sequence. */
  recorded: boolean
}

interface WaitingPoll {
  worker: WorkerSeen
  max: number
  units: Units | null
  /** Takes the tasks that were found, and unpins them when they are handed out. */
  take(matches: Match[]): void
}

export interface QueuesOptions {
  clock: Clock
  random: Random
  settings: Settings
  definitions: Definitions
  limits: Limits
  windowSize: number
  pageSize: number
  /** False: nothing may leave now (E16). */
  fresh(): boolean
  read(requests: readonly ReadyRequest[]): Promise<Paged<OpenRow>[]>
  /** Nothing is forgotten while a page is read and installed. */
  during(read: () => Promise<void>): Promise<void>
  /** The rules have changed: what is handed out counts by the new ones. */
  regrouped(): void
  /** The row of a key, as it is once all that was decided before is committed. */
  readKey(name: KeyName): Promise<KeyRow | null>
  /** Brings a row into memory, and offers its task. */
  install(row: OpenRow): void
  /** What is in memory. */
  actor(id: RunId): Actor | undefined
  pin(actor: Actor): void
  unpin(actor: Actor): void
  failed(error: unknown): void
  /** Who wants to hear of what no poll here takes. */
  listeners: ReadonlySet<(head: Head) => void>
}

/** Ready tasks that windows keep in memory together, as actors and as rows, where there are many groups. Each has at least so many. */
const ACTORS_TOTAL = 10_000
const ROWS_TOTAL = 60_000
const WINDOW_SIZE_MIN = 2
/** Beyond that no row is read ahead of what will be an actor. */
const READ_AHEAD_BYTES_MAX = 64 * 1024 * 1024
const AGAIN_MS = 100
const STALE_MS = 25
const MANY_LINES = 1_000

/**
 * Matches the lane's ready tasks to its polls (E15). A group is a line (E19); lines that a worker fits alike are a set, and stand there in the order of
 * their turns: by fair share, then by sort key. A line that may hand nothing out is parked until its gate wakes it, so that it costs nothing meanwhile.
 */
export class Queues {
  private readonly options: QueuesOptions
  private readonly lines = new Map<GroupId, Line>()
  private readonly sets = new Map<string, LineSet>()
  private readonly fair = new Map<string, FairQueue>()
  private readonly sequences = new Map<string, Sequence>()
  /** Runs whose change is not committed yet, by the sequence that they were ready in. */
  private readonly changed = new Map<RunId, Sequence>()
  private readonly polls = new Set<WaitingPoll>()
  /** Lines whose window has room. */
  private readonly thirsty = new Set<Line>()
  private readonly readAhead = new ReadAhead()
  private readonly pager: Pager
  private readonly alarms: Alarms
  private readonly oldestSeen = new Map<string, { at: number | null; seenAt: number }>()
  private rulesVersion = -1
  /** The groups of the store are known: one that is not among them begins with what is offered. */
  private complete = false
  /** Lines of which nothing has been read yet: they may be of any sequence. */
  private unbound = 0
  private dispatching = false
  /** It is looked again soon whether the lane is known to stand. */
  private stale: (() => void) | null = null
  private serves = false
  /** Sets of which it was told that there is something to hand out, and there still is. */
  private told = new Set<LineSet>()
  private ended = false

  constructor(options: QueuesOptions) {
    this.options = options
    const { read, during, clock, failed } = options
    this.pager = new Pager({ read, during, soon: then => clock.soon(then), failed: error => this.ended || failed(error) })
    this.alarms = new Alarms(
      options.clock,
      () => options.limits.now(),
      line => (line === null ? this.dispatchSoon() : this.wake(line)),
    )
  }

  /** Groups that had ready tasks when the shards were claimed. What was offered before has a window that knows nothing of the store, and is paged as well. */
  load(heads: readonly GroupHead[]): void {
    for (const { group } of heads) this.line(group, false)
    this.complete = true
    for (const line of this.lines.values()) if (line.window.wantsPage()) this.page(line)
  }

  /** Whoever hears from now on that there is something to hand out gets it. */
  begun(): void {
    this.serves = true
    this.dispatchSoon()
  }

  /** A run is in memory: what was read of it says nothing any more. */
  loaded(actor: Actor): void {
    this.readAhead.loaded(actor.id)
    this.offer(actor)
  }

  offer(actor: Actor): void {
    const { committedOrder: order } = actor
    this.settled(actor)
    if (order === null || order !== actor.order || actor.stuck !== undefined) return this.left(actor)
    const line = this.line(actor.group as GroupId, this.complete)
    if (line.group === null) this.bind(line, gatedBy(actor.namespace, order))
    line.window.offer(actor, order)
    if (line.parked?.is === 'gathering' || line.parked?.is === 'sequence') this.wake(line)
    else this.activate(line)
    this.dispatchSoon()
  }

  /** It waits no longer, or not now: in its sequence others may be next. */
  left(actor: Actor): void {
    this.settled(actor)
    const sequence = this.sequenceOf(actor)
    if (sequence !== undefined) this.wakeAll(sequence)
  }

  /** It changes, and may be ready still once that is committed. */
  changing({ id, namespace, name, committedOrder }: Actor): void {
    const sequence = this.sequences.size === 0 ? undefined : committedOrder?.gate?.sequence
    if (sequence == null || this.changed.has(id)) return
    const known = this.sequences.get(keyText(sequenceName({ namespace, definition: name, sequence })))
    if (known === undefined) return
    known.changing++
    this.changed.set(id, known)
  }

  private settled({ id, uncommitted }: Actor): void {
    const sequence = this.changed.size === 0 || uncommitted > 0 ? undefined : this.changed.get(id)
    if (sequence === undefined) return
    this.changed.delete(id)
    sequence.changing--
    this.wakeAll(sequence)
  }

  private sequenceOf({ namespace, name, view }: Actor): Sequence | undefined {
    const sequence = this.sequences.size === 0 ? undefined : view.options.gate?.sequence
    return sequence === undefined ? undefined : this.sequences.get(keyText(sequenceName({ namespace, definition: name, sequence })))
  }

  /** Waits for tasks that fit. The answer takes the poll back. */
  wait(worker: WorkerSeen, poll: Poll, take: (matches: Match[]) => void): () => void {
    const waiting: WaitingPoll = { worker, max: poll.max, units: poll.units ?? null, take }
    this.polls.add(waiting)
    this.dispatchSoon()
    return () => this.polls.delete(waiting)
  }

  /** The sort key of what would be handed out to this poll now; null: nothing. */
  head(worker: WorkerSeen, { max, units }: Poll): number | null {
    if (!this.mayDispatch()) return null
    return this.next(this.fitting({ worker, max, units: units ?? null }, this.open()), this.options.limits.now())?.sort ?? null
  }

  /** Of each set, what goes first; the first in order first. */
  heads(limit: number): Head[] {
    if (!this.mayDispatch()) return []
    const now = this.options.limits.now()
    const heads = this.open().flatMap(set => this.headOf(set, now) ?? [])
    return heads.sort((a, b) => a.sort - b.sort).slice(0, limit)
  }

  /** It did not leave. */
  missed({ actor, reservation }: Match): void {
    if (reservation !== null) this.options.limits.release(reservation)
    const sequence = this.sequenceOf(actor)
    // Whose turn it was before is read again.
    if (sequence?.holder?.run === actor.id && actor.view.startedAt === null) {
      sequence.holder = undefined
      this.wakeAll(sequence)
    }
    if (this.options.actor(actor.id) === actor) this.offer(actor)
  }

  /** Whose turn it is in a sequence has changed, and is committed. */
  turned(name: KeyName, row: KeyRow | null): void {
    const sequence = this.sequences.get(keyText(name))
    if (sequence === undefined) return
    sequence.holder = row
    this.wakeAll(sequence)
  }

  /** A worker that fits, and has room, waits for a task right now. */
  awaited(group: Group): boolean {
    const set = this.sets.get(setId(group))
    for (const poll of this.polls) if (misfit(poll.worker, group) === null && (set === undefined || fits(set.cost, poll.max, poll.units))) return true
    return false
  }

  /** Sequences in which runs wait since a failed one stopped them. */
  stopped(namespace: string, limit: number): { definition: string; key: string; run: RunId }[] {
    const found: { definition: string; key: string; run: RunId }[] = []
    for (const { name, holder } of this.sequences.values()) {
      if (found.length >= limit) break
      if (name.namespace === namespace && holder?.inputHash === 'stopped') found.push({ definition: name.definition, key: name.key, run: holder.run })
    }
    return found
  }

  /** Since when the oldest task at a head of this queue is ready. Where there are many lines, as it was within the last second. */
  oldest(namespace: string, queue: string): number | null {
    const id = `${namespace}\n${queue}`
    const known = this.oldestSeen.get(id)
    const now = this.options.clock.monotonic()
    if (known !== undefined && this.lines.size > MANY_LINES && now - known.seenAt < 1_000) return known.at
    let oldest: number | null = null
    // Of rows, which tell by their place alone, the first in order stands for all.
    let first: { window: Window; sort: number } | null = null
    for (const { group, window } of this.lines.values()) {
      if (group === null || group.namespace !== namespace || group.queue !== queue) continue
      const row = window.rowInFront
      if (row !== null) {
        if (first === null || (row.sort as number) < first.sort) first = { window, sort: row.sort as number }
        continue
      }
      const at = window.peek()?.actor.lastAt
      if (at !== undefined && (oldest === null || at < oldest)) oldest = at
    }
    const at = first?.window.peek()?.actor.lastAt
    if (at !== undefined && (oldest === null || at < oldest)) oldest = at
    this.oldestSeen.set(id, { at: oldest, seenAt: now })
    return oldest
  }

  /** For people: definitions of which something could be handed out of this queue, and that none of these workers would take. What waits for a worker that has it live is any's in a moment. */
  untaken(namespace: string, queue: string, workers: readonly WorkerSeen[]): string[] {
    const found = new Set<string>()
    for (const set of this.sets.values()) {
      if (set.namespace !== namespace || set.queue !== queue || set.ready.size === 0 || set.labels?.[WORKER_LABEL] !== undefined) continue
      if (workers.every(worker => misfit(worker, set) !== null)) found.add(set.definition)
    }
    return [...found].sort()
  }

  /** For people: the lines of a queue and what they share it by. `unread`: of so many lines, of whatever queue, nothing is known yet. */
  sharesOf(namespace: string, queue: string): { fair: FairQueue | undefined; lines: Line[]; unread: number } {
    const lines = [...this.lines.values()].filter(({ group }) => group?.namespace === namespace && group.queue === queue)
    return { fair: this.fair.get(`${namespace}\n${queue}`), lines, unread: this.unbound }
  }

  /** For people: the line of a group, if it has ready tasks. */
  of(id: GroupId): Line | undefined {
    return this.lines.get(id)
  }

  /** Groups of ready tasks that wait for a limit of all their set, which is full. */
  waitingFor({ namespace, name }: Limit, now: Instant): number {
    let count = 0
    for (const set of this.sets.values()) {
      if (set.namespace !== namespace) continue
      const bound = set.bounds.find(({ applied }) => applied.limit.name === name)
      if (bound !== undefined && this.options.limits.freeAt(bound, now) !== null) count += set.ready.size
    }
    return count
  }

  dispatchSoon(): void {
    if (this.dispatching || this.ended || (this.polls.size === 0 && this.options.listeners.size === 0)) return
    this.dispatching = true
    this.options.clock.soon(() => this.dispatchNow())
  }

  /** What was to be handed out soon. */
  dispatchNow(): void {
    if (!this.dispatching) return
    this.dispatching = false
    if (!this.ended) this.dispatch()
  }

  end(): void {
    this.ended = true
    this.stale?.()
    this.alarms.end()
    for (const poll of this.polls) poll.take([])
    this.polls.clear()
  }

  private dispatch(): void {
    const { clock, fresh } = this.options
    if (!fresh()) {
      this.stale ??= clock.after(STALE_MS, () => {
        this.stale = null
        this.dispatchSoon()
      })
      return
    }
    const open = this.open()
    if (open.length > 0) {
      for (const poll of this.polls) {
        const matches = this.match(poll, open)
        if (matches.length === 0) continue
        this.polls.delete(poll)
        poll.take(matches)
      }
    }
    if (this.serves && this.options.listeners.size > 0) this.tell(open)
    for (const line of this.thirsty) this.page(line)
    this.thirsty.clear()
  }

  private mayDispatch(): boolean {
    return !this.ended && this.options.fresh()
  }

  /** Sets with something ready that is not paused, by the rules in force. */
  private open(): LineSet[] {
    const { definitions, settings } = this.options
    if (definitions.rules.version !== this.rulesVersion) this.regroup()
    return [...this.sets.values()].filter(set => set.ready.size > 0 && settings.pausesOf(set).length === 0)
  }

  private tell(open: readonly LineSet[]): void {
    const now = this.options.limits.now()
    const { told } = this
    this.told = new Set()
    for (const set of open) {
      const head = this.headOf(set, now)
      if (head === null) continue
      if (!told.has(set)) for (const listener of this.options.listeners) listener(head)
      this.told.add(set)
    }
  }

  private headOf(set: LineSet, now: Instant): Head | null {
    const line = this.top(set, now)
    if (line === null) return null
    const { namespace, queue, definition, labels } = set
    return { namespace, queue, definition, labels, sort: line.sort }
  }

  private fitting({ worker, max, units }: Pick<WaitingPoll, 'worker' | 'max' | 'units'>, open: readonly LineSet[]): Set<LineSet> {
    return new Set(open.filter(set => set.ready.size > 0 && misfit(worker, set) === null && fits(set.cost, max, units)))
  }

  private match(poll: WaitingPoll, open: readonly LineSet[]): Match[] {
    const now = this.options.limits.now()
    const sets = this.fitting(poll, open)
    const matches: Match[] = []
    const free: { slots: number; units: Record<string, number> | null } = { slots: poll.max, units: poll.units === null ? null : { ...poll.units } }
    while (free.slots > 0 && sets.size > 0) {
      const line = this.next(sets, now)
      if (line === null) break
      const set = line.set as LineSet
      // An answer is of one sort: tasks that wait for their record (E16) hold nobody else up.
      const recorded = isRecorded(line)
      if (matches.length > 0 && (matches[0] as Match).recorded !== recorded) break
      this.take(line, now, recorded, matches)
      spend(free, set.cost)
      for (const other of sets) if (!fits(other.cost, free.slots, free.units)) sets.delete(other)
    }
    return matches
  }

  /** The line whose turn it is: in each queue that whose share is the furthest behind, of these the one that waits longest. */
  private next(sets: Set<LineSet>, now: Instant): Line | null {
    if (sets.size === 1) {
      for (const set of sets) return this.top(set, now)
    }
    const firsts = new Map<FairQueue, Line>()
    for (const set of sets) {
      const line = this.top(set, now)
      if (line === null) {
        sets.delete(set)
        continue
      }
      const other = firsts.get(set.fair)
      if (other === undefined || goesFirst(line, other)) firsts.set(set.fair, line)
    }
    let first: Line | null = null
    for (const line of firsts.values()) if (first === null || isOlder(line, first)) first = line
    return first
  }

  /** The first line of a set that may hand out its first task. Those before it that may not are parked. */
  private top(set: LineSet, now: Instant): Line | null {
    const first = this.firstOf(set)
    if (first === null || this.isShut(set, first, now)) return null
    for (let line: Line | null = first; line !== null; line = this.firstOf(set)) {
      const entry = line.window.peek()
      if (entry === null) continue
      const { pass } = line.share as { pass: number }
      if (line.pass !== pass || line.sort !== entry.order.sort || line.first !== entry.actor.id) {
        Object.assign(line, { pass, sort: entry.order.sort, first: entry.actor.id })
        set.ready.moved(line)
        if (set.ready.peek() !== line) continue
      }
      const why = this.gate(line, entry, now)
      if (why === null) return line
      this.deactivate(line)
      this.park(line, why)
    }
    return null
  }

  /** The first line of a set that has a task. Those before it that have none any more leave: nothing is asked of other lanes for them. */
  private firstOf(set: LineSet): Line | null {
    for (let line = set.ready.peek(); line !== undefined; line = set.ready.peek()) {
      if (line.window.rowInFront !== null || line.window.peek() !== null) return line
      this.deactivate(line)
      this.dry(line)
    }
    return null
  }

  private isShut(set: LineSet, first: Line, now: Instant): boolean {
    const shut = this.shut(set.bounds, set.ready.size - 1 + first.window.size, now)
    if (shut === null) return false
    if (shut.at !== Number.POSITIVE_INFINITY) this.alarms.set(set.alarm, shut.at)
    // What its first line needs besides is asked for with it: a grant does not keep until the next has come.
    else if (shut.bound.resource.borrowed !== null) this.shut(first.bounds, first.window.size, now)
    return true
  }

  /**
   * The first of these that lets no task pass, and until when. What other lanes have to let this one have is asked for all together, and not before what is
   * counted here is free.
   */
  private shut(bounds: readonly Bound[], tasks: number, now: Instant): { bound: Bound; at: Instant } | null {
    const { limits } = this.options
    const wanted: Bound[] = []
    for (const bound of bounds) {
      const at = limits.freeAt(bound, now)
      if (at === null || limits.isDue(bound)) continue
      if (bound.resource.borrowed !== null) wanted.push(bound)
      else {
        if (at === Number.POSITIVE_INFINITY) this.want(bound, tasks)
        return { bound, at }
      }
    }
    for (const bound of wanted) this.want(bound, tasks)
    return wanted[0] === undefined ? null : { bound: wanted[0], at: Number.POSITIVE_INFINITY }
  }

  /** What keeps the first task of a line, beside the limits of its set. */
  private gate(line: Line, entry: Entry, now: Instant): Parked | null {
    const shut = this.shut(line.bounds, line.window.size, now)
    if (shut !== null) {
      const { resource } = shut.bound
      return shut.at === Number.POSITIVE_INFINITY ? { is: 'resource', resource } : { is: 'rate', resource, at: shut.at }
    }
    if (line.sequence !== null && !this.isItsTurn(line.sequence, entry)) return { is: 'sequence' }
    const { batch } = line.set as LineSet
    if (batch !== null && line.window.size < batch.size) {
      const { id, lastAt } = entry.actor
      // A clock that was set back since (E20) does not make it wait for longer.
      if (line.gathers?.of !== id) line.gathers = { of: id, until: Math.min(lastAt, now) + batch.withinMs }
      const { until } = line.gathers
      if (until > now) return { is: 'gathering', at: until }
    }
    return this.spendDue(line, now)
  }

  /** All else is free: tokens that other lanes have for its tasks are spent now. */
  private spendDue(line: Line, now: Instant): Parked | null {
    const { limits } = this.options
    const slots = this.slots()
    // Who hears of it has yet to come for it.
    if (slots === 0) return null
    let parked: Parked | null = null
    for (const bounds of [(line.set as LineSet).bounds, line.bounds])
      for (const bound of bounds) {
        if (limits.freeAt(bound, now) === null) continue
        limits.spendDue(bound, Math.min(line.window.size, slots))
        parked ??= { is: 'resource', resource: bound.resource }
      }
    return parked
  }

  /** Other lanes may have to let this one have it: for as many of these tasks as workers wait for, here or, as far as is known, at one that polls elsewhere. */
  private want(bound: Bound, tasks: number): void {
    const slots = this.slots() || Math.min(1, this.options.listeners.size)
    if (slots > 0) this.options.limits.want(bound, Math.min(tasks, slots))
  }

  private slots(): number {
    let slots = 0
    for (const { max } of this.polls) slots += max
    return slots
  }

  private isItsTurn(sequence: Sequence, entry: Entry): boolean {
    const { holder } = sequence
    if (holder === undefined) this.readHolder(sequence)
    if (holder !== null) return isTurnOf(entry.actor, holder)
    if (this.unbound > 0 || sequence.changing > 0) return false
    for (const line of sequence.lines) {
      if (line.window.peek() !== null || line.window.isEmpty) continue
      if (line.window.wantsPage()) this.thirsty.add(line)
      return false
    }
    return sequence.first()?.actor === entry.actor
  }

  /** Its first task, or a bundle of its first ones. */
  private take(line: Line, now: Instant, recorded: boolean, matches: Match[]): void {
    const { limits, clock, random } = this.options
    const set = line.set as LineSet
    const { batch } = set
    const { sequence } = line
    const bounds = line.bounds.length === 0 ? set.bounds : set.bounds.length === 0 ? line.bounds : [...set.bounds, ...line.bounds]
    const bundle = batch === null ? null : newId(clock.now(), random)
    let count = 0
    for (let entry = line.window.peek(); entry !== null; entry = line.window.peek()) {
      const { actor, order } = entry
      // All of an answer wait for their records, or none does (E16).
      if (count > 0 && order.atMostOnce && !recorded) break
      const reservation = bounds.length === 0 ? null : limits.take(line.group as Group, actor.id, order.task, bounds, now)
      if (reservation === null && bounds.length > 0) break
      line.window.take()
      line.gathers = null
      matches.push({ actor, order, reservation, bundle, cost: set.cost, recorded: recorded || order.atMostOnce })
      if (sequence !== null) sequence.holder = { run: actor.id, inputHash: '' }
      count++
      if (batch === null || count === batch.size || sequence !== null || bounds.some(bound => limits.freeAt(bound, now) !== null)) break
    }
    const share = line.share as NonNullable<Line['share']>
    set.fair.serve(share, count)
    place(line)
    set.ready.moved(line)
    if (line.window.wantsPage()) this.thirsty.add(line)
  }

  /** It has something to hand out, as far as it knows. */
  private activate(line: Line): void {
    const { set, share } = line
    if (set === null || share === null || line.parked !== null) return
    const entry = line.window.peek()
    if (entry === null) return line.heapIndex >= 0 ? undefined : this.dry(line)
    if (line.heapIndex >= 0) {
      if (!isOlder({ sort: entry.order.sort, first: entry.actor.id }, line)) return
      Object.assign(line, { sort: entry.order.sort, first: entry.actor.id })
      set.ready.moved(line)
      return
    }
    set.fair.join(share)
    Object.assign(line, { pass: share.pass, sort: entry.order.sort, first: entry.actor.id })
    set.ready.push(line)
  }

  private deactivate(line: Line): void {
    const set = line.set as LineSet
    set.ready.remove(line)
    set.fair.leave(line.share as NonNullable<Line['share']>)
  }

  private dry(line: Line): void {
    if (line.window.wantsPage()) this.thirsty.add(line)
    else if (line.window.isEmpty && isOfKeys(line)) this.drop(line)
  }

  private park(line: Line, why: Parked): void {
    line.parked = why
    if (why.is === 'resource' || why.is === 'rate') why.resource.waiting.add(line)
    if (why.is === 'rate' || why.is === 'gathering') {
      line.alarm ??= { heapIndex: -1, at: why.at, line }
      this.alarms.set(line.alarm, why.at)
    }
  }

  private wake(line: Line): void {
    this.unpark(line)
    this.activate(line)
    this.dispatchSoon()
  }

  private wakeAll({ lines }: Sequence): void {
    for (const line of lines) if (line.parked?.is === 'sequence') this.wake(line)
  }

  private unpark(line: Line): void {
    const { parked } = line
    if (parked === null) return
    line.parked = null
    if (parked.is === 'resource' || parked.is === 'rate') parked.resource.waiting.delete(line)
    if (line.alarm !== null) this.alarms.clear(line.alarm)
  }

  private line(id: GroupId, complete: boolean): Line {
    const known = this.lines.get(id)
    if (known !== undefined) return known
    const { pin, unpin, install, actor, pageSize } = this.options
    const { readAhead } = this
    const memory = {
      room: () => this.roomFor(line),
      actors: () => this.shareOf(ACTORS_TOTAL, line),
      pageSize,
      get: actor,
      install,
      pin,
      unpin,
      readAhead,
    }
    const line: Line = new Line(id, new Window(id, complete, memory), woken => this.wake(woken))
    this.lines.set(id, line)
    this.unbound++
    return line
  }

  private roomFor(line: Line): number {
    return this.shareOf(this.readAhead.bytes > READ_AHEAD_BYTES_MAX ? ACTORS_TOTAL : ROWS_TOTAL, line)
  }

  private shareOf(total: number, { set }: Line): number {
    const even = Math.min(this.options.windowSize, Math.floor(total / this.lines.size))
    return Math.max(WINDOW_SIZE_MIN, even, set?.batch?.size ?? 0)
  }

  /** Now it is known what gates it. */
  private bind(line: Line, group: Group): void {
    const { definitions, limits } = this.options
    if (line.group === null) this.known(line, group)
    const id = setId(group)
    let set = this.sets.get(id)
    if (set === undefined) {
      const options = definitions.get(group.namespace, group.definition)?.options
      const queueId = `${group.namespace}\n${group.queue}`
      let fair = this.fair.get(queueId)
      if (fair === undefined) {
        fair = new FairQueue(queueId)
        this.fair.set(queueId, fair)
      }
      set = new LineSet(group, fair)
      set.bounds = limits.boundsOf(group, 'shared')
      set.cost = options?.cost ?? null
      set.batch = options?.batch ?? null
      this.sets.set(id, set)
      for (const { resource } of set.bounds) resource.refs++
    }
    set.lines++
    line.set = set
    line.bounds = limits.boundsOf(group, 'keyed')
    for (const { resource } of line.bounds) resource.refs++
    const { key, weight } = shareOf(definitions.get(group.namespace, group.definition)?.options.fair, group.keys)
    line.share = set.fair.share(key, weight)
    line.share.refs++
  }

  private known(line: Line, group: Group): void {
    line.group = group
    this.unbound--
    if (group.sequence !== null) {
      const name = sequenceName(group)
      const key = keyText(name)
      const sequence = this.sequences.get(key) ?? new Sequence(name)
      this.sequences.set(key, sequence)
      sequence.lines.add(line)
      line.sequence = sequence
    }
    if (this.unbound === 0) for (const sequence of this.sequences.values()) this.wakeAll(sequence)
  }

  private unbind(line: Line): void {
    const { set, share } = line
    if (set === null || share === null) return
    if (line.heapIndex >= 0) this.deactivate(line)
    this.unpark(line)
    for (const { resource } of line.bounds) resource.refs--
    share.refs--
    line.set = null
    if (--set.lines > 0) return
    for (const { resource } of set.bounds) resource.refs--
    this.alarms.clear(set.alarm)
    this.sets.delete(setId(set))
  }

  /** Of what was ready when its shards were claimed nothing is any longer, and what gates it was never known. */
  private forget(line: Line): void {
    if (!this.lines.delete(line.id)) return
    this.thirsty.delete(line)
    this.unbound--
    if (this.unbound === 0) for (const sequence of this.sequences.values()) this.wakeAll(sequence)
  }

  private drop(line: Line): void {
    this.unbind(line)
    this.lines.delete(line.id)
    this.thirsty.delete(line)
    const { sequence } = line
    if (sequence?.lines.delete(line) && sequence.lines.size === 0) this.sequences.delete(keyText(sequence.name))
    line.share?.queue.forget()
  }

  /** Definitions or an operator's limits have changed: everybody is sorted anew. */
  private regroup(): void {
    const { definitions } = this.options
    this.rulesVersion = definitions.rules.version
    this.options.regrouped()
    for (const line of this.lines.values()) this.unbind(line)
    for (const line of this.lines.values()) {
      if (line.group === null) continue
      this.bind(line, line.group)
      this.activate(line)
    }
  }

  private readHolder(sequence: Sequence): void {
    if (sequence.isReading) return
    sequence.isReading = true
    const again = (): void => {
      sequence.isReading = false
      if (!this.ended) this.wakeAll(sequence)
    }
    this.options.readKey(sequence.name).then(
      row => {
        // What was committed meanwhile is later.
        if (sequence.holder === undefined) sequence.holder = row
        again()
      },
      () => void this.options.clock.after(AGAIN_MS, again),
    )
  }

  private page(line: Line): void {
    if (!line.window.wantsPage()) return
    this.pager.ask({
      request: { group: line.id, ...line.window.beginPage() },
      use: page => this.paged(line, page),
      failed: () => {
        line.window.failPage()
        this.options.clock.after(AGAIN_MS, () => this.ended || this.page(line))
      },
    })
  }

  private paged(line: Line, page: Paged<OpenRow>): void {
    if (this.ended) return
    line.window.endPage(page)
    // Its first task tells what gates the line.
    line.window.peek()
    if (line.group !== null) {
      this.activate(line)
      // Others may have waited for what it is first in this one.
      if (line.sequence !== null) this.wakeAll(line.sequence)
    }
    // Of an unknown group nothing that was read is ready: on to the next page.
    else if (line.window.wantsPage()) this.page(line)
    else this.forget(line)
    this.dispatchSoon()
  }
}

/** The key whose row says whose turn it is. */
export function sequenceName({ namespace, definition, sequence }: Pick<Group, 'namespace' | 'definition' | 'sequence'>): KeyName {
  return { namespace, scope: 'sequence', definition, key: sequence as string }
}

/** By what a line stands among those of its set, as it is now. A row that is in front makes no actor of it before its turn. */
function place(line: Line): void {
  line.pass = (line.share as NonNullable<Line['share']>).pass
  const row = line.window.rowInFront
  const next = row === null ? line.window.peek() : null
  if (row !== null) {
    line.sort = row.sort as number
    line.first = row.id
  } else if (next !== null) {
    line.sort = next.order.sort
    line.first = next.actor.id
  }
}

function isRecorded({ bounds, set, sequence, window }: Line): boolean {
  return bounds.length > 0 || (set as LineSet).bounds.length > 0 || sequence !== null || window.peek()?.order.atMostOnce === true
}

/** Of keys there are ever new ones, and of workers and versions: their lines go when they are empty. */
function isOfKeys({ group }: Line): boolean {
  return (
    group !== null &&
    (group.keys !== null || group.sequence !== null || group.dag != null || PASSING_LABELS.some(name => group.labels?.[name] !== undefined))
  )
}
const PASSING_LABELS = [WORKER_LABEL, VERSION_LABEL, OTHER_VERSION_LABEL]

function setId({ namespace, queue, definition, labels, dag }: Pick<Group, 'namespace' | 'queue' | 'definition' | 'labels' | 'dag'>): string {
  const asked = labels === null ? '' : JSON.stringify(Object.entries(labels).sort())
  return `${namespace}\n${queue}\n${definition}\n${asked}${dag == null ? '' : `\n${dagText(dag)}`}`
}

/** A task takes one slot, or as many as its cost says; other units as they are. */
function fits(cost: Units | null, slots: number, units: Units | null): boolean {
  if (slots < (cost?.slots ?? 1)) return false
  if (cost === null) return true
  for (const unit in cost) if (unit !== 'slots' && (units?.[unit] ?? 0) < (cost[unit] as number)) return false
  return true
}

function spend(free: { slots: number; units: Record<string, number> | null }, cost: Units | null): void {
  free.slots -= cost?.slots ?? 1
  if (cost === null || free.units === null) return
  for (const unit in cost) if (unit !== 'slots') free.units[unit] = (free.units[unit] ?? 0) - (cost[unit] as number)
}
