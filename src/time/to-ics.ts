import type { Instant } from '../core/time.ts'
import type { Nominal, Timetable } from './nominal.ts'

export interface ToIcsOptions {
  /** The schedule's name: the events' title, and part of their UIDs. */
  name: string
  /** Exclusive. */
  from: Instant
  /** How many firing times, `ICS_EVENTS_MAX` at most. Default 100. */
  count?: number
  /** The last instant, inclusive. */
  until?: Instant
}

export const ICS_EVENTS_MAX = 10_000

/**
 * The firing times after `from` as an iCalendar text (RFC 5545): one VEVENT each, without a duration. The UID is made of name and time,
 * so that a calendar program that reads a newer export updates what it has. DTSTAMP, which must be there, is the event's own time: the same export is the same text.
 */
export function toIcs(timetable: Timetable, { name, from, count = 100, until = Number.POSITIVE_INFINITY }: ToIcsOptions): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Mainspring//Timetable//EN',
    'CALSCALE:GREGORIAN',
    `X-WR-CALNAME:${escapeText(name)}`,
    `X-WR-CALDESC:${escapeText(timetable.words())}`,
  ]
  let nominal = timetable.nextFiring(from)
  for (let index = 0; index < Math.min(count, ICS_EVENTS_MAX) && nominal !== null && nominal.at <= until; index++) {
    lines.push(...event(nominal, name))
    nominal = timetable.nextFiring(nominal.at)
  }
  lines.push('END:VCALENDAR')
  return lines.map(line => `${fold(line)}\r\n`).join('')
}

function event({ at, movedFrom }: Nominal, name: string): string[] {
  const moved = movedFrom === undefined ? [] : [`DESCRIPTION:${escapeText(`Moved to a business day, from ${new Date(movedFrom).toISOString()}.`)}`]
  return [
    'BEGIN:VEVENT',
    `UID:${at}-${hash(name)}@mainspring`,
    `DTSTAMP:${utc(at)}`,
    `DTSTART:${utc(at)}`,
    `SUMMARY:${escapeText(name)}`,
    ...moved,
    'TRANSP:TRANSPARENT',
    'END:VEVENT',
  ]
}

/** `20261225T010000Z`. The format knows no part of a second: it is cut off. */
function utc(at: Instant): string {
  return new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')
}

/** Section 3.3.11. Control characters are not allowed in it. */
function escapeText(text: string): string {
  return text
    .replace(/[\\;,]/g, char => `\\${char}`)
    .replace(/\r\n|\r|\n/g, '\\n')
    .replace(/\p{Cc}/gu, ' ')
}

const encoder = new TextEncoder()
const LINE_OCTETS_MAX = 75

/** Section 3.1: lines longer than 75 octets go on in the next, after a space. A character is not cut. */
function fold(line: string): string {
  if (line.length * 3 <= LINE_OCTETS_MAX) return line
  let folded = ''
  let octets = 0
  for (const char of line) {
    const size = encoder.encode(char).length
    if (octets + size > LINE_OCTETS_MAX) {
      folded += '\r\n '
      octets = 1
    }
    folded += char
    octets += size
  }
  return folded
}

/** FNV-1a, 32 bits: tells apart schedules that fire at the same time. */
function hash(text: string): string {
  let value = 0x811c9dc5
  for (const octet of encoder.encode(text)) value = Math.imul(value ^ octet, 0x01000193) >>> 0
  return value.toString(16).padStart(8, '0')
}
