import type { Static } from 'typebox'
import type { RunOptions } from '../core/options.ts'
import type { AdvanceCall, Entry } from '../engine/face.ts'
import { failureOf, optionsOf, payloadOf, watermarkOf } from './inputs.ts'
import { parseInstant } from './instants.ts'
import { chunkOf } from './streams.ts'
import type { Advance } from './workflow-schemas.ts'

type AdvanceBody = Static<typeof Advance>['advances'][number]
type EntryBody = AdvanceBody['entries'][number]

export function advanceOf(
  { run, task, attempt, delivery, call, upTo, yields, ahead = 0, entries }: AdvanceBody,
  payloads: readonly string[],
  index: number,
): AdvanceCall {
  const made = entries.map((entry, at) => entryOf(entry, payloads, index, at))
  return { run, task, attempt, delivery, call, upTo, yields, ahead, entries: made }
}

function entryOf(body: EntryBody, payloads: readonly string[], index: number, entry: number): Entry {
  const at = (member: string): string => `/advances/${index}/entries/${entry}/${member}`
  switch (body.is) {
    case 'patched':
      return body
    case 'completed': {
      const { is, n, name, attempt, output } = body
      return { is, n, name, attempt, output: givenOf(output, payloads) }
    }
    case 'failed':
      return { ...body, failure: failureOf(body.failure), retryMs: body.retryMs === undefined ? null : Math.round(body.retryMs) }
    case 'timer': {
      const { is, n, forMs, until } = body
      return {
        is,
        n,
        ...(forMs !== undefined && { forMs: Math.round(forMs) }),
        ...(until !== undefined && { until: parseInstant(until, at('until')) }),
      }
    }
    case 'wait': {
      const { is, n, signal, timeoutMs, taken, scoped } = body
      return {
        is,
        n,
        signal,
        ...(taken !== undefined && { taken }),
        ...(timeoutMs !== undefined && { timeoutMs: Math.round(timeoutMs) }),
        ...(scoped && { scoped }),
      }
    }
    case 'promise': {
      const { is, n, name, token, timeoutMs } = body
      return { is, n, name, token, ...(timeoutMs !== undefined && { timeoutMs: Math.round(timeoutMs) }) }
    }
    case 'child': {
      const { is, n, definition, input, options: { metadata, ...given } = {}, detached = false, parentClose } = body
      const options: RunOptions = optionsOf(given, at('options'))
      if (metadata !== undefined) options.metadata = payloadOf(metadata, payloads)
      return { is, n, definition, input: givenOf(input, payloads), options, detached, ...(parentClose !== undefined && { parentClose }) }
    }
    case 'answered': {
      const { is, update, output, failure } = body
      return { is, update, output: givenOf(output, payloads), ...(failure !== undefined && { failure: failureOf(failure) }) }
    }
    case 'shown': {
      const { is, shown, metadata } = body
      return {
        is,
        ...(shown !== undefined && { shown: payloadOf(shown, payloads) }),
        ...(metadata !== undefined && { metadata: payloadOf(metadata, payloads) }),
      }
    }
    case 'finished': {
      const { is, end } = body
      if (end.is === 'failed') return { is, end: { ...end, failure: failureOf(end.failure) } }
      if (end.is === 'cancelled') return { is, end }
      const mark = end.watermark === undefined ? {} : { watermark: watermarkOf(end.watermark, payloads, at('end/watermark')) }
      if (end.is === 'completed') return { is, end: { is: 'completed', output: givenOf(end.output, payloads), ...mark } }
      return { is, end: { is: 'continued', input: givenOf(end.input, payloads), ...mark } }
    }
    case 'write':
      return { ...body, chunk: chunkOf(body.chunk, payloads, at('chunk')) }
    case 'close':
    case 'dropped':
    case 'begun':
      return body
  }
}

function givenOf(number: unknown, payloads: readonly string[]): string | null {
  return number === undefined ? null : payloadOf(number, payloads)
}
