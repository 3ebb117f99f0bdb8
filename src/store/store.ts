import type { GroupId } from '../core/gates.ts'
import type { ActorId, BatchId, ClaimId, DeliveryId, HoldId, LaneId, MailId, NodeId, RunId, WorkerId } from '../core/ids.ts'
import type { Account, LedgerEntry } from '../core/ledger.ts'
import type { Kind, RunKind } from '../core/machine.ts'
import type { ClosedState, OpenState, Payload, RunState } from '../core/run.ts'
import type { Instant } from '../core/time.ts'

/**
 * Where everything that is acknowledged lives. Implementations: memory/, sqlite/ (later postgres/); conformance.ts is the suite that each passes.
 *
 * Every method may reject with `StoreUnavailable` (nothing is known of the effect of a write; a read had none). Methods that take a `Claim` check, in
 * the snapshot they read from, that the claim still stands, and reject with `StoreFenced` when it does not (E1): decisions may rest on what they answer.
 * What they list (due, delivered, groups, ready, rates, holds, mail, counts, expired) is what lives on the claim's shards: an actor by the part of its id,
 * a key where its run does, a rate at `partOfResource`. Asked for by id or key, they answer whatever there is. `read` checks no claim and sees committed state only (E4).
 */
export interface Store {
  readonly can: StoreCan

  /**
   * Makes a batch durable, all or nothing; never in part, never out of order within a lane (E1, E3).
   * - `committed`: on disk. Replies, deliveries and mail may leave now.
   * - `fenced`: the lane's claim or sequence differs. Nothing was written; forget its shards, claim and load again.
   * - `unchecked`: nothing was written, and the lane is as it was: these claims of others, which the batch checks, no longer stand (E17).
   * - `refused`: nothing was written; `resend` says whether the same batch may go again, else its data is at fault (E14).
   * - `unknown`: it may be either. Answer nobody, commit nothing after it: `settle` first. `fault` says when the disk is why.
   */
  commit(batch: Batch): Promise<Answer>

  /**
   * Finds out what became of a batch whose answer was `unknown`, by advancing the sequence under an id of its own, never by a read (E3).
   * Repeat with the same `settling` id until the answer is not `unknown`.
   * - `in`: the batch is durable; the sequence stands at `batch.sequence + 1` and names the batch.
   * - `out`: it is not in and never can be; the sequence stands at `batch.sequence + 1` and names `settling`, on which the next batch builds.
   * - `fenced`: neither; the lane is another's.
   */
  settle(batch: Batch, settling: BatchId): Promise<'in' | 'out' | 'fenced' | 'unknown'>

  /** All lanes whose claim stands, with how often each has renewed (E20). */
  lanes(): Promise<LaneRow[]>

  /**
   * Opens a lane for a node's life and takes the `wanted` shards that nobody holds, also those of `dead` lanes, in one transaction; a lane may have none. A
   * dead lane is revoked only if its claim and renewal count are still as seen; else it keeps its shards. What of it is not wanted is nobody's from then on.
   * Waits for a commit in flight on a revoked lane, or makes it fenced.
   * Idempotent by `lane`: repeating an unknown claim answers the one that was made, if it still stands; else it rejects with `StoreFenced`, and the node
   * opens a lane of another id.
   */
  claim(request: ClaimRequest): Promise<Claim>
  /**
   * Counts one renewal up, and records which version of the settings the lane goes by (E21). Answers the version that they have now; null: the claim no
   * longer stands.
   */
  renew(claim: Claim, version: number): Promise<number | null>
  /** Gives the shards up at once, so that a successor need not wait (E25). Nothing happens if the claim no longer stands. */
  release(claim: Claim): Promise<void>

