import { outlet } from './assets.ts'
import * as check from './checks.ts'
import { tag } from './codec.ts'
import { durationMs } from './duration.ts'
import { InvalidOption } from './errors.ts'
import type { JobOptions, RunChange, StartOptions } from './options.ts'
import type { StandardSchema } from './schema.ts'
import type { WireChildOptions, WireDefinition, WireRetry, WireStart, WireTimeouts, WireUnique } from './wire.ts'
import { refuseTogether, ruleChecks } from './wire-rules.ts'
import type { ChildOptions } from './workflow/context.ts'

/** A job's options as the server keeps them; `input`, `version` and `retry.delay` are checked and stay here. @throws InvalidOption */
export function definitionOptions(options: JobOptions): WireDefinition['options'] {
  const wire = DEFINITION(options, '')
  refuseTogether(wire, '')
  return wire
}

/** A start's options as they are sent. @throws InvalidOption, Unserialisable (metadata) */
export function startOptions(options: StartOptions, at = ''): Omit<WireStart, 'definition' | 'input'> {
  const wire = START(options, at)
  if (wire.key !== undefined && wire.unique !== undefined)
    throw new InvalidOption('"key" and "unique" cannot be together.', {
      at: `${at}/unique`,
      hint: '"key" makes this start repeatable, "unique" asks whether a run like it is open',
    })
  if (wire.delay !== undefined && wire.at !== undefined)
    throw new InvalidOption('"delay" and "at" cannot be together.', { at: `${at}/at`, hint: 'give one of them' })
  if (wire.keyRetention !== undefined && wire.key === undefined)
    throw new InvalidOption('"keyRetention" needs a "key".', { at: `${at}/keyRetention`, hint: 'give a key too' })
  return wire
}

const retryMembers = {
  attempts: check.integer(1, 1_000_000),
  initial: check.duration,
  factor: check.number(1, 1_000),
  maximum: check.duration,
  jitter: check.number(0, 1),
}
const retry = check.members<WireRetry>(retryMembers)

const timeouts = check.members<WireTimeouts>({
  attempt: check.positiveDuration,
  total: check.positiveDuration,
  scheduleToStart: check.positiveDuration,
  heartbeat: check.positiveDuration,
})

const timeout: check.Check<WireTimeouts> = (value, at) =>
  typeof value === 'object' && value !== null ? timeouts(value, at) : { attempt: check.positiveDuration(value, at) }

const uniqueMembers = check.members<Omit<WireUnique, 'by'> & { by?: 'name' | 'input' }>({
  by: check.oneOf('name', 'input'),
  key: check.key,
  states: check.listOf(check.oneOf('scheduled', 'queued', 'running', 'waiting', 'paused')),
  onConflict: check.oneOf('keep', 'replace'),
})

const unique: check.Check<WireUnique> = (value, at) => {
  if (value === true) return { by: 'name' }
  if (typeof value !== 'object') return { by: check.oneOf('name', 'input')(value, at) }
  const { by, ...rest } = uniqueMembers(value, at)
  if (by !== undefined && rest.key !== undefined) check.refuse(by, `${at}/by`, '"by" or "key", not both')
  return { by: rest.key === undefined ? (by ?? 'name') : 'key', ...rest }
}

/** Options of a run that a schedule may give too. */
export const runOptions = {
  queue: check.name,
  priority: check.integer(-100, 100),
  retry,
  timeout,
  expires: check.positiveDuration,
  exhausted: check.oneOf('fail', 'park'),
  retention: check.duration,
  tags: check.words,
  labels: check.words,
  outlets: check.listOf(outlet),
}
const shared = { ...runOptions, unique }
/** Options that have no wire form. */
function kept(fits: (value: unknown) => boolean, hint: string): check.Check<undefined> {
  return (value, at) => (fits(value) ? undefined : check.refuse(value, at, hint))
}
const resourceLimits = check.members<{ memoryMb?: number }>({ memoryMb: check.integer(16, 1_000_000) })
const isSchema = (value: unknown): boolean => typeof (value as StandardSchema | null)?.['~standard']?.validate === 'function'

const DEFINITION = check.members<WireDefinition['options']>({
  ...shared,
  ...ruleChecks,
  input: kept(isSchema, 'a Standard Schema: zod 3.24, valibot 1, arktype 2 or newer give one'),
  isolate: (value: unknown, at: string) => void check.oneOf('process')(value, at),
  resourceLimits: (value: unknown, at: string) => void resourceLimits(value, at),
  version: (value: unknown, at: string) => void check.name(value, at),
  retry: check.members({ ...retryMembers, delay: kept(value => typeof value === 'function', 'a function (attempt, error) => duration') } as never),
} as never)
const START = check.members<Omit<WireStart, 'definition' | 'input'>>({
  ...shared,
  key: check.key,
  keyRetention: check.keyRetention,
  delay: check.duration,
  at: check.instant,
  metadata: (value: unknown, at: string) => tag(value, at),
  signal: check.members({ name: check.name, payload: (value: unknown, at: string) => tag(value, at) } as never),
} as never)

const CHILD = check.members<Record<string, unknown>>({ ...runOptions, metadata: (value: unknown, at: string) => tag(value, at) } as never)

/** Options of a workflow's child as they are sent. @throws InvalidOption, Unserialisable (metadata) */
export function childOptions(options: ChildOptions): WireChildOptions {
  return CHILD(options, '')
}

const CHANGE = check.members<Record<string, unknown>>({
  now: check.oneOf(true as never),
  at: check.instant,
  delay: check.duration,
  priority: runOptions.priority,
  queue: check.name,
  input: (value: unknown, at: string) => tag(value, at),
  why: check.longText,
} as never)

/** A change as it is sent. @throws InvalidOption, Unserialisable (input) */
export function runChange(change: RunChange): Record<string, unknown> {
  const wire = CHANGE(change, '')
  const [one, other] = (['now', 'at', 'delay'] as const).filter(name => wire[name] !== undefined)
  if (other !== undefined)
    throw new InvalidOption(`"${one}" and "${other}" cannot be together.`, {
      at: `/${other}`,
      hint: 'both say when the run is due: give one of them',
    })
  return wire
}

/** The delay that a job's own `retry.delay` gives, or undefined where the policy's formula rules: it has none, gave none, threw, or gave no duration. */
export function ownDelayMs(options: JobOptions, attempt: number, error: Error): number | undefined {
  try {
    return durationMs(options.retry?.delay?.(attempt, error)) ?? undefined
  } catch {
    return undefined
  }
}
