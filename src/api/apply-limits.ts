import { UserError } from '../core/errors.ts'
import { limitName } from '../core/limits.ts'
import type { Engine, ScheduleWarning } from '../engine/face.ts'
import type { ApplyBody } from './apply-schemas.ts'
import { declaredLimits, isSet, limitSetOf, writtenLimit } from './limits.ts'
import { rulesOf } from './rules.ts'
import { refuseTwice } from './schedules.ts'

/** What `apply` does with limits, and what `export` writes of them. */

/** Of a limit of a file: what was set and what it is to be. null: nothing. */
export interface LimitChange {
  name: string
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
  warnings: ScheduleWarning[]
  act(by: string | null): Promise<void>
}

/** Those of the file, and with `prune` those that are set and not in it; none where the file says nothing of limits. */
export async function limitChanges(engine: Engine, namespace: string, body: ApplyBody): Promise<LimitChange[]> {
  if (body.limits === undefined) return []
  refuseTwice(body.limits, '/limits')
  const before = await operatorLimits(engine, namespace)
  const declared = declaredLimits(engine, namespace)
  for (const { name, options } of body.definitions ?? [])
    for (const rule of rulesOf({ limits: options?.limits ?? [] }, '', null).limits ?? []) declared.add(limitName(name, rule))
  const changes = body.limits.map(({ name, ...asked }, index): LimitChange => {
    const at = `/limits/${index}`
    const set = limitSetOf(name, asked, at)
    const isDeclared = declared.has(name)
    if (!isDeclared && set.on === undefined)
      throw new UserError('limit-not-found', {
        at: `${at}/name`,
        found: name,
        hint: 'no code has it; say what it is on: "pool", "namespace", { queue: … } or { definition: … }',
      })
    const isIgnored = isDeclared && (set.on !== undefined || set.per !== undefined)
    return {
      name,
      before: before.get(name) ?? null,
      after: writtenLimit(set, isDeclared),
      warnings: isIgnored ? [{ code: 'limit-of-code', message: 'what it is on and per is said by the code; only its size is taken' }] : [],
      act: by => engine.limits.set(namespace, name, set, by),
    }
  })
  if (!body.prune) return changes
  const named = new Set(body.limits.map(({ name }) => name))
  const gone = [...before].filter(([name]) => !named.has(name))
  return [
    ...changes,
    ...gone.map(([name, limit]) => ({
      name,
      before: limit,
      after: null,
      warnings: [],
      act: (by: string | null) => engine.limits.set(namespace, name, null, by),
    })),
  ]
}

/** What an operator has set, by name, as a file says it. */
export async function operatorLimits(engine: Engine, namespace: string): Promise<Map<string, Record<string, unknown>>> {
  const declared = declaredLimits(engine, namespace)
  const limits = (await engine.limits.list(namespace)).filter(limit => isSet(limit, declared))
  return new Map(limits.map(limit => [limit.name, writtenLimit(limit, declared.has(limit.name))]))
}
