import {
  RequestRefused,
  type WireBackfillAsk,
  type WireBackfilled,
  type WireLedger,
  type WirePreview,
  type WireSchedule,
  type WireScheduleExplanation,
  type WireScheduleList,
  type WireSchedulePause,
  type WireTimetable,
  type WireTriggered,
} from '@mainspring/sdk'
import { shortId } from '../core/ids.ts'
import { Refusal } from '../server/refusal.ts'
import { integerArgument, jsonArgument, listFlag, textFlag } from './arguments.ts'
import { followRun } from './follow.ts'
import { watermarkText } from './output/assets.ts'
import { factsOf } from './output/problem.ts'
import { ledgerTable, previewText, scheduleExplanationText, schedulePage, schedulesTable } from './output/schedules.ts'
import { instantIn, knownZone, zonedText } from './output/zones.ts'
import type { Flags, Session } from './session.ts'
import { EXIT, type ExitCode } from './terminal.ts'

const PREVIEW_MAX = 1_000
const PAGE_MAX = 1_000
const LEDGER_LINES = 20

export async function listSchedules(session: Session, _given: readonly string[], flags: Flags): Promise<undefined> {
  const limit = integerArgument(String(flags.limit), '--limit', 1, PAGE_MAX)
  const query = { limit: String(limit), cursor: textFlag(flags.cursor) }
  const page = await session.client.call<WireScheduleList>('schedules.list', {}, undefined, { query })
  session.show(
    page,
    ({ schedules, next }) => `${schedulesTable(schedules, session.look)}${next ? `\n\nmore: mainspring schedule ls --cursor ${next}` : ''}`,
  )
  return undefined
}

export async function showSchedule(session: Session, [name = '']: readonly string[]): Promise<undefined> {
  session.show(await scheduleOf(session, name), schedule => schedulePage(schedule, session.look))
  return undefined
}

export async function pauseSchedule(session: Session, [name = '']: readonly string[], flags: Flags): Promise<undefined> {
  const [note, duration, untilText] = [textFlag(flags.note), textFlag(flags.for), textFlag(flags.until)]
  const zone = untilText === undefined ? 'UTC' : knownZone((await scheduleOf(session, name)).timezone)
  const until = untilText === undefined ? undefined : instantFlag(untilText, '--until', zone, 'first')
  const body: WireSchedulePause = {
    ...(note !== undefined && { note }),
    ...(duration !== undefined && { for: duration }),
    ...(until !== undefined && { until: isoText(until) }),
  }
  await command(session, 'schedules.pause', name, body)
  const end = until !== undefined ? ` until ${zonedText(until, zone)} (${zone})` : duration !== undefined ? ` for ${duration}` : ''
  session.show({ schedule: name, paused: true }, () => `schedule "${name}" is paused${end}. Undo: mainspring schedule resume ${name}`)
  return undefined
}

export async function watermarkOfSchedule(session: Session, [name = '', json]: readonly string[]): Promise<undefined> {
  if (json === undefined) {
    session.show((await scheduleOf(session, name)).watermark, mark => (mark === null ? 'none' : watermarkText(mark, session.look.now)))
    return undefined
  }
  const value = jsonArgument(json, '[json]')
  await command(session, 'schedules.setWatermark', name, { value })
  session.show({ schedule: name, watermark: value }, () => `schedule "${name}" goes on from ${JSON.stringify(value)}.`)
  return undefined
}

export async function resumeSchedule(session: Session, [name = '']: readonly string[]): Promise<undefined> {
  await command(session, 'schedules.resume', name, {})
  session.show({ schedule: name, paused: false }, () => `schedule "${name}" goes on.`)
  return undefined
}

export async function removeSchedule(session: Session, [name = '']: readonly string[]): Promise<undefined> {
  await command(session, 'schedules.remove', name)
  session.show({ schedule: name, removed: true }, () => `schedule "${name}" is removed; its runs go on.`)
  return undefined
}

