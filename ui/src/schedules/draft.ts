import type { Schedule } from '../api/client.ts'

/** A schedule as a person writes it: as PUT takes it, durations as text, defaults left out. */
export type Fields = Readonly<Record<string, unknown>>
/** What would be different: a field's new value, or null where it is taken away. */
export type Draft = Readonly<Record<string, unknown>>

export const TIMETABLE_FIELDS = [
  'cron',
  'every',
  'at',
  'solar',
  'timezone',
  'dialect',
  'days',
  'gap',
  'fold',
  'start',
  'end',
  'calendars',
  'only',
  'except',
  'holidays',
  'weekend',
  'move',
  'blackouts',
] as const
export const FIELDS = ['description', ...TIMETABLE_FIELDS, 'target', 'input', 'options', 'overlap', 'catchup', 'jitter'] as const
export type Field = (typeof FIELDS)[number]

const CATCHUP_MS_DEFAULT = 7 * 86_400_000

export function writtenOf(schedule: Schedule): Fields {
  const fields: Record<string, unknown> = {}
  for (const field of FIELDS) {
    const value = schedule[field]
    if (value !== undefined && value !== null) fields[field] = value
  }
  const { overlap, catchup, jitter } = schedule
  if (overlap === 'skip') delete fields.overlap
  const written = writtenCatchup(catchup)
  if (written === undefined) delete fields.catchup
  else fields.catchup = written
  if (jitter === 0) delete fields.jitter
  else fields.jitter = writtenDuration(jitter)
  return fields
}

function writtenCatchup({ policy, window }: Schedule['catchup']): unknown {
  if (policy === 'none') return 'none'
  if (policy === 'all') return window === null ? 'all' : writtenDuration(window)
  if (window === CATCHUP_MS_DEFAULT) return undefined
  return { policy, window: window === null ? null : writtenDuration(window) }
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const

/** Exactly, as the API takes it: `1h30m`. */
export function writtenDuration(ms: number): string {
  let rest = ms
  let text = ''
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text === '' ? '0s' : text
}

export function withDraft(base: Fields, draft: Draft): Fields {
  const fields: Record<string, unknown> = { ...base }
  for (const [field, value] of Object.entries(draft)) {
    if (value === null) delete fields[field]
    else fields[field] = value
  }
  return fields
}

/** The draft that makes one the other. */
export function draftOf(base: Fields, next: Fields): Draft {
  const draft: Record<string, unknown> = {}
  for (const field of new Set([...Object.keys(base), ...Object.keys(next)])) {
    if (same(base[field], next[field])) continue
    draft[field] = next[field] ?? null
  }
  return draft
}

/** With a field set; empty text, and null, take it away. What is as it was is no change. */
export function edited(base: Fields, draft: Draft, change: Draft): Draft {
  const cleaned = Object.fromEntries(Object.entries(change).map(([field, value]) => [field, value === '' || value === undefined ? null : value]))
  return draftOf(base, withDraft(withDraft(base, draft), cleaned))
}

export interface Change {
  field: string
  from: string
  to: string
}

export function changesOf(base: Fields, draft: Draft): Change[] {
  return Object.entries(draft).map(([field, value]) => ({ field, from: shownValue(base[field]), to: shownValue(value) }))
}

export function shownValue(value: unknown): string {
  if (value === undefined || value === null) return 'default'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export function timetableOf(fields: Fields): Fields {
  return Object.fromEntries(TIMETABLE_FIELDS.flatMap(field => (fields[field] === undefined ? [] : [[field, fields[field]]])))
}

/** From the address, where anybody may write anything. */
export function readDraft(text: string | undefined): Draft {
  if (text === undefined) return {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
    return Object.fromEntries(Object.entries(value).filter(([field]) => (FIELDS as readonly string[]).includes(field)))
  } catch {
    return {}
  }
}

/** Equal whatever the order of their members. */
export function same(one: unknown, other: unknown): boolean {
  return text(one) === text(other)
}
function text(value: unknown): string {
  return JSON.stringify(value ?? null, (_, member) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}

/** One a line, as a field of several takes it; one alone is no list. */
export function linesOf(value: unknown): string {
  return [value ?? []]
    .flat()
    .map(item => (typeof item === 'string' ? item : JSON.stringify(item)))
    .join('\n')
}
export function fromLines(typed: string): unknown {
  const lines = typed.split('\n').filter(line => line.trim() !== '')
  return lines.length === 0 ? null : lines.length === 1 ? lines[0] : lines
}
