import { RATE_WINDOW_MS_MAX } from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'
import { type LimitRule, limitName } from '../core/limits.ts'
import { durationMs } from '../core/time.ts'
import type { DefinitionOptions, DefinitionRules } from '../engine/face.ts'
import { foundText } from './check.ts'
import type { LimitRuleBody, RulesBody } from './definition-schemas.ts'
import { noneKept, notifyJson, notifyOf } from './notifications.ts'
import { SECRET_MASK } from './schemas.ts'

/** Options of a definition that order, slow and gather: read from checked bodies, and written back. The SDK checks the same (wire-rules.ts). */

/** `before`: what is in force, whose secret a mask stands for. @throws UserError at the field. */
export function rulesOf(body: RulesBody, at: string, before: DefinitionOptions | null): DefinitionRules {
  const { limits, fair, sequence, cost, batch, debounce, throttle, onFailure, notify } = body
  if (debounce !== undefined && throttle !== undefined)
    throw conflict(`${at}/throttle`, 'debounce and throttle cannot be combined: the one waits for the last start, the other takes the first')
  const rules: DefinitionRules = {}
  if (limits !== undefined) rules.limits = limitsOf(limits, `${at}/limits`)
  if (fair !== undefined) rules.fair = typeof fair === 'string' ? { per: fair } : fair
  if (sequence !== undefined) rules.sequence = { onFailure: 'stop', ...(typeof sequence === 'string' ? { per: sequence } : sequence) }
  if (cost !== undefined) rules.cost = typeof cost === 'number' ? { slots: cost } : cost
  if (batch !== undefined) rules.batch = { size: batch.size, withinMs: durationMs(batch.within, `${at}/batch/within`) }
  if (debounce !== undefined) rules.debounce = debounceOf(debounce, `${at}/debounce`)
  if (throttle !== undefined) rules.throttle = { per: throttle.per ?? null, everyMs: positiveMs(throttle.every, `${at}/throttle/every`) }
  if (onFailure !== undefined) rules.onFailure = onFailureOf(onFailure, `${at}/onFailure`, before?.onFailure)
  if (notify !== undefined) rules.notify = notifyOf(notify, `${at}/notify`, before?.notify)
  return rules
}

function limitsOf(bodies: readonly LimitRuleBody[], at: string): LimitRule[] {
  const rules = bodies.map((body, index) => limitRuleOf(body, `${at}/${index}`))
  const names = rules.map(rule => limitName('\0', rule))
  const twice = names.findIndex((name, index) => names.indexOf(name) < index)
  if (twice >= 0)
    throw conflict(`${at}/${twice}`, `limit ${names.indexOf(names[twice] as string)} of the list is the same; give one of them a name of its own`)
  return rules
}

function limitRuleOf(body: LimitRuleBody, at: string): LimitRule {
  const { concurrency, rate, every, pool, ...common } = body
  const [kind, other] = (['concurrency', 'rate', 'pool'] as const).filter(one => body[one] !== undefined)
  if (other !== undefined) throw conflict(`${at}/${other}`, `${kind} and ${other} are two limits: write two of them`)
  if (pool !== undefined && body.name !== undefined) throw conflict(`${at}/name`, 'a pool is called by its own name; leave name out')
  if (rate === undefined && every !== undefined) throw conflict(`${at}/every`, 'only a rate has a window')
  if (pool !== undefined) return { ...common, pool }
  if (concurrency !== undefined) return { ...common, concurrency }
  if (rate !== undefined) return { ...common, rate, everyMs: windowOf(every, at) }
  throw conflict(at, 'one of concurrency, rate (with every) and pool is needed')
}

/** A rate's window. `at`: of the limit. */
export function windowOf(every: number | string | undefined, at: string): number {
  if (every === undefined) throw conflict(`${at}/every`, 'a rate has a window: rate: 100, every: "1m"')
  const ms = durationMs(every, `${at}/every`)
  if (ms < 1 || ms > RATE_WINDOW_MS_MAX) throw refused(`${at}/every`, every, 'a window is 1 ms to 366 days')
  return ms
}

function debounceOf(body: NonNullable<RulesBody['debounce']>, at: string): NonNullable<DefinitionRules['debounce']> {
  if (typeof body !== 'object') return { per: null, forMs: positiveMs(body, at) }
  const debounce: NonNullable<DefinitionRules['debounce']> = { per: body.per ?? null, forMs: positiveMs(body.for, `${at}/for`) }
  if (body.maximum !== undefined) debounce.maximumMs = positiveMs(body.maximum, `${at}/maximum`)
  if (debounce.maximumMs !== undefined && debounce.maximumMs < debounce.forMs)
    throw refused(`${at}/maximum`, body.maximum, 'no less than "for" makes sense')
  return debounce
}

function onFailureOf(
  body: NonNullable<RulesBody['onFailure']>,
  at: string,
  before: DefinitionRules['onFailure'],
): NonNullable<DefinitionRules['onFailure']> {
  if (typeof body === 'string') return { job: body }
  if (body.secret !== SECRET_MASK) return body
  if (before === undefined || !('secret' in before)) throw noneKept(`${at}/secret`, SECRET_MASK)
  return { url: body.url, secret: before.secret }
}

/** As a client writes them, secrets masked. `duration`: how milliseconds are written. */
export function rulesJson(rules: DefinitionRules, duration: (ms: number) => number | string): { [Rule in keyof DefinitionRules]: unknown } {
  const { limits, fair, sequence, cost, batch, debounce, throttle, onFailure, notify } = rules
  return {
    limits: limits?.map(({ ...rule }) => {
      if (!('rate' in rule)) return rule
      const { everyMs, ...rest } = rule
      return { ...rest, every: duration(everyMs) }
    }),
    fair,
    sequence,
    cost,
    batch: batch && { size: batch.size, within: duration(batch.withinMs) },
    debounce: debounce && {
      per: debounce.per ?? undefined,
      for: duration(debounce.forMs),
      maximum: debounce.maximumMs === undefined ? undefined : duration(debounce.maximumMs),
    },
    throttle: throttle && { per: throttle.per ?? undefined, every: duration(throttle.everyMs) },
    onFailure: onFailure && ('job' in onFailure ? onFailure.job : { url: onFailure.url, secret: onFailure.secret && SECRET_MASK }),
    notify: notify && notifyJson(notify),
  }
}

function positiveMs(duration: number | string, at: string): number {
  const ms = durationMs(duration, at)
  if (ms === 0) throw refused(at, duration, 'more than 0 is needed; leave it out for none')
  return ms
}

function conflict(at: string, hint: string): UserError {
  return new UserError('invalid-option', { at, hint })
}

function refused(at: string, found: unknown, hint: string): UserError {
  return new UserError('invalid-option', { at, found: foundText(found), hint })
}
