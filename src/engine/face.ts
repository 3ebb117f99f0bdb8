import type { ArtifactKind } from '../core/artifact.ts'
import type { Problem } from '../core/errors.ts'
import type { Labels } from '../core/gates.ts'
import type { AnswerId, ClaimId, DeliveryId, RunId, WorkerId } from '../core/ids.ts'
import type { LateText } from '../core/late.ts'
import type { LedgerEntry } from '../core/ledger.ts'
import type { Limit, LimitHolder, LimitRule, LimitTarget, SetBy, Units } from '../core/limits.ts'
import type { Ref, RunChange, RunKind, TaskResult } from '../core/machine.ts'
import type { DefinitionRules, RunOptions, Timeouts, Unique } from '../core/options.ts'
import type { ClosedState, Failure, HistoryEvent, Outcome, Payload, Progress, RunState, Trigger, TriggerAssets } from '../core/run.ts'
import { withDefaults } from '../core/schema-defaults.ts'
import type { StreamRefusal, StreamWrite } from '../core/stream.ts'
import type { Instant } from '../core/time.ts'
import type { Watermark } from '../machines/asset/types.ts'
import type { BackfillOrder, Reprocess, Skip } from '../machines/batch/types.ts'
import { BACKFILL_ORDERS, BATCH_DEPTH_MAX, OPERATIONS, REPROCESSES } from '../machines/batch/types.ts'
import { checkCalls } from '../machines/dag/calls.ts'
import { checkDag } from '../machines/dag/graph.ts'
import { ENDS as TASK_ENDINGS } from '../machines/dag/rules.ts'
import {
  ACTIVE_MAX as DAG_ACTIVE_MAX,
  ACTIVE_RUNS_MAX as DAG_ACTIVE_RUNS_MAX,
  AWAITED_TASKS_MAX as DAG_AWAITED_TASKS_MAX,
  DEADLINES_MAX as DAG_DEADLINES_MAX,
  GROUPS_MAX as DAG_GROUPS_MAX,
  MAP_ITEMS_MAX as DAG_MAP_ITEMS_MAX,
  TASKS_MAX as DAG_TASKS_MAX,
  type DagSpec,
  DEADLINE_REFERENCES,
  TRIGGER_RULES,
  WEIGHT_RULES,
} from '../machines/dag/spec.ts'
import { refuseUnknownPlaceholder } from '../machines/schedule/input.ts'
import { type Backfill, CATCHUPS, type Origin, OVERLAPS, type SchedulePause, type ScheduleSpec } from '../machines/schedule/types.ts'
import { type Advance, ENTRIES_MAX, type Entry } from '../machines/workflow/types.ts'
import type { ClosedDay, LedgerFilter, LogLevel, LogRow, Page, Paged, RunCounts, RunFilter, StreamRow } from '../store/store.ts'
import type { TimetableSpec } from '../time/spec.ts'
import { activityTogether, lastHourTogether } from './activity/together.ts'
import type { ApprovalCalls } from './approvals/face.ts'
import type { AssetCalls } from './assets/face.ts'
import type { BatchCalls } from './batches/face.ts'
import type {
  CacheCalls,
  DagDurations,
  DagGraph,
  DagGrid,
  DagItems,
  DagRerun,
  DagTasks,
  DagTaskView,
  RerunSpan,
  RerunTarget,
  RerunTask,
  TaskMark,
} from './dags/face.ts'
import type { HomeAnswer, HomeCall, ResourceLookedAt, ResourceSeen } from './limits/homes.ts'
import { limitTogether } from './limits/together.ts'
import { registering } from './schedules/register.ts'
import { BATCH_TAG } from './tags.ts'
import type { VersionCalls } from './workflows/face.ts'
import { runOfToken } from './workflows/settle.ts'
import { talking } from './workflows/talk.ts'
import type { MessageCalls, QuestionCalls } from './workflows/talk-face.ts'
import type { WorkflowView } from './workflows/view.ts'

/** How long what has ended is kept, and what of it may go. */
export interface RetentionCalls {
  get(namespace: string): RetentionView
  /** What is not said stays; null: all is as it is everywhere. Holds for what closes from then on, and for the lines of ledgers at once. */
  set(namespace: string, retention: { runsMs?: number; ledgerMs?: number } | null, by: string | null): Promise<void>
  /** What may go now, in all namespaces, by the day of its close; nothing is dropped. */
  preview(): Promise<{ days: ClosedDay[]; more: boolean }>
  /** Drops what may go now, some thousands at most. */
  collect(): Promise<Collected>
}
export interface RetentionView {
  runsMs: number
  ledgerMs: number
  /** Who has set it, and since when; null: nobody has. */
  set: SetBy | null
}
/** `more`: there was more than one call drops. */
export interface Collected {
  runs: number
  keys: number
  /** Of ledgers. */
  lines: number
  more: boolean
}

/**
 * The engine as the API, the dialects and the embedding process see it. Every method may throw `UserError`; `unavailable` and `overloaded` carry
 * `retryAfter`. A promise that resolves is an acknowledgement: what it says is committed (P1, E4). The exceptions: a poll's answer (E16).
 */
export interface Engine {
  /** Claims its share of the shards and begins to work, or stands by where others have them all; resolves when it does either. Rejects with `StoreUnavailable` where the store's disk is at fault from the beginning. */
  start(): Promise<void>
  /** Flushes the last batch and gives the shards up (E25). Polls are answered empty, everything else with `unavailable`. */
  stop(): Promise<void>
  /** True while calls can be answered: it holds its shards and the store answers, or it knows who does. */
  ready(): boolean
  /** True while it holds shards. */
  serves(): boolean
  readonly nodes: NodeCalls
  readonly places: Places
  readonly lending: LendingCalls
  /** Letters between the runs of several nodes (E7): both are hints, a node looks by itself once a second. */
  readonly mail: {
    /** There may be some for this node. */
    hint(): void
    /** Calls with the parts for which some lie there, of other nodes. */
    onSent(listener: (parts: readonly number[]) => void): () => void
  }
  readonly homes: Homes
  /** What is wrong with the store now, its disk or that it does not answer, and what to do, in a clause; null: nothing. Calls that wait for a commit are answered `unavailable` meanwhile. */
  fault(): string | null

