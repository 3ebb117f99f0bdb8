import { styleText } from 'node:util'
import type { State, WireSetBy } from '@mainspring/sdk'
import { oneLine } from './table.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A length of time as people say it, two units at most: `40 ms`, `0.8 s`, `12 s`, `4m 12s`, `3h 05m`, `2d 4h`. */
export function spanText(ms: number): string {
  if (ms < 100) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 9_950) return `${(ms / SECOND).toFixed(1)} s`
  if (ms < 59_500) return `${Math.round(ms / SECOND)} s`
  const whole = Math.round(ms / SECOND) * SECOND
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m ${pad((whole % MINUTE) / SECOND)}s`
  if (whole < DAY) return `${Math.floor(whole / HOUR)}h ${pad(Math.floor((whole % HOUR) / MINUTE))}m`
  return `${Math.floor(whole / DAY)}d ${Math.floor((whole % DAY) / HOUR)}h`
}

/** A length of time as people write it, in the largest unit that leaves nothing over: `1m`, `90s`, `1500ms`, `7d`. */
export function windowText(ms: number): string {
  const [unit, size] = (
    [
      ['d', DAY],
      ['h', HOUR],
      ['m', MINUTE],
      ['s', SECOND],
    ] as const
  ).find(([, one]) => ms >= one && ms % one === 0) ?? ['ms', 1]
  return `${ms / size}${unit}`
}

/** How far an instant is from now: `4m 12s ago`, `in 5d 2h`. */
export function distanceText(at: string, now: number): string {
  const ms = now - Date.parse(at)
  return ms >= 0 ? `${spanText(ms)} ago` : `in ${spanText(-ms)}`
}

/** Whose word it is: `code`, or `operator ana, 4m 12s ago`. */
export function sourceText(set: WireSetBy | null, now: number): string {
  if (set === null) return 'code'
  return `operator${set.by === null ? '' : ` ${oneLine(set.by)}`}${set.since === null ? '' : `, ${distanceText(set.since, now)}`}`
}

/** An instant in the machine's own zone: the time of day if it is of today, else with its date. */
export function momentText(at: string, now: number): string {
  const moment = new Date(at)
  const today = new Date(now)
  const time = `${pad(moment.getHours())}:${pad(moment.getMinutes())}:${pad(moment.getSeconds())}`
  if (moment.toDateString() === today.toDateString()) return time
  return `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())} ${time}`
}

/** `512 kB`, `3.4 MB`: powers of 1,000, as file managers count. */
export function sizeText(bytes: number): string {
  const [unit, size] = bytes < 1e6 ? ['kB', 1e3] : bytes < 1e9 ? ['MB', 1e6] : ['GB', 1e9]
  const value = bytes / (size as number)
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

/** `1 job`, `3 jobs`. */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

/** What a worker serves: `1 job`, `2 jobs, 1 workflow`. */
export function workText(kinds: readonly ('job' | 'workflow' | 'dag')[]): string {
  const told = (['job', 'workflow', 'dag'] as const).flatMap(noun => {
    const count = kinds.filter(kind => kind === noun).length
    return count > 0 ? [countText(count, noun)] : []
  })
  return told.length > 0 ? told.join(', ') : countText(0, 'job')
}

type Format = Parameters<typeof styleText>[0]

/** Colours are for states alone: the same word has the same colour everywhere. */
const STATE_STYLES: Record<State, Format> = {
  scheduled: 'cyan',
  queued: 'blue',
  running: 'yellow',
  waiting: 'magenta',
  paused: 'gray',
  completed: 'green',
  failed: 'red',
  cancelled: 'gray',
  timed_out: 'red',
  terminated: 'red',
}

/** Paints text, or leaves it as it is where nobody would see the colour (a pipe, NO_COLOR). */
export interface Paint {
  state(state: State, text?: string): string
  dim(text: string): string
  bold(text: string): string
  bad(text: string): string
}

export const plainPaint: Paint = { state: (state, text = state) => text, dim: text => text, bold: text => text, bad: text => text }

export const colourPaint: Paint = {
  state: (state, text = state) => style(STATE_STYLES[state] ?? 'white', text),
  dim: text => style('dim', text),
  bold: text => style('bold', text),
  bad: text => style('red', text),
}

/** What a stream can show: colours on a terminal that wants them. */
export function paintFor(stream: NodeJS.WriteStream, environment: Readonly<Record<string, string | undefined>> = process.env): Paint {
  if (environment.NO_COLOR) return plainPaint
  return stream.isTTY || environment.FORCE_COLOR ? colourPaint : plainPaint
}

function style(format: Format, text: string): string {
  return styleText(format, text, { validateStream: false })
}

function pad(number: number): string {
  return String(number).padStart(2, '0')
}
