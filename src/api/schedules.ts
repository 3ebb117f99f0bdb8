import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { PAGE_DEFAULT } from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'
import { ACCOUNTS } from '../core/ledger.ts'
import { durationMs, type Instant } from '../core/time.ts'
import {
  type BackfillAsked,
  type Engine,
  type Origin,
  refuseUnknownPlaceholder,
  type ScheduleSpec,
  type ScheduleView,
  type ScheduleWarning,
} from '../engine/face.ts'
import { Empty } from './answers.ts'
import { explainMismatch } from './check.ts'
import { openCursor, sealCursor } from './cursor.ts'
import { payloadOf, storable, watermarkOf } from './inputs.ts'
import { formatInstant, parseInstant } from './instants.ts'
import { cursor, instant, limit, moment, type Operation, oneOrMore, operation, upTo } from './operation.ts'
import type { LedgerFilter } from './rows.ts'
import * as answers from './schedule-answers.ts'
import { scheduleOf, timetableOf } from './schedule-inputs.ts'
import * as schemas from './schedule-schemas.ts'
import { lineJson, previewJson, putText, scheduleExplanationJson, scheduleText, upcomingJson, writtenSpec } from './schedule-views.ts'
import { CommandBody, NOTE_LENGTH_MAX } from './schemas.ts'

const NAMESPACE = '/v1/namespaces/{namespace}'
const SCHEDULES = `${NAMESPACE}/schedules`
const SCHEDULE = `${SCHEDULES}/{name}`
const SPEC_PAYLOADS = { input: 'raw' } as const
const count = upTo(schemas.PREVIEW_MAX, schemas.PREVIEW_DEFAULT)

const put = operation({
  name: 'schedules.put',
  method: 'PUT',
  path: SCHEDULE,
  summary: 'Make a schedule, or change all of it; the same again changes nothing',
  body: { schema: schemas.ScheduleSpec, raw: SPEC_PAYLOADS },
  answers: { 200: answers.SchedulePut },
  async handle({ engine, params, body, payloads, command }) {
    const spec = scheduleOf(body, payloads, '')
    return putText(await engine.schedules.put(params.namespace, params.name, { spec, origin: { is: 'api' }, ...command() }))
  },
})

const change = operation({
  name: 'schedules.change',
  method: 'PATCH',
  path: SCHEDULE,
  summary: 'Change some fields of a schedule, null removes one; what code defines keeps the change as an override',
  body: { schema: schemas.ScheduleChange, raw: SPEC_PAYLOADS },
  answers: { 200: answers.SchedulePut },
  async handle({ engine, params, body, payloads, command }) {
    const schedule = await engine.schedules.get(params.namespace, params.name)
    const spec = changed(schedule, body, payloads)
    const origin: Origin = schedule.origin.is === 'apply' ? { is: 'apply' } : { is: 'api' }
    return putText(await engine.schedules.put(params.namespace, params.name, { spec, origin, ...command() }))
  },
})

const compiledSpec = Compile(schemas.ScheduleSpec)

/** What is in force with the change laid over it, checked as a whole. */
function changed({ spec }: ScheduleView, change: Record<string, unknown>, payloads: readonly string[]): ScheduleSpec {
  const { fields, input } = writtenSpec(spec)
  const merged: Record<string, unknown> = input === null ? fields : { ...fields, input: payloads.length }
  for (const [name, value] of Object.entries(change)) {
    if (value === null || (name === 'input' && payloadOf(value, payloads) === 'null')) delete merged[name]
    else merged[name] = value
  }
  if (!compiledSpec.Check(merged)) throw explainMismatch(schemas.ScheduleSpec, merged) ?? new UserError('invalid-input', { at: '' })
  return scheduleOf(merged, input === null ? payloads : [...payloads, input], '')
}

const reset = operation({
  name: 'schedules.reset',
  method: 'DELETE',
  path: `${SCHEDULE}/override`,
  summary: 'Remove what an operator changed of a schedule that code defines',
  answers: { 200: answers.SchedulePut },
  handle: async ({ engine, params, command }) => putText(await engine.schedules.override(params.namespace, params.name, null, command())),
})

const remove = operation({
  name: 'schedules.remove',
  method: 'DELETE',
  path: SCHEDULE,
  summary: 'Delete a schedule; its runs go on',
  answers: { 200: Empty },
  async handle({ engine, params, command }) {
    await engine.schedules.remove(params.namespace, params.name, command())
    return '{}'
  },
})

