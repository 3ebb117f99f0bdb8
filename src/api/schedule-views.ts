import { durationText } from '../core/duration-text.ts'
import type {
  Backfill,
  DefinitionRules,
  LedgerEntry,
  LedgerLine,
  Preview,
  RunOptions,
  ScheduleExplanation,
  SchedulePut,
  ScheduleSpec,
  ScheduleView,
  UpcomingTimes,
} from '../engine/face.ts'
import { formatInstant } from './instants.ts'
import { rulesJson } from './rules.ts'
import { CATCHUP_WINDOW_MS_DEFAULT } from './schedule-inputs.ts'
import { instantOrNull, optionsJson, reasonJson, watermarkText } from './views.ts'

/** What the engine answers of schedules, as JSON: see views.ts. */

export function scheduleText(view: ScheduleView): string {
  const { name, namespace, spec, words, origin, overridden, paused, fired, open, buffered } = view
  const known = JSON.stringify({
    name,
    namespace,
    description: spec.description,
    ...spec.timetable,
    assets: spec.assets,
    target: spec.target.definition,
    options: someOptions(optionsJson(spec.target.options)),
    overlap: spec.overlap,
    catchup: { policy: spec.catchup.policy, window: spec.catchup.windowMs },
    jitter: spec.jitterMs,
    words,
    waits: view.assets,
    origin,
    overridden: overridden.map(field => (field === 'jitterMs' ? 'jitter' : field)),
    createdAt: formatInstant(view.createdAt),
    editedAt: formatInstant(view.editedAt),
    paused: schedulePauseJson(paused),
    stuck: view.stuck && { ...view.stuck, since: formatInstant(view.stuck.since) },
    nextAt: instantOrNull(view.nextAt),
    accounted: formatInstant(view.accounted),
    fired,
    open,
    buffered,
    last: view.last && entryJson(view.last),
    lastOutcome: outcomeJson(view.lastOutcome),
    backfills: view.backfills.map(backfillJson),
  })
  const mark = `${known.slice(0, -1)},"watermark":${watermarkText(view.watermark)}`
  return spec.target.input === null ? `${mark}}` : `${mark},"input":${spec.target.input}}`
}

export function putText({ changed, schedule, warnings }: SchedulePut): string {
  return `{"changed":"${changed}","schedule":${scheduleText(schedule)},"warnings":${JSON.stringify(warnings)}}`
}

/**
 * A spec as a person writes it: durations as text, defaults left out. Two specs are the same if this is; the input is JSON text.
 * `scheduleOf` reads it back.
 */
export function writtenSpec(spec: ScheduleSpec): { fields: Record<string, unknown>; input: string | null } {
  const { description, timetable, assets, target, overlap, catchup, jitterMs } = spec
  const fields = {
    description,
    ...timetable,
    assets,
    target: target.definition,
    options: someOptions(writtenOptions(target.options)),
    overlap: overlap === 'skip' ? undefined : overlap,
    catchup: writtenCatchup(catchup),
    jitter: jitterMs === 0 ? undefined : durationText(jitterMs),
  }
  return { fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)), input: target.input }
}

export function writtenSpecText(name: string, spec: ScheduleSpec): string {
  const { fields, input } = writtenSpec(spec)
  const known = JSON.stringify({ name, ...fields })
  return input === null ? known : `${known.slice(0, -1)},"input":${input}}`
}

function writtenCatchup({ policy, windowMs }: ScheduleSpec['catchup']): unknown {
  if (policy === 'none') return 'none'
  if (policy === 'all') return windowMs === null ? 'all' : durationText(windowMs)
  if (windowMs === CATCHUP_WINDOW_MS_DEFAULT) return undefined
  return { policy, window: windowMs === null ? null : durationText(windowMs) }
}

/** Options of runs or of a definition, durations as text. */
export function writtenOptions(options: RunOptions & DefinitionRules): Record<string, unknown> {
  const { retry, timeout, expires, retention, ...rest } = optionsJson(options) as Record<string, unknown> & {
    retry?: Record<string, number | undefined>
    timeout?: Record<string, number>
  }
  const text = (ms: unknown) => (ms === undefined ? undefined : durationText(ms as number))
  return {
    ...rest,
    retry: retry && { ...retry, initial: text(retry.initial), maximum: text(retry.maximum) },
    timeout: timeout && Object.fromEntries(Object.entries(timeout).map(([name, ms]) => [name, text(ms)])),
    expires: text(expires),
    retention: text(retention),
    ...rulesJson(options, durationText),
  }
}

/** Without what is not there; undefined if nothing is. */
export function someOptions(options: Record<string, unknown>): Record<string, unknown> | undefined {
  const some = Object.entries(options).filter(([, value]) => value !== undefined)
  return some.length === 0 ? undefined : Object.fromEntries(some)
}

function backfillJson({ until, from, through, startedAt, ...rest }: Backfill): object {
  const [startedText, fromText, toText] = [startedAt, from, until].map(formatInstant)
  return { ...rest, from: fromText, to: toText, through: formatInstant(through), startedAt: startedText }
}

function entryJson(entry: LedgerEntry): object {
  const { n, source, at, until, count, account, run, lateMs, why, note, accountedAt } = entry
  return {
    n,
    source,
    at: formatInstant(at),
    until: formatInstant(until),
    count,
    account,
    run,
    lateMs,
    why,
    note,
    accountedAt: formatInstant(accountedAt),
  }
}

export function lineJson(line: LedgerLine): object {
  const { text, outcome } = line
  return { ...entryJson(line), text, outcome: outcomeJson(outcome) }
}

function outcomeJson(outcome: LedgerLine['outcome']): object | null {
  return outcome && { state: outcome.state, startedAt: instantOrNull(outcome.startedAt), closedAt: instantOrNull(outcome.closedAt) }
}

function schedulePauseJson(paused: ScheduleView['paused']): object | null {
  return paused && { ...paused, since: formatInstant(paused.since), until: instantOrNull(paused.until) }
}

export function upcomingJson(schedule: UpcomingTimes): object {
  return { ...schedule, paused: schedulePauseJson(schedule.paused), times: schedule.times.map(formatInstant) }
}

export function previewJson({ words, timezone, times, warnings }: Preview): object {
  return {
    words,
    timezone,
    times: times.map(({ at, local, held, movedFrom }) => ({ at: formatInstant(at), local, held, movedFrom: instantOrNull(movedFrom) })),
    warnings,
  }
}

export function scheduleExplanationJson({ schedule, at, reasons, clear, line }: ScheduleExplanation): object {
  return { schedule, at: instantOrNull(at), reasons: reasons.map(reasonJson), clear, line: line && lineJson(line) }
}