  readonly runs: {
    /** Starts runs: all or none; with `key` or `unique` on an item, conflicts per item. Answers in the order of `starts`. */
    start(namespace: string, call: StartCall): Promise<StartAnswer[]>
    /** `id`: whole, or any unambiguous ending. */
    resolve(namespace: string, id: string): Promise<RunId>
    get(namespace: string, id: RunId): Promise<RunDetail>
    /** Like `get`, but waits until the run is closed, `waitMs` at most. */
    wait(namespace: string, id: RunId, waitMs: number, signal?: AbortSignal): Promise<RunDetail>
    /** Of these, those that are closed, as soon as one is; `waitMs` at most. `missing`: there is no such run. */
    closed(namespace: string, ids: readonly RunId[], waitMs: number, signal?: AbortSignal): Promise<RunsClosed>
    list(search: RunSearch, page: Page): Promise<RunsFound>
    /** How many of a search were created in each step from `from` on, by state. Aborted, it tells what it has counted until then. */
    tally(search: RunSearch, steps: { from: Instant; stepMs: number }, signal?: AbortSignal): Promise<RunTally>
    /** All events, or those from a number on; the first is number 0. */
    history(namespace: string, id: RunId, from?: number): Promise<HistoryEvent[]>
    /** A page of them: `limit` at most, and not much more than 4 MiB. A negative `from` is counted from the end. */
    events(namespace: string, id: RunId, from: number, limit: number): Promise<EventPage>
    /** How the tasks of a DAG's run stand. @throws UserError `not-a-dag` */
    tasks(namespace: string, id: RunId, page: { from: number; limit: number }): Promise<DagTasks>
    /** How the items of a mapped task stand, each with its run. @throws UserError `not-a-dag`, `unknown-task` */
    items(namespace: string, id: RunId, task: string, page: { from: number; limit: number }): Promise<DagItems>
    /** Its retries, what started it, and what it started. */
    related(namespace: string, id: RunId): Promise<RelatedRuns>
    /** How many runs closed since a time, by state. */
    closedCounts(namespace: string, since: Instant): Promise<Record<string, number>>
    logs(namespace: string, id: RunId, page: Page): Promise<Paged<LogRow>>
    /** Its streams, by their names; `all`: those that artifacts are kept in, too. */
    streams(namespace: string, id: RunId, all?: boolean): Promise<StreamSummary[]>
    /** Of a stream, what was written behind the chunk `after`, oldest first; -1: from the first on. One that nobody has written to yet is empty. */
    stream(namespace: string, id: RunId, name: string, after: number, limit: number): Promise<StreamPage>
    explain(namespace: string, id: RunId): Promise<Explanation>
    /** Asks: a running handler's signal aborts, anything else is closed at once. On a closed run: `run-closed`, unless it is cancelled already. */
    cancel(namespace: string, id: RunId, command: Command): Promise<void>
    /** Closes it at once; a running handler is told that its lease is lost. */
    terminate(namespace: string, id: RunId, command: Command): Promise<void>
    /** A new run from a closed one, linked to it; other input if given. On an open run: `run-open`. Repeating a command answers the same run. */
    /** It takes the unique key that the old one had, where that is free; else `unique-conflict`, unless `force`. */
    retry(namespace: string, id: RunId, command: Command & { input?: Payload; force?: boolean }): Promise<RunId>
    /**
     * A new run that goes on from a step of a workflow and keeps the results before it; null: from the step that failed last. With other input if given. `reset`: the
     * old one ends, if it is open, and the new one has its later signals, too. Of a closed run of a DAG: some of its tasks run again; `from` is one, with all that wait for it.
     * @throws UserError `not-a-workflow`, `not-a-dag`, `run-open`, `unknown-step`, `output-gone`, `history-too-long`
     */
    fork(
      namespace: string,
      id: RunId,
      fork: { from: number | string | null; input?: Payload; reset: boolean; rerun?: DagRerun },
      command: Command,
    ): Promise<RunId>
    /**
     * A run of a DAG, and those of its DAG for earlier or later times, the earliest first: `fork` of each with one command, whose id this is, begins each once.
     * @throws UserError `not-a-dag`, `too-many-items`
     */
    reruns(namespace: string, id: RunId, span: RerunSpan, command: Command['id']): Promise<RerunTarget[]>
    /** What `fork` would run again. Nothing is changed. @throws as `fork` */
    rerunTasks(namespace: string, id: RunId, rerun: DagRerun): Promise<RerunTask[]>
    /**
     * A task of an open run of a DAG that has not ended ends as a person says; where it runs it is told to stop. Who and why stand in the history.
     * @throws UserError `not-a-dag`, `run-closed`, `unknown-task`, `task-ended`, `payload-too-large`
     */
    mark(namespace: string, id: RunId, mark: TaskMark, command: Command): Promise<void>
    /** What is scheduled, queued or waiting becomes due at another time, or takes another priority, queue or input. Once it runs: `run-begun`. */
    change(namespace: string, id: RunId, change: RunChangeCall, command: Command): Promise<void>
    /** Tells a workflow something; kept until its code waits for it. @throws UserError `not-a-workflow`, `run-closed`, `too-many-signals` */
    signal(namespace: string, id: RunId, signal: { name: string; payload: Payload | null }, command: Command): Promise<void>
    /** Several in one commit, in their order: how many of the first were kept, at least one; there was no room for the others. @throws as `signal` */
    signals(namespace: string, id: RunId, signals: readonly { name: string; payload: Payload | null }[], command: Command): Promise<number>
    /**
     * A parked run goes on with all its attempts again; a stuck one (E14) takes the input that it choked on again. Any other: `not-stuck`.
     * `version`: a workflow goes on with this version of its code alone, whatever it waits for.
     */
    resume(namespace: string, id: RunId, command: Command & { version?: string }): Promise<void>
  } & MessageCalls
  readonly definitions: {
    /** Answered once every node goes by them (E21). */
    register(namespace: string, definitions: readonly DefinitionSpec[]): Promise<void>
    list(namespace: string): DefinitionView[]
    /** Its versions, and its newest 1,000 runs. @throws UserError `unknown-definition` */
    detail(namespace: string, name: string): Promise<DefinitionDetail>
    /** Who waits for whom in a version of a DAG; null: the newest. @throws UserError `unknown-definition`, `not-a-dag`, `unknown-version` */
    graph(namespace: string, name: string, version: string | null): DagGraph
    /** How long its newest closed runs took, and their tasks, or one of them run by run. @throws UserError `unknown-definition`, `not-a-dag`, `unknown-task` */
    durations(namespace: string, name: string, of: { task: string | null; limit: number }): Promise<DagDurations>
    /** How the tasks of a DAG's newest runs stand. @throws UserError `unknown-definition`, `not-a-dag` */
    grid(namespace: string, name: string, page: Page): Promise<DagGrid>
    /** JSON Schema of the input of a DAG's runs, of its newest version; null: it has none, is no DAG, or is not known. */
    inputSchema(namespace: string, name: string): Payload | null
    /** An operator's options over those of the code, field by field, until they are removed (null). */
    override(namespace: string, name: string, options: DefinitionOptions | null, by: string | null): Promise<void>
  } & CacheCalls
  readonly versions: VersionCalls
  /** Pauses: settings of an operator (E21). Nothing of the target is delivered while it stands; what runs goes on. */
  readonly pauses: {
    set(target: PauseTarget, pause: { by: string | null; note: string | null } | null): Promise<void>
    list(namespace: string): (PauseTarget & Pause)[]
  }
  readonly activity: ActivityCalls
  readonly retention: RetentionCalls
  readonly limits: LimitCalls
  readonly approvals: ApprovalCalls
  readonly batches: BatchCalls
  readonly schedules: ScheduleCalls
  readonly assets: AssetCalls
  readonly queues: {
    list(namespace: string): Promise<QueueView[]>
    /** How its keys share a queue now, by what dispatch goes by. Where there is much, as it was within the last second. */
    shares(namespace: string, queue: string): Promise<QueueShares>
  }
  readonly workers: {
    list(namespace: string): Promise<WorkerView[]>
    /** Workers that fell silent within the last hour, and did not say that they go. */
    silent(namespace: string): Promise<Pick<WorkerView, 'id' | 'name' | 'lastSeenAt'>[]>
    /** It gets no new task; what it runs goes on. @throws UserError `worker-not-found` */
    drain(namespace: string, worker: WorkerId, command: Command): Promise<void>
    undrain(namespace: string, worker: WorkerId): Promise<void>
    /** Those that poll this node, for others. */
    tell(): WorkerTold[]
    /** Those that poll another node, as it tells once a second; null: the same as before. Who hands out here is asked by them, too. */
    told(node: string, workers: readonly WorkerTold[] | null): void
  }
  readonly tasks: WorkerCalls
  /** Committed changes as they are released, from the answer on, which ends it. `run` null: all of the namespace. A subscriber that is too slow gets `{ is: 'lagged' }` and must read anew. */
  subscribe(namespace: string, run: RunId | null, listener: (event: LiveEvent) => void): Promise<() => void>
  /** API keys and whatever else the server keeps with the store (settings of a kind of its own). */
  readonly settings: {
    get(kind: string): { namespace: string; name: string; value: string; changedAt: Instant }[]
    put(kind: string, namespace: string, name: string, value: string | null): Promise<void>
  }
  /** Namespaces in which anything is registered, set, open or at work, by name; `default` always. */
  readonly namespaces: { list(): Promise<NamespaceView[]> }
  /** Figures of this node alone, for /metrics: cheap, from memory. */
  stats(): EngineStats
}

