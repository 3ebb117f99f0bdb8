import { newId, type RunId } from '../../src/core/ids.ts'
import type { PauseTarget } from '../../src/engine/face.ts'
import type { Tables } from '../../src/store/memory/tables.ts'
import type { Batches } from './batches.ts'
import type { LogBook, SettingsBook } from './books.ts'
import type { Call, Cluster, Outcome } from './cluster.ts'
import type { HoldBook } from './holds.ts'
import type { Judge } from './invariants.ts'
import type { Rng } from './rng.ts'
import type { Scenario } from './scenario.ts'
import type { Ledgers } from './schedules.ts'
import type { Throwing } from './throwing.ts'
import type { Truth } from './truth.ts'
import type { World } from './world.ts'

/** What clients and workers share: the world, what they know together, and how they call. */
export interface Stage {
  world: World
  cluster: Cluster
  judge: Judge
  truth: Truth
  ledgers: Ledgers
  batches: Batches
  throwing: Throwing
  logs: LogBook
  settings: SettingsBook
  holds: HoldBook
  tables: Tables
  scenario: Scenario
  /** Faults have stopped: from now on everybody behaves, and nothing new is started. */
  calm: boolean
  /** Runs that were acknowledged to somebody. */
  runs: RunId[]
  /** Pauses that some client has in hand, and how many calls of which nobody knows whether, or when, they arrive: of those nothing is known. */
  pauses: Map<string, PauseTarget>
  /** Inputs made so far: each is another. */
  inputs: number
}

const RETRY_MS_MAX = 2_000

/** No answers: the same call may be repeated. */
export const AGAIN: ReadonlySet<string> = new Set(['unavailable', 'overloaded', 'schedule-busy'])

/** Calls one node after another until there is an answer, `tries` times at most. */
export async function insist<T>(stage: Stage, rng: Rng, tries: number, call: Omit<Call<T>, 'node'> & { once?: boolean }): Promise<Outcome<T>> {
  const { cluster, world } = stage
  let index = rng.whole(0, cluster.nodes.length - 1)
  let last: Outcome<T> = { is: 'lost' }
  for (let tried = 0; tried < tries || stage.calm; tried++) {
    last = await cluster.call({ ...call, node: cluster.nodes[index] as (typeof cluster.nodes)[number] })
    const asked = last.is === 'problem' && AGAIN.has(last.error.code)
    if (call.once && !stage.calm && last.is === 'lost') return last
    if (last.is !== 'lost' && !asked) return last
    index = (index + 1) % cluster.nodes.length
    await world.sleep(rng.between(5, Math.min(RETRY_MS_MAX, 100 * 2 ** tried)))
  }
  return last
}

export function freshId(stage: Stage, rng: Rng): string {
  return newId(stage.world.wall(), () => rng.next())
}