export async function triggerSchedule(session: Session, [name = '']: readonly string[], flags: Flags): Promise<ExitCode> {
  const triggered = await command<WireTriggered>(session, 'schedules.trigger', name, {})
  const run = shortId(triggered.run)
  if (flags.follow) {
    session.showLine(triggered, `started ${run}`)
    return followRun(session, triggered.run)
  }
  session.show(triggered, () => `started ${run}\nsee it: mainspring show ${run}`)
  return EXIT.done
}

export async function backfillSchedule(session: Session, [name = '']: readonly string[], flags: Flags): Promise<undefined> {
  const cancelled = textFlag(flags.cancel)
  if (cancelled !== undefined) return cancelBackfill(session, name, cancelled)
  const zone = knownZone((await scheduleOf(session, name)).timezone)
  const from = instantFlag(needed(flags.from, '--from'), '--from', zone, 'first')
  const to = instantFlag(needed(flags.to, '--to'), '--to', zone, 'last')
  const maxActive = integerArgument(String(flags.maxActive), '--max-active', 1, 1_000)
  const body: WireBackfillAsk = { from: isoText(from), to: isoText(to), maxActive }
  const answer = await command<WireBackfilled>(session, 'schedules.backfill', name, body)
  session.show(answer, ({ backfill }) =>
    [
      `backfill ${shortId(backfill)} of "${name}" from ${zonedText(from, zone)} to ${zonedText(to, zone)} (${zone}), ${maxActive} at a time`,
      `see it: mainspring schedule show ${name}`,
    ].join('\n'),
  )
  return undefined
}

/** By its id or the end of one, as it is shown. */
async function cancelBackfill(session: Session, name: string, id: string): Promise<undefined> {
  const { backfills } = await scheduleOf(session, name)
  const backfill = backfills.find(known => known.id.endsWith(id))?.id ?? id
  await session.client.call('schedules.cancelBackfill', { name, backfill }, {}, { callKey: session.client.newId() })
  session.show({ schedule: name, backfill, cancelled: true }, () => `backfill ${shortId(backfill)} starts nothing further; its runs go on.`)
  return undefined
}

export async function showLedger(session: Session, [name = '']: readonly string[], flags: Flags): Promise<undefined> {
  const schedule = await scheduleOf(session, name)
  const zone = knownZone(schedule.timezone)
  const [from, to, accounts, cursor] = [textFlag(flags.from), textFlag(flags.to), listFlag(flags.account), textFlag(flags.cursor)]
  const last = textFlag(flags.last)
  const rows = last === undefined ? LEDGER_LINES : integerArgument(last, '--last', 1, PAGE_MAX)
  const withDue = schedule.nextAt !== null && from === undefined && to === undefined && accounts.length === 0 && cursor === undefined
  const query = {
    from: from === undefined ? undefined : isoText(instantFlag(from, '--from', zone, 'first')),
    to: to === undefined ? undefined : isoText(instantFlag(to, '--to', zone, 'last')),
    account: accounts,
    limit: String(Math.max(1, withDue ? rows - 1 : rows)),
    cursor,
  }
  const page = await session.client.call<WireLedger>('schedules.ledger', { name }, undefined, { query })
  const lines = withDue ? page.lines.slice(0, rows - 1) : page.lines
  const more = page.next !== null && last === undefined ? `\n\nolder: mainspring schedule ledger ${name} --cursor ${page.next}` : ''
  session.show(
    { timezone: zone, nextAt: schedule.nextAt, lines, next: page.next },
    () => `${ledgerTable(schedule, lines, withDue, session.look)}${more}`,
  )
  return undefined
}

export async function previewSchedule(session: Session, [name]: readonly string[], flags: Flags): Promise<undefined> {
  const timetable = timetableOf(flags)
  const isTried = Object.keys(timetable).some(field => field === 'cron' || field === 'every')
  if ((name === undefined) !== isTried)
    throw new Refusal({
      code: 'usage',
      title: 'A preview is of a schedule, or of --cron or --every.',
      hint: `For instance: mainspring schedule preview --cron '*/7 * * * *' --timezone Europe/Berlin`,
    })
  const count = integerArgument(String(flags.count), '--count', 1, PREVIEW_MAX)
  const zone = knownZone(name === undefined ? timetable.timezone : (await scheduleOf(session, name)).timezone)
  const fromText = textFlag(flags.from)
  const from = fromText === undefined ? undefined : isoText(instantFlag(fromText, '--from', zone, 'first'))
  const preview =
    name === undefined
      ? await tried(session, { schedule: timetable, count, ...(from !== undefined && { from }) })
      : await session.client.call<WirePreview>('schedules.preview', { name }, undefined, { query: { from, count: String(count) } })
  session.show(preview, () => previewText(preview, session.look))
  return undefined
}

