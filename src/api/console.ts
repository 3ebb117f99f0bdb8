import { hash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** The console as it was built: the same place from sources (src/api/) and in the package (dist/api/). */
const BUILT = fileURLToPath(new URL('../../ui/dist', import.meta.url))
const NOT_BUILT =
  'The console is not built: run `npm run build` (or `npm start`, which does it) and start the server again. The API is at /v1/, see /openapi.json.\n'
const YEAR_MS = 365 * 24 * 3_600_000

/** Nothing may run or load but our own files; no page may frame it. What slips past the escaping stays text. */
const SECURITY = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
}

export interface Console {
  /** Whether a request is for the console, which needs no key: what it shows does. */
  isAsked(request: FastifyRequest): boolean
  /** Answers with the page that draws every address of the console. */
  sendPage(request: FastifyRequest, reply: FastifyReply): FastifyReply
}

/**
 * Serves the built console: hashed files for ever, compressed when they were built; its one page anew each time. `basePath` is where the server answers;
 * a proxy that takes a part away from the address says so in `X-Forwarded-Prefix`.
 */
export function serveConsole(app: FastifyInstance, basePath: string, folder = BUILT): Console {
  const page = pageReader(join(folder, 'index.html'))
  const operation = { config: { operation: 'console' } }
  const sendPage = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    reply.headers(SECURITY)
    const text = page(`${forwardedPrefix(request)}${basePath}/`)
    if (text === null) return reply.code(404).type('text/plain; charset=utf-8').header('cache-control', 'no-store').send(NOT_BUILT)
    const etag = `"${hash('sha256', text, 'base64url').slice(0, 22)}"`
    reply.headers({ etag, 'cache-control': 'no-cache', vary: 'X-Forwarded-Prefix' })
    if (request.headers['if-none-match'] === etag) return reply.code(304).send()
    return reply.type('text/html; charset=utf-8').send(text)
  }
  app.get('/', operation, sendPage)
  if (existsSync(folder)) {
    const shared = {
      preCompressed: true,
      decorateReply: false,
      index: false as const,
      setHeaders: (reply: FastifyReply) => void reply.headers(SECURITY),
    }
    void app.register(fastifyStatic, { ...shared, root: join(folder, 'assets'), prefix: '/assets/', immutable: true, maxAge: YEAR_MS })
    app.get('/favicon.svg', operation, (_request, reply) =>
      reply
        .headers({ ...SECURITY, 'cache-control': 'max-age=86400' })
        .type('image/svg+xml')
        .send(readFileSync(join(folder, 'favicon.svg'))),
    )
  }
  return { isAsked, sendPage }
}

const API = /^\/(v1\/|healthz$|readyz$|metrics$|openapi\.json$|schemas\/)/

function isAsked(request: FastifyRequest): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false
  const path = request.url.split('?', 1)[0] as string
  if (path === '/' || path === '/favicon.svg' || path.startsWith('/assets/')) return true
  return !API.test(path) && /\btext\/html\b/.test(request.headers.accept ?? '')
}

/** Of a proxy that we are behind. Anything that is not a plain path is ignored: it ends in our page. */
function forwardedPrefix(request: FastifyRequest): string {
  const given = request.headers['x-forwarded-prefix']
  return typeof given === 'string' && /^(\/[\w.~-]{1,100}){1,10}\/?$/.test(given) ? given.replace(/\/$/, '') : ''
}

/** The page with its base written in, read again when it was built again. Null: there is none. */
function pageReader(file: string): (base: string) => string | null {
  let known: { changedAt: number; text: string } | null = null
  return base => {
    const changedAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs
    if (changedAt === undefined) return null
    if (known?.changedAt !== changedAt) known = { changedAt, text: readFileSync(file, 'utf8') }
    return known.text.replace('<base href="/" />', `<base href="${base}" />`)
  }
}
