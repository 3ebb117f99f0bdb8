import { UserError } from '../core/errors.ts'
import { durationMs } from '../core/time.ts'
import { CATCHUPS, type RunOptions, type ScheduleSpec, type TimetableSpec } from '../engine/face.ts'
import { expressionOf } from './asset-inputs.ts'
import { oneOf } from './check.ts'
import { optionsOf, payloadOf, storable } from './inputs.ts'
import { JITTER_MS_MAX, type ScheduleBody, type TimetableBody } from './schedule-schemas.ts'
import { NOTE_LENGTH_MAX } from './schemas.ts'

/**
 * From the flat form of the wire to what the engine keeps. Two bodies that say the same give the same spec, member by member and in the same order, so that
 * putting again changes nothing: defaults are filled in, durations are milliseconds, members are in order, and an input has no spaces between its tokens.
 */
export function scheduleOf(body: ScheduleBody, payloads: readonly string[], at: string): ScheduleSpec {
  const timetable = timetableOf(body)
  const input = body.input === undefined ? null : compactJson(payloadOf(body.input, payloads))
  return {
    ...(body.description !== undefined && { description: storable(body.description, NOTE_LENGTH_MAX) }),
    timetable,
    ...(body.assets !== undefined && { assets: expressionOf(body.assets, `${at}/assets`) }),
    target: { definition: body.target, input, options: inOrder(optionsOf(body.options ?? {}, `${at}/options`)) as RunOptions },
    overlap: body.overlap ?? 'skip',
    catchup: catchupOf(body.catchup, `${at}/catchup`),
    jitterMs: body.jitter === undefined ? 0 : jitterOf(body.jitter, `${at}/jitter`),
  }
}

/** Fields of a timetable among those of a body, in the order in which people write them. */
export function timetableOf(body: TimetableBody): TimetableSpec {
  const spec: Record<string, unknown> = {}
  for (const field of TIMETABLE_FIELDS) if (body[field] !== undefined) spec[field] = inOrder(body[field])
  return spec as TimetableSpec
}

export const TIMETABLE_FIELDS = [
  'cron',
  'every',
  'at',
  'solar',
  'timezone',
  'dialect',
  'days',
  'gap',
  'fold',
  'start',
  'end',
  'calendars',
  'only',
  'except',
  'holidays',
  'weekend',
  'move',
  'blackouts',
] as const satisfies readonly (keyof TimetableSpec)[]

export const CATCHUP_WINDOW_MS_DEFAULT = 7 * 86_400_000

function catchupOf(body: ScheduleBody['catchup'], at: string): ScheduleSpec['catchup'] {
  if (body === undefined) return { policy: 'latest', windowMs: CATCHUP_WINDOW_MS_DEFAULT }
  const policy = typeof body === 'object' ? body.policy : CATCHUPS.find(known => known === body)
  if (policy === undefined) return { policy: 'all', windowMs: windowOf(body as number | string, at) }
  const window = typeof body === 'object' ? body.window : undefined
  const windowMs = window === undefined || window === null ? null : durationMs(window, `${at}/window`)
  // Nothing is recovered, however little it is late: a window would say nothing.
  if (policy === 'none') return { policy, windowMs: null }
  return { policy, windowMs: policy === 'latest' && window === undefined ? CATCHUP_WINDOW_MS_DEFAULT : windowMs }
}

function windowOf(window: number | string, at: string): number {
  try {
    return durationMs(window, at)
  } catch (error) {
    if (typeof window === 'number' || /\d/.test(window)) throw error
    throw new UserError('invalid-option', { at, found: window, hint: `${oneOf(CATCHUPS, window)}, or a duration such as "6h"` })
  }
}

function jitterOf(jitter: number | string, at: string): number {
  const ms = durationMs(jitter, at)
  if (ms > JITTER_MS_MAX) throw new UserError('invalid-option', { at, found: jitter, hint: 'a time is put off by a day at most' })
  return ms
}

/** Members by name, at every depth; items of lists stay where they are. */
export function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, inOrder(member)]))
}

/** Valid JSON without the spaces between its tokens; the tokens are as they were written. */
export function compactJson(text: string): string {
  if (!/[ \t\r\n]/.test(text)) return text
  let compact = ''
  let kept = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string
    if (character === '"') quoted = !quoted
    else if (quoted && character === '\\') at++
    else if (!quoted && (character === ' ' || character === '\t' || character === '\r' || character === '\n')) {
      compact += text.slice(kept, at)
      kept = at + 1
    }
  }
  return compact + text.slice(kept)
}
