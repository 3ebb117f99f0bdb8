import type { Failure } from '../../core/run.ts'
import { SECRET_MASK } from '../schemas.ts'

/** Shorter ones are words that stand anywhere (Airflow's `min_length_masked_secret` is 5). */
const LENGTH_MIN = 5
/** A text of many lines, such as a key file, is also looked for line by line. */
const LINE_LENGTH_MIN = 16

/** Takes these values, and all texts in them, out of a text; null: there is nothing to take out. */
export function maskOf(secrets: readonly unknown[]): ((text: string) => string) | null {
  const texts = new Set<string>()
  const add = (text: string): void => {
    if (text.length < LENGTH_MIN) return
    texts.add(text).add(encodeURIComponent(text.toWellFormed())).add(JSON.stringify(text).slice(1, -1))
    if (text.includes('\n')) for (const line of text.split('\n')) if (line.length >= LINE_LENGTH_MIN) texts.add(line)
  }
  const walk = (value: unknown): void => {
    if (typeof value === 'string') add(value)
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk)
  }
  secrets.forEach(walk)
  if (texts.size === 0) return null
  const longestFirst = [...texts].sort((a, b) => b.length - a.length)
  const pattern = new RegExp(longestFirst.map(text => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g')
  return text => text.replace(pattern, SECRET_MASK)
}

/** In all texts of a JSON value. */
export function maskedJson(json: string, mask: (text: string) => string): string {
  if (mask(json) === json) return json
  return JSON.stringify(JSON.parse(json, (_, value) => (typeof value === 'string' ? mask(value) : value)))
}

export function maskedFailure(failure: Failure, mask: (text: string) => string): Failure {
  return JSON.parse(maskedJson(JSON.stringify(failure), mask)) as Failure
}
