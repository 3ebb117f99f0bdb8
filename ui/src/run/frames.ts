import type { RunDetail } from '../api/client.ts'

export type Failure = NonNullable<RunDetail['failure']>

export interface Frame {
  /** The function; null: a file's own lines. */
  name: string | null
  place: string
}

/** Frames that the reader did not write: Node.js, installed packages, the SDK. */
const NOT_THEIRS = /\bnode:|[\\/]node_modules[\\/]|[\\/](?:sdk[\\/]typescript|@mainspring[\\/]sdk)[\\/](?:src|dist)[\\/]|<anonymous>\)?$/

/** The frames of an error's stack: the reader's own, and all others. A stack of another language is shown as it came. */
export function framesOf(failure: Failure): { own: Frame[]; others: Frame[] } {
  const own: Frame[] = []
  const others: Frame[] = []
  const lines = (failure.stack ?? '').split('\n')
  const frames = lines.filter(line => /^\s*at /.test(line))
  if (frames.length === 0) {
    const head = `${failure.type}: ${failure.message}`
    const rest = (failure.stack ?? '').replace(head, '').trim()
    return { own: rest === '' ? [] : rest.split('\n').map(line => ({ name: null, place: line })), others }
  }
  for (const line of frames) {
    const [, name = null, place = ''] = /^\s*at (?:(?:async )?(.*?) \()?(.*?)\)?$/.exec(line) ?? []
    const frame = { name, place: place.replace(/^async /, '').replace(/^file:\/\//, '') }
    if (NOT_THEIRS.test(line)) others.push(frame)
    else own.push(frame)
  }
  return { own, others }
}

/** All of it, as one would paste it into a ticket. */
export function textOfFailure(failure: Failure): string {
  const head = failure.stack ?? `${failure.type}: ${failure.message}`
  const errors = (failure.errors ?? []).map((error, index) => `error ${index + 1}: ${textOfFailure(error)}`)
  return [head, ...errors, ...(failure.cause === undefined ? [] : [`caused by ${textOfFailure(failure.cause)}`])].join('\n')
}
