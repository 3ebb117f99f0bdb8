import { type Clock, durationMs, type JobContext, RateLimited } from '@mainspring/sdk'
import { AttemptFailed, nominalTimeOf, refusal, traceparentOf } from '../attempt.ts'
import { retryAfterMs, snippet } from './answer.ts'
import { type Answer, exchange, type Message, type Wire } from './exchange.ts'
import { among, type HttpInput, hasBody } from './input.ts'
import { decoded, scrubbed, secretsOf, shownHeaders, shownUrl } from './redact.ts'

const TIMEOUT = '60s'
const RETRY_ON = [408, 425, 429, 500, 502, 503, 504]
const RESPONSE_LIMIT = 256 * 1024

export interface Asking {
  wire: Wire
  clock: Clock
  signal: AbortSignal
  /** Address for the outcome. */
  callback: string | null
  /** Stands for its address in lines and failures, where the path is a secret. */
  shown?: string
}

/** Sends the request and answers with what was expected. @throws Abort, AttemptFailed, or the signal's reason. */
export async function ask(input: HttpInput, ctx: JobContext, { wire, clock, signal, callback, shown: name }: Asking): Promise<Answer> {
  const message: Message = { ...messageOf(input, ctx, callback), ...(name !== undefined && { shown: name }) }
  const { url, method } = message
  const shown = `${method} ${name ?? shownUrl(url)}`
  const asked = [new URL(input.url)]
  const stop = new AbortController()
  const aborted = (): void => stop.abort(signal.reason)
  if (signal.aborted) aborted()
  signal.addEventListener('abort', aborted, { once: true })
  const timeoutMs = durationMs(input.timeout ?? TIMEOUT) as number
  const timer = clock.after(timeoutMs, () =>
    stop.abort(new AttemptFailed('HttpFailed', 'http-timeout', `${shown} had no answer within ${timeoutMs} ms.`)),
  )
  ctx.log.debug(shown, { headers: shownHeaders(message.headers) })
  try {
    const answer = await exchange(message, {
      ...wire,
      signal: stop.signal,
      responseLimit: input.responseLimit ?? RESPONSE_LIMIT,
      follow: input.redirects !== 'refuse',
      sameOrigin: callback !== null,
      isFinal: status => among(status, input.expect ?? '2xx'),
      onRedirect: (status, to) => {
        asked.push(to)
        ctx.log.info(`${status}, redirected to ${shownUrl(to)}`)
      },
    })
    ctx.log.info(`${shown} answered ${answer.status}${answer.truncated ? `, the body was cut after ${answer.body.length} bytes` : ''}`)
    if (among(answer.status, input.expect ?? '2xx')) return answer
    const secrets = asked.flatMap(one => secretsOf(one, message.headers))
    throw unexpected(shown, answer, input, secrets, clock)
  } finally {
    timer()
    signal.removeEventListener('abort', aborted)
  }
}

function unexpected(shown: string, answer: Answer, input: HttpInput, secrets: readonly string[], clock: Clock): Error {
  const quoted = scrubbed(snippet(answer), secrets)
  const what = `${shown} answered ${answer.status}${quoted === '' ? '.' : `: ${quoted}`}`
  const afterMs = retryAfterMs(answer.headers, clock.now())
  if (input.throttled === 'snooze' && (answer.status === 429 || (answer.status === 503 && afterMs !== undefined)))
    return new RateLimited({ retryAfter: afterMs })
  if (!among(answer.status, input.retryOn ?? RETRY_ON)) return refusal('http-status', what)
  return new AttemptFailed('HttpFailed', 'http-status', what, { retryAfterMs: afterMs })
}

function messageOf(input: HttpInput, ctx: JobContext, callback: string | null): Message {
  const isJson = hasBody(input) && typeof input.body !== 'string'
  const body = hasBody(input) ? Buffer.from(isJson ? JSON.stringify(input.body) : (input.body as string)) : null
  const nominalTime = nominalTimeOf(ctx)
  const traceparent = traceparentOf(ctx)
  const headers: Record<string, string> = {
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'mainspring',
    ...(body && { 'content-type': isJson ? 'application/json' : 'text/plain;charset=UTF-8' }),
    'idempotency-key': ctx.taskKey,
    ...(traceparent !== null && { traceparent }),
    ...Object.fromEntries(Object.entries(input.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
    'mainspring-run': ctx.run,
    'mainspring-attempt': String(ctx.attempt),
    ...(nominalTime && { 'mainspring-nominal-time': nominalTime.toISOString() }),
    ...(callback !== null && { 'mainspring-callback': callback }),
  }
  const url = new URL(input.url)
  const authorization = basicAuthorization(url)
  if (authorization !== null) headers.authorization ??= authorization
  url.username = ''
  url.password = ''
  return { url, method: input.method?.toUpperCase() ?? (body ? 'POST' : 'GET'), headers, body }
}

function basicAuthorization({ username, password }: URL): string | null {
  return username === '' && password === '' ? null : `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`
}