const list = operation({
  name: 'schedules.list',
  method: 'GET',
  path: SCHEDULES,
  summary: 'List schedules by name',
  query: { limit, cursor },
  answers: { 200: answers.ScheduleList },
  async handle({ engine, params, query }) {
    const listed = ['schedules', params.namespace]
    const page = await engine.schedules.list(params.namespace, { after: openCursor(query.cursor, listed), limit: query.limit ?? PAGE_DEFAULT })
    return `{"schedules":[${page.rows.map(scheduleText).join(',')}],"next":${JSON.stringify(sealCursor(page.next, listed))}}`
  },
})

/** A month and a day: whatever month a calendar shows. */
const RANGE_MS_MAX = 31 * 86_400_000
const DAY_MS = 86_400_000
const SCHEDULES_A_PAGE = 50
/** Of one schedule; a list that shows the last few of each asks for fewer. */
const LINES_MAX = 200
const schedulesLimit = upTo(200, SCHEDULES_A_PAGE)
const rangeQuery = { from: instant, until: instant, limit: schedulesLimit, cursor }

/** A range that was asked for, or a day from or up to now. */
function rangeOf(query: { from?: Instant; until?: Instant }, now: Instant, ahead: boolean): { from: Instant; until: Instant } {
  const from = query.from ?? (ahead ? now : (query.until ?? now) - DAY_MS)
  const until = query.until ?? from + DAY_MS
  if (until < from) throw new UserError('invalid-input', { at: '/query/until', found: formatInstant(until), hint: 'a range ends after it begins' })
  if (until - from > RANGE_MS_MAX) throw new UserError('invalid-input', { at: '/query/until', found: formatInstant(until), hint: 'at most 31 days' })
  return { from, until }
}

const upcoming = operation({
  name: 'schedules.upcoming',
  method: 'GET',
  path: `${NAMESPACE}/upcoming`,
  summary: 'When all schedules will fire in a range, a day from now on if none is named',
  query: rangeQuery,
  answers: { 200: answers.Upcoming },
  async handle({ engine, params, query, context }) {
    const range = rangeOf(query, context.now(), true)
    const listed = ['upcoming', params.namespace, query.from, query.until]
    const page = { after: openCursor(query.cursor, listed), limit: query.limit ?? SCHEDULES_A_PAGE }
    const { rows, next } = await engine.schedules.upcoming(params.namespace, range, page)
    return JSON.stringify({ ...rangeJson(range), schedules: rows.map(upcomingJson), next: sealCursor(next, listed) })
  },
})

const outcomes = operation({
  name: 'schedules.outcomes',
  method: 'GET',
  path: `${NAMESPACE}/outcomes`,
  summary: 'What the ledgers of all schedules say of a range, the last day if none is named',
  query: { ...rangeQuery, account: oneOrMore(ACCOUNTS), lines: upTo(LINES_MAX, LINES_MAX) },
  answers: { 200: answers.Outcomes },
  async handle({ engine, params, query, context }) {
    const range = rangeOf(query, context.now(), false)
    const listed = ['outcomes', params.namespace, query.from, query.until, query.account]
    const page = { after: openCursor(query.cursor, listed), limit: query.limit ?? SCHEDULES_A_PAGE }
    const narrowed = { ...(query.account && { accounts: query.account }), ...(query.lines && { lines: query.lines }) }
    const { rows, next } = await engine.schedules.outcomes(params.namespace, { ...range, ...narrowed }, page)
    const schedules = rows.map(({ lines, ...rest }) => ({ ...rest, lines: lines.map(lineJson) }))
    return JSON.stringify({ ...rangeJson(range), schedules, next: sealCursor(next, listed) })
  },
})

function rangeJson({ from, until }: { from: Instant; until: Instant }): object {
  return { from: formatInstant(from), until: formatInstant(until) }
}

const get = operation({
  name: 'schedules.get',
  method: 'GET',
  path: SCHEDULE,
  summary: 'Get a schedule: what is in force, where it stands',
  answers: { 200: answers.Schedule },
  handle: async ({ engine, params }) => scheduleText(await engine.schedules.get(params.namespace, params.name)),
})

const pause = operation({
  name: 'schedules.pause',
  method: 'POST',
  path: `${SCHEDULE}/pause`,
  summary: 'Pause a schedule: its times are accounted as paused; until a time, for a while, or until it is resumed',
  body: { schema: schemas.SchedulePause, optional: true },
  answers: { 200: Empty },
  async handle({ engine, params, body, command, context }) {
    const note = body.note === undefined ? null : storable(body.note, NOTE_LENGTH_MAX)
    await engine.schedules.pause(params.namespace, params.name, { note, until: pauseEnd(body, context.now()), ...command() })
    return '{}'
  },
})

