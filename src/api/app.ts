import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { UserError } from '../core/errors.ts'
import type { Engine } from '../engine/face.ts'
import type { Metrics } from '../observability/metrics.ts'
import { applySchema } from './apply-schema.ts'
import { authenticate, isLoopback, refuseForeignPages } from './auth.ts'
import { Bodies } from './body.ts'
import { serveConsole } from './console.ts'
import { STREAM_PATHS, type StreamName } from './events.ts'
import { DOWNLOADS, type DownloadName, openDownload } from './files.ts'
import type { OpenApi } from './openapi.ts'
import type { Context, Operation, OperationCall } from './operation.ts'
import { type Answer, type ErrorLog, errorAnswer, PROBLEM_TYPE } from './problem.ts'
import { StreamServer } from './sse.ts'

/** What is served: the part of the API that HTTP adds nothing to. */
export interface Served {
  engine: Engine
  metrics: Metrics | undefined
  dispatch(operation: string, call: OperationCall): Promise<Answer>
  openApi(): OpenApi
}

export interface HttpOptions {
  /** The address that it will listen on: loopback is open to this machine, any other demands an API key. */
  bind: string
  /** Origins of pages beside its own that may call an open server, such as a console in development. */
  origins?: readonly string[]
  /** Between comments that keep an idle event stream alive. Default 15 seconds. */
  heartbeatMs?: number
  /** Answers what a target of the `http` executor posts to `/v1/callbacks/{token}`; the token is its key. Absent: there is no such address. */
  callback?: (token: string, body: unknown) => Promise<{ status: number; headers: Record<string, string>; body: unknown }>
  /** Where all addresses begin, such as `/jobs`: nothing is answered outside of it. Default: at the root. */
  basePath?: string
  /** The built console. Default: the one that belongs to this package. */
  consoleFolder?: string
  /** Bytes of all bodies at once. Default 128 MiB. */
  bodiesBytesMax?: number
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The API key's name, or null where none is asked for. */
    by: string | null
    bodyBytes: number
  }
  interface FastifyContextConfig {
    /** Names the route in logs and metrics. */
    operation?: string
  }
}

/** Sockets open at once; more are closed unanswered. */
const CONNECTIONS_MAX = 10_000
/** A request that takes longer to arrive is given up. */
const REQUEST_MS_MAX = 60_000
/** Longer than load balancers keep an idle connection, so that they close it and not we. */
const KEEP_ALIVE_MS = 75_000
/** A name of 200 characters, each up to 4 bytes of `%XX`. */
const PARAMETER_LENGTH_MAX = 200 * 12
/** These end early when the client goes. */
const WAITING = new Set(['tasks.poll', 'runs.get', 'runs.closed', 'runs.histogram'])
/** What needs no key anywhere: probes. */
const PROBES = new Set(['/healthz', '/readyz'])
/** Its token is its key: the target of a request has no other. */
const CALLBACK = 'callbacks.deliver'
/** The token of a promise is the key to it: a webhook has no other. */
const BY_TOKEN: ReadonlySet<string> = new Set(['promises.resolve', 'promises.reject'])

