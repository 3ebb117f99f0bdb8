import type { GroupId } from '../../core/gates.ts'
import type { ActorId, BatchId, HoldId, LaneId, RunId } from '../../core/ids.ts'
import { isRun } from '../../core/machine.ts'
import { streamCursorOf } from '../cursor.ts'
import type {
  ClosedRow,
  DefinitionRow,
  HoldRow,
  KeyName,
  KeyRow,
  LaneRow,
  LedgerRow,
  LogRow,
  MailRow,
  OpenRow,
  RateRow,
  Row,
  SegmentRow,
  SettingRow,
  StreamRow,
} from '../store.ts'
import { SortedPlaces } from './sorted.ts'

/** A lane of a node's life. It stays when its claim no longer stands, so that a late repeat of the claim does not bring it back. */
export interface Lane {
  readonly row: Readonly<Omit<LaneRow, 'canHold'>>
  readonly stands: boolean
  readonly sequence: number
  readonly lastBatch: BatchId
}

/** A link of a lane's chain: a batch or a settling. */
export interface Link {
  lane: LaneId
  /** The lane's sequence after it. */
  sequence: number
  id: BatchId
}

/** Transactions that can be undone: more than any simulated fail-over loses. */
const UNDO_MAX = 64

/**
 * All rows. Every one is replaced, never changed, and only by the setters below: they keep the indexes and note how to undo.
 * A transaction is what happens between two calls of `seal`.
 */
export class Tables {
  readonly lanes = new Map<LaneId, Lane>()
  readonly chains = new Map<LaneId, Link[]>()
  readonly open = new Map<RunId, Readonly<OpenRow>>()
  readonly closed = new Map<RunId, Readonly<ClosedRow>>()
  readonly keys = new Map<string, Readonly<KeyRow>>()
  readonly segments = new Map<RunId, ReadonlyMap<number, SegmentRow>>()
  readonly logs = new Map<RunId, Map<string, LogRow>>()
  /** By run, then stream and number of the last chunk. */
  readonly streams = new Map<RunId, Map<string, StreamRow>>()
  /** By schedule and number. */
  readonly ledgers = new Map<ActorId, ReadonlyMap<number, LedgerRow>>()
  readonly definitions = new Map<string, Readonly<DefinitionRow>>()
  readonly settings = new Map<string, Readonly<SettingRow>>()
  readonly rates = new Map<string, Readonly<RateRow>>()
  readonly holds = new Map<HoldId, Readonly<HoldRow>>()
  readonly mail = new Map<string, Readonly<MailRow>>()
  settingsVersion = 0
  /** Which form claims have by now (E11). */
  claimsForm = 1

  readonly due = new SortedPlaces()
  readonly delivered = new SortedPlaces()
  readonly ready = new Map<GroupId, SortedPlaces>()
  readonly purgeable = new SortedPlaces()
  readonly expiring = new SortedPlaces()
  /** All runs of a namespace, open or closed, schedules not: a move changes nothing here. */
  readonly created = new Map<string, SortedPlaces>()

  #undo: (() => void)[] = []
  #sealed: (() => void)[][] = []

