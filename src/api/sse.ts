import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { UserError } from '../core/errors.ts'
import type { Engine } from '../engine/face.ts'
import { type Frame, openStream, type StreamCall, type StreamName } from './events.ts'
import type { ErrorLog } from './problem.ts'

/** Clients that follow at once: each costs a socket, a timer and up to 4 MiB of buffered events. */
const STREAMS_MAX = 1_000
const HEARTBEAT_MS = 15_000

/** Event streams over HTTP (the section on server-sent events of the HTML standard). */
export class StreamServer {
  readonly #engine: Engine
  readonly #log: ErrorLog
  readonly #heartbeatMs: number
  readonly #open = new Set<AbortController>()
  #closed = false

  constructor(engine: Engine, log: ErrorLog, heartbeatMs = HEARTBEAT_MS) {
    this.#engine = engine
    this.#log = log
    this.#heartbeatMs = heartbeatMs
  }

  async serve(name: StreamName, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (this.#closed) throw new UserError('unavailable', { retryAfter: 1 })
    if (this.#open.size >= STREAMS_MAX) throw new UserError('overloaded', { retryAfter: 5, hint: `${STREAMS_MAX} clients follow events already` })
    const gone = new AbortController()
    this.#open.add(gone)
    reply.raw.once('close', () => gone.abort())
    try {
      const call: StreamCall = {
        params: request.params as Record<string, string>,
        query: request.query as Record<string, string>,
        signal: gone.signal,
      }
      const lastEventId = request.headers['last-event-id']
      if (lastEventId !== undefined) call.lastEventId = String(lastEventId)
      const frames = openStream(this.#engine, name, call)
      const first = await frames.next()
      if (first.done || first.value.over) {
        await frames.return() // it has subscribed
        // 204 tells an EventSource not to come again.
        return reply.code(204).send()
      }
      reply.hijack()
      await this.#send(frames, reply)
      return reply
    } finally {
      this.#open.delete(gone)
      gone.abort()
    }
  }

  async #send(frames: AsyncGenerator<Frame, void, void>, reply: FastifyReply): Promise<void> {
    const { raw } = reply
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // Proxies that gather an answer before they pass it on (nginx) would hold the events back.
      'x-accel-buffering': 'no',
    })
    raw.write(': open\n\n')
    const heartbeat = setInterval(() => {
      if (raw.writableLength === 0) raw.write(': alive\n\n')
    }, this.#heartbeatMs)
    try {
      for await (const frame of frames) {
        // JSON text of ours has no line breaks, but a payload that is spliced in may; in JSON they are only ever space between tokens.
        const data = (frame.text as string).replace(/[\r\n]+/g, ' ')
        if (!raw.write(`${frame.id === null ? '' : `id: ${frame.id}\n`}data: ${data}\n\n`) && !raw.destroyed) await drained(raw)
      }
    } catch (error) {
      // The head is out: the stream ends, the client comes again with its last id and is told then.
      if (!(error instanceof UserError)) this.#log.error({ err: error, operation: 'events' }, 'an event stream broke off')
    } finally {
      clearInterval(heartbeat)
      raw.end()
    }
  }

  /** Ends all, so that the server can close. */
  close(): void {
    this.#closed = true
    for (const gone of this.#open) gone.abort()
  }
}

function drained(raw: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      raw.off('drain', done)
      raw.off('close', done)
      resolve()
    }
    raw.on('drain', done)
    raw.on('close', done)
  })
}
