import type { Instant } from '../core/time.ts'
import { type Coverage, spansCoverage } from './coverage.ts'
import type { Cron } from './cron/cron.ts'
import { readList, readMoment, readObject, readText } from './fields.ts'
import { intervalText } from './interval.ts'
import { instantOfMoment, momentText } from './moments.ts'
import { type Reading, readCron, readInterval } from './read-sources.ts'
import type { BlackoutSpec } from './spec.ts'
import { TimetableError } from './timetable-error.ts'

export interface Blackout {
  /** The note, or "blackout 1" by its place. */
  readonly name: string
  readonly spec: BlackoutSpec
  readonly coverage: Coverage
  /** Where in the spec it stands. */
  readonly at: string
}

const BLACKOUTS_MAX = 1_000

export function readBlackouts(value: unknown, reading: Reading): Blackout[] {
  return readList(value, '/blackouts', 'Blackouts', BLACKOUTS_MAX).map((item, index) => {
    const { at } = item
    const fields = readObject(item.value, ['from', 'to', 'cron', 'for', 'note'], at, 'A blackout')
    const note = fields.note === undefined ? {} : { note: readText(fields.note, `${at}/note`, 'A note') }
    const name = note.note ?? `blackout ${index + 1}`
    const isCron = fields.cron !== undefined || fields.for !== undefined
    if (isCron === (fields.from !== undefined || fields.to !== undefined))
      throw new TimetableError({ at, found: Object.keys(fields), hint: 'A blackout has "from" and "to", or "cron" and "for".' })
    if (isCron) {
      const cron = readCron(fields.cron, `${at}/cron`, reading.cron)
      if (cron.everyMs !== null)
        throw new TimetableError({ at: `${at}/cron`, found: cron.expression, hint: '"@every" has no times of its own: write the fields.' })
      const length = readInterval(fields.for, `${at}/for`)
      if (length.months > 0)
        throw new TimetableError({ at: `${at}/for`, found: fields.for, hint: 'Months have no fixed length: write weeks or less.' })
      const text = typeof fields.cron === 'string' ? cron.expression : (fields.cron as Record<string, string>)
      return { name, at, spec: { cron: text, for: intervalText(length), ...note }, coverage: cronCoverage(cron, length.ms) }
    }
    const [from, to] = [readMoment(fields.from, `${at}/from`, 'The beginning'), readMoment(fields.to, `${at}/to`, 'The end')]
    const span = { from: instantOfMoment(from, reading.zone)!, until: instantOfMoment(to, reading.zone)! }
    if (span.from >= span.until) throw new TimetableError({ at: `${at}/to`, found: fields.to, hint: 'The end comes after the beginning.' })
    return { name, at, spec: { from: momentText(from), to: momentText(to), ...note }, coverage: spansCoverage([span]) }
  })
}

/** From each time of a cron expression on, for so long. The last time that was asked about is kept with the next: most questions fall between them. */
function cronCoverage(cron: Cron, lengthMs: number): Coverage {
  let last = Number.POSITIVE_INFINITY
  let next = Number.NEGATIVE_INFINITY
  const seek = (at: Instant): void => {
    if (at >= last && at < next) return
    last = cron.previous(at + 1) ?? Number.NEGATIVE_INFINITY
    next = cron.next(at) ?? Number.POSITIVE_INFINITY
  }
  const covers = (at: Instant): boolean => {
    seek(at)
    return at < last + lengthMs
  }
  return {
    covers,
    end: at => {
      seek(at)
      return last + lengthMs
    },
    nextStart: at => (covers(at) ? at : next === Number.POSITIVE_INFINITY ? null : next),
  }
}
