import type { State, WireLedgerEntry, WireLedgerLine, WirePreview, WireSchedule, WireScheduleExplanation, WireWarning } from '@mainspring/sdk'
import { shortId } from '../../core/ids.ts'
import { isClosed } from '../../core/run.ts'
import { watermarkText } from './assets.ts'
import { type Look, reasonLines, valueText } from './runs.ts'
import { oneLine, pairs, table } from './table.ts'
import { countText, distanceText, spanText } from './words.ts'
import { knownZone, stretchText, zonedDayText, zonedText } from './zones.ts'

/** `mainspring schedule ls`. */
export function schedulesTable(schedules: readonly WireSchedule[], { now }: Look): string {
  if (schedules.length === 0) return 'No schedules. Make some: mainspring apply -f schedules.yaml'
  return table(
    [
      { title: 'schedule', value: schedule => oneLine(schedule.name), widthMax: 40 },
      { title: 'when', value: schedule => oneLine(schedule.words), widthMax: 48 },
      { title: 'starts', value: schedule => oneLine(schedule.target), widthMax: 24 },
      { title: 'next', value: schedule => (schedule.nextAt ? `in ${farText(Date.parse(schedule.nextAt) - now)}` : '-'), right: true },
      { title: 'last', value: ({ last }) => (last ? `${last.account} ${distanceText(last.until, now)}` : '-') },
      { title: 'note', value: schedule => scheduleNote(schedule, now) },
    ],
    schedules,
  )
}

function scheduleNote(schedule: WireSchedule, now: number): string {
  const { paused, stuck, open, buffered, overridden, backfills } = schedule
  return [
    ...(stuck ? [stuckText(stuck, now)] : []),
    ...(paused ? [pausedText(schedule, now)] : []),
    ...(open.length > 0 ? [`${open.length} open`] : []),
    ...(buffered > 0 ? [`${buffered} buffered`] : []),
    ...(backfills.length > 0 ? [countText(backfills.length, 'backfill')] : []),
    ...(overridden.length > 0 ? [`overridden: ${overridden.join(' ')}`] : []),
  ].join(', ')
}

function stuckText({ on, why, since }: NonNullable<WireSchedule['stuck']>, now: number): string {
  return `stuck on "${oneLine(on)}" ${distanceText(since, now)}: ${oneLine(why)}`
}

function pausedText({ paused, timezone }: WireSchedule, now: number): string {
  if (!paused) return 'no'
  const zone = knownZone(timezone)
  const by = paused.by ? ` by ${oneLine(paused.by)}` : ''
  const until = paused.until ? ` until ${zonedText(Date.parse(paused.until), zone)}` : ''
  return `paused ${distanceText(paused.since, now)}${by}${until}${paused.note ? `: "${oneLine(paused.note)}"` : ''}`
}

/** `mainspring schedule show`. */
export function schedulePage(schedule: WireSchedule, { paint, now }: Look): string {
  const { overridden, open, buffered, backfills, last, paused, stuck } = schedule
  const zone = knownZone(schedule.timezone)
  const times = ['cron', 'every', 'at', 'solar', 'dialect', 'start', 'end', 'only', 'except', 'move', 'blackouts'] as const
  const entries: [string, string][] = [
    ...(schedule.description ? [['about', oneLine(schedule.description)] as [string, string]] : []),
    ['when', oneLine(schedule.words)],
    ...times.filter(field => schedule[field] !== undefined).map((field): [string, string] => [field, valueText(schedule[field])]),
    ['timezone', oneLine(schedule.timezone ?? 'UTC')],
    ['next', schedule.nextAt ? `${zonedDayText(Date.parse(schedule.nextAt), zone)} (${distanceText(schedule.nextAt, now)})` : 'none any more'],
    ['starts', oneLine(schedule.target)],
    ['input', valueText(schedule.input)],
    ...(schedule.options ? [['options', valueText(schedule.options)] as [string, string]] : []),
    ['overlap', schedule.overlap],
    ['catch-up', catchupText(schedule.catchup)],
    ...(schedule.jitter > 0 ? [['jitter', `up to ${durationText(schedule.jitter)}`] as [string, string]] : []),
    ['from', originText(schedule)],
  ]
  if (overridden.length > 0) entries.push(['overridden', overridden.join(', ')])
  if (stuck) entries.push(['stuck', stuckText(stuck, now).replace(/^stuck /, '')])
  if (paused) entries.push(['paused', pausedText(schedule, now).replace(/^paused /, '')])
  if (last) entries.push(['last', `${nominalText(last, zone)}: ${last.account}${last.run ? ` ${shortId(last.run)}` : ''}`])
  entries.push(['fired', countText(schedule.fired, 'time')])
  if (schedule.watermark) entries.push(['watermark', watermarkText(schedule.watermark, now)])
  if (open.length > 0) entries.push(['open', open.map(shortId).join(' ')])
  if (buffered > 0) entries.push(['buffered', countText(buffered, 'time')])
  for (const { id, from, to, through, started, active, maxActive } of backfills)
    entries.push([
      'backfill',
      `${shortId(id)} from ${zonedText(Date.parse(from), zone)} to ${zonedText(Date.parse(to), zone)}: ${started} started, through ${zonedText(Date.parse(through), zone)}, ${active.length} of ${maxActive} open`,
    ])
  return `${paint.bold(oneLine(schedule.name))}\n\n${pairs(entries, paint.dim)}`
}

function originText({ origin }: WireSchedule): string {
  if (origin.is === 'code') return `code: ${oneLine(origin.source)}`
  return origin.is === 'apply' ? 'a file that was applied' : 'a call'
}

