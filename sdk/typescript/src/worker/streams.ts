import { type Artifacts, artifactsTo } from '../artifacts.ts'
import { BODY_BYTES_WANTED, STREAM_CHUNKS_PER_WRITE_MAX, STREAM_WRITE_BYTES_MAX, TASKS_PER_CALL_MAX } from '../bounds.ts'
import { callAgain } from '../calls.ts'
import * as check from '../checks.ts'
import type { Client } from '../client.ts'
import { encode } from '../codec.ts'
import { LeaseLost, StreamRefused } from '../errors.ts'
import { chunkText, type StreamWriter } from '../streams.ts'
import type { WireArtifactKept, WireArtifactPut, WireArtifactWrite } from '../wire-artifacts.ts'
import type { WireStreamAnswer, WireStreamStep, WireStreamWritten } from '../wire-streams.ts'
import type { Attempt } from './attempt.ts'

/**
 * Chunks on their way to the server: gathered for 50 ms, those of all attempts in one call, one call at a time, repeated until it is answered. Each attempt counts what
 * it has written to a stream, so that a repeat adds nothing.
 */
export class Streams {
  readonly worker: string
  readonly #client: Client
  readonly #signal: AbortSignal
  readonly #waiting = new Set<Channel>()
  #writers = 0
  #timer: (() => void) | null = null
  #sending = false