  /** Actors by id, open or closed, in any order; one that is missing does not exist (any longer). */
  loadActors(claim: Claim, ids: readonly RunId[]): Promise<Row[]>
  /** Open actors with `wakeAt <= until`, by (wakeAt, id), from `page.after` (exclusive) on. */
  loadDue(claim: Claim, until: Instant, page: Page): Promise<Paged<{ id: RunId; wakeAt: Instant }>>
  /** Open actors with a recorded delivery (`delivered`), by id. */
  loadDelivered(claim: Claim, page: Page): Promise<Paged<OpenRow>>
  /** The rows of these keys; one that is missing is free. */
  findKeys(claim: Claim, keys: readonly KeyName[]): Promise<KeyRow[]>
  /** Every group that has ready tasks, with the smallest sort key in it. */
  loadGroups(claim: Claim): Promise<GroupHead[]>
  /**
   * Ready actors of each group by (sort, id), from `after` (exclusive) on: never re-reads what lies before the cursor. Answers are in the order of the
   * requests and from one snapshot: a lane that waits on many groups asks once.
   */
  pageReady(claim: Claim, requests: readonly ReadyRequest[]): Promise<Paged<OpenRow>[]>
  /** What is spent of every rate (E18), in any order. */
  loadRates(claim: Claim): Promise<RateRow[]>
  /** What holds of limited resources (E17), in any order: those whose home, `part`, is on the claim's shards. */
  loadHolds(claim: Claim): Promise<HoldRow[]>
  /** Mail to the claim's shards that nobody has taken, by (from, n) (E7). */
  loadMail(claim: Claim, page: Page): Promise<Paged<MailRow>>
  /** The greatest number of the mail from the claim's shards that nobody has taken; 0: there is none. */
  lastMail(claim: Claim): Promise<number>
  /**
   * The greatest id that an actor has, open or closed, or that a key of scope `call` is named by, whoever's shards it is on; null: there is none. So nothing that is
   * greater was there when it was asked.
   */
  lastId(claim: Claim): Promise<ActorId | null>
  /** Open runs by namespace, queue, definition and state. */
  loadCounts(claim: Claim): Promise<OpenCount[]>
  /** Closed runs whose `purgeAt <= until`, and keys whose `expiresAt <= until` and whose run is not open: what retention may drop. */
  loadExpired(claim: Claim, until: Instant, limit: number): Promise<Expired>
  /**
   * Lines that retention may drop of the ledgers of open schedules, oldest first of each. A page is of so many schedules, by namespace and name, and has so many
   * lines at most: a full one has to be dropped, and read again from where it began.
   */
  loadOldLines(claim: Claim, old: OldLines, page: Page): Promise<Paged<LineName>>

  readonly read: Reads

  /** Wall time (E20). */
  now(): Promise<Instant>
  close(): Promise<void>
}

/** What a store can do that not all can; the engine asks these, never which store it is. */
export interface StoreCan {
  /** Several processes may open it at once. Without it: one process, and nobody to fail over to. */
  share: boolean
}

/** The store is away, or its answer was lost. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
  /** Null: something else is the matter. */
  readonly fault: StoreFault | null
  constructor(message: string, { fault = null, ...options }: ErrorOptions & { fault?: StoreFault | null } = {}) {
    super(message, options)
    this.fault = fault
  }
}
/** What a disk is at fault of. It may pass: the same write may go again. */
export interface StoreFault {
  is: 'full' | 'read-only' | 'failing' | 'newer'
  /** A clause for people, such as `the disk of the database is full`. */
  what: string
  /** What to do about it: `make room on it`. */
  remedy: string
}
/** The claim no longer stands: the lane forgets everything (E3). */
export class StoreFenced extends Error {
  override readonly name = 'StoreFenced'
}
/** The store cannot be opened; the message says why and what to do. */
export class StoreRefused extends Error {
  override readonly name = 'StoreRefused'
}

export interface ClaimRequest {
  lane: LaneId
  claim: ClaimId
  node: NodeId
  /** For people: host and process. */
  nodeName: string
  /** Where other nodes reach it, as the cluster writes it; null: nowhere. */
  address: string | null
  wanted: readonly number[]
  /** Lanes that the claimant has seen stand still for a whole TTL (E20). On a store that cannot share: all others. */
  dead: readonly LaneRow[]
  /** Which form of claims the node reads (E11); default `CLAIMS_READ`. 0: it has met what it does not know, and is to get no shards. */
  reads?: number
}

export interface Claim {
  lane: LaneId
  claim: ClaimId
  /** Where the lane's chain stands: the number and id of its last batch (E1). A fresh lane starts at 0 and ''. */
  sequence: number
  lastBatch: BatchId
  /** The shards it holds, 0 to SHARDS - 1. */
  shards: number[]
}

/**
 * A store knows shards as fine as they get: one a part (ids.ts). How many of them go together is for whoever claims to say (engine/shares.ts), and no change of
 * that changes what is stored.
 */
export const SHARDS = 256
export const ALL_SHARDS: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard)

export interface LaneRow {
  lane: LaneId
  claim: ClaimId
  node: NodeId
  nodeName: string
  address: string | null
  renewals: number
  /** The version of the settings that it goes by, as its last renewal said; 0 before the first. */
  version: number
  shards: number[]
  /** Which form of claims its node reads (E11). */
  reads: number
  /** Whether that is enough for the form of the claims as it is by now: it gets no shards otherwise. */
  canHold: boolean
}

