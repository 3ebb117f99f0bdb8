import * as check from '../checks.ts'
import { InvalidOption } from '../errors.ts'
import type { Work } from '../work.ts'
import { type Endpoint, endpoint, type ServeOptions } from './endpoint.ts'
import { type LambdaAnswer, type LambdaEvent, lambdaHandler } from './lambda.ts'
import { type NodeListener, type NodeRequest, nodeListener } from './node.ts'

export interface ServeAppOptions extends ServeOptions {
  /** Where it answers. Default `/api/mainspring`. */
  path?: string
}

/** One endpoint, in the form of each framework. */
export interface Served extends Endpoint {
  /** `(request, response)` of `node:http`. */
  readonly node: NodeListener
  /** Of AWS Lambda, behind a function URL, an API gateway or a load balancer. */
  readonly lambda: (event: LambdaEvent) => Promise<LambdaAnswer>
}

/**
 * Runs jobs and workflows behind HTTP: no process of ours, a server sends each task as a request that it signs.
 * ```ts
 * serve(app, [resize, order])                        // Hono, Express, Fastify: at /api/mainspring
 * export const POST = serve([resize, order])         // Next, Bun, Deno and whatever takes (request: Request) => Promise<Response>
 * export const handler = serve([resize, order]).lambda
 * ```
 * Then make it known, once: `mainspring endpoints add https://shop.example/api/mainspring`, which prints the secret for `MAINSPRING_ENDPOINT_SECRET`.
 * @throws InvalidOption: the app is none of these, or the work is none.
 */
export function serve(work: Work, options?: ServeOptions): Served
export function serve<App extends object>(app: App, work: Work, options?: ServeAppOptions): App
export function serve(first: Work | object, second: Work | ServeOptions = {}, third: ServeAppOptions = {}): unknown {
  if (Array.isArray(first)) return served(first as Work, second as ServeOptions)
  const [app, work] = [first, second as Work]
  const { path = '/api/mainspring', ...options } = third
  if (!/^\/[^?#]*$/.test(path)) check.refuse(path, '/path', 'a path such as /api/mainspring')
  const made = served(work, options)
  if (isHono(app)) app.all(path, context => made(context.req.raw))
  else if (isFastify(app)) intoFastify(app, path, made.node)
  else if (isExpress(app)) app.all(path, made.node)
  else
    throw new InvalidOption('This is an app of neither Hono, Express nor Fastify.', {
      at: '/app',
      hint: 'serve([resize]) without an app is a function (request: Request) => Promise<Response>, and has .node and .lambda',
    })
  return app
}

function served(work: Work, options: ServeOptions = {}): Served {
  const made = endpoint(work, options)
  return Object.assign((request: Request) => made(request), { node: nodeListener(made), lambda: lambdaHandler(made) })
}

// Frameworks are told by their form: the SDK depends on none.

interface HonoApp {
  all(path: string, handler: (context: { req: { raw: Request } }) => Promise<Response>): unknown
}
interface ExpressApp {
  all(path: string, handler: NodeListener): unknown
}
interface FastifyApp {
  register(plugin: (child: FastifyApp) => Promise<void>): unknown
  addContentTypeParser(
    type: string,
    options: { parseAs: 'string' },
    parse: (request: unknown, body: string, done: (error: null, body: string) => void) => void,
  ): void
  removeAllContentTypeParsers(): void
  all(path: string, handler: (request: { raw: NodeRequest; body: unknown }, reply: FastifyReply) => Promise<unknown>): unknown
}
interface FastifyReply {
  raw: Parameters<NodeListener>[1]
  hijack(): void
}

function isHono(app: object): app is HonoApp {
  const { fetch, all, request } = app as Record<string, unknown>
  return [fetch, all, request].every(one => typeof one === 'function')
}

function isFastify(app: object): app is FastifyApp {
  const { register, addContentTypeParser } = app as Record<string, unknown>
  return typeof register === 'function' && typeof addContentTypeParser === 'function'
}

function isExpress(app: object): app is ExpressApp {
  return typeof app === 'function' && typeof (app as unknown as Record<string, unknown>).all === 'function'
}

/** In a scope of its own, where bodies stay as they came. */
function intoFastify(app: FastifyApp, path: string, listener: NodeListener): void {
  app.register(async child => {
    child.removeAllContentTypeParsers()
    child.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) => done(null, body))
    child.all(path, async ({ raw, body }, reply) => {
      reply.hijack()
      await listener(Object.assign(raw, { rawBody: body ?? '' }), reply.raw)
      return reply
    })
  })
}
