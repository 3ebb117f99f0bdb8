import { STREAM_CHUNK_BYTES_MAX } from './bounds.ts'
import { mayPass, waitMs } from './calls.ts'
import * as check from './checks.ts'
import type { Client } from './client.ts'
import { delayed } from './clock.ts'
import { encode, untag } from './codec.ts'
import { Unserialisable } from './errors.ts'
import type { WireStreamEvent } from './wire-streams.ts'

/** A stream of the run, as a step or the handler of a job writes to it. */
export interface StreamWriter<Chunk = unknown> {
  /**
   * Appends a chunk: any value of up to 256 KiB of JSON. What is written in 50 ms is sent together. Resolves at once while less than 256 KiB wait to be sent, so that
   * one who awaits it writes no faster than is kept. The attempt completes when all of it is on disk; another attempt begins its part of the stream again.
   * @throws StreamRefused, with the code `stream-full` or `stream-closed`; LeaseLost when another worker may have the task by now.
   */
  write(chunk: Chunk): Promise<void>
}

/** A stream of the run, as the code of a workflow writes to it. */
export interface DurableStreamWriter<Chunk = unknown> {
  /** Appends a chunk, once, however often the code is replayed; resolves when it is on disk. Costs an event of the history. @throws StreamRefused */
  write(chunk: Chunk): Promise<void>
  /** Nothing is written to it any more, and who follows it hears that it has ended. A run that closes ends all of its streams. */
  close(): Promise<void>
}

/** What somebody who follows a stream gets. */
export interface StreamChunk<Value = unknown> {
  /** Its number: the first of a stream is 0. To go on behind it later: `from: n + 1`. */
  n: number
  value: Value
  at: Date
  /** The step that wrote it; null: the code of the workflow, or the handler of the job. */
  step: string | null
  attempt: number
  /** The same step, or the job, has begun again: what came from it before is void. */
  restarted: boolean
}

/** Each chunk once, to the end of the stream. Where a connection breaks off, it goes on behind the last one. */
export async function* runStream<Value>(
  client: Client,
  run: string,
  name: string,
  { from = 0, signal }: { from?: number; signal?: AbortSignal } = {},
): AsyncGenerator<StreamChunk<Value>, void, void> {
  check.name(name, '/stream')
  let last = check.integer(0, Number.MAX_SAFE_INTEGER)(from, '/from') - 1
  const params = { namespace: client.namespace, run, name }
  for (let failures = 0; ; ) {
    signal?.throwIfAborted()
    let failed: unknown
    try {
      const call = { params, ...(last >= 0 && { query: { after: String(last) } }), ...(signal && { signal }) }
      const events = client.connection.stream('runs.stream', call) as unknown as AsyncIterable<WireStreamEvent>
      for await (const event of events) {
        if (event.is === 'end') return
        // Something was dropped on the way here: it is read again.
        if (event.is === 'lagged' || event.n > last + 1) break
        if (event.n <= last) continue
        failures = 0
        last = event.n
        const { is: _, at, value, restarted = false, ...rest } = event
        yield { ...rest, at: new Date(at), restarted, value: untag(value) as Value }
      }
    } catch (error) {
      if (signal?.aborted || !mayPass(error)) throw error
      failed = error
    }
    await delayed(client.clock, waitMs(failed, failures++, client.random), signal)
  }
}

/** @throws Unserialisable */
export function chunkText(chunk: unknown): string {
  const text = encode(chunk, '/chunk') ?? 'null'
  const bytes = Buffer.byteLength(text)
  if (bytes > STREAM_CHUNK_BYTES_MAX)
    throw new Unserialisable(`The chunk is ${bytes} bytes of JSON; ${STREAM_CHUNK_BYTES_MAX} are possible.`, {
      at: '/chunk',
      hint: 'write it in parts',
    })
  return text
}
