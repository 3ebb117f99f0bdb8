import { createHash } from 'node:crypto'
import { FILE_BYTES_MAX } from './bounds.ts'
import * as check from './checks.ts'
import type { Client } from './client.ts'
import { RequestRefused, ResultGone, Unserialisable } from './errors.ts'
import type { WireFile } from './wire-files.ts'
import type { WireChunks } from './wire-streams.ts'
import type { Chunks } from './worker/streams.ts'

/** What names a file that a run has stored: plain data, to be returned and handed on. `sha256`: in hex. */
export interface StoredFile extends WireFile {
  run: string
}

export type FileData = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>

/**
 * Files of runs, for what is no JSON or too large for it. They are kept with the run that stored them, as long as that is, and shown on its page; neither storing nor reading
 * one holds it in memory.
 * ```ts
 * const rows = await ctx.files.put('rows.csv', createReadStream(path), { type: 'text/csv' })   // in one task; `return rows`
 * await writeFile(path, ctx.files.read(rows))                                                  // in the next
 * ```
 */
export interface Files {
  /**
   * Stores a file of this run; one of its name is replaced, also that of an earlier attempt. Up to 32 MiB; files, streams and large results of a run have 64 MiB together, replaced ones
   * included (a file takes a third more than its bytes). Resolves once all of it is on disk: await it.
   * @throws Unserialisable: it is larger. StreamRefused: the run has no room.
   */
  put(name: string, data: FileData, options?: { type?: string }): Promise<StoredFile>
  /** The bytes of a file, piece by piece. @throws ResultGone: it is not there, any more or as it was. */
  read(file: Pick<StoredFile, 'run' | 'name' | 'sha256' | 'bytes'>): AsyncGenerator<Uint8Array, void, void>
}

const STREAM = ':file:'
/** Of base64 without padding in the middle, in a chunk of 256 KiB at most. */
const PIECE_BYTES = 96 * 1024
const PAGE = 8

export async function putFile(run: string, name: string, data: FileData, type: string, chunks: Chunks): Promise<StoredFile> {
  check.text(NAME_LENGTH_MAX)(name, '/name')
  check.text(100)(type, '/type')
  const writer = chunks.kept(STREAM + name)
  const hash = createHash('sha256')
  let bytes = 0
  let count = 0
  for await (const piece of piecesOf(data)) {
    bytes += piece.length
    if (bytes > FILE_BYTES_MAX)
      throw new Unserialisable(`The file "${name}" has more than ${FILE_BYTES_MAX} bytes.`, {
        at: '/data',
        hint: 'keep it elsewhere (a bucket) and pass its address',
      })
    hash.update(piece)
    await writer.write(piece.toString('base64'))
    count++
  }
  const file: WireFile = { name, bytes, sha256: hash.digest('hex'), type }
  // Without this last one it is no file yet.
  await writer.write({ ...file, chunks: count })
  await chunks.flushed()
  return { run, ...file }
}
const NAME_LENGTH_MAX = 190

async function* piecesOf(data: FileData): AsyncGenerator<Buffer, void, void> {
  let rest = Buffer.alloc(0)
  for await (const part of typeof data === 'string' || data instanceof Uint8Array ? [data] : data) {
    rest = Buffer.concat([rest, typeof part === 'string' ? Buffer.from(part) : part])
    let from = 0
    for (; rest.length - from >= PIECE_BYTES; from += PIECE_BYTES) yield rest.subarray(from, from + PIECE_BYTES)
    rest = rest.subarray(from)
  }
  if (rest.length > 0) yield rest
}

export async function* readFile(client: Client, { run, name, sha256, bytes }: Parameters<Files['read']>[0]): AsyncGenerator<Uint8Array, void, void> {
  const known = (await listFiles(client, run)).find(file => file.name === name && file.sha256 === sha256)
  if (known === undefined) throw new ResultGone(run, bytes, `the file "${name}" of ${bytes} bytes`)
  const hash = createHash('sha256')
  const last = known.from + known.chunks
  for (let after = known.from - 1; after < last - 1; ) {
    const query = { limit: String(Math.min(PAGE, last - 1 - after)), ...(after >= 0 && { after: String(after) }) }
    const { chunks } = await client.call<WireChunks>('runs.chunks', { run, name: STREAM + name }, undefined, { query })
    if (chunks.length === 0) break
    for (const { n, value } of chunks) {
      const piece = Buffer.from(value as string, 'base64')
      hash.update(piece)
      yield piece
      after = n
    }
  }
  if (hash.digest('hex') !== sha256) throw new ResultGone(run, bytes, `the file "${name}" of ${bytes} bytes`)
}

/** Those that are whole, by name. */
export async function listFiles(client: Client, run: string): Promise<(WireFile & { from: number; chunks: number })[]> {
  try {
    const { files } = await client.call<{ files: (WireFile & { from: number; chunks: number })[] }>('runs.files', { run })
    return files
  } catch (error) {
    if (error instanceof RequestRefused && error.status === 404) return []
    throw error
  }
}