function timetableOf(flags: Flags): WireTimetable {
  const crons = listFlag(flags.cron)
  const [every, timezone, dialect] = [textFlag(flags.every), textFlag(flags.timezone), textFlag(flags.dialect)]
  return {
    ...(crons.length > 0 && { cron: crons.length === 1 ? (crons[0] as string) : crons }),
    ...(every !== undefined && { every }),
    ...(timezone !== undefined && { timezone }),
    ...(dialect !== undefined && { dialect: dialect as NonNullable<WireTimetable['dialect']> }),
  }
}

/** What is wrong with the times is told at the flag that gave them. */
async function tried(session: Session, body: { schedule: WireTimetable; count: number; from?: string }): Promise<WirePreview> {
  try {
    return await session.client.call<WirePreview>('schedules.try', {}, body)
  } catch (error) {
    const [, flag] = error instanceof RequestRefused ? (/^\/schedule\/(cron|every|timezone|dialect)\b/.exec(error.at ?? '') ?? []) : []
    if (!(error instanceof RequestRefused) || flag === undefined) throw error
    const { offset } = (error.problem.data ?? {}) as { offset?: number }
    const place = `--${flag}${offset === undefined || error.code === 'schedule-never-fires' ? '' : `:1:${offset + 1}`}`
    throw new Refusal({ ...factsOf(error.problem), place })
  }
}

export async function explainSchedule(session: Session, name: string, at: string | null): Promise<undefined> {
  const query = at === null ? {} : { at: at.replace(' ', 'T') }
  const explanation = await session.client.call<WireScheduleExplanation>('schedules.explain', { name }, undefined, { query })
  const { timezone } = session.json ? { timezone: undefined } : await scheduleOf(session, name)
  session.show(explanation, () => scheduleExplanationText(explanation, timezone, session.look))
  return undefined
}

export async function showCalendar(session: Session, [name = '']: readonly string[], flags: Flags): Promise<undefined> {
  const count = integerArgument(String(flags.count), '--count', 1, PREVIEW_MAX)
  const text = await session.client.callText('schedules.calendar', { params: { name }, query: { count: String(count) } })
  session.terminal.out(text.trimEnd())
  return undefined
}

function scheduleOf(session: Session, name: string): Promise<WireSchedule> {
  return session.client.call<WireSchedule>('schedules.get', { name })
}

type CommandName = 'schedules.pause' | 'schedules.setWatermark' | 'schedules.resume' | 'schedules.remove' | 'schedules.trigger' | 'schedules.backfill'

function command<Answer>({ client }: Session, operation: CommandName, name: string, body?: unknown): Promise<Answer> {
  return client.call<Answer>(operation, { name }, body, { callKey: client.newId() })
}

export function needed(value: unknown, flag: string): string {
  if (typeof value === 'string') return value
  throw new Refusal({ code: 'usage', title: `A backfill needs ${flag}.`, hint: 'For instance: --from 2026-10-01 --to 2026-10-31' })
}

export function instantFlag(text: string, flag: string, zone: string, edge: 'first' | 'last'): number {
  const at = instantIn(text, zone, edge)
  if (at !== null) return at
  throw new Refusal({
    code: 'invalid-option',
    place: flag,
    title: `Found ${JSON.stringify(text)}, expected a time such as 2026-10-31, "2026-10-31 02:00" (${zone}) or 2026-10-31T02:00:00+01:00.`,
  })
}

export function isoText(at: number): string {
  return new Date(at).toISOString()
}
