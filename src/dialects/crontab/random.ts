import { createHash } from 'node:crypto'
import { CrontabError, shown } from './error.ts'
import type { Word } from './lines.ts'

interface Bounds {
  name: string
  low: number
  high: number
  names?: readonly string[]
}
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** What `~` alone chooses from. Days of the month end with 28, so that the chosen one is in every month. */
const FIELDS: readonly Bounds[] = [
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day of the month', low: 1, high: 28 },
  { name: 'month', low: 1, high: 12, names: MONTHS },
  { name: 'day of the week', low: 0, high: 6, names: WEEKDAYS },
]

/**
 * `10~50` (cronie, OpenBSD) is any minute from 10 to 50, `~` any at all, `0~59/10` every 10 minutes from any of the first 10. cron throws its dice whenever it reads the
 * file; here the line itself is the dice, so that the same file means the same times.
 */
export function withoutRandom(words: readonly Word[], line: number, seed: string): string[] {
  return words.map(({ text, column }, index) => {
    const bounds = FIELDS[index] as Bounds
    if (!text.includes('~')) return text
    const parts = text.split(',').map((part, n) => chosen(part, bounds, dice(`${seed}\n${index}\n${n}`)))
    if (parts.includes(null))
      throw new CrontabError(
        { line, column },
        `${shown(text)} is no ${bounds.name}.`,
        `A random one is "~", "${bounds.low}~${bounds.high}" or, with steps, "${bounds.low}~${bounds.high}/2".`,
      )
    return parts.join(',')
  })
}

/** Null: it is not of this form. */
function chosen(part: string, bounds: Bounds, thrown: number): string | null {
  if (!part.includes('~')) return part
  const [, lowText, highText, stepText] = /^([^~/]*)~([^~/]*)(?:\/(\d{1,9}))?$/.exec(part) ?? []
  const low = numberOf(lowText, bounds, bounds.low)
  const high = numberOf(highText, bounds, bounds.high)
  const step = stepText === undefined ? null : Number(stepText)
  if (low === null || high === null || low > high || step === 0) return null
  if (step === null) return String(low + (thrown % (high - low + 1)))
  return `${low + (thrown % Math.min(step, high - low + 1))}-${high}/${step}`
}

function numberOf(text: string | undefined, { names, low }: Bounds, absent: number): number | null {
  if (text === '') return absent
  if (text !== undefined && /^\d{1,2}$/.test(text)) return Number(text)
  const index = names?.indexOf(text?.toLowerCase() ?? '') ?? -1
  return index < 0 ? null : index + low
}

function dice(seed: string): number {
  return createHash('sha256').update(seed).digest().readUInt32BE(0)
}