export interface NodeView {
  id: string
  name: string
  /** Where other nodes reach it; null: nowhere. */
  address: string | null
  /** When it began. */
  since: Instant
  /** How many it holds; 0: it stands by. */
  shards: number
  /** It takes no shards, by an operator's word. */
  drained: Pause | null
}

/** A lane of a node: what it holds, and how it shows that it lives (E20, E21). */
export interface LaneView {
  lane: string
  claim: string
  node: string
  name: string
  /** Those that it holds, ascending. */
  shards: number[]
  /** How often it has renewed its claim. */
  renewals: number
  /** By how many changes of settings it is behind. */
  behind: number
}

/** Who holds which shards, as the store says. */
export interface ShardsView {
  count: number
  lanes: LaneView[]
  /** Those that no standing claim holds. */
  free: number[]
}

/** A node as others reach it. */
export type Peer = Pick<NodeView, 'id' | 'name' | 'address'>

/** Where things are, as far as is known here. */
export interface Places {
  /** This node's own id. */
  readonly self: string
  /** This node serves what lives in that slot. */
  holds(slot: number): boolean
  /** Who serves it, this node included; null: nobody that is known, so a takeover is under way. */
  ownerOf(slot: number): Peer | null
  /** The other nodes that are alive. */
  others(): Peer[]
  /** Looks again, now. */
  refresh(): Promise<void>
  /** Calls whenever it is seen that lanes have come or gone. */
  onMoved(listener: () => void): void
  /** Calls when there is something for the other nodes to see at once: settings, or shards that nobody holds. */
  onChanged(listener: () => void): void
  /** Another node has told so. A hint: a node looks by itself, eight times in the time after which another is dead. */
  hint(): void
}

/** What is limited is counted in one place (E17): how lanes ask one another. */
export interface LendingCalls {
  /** For another node. Rejects with `unavailable` where this node's lane is another by now. */
  call(claim: ClaimId, call: HomeCall): Promise<HomeAnswer>
  look(claim: ClaimId, resources: readonly ResourceLookedAt[]): Promise<(ResourceSeen | null)[]>
  /** How other nodes are asked. */
  reach(way: LendingWay): void
}
export interface LendingWay {
  call(node: Peer, claim: ClaimId, call: HomeCall): Promise<HomeAnswer>
  look(node: Peer, claim: ClaimId, resources: readonly ResourceLookedAt[]): Promise<(ResourceSeen | null)[]>
}

