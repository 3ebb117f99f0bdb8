import type { LimitRule } from '../../src/core/limits.ts'
import type { DefinitionOptions } from '../../src/engine/face.ts'
import { Rng } from './rng.ts'

/** What the code of a world says of limits, shares, sequences and batches: the options of its definitions. */
export type Limited = Readonly<Record<string, DefinitionOptions>>

export const POOL = 'pool'

/** Rates through which what a world starts comes in time: about one a second and key, in windows of 100 ms to 20 s. */
export const RATES = [
  [100, 1],
  [1_000, 2],
  [5_000, 8],
  [20_000, 24],
] as const

/**
 * Drawn from a stream of its own: worlds without limits stay as they are. Where a rollback takes whose turn it was (E2), two runs of a sequence may have
 * begun, and stand in each other's way until one is cancelled: there are no sequences there.
 */
export function limitedOf(seed: number, definitions: readonly string[], sequences: boolean): Limited {
  const rng = new Rng(seed, 5)
  return Object.fromEntries(definitions.map(name => [name, optionsOf(rng, sequences)]))
}

function optionsOf(rng: Rng, sequences: boolean): DefinitionOptions {
  const options: DefinitionOptions = {}
  const limits: LimitRule[] = []
  if (rng.chance(0.35)) limits.push({ concurrency: rng.whole(1, 4) })
  if (rng.chance(0.35)) limits.push({ concurrency: rng.whole(2, 4), weight: 2, name: rng.pick(['heavy', 'both']) })
  if (rng.chance(0.35)) limits.push({ per: 'k', concurrency: rng.whole(1, 2) })
  if (rng.chance(0.3)) limits.push({ pool: POOL, weight: rng.whole(1, 2) })
  for (const per of [undefined, 'k'] as const)
    for (const [everyMs, rate] of rng
      .shuffle(RATES)
      .slice(0, rng.whole(1, 2))
      .filter(() => rng.chance(0.4)))
      limits.push({ ...(per === undefined ? {} : { per }), rate, everyMs })
  if (limits.length > 0) options.limits = limits
  if (rng.chance(0.5)) options.fair = { per: 'k', weights: { a: 3 } }
  const does = rng.next()
  if (does < 0.3 && sequences) options.sequence = { per: 's', onFailure: rng.pick(['stop', 'skip']) }
  else if (does < 0.5) options.batch = { size: rng.whole(2, 4), withinMs: rng.whole(50, 1_500) }
  return options
}
