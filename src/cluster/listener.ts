import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UserError } from '../core/errors.ts'
import type { Asked, Door } from './door.ts'
import { ANSWER_HEADER, DISPATCH_PATH, STREAM_PATH } from './wire.ts'

/** Where other nodes reach this one. What they hand on is answered here, never handed on again. */
export interface Listener {
  /** `http://host:port`, as others are to call it. */
  readonly address: string
  close(): Promise<void>
}

export interface ListenerOptions {
  host: string
  /** 0: any free one. */
  port: number
  /** What others call this host; default: `host`. */
  advertised?: string
  /** Nothing is answered without it; null: not known yet. */
  secret(): string | null
  /** Null: the node is not there yet. */
  door(): Door | null
}

export async function listen(options: ListenerOptions): Promise<Listener> {
  const closing = new AbortController()
  const server = createServer((request, response) => {
    void answer(request, response, options, closing.signal).catch(() => response.destroy())
  })
  // Long polls wait as long as those who ask.
  server.requestTimeout = 0
  server.keepAliveTimeout = 75_000
  await listening(server, options)
  const { port } = server.address() as AddressInfo
  const host = options.advertised ?? options.host
  return {
    address: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    close() {
      closing.abort()
      server.closeAllConnections()
      return new Promise(resolve => server.close(() => resolve()))
    },
  }
}

function listening(server: Server, { host, port }: ListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function answer(request: IncomingMessage, response: ServerResponse, { secret, door }: ListenerOptions, closing: AbortSignal): Promise<void> {
  const url = request.url ?? ''
  const here = door()
  if (here === null || !isSame(request.headers.authorization, secret())) return void response.writeHead(here === null ? 503 : 401).end()
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const asked = { ...(await readAsked(request)), signal: AbortSignal.any([gone.signal, closing]) }
  if (url.startsWith(DISPATCH_PATH)) {
    const { status, body, contentType, retryAfter } = await here.dispatch(url.slice(DISPATCH_PATH.length), asked)
    if (contentType !== undefined) response.setHeader('content-type', contentType)
    if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter)
    response.writeHead(status, { [ANSWER_HEADER]: '1', 'content-length': Buffer.byteLength(body) }).end(body)
  } else if (url.startsWith(STREAM_PATH)) await follow(here, url.slice(STREAM_PATH.length), asked, response)
  else response.writeHead(404).end()
}

async function follow(door: Door, stream: string, asked: Asked, response: ServerResponse): Promise<void> {
  try {
    for await (const frame of door.frames(stream, asked)) {
      if (!response.headersSent) response.writeHead(200, { [ANSWER_HEADER]: '1', 'content-type': 'application/x-ndjson' })
      // What is destroyed already says nothing more: to wait for it would keep the stream for ever.
      if (!response.write(`${JSON.stringify(frame)}\n`) && !response.destroyed) await drained(response)
    }
    response.end()
  } catch (error) {
    if (!(error instanceof UserError) || response.headersSent) return void response.destroy()
    response.writeHead(error.problem.status, { [ANSWER_HEADER]: '1', 'content-type': 'application/json' }).end(JSON.stringify(error.problem))
  }
}

async function readAsked(request: IncomingMessage): Promise<Asked> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const text = Buffer.concat(parts).toString()
  const line = text.indexOf('\n')
  const body = text.slice(line + 1)
  return { ...(JSON.parse(text.slice(0, line)) as Asked), ...(body !== '' && { body }) }
}

function isSame(header: string | undefined, secret: string | null): boolean {
  if (header === undefined || secret === null) return false
  const [given, known] = [Buffer.from(header), Buffer.from(`Bearer ${secret}`)]
  return given.length === known.length && timingSafeEqual(given, known)
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}