/** The slots of what is yet to be (E9). What is there already carries its slot in its id. */
export interface Homes {
  /** A slot for each start; the call has its key. @throws UserError what is refused before anything is sent, as `unknown-definition` */
  starts(namespace: string, call: StartCall): number[]
  retry(namespace: string, id: RunId, input?: Payload): Promise<number>
  schedule(namespace: string, name: string): number
  asset(namespace: string, name: string): number
  /** Also of an operation on many runs, by the id of its command. */
  batch(callKey: string): number
  sequence(namespace: string, definition: string, key: string): number
  memo(namespace: string, definition: string, task: string): number
}

/** The nodes of a cluster. */
export interface NodeCalls {
  /** Those whose claims stand, by name. */
  list(): Promise<NodeView[]>
  shards(): Promise<ShardsView>
  /** It gives its shards up and takes none. @throws UserError `node-not-found`; `last-node`: nobody would be left to serve */
  drain(id: string, command: Command): Promise<void>
  undrain(id: string): Promise<void>
  /**
   * So many shards from now on, one of 1, 2, 4 … 256: every node knows of it once it is answered, and takes its share of them. No data moves, and whoever serves
   * all of them goes on without a pause. @throws UserError `invalid-option`; `older-nodes`: a node is there that knows only of 64
   */
  reshard(count: number, command: Command): Promise<void>
}

export const ACTIVITY_HOURS_MAX = 48
/** What happened lately, a minute at a time, from memory. */
export interface ActivityCalls {
  /** The last hours, 48 at most, in steps of which there are 360 at most. */
  get(namespace: string, hours: number): Promise<ActivityView>
  /** Queues and definitions of which anything started or closed within the last hour. */
  lastHour(namespace: string): Promise<{ queues: ReadonlyMap<string, HourView>; definitions: ReadonlyMap<string, HourView> }>
  /** What both follow from, of this node alone. */
  counted(namespace: string, hours: number): Promise<Counted>
}
/** What one node counted itself, and what it read of before, as counts by their places in a minute: put together, those of several nodes are as exact as of one. */
export interface Counted {
  from: Instant
  stepMs: number
  since: Instant
  countedSince: Instant
  own: Counts
  before: Counts
}
/** `pairs` of place and count. */
export interface Counts {
  /** A step each. */
  points: number[][]
  /** Of the last hour. */
  queues: { name: string; pairs: number[] }[]
  definitions: { name: string; pairs: number[] }[]
}
export interface HourView {
  started: number
  closed: Partial<Record<ClosedState, number>>
}
export interface ActivityView {
  from: Instant
  stepMs: number
  points: ({ at: Instant; waitMs: PercentilesView | null; runMs: PercentilesView | null } & HourView)[]
  /** Of the last hour. */
  queues: ({ name: string } & HourView)[]
  /** What is told goes back to here. */
  since: Instant
  /** From then on all is counted as it happens; before, it is what the kept closed runs tell: nothing of waits, nothing of runs that are open still. */
  countedSince: Instant
}
/** In milliseconds, off by 13 % at most. */
export interface PercentilesView {
  p50: number
  p95: number
}

/** Everything that is limited (E17, E18): by the code's definitions, by an operator over them, or by an operator alone. */
export interface LimitCalls {
  /** All in force, by name. */
  list(namespace: string): Promise<LimitView[]>
  /** With its keys that are in use or waited for, the fullest first, 100 at most. @throws UserError `limit-not-found` */
  get(namespace: string, name: string): Promise<LimitDetail>
  /** Those that a run of this definition, queue and input would meet, by name. `queue` null: that of the definition. */
  met(namespace: string, definition: string, queue: string | null, input: Payload | null): LimitMet[]
  /** An operator's limit over the code's of that name, or one of his own, which needs `on`. null: the code's again, or none. Answered once it is in force (E21). */
  set(namespace: string, name: string, set: LimitSet | null, by: string | null): Promise<void>
  /** Sequences that a failed run stopped and in which others wait, at most `limit`. */
  stopped(namespace: string, limit: number): Promise<{ definition: string; key: string; run: RunId }[]>
  /** A sequence that stopped at a failed run goes on with the next. @throws UserError `sequence-not-stopped` */
  resumeSequence(namespace: string, definition: string, key: string, command: Command): Promise<void>
}
export interface LimitSet {
  on?: LimitTarget
  per?: string | null
  max: number
  /** A rate's window; null or absent: so many at once. */
  everyMs?: number | null
}
export interface LimitMet {
  limit: Limit
  per: string | null
  /** The value at `per`; null: it is one for all. */
  key: string | null
  weight: number
}
export interface LimitView extends Limit {
  /** Units held now, or tokens of the window that are spent; over all keys. */
  used: number
  keys: number
  /** Groups of ready tasks that wait for it. */
  waiting: number
}
export interface LimitDetail extends LimitView {
  byKey: LimitKeyView[]
}
export interface LimitKeyView {
  key: string
  used: number
  holders: LimitHolder[]
  waiting: number
  /** A rate: when its next token comes; null: there is one now. */
  nextAt: Instant | null
}

/** Which times of a schedule are started again. */
export interface BackfillAsked {
  from: Instant
  until: Instant
  maxActive: number
  order?: BackfillOrder
  reprocess?: Reprocess
  /** Only times whose partitions were not all made of the assets that the DAG makes. */
  missing?: boolean
}
export interface BackfillPreview {
  /** Times in the range; of these to be started, and skipped, by why. */
  total: number
  starts: number
  skips: Partial<Record<Skip['why'], number>>
  /** The first 100, in the order of the backfill. */
  times: { at: Instant; skipped: Skip['why'] | null; run: RunId | null }[]
  /** How long a run usually takes, and all of them, so many at a time; null: none has ended. */
  runMs: number | null
  estimatedMs: number | null
}

