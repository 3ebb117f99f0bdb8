import type { Limit, LimitDetail } from '../api/work.ts'
import { countText } from '../format/number.ts'
import { counted, setDuration } from '../format/word.ts'

/** So many at once, or so many in any window. */
export interface Size {
  concurrency?: number
  rate?: number
  every?: number
}

export function maxOf({ concurrency, rate }: Size): number {
  return concurrency ?? rate ?? 0
}

/** `5 at once`, `200 in any 1m`. */
export function sizeText(size: Size): string {
  if (size.rate === undefined) return `${countText(size.concurrency ?? 0)} at once`
  return `${countText(size.rate)} in any ${setDuration(size.every ?? 0)}`
}

/** The flags of `mainspring limits set`. */
export function sizeFlags(size: Size): string[] {
  if (size.rate === undefined) return ['--concurrency', String(size.concurrency ?? 0)]
  return ['--rate', String(size.rate), '--every', `${size.every ?? 0}ms`]
}

export function onFlags(on: Limit['on']): string[] {
  if (on === 'pool') return ['--pool']
  if (on === 'namespace') return ['--namespace-wide']
  return 'queue' in on ? ['--queue', on.queue] : ['--definition', on.definition]
}

/** The operator's own: no code has a limit of this name. */
export function isOwn({ from, declared }: Pick<Limit, 'from' | 'declared'>): boolean {
  return from === 'operator' && declared === null
}

/** What another size would do now, in a sentence. Keys beyond those that are told (100) are not counted. */
export function effectOf({ used, waiting, per, byKey, rate }: Pick<LimitDetail, 'used' | 'waiting' | 'per' | 'byKey' | 'rate'>, next: Size): string {
  const max = maxOf(next)
  const isRate = next.rate !== undefined
  if (max === 0)
    return `Nothing of it starts any more. ${used > 0 && !isRate ? `The ${countText(used)} that hold it go on to their end.` : 'What runs goes on.'}`
  if (isRate !== (rate !== undefined)) return isRate ? 'It counts starts from now on, not what runs.' : 'It counts what runs from now on, not starts.'
  const keys = per === null ? [{ used, waiting }] : byKey
  const free = keys.reduce((sum, key) => sum + (key.waiting > 0 ? Math.max(0, max - key.used) : 0), 0)
  const over = keys.reduce((sum, key) => sum + Math.max(0, key.used - max), 0)
  const place = per === null ? '' : ` of the same ${per}`
  if (over > 0)
    return isRate
      ? `${counted(over, 'start')} more than that lie in the window: none${place} starts until they have left it.`
      : `${counted(over, 'slot')} more than that are held: nothing is stopped, and none${place} starts until they are free.`
  if (waiting === 0)
    return `Nothing waits for it. ${countText(max)} may ${isRate ? 'start in any window' : 'run at once'}${per === null ? '' : ` for each ${per}`}.`
  return free === 0 ? 'It stays full: what waits goes on waiting.' : `${countText(free)} more could start now.`
}