/**
 * 1: of 64 shards, four parts each. 2: of single parts. 3: the same, of nodes that know approvals, assets, memos, timelines and waits. A store's form becomes the
 * lowest that a node reads that is there, with somebody's next claim, and never goes back. A new kind of actor takes a new form, and a step of the schema.
 */
export const CLAIMS_READ = 3
/** From this form on shards are single parts. */
export const SINGLE_PARTS = 2

export interface Batch {
  id: BatchId
  lane: LaneId
  claim: ClaimId
  /** The sequence and batch id that this batch builds on: compare-and-set, then `sequence + 1` and `id`. */
  sequence: number
  lastBatch: BatchId
  /** Claims of other lanes that must stand too (E17). */
  checks: readonly ClaimId[]
  writes: Writes
}

/**
 * What a batch writes. A run appears in at most one of `born`, `touched`, `closed` (transitions are coalesced). An insert that meets an existing key or
 * an update that meets no row is `refused` with `resend: false`: the engine's memory and the store disagree. Drops of what is not there do nothing.
 */
export interface Writes {
  /** New open actors. */
  born: OpenRow[]
  /** Changes of open ones. */
  touched: TouchedRow[]
  /** Open → closed. `born` null: the row moves, with its input and what does not change; else it was never in the open table. */
  closed: ClosingRow[]
  /** Upserts. */
  keys: KeyRow[]
  /** Done before `keys`: a key that is in both ends as `keys` says. */
  keyDrops: KeyName[]
  /** Appended history of long runs: what no longer fits the body. */
  segments: SegmentRow[]
  /** Appended; a line that is there already (run, delivery, n) is ignored. */
  logs: LogRow[]
  /** Appended to streams; one that is there already (run, stream, last) is `refused`. */
  streams: StreamRow[]
  /** Upserts. */
  definitions: DefinitionRow[]
  /** Upserts; a null value removes. */
  settings: SettingRow[]
  /** Upserts by (schedule, n). */
  ledger: LedgerRow[]
  ledgerDrops: LineName[]
  /** Upserts by (namespace, limit, key), in their order; a null `spent` removes. */
  rates: RateRow[]
  /** By id; one that is there is `refused`. */
  holds: HoldRow[]
  holdDrops: HoldId[]
  /** One that is there is `refused`. */
  mail: MailRow[]
  /** What was applied in this batch, and goes with it; one that is not there (any longer), or has another id, is `refused` (E7). */
  mailTaken: Omit<MailRow, 'body'>[]
  /** Retention: closed rows go with their tags, segments, logs, streams and ledgers. */
  purge: RunId[]
}

export const noWrites = (): Writes => ({
  born: [],
  touched: [],
  closed: [],
  keys: [],
  keyDrops: [],
  segments: [],
  logs: [],
  streams: [],
  definitions: [],
  settings: [],
  ledger: [],
  ledgerDrops: [],
  rates: [],
  holds: [],
  holdDrops: [],
  mail: [],
  mailTaken: [],
  purge: [],
})

export type Answer =
  | { is: 'committed' }
  | { is: 'fenced' }
  | { is: 'unchecked'; claims: ClaimId[] }
  | { is: 'refused'; resend: boolean; why: string }
  | { is: 'unknown'; fault?: StoreFault }

/** What of an open run changes. */
export interface TouchedRow {
  id: RunId
  queue: string
  state: OpenState
  /** Group and sort key while a task of it is ready to be handed out, else both null. */
  gate: GroupId | null
  sort: number | null
  wakeAt: Instant | null
  /** A delivery is recorded and has no result yet. */
  delivered: boolean
  startedAt: Instant | null
  /** Events since the last segment, and the snapshot before them: JSON text that only the engine's codec reads. */
  body: string
  /** Nothing but the body differs from what the store has: no index need be looked at. So with most steps of a workflow. */
  bodyAlone?: true
}

export interface OpenRow extends Omit<TouchedRow, 'bodyAlone'> {
  namespace: string
  kind: Kind
  name: string
  createdAt: Instant
  tags: Readonly<Record<string, string>> | null
  input: Payload | null
}

export interface ClosedRow {
  id: RunId
  namespace: string
  kind: Kind
  name: string
  queue: string
  state: ClosedState
  createdAt: Instant
  startedAt: Instant | null
  closedAt: Instant
  tags: Readonly<Record<string, string>> | null
  input: Payload | null
  output: Payload | null
  body: string
  /** When retention drops it. */
  purgeAt: Instant
}

export interface ClosingRow {
  id: RunId
  born: OpenRow | null
  queue: string
  state: ClosedState
  startedAt: Instant | null
  closedAt: Instant
  output: Payload | null
  body: string
  purgeAt: Instant
}

