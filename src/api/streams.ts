import { type Static, Type } from 'typebox'
import {
  PAGE_DEFAULT,
  PAGE_MAX,
  STREAM_CHUNK_BYTES_MAX,
  STREAM_CHUNKS_PER_RUN_MAX,
  STREAM_CHUNKS_PER_WRITE_MAX,
  STREAM_WRITE_BYTES_MAX,
  TASKS_PER_CALL_MAX,
} from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'
import type { RunId } from '../core/ids.ts'
import type { Engine, StreamCall as WriteCall } from '../engine/face.ts'
import { object, orNull, StreamSummary, Time } from './answers.ts'
import { payloadOf } from './inputs.ts'
import { formatInstant } from './instants.ts'
import { between, type Operation, operation } from './operation.ts'
import type { StreamRow } from './rows.ts'
import { closed, count, list, Name, Payload, ref } from './schemas.ts'

/** Streams out of runs: what is written while they run, and read while they run and afterwards. */

const RUN = '/v1/namespaces/{namespace}/runs/{run}'

export const StreamNameText = Type.String({
  ...Name,
  pattern: (Name as { pattern?: string }).pattern?.replace('^', '^(?!__proto__$|:artifact:)') as string,
})
const Chunk = object(
  {
    n: Type.Integer({ description: 'the first chunk of a stream is 0' }),
    at: Time,
    step: orNull(Type.String({ description: 'which step wrote it; null: the code of the run' })),
    attempt: Type.Integer(),
    restarted: Type.Optional(Type.Literal(true, { description: 'what the same step has written before is void: it begins again here' })),
    value: Payload,
  },
  'Chunk',
)
export const Streams = object({ streams: Type.Array(StreamSummary) }, 'Streams')
export const Chunks = object(
  {
    chunks: Type.Array(Chunk),
    next: orNull(Type.Integer({ description: 'there is more behind this one: `after` of the next page' })),
    closed: Type.Boolean({ description: 'the stream was closed, or the run is: nothing follows the last page' }),
  },
  'Chunks',
)
/** Data of the events of a stream that is followed. */
export const StreamEvent = Type.Union(
  [object({ is: Type.Literal('chunk'), ...Chunk.properties }), object({ is: Type.Literal('end') }), object({ is: Type.Literal('lagged') })],
  { title: 'StreamEvent' },
)

const streams = operation({
  name: 'runs.streams',
  method: 'GET',
  path: `${RUN}/streams`,
  summary: 'The streams of a run',
  answers: { 200: Streams },
  async handle({ engine, params, runId }) {
    return JSON.stringify({ streams: await engine.runs.streams(params.namespace, await runId()) })
  },
})

export const after = between(0, STREAM_CHUNKS_PER_RUN_MAX, 0)

const chunks = operation({
  name: 'runs.chunks',
  method: 'GET',
  path: `${RUN}/streams/{name}`,
  summary: 'What a stream of a run has, behind the chunk `after`; one that nobody has written to is empty',
  query: {
    after: { ...after, schema: Type.Integer({ minimum: 0, description: 'number of the last chunk that you have' }) },
    limit: between(1, PAGE_MAX, PAGE_DEFAULT),
  },
  answers: { 200: Chunks },
  async handle({ engine, params, query, runId }) {
    const page = await chunkPage(engine, params.namespace, await runId(), params.name, query.after ?? -1, query.limit ?? PAGE_DEFAULT)
    return `{"chunks":[${page.chunks.map(({ text }) => text).join(',')}],"next":${page.next},"closed":${page.closed}}`
  },
})

export interface ChunkText {
  n: number
  text: string
}

/** What is read of the store at a time: each row has what was written together. */
const ROWS_PER_READ = 32
/** A page ends where it has so many characters. */
const PAGE_LENGTH_MAX = 1024 * 1024

