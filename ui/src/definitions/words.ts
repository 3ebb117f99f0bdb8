import type { DefinitionDetail } from '../api/work.ts'
import { countText } from '../format/number.ts'
import { setDuration } from '../format/word.ts'

export type Options = DefinitionDetail['options']
export type OptionName = keyof Options & string

/** Each option with its name for people, what it does, and its default; in the order in which one asks. */
export const OPTIONS: Readonly<Record<OptionName, readonly [label: string, says: string, byDefault: string]>> = {
  queue: ['Queue', 'where its runs wait', 'default'],
  priority: ['Priority', 'higher goes first in its queue, −100 to 100', '0'],
  retry: ['Retry', 'when a failed attempt is tried again', '10 attempts'],
  timeout: ['Timeouts', 'how long an attempt, all of it, or silence may last', 'none'],
  expires: ['Expires', 'given up when it has not begun by then', 'never'],
  exhausted: ['When attempts are used up', 'fail, or park until somebody decides', 'fail'],
  versioning: ['Versions', 'which of its code may go on with an open run: any that fits, or only the one that began it', 'auto'],
  limits: ['Limits', 'how many at once and how many in a window', 'none'],
  fair: ['Fair share', 'whose runs take turns', 'first come, first served'],
  sequence: ['Sequence', 'one at a time for each key, in order', 'none'],
  cost: ['Cost', 'slots or units that a run takes of its worker', '1 slot'],
  unique: ['Unique', 'what makes two starts the same', 'none'],
  batch: ['Gathers', 'inputs that are handed over together', 'one by one'],
  debounce: ['Debounce', 'starts soon after each other become one run', 'none'],
  throttle: ['Throttle', 'one start in each window makes a run', 'none'],
  onFailure: ['On failure', 'what is told of failed, parked and recovered runs', 'nothing'],
  notify: ['Notifies', 'who is told of what becomes of its runs', 'nobody'],
  outlets: ['Outlets', 'assets that a run makes when it completes', 'none'],
  labels: ['Labels', 'which workers may run it', 'any worker'],
  tags: ['Tags', 'put on each of its runs', 'none'],
  retention: ['Kept for', 'how long closed runs are kept', '7 days'],
}
export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[]

/** An option's value in words where there are short ones; else as JSON. */
export function optionText(name: OptionName, value: unknown): string {
  if (typeof value === 'string') return value
  if ((name === 'expires' || name === 'retention' || name === 'debounce') && typeof value === 'number') return setDuration(value)
  const written = WRITTEN[name]?.(value as never)
  return written ?? JSON.stringify(value)
}

const duration = (value: unknown): string => (typeof value === 'number' ? setDuration(value) : String(value))
const WRITTEN: Partial<Record<OptionName, (value: never) => string | undefined>> = {
  retry: ({ attempts, initial, factor, maximum, jitter }: NonNullable<Options['retry']>) =>
    [
      attempts === undefined ? '' : attempts === 1 ? 'never again' : `${countText(attempts)} attempts`,
      initial === undefined ? '' : `first again after ${duration(initial)}`,
      factor === undefined ? '' : `then ×${factor}`,
      maximum === undefined ? '' : `at most ${duration(maximum)}`,
      jitter === undefined ? '' : `spread by ${jitter}`,
    ]
      .filter(part => part !== '')
      .join(', '),
  timeout: (value: NonNullable<Options['timeout']>) =>
    Object.entries(value)
      .map(([what, ms]) => `${what === 'scheduleToStart' ? 'until it begins' : what} ${duration(ms)}`)
      .join(', '),
  limits: (value: NonNullable<Options['limits']>) => (value.length === 0 ? 'none' : value.map(limitText).join(' · ')),
  fair: (value: NonNullable<Options['fair']>) => `each ${typeof value === 'string' ? value : value.per} takes turns`,
  sequence: (value: NonNullable<Options['sequence']>) =>
    typeof value === 'string'
      ? `by ${value}`
      : `by ${value.per}, ${value.onFailure === 'skip' ? 'a failed one is left behind' : 'stops at a failed one'}`,
  batch: ({ size, within }: NonNullable<Options['batch']>) => `up to ${size} together, fewer after ${duration(within)}`,
  notify: (value: NonNullable<Options['notify']>) => value.map(notificationText).join(' · '),
  tags: pairs,
  labels: pairs,
}

function notificationText({ on, job, url, slack, email }: NonNullable<Options['notify']>[number]): string {
  return `${job ?? url ?? slack ?? email?.join(', ')} of ${on.join(', ')}`
}

function pairs(value: Record<string, string>): string {
  return Object.entries(value)
    .map(([name, text]) => `${name}:${text}`)
    .join(', ')
}

function limitText({ name, per, weight, concurrency, rate, every, pool }: NonNullable<Options['limits']>[number]): string {
  const size = pool !== undefined ? `of pool ${pool}` : rate !== undefined ? `${rate} in any ${duration(every)}` : `${concurrency} at once`
  const takes = weight === undefined || weight === 1 ? '' : `, takes ${weight}`
  return `${name === undefined ? '' : `${name}: `}${size}${per === undefined ? '' : ` for each ${per}`}${takes}`
}
