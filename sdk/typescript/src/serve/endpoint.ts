import { type Client, connect } from '../client.ts'
import { InvalidOption } from '../errors.ts'
import type { Work } from '../work.ts'
import type { Middleware } from '../worker/middleware.ts'
import { Seen } from '../worker/seen.ts'
import { Code } from './code.ts'
import { type Ask, CODE_HEADER, ID_HEADER, type Saying, SIGNATURE_HEADER, TIMESTAMP_HEADER } from './messages.ts'
import { signatureProblem } from './signature.ts'

export interface ServeOptions {
  /**
   * What requests are signed with, as `mainspring endpoints add` printed it. Several while one is being replaced. Default `MAINSPRING_ENDPOINT_SECRET`, several
   * separated by spaces. Without any, every request is refused.
   */
  secret?: string | readonly string[]
  /** Through which handlers start runs. Default: one made from the environment, when it is needed. */
  client?: Client
  /** Run around every call of a handler, the first outermost. Default: none. */
  middleware?: readonly Middleware[]
  /** Workflow runs that stay live in this process between two requests, so that their code is not replayed; of more, and after 10 minutes, they are. Default 1,000. */
  live?: number
  /** Names the code that has the schedules of `work`; see `WorkerOptions.source`. */
  source?: string
}

/** Bytes of lines that wait for a slow reader; more log lines are dropped. */
const UNREAD_BYTES_MAX = 4 * 1024 * 1024
/** What lies between closes connections on which nothing is said, mostly after 60 s. */
const STILL_MS = 10_000
const BODY_BYTES_MAX = 16 * 1024 * 1024

/** Answers requests of a server, which it knows by their signature: the core under every framework. Never rejects. */
export type Endpoint = (request: Request) => Promise<Response>

export function endpoint(work: Work, options: ServeOptions = {}): Endpoint {
  const client = options.client ?? connect()
  const code = new Code(work, client, options)
  const secrets = secretsOf(options.secret)
  const seen = new Seen()
  return async request => {
    if (request.method !== 'POST')
      return refusal(
        405,
        'method-not-allowed',
        'This address is for a Mainspring server.',
        `Make it known there: mainspring endpoints add ${request.url}`,
        {
          allow: 'POST',
        },
      )
    const given = secrets()
    if (given.length === 0)
      return refusal(
        500,
        'secret-missing',
        'This endpoint has no secret to know its server by.',
        'Set MAINSPRING_ENDPOINT_SECRET, or the option secret.',
      )
    const body = await request.text()
    if (body.length > BODY_BYTES_MAX) return refusal(413, 'too-large', 'The request is too large.', `at most ${BODY_BYTES_MAX} bytes`)
    const id = request.headers.get(ID_HEADER)
    const signed = { id, timestamp: request.headers.get(TIMESTAMP_HEADER), signature: request.headers.get(SIGNATURE_HEADER) }
    const problem = signatureProblem(given, signed, body, client.clock.now())
    if (problem !== null)
      return refusal(401, 'signature-refused', `The request is refused: ${problem}.`, 'See that both sides have the same secret, and the right time.')
    if (!seen.add(id as string)) return refusal(409, 'repeated', 'This very request was here before.', 'A repeat is sent under an id of its own.')
    const ask = JSON.parse(body) as Ask
    const lacking = code.lacks(ask)
    if (lacking !== null)
      return refusal(404, 'unknown-definition', `This endpoint has no code for "${lacking}".`, 'It is told anew what there is.', {
        [CODE_HEADER]: code.name,
      })
    return answered(code, ask, request.signal, client)
  }
}

function answered(code: Code, ask: Ask, gone: AbortSignal, { clock }: Client): Response {
  const stop = new AbortController()
  const aborted = (): void => stop.abort(gone.reason)
  gone.addEventListener('abort', aborted, { once: true })
  const bytes = new TextEncoder()
  const lines = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let cancelStill = (): void => {}
        const say = (saying: Saying): void => {
          if (stop.signal.aborted) return
          if (saying.is === 'log' && (controller.desiredSize ?? 0) <= 0) return
          controller.enqueue(bytes.encode(`${JSON.stringify(saying)}\n`))
        }
        const still = (): void => {
          cancelStill = clock.after(STILL_MS, () => {
            say({ is: 'still' })
            still()
          })
        }
        still()
        say({ is: 'still' })
        void code
          .answer(ask, say, stop.signal)
          .then(() => say({ is: 'done' }))
          .finally(() => {
            cancelStill()
            gone.removeEventListener('abort', aborted)
            if (!stop.signal.aborted) controller.close()
          })
          .catch(() => {})
      },
      cancel: reason => stop.abort(reason),
    },
    { highWaterMark: UNREAD_BYTES_MAX, size: chunk => chunk?.byteLength ?? 0 },
  )
  const headers = { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store', 'x-accel-buffering': 'no', [CODE_HEADER]: code.name }
  return new Response(lines, { status: 200, headers })
}

/** Asked for with each request: frameworks load their environment late. */
function secretsOf(given: ServeOptions['secret']): () => readonly string[] {
  const checked = (secrets: readonly unknown[]): readonly string[] => {
    for (const [index, secret] of secrets.entries())
      if (typeof secret !== 'string' || secret === '')
        throw new InvalidOption('This is no secret.', { at: `/secret/${index}`, hint: 'what mainspring endpoints add has printed: whsec_…' })
    return secrets as readonly string[]
  }
  if (given !== undefined) {
    const secrets = checked(typeof given === 'string' ? [given] : given)
    return () => secrets
  }
  return () => (process.env.MAINSPRING_ENDPOINT_SECRET ?? '').split(/\s+/).filter(one => one !== '')
}

function refusal(status: number, code: string, title: string, hint: string, headers: Record<string, string> = {}): Response {
  const body = { type: 'about:blank', code, status, title, hint }
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
  })
}
