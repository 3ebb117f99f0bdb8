import type { Static } from 'typebox'
import {
  ASSET_EXTRA_LENGTH_MAX,
  FAILURE_CAUSES_MAX,
  FAILURE_ERRORS_MAX,
  FAILURE_LINKS_MAX,
  FAILURE_TEXT_LENGTH_MAX,
  LOG_LINE_BYTES_MAX,
  WATERMARK_LENGTH_MAX,
} from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'
import type { Ref, TaskResult } from '../core/machine.ts'
import { KEY_RETENTION_MS, type Outlet } from '../core/options.ts'
import type { Failure as CoreFailure, Progress } from '../core/run.ts'
import { durationMs } from '../core/time.ts'
import type { Beat, DefinitionOptions, RunChangeCall, RunOptions, StartRequest, Timeouts, Unique } from '../engine/face.ts'
import { foundText } from './check.ts'
import type { DefinitionOptionsBody } from './definition-schemas.ts'
import { parseInstant } from './instants.ts'
import type { LogRow } from './rows.ts'
import { rulesOf } from './rules.ts'
import type * as schemas from './schemas.ts'
import type { OptionsBody, StartBody } from './schemas.ts'

/** From checked bodies to what the engine takes: durations and times are read, payload numbers (raw.ts) become payloads, rules between fields are kept. */

export function startOf(body: StartBody, payloads: readonly string[], by: string | null, at: string): StartRequest {
  if (body.key !== undefined && body.unique !== undefined)
    throw conflict(`${at}/unique`, 'key and unique cannot be combined: key asks "was it started before?", unique asks "is one like it open?"')
  if (body.delay !== undefined && body.at !== undefined) throw conflict(`${at}/at`, 'delay and at cannot be combined: both say when the run is due')
  if (body.keyRetention !== undefined && body.key === undefined) throw conflict(`${at}/keyRetention`, 'keyRetention needs a key')
  const options: RunOptions = optionsOf(body, at)
  if (body.delay !== undefined) options.delayMs = durationMs(body.delay, `${at}/delay`)
  if (body.at !== undefined) options.notBefore = parseInstant(body.at, `${at}/at`)
  if (body.metadata !== undefined) options.metadata = payloadOf(body.metadata, payloads)
  const start: StartRequest = {
    definition: body.definition,
    input: body.input === undefined ? null : payloadOf(body.input, payloads),
    options,
    trigger: body.parent !== undefined ? { is: 'job', run: body.parent } : by === null ? { is: 'call' } : { is: 'call', by },
  }
  if (body.key !== undefined) start.key = body.key
  if (body.keyRetention !== undefined) start.keyRetentionMs = keyRetentionOf(body.keyRetention, `${at}/keyRetention`)
  if (body.unique !== undefined) start.unique = uniqueOf(body.unique, `${at}/unique`)
  if (body.traceparent !== undefined) start.traceparent = body.traceparent
  return start
}

function keyRetentionOf(duration: number | string, at: string): number {
  const ms = durationMs(duration, at)
  if (ms < KEY_RETENTION_MS) throw new UserError('invalid-option', { at, found: duration, hint: 'a key is kept for 24 hours at least' })
  return ms
}

/** What a definition, a start and a schedule share, `unique` apart. */
export function optionsOf(body: OptionsBody, at: string): RunOptions {
  const options: RunOptions = {}
  if (body.queue !== undefined) options.queue = body.queue
  if (body.priority !== undefined) options.priority = body.priority
  if (body.retry !== undefined) options.retry = retryOf(body.retry, `${at}/retry`)
  if (body.timeout !== undefined) options.timeout = timeoutsOf(body.timeout, `${at}/timeout`)
  if (body.expires !== undefined) options.expiresMs = durationMs(body.expires, `${at}/expires`)
  if (body.exhausted !== undefined) options.exhausted = body.exhausted
  if (body.retention !== undefined) options.retentionMs = durationMs(body.retention, `${at}/retention`)
  if (body.labels !== undefined) options.labels = body.labels
  if (body.tags !== undefined) options.tags = body.tags
  if (body.outlets !== undefined) options.outlets = outletsOf(body.outlets, `${at}/outlets`)
  return options
}

function outletsOf(body: NonNullable<OptionsBody['outlets']>, at: string): Outlet[] {
  const outlets = body.map(one => (typeof one === 'string' ? { asset: one } : one))
  for (const [index, { asset }] of outlets.entries())
    if (outlets.findIndex(one => one.asset === asset) < index) throw conflict(`${at}/${index}`, `"${asset}" is named twice: a run makes it once`)
  return outlets
}