/** Schedules and their ledgers (P4, E13). `at` of an error is a JSON pointer into the spec. */
export interface ScheduleCalls {
  /** Makes a schedule or changes it; the same again changes nothing. What code defines, others override. Warns of what surprises people. */
  put(namespace: string, name: string, change: { spec: ScheduleSpec; origin: Origin } & Command): Promise<SchedulePut>
  /**
   * All schedules that the code of `source` has: they are put, and those of the same source that are gone from it are paused with that reason, never deleted.
   * One that somebody made by a call or a file is left as it is (`kept`).
   */
  register(namespace: string, source: string, schedules: readonly { name: string; spec: ScheduleSpec }[], command: Command): Promise<SchedulePut[]>
  /** An operator's changes, each field whole; null removes them all. */
  override(namespace: string, name: string, override: Partial<ScheduleSpec> | null, command: Command): Promise<SchedulePut>
  remove(namespace: string, name: string, command: Command): Promise<void>
  /** `gone`: because it left the code. */
  pause(namespace: string, name: string, pause: { note: string | null; until: Instant | null; gone?: boolean } & Command): Promise<void>
  resume(namespace: string, name: string, command: Command): Promise<void>
  /** How far its runs have come, for those that are started from now on; null: they begin anew. */
  setWatermark(namespace: string, name: string, watermark: Payload | null, command: Command): Promise<void>
  /** Starts a run now, whatever the overlap policy says. Answers its line in the ledger. */
  trigger(namespace: string, name: string, command: Command): Promise<{ n: number; run: RunId }>
  /** Starts the times of a range (both ends inclusive), at most `maxActive` open at once: a batch, which is listed, paused and cancelled as such. */
  backfill(namespace: string, name: string, asked: BackfillAsked & Command): Promise<{ backfill: string }>
  /** What it would do, as things stand, and how long that would take by how long runs took lately. Nothing is changed. */
  previewBackfill(namespace: string, name: string, asked: BackfillAsked): Promise<BackfillPreview>
  /** Its runs go on; nothing further of it starts. */
  cancelBackfill(namespace: string, name: string, backfill: string, command: Command): Promise<void>
  get(namespace: string, name: string): Promise<ScheduleView>
  /** By name. */
  list(namespace: string, page: Page): Promise<Paged<ScheduleView>>
  /** Latest line first. */
  ledger(namespace: string, name: string, filter: LedgerFilter, page: Page): Promise<Paged<LedgerLine>>
  /** The next times from `from` (exclusive) on, of a schedule that is there or of a timetable that somebody thinks of. */
  preview(namespace: string, of: { name: string } | Pick<ScheduleSpec, 'timetable' | 'assets'>, from: Instant | null, count: number): Promise<Preview>
  /** When all schedules will fire in a range (both ends inclusive), by name. */
  upcoming(namespace: string, range: { from: Instant; until: Instant }, page: Page): Promise<Paged<UpcomingTimes>>
  /** What the ledgers of all schedules say of a range (both ends inclusive), by name. */
  outcomes(
    namespace: string,
    range: { from: Instant; until: Instant; accounts?: LedgerEntry['account'][] /** Of each schedule at most; default 200. */; lines?: number },
    page: Page,
  ): Promise<Paged<ScheduleOutcomes>>
  /** The same times as an iCalendar text (RFC 5545). */
  calendar(namespace: string, name: string, from: Instant | null, count: number): Promise<string>
  /** Why it did or did not fire at a time (ISO 8601, without an offset: local to the schedule); without one, what it waits for. */
  explain(namespace: string, name: string, at: string | null): Promise<ScheduleExplanation>
}

export interface ScheduleWarning {
  code: string
  message: string
  hint?: string
}
export interface SchedulePut {
  changed: 'created' | 'edited' | 'unchanged' | 'kept'
  schedule: ScheduleView
  warnings: ScheduleWarning[]
}
export interface ScheduleView {
  name: string
  namespace: string
  /** What is in force, and which fields of it an operator has changed. */
  spec: ScheduleSpec
  overridden: string[]
  origin: Origin
  /** The timetable in words. */
  words: string
  /** What is known of the assets that it waits for, by name. `isNew`: it counts. */
  assets: { asset: string; linked: boolean; isNew: boolean; events: number }[]
  watermark: Watermark | null
  createdAt: Instant
  editedAt: Instant
  paused: SchedulePause | null
  /** It choked on an input, and does nothing before it is resumed (E14). */
  stuck: { on: string; why: string; since: Instant } | null
  /** The next time that fires; null: none any more. */
  nextAt: Instant | null
  /** Every nominal time up to here is in the ledger. */
  accounted: Instant
  last: LedgerEntry | null
  /** What became of the run of the last one; null: there is none, or it was not asked for. */
  lastOutcome: LedgerLine['outcome']
  fired: number
  /** Open runs that it follows, and times that wait for them. */
  open: RunId[]
  buffered: number
  backfills: Backfill[]
}
export type LedgerLine = LedgerEntry & {
  /** `why` in words; null: there is nothing to say. */
  text: string | null
  /** What became of the run; null: there is none, or retention dropped it. */
  outcome: { state: RunState; startedAt: Instant | null; closedAt: Instant | null } | null
}
export interface UpcomingTimes {
  name: string
  definition: string
  queue: string | null
  timezone: string
  paused: SchedulePause | null
  /** Those that fire unless it is paused: the first 300. */
  times: Instant[]
  /** How many there are in the range, of the first 1,000 times. */
  count: number
  more: boolean
}
export interface ScheduleOutcomes {
  name: string
  /** The last 200, latest first. */
  lines: LedgerLine[]
  more: boolean
}
export interface PreviewTime {
  at: Instant
  /** Wall clock of the schedule's zone, ISO 8601 with its offset. */
  local: string
  /** Why it does not fire, or null. */
  held: { is: 'excluded' | 'blacked_out'; by: string } | null
  movedFrom: Instant | null
}
export interface Preview {
  words: string
  timezone: string
  times: PreviewTime[]
  warnings: ScheduleWarning[]
}
export interface ScheduleExplanation {
  schedule: string
  at: Instant | null
  reasons: Reason[]
  clear: string[]
  line: LedgerLine | null
}