export async function chunkPage(
  engine: Engine,
  namespace: string,
  run: RunId,
  stream: string,
  after: number,
  limit: number,
): Promise<{ chunks: ChunkText[]; next: number | null; closed: boolean }> {
  const chunks: ChunkText[] = []
  for (let last = after, length = 0; ; ) {
    const { rows, more, closed } = await engine.runs.stream(namespace, run, stream, last, Math.min(limit, ROWS_PER_READ))
    for (const row of rows)
      for (const chunk of chunksOf(row, last)) {
        if (chunks.length >= limit || length > PAGE_LENGTH_MAX) return { chunks, next: last, closed }
        chunks.push(chunk)
        last = chunk.n
        length += chunk.text.length
      }
    if (!more) return { chunks, next: null, closed }
  }
}

/** The chunks of a row that lie behind another. */
export function chunksOf(row: StreamRow, after: number): ChunkText[] {
  const { last, count, at, step, attempt, restarted } = row
  const first = last - count + 1
  const head = JSON.stringify({ at: formatInstant(at), step, attempt }).slice(1, -1)
  return row.chunks.split('\n').flatMap((value, index) => {
    const n = first + index
    return n <= after ? [] : [{ n, text: `{"n":${n},${head}${restarted && index === 0 ? ',"restarted":true' : ''},"value":${value}}` }]
  })
}

export const StreamStep = closed(
  { key: Name, name: Name, attempt: count(1, 1_000_000) },
  { description: 'of a step of a workflow: which, the same in each attempt and replay' },
)
const Write = closed(
  {
    ...ref,
    stream: StreamNameText,
    step: Type.Optional(StreamStep),
    writer: { ...Name, description: 'a name of this attempt alone' },
    from: { ...count(0, STREAM_CHUNKS_PER_RUN_MAX), description: 'so many chunks it has written to this stream before' },
    chunks: list(Payload, STREAM_CHUNKS_PER_WRITE_MAX),
  },
  { title: 'StreamWrite' },
)
export const StreamWrites = closed({ worker: Name, writes: list(Write, TASKS_PER_CALL_MAX) }, { title: 'StreamWrites' })
export const StreamWritten = object(
  {
    writes: Type.Array(
      Type.Enum(['kept', 'full', 'closed', 'lost'], {
        description:
          '`lost`: another has the task. `full`: over a bound of the streams of the run. `closed`: the stream was closed. Nothing of it was kept then',
      }),
    ),
  },
  'StreamWritten',
)

const stream = operation({
  name: 'tasks.stream',
  method: 'POST',
  path: '/v1/namespaces/{namespace}/tasks/stream',
  summary: 'Append chunks to streams of runs; a repeat adds nothing',
  body: { schema: StreamWrites, raw: { writes: [{ chunks: ['raw'] }] } },
  answers: { 200: StreamWritten },
  async handle({ engine, params, body, payloads }) {
    const writes = body.writes.map((write, index) => writeOf(write, payloads, `/writes/${index}`))
    if (writes.length === 0) return '{"writes":[]}'
    return JSON.stringify({ writes: await engine.tasks.stream(params.namespace, body.worker, writes) })
  },
})

function writeOf({ step = null as never, chunks, ...write }: Static<typeof Write>, payloads: readonly string[], at: string): WriteCall {
  const texts = chunks.map((chunk, index) => chunkOf(chunk, payloads, `${at}/chunks/${index}`))
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  if (bytes > STREAM_WRITE_BYTES_MAX)
    throw new UserError('payload-too-large', {
      at,
      found: `${bytes} bytes`,
      hint: `what is written together has at most ${STREAM_WRITE_BYTES_MAX} bytes`,
    })
  return { ...write, step: step ?? null, chunks: texts }
}

/** In a row chunks are lines: line breaks in JSON are only ever space between tokens. @throws UserError `payload-too-large` */
export function chunkOf(number: unknown, payloads: readonly string[], at: string): string {
  const text = payloadOf(number, payloads).replace(/[\r\n]+/g, ' ')
  if (text.length * 3 > STREAM_CHUNK_BYTES_MAX && Buffer.byteLength(text) > STREAM_CHUNK_BYTES_MAX)
    throw new UserError('payload-too-large', {
      at,
      found: `${Buffer.byteLength(text)} bytes`,
      hint: `a chunk has at most ${STREAM_CHUNK_BYTES_MAX} bytes`,
    })
  return text
}

export const runStreams: Operation[] = [streams, chunks, stream]
