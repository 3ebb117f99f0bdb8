import { spanMs } from '../api/run-filter.ts'

/** An instant in words, as milliseconds: `2h` and `last 2h` (ago), `now`, `today`, `yesterday`, `14:00` (the last one), a date, ISO 8601. Null: none of these. */
export function instantOf(words: string, now = Date.now()): number | null {
  const text = words.trim().toLowerCase()
  const span = spanMs(text.replace(/^last\s+/, '').replace(/\s+ago$/, ''))
  if (span !== null) return now - span
  if (text === 'now') return now
  if (text === 'today') return midnight(now)
  if (text === 'yesterday') return midnight(midnight(now) - 1)
  const [, hour, minute] = /^(\d{1,2}):(\d\d)$/.exec(text) ?? []
  if (hour !== undefined && Number(hour) < 24 && Number(minute) < 60) {
    const at = new Date(now).setHours(Number(hour), Number(minute), 0, 0)
    return at > now ? new Date(at).setDate(new Date(at).getDate() - 1) : at
  }
  // A date alone is the reader's day, not that of UTC, which is what JavaScript takes it for.
  const date = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : words.trim().replace(/^(\d{4}-\d\d-\d\d) /, '$1T')
  if (!/^\d{4}-/.test(date)) return null
  const at = Date.parse(date)
  return Number.isNaN(at) ? null : at
}

function midnight(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0)
}
