import {
  ACTORS_CACHED_MAX,
  BATCH_ACTORS_MAX,
  BATCH_BYTES_HARD,
  BATCH_BYTES_SOFT,
  BODY_BYTES_BEFORE_SEGMENT,
  TIMER_HORIZON_MS,
  TIMERS_MAX,
  WINDOW_SIZE,
} from '../core/bounds.ts'
import type { Random } from '../core/ids.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from './clock.ts'
import type { OnClosed } from './face.ts'

export interface EngineOptions {
  store: Store
  clock: Clock
  random: Random
  /** For people: host and process. */
  nodeName: string
  /** Where other nodes reach this one. Default: nowhere. */
  address?: string | null
  sizes?: Partial<Sizes>
  log?: (level: 'debug' | 'info' | 'warn' | 'error', message: string, facts: Record<string, unknown>) => void
  onClosed?: OnClosed
}

/** Times and sizes. The simulator shrinks them at random; nobody else needs to set them. */
export interface Sizes {
  /** A lane whose renewals stand still for so long is dead (E20). */
  claimTtlMs: number
  /** A worker that is silent for so long has lost its tasks. */
  leaseMs: number
  /** How long the record of a delivery is held back, so that its result can join it in one write (E16). */
  deliveryHoldMs: number
  actorsCached: number
  windowSize: number
  /** Rows a page read from the store: what comes of one is installed in one go, which holds the event loop up. */
  pageSize: number
  batchActorsMax: number
  batchBytesSoft: number
  batchBytesHard: number
  bodyBytesBeforeSegment: number
  timerHorizonMs: number
  timersMax: number
  /** Wall time may step while a timer runs on the monotonic clock: nobody is woken later than this because of it. Longer where no clock can step. */
  lookAgainMs: number
  /** What another lane has granted and no task takes within this time goes back (E17). */
  grantMs: number
  /** How often holds of other lanes are compared with the store (E17). */
  compareHoldsMs: number
  retentionEveryMs: number
  /** A batch of retention drops so many runs at most: what waits behind it waits some 6 ms beside ten million closed runs. */
  retentionBatch: number
  /** How often it is looked for letters of other lanes without a hint (E7). */
  mailEveryMs: number
}

export const SIZES: Sizes = {
  claimTtlMs: 1_000,
  leaseMs: 15_000,
  deliveryHoldMs: 50,
  actorsCached: ACTORS_CACHED_MAX,
  windowSize: WINDOW_SIZE,
  pageSize: 250,
  batchActorsMax: BATCH_ACTORS_MAX,
  batchBytesSoft: BATCH_BYTES_SOFT,
  batchBytesHard: BATCH_BYTES_HARD,
  bodyBytesBeforeSegment: BODY_BYTES_BEFORE_SEGMENT,
  timerHorizonMs: TIMER_HORIZON_MS,
  timersMax: TIMERS_MAX,
  lookAgainMs: 500,
  grantMs: 50,
  compareHoldsMs: 10_000,
  retentionEveryMs: 10_000,
  retentionBatch: 250,
  mailEveryMs: 1_000,
}
