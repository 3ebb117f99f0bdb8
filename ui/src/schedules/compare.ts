import type { PreviewTime } from './queries.ts'

export interface ComparedTime {
  time: PreviewTime
  /** gained: it fires only after the change. lost: only before. same: both. held: it would be, but a calendar or a blackout has it. */
  is: 'gained' | 'lost' | 'same' | 'held'
}

export interface Comparison {
  /** Both are known up to here. */
  until: number
  gained: number
  lost: number
  same: number
  times: readonly ComparedTime[]
}

/** What changes of the times to come. `limit`: how many were asked for; a list of so many goes on behind its end. */
export function compareTimes(before: readonly PreviewTime[], after: readonly PreviewTime[], horizon: number, limit: number): Comparison {
  const end = (times: readonly PreviewTime[]): number => (times.length < limit ? horizon : Date.parse(times.at(-1)?.at ?? ''))
  const until = Math.min(horizon, end(before), end(after))
  const within = (times: readonly PreviewTime[]): readonly PreviewTime[] => times.filter(({ at }) => Date.parse(at) <= until)
  const firesBefore = new Set(within(before).flatMap(({ at, held }) => (held === null ? [at] : [])))
  const firesAfter = new Set(within(after).flatMap(({ at, held }) => (held === null ? [at] : [])))
  const times: ComparedTime[] = within(after).map(time => ({
    time,
    is: time.held !== null ? (firesBefore.has(time.at) ? 'lost' : 'held') : firesBefore.has(time.at) ? 'same' : 'gained',
  }))
  for (const time of within(before)) if (time.held === null && !after.some(({ at }) => at === time.at)) times.push({ time, is: 'lost' })
  times.sort((one, other) => (one.time.at < other.time.at ? -1 : 1))
  const count = (is: ComparedTime['is']): number => times.filter(time => time.is === is).length
  return { until, gained: [...firesAfter].filter(at => !firesBefore.has(at)).length, lost: count('lost'), same: count('same'), times }
}
