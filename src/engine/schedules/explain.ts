import { UserError } from '../../core/errors.ts'
import { shortId } from '../../core/ids.ts'
import type { Instant } from '../../core/time.ts'
import { assetsIn, missingWords } from '../../machines/asset/expression.ts'
import { localText } from '../../machines/schedule/input.ts'
import { dueOf, isWithoutTimes, timetableOf } from '../../machines/schedule/timetables.ts'
import type { ScheduleSpec, ScheduleState } from '../../machines/schedule/types.ts'
import { instantOfMoment, parseMoment } from '../../time/moments.ts'
import { zoneOf } from '../../time/zone.ts'
import type { LedgerLine, Reason, ScheduleExplanation, ScheduleView } from '../face.ts'

export interface ScheduleFacts {
  now: Instant
  targetIsKnown: boolean
  stuck: ScheduleView['stuck']
  /** Lines of the ledger that touch a stretch, latest first. */
  lines(from: Instant, until: Instant): Promise<LedgerLine[]>
}

/** How far to look for the nominal time before one that is none. */
const LOOK_BACK_MS = [3_600_000, 86_400_000, 31 * 86_400_000, 366 * 86_400_000]
const NEIGHBOURS_MAX = 5_000

/** Why a schedule did or did not fire at a time; without a time: what it waits for. What is past is answered from the ledger, never guessed. */
export async function explainSchedule(state: ScheduleState, at: string | null, facts: ScheduleFacts): Promise<ScheduleExplanation> {
  if (at === null) return { schedule: state.name, at: null, ...waiting(state, facts), line: null }
  const zone = zoneOf(timezoneOf(state))
  const moment = parseMoment(at)
  if (typeof moment === 'string') throw new UserError('invalid-input', { at: '/query/at', found: at, hint: moment })
  const instant = instantOfMoment(moment, zone, 'skip')
  if (instant === null)
    return {
      schedule: state.name,
      at: null,
      reasons: [
        { code: 'dst-gap', text: `the clock of ${zone.name} never showed ${at}: it was set forward over it` },
        ...neighbours(state, instantOfMoment(moment, zone) as Instant),
      ],
      clear: [],
      line: null,
    }
  if (instant > state.accounted) return { schedule: state.name, at: instant, ...ahead(state, instant, facts), line: null }
  const found = await facts.lines(instant, instant)
  const line = found.find(({ source }) => source === 'time') ?? found[0] ?? null
  if (line !== null) return { schedule: state.name, at: instant, reasons: accountOf(state, line), clear: [], line }
  const why: Reason =
    instant <= state.createdAt
      ? { code: 'not-yet-made', text: `it was made at ${text(state, state.createdAt)}` }
      : { code: 'not-nominal', text: `${text(state, instant)} is not one of its times: ${timetableOf(state).words()}` }
  return { schedule: state.name, at: instant, reasons: [why, ...neighbours(state, instant)], clear: [], line: null }
}

/** What stands in its way now. */
function waiting(state: ScheduleState, { now, targetIsKnown, stuck }: ScheduleFacts): Pick<ScheduleExplanation, 'reasons' | 'clear'> {
  const reasons: Reason[] = []
  const clear: string[] = []
  const { paused, spec, name, open, outstanding, buffered } = state
  if (stuck !== null)
    reasons.push({
      code: 'stuck',
      text: `it is stuck on "${stuck.on}": ${stuck.why}`,
      since: stuck.since,
      command: `mainspring schedule resume ${name}`,
    })
  if (paused !== null) {
    const who = paused.by === null ? '' : ` by ${paused.by}`
    const until = paused.until === null ? '' : `, until ${text(state, paused.until)}`
    reasons.push({
      code: paused.gone ? 'gone-from-code' : 'paused',
      text: `it is paused since ${text(state, paused.since)}${who}${until}${paused.note === null ? '' : `: "${paused.note}"`}`,
      by: paused.by,
      since: paused.since,
      ...(paused.until === null ? {} : { until: paused.until }),
      command: `mainspring schedule resume ${name}`,
    })
  }
  if (!targetIsKnown)
    reasons.push({ code: 'target-unknown', text: `nothing called "${spec.target.definition}" is registered: its times are refused` })
  const next = timetableOf(state).nextFiring(state.accounted)
  if (spec.assets !== undefined) reasons.push(...assetReasons(state, clear))
  if (isWithoutTimes(spec)) clear.push('assets alone trigger it')
  else if (next === null) reasons.push({ code: 'no-more-times', text: 'it has no further time' })
  else {
    const dueAt = dueOf(state, next.at)
    const jitter = dueAt === next.at ? '' : `, put off by jitter to ${text(state, dueAt)}`
    if (dueAt > now) reasons.push({ code: 'not-due', text: `its next time is ${text(state, next.at)}${jitter}`, until: dueAt })
  }
  const runs = [...open, ...outstanding.filter(({ source }) => source !== 'backfill')].flatMap(({ run }) => (run === null ? [] : [run]))
  if (runs.length > 0) {
    const said = `${runs.slice(0, 5).map(shortId).join(', ')} ${runs.length === 1 ? 'is' : 'are'} open`
    if (buffered.length > 0) reasons.push({ code: 'overlap', text: `${buffered.length} of its times wait: ${said} (${spec.overlap})`, runs })
    else if (spec.overlap !== 'allow') clear.push(`${said}: a time that comes now is seen to by "${spec.overlap}"`)
  }
  if (paused === null) clear.push('not paused')
  if (targetIsKnown) clear.push(`"${spec.target.definition}" is registered`)
  return { reasons, clear }
}

