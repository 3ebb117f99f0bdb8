import { DAY_MS } from '../dates.ts'
import { dateFrom } from '../moments.ts'
import { type Local, type Zone, zoneOf } from '../zone.ts'
import { IcsError } from './error.ts'
import type { ContentLine } from './lines.ts'
import { ianaOfWindows } from './windows-zones.ts'

/** A DATE or a DATE-TIME (RFC 5545, sections 3.3.4 and 3.3.5). */
export interface IcsTime {
  readonly local: Local
  /** A day without a time. */
  readonly isDate: boolean
  /** Of a DATE-TIME: UTC or the zone of its TZID; null: floating, in the zone of whoever reads it. */
  readonly zone: Zone | null
}

const TIME = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?$/i

export function parseTime(text: string, zone: Zone | null, line: number): IcsTime {
  const match = TIME.exec(text.trim())
  if (!match) throw new IcsError(line, text, 'A date is written 20261225, a time 20261225T180000 or 20261225T170000Z.')
  const day = dateFrom(match[1]!, match[2]!, match[3]!)
  if (typeof day === 'string') throw new IcsError(line, text, day)
  if (match[4] === undefined) return { local: day * DAY_MS, isDate: true, zone: null }
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6])]
  if (hour > 23 || minute > 59 || second > 60) throw new IcsError(line, text, 'A day has the times from 000000 to 235959.')
  // Second 60 is allowed by the grammar, and to be read as 59 where leap seconds are not known.
  const local = day * DAY_MS + hour * 3_600_000 + minute * 60_000 + Math.min(second, 59) * 1_000
  return { local, isDate: false, zone: match[7] === undefined ? zone : zoneOf('UTC') }
}

/** The zone that a line's TZID names, or null without one. */
export function zoneIn({ params, line }: ContentLine): Zone | null {
  const written = params.TZID
  if (written === undefined) return null
  const windows = ianaOfWindows(written)
  if (windows !== null) return zoneOf(windows)
  // Some programs write a path before the name: /freeassociation.sourceforge.net/Europe/Berlin.
  const parts = written.split('/')
  const names = written.startsWith('/') ? [parts.slice(-3).join('/'), parts.slice(-2).join('/')] : [written]
  for (const name of names) {
    try {
      return zoneOf(name)
    } catch {
      // The next spelling.
    }
  }
  throw new IcsError(line, written, `The time zone "${written.slice(0, 60)}" is not known; write an IANA name such as "Europe/Berlin".`)
}

const DURATION = /^([+-]?)P(?:(\d{1,6})W|(?:(\d{1,6})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?)$/i

/** A DURATION (section 3.3.6) in ms. */
export function parseDuration(text: string, line: number): number {
  const match = DURATION.exec(text.trim())
  if (!match || /[PT]$/i.test(text.trim())) throw new IcsError(line, text, 'A duration is written P1D, PT2H30M or P2W.')
  if (match[1] === '-') throw new IcsError(line, text, 'An event does not last less than nothing.')
  const [weeks, days, hours, minutes, seconds] = match.slice(2).map(part => Number(part ?? 0))
  return (weeks! * 7 + days!) * DAY_MS + hours! * 3_600_000 + minutes! * 60_000 + seconds! * 1_000
}

/** A TEXT (section 3.3.11) without its escapes. */
export function parseText(text: string): string {
  return text.replace(/\\([\\;,nN])/g, (_, char: string) => (char === 'n' || char === 'N' ? '\n' : char))
}