/** @throws UserError `payload-too-large` */
export function extraOf(extra: unknown, payloads: readonly string[], at: string): string {
  const text = payloadOf(extra, payloads)
  if (text.length > ASSET_EXTRA_LENGTH_MAX)
    throw new UserError('payload-too-large', {
      ...{ at, found: `${text.length} characters` },
      hint: `an event of an asset says at most ${ASSET_EXTRA_LENGTH_MAX} characters beside; keep more elsewhere and say where`,
    })
  return text
}

export function watermarkOf(watermark: unknown, payloads: readonly string[], at: string): string {
  const text = payloadOf(watermark, payloads)
  if (text.length > WATERMARK_LENGTH_MAX)
    throw new UserError('payload-too-large', {
      ...{ at, found: `${text.length} characters` },
      hint: `a watermark has at most ${WATERMARK_LENGTH_MAX} characters of JSON: a time, an id, a cursor`,
    })
  return text
}

function retryOf(body: NonNullable<OptionsBody['retry']>, at: string): NonNullable<RunOptions['retry']> {
  const retry: NonNullable<RunOptions['retry']> = {}
  if (body.attempts !== undefined) retry.attempts = body.attempts
  if (body.initial !== undefined) retry.initialMs = durationMs(body.initial, `${at}/initial`)
  if (body.factor !== undefined) retry.factor = body.factor
  if (body.maximum !== undefined) retry.maximumMs = durationMs(body.maximum, `${at}/maximum`)
  if (body.jitter !== undefined) retry.jitter = body.jitter
  return retry
}

function timeoutsOf(body: NonNullable<OptionsBody['timeout']>, at: string): Timeouts {
  const timeouts: Timeouts = {}
  for (const name of ['attempt', 'total', 'scheduleToStart', 'heartbeat'] as const) {
    const duration = body[name]
    if (duration === undefined) continue
    const ms = durationMs(duration, `${at}/${name}`)
    if (ms === 0)
      throw new UserError('invalid-option', { at: `${at}/${name}`, found: duration, hint: 'a timeout is longer than nothing; leave it out for none' })
    timeouts[name] = ms
  }
  return timeouts
}

function uniqueOf(body: NonNullable<OptionsBody['unique']>, at: string): Unique {
  if (body.by === 'key' && body.key === undefined) throw conflict(`${at}/key`, 'unique by key needs a key')
  if (body.by !== 'key' && body.key !== undefined) throw conflict(`${at}/key`, `unique by ${body.by} takes no key; write by: "key"`)
  const unique: Unique = { by: body.by }
  if (body.key !== undefined) unique.key = body.key
  if (body.states !== undefined) unique.states = [...new Set(body.states)]
  if (body.onConflict !== undefined) unique.onConflict = body.onConflict
  return unique
}

export function changeOf(body: Static<typeof schemas.ChangeBody>, payloads: readonly string[]): RunChangeCall {
  const [one, other] = (['at', 'delay', 'now'] as const).filter(name => body[name] !== undefined && body[name] !== false)
  if (other !== undefined) throw conflict(`/${other}`, `${one} and ${other} cannot be combined: both say when the run is due`)
  const change: RunChangeCall = {}
  if (body.now === true) change.due = 'now'
  if (body.at !== undefined) change.due = parseInstant(body.at, '/at')
  if (body.delay !== undefined) change.delayMs = durationMs(body.delay, '/delay')
  if (body.priority !== undefined) change.priority = body.priority
  if (body.queue !== undefined) change.queue = body.queue
  if (body.input !== undefined) change.input = payloadOf(body.input, payloads)
  if (Object.keys(change).length === 0) throw conflict('', 'say what to change: at, delay, now, priority, queue or input')
  return change
}

/** `before`: the options in force; see rulesOf. */
export function definitionOptionsOf(body: DefinitionOptionsBody, at: string, before: DefinitionOptions | null): DefinitionOptions {
  const options: DefinitionOptions = { ...optionsOf(body, at), ...rulesOf(body, at, before) }
  if (body.versioning !== undefined) options.versioning = body.versioning
  // A definition's unique by key takes its key from each start.
  const { unique } = body
  if (unique !== undefined) options.unique = unique.by === 'key' && unique.key === undefined ? { ...unique } : uniqueOf(unique, `${at}/unique`)
  return options
}

