import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UserError } from '../core/errors.ts'
import type { ClusterEngine } from './engine.ts'
import { ANSWER_HEADER, ASK_PATH, FOLLOW_PATH, textOf } from './wire.ts'

/** Where other nodes reach this one. What they ask is answered here, never handed on. */
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
  node(): ClusterEngine | null
  /** What went wrong here while another asked. */
  failed(error: unknown, method: string): void
}

/** What waits for another node that follows and does not read: then it is to come again. */
const UNREAD_BYTES_MAX = 8 * 1024 * 1024

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

async function answer(request: IncomingMessage, response: ServerResponse, options: ListenerOptions, closing: AbortSignal): Promise<void> {
  const url = request.url ?? ''
  const node = options.node()
  if (node === null || !isSame(request.headers.authorization, options.secret())) return void response.writeHead(node === null ? 503 : 401).end()
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const signal = AbortSignal.any([gone.signal, closing])
  const args = JSON.parse(await textOf(request)) as unknown[]
  response.setHeader(ANSWER_HEADER, '1')
  if (url === FOLLOW_PATH) return follow(node, args as [string, string | null], response, signal)
  if (!url.startsWith(ASK_PATH)) return void response.writeHead(404).end()
  const method = url.slice(ASK_PATH.length)
  try {
    response.end(JSON.stringify(await node.answer(method, args, signal)) ?? '')
  } catch (error) {
    if (!(error instanceof UserError)) options.failed(error, method)
    const { problem } = error instanceof UserError ? error : new UserError('internal')
    response.writeHead(problem.status).end(JSON.stringify(problem))
  }
}

async function follow(node: ClusterEngine, [namespace, run]: [string, string | null], response: ServerResponse, signal: AbortSignal): Promise<void> {
  const leave = await node.follow(namespace, run, event => {
    response.write(`${JSON.stringify(event)}\n`)
    if (response.writableLength > UNREAD_BYTES_MAX) response.destroy()
  })
  if (signal.aborted) return leave()
  signal.addEventListener('abort', () => {
    leave()
    response.destroy()
  })
  response.flushHeaders()
}

function isSame(header: string | undefined, secret: string | null): boolean {
  if (header === undefined || secret === null) return false
  const [given, known] = [Buffer.from(header), Buffer.from(`Bearer ${secret}`)]
  return given.length === known.length && timingSafeEqual(given, known)
}
