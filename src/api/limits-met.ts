import type { Payload } from '../core/run.ts'
import type { Engine, LimitMet, PercentilesView } from '../engine/face.ts'
import { ruleJson } from './limits.ts'

/** Schedules that are looked at, by name. */
const SCHEDULES_MAX = 1_000
/** Definitions of which it is told how long their runs take: that reads the newest runs of each. */
const USUAL_MAX = 10
/** An input that says the time that its run is for (docs/schedules.md). */
const OF_ITS_TIME = /\{\{\s*(nominal|schedule)/

interface Others {
  schedules: { schedule: string; definition: string; weight: number }[]
  maybe: number
}

/** What a start would meet before it is made: each limit, and the schedules whose runs share it. */
export async function limitsMet(
  engine: Engine,
  namespace: string,
  definition: string,
  asked: { input: Payload | null; queue?: string; schedule?: string },
): Promise<object> {
  const met = engine.limits.met(namespace, definition, asked.queue ?? null, asked.input)
  const others = new Map<string, Others>(met.map(({ limit }) => [limit.name, { schedules: [], maybe: 0 }]))
  const { rows, next } = await engine.schedules.list(namespace, { after: null, limit: SCHEDULES_MAX })
  for (const { name, spec, paused } of rows) {
    if (name === asked.schedule || paused !== null) continue
    const { target } = spec
    for (const theirs of engine.limits.met(namespace, target.definition, target.options.queue ?? null, target.input)) {
      const own = met.find(({ limit }) => limit.name === theirs.limit.name)
      const list = others.get(theirs.limit.name)
      if (own === undefined || list === undefined) continue
      if (varies(own) || varies(theirs)) list.maybe++
      else if (own.key === theirs.key) list.schedules.push({ schedule: name, definition: target.definition, weight: theirs.weight })
    }
  }
  const counts = new Map<string, number>()
  for (const { schedules } of others.values()) for (const one of schedules) counts.set(one.definition, (counts.get(one.definition) ?? 0) + 1)
  counts.set(definition, Number.POSITIVE_INFINITY)
  const told = [...counts].sort(([, a], [, b]) => b - a).slice(0, USUAL_MAX)
  const usual = await Promise.all(told.map(async ([name]) => [name, await usualOf(engine, namespace, name)] as const))
  return {
    limits: met.map(one => ({
      ...ruleJson(one.limit),
      per: one.per,
      key: one.key,
      varies: varies(one),
      weight: one.weight,
      ...others.get(one.limit.name),
    })),
    usual: Object.fromEntries(usual),
    complete: next === null,
  }
}

function varies({ key }: LimitMet): boolean {
  return key !== null && OF_ITS_TIME.test(key)
}

async function usualOf(engine: Engine, namespace: string, definition: string): Promise<PercentilesView | null> {
  if (!engine.definitions.list(namespace).some(({ name }) => name === definition)) return null
  return (await engine.definitions.detail(namespace, definition)).recent.runMs
}