/** The worker side: docs/architecture.md section 8. */
export interface WorkerCalls extends QuestionCalls {
  /** The sort key of what would be handed out to this poll now; null: nothing. Who asks is a worker that is there. */
  head(namespace: string, poll: Poll): number | null
  /** What there is to hand out, the first in order first. */
  heads(limit: number): Head[]
  /** Calls when there is something to hand out that no poll here takes; once, until it is gone. */
  onReady(listener: (head: Head) => void): () => void
  /** Waits up to `waitMs` for a first task. What the last answer held and did not arrive is given again with the same attempt and delivery (E16). */
  poll(namespace: string, poll: Poll, signal: AbortSignal): Promise<{ answer: AnswerId; tasks: Delivery[] }>
  complete(namespace: string, worker: WorkerId, results: readonly (Ref & TaskResult)[]): Promise<CompletionAnswer[]>
  /** How far the code of workflows is; see docs/workflows.md. Repeating a call answers the same. */
  advance(namespace: string, worker: WorkerId, advances: readonly AdvanceCall[]): Promise<AdvanceAnswer[]>
  heartbeat(namespace: string, worker: WorkerId, beats: readonly Beat[]): Promise<BeatAnswer[]>
  log(namespace: string, lines: readonly LogRow[]): Promise<void>
  /** Appends chunks to streams of runs. A repeat changes nothing; what an attempt writes goes in its order, one call after the other. */
  stream(namespace: string, worker: WorkerId, writes: readonly StreamCall[]): Promise<StreamAnswer[]>
  /** The worker is known to be gone (its process ended): its leases end now instead of at their time. */
  gone(namespace: string, worker: WorkerId): Promise<void>
}

/**
 * `accepted`: this result is the recorded outcome of that attempt (also on a repeat). `superseded`: a later attempt or another delivery holds the task.
 * `closed`: the run is closed by something else. `unknown`: no such run.
 */
export type CompletionAnswer = 'accepted' | 'superseded' | 'closed' | 'unknown'
export interface StreamCall extends Ref, Omit<StreamWrite, 'step' | 'attempt'> {
  step: { key: string; name: string; attempt: number } | null
}
/** `kept`: on disk. `lost`: another has the task, or what this attempt wrote before is not there. Else why nothing of it was kept. */
export type StreamAnswer = 'kept' | StreamRefusal
export interface StreamSummary {
  name: string
  chunks: number
  bytes: number
  closed: boolean
}
export interface StreamPage {
  rows: StreamRow[]
  /** There is more behind them by now. */
  more: boolean
  /** Nothing is written to it any more, and these rows are not older than that. */
  closed: boolean
}
export interface AdvanceCall extends Ref, Pick<Advance, 'call' | 'upTo' | 'yields' | 'ahead' | 'entries'> {}
/**
 * `held`: go on, with what has happened since. `yielded`: the task is over, the run waits. `closed`: the run is closed, by this or by something else.
 * `superseded`: another delivery has the task. `unknown`: no such run.
 */
export interface AdvanceAnswer {
  is: 'held' | 'yielded' | 'closed' | 'superseded' | 'unknown'
  /** All events from `upTo` on. */
  journal: Journal
}
/** `from`: the number of the first. Null: they are not at hand; the history has them. */
export interface Journal {
  from: number
  events: readonly HistoryEvent[] | null
}
/** `held`: go on. `cancel`: held, and the run is asked to stop. `lost`: abort, the result will be refused. */
export type BeatAnswer = 'held' | 'cancel' | 'lost'

/** Ready tasks that fit the same workers, and the sort key of the one that goes first (E24). */
export interface Head {
  namespace: string
  queue: string
  definition: string
  labels: Labels | null
  sort: number
}

export interface Poll {
  worker: WorkerId
  /** For people: `host:pid` or a name given. */
  workerName: string
  /** The last answer that arrived, or null. */
  last: AnswerId | null
  /** Empty: any queue. */
  queues: readonly string[]
  /** Definitions it has a handler for, with the version of its code. */
  serves: readonly { definition: string; version: string | null }[]
  labels: Labels
  /** Free slots now, and slots in all (for people). */
  max: number
  slots: number
  /** Free units now, beside slots, and in all. */
  units?: Units
  unitsTotal?: Units
  waitMs: number
  /** The node that the worker polls, where it asks for it. */
  via?: string
}

export interface Delivery extends Ref {
  taskKey: string
  definition: string
  queue: string
  /** Attempts in all by the run's policy. */
  attempts: number
  input: Payload | null
  checkpoint: Payload | null
  /** When this attempt times out, by the server's clock, and how long that is from its delivery on. */
  deadline: Instant | null
  timeoutMs: number | null
  leaseMs: number
  tags: Readonly<Record<string, string>> | null
  metadata: Payload | null
  traceparent: string | null
  /** The time that a schedule meant, and how much later this delivery is. */
  nominalAt: Instant | null
  latenessMs: number | null
  /** Of which DAG's run it is a task, or an item of one; null: of none. The interval ends at `nominalAt`. */
  dag: { run: RunId; task: string; item?: number; intervalStart: Instant } | null
  /** The events of assets that triggered it, and the partition that it is for. */
  triggeredBy?: TriggerAssets
  partition?: string
  /** How far the runs of its schedule had come when its run was started. */
  watermark?: Payload
  /** Those of one bundle go to one call of the handler (`batch`). */
  bundle: string | null
  /** What it takes of its worker; null: one slot. Where `slots` is not named it is one. */
  cost: Units | null
  /** Of a workflow: its history, as far as this worker does not know it. */
  journal?: Journal
  /** Texts of the input in which something is to be looked up before it is given to the worker. */
  late?: readonly LateText[]
}

export interface Beat extends Ref {
  /** The handler gave a sign of life since the last beat. */
  active?: boolean
  /** The handler was asked to stop and still runs, long after. */
  stuck?: boolean
  progress?: Progress
  checkpoint?: Payload
}

export interface StartCall {
  /** Makes the call repeatable (E9): the same key answers the same runs. SDKs always send one. */
  callKey: string | null
  by: string | null
  starts: readonly StartRequest[]
  /** Part of a larger call: the place of each start in it, from which its id and the place of an error follow. */
  places?: readonly number[]
}

