import type { Pause, PauseTarget, Reason } from './face.ts'

export function pauseReason({ scope, name, by, note, since }: PauseTarget & Pause): Reason {
  const what = scope === 'namespace' ? 'the namespace' : `${scope} "${name}"`
  const resume = scope === 'namespace' ? 'mainspring namespace resume' : `mainspring ${scope} resume ${name}`
  const who = `${by === null ? '' : ` by ${by}`}${note === null ? '' : `: "${note}"`}`
  return { code: 'paused', text: `${what} is paused since ${new Date(since).toISOString()}${who}`, by, since, command: resume }
}
