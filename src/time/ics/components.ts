import { IcsError } from './error.ts'
import { type ContentLine, contentLines } from './lines.ts'

/** A VEVENT as it stands in the text: its lines without those of what is nested in it, such as alarms. */
export interface EventLines {
  /** Of its BEGIN. */
  readonly line: number
  readonly lines: readonly ContentLine[]
}

/** A file of all holidays of all states for a century has some 10,000. */
const EVENTS_MAX = 10_000
const NESTING_MAX = 16

/** The VEVENTs of an iCalendar text. Time zones, tasks, journals and the like are passed over, but their ends must be there. */
export function eventsIn(text: string): EventLines[] {
  const events: EventLines[] = []
  const open: { name: string; line: number }[] = []
  let lines: ContentLine[] = []
  let calendars = 0
  for (const line of contentLines(text)) {
    const name = line.value.trim().toUpperCase()
    if (line.name === 'BEGIN') {
      if (open.length === 0 && name !== 'VCALENDAR') throw outside(line)
      if (open.length > 0 && name === 'VCALENDAR')
        throw new IcsError(line.line, line.value, `A VCALENDAR stands in another, which began on line ${open[0]!.line}.`)
      if (open.length >= NESTING_MAX) throw new IcsError(line.line, line.value, 'Components are nested too deeply.')
      open.push({ name, line: line.line })
      calendars += open.length === 1 ? 1 : 0
      if (open.length === 2) lines = []
    } else if (line.name === 'END') {
      const begun = open.pop()
      if (begun?.name !== name)
        throw new IcsError(
          line.line,
          line.value,
          begun ? `The ${begun.name} of line ${begun.line} has not ended.` : `No ${name.slice(0, 40)} has begun.`,
        )
      if (open.length === 1 && name === 'VEVENT') events.push({ line: begun.line, lines })
      if (events.length > EVENTS_MAX) throw new IcsError(line.line, line.value, `A calendar has ${EVENTS_MAX} events at most.`)
    } else if (open.length === 0) throw outside(line)
    else if (open.length === 2) lines.push(line)
  }
  const unended = open.at(-1)
  if (unended) throw new IcsError(unended.line, `BEGIN:${unended.name}`, `The ${unended.name} that begins here has no end: the text is cut off.`)
  if (calendars === 0) throw new IcsError(1, text.slice(0, 40), 'An iCalendar text begins with BEGIN:VCALENDAR; this one is empty.')
  return events
}

function outside({ line, name, value }: ContentLine): IcsError {
  return new IcsError(line, `${name}:${value}`, 'An iCalendar text begins with BEGIN:VCALENDAR; this is outside of it.')
}
