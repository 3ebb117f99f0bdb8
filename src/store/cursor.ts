import { UserError } from '../core/errors.ts'

/** Where a page ended: the sort key of its last row. As text it is safe in a URL, and the same for every store. */
export interface Place {
  at: number
  id: string
}

/** Before every row, and after every row. */
export const FIRST: Place = { at: Number.NEGATIVE_INFINITY, id: '' }
export const LAST: Place = { at: Number.POSITIVE_INFINITY, id: '' }

export function cursorOf(place: Place): string {
  return `${place.at}_${place.id}`
}

/** @throws UserError `invalid-input`: cursors come back from people and programs. */
export function placeOf(cursor: string): Place {
  const end = cursor.indexOf('_')
  const at = end > 0 ? Number(cursor.slice(0, end)) : Number.NaN
  if (!Number.isFinite(at)) throw invalidCursor(cursor)
  return { at, id: cursor.slice(end + 1) }
}

/** From where a list goes down: a cursor, or a time (exclusive), whichever is further down. @throws UserError `invalid-input` */
export function depthFrom(after: string | null, createdBefore = Number.POSITIVE_INFINITY): Place {
  const from = after === null ? LAST : placeOf(after)
  return createdBefore <= from.at ? { at: createdBefore, id: '' } : from
}

/** Where a page of log lines ended: (at, delivery, n). */
export interface LogPlace {
  at: number
  delivery: string
  n: number
}

export function logCursorOf(place: LogPlace): string {
  return `${place.at}_${place.n}_${place.delivery}`
}

/** @throws UserError `invalid-input` */
export function logPlaceOf(cursor: string): LogPlace {
  const { at, id } = placeOf(cursor)
  const { at: n, id: delivery } = placeOf(id)
  return { at, delivery, n }
}

/** Where a page of a run's streams ended: (stream, last). */
export function streamCursorOf({ stream, last }: { stream: string; last: number }): string {
  return cursorOf({ at: last, id: stream })
}

/** Where a page of a stream begins (exclusive), or that of all streams of a run (null), and the last stream that it tells of. */
export function streamPlaceOf(stream: string | null, after: string | null): { stream: string; last: number; until: string } {
  const until = stream ?? LAST_STREAM
  if (after === null) return { stream: stream ?? '', last: -1, until }
  const { at: last, id } = placeOf(after)
  return { stream: id, last, until }
}
/** Behind every name. */
const LAST_STREAM = '\u{10FFFF}'

/** Where a page of a ledger ended: the number of its last line. @throws UserError `invalid-input` */
export function numberOf(cursor: string): number {
  const number = Number(cursor)
  if (!Number.isSafeInteger(number) || cursor === '') throw invalidCursor(cursor)
  return number
}

/** Where a page of all namespaces' schedules ended. It never leaves the engine. */
export function scheduleCursorOf(namespace: string, name: string): string {
  return JSON.stringify([namespace, name])
}

export function scheduleCursor(cursor: string | null): { namespace: string; name: string } {
  const [namespace, name] = cursor === null ? ['', ''] : (JSON.parse(cursor) as [string, string])
  return { namespace, name }
}

/** A page of the rows that were read: one more than the limit tells whether there is a next page. */
export function pageOf<T>(rows: T[], limit: number, cursor: (row: T) => string): { rows: T[]; next: string | null } {
  if (rows.length <= limit) return { rows, next: null }
  rows.length = limit
  return { rows, next: limit > 0 ? cursor(rows[limit - 1] as T) : null }
}

function invalidCursor(cursor: string): UserError {
  return new UserError('invalid-input', {
    title: 'This is not a cursor.',
    found: cursor,
    hint: 'A cursor is what the page before answered as its next.',
  })
}
