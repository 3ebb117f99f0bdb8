import { Session } from 'node:inspector/promises'
import type { Attempt } from './attempt.ts'

/** How long after it was asked to stop a handler that still runs is reported. */
export const STUCK_AFTER_MS = 10_000

/** What the log says of a handler that goes on: where it was seen last, for nobody can tell what a pending promise waits for. */
export function sighting(attempt: Attempt, stuckMs: number): { message: string; fields: Record<string, unknown> } {
  const { lastCall, stopReason } = attempt
  const last =
    lastCall === null
      ? { lastCall: null }
      : { lastCall: lastCall.trace.message, lastCallAt: new Date(lastCall.at).toISOString(), stack: framesOf(lastCall.trace) }
  return { message: stuckMessage(stuckMs), fields: { asked: stopReason?.message ?? null, ...last } }
}

export function stuckMessage(stuckMs: number): string {
  return `still running ${stuckMs / 1_000} s after it was asked to stop`
}

/** The handler's own frames: those of the worker tell nothing. */
function framesOf(trace: Error): string {
  const lines = (trace.stack ?? '').split('\n').slice(1)
  const foreign = lines.filter(line => !line.includes(OWN))
  return (foreign.length > 0 ? foreign : lines).join('\n')
}
const OWN = new URL('.', import.meta.url).href

/**
 * What the main thread does at this moment, asked from another thread while it is in a busy loop: the inspector interrupts it for some milliseconds. null: it
 * cannot be told, since it waits inside of a native call.
 */
export async function stackOfMainThread(): Promise<string | null> {
  const session = new Session()
  try {
    session.connectToMainThread()
    const urls = new Map<string, string>()
    session.on('Debugger.scriptParsed', ({ params }) => void urls.set(params.scriptId, params.url))
    const paused = new Promise<Frame[]>(resolve => session.once('Debugger.paused', ({ params }) => resolve(params.callFrames as Frame[])))
    const late = new Promise<null>(resolve => setTimeout(resolve, PAUSE_MS, null))
    const asked = session.post('Debugger.enable').then(() => session.post('Debugger.pause'))
    asked.catch(() => {})
    const frames = await Promise.race([paused, late])
    if (frames === null) return null
    await session.post('Debugger.resume')
    return frames.map(frame => frameText(frame, urls.get(frame.location.scriptId) ?? '')).join('\n')
  } catch {
    return null
  } finally {
    session.disconnect()
  }
}

const PAUSE_MS = 2_000

interface Frame {
  functionName: string
  location: { scriptId: string; lineNumber: number; columnNumber?: number }
}

function frameText({ functionName, location }: Frame, url: string): string {
  const place = `${url}:${location.lineNumber + 1}:${(location.columnNumber ?? 0) + 1}`
  return functionName === '' ? `    at ${place}` : `    at ${functionName} (${place})`
}