function pauseEnd(body: { until?: string; for?: number | string }, now: Instant): Instant | null {
  if (body.until !== undefined && body.for !== undefined)
    throw new UserError('invalid-option', { at: '/for', hint: 'until and for cannot be combined: both say when the pause ends' })
  if (body.for !== undefined) return now + durationMs(body.for, '/for')
  if (body.until === undefined) return null
  const until = parseInstant(body.until, '/until')
  if (until <= now) throw new UserError('invalid-option', { at: '/until', found: body.until, hint: 'a pause ends in the future' })
  return until
}

const setWatermark = operation({
  name: 'schedules.setWatermark',
  method: 'PUT',
  path: `${SCHEDULE}/watermark`,
  summary: 'Say how far the runs of a schedule have come, for those that are started from now on; null: they begin anew',
  body: { schema: schemas.ScheduleWatermark, raw: { value: 'raw' } },
  answers: { 200: Empty },
  async handle({ engine, params, body, payloads, command }) {
    await engine.schedules.setWatermark(params.namespace, params.name, watermarkOf(body.value, payloads, '/value'), command())
    return '{}'
  },
})

const resume = operation({
  name: 'schedules.resume',
  method: 'POST',
  path: `${SCHEDULE}/resume`,
  summary: 'End the pause of a schedule',
  body: { schema: CommandBody, optional: true },
  answers: { 200: Empty },
  async handle({ engine, params, command }) {
    await engine.schedules.resume(params.namespace, params.name, command())
    return '{}'
  },
})

const trigger = operation({
  name: 'schedules.trigger',
  method: 'POST',
  path: `${SCHEDULE}/trigger`,
  summary: 'Start a run of a schedule now, whatever its overlap policy says',
  body: { schema: CommandBody, optional: true },
  answers: { 200: answers.Triggered },
  handle: async ({ engine, params, command }) => JSON.stringify(await engine.schedules.trigger(params.namespace, params.name, command())),
})

const backfill = operation({
  name: 'schedules.backfill',
  method: 'POST',
  path: `${SCHEDULE}/backfill`,
  summary: 'Start the times of a range, both ends included: a batch, whose id is answered',
  body: { schema: schemas.Backfill },
  answers: { 200: answers.Backfilled },
  async handle({ engine, params, body, command }) {
    return JSON.stringify(await engine.schedules.backfill(params.namespace, params.name, { ...backfillOf(body), ...command() }))
  },
})

const previewBackfill = operation({
  name: 'schedules.previewBackfill',
  method: 'POST',
  path: `${SCHEDULE}/backfill/preview`,
  summary: 'What a backfill would do, as things stand, and about how long it would take. Nothing is changed',
  body: { schema: schemas.Backfill },
  answers: { 200: answers.BackfillPreview },
  async handle({ engine, params, body }) {
    const { times, ...rest } = await engine.schedules.previewBackfill(params.namespace, params.name, backfillOf(body))
    return JSON.stringify({ ...rest, times: times.map(({ at, ...time }) => ({ at: formatInstant(at), ...time })) })
  },
})

function backfillOf({ from, to, maxActive = 1, ...rest }: Static<typeof schemas.Backfill>): BackfillAsked {
  return { from: parseInstant(from, '/from'), until: parseInstant(to, '/to'), maxActive, ...rest }
}

const cancelBackfill = operation({
  name: 'schedules.cancelBackfill',
  method: 'POST',
  path: `${SCHEDULE}/backfills/{backfill}/cancel`,
  summary: 'Start nothing further of a backfill; its runs go on',
  body: { schema: CommandBody, optional: true },
  answers: { 200: Empty },
  async handle({ engine, params, command }) {
    await engine.schedules.cancelBackfill(params.namespace, params.name, params.backfill, command())
    return '{}'
  },
})

const ledger = operation({
  name: 'schedules.ledger',
  method: 'GET',
  path: `${SCHEDULE}/ledger`,
  summary: 'What became of each nominal time, latest first',
  query: { from: instant, to: instant, account: oneOrMore(ACCOUNTS), limit, cursor },
  answers: { 200: answers.Ledger },
  async handle({ engine, params, query }) {
    const filter: LedgerFilter = {}
    if (query.from !== undefined) filter.from = query.from
    if (query.to !== undefined) filter.until = query.to
    if (query.account) filter.accounts = query.account
    const listed = ['ledger', params.namespace, params.name, filter]
    const page = { after: openCursor(query.cursor, listed), limit: query.limit ?? PAGE_DEFAULT }
    const { rows, next } = await engine.schedules.ledger(params.namespace, params.name, filter, page)
    return JSON.stringify({ lines: rows.map(lineJson), next: sealCursor(next, listed) })
  },
})

