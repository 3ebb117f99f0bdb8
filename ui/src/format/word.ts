import { countText } from './number.ts'
import { durationText } from './time.ts'

/** `1 run`, `12 runs`. */
export function counted(count: number, noun: string, many = `${noun}s`): string {
  return `${countText(count)} ${count === 1 ? noun : many}`
}

/** A version as people say it: those made of a hash by their beginning. */
export function versionText(version: string): string {
  return /^[0-9a-f]{32,}$/.test(version) ? version.slice(0, 8) : version
}

/** A duration that somebody has set, which does not tick: `20 s`, not `20.0 s`. */
export function setDuration(ms: number): string {
  return durationText(ms).replace('.0 s', ' s')
}

/** What a run was told of another, after its name. */
export function hookEventText(event: string | undefined): string {
  if (event === 'parked') return 'is parked'
  if (event === 'retrying') return 'is tried again'
  return event === 'deadline' ? 'has missed a deadline' : String(event)
}