export function resultOf(body: Static<typeof schemas.Result>, payloads: readonly string[], at: string): Ref & TaskResult {
  const { run, task, attempt, delivery } = body
  switch (body.is) {
    case 'completed':
      return {
        ...{ run, task, attempt, delivery, is: 'completed', output: body.output === undefined ? null : payloadOf(body.output, payloads) },
        ...(body.watermark !== undefined && { watermark: watermarkOf(body.watermark, payloads, `${at}/watermark`) }),
        ...(body.assets !== undefined && {
          assets: body.assets.map(({ extra, watermark, ...facts }, index) => ({
            ...facts,
            ...(extra !== undefined && { extra: extraOf(extra, payloads, `${at}/assets/${index}/extra`) }),
            ...(watermark !== undefined && { watermark: watermarkOf(watermark, payloads, `${at}/assets/${index}/watermark`) }),
          })),
        }),
      }
    case 'failed': {
      const result: Ref & TaskResult = { run, task, attempt, delivery, is: 'failed', failure: failureOf(body.failure), retry: body.retry ?? true }
      if (body.delayMs !== undefined) result.delayMs = Math.round(body.delayMs)
      return result
    }
    case 'snoozed': {
      const result: Ref & TaskResult = { run, task, attempt, delivery, is: 'snoozed', delayMs: Math.round(body.delayMs) }
      if (body.slow !== undefined) result.slow = body.slow
      if (body.misfit !== undefined) result.misfit = { version: body.misfit.version, why: storable(body.misfit.why, MISFIT_LENGTH_MAX) }
      return result
    }
    default:
      return { run, task, attempt, delivery, is: body.is }
  }
}

const MISFIT_LENGTH_MAX = 1_000

interface FailureBody {
  type: string
  message: string
  stack?: string
  code?: string
  cause?: FailureBody
  errors?: FailureBody[]
}

/** Cut to what is kept: what a program says of its failure may be long, and must not cost it the record of that failure. */
export function failureOf(body: FailureBody, depth = 0, room = { links: FAILURE_LINKS_MAX }): CoreFailure {
  const failure: CoreFailure = { type: storable(body.type, 200), message: storable(body.message, FAILURE_TEXT_LENGTH_MAX) }
  if (body.stack !== undefined) failure.stack = storable(body.stack, FAILURE_TEXT_LENGTH_MAX)
  if (body.code !== undefined) failure.code = storable(body.code, 200)
  const kept = (part: FailureBody): CoreFailure[] => (depth < FAILURE_CAUSES_MAX && room.links-- > 0 ? [failureOf(part, depth + 1, room)] : [])
  const [cause] = body.cause === undefined ? [] : kept(body.cause)
  if (cause !== undefined) failure.cause = cause
  const errors = (body.errors ?? []).slice(0, FAILURE_ERRORS_MAX).flatMap(kept)
  if (errors.length > 0) failure.errors = errors
  return failure
}

export function beatOf(body: Static<typeof schemas.Heartbeat>['beats'][number], payloads: readonly string[]): Beat {
  const { run, task, attempt, delivery } = body
  const beat: Beat = { run, task, attempt, delivery }
  if (body.active !== undefined) beat.active = body.active
  if (body.stuck !== undefined) beat.stuck = body.stuck
  if (body.progress !== undefined) beat.progress = progressOf(body.progress)
  if (body.checkpoint !== undefined) beat.checkpoint = payloadOf(body.checkpoint, payloads)
  return beat
}

function progressOf(body: { value: number; message?: string }): Progress {
  return body.message === undefined ? { value: body.value } : { value: body.value, message: storable(body.message, body.message.length) }
}

export function logRowOf(body: Static<typeof schemas.Log>['lines'][number], payloads: readonly string[], at: string): LogRow {
  const { run, attempt, delivery, n, level } = body
  if (body.message.length * 3 > LOG_LINE_BYTES_MAX && Buffer.byteLength(body.message) > LOG_LINE_BYTES_MAX) throw tooLong(`${at}/message`)
  const fields = body.fields === undefined ? null : payloadOf(body.fields, payloads)
  if (fields !== null && !/^\{/.test(fields))
    throw new UserError('invalid-input', { at: `${at}/fields`, found: foundText(fields), hint: 'fields are an object' })
  if (fields !== null && fields.length * 3 > LOG_LINE_BYTES_MAX && Buffer.byteLength(fields) > LOG_LINE_BYTES_MAX) throw tooLong(`${at}/fields`)
  return { run, attempt, delivery, n, at: parseInstant(body.at, `${at}/at`), level, message: storable(body.message, body.message.length), fields }
}

function tooLong(at: string): UserError {
  return new UserError('payload-too-large', { at, hint: `a log line's message, and its fields, have at most ${LOG_LINE_BYTES_MAX} bytes each` })
}

/** Text of a program: cut, without NUL and halves of surrogates, which some store cannot hold (E14). */
export function storable(text: string, lengthMax: number): string {
  const cut = text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text
  return cut.toWellFormed().replaceAll('\0', '\ufffd')
}

export function payloadOf(number: unknown, payloads: readonly string[]): string {
  return payloads[number as number] as string
}

function conflict(at: string, hint: string): UserError {
  return new UserError('invalid-option', { at, hint })
}
