import type { WireRef } from './wire.ts'

/** Part of the table of wire.ts. */
export const STREAM_OPERATIONS = {
  'runs.streams': ['GET', '/v1/namespaces/{namespace}/runs/{run}/streams'],
  'runs.chunks': ['GET', '/v1/namespaces/{namespace}/runs/{run}/streams/{name}'],
  'tasks.stream': ['POST', '/v1/namespaces/{namespace}/tasks/stream'],
} as const satisfies Record<string, readonly ['GET' | 'POST', string]>

export interface WireStreams {
  streams: { name: string; chunks: number; bytes: number; closed: boolean }[]
}

/** GET runs/{run}/streams/{name}?after=: what lies behind that chunk. `next`: there is more, behind this one. `closed`: nothing follows the last page. */
export interface WireChunks {
  chunks: WireChunk[]
  next: number | null
  closed: boolean
}
/** `step`: which step wrote it; null: the code of the run. `restarted`: what the same step has written before is void. */
export interface WireChunk {
  n: number
  at: string
  step: string | null
  attempt: number
  restarted?: true
  value: unknown
}
/** GET runs/{run}/streams/{name}/events: data of the events. */
export type WireStreamEvent = ({ is: 'chunk' } & WireChunk) | { is: 'end' } | { is: 'lagged' }

/** POST tasks/stream: a repeat adds nothing. */
export interface WireStreamWrites {
  worker: string
  writes: WireStreamWrite[]
}
/** `writer`: a name of this attempt alone; `from`: so many chunks it has written to this stream before. */
export interface WireStreamWrite extends WireRef {
  stream: string
  step?: WireStreamStep
  writer: string
  from: number
  chunks: unknown[]
}
/** `key`: which step of the run's code it is, the same in each attempt and replay. */
export interface WireStreamStep {
  key: string
  name: string
  attempt: number
}
export interface WireStreamWritten {
  writes: WireStreamAnswer[]
}
export type WireStreamAnswer = 'kept' | 'full' | 'closed' | 'lost'
