import type { ClosedState } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { ClosedTimes, Reads } from '../../store/store.ts'
import type { Clock } from '../clock.ts'
import { type ActivityCalls, type ActivityView, type Counted, type Counts, ACTIVITY_HOURS_MAX as HOURS_MAX, type HourView } from '../face.ts'
import { MINUTE_MS, Minutes } from './minutes.ts'
import { activityTogether, lastHourTogether, pairsOf } from './together.ts'

const MINUTES_KEPT = (HOURS_MAX + 1) * 60
const POINTS_MAX = 360
const HOUR_MS = 60 * MINUTE_MS
/** Queues, and definitions, of a namespace that are counted by themselves: 2 KB each. */
const NAMES_MAX = 1_000
const NAMESPACES_MAX = 200
/** Closed runs that are read to fill the figures from before this node's start. */
export const SEED_MAX = 20_000

/**
 * What happened in the last two days, a minute at a time, in memory: fed by what commits release, a few additions a run. A node that has just started
 * knows nothing of before; the first who asks has it read from the closed runs that are kept: when they were created, ran and closed, not how long they waited.
 */
export class Activity implements ActivityCalls {
  private readonly places = new Map<string, Place>()
  private readonly clock: Clock
  private readonly read: Pick<Reads, 'closedTimes'>
  private readonly since: Instant

  constructor(clock: Clock, read: Pick<Reads, 'closedTimes'>) {
    this.clock = clock
    this.read = read
    this.since = clock.now()
  }

  started(namespace: string, queue: string, definition: string): void {
    const place = this.place(namespace)
    if (place === null) return
    const now = this.clock.now()
    place.own.all.started(now)
    named(place.own.queues, queue)?.started(now)
    named(place.own.definitions, definition)?.started(now)
  }

  closed(namespace: string, queue: string, definition: string, state: ClosedState): void {
    const place = this.place(namespace)
    if (place !== null) closedIn(place.own, queue, definition, state, this.clock.now())
  }

  /** A task was handed out, so long after it was ready. */
  waited(namespace: string, ms: number): void {
    this.place(namespace)?.own.all.waited(this.clock.now(), ms)
  }

  /** An attempt ended, so long after it was handed out. */
  ran(namespace: string, ms: number): void {
    this.place(namespace)?.own.all.ran(this.clock.now(), ms)
  }

  async get(namespace: string, hours: number): Promise<ActivityView> {
    return activityTogether([await this.counted(namespace, hours)])
  }

  async lastHour(namespace: string): Promise<{ queues: ReadonlyMap<string, HourView>; definitions: ReadonlyMap<string, HourView> }> {
    return lastHourTogether([await this.counted(namespace, 1)])
  }

  async counted(namespace: string, hours: number): Promise<Counted> {
    const place = await this.seeded(namespace)
    const stepMs = Math.ceil((hours * 60) / POINTS_MAX) * MINUTE_MS
    const end = (Math.floor(this.clock.now() / stepMs) + 1) * stepMs
    const from = end - Math.ceil((hours * HOUR_MS) / stepMs) * stepMs
    const told = ({ all, queues, definitions }: Kept): Counts => ({
      points: Array.from({ length: (end - from) / stepMs }, (_, index) => pairsOf(all.sums(from + index * stepMs, from + (index + 1) * stepMs))),
      queues: this.lastHours(queues),
      definitions: this.lastHours(definitions),
    })
    return { from, stepMs, since: Math.max(from, place.since), countedSince: this.since, own: told(place.own), before: told(place.before) }
  }

  private lastHours(names: ReadonlyMap<string, Minutes>): Counts['queues'] {
    const end = (Math.floor(this.clock.now() / MINUTE_MS) + 1) * MINUTE_MS
    return [...names].flatMap(([name, minutes]) => {
      const pairs = pairsOf(minutes.sums(end - HOUR_MS, end))
      return pairs.length === 0 ? [] : [{ name, pairs }]
    })
  }

  private place(namespace: string): Place | null {
    const known = this.places.get(namespace)
    if (known !== undefined) return known
    if (this.places.size >= NAMESPACES_MAX) return null
    const place: Place = { own: kept(MINUTES_KEPT), before: kept(MINUTES_KEPT), seeding: null, since: this.since }
    this.places.set(namespace, place)
    return place
  }

  /** Once for a namespace; a read that fails is tried again by the next who asks. */
  private async seeded(namespace: string): Promise<Place> {
    const place = this.place(namespace)
    // One more than are kept: it has nothing to show.
    if (place === null) return { own: kept(1), before: kept(1), seeding: null, since: this.clock.now() }
    place.seeding ??= this.seed(namespace, place).catch(error => {
      place.seeding = null
      throw error
    })
    await place.seeding
    return place
  }

  private async seed(namespace: string, place: Place): Promise<void> {
    const from = this.since - HOURS_MAX * HOUR_MS
    const rows = await this.read.closedTimes(namespace, { from, until: this.since }, SEED_MAX)
    // Oldest first: the ring goes on with time.
    for (const row of rows.reverse()) seedRow(place.before, row, from)
    place.since = rows.length < SEED_MAX ? from : (rows[0]?.closedAt ?? from)
  }
}

interface Kept {
  all: Minutes
  queues: Map<string, Minutes>
  definitions: Map<string, Minutes>
}

function kept(minutes: number): Kept {
  return { all: new Minutes(minutes, true), queues: new Map(), definitions: new Map() }
}

interface Place {
  /** What was counted here, and what was read of before. */
  own: Kept
  before: Kept
  seeding: Promise<void> | null
  /** What is told goes back to here. */
  since: Instant
}

function seedRow(place: Kept, { name, queue, state, createdAt, startedAt, closedAt }: ClosedTimes, from: Instant): void {
  closedIn(place, queue, name, state, closedAt)
  if (startedAt !== null) place.all.ran(closedAt, closedAt - startedAt)
  if (createdAt < from) return
  place.all.started(createdAt)
  named(place.queues, queue)?.started(createdAt)
  named(place.definitions, name)?.started(createdAt)
}

function closedIn(place: Kept, queue: string, definition: string, state: ClosedState, at: Instant): void {
  place.all.closed(at, state)
  named(place.queues, queue)?.closed(at, state)
  named(place.definitions, definition)?.closed(at, state)
}

function named(names: Map<string, Minutes>, name: string): Minutes | undefined {
  const known = names.get(name)
  if (known !== undefined || names.size >= NAMES_MAX) return known
  const minutes = new Minutes(60, false)
  names.set(name, minutes)
  return minutes
}