export function httpApp(served: Served, operations: readonly Operation[], context: Context, log: ErrorLog, options: HttpOptions): FastifyInstance {
  const { engine, metrics } = served
  const open = isLoopback(options.bind)
  const basePath = options.basePath ?? ''
  const bodies = new Bodies(options.bodiesBytesMax)
  const streams = new StreamServer(engine, log, options.heartbeatMs)
  const closing = new AbortController()
  const problem = (error: unknown, operation: string) => errorAnswer(asUserError(error), log, () => ({ id: context.newId(), operation }))
  const app = Fastify({
    // A request without a host is refused as any other is, by refuseForeignPages.
    http: { requireHostHeader: false },
    requestTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX },
    rewriteUrl: request => inside(request.url ?? '/', basePath) ?? '/',
    frameworkErrors: (error, _request, reply) => void send(reply as FastifyReply, problem(error, 'http')),
    clientErrorHandler: (error, socket) => {
      const status =
        error.code === 'HPE_HEADER_OVERFLOW'
          ? '431 Request Header Fields Too Large'
          : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
            ? '408 Request Timeout'
            : '400 Bad Request'
      const body = JSON.stringify({
        type: '/docs/errors#invalid-input',
        code: 'invalid-input',
        status: Number(status.slice(0, 3)),
        title: 'This is not a request of HTTP/1.1.',
      })
      if (socket.writable)
        socket.write(`HTTP/1.1 ${status}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`)
      socket.destroy()
    },
  })
  app.server.maxConnections = CONNECTIONS_MAX
  app.decorateRequest('by', null)
  app.decorateRequest('bodyBytes', 0)

  const pages = serveConsole(app, basePath, options.consoleFolder)
  app.addHook('onRequest', (request, reply, done) => {
    // Also when the client goes before its answer, of which onResponse hears nothing.
    if (request.method !== 'GET') reply.raw.once('close', () => bodies.release(request.bodyBytes))
    if (inside(request.originalUrl, basePath) === null)
      return done(
        new UserError('not-found', { at: '/path', found: request.originalUrl.slice(0, 200), hint: `this server answers below ${basePath}/` }),
      )
    if (PROBES.has(pathOf(request)) || request.routeOptions.config.operation === CALLBACK) return done()
    const byToken = BY_TOKEN.has(request.routeOptions.config.operation ?? '')
    try {
      if (open) refuseForeignPages(request.headers, options.origins ?? [])
      else if (!byToken && !pages.isAsked(request)) request.by = authenticate(engine, request.headers.authorization)
      done()
    } catch (error) {
      done(error as Error)
    }
  })
  app.addHook('onResponse', (request, reply, done) => {
    metrics?.onRequest(request.routeOptions.config.operation ?? 'other', reply.statusCode, reply.elapsedTime / 1_000)
    done()
  })
  app.addHook('preClose', async () => {
    closing.abort()
    streams.close()
  })
  app.setErrorHandler((error, request, reply) => send(reply, problem(error, request.routeOptions.config.operation ?? request.method)))

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', (request: FastifyRequest, payload: IncomingMessage) => {
    refuseEncoded(request)
    return bodies.read(payload, bytes => {
      request.bodyBytes += bytes
    })
  })

  const { callback } = options
  if (callback)
    app.post<{ Params: { token: string } }>('/v1/callbacks/:token', { config: { operation: CALLBACK } }, async (request, reply) => {
      const { status, headers, body } = await callback(request.params.token, parsed(request.body as string | undefined))
      return reply.code(status).headers(headers).send(JSON.stringify(body))
    })
  for (const operation of operations)
    app.route({
      method: operation.method,
      url: fastifyPath(operation.path),
      config: { operation: operation.name },
      async handler(request, reply) {
        const call: OperationCall = {
          params: request.params as Record<string, string>,
          query: request.query as Record<string, string>,
          by: request.by,
        }
        const body = request.body as string | undefined
        if (body !== undefined) call.body = body
        const callKey = request.headers['idempotency-key']
        if (callKey !== undefined) call.callKey = String(callKey)
        if (WAITING.has(operation.name)) call.signal = goneSignal(reply, closing.signal)
        return send(reply, await served.dispatch(operation.name, call))
      },
    })
  for (const [name, path] of Object.entries(STREAM_PATHS) as [StreamName, string][])
    app.route({
      method: 'GET',
      url: fastifyPath(path),
      exposeHeadRoute: false,
      config: { operation: name },
      handler: (request, reply) => streams.serve(name, request, reply),
    })
  for (const [name, path] of Object.entries(DOWNLOADS) as [DownloadName, string][])
    app.route({
      method: 'GET',
      url: fastifyPath(path),
      config: { operation: name },
      async handler(request, reply) {
        const { contentType, fileName, bytes } = await openDownload(engine, name, { params: request.params as Record<string, string> })
        reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff').header('content-type', contentType)
        // Nothing that a run has stored is a page of this server.
        if (fileName !== null) reply.header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(fileName)}`)
        return reply.send(Readable.from(bytes, { objectMode: false }))
      },
    })
  probes(app, served)

  const known = [
    ...operations,
    ...[...Object.values(STREAM_PATHS), ...Object.values(DOWNLOADS)].map(path => ({ method: 'GET', path })),
    ...PAGES.map(path => ({ method: 'GET', path })),
  ]
  const patterns = known.map(({ method, path }) => ({ method, pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`) }))
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request)
    const methods = [...new Set(patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))]
    if (methods.length === 0) {
      if (pages.isAsked(request) && !path.startsWith('/assets/')) return pages.sendPage(request, reply)
      const error = new UserError('not-found', { at: '/path', found: path.slice(0, 200), hint: '/openapi.json lists all addresses' })
      return send(reply, problem(error, 'http'))
    }
    if (methods.includes('GET') && !(path.endsWith('/events') && path.startsWith('/v1/'))) methods.push('HEAD')
    reply.header('allow', [...methods, 'OPTIONS'].join(', '))
    if (request.method === 'OPTIONS') return reply.code(204).send()
    const error = new UserError('method-not-allowed', {
      found: request.method,
      hint: `it knows ${methods.join(', ')}`,
    })
    return send(reply, problem(error, 'http'))
  })
  return app
}