function catchupText({ policy, window }: WireSchedule['catchup']): string {
  return policy === 'none' || window === null ? policy : `${policy} within ${durationText(window)}`
}

/** `6h`, `7d`, `1h 30m`: exact, and short. */
export function durationText(ms: number): string {
  const parts: string[] = []
  let rest = ms
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
    ['ms', 1],
  ] as const) {
    const count = Math.floor(rest / size)
    if (count > 0) parts.push(`${count}${unit}`)
    rest -= count * size
  }
  return parts.join(' ') || '0'
}

/** `mainspring schedule ledger`: what became of each time, latest first; on top, where it is asked for, the one that is due next. */
export function ledgerTable(schedule: WireSchedule, lines: readonly WireLedgerLine[], withDue: boolean, look: Look): string {
  const { now, paint } = look
  const zone = knownZone(schedule.timezone)
  const due = withDue && schedule.nextAt ? Date.parse(schedule.nextAt) : null
  const rows = [
    ...(due === null ? [] : [{ nominal: zonedText(due, zone), account: due > now ? `due in ${farText(due - now)}` : 'due', run: '', note: '' }]),
    ...lines.map(line => ({
      nominal: nominalText(line, zone),
      account: line.account as string,
      run: line.run ? shortId(line.run) : '-',
      note: lineNote(line, look),
    })),
  ]
  if (rows.length === 0) return 'Nothing is in the ledger for that.'
  return (
    table(
      [
        { title: `nominal (${zone})`, value: row => row.nominal },
        { title: 'account', value: row => row.account },
        { title: 'run', value: row => row.run },
        { title: 'note', value: row => row.note },
      ],
      rows,
    ).replace(/ +$/gm, '') + (schedule.paused ? `\n${paint.dim(`It is ${pausedText(schedule, now)}`)}` : '')
  )
}

function nominalText({ at, until, count }: WireLedgerEntry, zone: string): string {
  return count > 1 ? stretchText(Date.parse(at), Date.parse(until), zone) : zonedText(Date.parse(at), zone)
}

/** Lateness is worth a word where a person would notice it, or where nothing else is to be said. */
export function lineNote(line: WireLedgerLine, { paint, now }: Look): string {
  const { outcome, lateMs, why, note, count, source } = line
  const isBackfill = source === 'backfill'
  const text = isBackfill && line.text === note ? null : line.text
  const ran = outcome ? outcomeText(outcome, paint, now) : ''
  const late = lateMs === null ? '' : `${spanText(lateMs)} late`
  return [
    ...(source === 'trigger' ? ['by hand'] : isBackfill ? [`backfill${note ? ` ${shortId(note)}` : ''}`] : []),
    ...(count > 1 ? [countText(count, 'time')] : []),
    [ran, late].filter(part => part !== '').join(', '),
    text === null ? '' : `${oneLine(text)}${why === 'overlap' ? ' (skip)' : ''}`,
  ]
    .filter(part => part !== '')
    .join('; ')
}

function outcomeText({ state, startedAt, closedAt }: NonNullable<WireLedgerLine['outcome']>, paint: Look['paint'], now: number): string {
  if (startedAt === null) return paint.state(state as State)
  const took = spanText((closedAt ? Date.parse(closedAt) : now) - Date.parse(startedAt))
  return `${paint.state(state as State)} ${isClosed(state) ? 'in' : 'for'} ${took}`
}

/** How far a time is: in days where hours no longer matter. */
export function farText(ms: number): string {
  return ms >= 3 * 86_400_000 ? `${Math.floor(ms / 86_400_000)}d` : spanText(ms)
}

/** `mainspring schedule preview`: the expression in words, its next times, and what surprises people. */
export function previewText({ words, timezone, times, warnings }: WirePreview, look: Look): string {
  const zone = knownZone(timezone)
  const rows = table(
    [
      { title: `time (${zone})`, value: time => zonedDayText(Date.parse(time.at), zone) },
      { title: 'in', value: time => farText(Date.parse(time.at) - look.now), right: true },
      { title: 'note', value: time => timeNote(time, zone) },
    ],
    times,
  )
  return [look.paint.bold(oneLine(words)), '', times.length === 0 ? 'It has no further time.' : rows, ...warnings.map(warningText)].join('\n')
}

function timeNote({ held, movedFrom }: WirePreview['times'][number], zone: string): string {
  return [
    ...(movedFrom ? [`moved from ${zonedDayText(Date.parse(movedFrom), zone)}`] : []),
    ...(held ? [`does not fire: ${held.is === 'excluded' ? 'excluded' : 'blacked out'} by ${oneLine(held.by)}`] : []),
  ].join('; ')
}

export function warningText({ code, message, hint }: WireWarning): string {
  return `\nwarning: ${oneLine(message)}${hint ? `\n         ${oneLine(hint)}` : ''}  [${code}]`
}

/** `mainspring schedule explain`. */
export function scheduleExplanationText(explanation: WireScheduleExplanation, timezone: string | undefined, look: Look): string {
  const zone = knownZone(timezone)
  const at = explanation.at === null ? '' : ` · ${zonedDayText(Date.parse(explanation.at), zone)} (${zone})`
  const reasons = explanation.reasons.flatMap((reason, index) => reasonLines(reason, index + 1, new Map(), look))
  const clear =
    explanation.clear.length > 0
      ? [`${reasons.length === 0 ? 'All is clear' : 'All else is clear'}: ${explanation.clear.map(oneLine).join(', ')}.`]
      : []
  return [`${look.paint.bold(oneLine(explanation.schedule))}${at}`, '', ...reasons, ...clear].join('\n')
}
