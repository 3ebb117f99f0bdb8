import { Type } from 'typebox'
import { UserError } from '../core/errors.ts'
import { fileOfStream, streamOfFile } from '../core/file.ts'
import type { RunId } from '../core/ids.ts'
import { keptIn } from '../core/kept.ts'
import type { Engine } from '../engine/face.ts'
import { object } from './answers.ts'
import { type Operation, type OperationCall, operation, resolveRun } from './operation.ts'
import { chunkPage } from './streams.ts'

/** Files of runs, and what runs give: read piece by piece, so that nobody holds a whole one. They are written as streams (the SDK's files.ts and kept.ts). */

const RUN = '/v1/namespaces/{namespace}/runs/{run}'
export const StoredFile = object(
  {
    name: Type.String(),
    bytes: Type.Integer(),
    sha256: Type.String({ description: 'in hex' }),
    type: Type.String({ description: 'as whoever stored it says' }),
    from: Type.Integer({ description: 'number of the first piece in the stream `:file:NAME`; each is base64' }),
    chunks: Type.Integer({ description: 'how many pieces' }),
  },
  'StoredFile',
)
export const Files = object({ files: Type.Array(StoredFile) }, 'Files')

interface Known {
  name: string
  bytes: number
  sha256: string
  type: string
  from: number
  chunks: number
}

export const files: Operation[] = [
  operation({
    name: 'runs.files',
    method: 'GET',
    path: `${RUN}/files`,
    summary: 'The files that a run has stored, by name; GET runs/{run}/files/{name} has the bytes of one',
    answers: { 200: Files },
    handle: async ({ engine, params: { namespace }, runId }) => JSON.stringify({ files: await filesOf(engine, namespace, await runId()) }),
  }),
]

/** Bytes, over HTTP alone. */
export const DOWNLOADS = { 'runs.file': `${RUN}/files/{name}`, 'runs.result': `${RUN}/result` } as const
export type DownloadName = keyof typeof DOWNLOADS
export interface Download {
  contentType: string
  /** Null: it is shown, not saved. */
  fileName: string | null
  bytes: AsyncGenerator<Buffer, void, void>
}

/** @throws UserError `run-not-found`, `file-not-found`, `no-result` */
export async function openDownload(engine: Engine, download: DownloadName, call: OperationCall): Promise<Download> {
  const namespace = call.params.namespace as string
  const run = await resolveRun(engine, call.params)
  return download === 'runs.file' ? fileDownload(engine, namespace, run, call.params.name as string) : resultDownload(engine, namespace, run)
}

async function fileDownload(engine: Engine, namespace: string, run: RunId, name: string): Promise<Download> {
  const known = await filesOf(engine, namespace, run)
  const file = known.find(one => one.name === name)
  if (file === undefined)
    throw new UserError('file-not-found', { at: '/path/name', found: name, hint: `there are: ${known.map(one => one.name).join(', ') || 'none'}` })
  const { from, chunks, type } = file
  const pieces = piecesOf(engine, namespace, run, streamOfFile(name), from, from + chunks)
  return { contentType: /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : 'application/octet-stream', fileName: name, bytes: decoded(pieces, 'base64') }
}

async function resultDownload(engine: Engine, namespace: string, run: RunId): Promise<Download> {
  const { state, output } = await engine.runs.get(namespace, run)
  if (state !== 'completed') throw new UserError('no-result', { found: state, hint: `mainspring explain ${run} says why` })
  const kept = keptIn(output ?? undefined)
  const bytes =
    kept === null
      ? decoded(once(output ?? 'null'), 'utf8')
      : decoded(piecesOf(engine, namespace, kept.run as RunId, kept.stream, 0, kept.chunks), 'utf8')
  return { contentType: 'application/json; charset=utf-8', fileName: null, bytes }
}

async function* once(text: string): AsyncGenerator<string, void, void> {
  yield text
}

async function* decoded(pieces: AsyncIterable<string>, encoding: 'utf8' | 'base64'): AsyncGenerator<Buffer, void, void> {
  for await (const piece of pieces) yield Buffer.from(piece, encoding)
}

const PIECES_PER_PAGE = 8

async function* piecesOf(
  engine: Engine,
  namespace: string,
  run: RunId,
  stream: string,
  from: number,
  to: number,
): AsyncGenerator<string, void, void> {
  for (let next = from; next < to; ) {
    const { chunks } = await chunkPage(engine, namespace, run, stream, next - 1, Math.min(PIECES_PER_PAGE, to - next))
    if (chunks.length === 0) throw new UserError('run-not-found', { found: run, hint: 'what it gave is not there any more' })
    for (const { n, text } of chunks) {
      yield (JSON.parse(text) as { value: string }).value
      next = n + 1
    }
  }
}

/** Those that are whole: of one whose last piece is not there yet nothing is told. */
async function filesOf(engine: Engine, namespace: string, run: RunId): Promise<Known[]> {
  const heads = await engine.runs.streams(namespace, run, true)
  const all = heads.flatMap(({ name: stream, chunks }) => (fileOfStream(stream) === null ? [] : [lastOf(engine, namespace, run, stream, chunks)]))
  return (await Promise.all(all)).filter(one => one !== null)
}

async function lastOf(engine: Engine, namespace: string, run: RunId, stream: string, count: number): Promise<Known | null> {
  const { chunks } = await chunkPage(engine, namespace, run, stream, count - 2, 1)
  const { value } = JSON.parse(chunks[0]?.text ?? '{}') as { value?: Partial<Known> | string }
  if (typeof value !== 'object' || value === null) return null
  const { bytes, sha256, type, chunks: pieces } = value
  if (!Number.isSafeInteger(bytes) || !Number.isSafeInteger(pieces) || (pieces as number) > count - 1) return null
  const facts = { bytes: bytes as number, sha256: String(sha256), type: String(type), chunks: pieces as number }
  return { name: fileOfStream(stream) as string, ...facts, from: count - 1 - facts.chunks }
}