/** Which assets it waits for. */
function assetReasons({ spec, assets = {}, paused }: ScheduleState, clear: string[]): Reason[] {
  const expression = spec.assets as NonNullable<ScheduleSpec['assets']>
  const isNew = (name: string): boolean => assets[name]?.isNew === true
  const reasons: Reason[] = []
  const unlinked = assetsIn(expression).filter(name => assets[name]?.linked !== true)
  if (unlinked.length > 0) {
    const full = unlinked.filter(name => assets[name]?.full === true)
    const why = full.length > 0 ? `${full.join(', ')}: as many schedules as there may be wait for it` : 'it is asked again every 10 seconds'
    reasons.push({ code: 'asset-not-linked', text: `${unlinked.join(', ')} will not tell of events yet: ${why}` })
  }
  const missing = missingWords(expression, isNew)
  if (missing === null) {
    if (paused === null)
      reasons.push({ code: 'overlap', text: `the events it waits for are there; they go with a run once none is open (${spec.overlap})` })
    else clear.push('the events it waits for are there')
    return reasons
  }
  reasons.push({ code: 'asset', text: `it waits for new events of ${missing}` })
  const there = Object.entries(assets).filter(([name]) => isNew(name))
  for (const [name, { events, more }] of there)
    clear.push(`${name} has ${events.length + more} new ${events.length + more === 1 ? 'event' : 'events'}`)
  return reasons
}

function ahead(state: ScheduleState, at: Instant, { now }: ScheduleFacts): Pick<ScheduleExplanation, 'reasons' | 'clear'> {
  const table = timetableOf(state)
  const meant = table.next(at - 1)
  if (meant?.at !== at)
    return {
      reasons: [{ code: 'not-nominal', text: `${text(state, at)} is not one of its times: ${table.words()}` }, ...neighbours(state, at)],
      clear: [],
    }
  if (meant.held !== null) return { reasons: [{ code: meant.held.is, text: `it will not fire: ${meant.held.by}` }], clear: [] }
  const { paused } = state
  if (paused !== null && (paused.until === null || paused.until > at))
    return {
      reasons: [{ code: 'paused', text: `it will not fire unless it is resumed before${paused.note === null ? '' : `: "${paused.note}"`}` }],
      clear: [],
    }
  const code = at > now ? 'not-due' : 'not-yet-accounted'
  return {
    reasons: [{ code, text: at > now ? 'it has not come yet' : 'it is due, and not yet accounted', until: dueOf(state, at) }],
    clear: ['it will fire'],
  }
}

const SAID: Readonly<Record<LedgerLine['account'], string>> = {
  intended: 'its run is asked for',
  fired: 'it fired',
  recovered: 'it fired late (catch-up)',
  refused: 'its run was refused',
  skipped: 'it was skipped',
  excluded: 'it was excluded',
  blacked_out: 'it was blacked out',
  paused: 'the schedule was paused',
}

/** Words for the codes that a line of the ledger may have. */
export function whyText({ why, note, account }: Pick<LedgerLine, 'why' | 'note' | 'account'>): string | null {
  switch (why) {
    case 'overlap':
      return `overlap: ${note === null ? 'a run' : shortId(note)} was still open`
    case 'buffer-full':
      return `buffer full: ${note === null ? 'a run' : shortId(note)} was still open`
    case 'replaced':
      return 'a later time took its place in the buffer'
    case 'missed':
      return 'missed, and the schedule does not catch up'
    case 'catch-up-window':
      return 'missed by more than the catch-up window'
    case 'catch-up-latest':
      return 'missed; a later time was recovered in its place'
    case 'gone-from-code':
      return note ?? 'it is no longer in the code'
    case 'unknown-definition':
      return `nothing called "${note}" was registered`
    case 'definition-changed':
      return 'what its definition says of keys or sequences changed while it was being started'
    case 'unique':
      return `unique: ${note === null ? 'a run' : shortId(note)} was open`
    case 'deleted':
      return 'the schedule was deleted'
    case 'catch-up':
      return null
    case null:
      return account === 'intended' ? null : note
    default:
      return why
  }
}

function accountOf(state: ScheduleState, line: LedgerLine): Reason[] {
  const why = whyText(line)
  const late = line.lateMs === null || line.lateMs < 1_000 ? '' : `, ${Math.round(line.lateMs / 1_000)} s late`
  const stretch = line.count > 1 ? ` (with ${line.count - 1} more from ${text(state, line.at)} to ${text(state, line.until)})` : ''
  const run = line.run === null ? '' : ` as ${shortId(line.run)}${line.outcome === null ? '' : `, which is ${line.outcome.state}`}`
  const reason: Reason = { code: line.why ?? line.account, text: `${SAID[line.account]}${run}${late}${why === null ? '' : `: ${why}`}${stretch}` }
  if (line.run !== null) reason.runs = [line.run]
  return [reason]
}

function neighbours(state: ScheduleState, at: Instant): Reason[] {
  const table = timetableOf(state)
  const next = table.next(at)
  const before = LOOK_BACK_MS.map(ms => table.between(at - ms, at - 1, NEIGHBOURS_MAX).at(-1)).find(found => found !== undefined)
  const said = [
    ...(before === undefined ? [] : [`the one before is ${text(state, before.at)}`]),
    ...(next === null ? [] : [`the next is ${text(state, next.at)}`]),
  ]
  return said.length === 0 ? [] : [{ code: 'neighbours', text: said.join(', ') }]
}

function text(state: ScheduleState, at: Instant): string {
  return localText(at, timezoneOf(state))
    .replace(/\.000(?=[+-])/, '')
    .replace('T', ' ')
}

function timezoneOf({ spec }: ScheduleState): string {
  return spec.timetable.timezone ?? 'UTC'
}