  constructor(client: Client, worker: string, signal: AbortSignal) {
    this.#client = client
    this.worker = worker
    this.#signal = signal
    signal.addEventListener('abort', () => {
      for (const channel of [...this.#waiting]) this.#fail(channel, signal.reason)
    })
  }

  /** What an attempt of a job, or of a step of a workflow, writes. */
  of(attempt: Attempt, step: WireStreamStep | null): Chunks {
    const { run, task, attempt: number, delivery } = attempt.delivery
    const writer = { run, task, attempt: number, delivery, writer: `${this.worker}.${++this.#writers}`, ...(step !== null && { step }) }
    const put = (artifact: WireArtifactPut): Promise<void> =>
      this.#put({ worker: this.worker, run, task, attempt: number, delivery, ...(step !== null && { step }), put: this.#client.newId(), ...artifact })
    return new Chunks(writer, channel => this.#send(channel), put)
  }

  async #put(write: WireArtifactWrite): Promise<void> {
    const { clock, random, connection, namespace } = this.#client
    const call = { params: { namespace }, body: encode(write, '/artifact') as string, signal: this.#signal }
    const { is } = JSON.parse(
      await callAgain(connection, 'tasks.artifact', call, { clock, random, retryForMs: Number.POSITIVE_INFINITY }),
    ) as WireArtifactKept
    if (is === 'lost') throw new LeaseLost(write.run, write.attempt)
    if (is === 'full') throw new StreamRefused(write.name, 'full')
  }

  #send(channel: Channel): void {
    if (this.#signal.aborted) return this.#fail(channel, this.#signal.reason)
    this.#waiting.add(channel)
    this.#timer ??= this.#client.clock.after(GATHER_MS, () => void this.#pump())
  }

  async #pump(): Promise<void> {
    this.#timer = null
    if (this.#sending) return
    this.#sending = true
    while (this.#waiting.size > 0 && !this.#signal.aborted) await this.#call(this.#next())
    this.#sending = false
  }

  /** As much as one call takes; who has just written goes behind the others. */
  #next(): Part[] {
    const parts: Part[] = []
    let bytes = 0
    for (const channel of this.#waiting) {
      if (parts.length === TASKS_PER_CALL_MAX || bytes > BODY_BYTES_WANTED) break
      const part = channel.part()
      parts.push(part)
      bytes += part.bytes
    }
    for (const { channel } of parts) {
      this.#waiting.delete(channel)
      this.#waiting.add(channel)
    }
    return parts
  }

  async #call(parts: readonly Part[]): Promise<void> {
    const { clock, random, connection, namespace } = this.#client
    const body = `{"worker":${JSON.stringify(this.worker)},"writes":[${parts.map(({ text }) => text).join(',')}]}`
    try {
      const call = { params: { namespace }, body, signal: this.#signal }
      const answer = await callAgain(connection, 'tasks.stream', call, { clock, random, retryForMs: Number.POSITIVE_INFINITY })
      for (const [index, said] of (JSON.parse(answer) as WireStreamWritten).writes.entries()) this.#answered(parts[index] as Part, said)
    } catch (error) {
      // One that the server will never take must not cost the others theirs.
      if (parts.length > 1 && !this.#signal.aborted) for (const part of parts) await this.#call([part])
      else for (const { channel } of parts) this.#fail(channel, error)
    }
  }

  #answered({ channel, count }: Part, answer: WireStreamAnswer): void {
    if (answer !== 'kept') return this.#fail(channel, channel.refusal(answer))
    channel.kept(count)
    if (channel.texts.length === 0) this.#waiting.delete(channel)
  }

  #fail(channel: Channel, error: unknown): void {
    this.#waiting.delete(channel)
    channel.fail(error)
  }
}

interface Part {
  channel: Channel
  count: number
  bytes: number
  text: string
}
type Writer = { run: string; attempt: number }

/** What one attempt writes, to whichever streams. */
export class Chunks {
  readonly #writer: Writer
  readonly #send: (channel: Channel) => void
  readonly #channels = new Map<string, Channel>()
  readonly #put: (artifact: WireArtifactPut) => Promise<void>
  /** One after the other: the last of a name stays. */
  #puts: Promise<void> | null = null
  #ended = false

  constructor(writer: Writer, send: (channel: Channel) => void, put: (artifact: WireArtifactPut) => Promise<void>) {
    this.#writer = writer
    this.#send = send
    this.#put = put
  }

  stream(name: string): StreamWriter {
    check.stream(name, '/stream')
    return this.kept(name)
  }

  /** One that is nobody else's. */
  kept(name: string): StreamWriter {
    return { write: chunk => this.#write(name, chunk) }
  }

  readonly artifacts: Artifacts = artifactsTo(artifact => {
    const { run, attempt } = this.#writer
    const put = this.#ended ? Promise.reject(new LeaseLost(run, attempt)) : (this.#puts ?? Promise.resolve()).then(() => this.#put(artifact))
    if (!this.#ended) this.#puts = put
    return handled(put)
  })

  /** Resolves when all that was written until now is with the server; rejects when something of it was refused. Null: nothing was written. */
  flushed(): Promise<void> | null {
    if (this.#channels.size === 0) return this.#puts
    return Promise.all([this.#puts, ...[...this.#channels.values()].map(channel => channel.until(0))]).then(() => {})
  }

  /** Whoever still writes is not heard. */
  end(): void {
    this.#ended = true
  }

  #write(name: string, chunk: unknown): Promise<void> {
    const text = chunkText(chunk)
    const { run, attempt } = this.#writer
    if (this.#ended) return handled(Promise.reject(new LeaseLost(run, attempt)))
    const channel = this.#channels.get(name) ?? new Channel(name, this.#writer)
    this.#channels.set(name, channel)
    if (channel.error === null) {
      channel.add(text)
      this.#send(channel)
    }
    return handled(channel.until(WAITING_BYTES_MAX))
  }
}

/** What one attempt writes to one stream, in its order. */
class Channel {
  readonly #name: string
  readonly #writer: Writer
  /** Chunks that wait, the first of them on their way. */
  readonly texts: string[] = []
  error: Error | null = null
  #bytes = 0
  #kept = 0
  #waiters: { bytes: number; resolve(): void; reject(error: unknown): void }[] = []

  constructor(name: string, writer: Writer) {
    this.#name = name
    this.#writer = writer
  }

  add(text: string): void {
    this.texts.push(text)
    this.#bytes += bytesOf(text)
  }

  part(): Part {
    let bytes = 0
    let count = 0
    for (const text of this.texts) {
      bytes += bytesOf(text)
      if (count === STREAM_CHUNKS_PER_WRITE_MAX || (count > 0 && bytes > STREAM_WRITE_BYTES_MAX)) break
      count++
    }
    const head = JSON.stringify({ ...this.#writer, stream: this.#name, from: this.#kept })
    return { channel: this, count, bytes, text: `${head.slice(0, -1)},"chunks":[${this.texts.slice(0, count).join(',')}]}` }
  }

  kept(count: number): void {
    this.#kept += count
    for (const text of this.texts.splice(0, count)) this.#bytes -= bytesOf(text)
    this.#waiters = this.#waiters.filter(({ bytes, resolve }) => {
      if (this.#bytes > bytes) return true
      resolve()
      return false
    })
  }

  refusal(answer: Exclude<WireStreamAnswer, 'kept'>): Error {
    const { run, attempt } = this.#writer
    return answer === 'lost' ? new LeaseLost(run, attempt) : new StreamRefused(this.#name, answer)
  }

  fail(error: unknown): void {
    this.error = error as Error
    for (const { reject } of this.#waiters.splice(0)) reject(error)
  }

  /** Until no more than so many bytes wait. */
  until(bytes: number): Promise<void> {
    if (this.error !== null) return Promise.reject(this.error)
    if (this.#bytes <= bytes) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiters.push({ bytes, resolve, reject }))
  }
}

const GATHER_MS = 50
const WAITING_BYTES_MAX = 256 * 1024

function bytesOf(text: string): number {
  return Buffer.byteLength(text)
}

/** One that nobody awaits must not bring the process down: the attempt fails by it all the same. */
function handled(promise: Promise<void>): Promise<void> {
  promise.catch(() => {})
  return promise
}