export type Row = OpenRow | ClosedRow

export interface Expired {
  runs: { id: RunId; namespace: string; createdAt: Instant }[]
  keys: KeyName[]
}

/** A line of a ledger is old when it ended before its namespace's time, unless it is `intended`, or of the last `keep` of its schedule. */
export interface OldLines {
  before: Instant
  /** Of namespaces with a time of their own. */
  beforeIn: Readonly<Record<string, Instant>>
  keep: number
}
export type LineName = Pick<LedgerRow, 'schedule' | 'n'>

/** Closed runs by namespace, definition and the UTC day of their close. */
export interface ClosedDay {
  namespace: string
  kind: Kind
  name: string
  /** The day's first moment. */
  day: Instant
  count: number
}

/**
 * A key and the run that holds it. `scope`: 'key' (idempotency), 'unique', 'call': the run was born of a call that may still be repeated, and is purged; or
 * 'sequence': the run whose turn it is.
 */
export interface KeyName {
  namespace: string
  scope: 'key' | 'unique' | 'call' | 'sequence'
  definition: string
  key: string
}
export interface KeyRow extends KeyName {
  run: RunId
  /** Hash of the input that it was first used with ('key'); 'stopped' where a failed run stopped its sequence; else ''. */
  inputHash: string
  /** It may be dropped from then on, once its run is closed; null ('unique', 'sequence'): the closing or leaving transition drops it. A throttle's outlives its run. */
  expiresAt: Instant | null
}

export interface SegmentRow {
  run: RunId
  /** Number of the first event in it; the first event of a run is 0. */
  first: number
  events: string
}

export interface LogRow {
  run: RunId
  attempt: number
  delivery: DeliveryId
  /** Number of the line within its delivery, from 0. */
  n: number
  at: Instant
  level: LogLevel
  message: string
  /** JSON object text, or null. */
  fields: string | null
}
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Chunks of a stream of a run that were written together. */
export interface StreamRow {
  run: RunId
  stream: string
  /** Number of the last of them; the first chunk of a stream is 0. */
  last: number
  count: number
  at: Instant
  /** Name of the step that wrote them; null: the run's own code. */
  step: string | null
  attempt: number
  /** It is the first of an attempt, and what the same step wrote before is void. */
  restarted: boolean
  /** JSON texts, a line each. */
  chunks: string
}

export interface LedgerRow extends LedgerEntry {
  schedule: ActorId
}

/** Which lines of a ledger. Times are nominal and inclusive; a stretch fits when any of it does. */
export interface LedgerFilter {
  from?: Instant
  until?: Instant
  accounts?: readonly Account[]
}

/** A version of a definition; immutable (E11 and docs/architecture.md section 12). */
export interface DefinitionRow {
  namespace: string
  name: string
  version: string
  kind: Kind
  /** JSON text: options as registered. */
  options: string
  /** JSON Schema text of the input, or null. */
  schema: string | null
  registeredAt: Instant
}

/** A versioned setting (E21): pauses, API keys. */
export interface SettingRow {
  namespace: string
  /** 'pause', 'api-key'. */
  kind: string
  name: string
  /** JSON text; null removes. */
  value: string | null
  changedAt: Instant
}

/** How much of a rate is spent (E18). */
export interface RateRow {
  namespace: string
  limit: string
  key: string
  /** JSON text that only the engine reads; null removes. */
  spent: string | null
}

/** A delivered task's hold of a limited resource (E17). */
export interface HoldRow {
  id: HoldId
  /** The resource's home (`partOfResource`). */
  part: number
  namespace: string
  limit: string
  key: string
  run: RunId
  weight: number
  since: Instant
}

/** From an actor to another, between lanes (E7). A number is given once: the next of its sender's lane, beyond all that still lie there. */
export interface MailRow {
  /** Parts of the receiver and of the sender. */
  to: number
  from: number
  n: number
  id: MailId
  /** JSON text that only the engine reads. */
  body: string
}

export interface OpenCount {
  namespace: string
  queue: string
  name: string
  state: OpenState
  count: number
}

export interface GroupHead {
  group: GroupId
  sort: number
}

/** Where a page starts (exclusive) and how many rows it has at most. `after` is a cursor that the same method answered, or null. */
export interface Page {
  after: string | null
  limit: number
}
export interface ReadyRequest extends Page {
  group: GroupId
}
export interface Paged<T> {
  rows: T[]
  /** Where the next page starts; null: there is nothing further. */
  next: string | null
}