export interface StartRequest {
  definition: string
  input: Payload | null
  /** Idempotency key per definition, kept for `keyRetentionMs` (default and least: 24 h) and as long as the run is open. Not with `unique`. */
  key?: string
  keyRetentionMs?: number
  unique?: Unique
  options: RunOptions
  trigger: Trigger
  traceparent?: string
  /** What the workflow is told in the same commit: the run that starts, or the open one that its key finds. */
  signal?: { name: string; payload: Payload | null }
}

export type StartAnswer =
  | { is: 'started'; run: RunId }
  /** `replaced`: that run took this start's input and options (`unique` with replace, debounce, throttle: all by 'unique'). */
  | { is: 'existing'; run: RunId; by: 'call' | 'key' | 'unique'; replaced?: true }
  | { is: 'refused'; problem: Problem }

/** `delayMs`: due so long from now, in place of `due`. */
export interface RunChangeCall extends Omit<RunChange, 'options' | 'gate'> {
  delayMs?: number
}

/** Commands are remembered by their id: a repeat does nothing further and answers the same (E9). */
export interface Command {
  id: string
  by: string | null
  why?: string | null
}

export interface DefinitionSpec {
  kind: RunKind
  name: string
  version: string
  options: DefinitionOptions
  schema: string | null
  /** Of a DAG: its tasks. */
  dag?: DagSpec
}
export interface DefinitionOptions extends Omit<RunOptions, 'delayMs' | 'notBefore' | 'metadata' | 'gate'>, DefinitionRules {
  unique?: Unique
}
/** Who set each of an operator's options. */
export type OptionsSet = { readonly [Option in keyof DefinitionOptions]?: SetBy }
export interface DefinitionView extends DefinitionSpec {
  namespace: string
  /** What of `options` an operator has set; null: nothing. */
  override: DefinitionOptions | null
  /** Who set each of these. */
  set: OptionsSet
  registeredAt: Instant
  versions: number
  paused: Pause | null
}

export interface DefinitionDetail {
  /** Newest first. */
  versions: { version: string; registeredAt: Instant; workers: { id: WorkerId; name: string }[] }[]
  recent: RecentRuns
}
/** Of the newest runs of a definition, 1,000 at most. */
export interface RecentRuns {
  runs: number
  counts: Partial<Record<RunState, number>>
  /** By the version that served them last; null: none has, or it is not known. */
  versions: { version: string | null; counts: Partial<Record<RunState, number>> }[]
  /** Of those that are closed, from the first delivery to the close. */
  runMs: PercentilesView | null
}

export interface Pause {
  by: string | null
  note: string | null
  since: Instant
}
export interface PauseTarget {
  namespace: string
  /** `namespace`: the name is ''. */
  scope: 'namespace' | 'queue' | 'definition'
  name: string
}

export interface NamespaceView {
  name: string
  definitions: number
  /** Open jobs. */
  open: number
  workers: number
}

export interface QueueShares {
  /** Those with ready tasks, or with tasks that run. */
  keys: number
  /** Of these, those that have something to hand out: they take turns. */
  inTurn: number
  /** Tasks handed out last that `handedOut` counts, since the node has served: 1,000 at most. */
  recent: number
  /** Of so many groups of ready tasks, of whatever queue, nothing has been read yet. */
  unread: number
  /** In the order of their turns, then those with the most ready tasks: 100 at most. */
  shares: ShareView[]
}
export interface ShareView {
  /** null: all tasks whose definition has no `fair`, together. */
  key: string | null
  weight: number
  /** How many of those that take turns go before it; null: it has nothing to hand out now. */
  before: number | null
  /** Ready tasks in memory; `more`: the store has further ones. */
  ready: number
  more: boolean
  /** Groups of its tasks that wait for a limit of their key, for their sequence, or for a batch to fill. */
  held: number
  running: number
  handedOut: number
}

export interface QueueView {
  name: string
  depth: number
  running: number
  /** Not yet due, those that wait included. */
  scheduled: number
  /** In back-off, or snoozed. */
  waiting: number
  /** Runs that wait for an operator: parked, or stuck. */
  parked: number
  /** When the oldest ready task became ready. */
  oldestAt: Instant | null
  paused: Pause | null
  /** Workers that take from it. */
  workers: number
  /** Definitions with ready tasks in it that none of them takes: it does not serve them, lacks a label, or is drained. */
  untaken: string[]
}

export interface WorkerView {
  id: WorkerId
  name: string
  serves: readonly { definition: string; version: string | null }[]
  queues: readonly string[]
  labels: Labels
  slots: number
  /** What it has beside slots, in all. */
  units: Readonly<Record<string, number>>
  /** `stuck`: it was asked to stop, and has not. */
  running: { run: RunId; definition: string; attempt: number; since: Instant; stuck: boolean }[]
  lastSeenAt: Instant
  /** It gets no new task, by an operator's word. */
  draining: boolean
  /** Whose word that was, and since when. */
  drained: Pause | null
  /** The node that it polls; null: this one. */
  via: string | null
}

/** What nodes tell each other of a worker. */
export type WorkerTold = Pick<WorkerView, 'id' | 'name' | 'serves' | 'queues' | 'labels' | 'slots' | 'units'> & { namespace: string }

/**
 * Which runs are meant. What the store's filter does not know stands in the bodies of runs, which only the engine reads: it looks through so many of
 * them in a call, and says how far that was.
 */
export interface RunSearch extends RunFilter {
  reasons?: readonly string[]
  /** A part of the type or message of what went wrong, in any case. */
  error?: string
  /** Top-level fields of the metadata, compared as text: all of them. */
  metadata?: Readonly<Record<string, string>>
}
export interface RunsFound extends Paged<RunSummary> {
  /**
   * Looked back to here for what no index knows (reasons, errors, metadata, how long it took); null: through all of them, or nothing of the kind was searched
   * for. The page may be short, or empty, with a `next`.
   */
  through: Instant | null
}
/** `through`: counted from the newest back to here; null: all of them. */
export type RunTally = RunCounts

/** `from`: the number of the first. `next`: that of the event with which the next page begins; null: there is none. `total`: how many events the run has. */
export interface EventPage {
  events: HistoryEvent[]
  from: number
  next: number | null
  total: number
}

