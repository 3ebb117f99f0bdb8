import type { EventLines } from './components.ts'
import { IcsError } from './error.ts'
import type { ContentLine } from './lines.ts'
import { parseRule, type Rule } from './rule.ts'
import { type IcsTime, parseDuration, parseText, parseTime, zoneIn } from './values.ts'

/** A VEVENT (RFC 5545, section 3.6.1): once or again and again, for whole days or for hours. */
export interface IcsEvent {
  readonly line: number
  readonly uid: string
  readonly summary: string
  readonly start: IcsTime
  /** DTEND, or DURATION in ms, or null: a day, or no time at all. */
  readonly end: IcsTime | number | null
  readonly rules: readonly Rule[]
  readonly dates: readonly { readonly start: IcsTime; readonly end: IcsTime | number | null }[]
  readonly exceptions: readonly IcsTime[]
  /** Takes the place of this occurrence of the event with the same UID. */
  readonly replaces: IcsTime | null
  readonly cancelled: boolean
}

export function readEvent({ line, lines }: EventLines): IcsEvent {
  const one = (name: string): ContentLine | undefined => {
    const [first, second] = lines.filter(each => each.name === name)
    if (second) throw new IcsError(second.line, second.value, `${name} stands twice in an event, first on line ${first!.line}.`)
    return first
  }
  const all = (name: string): ContentLine[] => lines.filter(each => each.name === name)
  const start = one('DTSTART')
  if (!start) throw new IcsError(line, 'BEGIN:VEVENT', 'The event that begins here has no DTSTART.')
  const end = one('DTEND')
  const duration = one('DURATION')
  if (end && duration) throw new IcsError(duration.line, duration.value, `An event has DTEND or DURATION, not both; DTEND is on line ${end.line}.`)
  const replaces = one('RECURRENCE-ID')
  if (replaces?.params.RANGE)
    throw new IcsError(replaces.line, replaces.value, 'RANGE is not read: write the events that follow as one of their own.')
  const [exrule] = all('EXRULE')
  if (exrule) throw new IcsError(exrule.line, exrule.value, 'EXRULE is not read (RFC 5545 has removed it): list the days as EXDATE.')
  const event: IcsEvent = {
    line,
    uid: one('UID')?.value.trim() ?? '',
    summary: parseText(one('SUMMARY')?.value ?? ''),
    start: timeOf(start),
    end: end ? timeOf(end) : duration ? parseDuration(duration.value, duration.line) : null,
    rules: all('RRULE').map(rule => parseRule(rule.value, rule.line)),
    dates: all('RDATE').flatMap(periodsOf),
    exceptions: all('EXDATE').flatMap(each => each.value.split(',').map(text => parseTime(text, zoneIn(each), each.line))),
    replaces: replaces ? timeOf(replaces) : null,
    cancelled: one('STATUS')?.value.trim().toUpperCase() === 'CANCELLED',
  }
  if (end && typeof event.end === 'object' && event.end?.isDate !== event.start.isDate)
    throw new IcsError(end.line, end.value, 'DTSTART and DTEND are both days, or both times.')
  return event
}

function timeOf(line: ContentLine): IcsTime {
  return parseTime(line.value, zoneIn(line), line.line)
}

/** RDATE lists days, times, or periods (`20260101T090000Z/PT1H`). */
function periodsOf(line: ContentLine): IcsEvent['dates'] {
  const zone = zoneIn(line)
  return line.value.split(',').map(text => {
    const [from, to] = text.split('/')
    const start = parseTime(from!, zone, line.line)
    if (to === undefined) return { start, end: null }
    return { start, end: /^[+-]?P/i.test(to.trim()) ? parseDuration(to, line.line) : parseTime(to, zone, line.line) }
  })
}
