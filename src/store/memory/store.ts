import type { ActorId, HoldId, LaneId, RunId } from '../../core/ids.ts'
import type { Instant } from '../../core/time.ts'
import {
  type ClosedRow,
  type DefinitionRow,
  type HoldRow,
  type KeyRow,
  type LedgerRow,
  type LogRow,
  type OpenRow,
  type RateRow,
  type SegmentRow,
  type SettingRow,
  type Store,
  StoreUnavailable,
  type StreamRow,
} from '../store.ts'
import { claim, lanes, release, renew } from './claims.ts'
import { commit, type Refuse, settle } from './commit.ts'
import {
  findKeys,
  lastId,
  lastMail,
  loadActors,
  loadCounts,
  loadDelivered,
  loadDue,
  loadExpired,
  loadGroups,
  loadHolds,
  loadMail,
  loadOldLines,
  loadRates,
  pageReady,
} from './load.ts'
import { reads } from './read.ts'
import { type Lane, type Link, Tables } from './tables.ts'

export interface MemoryOptions {
  /** Whether several nodes may be over it: default true. */
  share?: boolean
  /** Wall time. Without it time stands still at 0: this store never looks at a real clock. */
  now?: () => Instant
  /** Test only: why a batch is at fault (poison, E14), or null. Asked after the fence. */
  refuse?: Refuse
}

/** Everything in this process's memory, gone with it: for `testEnvironment` and the simulator. Answers take no real time, only turns of the microtask queue. */
export interface MemoryStore extends Store {
  /** Test only. Changes when the store goes backwards (E2). */
  readonly incarnation: number
  /**
   * Test only: undoes the last `transactions` (each commit, claim, renewal, release or settling that wrote something), as a fail-over to a replica that
   * lags behind does (E2). Answers how many were undone: at most the last 64 are known.
   */
  rollback(transactions: number): number
  /** Test only: this store as nodes of the version before use it, whose claims are of form 1 (E11). */
  ofForm1(): Store
  /** Views of what is stored now, for checking invariants and for copying; they follow later changes. */
  tables(): MemoryTables
}

export interface MemoryTables {
  readonly open: ReadonlyMap<RunId, Readonly<OpenRow>>
  readonly closed: ReadonlyMap<RunId, Readonly<ClosedRow>>
  /** By an opaque text of the key's name. */
  readonly keys: ReadonlyMap<string, Readonly<KeyRow>>
  /** By run, then number of the first event. */
  readonly segments: ReadonlyMap<RunId, ReadonlyMap<number, SegmentRow>>
  /** By run, then an opaque text of the line. */
  readonly logs: ReadonlyMap<RunId, ReadonlyMap<string, LogRow>>
  /** By run, then an opaque text of stream and last chunk. */
  readonly streams: ReadonlyMap<RunId, ReadonlyMap<string, StreamRow>>
  /** By schedule, then number. */
  readonly ledgers: ReadonlyMap<ActorId, ReadonlyMap<number, LedgerRow>>
  /** By an opaque text of namespace, limit and key. */
  readonly rates: ReadonlyMap<string, Readonly<RateRow>>
  readonly holds: ReadonlyMap<HoldId, Readonly<HoldRow>>
  /** By opaque texts of their names. */
  readonly definitions: ReadonlyMap<string, Readonly<DefinitionRow>>
  readonly settings: ReadonlyMap<string, Readonly<SettingRow>>
  /** Revoked and released ones too, with `stands: false` and no shards. */
  readonly lanes: ReadonlyMap<LaneId, Lane>
  /** Every committed batch and settling of a lane, in order. */
  readonly chains: ReadonlyMap<LaneId, readonly Link[]>
}

export function openMemoryStore(options: MemoryOptions = {}): MemoryStore {
  const { now = () => 0, refuse, share = true } = options
  const tables = new Tables()
  let incarnation = 1
  let closed = false
  const available = () => {
    if (closed) throw new StoreUnavailable('The memory store is closed.')
    return tables
  }
  const store: MemoryStore = {
    can: { share },
    commit: async batch => commit(available(), batch, refuse),
    settle: async (batch, settling) => settle(available(), batch, settling),
    lanes: async () => lanes(available()),
    claim: async request => claim(available(), request),
    renew: async (claim, version) => renew(available(), claim, version),
    release: async claim => release(available(), claim),
    loadActors: async (claim, ids) => loadActors(available(), claim, ids),
    loadDue: async (claim, until, page) => loadDue(available(), claim, until, page),
    loadDelivered: async (claim, page) => loadDelivered(available(), claim, page),
    findKeys: async (claim, keys) => findKeys(available(), claim, keys),
    loadGroups: async claim => loadGroups(available(), claim),
    pageReady: async (claim, requests) => pageReady(available(), claim, requests),
    loadRates: async claim => loadRates(available(), claim),
    loadHolds: async claim => loadHolds(available(), claim),
    loadMail: async (claim, page) => loadMail(available(), claim, page),
    lastId: async claim => lastId(available(), claim),
    lastMail: async claim => lastMail(available(), claim),
    loadCounts: async claim => loadCounts(available(), claim),
    loadExpired: async (claim, until, limit) => loadExpired(available(), claim, until, limit),
    loadOldLines: async (claim, old, page) => loadOldLines(available(), claim, old, page),
    read: reads(tables, available),
    now: async () => {
      available()
      return now()
    },
    close: async () => {
      closed = true
    },
    get incarnation() {
      return incarnation
    },
    rollback: transactions => {
      const undone = tables.rollback(transactions)
      if (undone > 0) incarnation++
      return undone
    },
    ofForm1: () => ({ ...store, claim: async request => claim(available(), request, 1) }),
    tables: () => tables,
  }
  return store
}
