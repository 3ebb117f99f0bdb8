import { type LimitTarget, limitName } from '../../src/core/limits.ts'
import type { LimitSet } from '../../src/engine/face.ts'
import { LIMIT_SETTING } from '../../src/engine/limits/rules.ts'
import type { Tables } from '../../src/store/memory/tables.ts'
import { freshId, insist, type Stage } from './actors.ts'
import { POOL, RATES } from './limited.ts'
import type { Rng } from './rng.ts'
import { DEFINITIONS, NAMESPACE, QUEUES } from './scenario.ts'

const KEYS = ['a', 'b', 'c'] as const
const CALL_MS = 4_000
/** Above every weight that is drawn: a limit of so much lets everything through, sooner or later. */
const MAX_ENOUGH = 3

/** Of an input: few keys, so that they meet. */
export function keysOf(rng: Rng): Record<string, string> {
  return { k: rng.pick(KEYS), s: rng.pick(['x', 'y']) }
}

/** Limits that an operator has of his own, beside those of the code. */
const OWN: readonly { name: string; on: LimitTarget; per: string | null }[] = [
  { name: 'all', on: { scope: 'namespace', name: '' }, per: null },
  { name: 'slow', on: { scope: 'queue', name: QUEUES[1] }, per: null },
  { name: 'alpha by k', on: { scope: 'definition', name: DEFINITIONS[0] }, per: 'k' },
]

/** An operator changes a limit of the code, sets one of his own, or takes one away. */
export async function changeLimit(stage: Stage, rng: Rng): Promise<void> {
  const { limited } = stage.scenario
  if (limited === null) return
  const own = rng.pick(OWN)
  if (rng.chance(0.4)) return setLimit(stage, rng, POOL, { on: { scope: 'pool', name: POOL }, max: rng.whole(0, 6) })
  if (rng.chance(0.4)) return setLimit(stage, rng, own.name, rng.chance(0.3) ? null : { on: own.on, per: own.per, ...drawn(rng) })
  const rules = DEFINITIONS.flatMap(name => (limited[name]?.limits ?? []).filter(rule => !('pool' in rule)).map(rule => limitName(name, rule)))
  if (rules.length > 0) await setLimit(stage, rng, rng.pick(rules), rng.chance(0.3) ? null : drawn(rng))
}

function drawn(rng: Rng): LimitSet {
  if (rng.chance(0.6)) return { max: rng.whole(0, 6) }
  const [everyMs, max] = rng.pick(RATES)
  return { max: max + rng.whole(0, 4), everyMs }
}

export async function setLimit(stage: Stage, rng: Rng, name: string, set: LimitSet | null): Promise<void> {
  await insist<void>(stage, rng, 4, {
    name: `limit ${name}=${set === null ? 'none' : `${set.max}/${set.everyMs ?? 'at once'}`}`,
    timeoutMs: CALL_MS,
    repeatable: true,
    run: engine => engine.limits.set(NAMESPACE, name, set, null),
  })
}

/** An operator changes the number of shards, again and again. */
export async function reshard(stage: Stage, rng: Rng): Promise<void> {
  while (!stage.calm) {
    await stage.world.sleep(rng.between(2_000, 10_000))
    if (stage.calm) return
    const count = rng.pick([1, 4, 64, 256])
    await insist<void>(stage, rng, 4, {
      name: `reshard ${count}`,
      timeoutMs: CALL_MS,
      repeatable: true,
      run: engine => engine.nodes.reshard(count, { id: freshId(stage, rng), by: 'operator' }),
    })
  }
}

/** A rolling upgrade that is taken back, again and again: nodes end in good order, and begin as another version (E11). */
export async function upgrade(stage: Stage, rng: Rng): Promise<void> {
  const { world, cluster } = stage
  for (;;) {
    await world.sleep(rng.between(2_000, 8_000))
    if (stage.calm) return
    const node = rng.pick(cluster.nodes)
    node.older = !node.older
    cluster.stop(node, rng.between(100, 3_000))
    world.after(rng.between(1_000, 5_000), () => cluster.start(node))
  }
}

/** Limits that let nothing through for ever are raised, so that what waits for them can run. Answers whether there were any. */
export async function openLimits(stage: Stage, rng: Rng, tables: Tables): Promise<boolean> {
  if (stage.scenario.limited === null) return false
  const set = new Map([[POOL, { on: { scope: 'pool', name: POOL }, max: 0 } as LimitSet]])
  for (const { kind, name, value } of tables.settings.values()) if (kind === LIMIT_SETTING) set.set(name, JSON.parse(value as string) as LimitSet)
  const shut = [...set].filter(([, { max }]) => max < MAX_ENOUGH)
  for (const [name, limit] of shut) await setLimit(stage, rng, name, { ...limit, max: MAX_ENOUGH })
  return shut.length > 0
}

/** Sequences that a failed run stopped, as committed. */
export function stopped(tables: Tables): { definition: string; key: string; run: string }[] {
  return [...tables.keys.values()].filter(({ scope, inputHash }) => scope === 'sequence' && inputHash === 'stopped')
}

export async function resumeSequence(stage: Stage, rng: Rng, { definition, key }: { definition: string; key: string }): Promise<void> {
  await insist<void>(stage, rng, 4, {
    name: `resume sequence ${definition} ${key}`,
    timeoutMs: CALL_MS,
    run: engine => {
      stage.holds.resumes(definition, key)
      return engine.limits.resumeSequence(NAMESPACE, definition, key, { id: freshId(stage, rng), by: 'operator' })
    },
  })
}
