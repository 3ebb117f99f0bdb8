import type { Span } from '../coverage.ts'
import type { Day } from '../dates.ts'
import type { Zone } from '../zone.ts'
import { eventsIn } from './components.ts'
import { IcsError } from './error.ts'
import { type IcsEvent, readEvent } from './event.ts'
import { lastDayOf, occurrences } from './occurrences.ts'
import type { IcsTime } from './values.ts'

/** A text of 2 million characters is a mistake: all holidays of all German states for 30 years are 1 MB. */
export const ICS_LENGTH_MAX = 2_000_000
/** Each is expanded year by year; real files have a few dozen. */
const RECURRING_MAX = 500

/** The events of an iCalendar text, read in a zone. */
export interface IcsCalendar {
  /** How many events it has, without cancelled ones. */
  readonly size: number
  /** The last day that it has anything to say about, or infinity if an event comes again for ever. */
  readonly lastDay: Day
  /** All spans that touch a calendar year, in any order; they may overlap. */
  spansIn(year: number): Span[]
}

/** @throws IcsError with the line at fault. */
export function readIcs(text: string, reader: Zone): IcsCalendar {
  if (text.length > ICS_LENGTH_MAX) throw new IcsError(1, text.slice(0, 40), `A calendar has ${ICS_LENGTH_MAX} characters at most.`)
  const read = eventsIn(text).map(readEvent)
  const recurring = read.filter(event => event.rules.length > 0)
  if (recurring.length > RECURRING_MAX)
    throw new IcsError(recurring[RECURRING_MAX]!.line, 'RRULE', `A calendar has ${RECURRING_MAX} recurring events at most.`)
  const events = withReplaced(read).filter(event => !event.cancelled)
  const expansions = events.map(event => occurrences(event, reader))
  return {
    size: events.length,
    lastDay: Math.max(Number.NEGATIVE_INFINITY, ...events.map(lastDayOf)),
    spansIn: year => expansions.flatMap(expand => expand(year)),
  }
}

/** An event with RECURRENCE-ID stands in for one occurrence of the event of its UID (section 3.8.4.4), or removes it if it is cancelled. */
function withReplaced(events: readonly IcsEvent[]): IcsEvent[] {
  const replaced = new Map<string, IcsTime[]>()
  for (const { uid, replaces } of events) {
    if (replaces === null || uid === '') continue
    const times = replaced.get(uid)
    if (times) times.push(replaces)
    else replaced.set(uid, [replaces])
  }
  return events.map(event => {
    const times = event.replaces ? undefined : replaced.get(event.uid)
    if (times === undefined) return event
    replaced.delete(event.uid) // A UID is one event's.
    return { ...event, exceptions: [...event.exceptions, ...times] }
  })
}