const PAGES = ['/healthz', '/readyz', '/metrics', '/openapi.json', '/schemas/apply.json', '/']

function probes(app: FastifyInstance, { engine, metrics, openApi }: Served): void {
  const operation = (name: string) => ({ config: { operation: name } })
  app.get('/healthz', operation('healthz'), (_request, reply) => send(reply, { status: 200, body: '{"alive":true}' }))
  app.get('/readyz', operation('readyz'), (_request, reply) => {
    if (engine.ready()) return send(reply, { status: 200, body: '{"ready":true}' })
    throw new UserError('unavailable', { retryAfter: 1, hint: engine.fault() ?? 'it does not hold its shards, or the store does not answer' })
  })
  app.get('/metrics', operation('metrics'), async (_request, reply) => {
    if (metrics === undefined) throw new UserError('not-found', { hint: 'this server keeps no metrics' })
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics.render(engine))
  })
  app.get('/openapi.json', operation('openapi'), (_request, reply) => send(reply, { status: 200, body: JSON.stringify(openApi()) }))
  app.get('/schemas/apply.json', operation('schemas'), (_request, reply) =>
    send(reply, { status: 200, body: JSON.stringify(applySchema()), contentType: 'application/schema+json; charset=utf-8' }),
  )
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  reply.code(answer.status).header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
  if (answer.status < 400) return reply.header('content-type', answer.contentType ?? 'application/json; charset=utf-8').send(answer.body)
  if (answer.retryAfter !== undefined) reply.header('retry-after', Math.max(1, Math.ceil(answer.retryAfter)))
  if (answer.status === 401) reply.header('www-authenticate', 'Bearer realm="mainspring"')
  // The rest of a body that is refused while it arrives is not waited for.
  if (answer.status === 413) reply.header('connection', 'close')
  return reply.header('content-type', PROBLEM_TYPE).send(answer.body)
}

/** Errors of Fastify about a request, as ours; anything else stays and is answered as internal. */
function asUserError(error: unknown): unknown {
  const { code, statusCode } = error as { code?: string; statusCode?: number }
  if (error instanceof UserError || statusCode === undefined || statusCode >= 500) return error
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return unsupportedMediaType()
  if (code === 'FST_ERR_BAD_URL') return new UserError('invalid-input', { at: '/path', hint: 'the address has a broken % escape' })
  if (statusCode === 404 || statusCode === 414)
    return new UserError('not-found', { at: '/path', hint: 'a part of the address is longer than any name' })
  return new UserError('invalid-input', { status: statusCode, hint: 'the request is not one of HTTP/1.1' })
}

function unsupportedMediaType(): UserError {
  return new UserError('unsupported-media-type', {
    at: '/header/content-type',
    hint: 'send the header Content-Type: application/json, in UTF-8 and not compressed',
  })
}

function refuseEncoded(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding']
  const charset = /charset="?([^";\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1]
  if ((encoding !== undefined && encoding !== 'identity') || (charset !== undefined && charset.toLowerCase() !== 'utf-8'))
    throw unsupportedMediaType()
}

/** Aborted when the client goes before its answer, or the server closes. */
function goneSignal(reply: FastifyReply, closing: AbortSignal): AbortSignal {
  const gone = new AbortController()
  const abort = () => gone.abort()
  if (closing.aborted) abort()
  closing.addEventListener('abort', abort, { once: true })
  reply.raw.once('close', () => {
    closing.removeEventListener('abort', abort)
    if (!reply.raw.writableFinished) abort()
  })
  return gone.signal
}

function pathOf(request: FastifyRequest): string {
  const query = request.url.indexOf('?')
  return query < 0 ? request.url : request.url.slice(0, query)
}

/** The address below the base; null: it is outside. */
function inside(url: string, basePath: string): string | null {
  if (basePath === '') return url
  if (url === basePath || url.startsWith(`${basePath}?`)) return `/${url.slice(basePath.length)}`
  return url.startsWith(`${basePath}/`) ? url.slice(basePath.length) : null
}

function fastifyPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

/** undefined: it is not JSON. */
function parsed(body: string | undefined): unknown {
  try {
    return body === undefined ? undefined : (JSON.parse(body) as unknown)
  } catch {
    return undefined
  }
}
