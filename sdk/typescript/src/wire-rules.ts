import {
  EMAIL_ADDRESSES_MAX,
  LIMIT_MAX,
  LIMITS_PER_DEFINITION_MAX,
  NAME_LENGTH_MAX,
  NOTIFICATIONS_PER_DEFINITION_MAX,
  RATE_WINDOW_MS_MAX,
  TASKS_PER_CALL_MAX,
  WEIGHTS_MAX,
} from './bounds.ts'
import * as check from './checks.ts'
import type { WireDebounce, WireLimitRule, WireRules } from './wire.ts'
import type { WireNotification } from './wire-limits.ts'

/** Checks of the options that order, slow and gather: the server's own (api/rules.ts), before anything is sent. */

/** `user`, `order.customer`. */
export const path: check.Check<string> = (value, at) =>
  typeof value === 'string' && value.length <= NAME_LENGTH_MAX && PATH.test(value)
    ? value
    : check.refuse(value, at, 'a path into the input, such as "user" or "order.customer"')
const PATH = /^[^\p{Cc}\p{Cs}.]+(?:\.[^\p{Cc}\p{Cs}.]+)*$/u

export const rateWindow: check.Check<number> = (value, at) => {
  const ms = check.duration(value, at)
  return ms >= 1 && ms <= RATE_WINDOW_MS_MAX ? ms : check.refuse(value, at, 'a window of 1 ms to 366 days')
}

const members = check.members<WireLimitRule>({
  name: check.name,
  per: path,
  weight: check.integer(1, LIMIT_MAX),
  concurrency: check.integer(1, LIMIT_MAX),
  rate: check.integer(1, LIMIT_MAX),
  every: rateWindow,
  pool: check.name,
})

const limit: check.Check<WireLimitRule> = (value, at) => {
  const rule = members(value, at)
  const [kind, other] = (['concurrency', 'rate', 'pool'] as const).filter(one => rule[one] !== undefined)
  if (kind === undefined) check.refuse(value, at, 'one of "concurrency", "rate" (with "every") and "pool" is needed')
  if (other !== undefined) check.refuse(rule[other], `${at}/${other}`, `"${kind}" and "${other}" are two limits: write two of them`)
  if (kind === 'rate' && rule.every === undefined) check.refuse(undefined, `${at}/every`, 'a rate has a window: rate: 100, every: "1m"')
  if (kind !== 'rate' && rule.every !== undefined) check.refuse(rule.every, `${at}/every`, 'only a "rate" has a window')
  if (kind === 'pool' && rule.name !== undefined) check.refuse(rule.name, `${at}/name`, 'a pool is called by its own name; leave "name" out')
  return rule
}

const limits: check.Check<WireLimitRule[]> = (value, at) => {
  if (!Array.isArray(value)) return check.refuse(value, at, 'a list of limits')
  if (value.length > LIMITS_PER_DEFINITION_MAX) check.refuse(value, at, `${LIMITS_PER_DEFINITION_MAX} limits at most`)
  const rules = value.map((item, index) => limit(item, `${at}/${index}`))
  const names = rules.map(nameOf)
  const twice = names.findIndex((name, index) => names.indexOf(name) < index)
  if (twice >= 0)
    check.refuse(
      value[twice],
      `${at}/${twice}`,
      `limit ${names.indexOf(names[twice] as string)} of the list is the same; give one of them a "name" of its own`,
    )
  return rules
}

/** As the server calls them, the job's own name apart. */
function nameOf({ name, per, every, pool }: WireLimitRule): string {
  return name ?? pool ?? ['\0', ...(per === undefined ? [] : [per]), ...(every === undefined ? [] : [`${every}ms`])].join('/')
}

function wordOr<Form>(word: check.Check<string>, otherwise: check.Check<Form>): check.Check<string | Form> {
  return (value, at) => (typeof value === 'string' ? word(value, at) : otherwise(value, at))
}

/** Numbers by name. */
function numbers(number: check.Check<number>, most: number): check.Check<Record<string, number>> {
  return (value, at) => {
    const entries = Object.entries(check.record(value, at))
    if (entries.length > most) check.refuse(value, at, `${most} at most`)
    for (const [name, given] of entries) {
      check.name(name, `${at}/${name}`)
      if (name === '__proto__') check.refuse(name, `${at}/${name}`, 'another name')
      number(given, `${at}/${name}`)
    }
    return value as Record<string, number>
  }
}
/** Kinds of units that a run may cost. */
const UNITS_MAX = 20

/** What is left out cannot be seen by its check. */
function needs<Form>(form: check.Check<Form>, ...names: (keyof Form & string)[]): check.Check<Form> {
  return (value, at) => {
    const checked = form(value, at)
    for (const name of names) if (checked[name] === undefined) check.refuse(undefined, `${at}/${name}`, 'it is needed')
    return checked
  }
}

