import { PAYLOAD_BYTES_MAX, STARTS_PER_CALL_MAX } from './bounds.ts'
import * as check from './checks.ts'
import { encode, tag } from './codec.ts'
import { InvalidOption } from './errors.ts'
import type { Started } from './handle.ts'
import type { AnyJob, StartItem } from './job.ts'
import type { StartOptions } from './options.ts'
import { checked } from './schema.ts'
import type { WireStart, WireStarted } from './wire.ts'
import { startOptions } from './wire-options.ts'

/** The body of one start, checked: input by the job's schema, options by their rules. */
export async function oneBody(job: AnyJob | string, input: unknown, options: StartOptions, parent?: string): Promise<string> {
  return JSON.stringify(await oneStart(job, input, options, parent))
}

export async function oneStart(job: AnyJob | string, input: unknown, options: StartOptions, parent?: string): Promise<WireStart> {
  await checkInput(job, input, '')
  return wireStart(job, input, startOptions(options), parent, '')
}

/** The body of a start of many. Nothing is sent unless all of them are right. */
export async function manyBody(job: AnyJob | string, items: readonly StartItem<unknown>[], options: StartOptions, parent?: string): Promise<string> {
  return JSON.stringify({ runs: await wireStarts(job, items, options, parent) })
}

/** Each item as it is sent. */
export async function wireStarts(
  job: AnyJob | string,
  items: readonly StartItem<unknown>[],
  options: StartOptions,
  parent?: string,
): Promise<WireStart[]> {
  if (items.length > STARTS_PER_CALL_MAX)
    throw new InvalidOption(`${items.length} runs in one call; ${STARTS_PER_CALL_MAX} are possible.`, {
      at: '/items',
      hint: `split them into calls of ${STARTS_PER_CALL_MAX}: each of them is all or nothing`,
    })
  const shared = startOptions(options)
  const runs: WireStart[] = []
  for (let index = 0; index < items.length; index++) {
    const { input, ...own } = items[index] as { input?: unknown } & StartOptions
    const at = `/items/${index}`
    const waiting = checkInput(job, input, at)
    if (waiting) await waiting
    const wire = isEmpty(own) ? shared : startOptions({ ...options, ...own }, at)
    runs.push(wireStart(job, input, wire, parent, at))
  }
  return runs
}

/** What a handle says of its start. */
export function answerOf(job: AnyJob | string, started: WireStarted): Started {
  const name = typeof job === 'string' ? job : job.name
  return started.is === 'refused' ? { is: 'refused', job: name, problem: started.problem } : { ...started, job: name }
}

/** What is sent is what was passed, not what the schema made of it: the worker's schema does that again, and `1 → '1' → …` must not add up. */
function checkInput(job: AnyJob | string, input: unknown, at: string): Promise<unknown> | undefined {
  if (typeof job === 'string') {
    check.name(job, `${at}/job`)
    return undefined
  }
  if (job.options.input === undefined) return undefined
  const result = checked(job.name, job.options.input, input)
  return result instanceof Promise ? result : undefined
}

function wireStart(
  job: AnyJob | string,
  input: unknown,
  options: Omit<WireStart, 'definition' | 'input'>,
  parent: string | undefined,
  at: string,
): WireStart {
  const wire: WireStart = { definition: typeof job === 'string' ? job : job.name, ...options }
  if (input !== undefined) wire.input = tag(input, `${at}/input`)
  if (mayBeLarge(input)) encode(input, `${at}/input`)
  if (parent !== undefined) wire.parent = parent
  return wire
}

/** Only what can be over the bound is measured; the server measures all. */
function mayBeLarge(input: unknown): boolean {
  return (typeof input === 'string' && input.length > PAYLOAD_BYTES_MAX / 6) || (input instanceof Uint8Array && input.length > PAYLOAD_BYTES_MAX / 2)
}

function isEmpty(record: object): boolean {
  for (const _ in record) return false
  return true
}