const preview = operation({
  name: 'schedules.preview',
  method: 'GET',
  path: `${SCHEDULE}/preview`,
  summary: 'The next times of a schedule',
  query: { from: instant, count },
  answers: { 200: answers.Preview },
  async handle({ engine, params, query }) {
    const of = { name: params.name }
    const shown = await engine.schedules.preview(params.namespace, of, query.from ?? null, query.count ?? schemas.PREVIEW_DEFAULT)
    return JSON.stringify(previewJson(shown))
  },
})

const tryOut = operation({
  name: 'schedules.try',
  method: 'POST',
  path: `${NAMESPACE}/preview`,
  summary: 'The next times of a timetable that is no schedule yet; nothing is created',
  body: { schema: schemas.Try },
  answers: { 200: answers.Preview },
  async handle({ engine, params, body }) {
    const from = body.from === undefined ? null : parseInstant(body.from, '/from')
    const of = { timetable: timetableOf(body.schedule) }
    const shown = await within('/schedule', engine.schedules.preview(params.namespace, of, from, body.count ?? schemas.PREVIEW_DEFAULT))
    return JSON.stringify(previewJson(shown))
  },
})

const calendar = operation({
  name: 'schedules.calendar',
  method: 'GET',
  path: `${SCHEDULE}/calendar.ics`,
  summary: 'The next times of a schedule as an iCalendar file',
  contentType: 'text/calendar; charset=utf-8',
  query: { from: instant, count },
  answers: { 200: answers.CalendarText },
  handle: ({ engine, params, query }) =>
    engine.schedules.calendar(params.namespace, params.name, query.from ?? null, query.count ?? schemas.PREVIEW_DEFAULT),
})

const explain = operation({
  name: 'schedules.explain',
  method: 'GET',
  path: `${SCHEDULE}/explain`,
  summary: 'Why a schedule did or did not fire at a time; without one, what it waits for',
  query: { at: moment },
  answers: { 200: answers.ScheduleExplanation },
  handle: async ({ engine, params, query }) =>
    JSON.stringify(scheduleExplanationJson(await engine.schedules.explain(params.namespace, params.name, query.at ?? null))),
})

const register = operation({
  name: 'schedules.register',
  method: 'POST',
  path: `${SCHEDULES}/register`,
  summary: 'Register all schedules that the code of a source has; those that it no longer has are paused',
  body: { schema: schemas.RegisterSchedules, raw: { schedules: [SPEC_PAYLOADS] } },
  answers: { 200: answers.Registered },
  async handle({ engine, params, body, payloads, command }) {
    const schedules = await checkedSchedules(engine, params.namespace, body.schedules, payloads)
    const put = await engine.schedules.register(params.namespace, body.source, schedules, command())
    return JSON.stringify({ schedules: put.map(({ schedule, changed, warnings }) => ({ name: schedule.name, changed, warnings })) })
  },
})

/** All of them read, before anything is done with one: errors are at `/schedules/<n>/…`. */
export async function checkedSchedules(
  engine: Engine,
  namespace: string,
  bodies: readonly schemas.NamedScheduleBody[],
  payloads: readonly string[],
): Promise<{ name: string; spec: ScheduleSpec; warnings: ScheduleWarning[] }[]> {
  refuseTwice(bodies, '/schedules')
  const schedules = bodies.map((body, index) => ({ name: body.name, spec: scheduleOf(body, payloads, `/schedules/${index}`) }))
  const checked = []
  for (const [index, { name, spec }] of schedules.entries()) {
    const at = `/schedules/${index}`
    refuseUnknownPlaceholder(spec.target.input, `${at}/input`) // the engine does it too, but only once it comes to this one of many
    const { warnings } = await within(at, engine.schedules.preview(namespace, spec, null, 1))
    checked.push({ name, spec, warnings })
  }
  return checked
}

export function refuseTwice(named: readonly { name: string }[], at: string): void {
  const known = new Set<string>()
  for (const [index, { name }] of named.entries()) {
    if (known.has(name))
      throw new UserError('invalid-input', { at: `${at}/${index}/name`, found: name.slice(0, 100), hint: 'this name is there twice' })
    known.add(name)
  }
}

/** Places of the engine's errors, which are within a schedule, become places in the body. */
export async function within<T>(at: string, done: Promise<T>): Promise<T> {
  try {
    return await done
  } catch (error) {
    if (!(error instanceof UserError) || error.problem.at?.startsWith('/path/') || error.problem.status !== 400) throw error
    const { code, ...rest } = error.problem
    throw new UserError(error.code, { ...rest, at: at + (rest.at ?? '') })
  }
}

export const schedules: Operation[] = [
  put,
  change,
  reset,
  remove,
  list,
  upcoming,
  outcomes,
  get,
  pause,
  setWatermark,
  resume,
  trigger,
  backfill,
  previewBackfill,
  cancelBackfill,
  ledger,
  preview,
  tryOut,
  calendar,
  explain,
  register,
]