const debounceMembers = needs(
  check.members<Exclude<WireDebounce, number | string>>({ per: path, for: check.positiveDuration, maximum: check.positiveDuration }),
  'for',
)
const debounce: check.Check<WireDebounce> = (value, at) => {
  if (typeof value === 'string' || typeof value === 'number') return check.positiveDuration(value, at)
  const form = debounceMembers(value, at)
  if (form.maximum !== undefined && (form.maximum as number) < (form.for as number))
    check.refuse(form.maximum, `${at}/maximum`, 'no less than "for" makes sense')
  return form
}

const address: check.Check<string> = (value, at) =>
  typeof value === 'string' && value.length <= 2_000 && /^https?:\/\/[^\s\p{Cc}\p{Cs}]+$/u.test(value)
    ? value
    : check.refuse(value, at, 'an address such as "https://example.org/hook"')
const hook = needs(check.members<{ url: string; secret?: string }>({ url: address, secret: check.key }), 'url')

const onFailure: check.Check<NonNullable<WireRules['onFailure']>> = (value, at) => {
  if (typeof value === 'string') return check.name(value, at)
  const { name, handler } = (value ?? {}) as { name?: unknown; handler?: unknown }
  return typeof handler === 'function' ? check.name(name, at) : hook(value, at)
}

const jobName: check.Check<string> = (value, at) => {
  const { name, handler } = (value ?? {}) as { name?: unknown; handler?: unknown }
  return check.name(typeof handler === 'function' ? name : value, at)
}
const emailAddress: check.Check<string> = (value, at) =>
  typeof value === 'string' && value.length <= 320 && /^[^\s\p{Cc}\p{Cs}@,;<>"]+@[^\s\p{Cc}\p{Cs}@,;<>"]+$/u.test(value)
    ? value
    : check.refuse(value, at, 'an address such as "ana@example.org"')
const notificationMembers = needs(
  check.members<WireNotification>({
    on: some(check.oneOf('completed', 'failed', 'retrying', 'parked', 'recovered', 'deadline'), 6),
    job: jobName,
    url: address,
    secret: check.key,
    slack: address,
    email: some(emailAddress, EMAIL_ADDRESSES_MAX),
  }),
  'on',
)
const notification: check.Check<WireNotification> = (value, at) => {
  const form = notificationMembers(value, at)
  const [one, other] = (['job', 'url', 'slack', 'email'] as const).filter(name => form[name] !== undefined)
  if (one === undefined) check.refuse(value, at, 'one of "job", "url", "slack" and "email" is needed')
  if (other !== undefined) check.refuse(form[other], `${at}/${other}`, `"${one}" and "${other}" are two notifications: write two of them`)
  if (form.secret !== undefined && one !== 'url') check.refuse(form.secret, `${at}/secret`, 'only requests to a "url" are signed')
  return form
}

/** A list of one at least. */
function some<Form>(one: check.Check<Form>, most: number): check.Check<Form[]> {
  return (value, at) => {
    if (!Array.isArray(value) || value.length === 0) return check.refuse(value, at, 'a list that is not empty')
    if (value.length > most) check.refuse(value, at, `${most} at most`)
    return value.map((item, index) => one(item, `${at}/${index}`))
  }
}

export const ruleChecks = {
  limits,
  fair: wordOr(
    path,
    needs(
      check.members<{ per: string; weights?: Record<string, number> }>({ per: path, weights: numbers(check.number(0.001, 1_000), WEIGHTS_MAX) }),
      'per',
    ),
  ),
  sequence: wordOr(
    path,
    needs(check.members<{ per: string; onFailure?: 'stop' | 'skip' }>({ per: path, onFailure: check.oneOf('stop', 'skip') }), 'per'),
  ),
  cost: (value: unknown, at: string) =>
    typeof value === 'number' ? check.integer(1, LIMIT_MAX)(value, at) : numbers(check.number(0, LIMIT_MAX), UNITS_MAX)(value, at),
  batch: needs(
    check.members<{ size: number; within: number | string }>({ size: check.integer(1, TASKS_PER_CALL_MAX), within: check.duration }),
    'size',
    'within',
  ),
  debounce,
  throttle: needs(check.members<{ per?: string; every: number | string }>({ per: path, every: check.positiveDuration }), 'every'),
  onFailure,
  notify: some(notification, NOTIFICATIONS_PER_DEFINITION_MAX),
}

/** @throws InvalidOption for what cannot be together. */
export function refuseTogether(rules: WireRules, at: string): void {
  if (rules.debounce !== undefined && rules.throttle !== undefined)
    check.refuse(
      rules.throttle,
      `${at}/throttle`,
      '"debounce" and "throttle" cannot be together: the one waits for the last start, the other takes the first',
    )
}