  /** Ends a transaction. */
  seal(): void {
    this.#sealed.push(this.#undo)
    this.#undo = []
    if (this.#sealed.length > UNDO_MAX) this.#sealed.shift()
  }

  /** Undoes the last transactions, as many as asked for and known; answers how many. */
  rollback(transactions: number): number {
    let undone = 0
    for (; undone < transactions && this.#sealed.length > 0; undone++) for (const step of (this.#sealed.pop() as (() => void)[]).reverse()) step()
    this.#undo = []
    return undone
  }

  setLane(lane: Lane): void {
    this.#set(this.lanes, lane.row.lane, lane)
  }

  link(link: Link): void {
    const chain = this.chains.get(link.lane) ?? []
    this.chains.set(link.lane, chain)
    chain.push(link)
    this.#undo.push(() => chain.pop())
  }

  setOpen(id: RunId, row: OpenRow | null): void {
    const before = this.open.get(id) ?? null
    this.#undo.push(() => this.setOpen(id, before))
    if (before !== null) this.#indexOpen(before, 'delete')
    if (row === null) this.open.delete(id)
    else this.open.set(id, row)
    if (row !== null) this.#indexOpen(row, 'add')
  }

  setClosed(id: RunId, row: ClosedRow | null): void {
    const before = this.closed.get(id) ?? null
    this.#undo.push(() => this.setClosed(id, before))
    if (before !== null) this.#indexClosed(before, 'delete')
    if (row === null) this.closed.delete(id)
    else this.closed.set(id, row)
    if (row !== null) this.#indexClosed(row, 'add')
  }

  setKey(name: KeyName, row: KeyRow | null): void {
    const id = keyText(name)
    const before = this.keys.get(id) ?? null
    this.#undo.push(() => this.setKey(name, before))
    if (before?.expiresAt != null) this.expiring.delete({ at: before.expiresAt, id })
    if (row === null) this.keys.delete(id)
    else this.keys.set(id, row)
    if (row?.expiresAt != null) this.expiring.add({ at: row.expiresAt, id })
  }

  setSegments(run: RunId, rows: ReadonlyMap<number, SegmentRow> | undefined): void {
    this.#set(this.segments, run, rows)
  }

  /** Appends in place: a run may have a hundred thousand lines, in as many batches as it likes. One that is there already stays. */
  addLog(row: LogRow): void {
    const rows = this.logs.get(row.run) ?? new Map<string, LogRow>()
    const id = `${row.n} ${row.delivery}`
    if (rows.has(id)) return
    rows.set(id, row)
    this.logs.set(row.run, rows)
    this.#undo.push(() => rows.delete(id))
  }

  dropLogs(run: RunId): void {
    this.#set(this.logs, run, undefined)
  }

  /** As with lines. */
  addStream(row: StreamRow): void {
    const rows = this.streams.get(row.run) ?? new Map<string, StreamRow>()
    const id = streamCursorOf(row)
    rows.set(id, row)
    this.streams.set(row.run, rows)
    this.#undo.push(() => rows.delete(id))
  }

  dropStreams(run: RunId): void {
    this.#set(this.streams, run, undefined)
  }

  setLedger(schedule: ActorId, rows: ReadonlyMap<number, LedgerRow> | undefined): void {
    this.#set(this.ledgers, schedule, rows)
  }

  setDefinition(row: DefinitionRow): void {
    this.#set(this.definitions, text([row.namespace, row.name, row.version]), row)
  }

  setSetting(row: SettingRow): void {
    this.#set(this.settings, text([row.namespace, row.kind, row.name]), row.value === null ? undefined : row)
  }

  setRate(row: RateRow): void {
    this.#set(this.rates, text([row.namespace, row.limit, row.key]), row.spent === null ? undefined : row)
  }

  setHold(id: HoldId, row: HoldRow | undefined): void {
    this.#set(this.holds, id, row)
  }

  setMail(name: MailName, row: MailRow | undefined): void {
    this.#set(this.mail, mailText(name), row)
  }

  setClaimsForm(form: number): void {
    const before = this.claimsForm
    this.#undo.push(() => {
      this.claimsForm = before
    })
    this.claimsForm = form
  }

  nextSettingsVersion(): void {
    this.settingsVersion++
    this.#undo.push(() => this.settingsVersion--)
  }

  #set<Key, Value>(map: Map<Key, Value>, key: Key, value: Value | undefined): void {
    const before = map.get(key)
    this.#undo.push(() => this.#set(map, key, before))
    if (value === undefined) map.delete(key)
    else map.set(key, value)
  }

  #indexOpen(row: OpenRow, change: 'add' | 'delete'): void {
    const { id } = row
    this.#indexCreated(row, change)
    if (row.wakeAt !== null) this.due[change]({ at: row.wakeAt, id })
    if (row.delivered) this.delivered[change]({ at: 0, id })
    if (row.gate === null || row.sort === null) return
    const group = this.ready.get(row.gate) ?? new SortedPlaces()
    group[change]({ at: row.sort, id })
    if (group.first() === undefined) this.ready.delete(row.gate)
    else this.ready.set(row.gate, group)
  }

  #indexClosed(row: ClosedRow, change: 'add' | 'delete'): void {
    this.#indexCreated(row, change)
    this.purgeable[change]({ at: row.purgeAt, id: row.id })
  }

  #indexCreated(row: Row, change: 'add' | 'delete'): void {
    if (!isRun(row.kind)) return
    const places = this.created.get(row.namespace) ?? new SortedPlaces()
    this.created.set(row.namespace, places)
    places[change]({ at: row.createdAt, id: row.id })
  }
}

export function keyText(name: KeyName): string {
  return text([name.namespace, name.scope, name.definition, name.key])
}

export type MailName = Pick<MailRow, 'to' | 'from' | 'n'>

export function mailText({ to, from, n }: MailName): string {
  return `${to} ${from} ${n}`
}

/** One text for several, without two lists ever sharing one. */
function text(parts: readonly string[]): string {
  return JSON.stringify(parts)
}

/** Copies of exactly the port's columns: what callers do to their rows afterwards, or carry in them besides, stays theirs. */
export function copyOpen(row: OpenRow): OpenRow {
  const { id, namespace, kind, name, queue, state, gate, sort, wakeAt, delivered, createdAt, startedAt, tags, input, body } = row
  return { id, namespace, kind, name, queue, state, gate, sort, wakeAt, delivered, createdAt, startedAt, tags: copyTags(tags), input, body }
}

export function copyClosed(row: ClosedRow): ClosedRow {
  const { id, namespace, kind, name, queue, state, createdAt, startedAt, closedAt, tags, input, output, body, purgeAt } = row
  return { id, namespace, kind, name, queue, state, createdAt, startedAt, closedAt, tags: copyTags(tags), input, output, body, purgeAt }
}

function copyTags(tags: OpenRow['tags']): OpenRow['tags'] {
  return tags === null ? null : { ...tags }
}
