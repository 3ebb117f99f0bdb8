import type { RunOptions, Unique } from '../../src/core/options.ts'
import type { Sizes } from '../../src/engine/options.ts'
import { type Limited, limitedOf } from './limited.ts'
import type { Rng } from './rng.ts'

export const NAMESPACE = 'sim'
export const DEFINITIONS = ['alpha', 'beta', 'gamma'] as const
export const QUEUES = ['default', 'slow'] as const
/** What the simulated database cannot hold (E14), as part of a payload. */
export const POISON = '@poison@'
export const FAULTS = [
  'pause',
  'kill',
  'kill-both',
  'stop',
  'cut-store',
  'store-away',
  'cut-clients',
  'die-writes',
  'slow-store',
  'step-clock',
  'freeze-worker',
  'kill-worker',
] as const
export type Fault = (typeof FAULTS)[number]

/** What a seed decides before anything happens. Each seed draws some kinds of faults and leaves the others out: they hide each other. */
export interface Scenario {
  faults: readonly Fault[]
  /** How often something breaks, on average. */
  faultEveryMs: number
  faultsMs: number
  /** The store goes backwards once in a while: what it lost is outside of the promises (E2). */
  rollbacks: boolean
  poison: boolean
  /** The machine throws at some inputs of marked runs (E14). */
  throws: boolean
  /** Payloads about as large as they may be. */
  large: boolean
  clients: number
  nodes: number
  workers: number
  sizes: Partial<Sizes>
  claimTtlMs: number
  leaseMs: number
  loses: number
  dying: number
  storeLatencyMs: number
  thinkMs: number
  retentionShort: boolean
  /** Somebody keeps schedules. */
  schedules: boolean
  /** Runs park, wait for others like them to replace their input, and are changed while they wait. */
  waiting: boolean
  /** Somebody starts batches of jobs, and operations on many runs. */
  batches: boolean
  /** Somebody changes the number of shards. */
  reshards: boolean
  /** Nodes are of this version and of the one before, in turn. */
  upgrades: boolean
  /** Somebody starts DAGs, whose tasks the SDK's own worker runs. */
  dags: boolean
  /** One definition makes an asset, and schedules wait for it. */
  assets: boolean
  /** One definition tells of its runs. */
  notifies: boolean
  /** Somebody starts workflows, which the SDK's own worker runs. */
  workflows: boolean
  /** What definitions say of limits, shares, sequences and batches; null: nothing. */
  limited: Limited | null
}

export function scenarioOf(rng: Rng, seed: number): Scenario {
  const claimTtlMs = rng.pick([600, 1_000, 2_000])
  const leaseMs = rng.pick([2_000, 4_000])
  const tiny = rng.chance(0.6)
  return {
    faults: FAULTS.filter(() => rng.chance(0.45)),
    faultEveryMs: rng.between(2_500, 9_000),
    faultsMs: rng.between(30_000, 70_000),
    rollbacks: seed % 6 === 5,
    poison: rng.chance(0.4),
    throws: rng.chance(0.5),
    large: rng.chance(0.1),
    clients: rng.whole(2, 3),
    workers: rng.whole(2, 4),
    claimTtlMs,
    leaseMs,
    sizes: {
      claimTtlMs,
      leaseMs,
      deliveryHoldMs: rng.pick([1, 50, 300]),
      actorsCached: rng.pick([1, 2, 5, 1_000]),
      windowSize: tiny ? rng.whole(1, 3) : 100,
      pageSize: tiny ? 2 : 50,
      batchActorsMax: rng.pick([1, 2, 5, 1_000]),
      ...rng.pick([{}, {}, { batchBytesSoft: 8_000, batchBytesHard: 30_000 }]),
      bodyBytesBeforeSegment: rng.pick([1, 200, 600, 16_384]),
      timerHorizonMs: rng.pick([1_000, 5_000, 300_000]),
      timersMax: rng.pick([2, 5, 10_000]),
      retentionEveryMs: rng.pick([500, 2_000, 5_000]),
      retentionBatch: rng.pick([1, 3, 100]),
    },
    loses: rng.pick([0, 0.01, 0.05]),
    dying: rng.pick([0, 0.01, 0.05]),
    storeLatencyMs: rng.pick([1, 5, 20]),
    thinkMs: rng.between(400, 1_500),
    retentionShort: rng.chance(0.5),
    schedules: rng.chance(0.5),
    waiting: rng.chance(0.5),
    batches: rng.chance(0.5),
    reshards: seed % 11 === 9 || seed % 7 === 3,
    upgrades: seed % 7 === 3,
    // Nodes of the version before do not know what these are made of.
    dags: seed % 4 === 1 && seed % 7 !== 3,
    assets: seed % 5 === 3 && seed % 7 !== 3,
    notifies: seed % 5 === 2,
    workflows: seed % 2 === 0,
    nodes: 2 + (seed % 2),
    limited: seed % 3 === 1 ? null : limitedOf(seed, DEFINITIONS, seed % 6 !== 5),
  }
}

/** Options of a run, as people mix them. Delays are short: "once faults stop" must come. */
export function runOptions(rng: Rng, scenario: Scenario): RunOptions {
  const options: RunOptions = { queue: rng.pick(QUEUES) }
  const attempts = rng.pick([1, 1, 2, 3, 6])
  options.retry = { attempts, initialMs: rng.whole(0, 800), factor: 2, maximumMs: 3_000, jitter: 0.1 }
  if (rng.chance(0.2)) options.priority = rng.whole(-3, 3)
  if (rng.chance(0.2)) options.delayMs = rng.whole(1, 8_000)
  if (rng.chance(0.1)) options.expiresMs = rng.whole(2_000, 15_000)
  if (rng.chance(0.1)) options.labels = { disk: 'fast' }
  if (scenario.waiting && rng.chance(0.4)) options.exhausted = 'park'
  options.retentionMs = scenario.retentionShort && rng.chance(0.5) ? rng.whole(500, 20_000) : 3_600_000
  const timeout = {
    ...(rng.chance(0.15) ? { attempt: rng.whole(500, 4_000) } : {}),
    ...(rng.chance(0.1) ? { total: rng.whole(5_000, 30_000) } : {}),
    ...(rng.chance(0.1) ? { scheduleToStart: rng.whole(2_000, 15_000) } : {}),
    ...(rng.chance(0.1) ? { heartbeat: rng.whole(1_000, 3_000) } : {}),
  }
  if (Object.keys(timeout).length > 0) options.timeout = timeout
  return options
}

/** A unique key, with the tags that let the checker recognise it. The states belong to the key, so that runs of one key agree on them. */
export function uniqueOf(rng: Rng, scenario: Scenario, definition: string): { unique: Unique; tags: Record<string, string> } {
  const key = `u${rng.whole(1, 3)}`
  const begun = key === 'u3'
  const unique: Unique = begun ? { by: 'key', key, states: ['scheduled', 'queued'] } : { by: 'key', key }
  if (scenario.waiting && rng.chance(0.5)) unique.onConflict = 'replace'
  return { unique, tags: { unique: `${definition} ${key}`, ...(begun ? { until: 'begun' } : {}) } }
}
