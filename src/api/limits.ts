import { durationText } from '../core/duration-text.ts'
import { UserError } from '../core/errors.ts'
import { type Limit, limitName } from '../core/limits.ts'
import type { Engine, LimitDetail, LimitSet, LimitTarget, LimitView } from '../engine/face.ts'
import { Empty } from './answers.ts'
import { formatInstant } from './instants.ts'
import * as schemas from './limit-schemas.ts'
import { type Operation, operation } from './operation.ts'
import { windowOf } from './rules.ts'
import { instantOrNull, setJson } from './views.ts'

const NAMESPACE = '/v1/namespaces/{namespace}'
const LIMIT = `${NAMESPACE}/limits/{name}`

const list = operation({
  name: 'limits.list',
  method: 'GET',
  path: `${NAMESPACE}/limits`,
  summary: 'List limits, those of code and those of an operator, with what is used of them',
  answers: { 200: schemas.Limits },
  handle: async ({ engine, params }) => JSON.stringify({ limits: (await engine.limits.list(params.namespace)).map(limitJson) }),
})

const get = operation({
  name: 'limits.get',
  method: 'GET',
  path: LIMIT,
  summary: 'A limit with the keys that are in use or waited for, and the runs that hold it',
  answers: { 200: schemas.LimitDetail },
  handle: async ({ engine, params }) => JSON.stringify(detailJson(await engine.limits.get(params.namespace, params.name))),
})

const set = operation({
  name: 'limits.set',
  method: 'PUT',
  path: LIMIT,
  summary: "Set a limit over the code's of this name, or one of an operator's own, which says what it is on; in force when it is answered",
  body: { schema: schemas.LimitSet },
  answers: { 200: schemas.LimitDetail },
  async handle({ engine, params: { namespace, name }, body, by }) {
    await engine.limits.set(namespace, name, limitSetOf(name, body, ''), by)
    return JSON.stringify(detailJson(await engine.limits.get(namespace, name)))
  },
})

const reset = operation({
  name: 'limits.reset',
  method: 'DELETE',
  path: LIMIT,
  summary: "What an operator has set is removed: the code's limit is in force again, or none",
  answers: { 200: Empty },
  async handle({ engine, params, by }) {
    await engine.limits.set(params.namespace, params.name, null, by)
    return '{}'
  },
})

const resume = operation({
  name: 'sequences.resume',
  method: 'POST',
  path: `${NAMESPACE}/sequences/{name}/resume`,
  summary: 'A sequence of this definition that stopped at a failed run goes on with the next',
  body: { schema: schemas.SequenceResume },
  answers: { 200: Empty },
  async handle({ engine, params, body, command }) {
    await engine.limits.resumeSequence(params.namespace, params.name, body.key, command())
    return '{}'
  },
})

export const limits: Operation[] = [list, get, set, reset, resume]

/** `at`: of the body. */
export function limitSetOf(name: string, { on, per, concurrency, rate, every }: schemas.LimitSetBody, at: string): LimitSet {
  if (concurrency !== undefined && rate !== undefined)
    throw new UserError('invalid-option', { at: `${at}/rate`, hint: 'concurrency and rate are two limits: set two of them' })
  if (rate === undefined && every !== undefined) throw new UserError('invalid-option', { at: `${at}/every`, hint: 'only a rate has a window' })
  const max = concurrency ?? rate
  if (max === undefined) throw new UserError('invalid-option', { at: at || '/concurrency', hint: 'concurrency, or rate with every, is needed' })
  const limit: LimitSet = { max }
  if (on !== undefined) limit.on = targetOf(on, name)
  if (per !== undefined) limit.per = per
  if (rate !== undefined) limit.everyMs = windowOf(every, at)
  return limit
}

function targetOf(on: NonNullable<schemas.LimitSetBody['on']>, name: string): LimitTarget {
  if (on === 'pool') return { scope: 'pool', name }
  if (on === 'namespace') return { scope: 'namespace', name: '' }
  return 'queue' in on ? { scope: 'queue', name: on.queue } : { scope: 'definition', name: on.definition }
}

function targetJson({ scope, name }: LimitTarget): NonNullable<schemas.LimitSetBody['on']> {
  switch (scope) {
    case 'pool':
    case 'namespace':
      return scope
    case 'queue':
      return { queue: name }
    case 'definition':
      return { definition: name }
  }
}

function sizeJson({ max, everyMs }: { max: number; everyMs: number | null }): { concurrency: number } | { rate: number; every: number } {
  return everyMs === null ? { concurrency: max } : { rate: max, every: everyMs }
}

/** What it is, without what is used of it. */
export function ruleJson({ name, on, per, max, everyMs, from, declared, set }: Limit): object {
  return { name, on: targetJson(on), per, ...sizeJson({ max, everyMs }), from, declared: declared && sizeJson(declared), set: set && setJson(set) }
}

function limitJson(limit: LimitView): object {
  const { used, keys, waiting } = limit
  return { ...ruleJson(limit), used, keys, waiting }
}

function detailJson(limit: LimitDetail): object {
  return {
    ...limitJson(limit),
    byKey: limit.byKey.map(({ key, used, holders, waiting, nextAt }) => ({
      key,
      used,
      holders: holders.map(({ run, weight, since }) => ({ run, weight, since: formatInstant(since) })),
      waiting,
      nextAt: instantOrNull(nextAt),
    })),
  }
}

/** Names of the limits that definitions have. */
export function declaredLimits(engine: Engine, namespace: string): Set<string> {
  const names = engine.definitions.list(namespace).flatMap(({ name, options }) => (options.limits ?? []).map(rule => limitName(name, rule)))
  return new Set(names)
}

/** What an operator sets, as a person writes it: of a limit that definitions have its size alone. */
export function writtenLimit({ on, per, max, everyMs }: LimitSet, isDeclared: boolean): Record<string, unknown> {
  const place = isDeclared ? {} : { ...(on && { on: targetJson(on) }), ...(per && { per }) }
  return { ...place, ...(everyMs ? { rate: max, every: durationText(everyMs) } : { concurrency: max }) }
}

/** Set by an operator as a limit; not by his options of a definition, whose limits are from him as well. */
export function isSet({ name, from, declared }: LimitView, declaredNames: ReadonlySet<string>): boolean {
  return from === 'operator' && (declared !== null || !declaredNames.has(name))
}
