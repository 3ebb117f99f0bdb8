import { RESULTS_KEPT_PER_RUN_MAX, STREAM_BYTES_PER_RUN_MAX, STREAM_CHUNKS_PER_RUN_MAX, STREAM_WRITERS_MAX, STREAMS_PER_RUN_MAX } from './bounds.ts'
import type { Payload } from './run.ts'

/** What a run remembers of one of its streams: enough to append a chunk once, and to tell the attempts of a step apart. */
export interface StreamHead {
  /** Chunks so far: the number of the next one. */
  readonly chunks: number
  readonly bytes: number
  /** Its writer has ended it. */
  readonly closed?: true
  /** Whose attempt wrote last for each step, and how many chunks; the latest is the last. */
  readonly writers?: readonly (readonly [step: string, writer: string, written: number])[]
}
/** By their names. */
export type StreamHeads = Readonly<Record<string, StreamHead>>

/** What an attempt writes, the run's own or that of one of its steps. */
export interface StreamWrite {
  stream: string
  /** Of a step: which of the run's code it is, and its name for people. Null: the run's own code. */
  step: { key: string; name: string } | null
  attempt: number
  /** Of this attempt alone, at this step. Null: the code of a workflow, whose journal tells it once. */
  writer: string | null
  /** So many chunks it has written to this stream before. */
  from: number
  /** JSON texts without line breaks. */
  chunks: readonly Payload[]
}

/** `full`: over a bound of the run's streams. `closed`: the stream was ended. `lost`: what came before it is not there. */
export type StreamRefusal = 'full' | 'closed' | 'lost'

export interface Appended {
  heads: StreamHeads
  /** Numbers of the first of them, and whether what the step wrote before is void. Null: all of it was there already. */
  added: { last: number; chunks: readonly Payload[]; restarted: boolean } | null
}

/** Appends what is not there yet: a repeat changes nothing. */
export function appendTo(heads: StreamHeads, write: StreamWrite): Appended | StreamRefusal {
  const head = headOf(heads, write.stream)
  const known = head.writers?.find(([step]) => step === keyOf(write))
  const written = write.writer === null ? write.from : known?.[1] === write.writer ? known[2] : 0
  if (write.from > written) return 'lost'
  const chunks = write.chunks.slice(written - write.from)
  if (chunks.length === 0) return { heads, added: null }
  if (head.closed) return 'closed'
  const bytes = chunks.reduce((sum, chunk) => sum + bytesOf(chunk), 0)
  if (!hasRoom(heads, write.stream, chunks.length, bytes)) return 'full'
  const next: StreamHead = {
    ...head,
    chunks: head.chunks + chunks.length,
    bytes: head.bytes + bytes,
    ...writersOf(head, write, written + chunks.length),
  }
  const restarted = write.writer !== null && known !== undefined && known[1] !== write.writer
  return { heads: { ...heads, [write.stream]: next }, added: { last: next.chunks - 1, chunks, restarted } }
}

/** Ends a stream: nothing is written to it any more. Ending it again changes nothing. */
export function closeStream(heads: StreamHeads, stream: string): StreamHeads | 'full' {
  const head = headOf(heads, stream)
  if (head.closed) return heads
  return hasRoom(heads, stream, 0, 0) ? { ...heads, [stream]: { ...head, closed: true } } : 'full'
}

function headOf(heads: StreamHeads, stream: string): StreamHead {
  return Object.hasOwn(heads, stream) ? (heads[stream] as StreamHead) : { chunks: 0, bytes: 0 }
}

function hasRoom(heads: StreamHeads, stream: string, count: number, size: number): boolean {
  const [names, all] = [Object.keys(heads), Object.values(heads)]
  const alike = names.filter(name => isOwn(name) === isOwn(stream)).length
  if (!Object.hasOwn(heads, stream) && alike >= (isOwn(stream) ? RESULTS_KEPT_PER_RUN_MAX : STREAMS_PER_RUN_MAX)) return false
  const chunks = all.reduce((sum, head) => sum + head.chunks, count)
  const bytes = all.reduce((sum, head) => sum + head.bytes, size)
  return chunks <= STREAM_CHUNKS_PER_RUN_MAX && bytes <= STREAM_BYTES_PER_RUN_MAX
}

/** A name of the engine's own: artifacts, and results that are too large for a history. */
export function isOwn(stream: string): boolean {
  return stream.startsWith(':')
}

/** Whoever has not written for longest is forgotten first: what it writes then is `lost`. */
function writersOf({ writers = [] }: StreamHead, write: StreamWrite, written: number): Pick<StreamHead, 'writers'> {
  if (write.writer === null) return {}
  const step = keyOf(write)
  return { writers: [...writers.filter(([other]) => other !== step).slice(1 - STREAM_WRITERS_MAX), [step, write.writer, written]] }
}

/** In UTF-8. */
function bytesOf(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit > 0x7f) bytes += unit <= 0x7ff || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2
  }
  return bytes
}

function keyOf({ step }: StreamWrite): string {
  return step === null ? '' : step.key
}