export interface RunFilter {
  namespace: string
  states?: readonly RunState[]
  names?: readonly string[]
  queues?: readonly string[]
  /** All of them. */
  tags?: Readonly<Record<string, string>>
  /** Inclusive. */
  createdAfter?: Instant
  /** Exclusive. */
  createdBefore?: Instant
  kinds?: readonly RunKind[]
  /** From the first delivery to the close, both inclusive; what is still open has taken until `now`. What never began took no time, and is not found. */
  took?: { atLeastMs?: number; atMostMs?: number; now: Instant }
}

/** How many runs of a filter were created in each step from `from` on: what a histogram is drawn of. */
export interface RunCounts {
  counts: { step: number; state: RunState; count: number }[]
  /** When the oldest that was counted was created; null: all were. */
  through: Instant | null
}

/** How a run stands; `closedAt` null: it is open. */
export interface RunTimes {
  id: RunId
  state: RunState
  startedAt: Instant | null
  closedAt: Instant | null
}

/** Of a closed run, what its row says without its body. */
export type ClosedTimes = Pick<ClosedRow, 'name' | 'queue' | 'state' | 'createdAt' | 'startedAt' | 'closedAt'>

/** What people and programs look at. Never a base for decisions. `runs`, `runsEnding` and the counts tell of runs alone, never of schedules. */
export interface Reads {
  /** A run by its id. */
  run(namespace: string, id: RunId): Promise<Row | null>
  /** Runs whose id ends like this, at most `limit`, newest first; of the newest `among` open ones and as many closed ones. */
  runsEnding(namespace: string, ending: string, limit: number, among: number): Promise<RunId[]>
  /** Open and closed runs, newest first by (createdAt, id), from one snapshot: a run that moves while one pages is seen once (E12). */
  runs(filter: RunFilter, page: Page): Promise<Paged<Row>>
  /**
   * When the run was created that lies `rows` further down from a cursor of `runs`, or from where the filter begins; null: there are not so many. Of open runs, of
   * closed ones or of both, the later. Of a filter only that counts by which an index is gone through: its first tag; of closed runs its one name, or its
   * states where `completed` is none of them. So it bounds a look for what no index knows.
   */
  runsDepth(filter: RunFilter, after: string | null, rows: number, tables: { open: boolean; closed: boolean }): Promise<Instant | null>
  /** Runs of a filter by the step of their creation and by state: of the newest `limit`, so that it costs no more whatever there is. */
  runCounts(filter: RunFilter, steps: { from: Instant; stepMs: number }, limit: number): Promise<RunCounts>
  /** In their order: those that tell of events from number `from` on, the first `limit` of them. */
  segments(run: RunId, from?: number, limit?: number): Promise<SegmentRow[]>
  /** Log lines by (at, delivery, n). */
  logs(run: RunId, page: Page): Promise<Paged<LogRow>>
  /** What a stream of a run has, or all of them (null), by (stream, last). */
  streams(run: RunId, stream: string | null, page: Page): Promise<Paged<StreamRow>>
  /** All versions of all definitions, oldest first. */
  definitions(): Promise<DefinitionRow[]>
  settings(): Promise<SettingRow[]>
  /** Counts up with each batch that writes settings or definitions (E21); what was read after it is of that version or a later one. */
  settingsVersion(): Promise<number>
  /** Open schedules of a namespace by name. */
  schedules(namespace: string, page: Page): Promise<Paged<OpenRow>>
  /** Assets of a namespace by name. */
  assets(namespace: string, page: Page): Promise<Paged<OpenRow>>
  /** A schedule's ledger, latest line first. */
  ledger(schedule: ActorId, filter: LedgerFilter, page: Page): Promise<Paged<LedgerRow>>
  /** Lines of many ledgers in one go, in the order of the schedules: of each the last that end, `limit` at most. */
  ledgers(schedules: readonly ActorId[], filter: LedgerFilter & { from: Instant; until: Instant }, limit: number): Promise<LedgerRow[][]>
  /** How runs stand, in any order; one that is missing does not exist (any longer). */
  runTimes(namespace: string, ids: readonly RunId[]): Promise<RunTimes[]>
  /** Closed runs of a namespace since a time (inclusive), by state: for summaries. */
  closedCounts(namespace: string, since: Instant): Promise<{ state: ClosedState; count: number }[]>
  /** Closed runs of a namespace that closed from a time on (inclusive) to another (exclusive), the last to close first, at most `limit`. */
  closedTimes(namespace: string, range: { from: Instant; until: Instant }, limit: number): Promise<ClosedTimes[]>
  /** What retention drops by then, in any order: of all that is closed the first `limit` to go, schedules included. */
  expired(until: Instant, limit: number): Promise<ClosedDay[]>
}

export type { WorkerId }