export interface RunSummary {
  id: RunId
  namespace: string
  kind: RunKind
  definition: string
  queue: string
  state: RunState
  reason: string | null
  attempt: number
  attempts: number
  priority: number
  createdAt: Instant
  startedAt: Instant | null
  closedAt: Instant | null
  /** Due, retry or time-out: what time alone will do next. */
  nextAt: Instant | null
  progress: Progress | null
  tags: Readonly<Record<string, string>> | null
  trigger: Trigger
  failure: Failure | null
}
export interface RelatedRuns {
  /** The run itself, what it is a retry of, and its retries: oldest first. */
  chain: RunSummary[]
  /** Whose handler, or whose failure, started the first of the chain; null: none, or it is gone. */
  parent: RunSummary | null
  /** What its handler started and what its failure did, or a batch's own jobs: the newest 50. */
  children: RunSummary[]
  /** The schedule that started the first of the chain. */
  schedule: (Trigger & { is: 'schedule' }) | null
  /** The batch that it belongs to, or was started for. */
  batch: RunId | null
  /** Not all newer runs were looked through, or there are more than are told. */
  more: boolean
}
export interface ArtifactSummary {
  name: string
  kind: ArtifactKind
}
export interface RunDetail extends RunSummary {
  input: Payload | null
  output: Payload | null
  checkpoint: Payload | null
  metadata: Payload | null
  worker: WorkerId | null
  /** Of a workflow: the version of the code that it goes by; null: nobody has begun it. */
  version: string | null
  outcome: Outcome | null
  options: Omit<RunOptions, 'metadata'>
  /** Null: it is none. */
  workflow: WorkflowView | null
  /** Absent: it has written to none. */
  streams?: StreamSummary[]
  /** What it has left to be looked at; absent: nothing. */
  artifacts?: ArtifactSummary[]
  /** Names of files that it has stored, or is storing; absent: none. */
  files?: string[]
}

export interface RunsClosed {
  closed: RunDetail[]
  missing: RunId[]
}

export interface Explanation {
  run: RunId
  state: RunState
  since: Instant
  /**
   * Everything that keeps it from running, or, closed, what ended it. Empty exactly when it can be dispatched or runs, save that a running one has a reason where its
   * handler ignores that it was asked to stop.
   */
  reasons: Reason[]
  /** What is in order, said shortly. */
  clear: string[]
}
export interface Reason {
  /** not-due, back-off, paused, no-worker, wrong-label, no-slot, ignores-stop, unique, accepted, stuck, unavailable … and for closed runs how it ended. */
  code: string
  text: string
  until?: Instant
  by?: string | null
  since?: Instant
  runs?: RunId[]
  workers?: string[]
  /** What a person can type to change it. */
  command?: string
}

export type LiveEvent =
  | { is: 'run'; run: RunSummary; events: HistoryEvent[] /** number of the last event */; sequence: number; output?: Payload | null }
  | { is: 'log'; run: RunId; lines: LogRow[] }
  /** To those alone who follow this run. */
  | { is: 'chunks'; run: RunId; rows: StreamRow[] }
  | { is: 'lagged' }

export interface EngineStats {
  started: number
  delivered: number
  closed: Record<string, number>
  commits: number
  commitsFenced: number
  actorsCached: number
  batchBytes: number
  refusedOverload: number
  stuck: number
  queues: {
    namespace: string
    queue: string
    depth: number
    running: number
    scheduled: number
    waiting: number
    paused: number
    /** When the oldest ready task became ready. */
    oldestAt: Instant | null
    /** Definitions with ready tasks that no worker takes which is there: none serves them, or none in a version or with labels that they ask for. */
    untaken: number
  }[]
  workers: number
}

/** A hook for durations: called once a run closes. */
export type OnClosed = (run: { definition: string; state: RunState; createdAt: Instant; startedAt: Instant | null; closedAt: Instant }) => void
export { assetsIn, EXPRESSION_ASSETS_MAX, EXPRESSION_DEPTH_MAX } from '../machines/asset/expression.ts'
export { KEYS_MAX as PARTITION_KEYS_MAX, PARTITION_EVERY, partitionProblem } from '../machines/asset/partitions.ts'
export type { DagApproval, DagCache, DagWait } from '../machines/dag/spec.ts'
export type * from './approvals/face.ts'
export type * from './assets/face.ts'
export type * from './batches/face.ts'
export type { HomeAnswer, ResourceSeen } from './limits/homes.ts'
export type * from './workflows/face.ts'
export type * from './workflows/talk-face.ts'
export type * from './workflows/view.ts'
export type {
  Backfill,
  ClosedDay,
  DagDurations,
  DagGraph,
  DagGrid,
  DagItems,
  DagRerun,
  DagSpec,
  DagTasks,
  DagTaskView,
  DefinitionRules,
  DeliveryId,
  Entry,
  LedgerEntry,
  Limit,
  LimitHolder,
  LimitRule,
  LimitTarget,
  LogLevel,
  Origin,
  RerunSpan,
  RerunTarget,
  RerunTask,
  RunOptions,
  SchedulePause,
  ScheduleSpec,
  TaskMark,
  Timeouts,
  TimetableSpec,
  Unique,
  Units,
}
export {
  activityTogether,
  BACKFILL_ORDERS,
  BATCH_DEPTH_MAX,
  BATCH_TAG,
  CATCHUPS,
  checkCalls,
  checkDag,
  DAG_ACTIVE_MAX,
  DAG_ACTIVE_RUNS_MAX,
  DAG_AWAITED_TASKS_MAX,
  DAG_DEADLINES_MAX,
  DAG_GROUPS_MAX,
  DAG_MAP_ITEMS_MAX,
  DAG_TASKS_MAX,
  DEADLINE_REFERENCES,
  ENTRIES_MAX,
  lastHourTogether,
  limitTogether,
  OPERATIONS,
  OVERLAPS,
  REPROCESSES,
  refuseUnknownPlaceholder,
  registering,
  runOfToken,
  TASK_ENDINGS,
  TRIGGER_RULES,
  talking,
  WEIGHT_RULES,
  withDefaults,
}
