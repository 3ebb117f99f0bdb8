import type { Cron } from './cron.ts'
import { list, ordinal, runs } from './names.ts'
import { daysInWords } from './words-days.ts'

/** More times of day than these are told by minute and hour. */
const TIMES_MAX = 6

/**
 * A schedule in English, precise rather than short: "at 02:00 on the last day of the month", "every 15 minutes from 09:00 to 17:45 from Monday to Friday".
 * Made from what the fields mean, not from how they are written: `0-59` reads as `*` does.
 */
export function wordsOf(cron: Cron): string {
  if (cron.everyMs !== null) return `every ${duration(cron.everyMs / 1_000)}, counted from the time before`
  const days = daysInWords(cron)
  const time = timeInWords(cron)
  // "at 02:00" alone might be once.
  return `${time}${days !== '' ? ` ${days}` : /^at \d/.test(time) ? ' every day' : ''}`
}

function timeInWords({ fields }: Cron): string {
  const seconds = fields.second.values
  const minutes = fields.minute.values
  const hours = fields.hour.values
  if (seconds.length === 1 && minutes.length * hours.length <= TIMES_MAX) {
    const tail = seconds[0] === 0 ? '' : `:${two(seconds[0]!)}`
    return `at ${list(hours.flatMap(hour => minutes.map(minute => `${two(hour)}:${two(minute)}${tail}`)))}`
  }
  const within = minutesInWords(minutes, hours)
  if (seconds.length === 1 && seconds[0] === 0) return within
  const every = evenStep(seconds, 60)
  const free = minutes.length === 60 ? hoursTail(hours, minutes) : null
  if (every !== null) return `every ${every === 1 ? 'second' : `${every} seconds`}${free ?? ` of ${minutesOnly(minutes, hours)}`}`
  return `at ${seconds.length > 1 ? 'seconds' : 'second'} ${runs(seconds, String)} of ${minutes.length === 60 ? `every minute${free}` : minutesOnly(minutes, hours)}`
}

/** "every 15 minutes from 09:00 to 17:45", "at :05 and :35 of every hour". */
function minutesInWords(minutes: readonly number[], hours: readonly number[]): string {
  const step = evenStep(minutes, 60)
  if (step === null || step > 30) return `at ${minutesOnly(minutes, hours).replace(/^the minutes? /, '')}`
  return `every ${step === 1 ? 'minute' : `${step} minutes`}${hoursTail(hours, minutes)}`
}

/** The minutes as a noun, for "every second of …": "the minutes 02:00 and 02:30", "the minute :05 of every hour". */
function minutesOnly(minutes: readonly number[], hours: readonly number[]): string {
  if (minutes.length * hours.length <= TIMES_MAX)
    return `the minute${minutes.length * hours.length > 1 ? 's' : ''} ${list(hours.flatMap(hour => minutes.map(minute => `${two(hour)}:${two(minute)}`)))}`
  const named = `the minute${minutes.length > 1 ? 's' : ''} ${runs(minutes, minute => `:${two(minute)}`)}`
  const step = evenStep(hours, 24)
  if (step !== null) return `${named} ${step === 1 ? 'of every hour' : `every ${step} hours from 00:00`}`
  return `${named} of ${consecutive(hours) ? `every hour from ${two(hours[0]!)} to ${two(hours.at(-1)!)}` : `the hours ${runs(hours, two)}`}`
}

/** What follows "every 15 minutes". */
function hoursTail(hours: readonly number[], minutes: readonly number[]): string {
  if (hours.length === 24) return ''
  if (consecutive(hours)) return ` from ${two(hours[0]!)}:${two(minutes[0]!)} to ${two(hours.at(-1)!)}:${two(minutes.at(-1)!)}`
  const step = evenStep(hours, 24)
  return step !== null ? ` in every ${ordinal(step)} hour from 00:00` : ` in the hours ${runs(hours, two)}`
}

/** The step of values that go evenly through the whole field from 0 on (0, 15, 30, 45), or null. */
function evenStep(values: readonly number[], size: number): number | null {
  const step = size / values.length
  return values.length > 1 && Number.isInteger(step) && values.every((value, index) => value === index * step) ? step : null
}

function consecutive(values: readonly number[]): boolean {
  return values.length > 0 && values.at(-1)! - values[0]! === values.length - 1
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function duration(seconds: number): string {
  const parts: [number, string][] = [
    [Math.floor(seconds / 3_600), 'hour'],
    [Math.floor(seconds / 60) % 60, 'minute'],
    [seconds % 60, 'second'],
  ]
  return list(parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`))
}
