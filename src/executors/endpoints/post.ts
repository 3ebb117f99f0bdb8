import type { IncomingMessage } from 'node:http'
import { type Clock, newId } from '@mainspring/sdk'
import { type Ask, CODE_HEADER, ID_HEADER, type Saying, SIGNATURE_HEADER, signature, TIMESTAMP_HEADER } from '@mainspring/sdk/serve'
import { AttemptFailed } from '../attempt.ts'
import { NotReached, open, type Wire } from '../http/exchange.ts'
import { shownUrl } from '../http/redact.ts'

export interface Target {
  url: string
  /** The newest first: all of them sign. */
  secrets: readonly string[]
  /** Of one request, from its start to its last line. */
  timeoutMs: number
}
export interface Line {
  wire: Wire
  clock: Clock
  random: () => number
}
export interface Answered {
  /** Names the code that answers; null: no endpoint of ours has. */
  code: string | null
  sayings: AsyncGenerator<Saying, void, void>
}

/** Nothing of what was asked has begun: it may be asked again. */
export class NotBegun extends AttemptFailed {}

/** Between two lines, of an answer that has begun. An endpoint says every 10 seconds that it is there. */
const SILENCE_MS = 60_000
const LINE_LENGTH_MAX = 8 * 1024 * 1024
const REFUSAL_LENGTH_MAX = 2_000
/** With which a request is turned away before anything of it begins. 500, 502 and 504 may come in its middle. */
const TURNED_AWAY: ReadonlySet<number> = new Set([301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410, 413, 421, 425, 429, 501, 503])

/** Asks once. @throws NotBegun, AttemptFailed, or the signal's reason. */
export async function post(target: Target, ask: Ask, { wire, clock, random }: Line, signal: AbortSignal): Promise<Answered> {
  const url = new URL(target.url)
  const stop = new AbortController()
  const aborted = (): void => stop.abort(signal.reason)
  if (signal.aborted) aborted()
  signal.addEventListener('abort', aborted, { once: true })
  const over = new AttemptFailed('EndpointFailed', 'endpoint-timeout', `${shownUrl(url)} did not come to an end within ${target.timeoutMs} ms.`)
  const cancel = clock.after(target.timeoutMs, () => stop.abort(over))
  const end = (): void => {
    cancel()
    signal.removeEventListener('abort', aborted)
  }
  try {
    const response = await open(signed(url, target, JSON.stringify(ask), newId(clock.now(), random), clock.now()), { ...wire, signal: stop.signal })
    const code = response.headers[CODE_HEADER]
    if (response.statusCode !== 200 || code === undefined) throw await refused(url, response)
    return { code: String(code), sayings: sayings(url, response, clock, stop, end) }
  } catch (error) {
    end()
    if (error instanceof NotReached) throw new NotBegun('EndpointFailed', 'endpoint-away', unbracketed(error.message))
    throw error
  }
}

function signed(url: URL, { secrets }: Target, body: string, id: string, nowMs: number) {
  const timestamp = Math.floor(nowMs / 1_000)
  return {
    url,
    method: 'POST',
    body: Buffer.from(body),
    headers: {
      accept: 'application/x-ndjson',
      'content-type': 'application/json',
      'user-agent': 'mainspring',
      [ID_HEADER]: id,
      [TIMESTAMP_HEADER]: String(timestamp),
      [SIGNATURE_HEADER]: secrets.map(secret => signature(secret, id, timestamp, body)).join(' '),
    },
  }
}

async function refused(url: URL, response: IncomingMessage): Promise<AttemptFailed> {
  const status = response.statusCode as number
  let text = ''
  for await (const chunk of response) {
    text += String(chunk)
    if (text.length > REFUSAL_LENGTH_MAX) break
  }
  const why = status === 200 ? 'answers, but nothing of Mainspring does: is it the address of serve()?' : `answers ${status}${said(text)}`
  const Failed = status === 200 || TURNED_AWAY.has(status) ? NotBegun : AttemptFailed
  return new Failed('EndpointFailed', 'endpoint-refused', `${shownUrl(url)} ${why}`)
}

/** Codes with which serve() refuses. */
const OURS: ReadonlySet<string> = new Set([
  'method-not-allowed',
  'secret-missing',
  'too-large',
  'signature-refused',
  'repeated',
  'unknown-definition',
])

/** The words of our own refusals; what a stranger says is its own business. */
function said(text: string): string {
  try {
    const { code, title, hint } = JSON.parse(text) as { code?: unknown; title?: unknown; hint?: unknown }
    if (OURS.has(code as string)) return `: ${title}${typeof hint === 'string' ? ` ${hint}` : ''}`
  } catch {
    // It is no JSON.
  }
  return ''
}

async function* sayings(
  url: URL,
  response: IncomingMessage,
  clock: Clock,
  stop: AbortController,
  end: () => void,
): AsyncGenerator<Saying, void, void> {
  const broken = (why: string): AttemptFailed =>
    new AttemptFailed('EndpointFailed', 'endpoint-broke-off', `The answer of ${shownUrl(url)} broke off: ${why}.`)
  let rest = ''
  let cancelSilence = (): void => {}
  const heard = (): void => {
    cancelSilence()
    cancelSilence = clock.after(SILENCE_MS, () => stop.abort(broken(`nothing was said for ${SILENCE_MS} ms`)))
  }
  try {
    response.setEncoding('utf8')
    heard()
    for await (const chunk of response) {
      heard()
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() as string
      if (rest.length > LINE_LENGTH_MAX) throw broken('a line is too long')
      for (const line of lines) {
        if (line === '') continue
        const saying = JSON.parse(line) as Saying
        if (saying.is === 'done') return
        if (saying.is !== 'still') yield saying
      }
    }
    throw broken('its end is missing')
  } catch (error) {
    if (stop.signal.aborted) throw stop.signal.reason
    throw error instanceof AttemptFailed
      ? error
      : broken(error instanceof SyntaxError ? 'a line is no JSON' : ((error as NodeJS.ErrnoException).code ?? 'its connection is gone'))
  } finally {
    cancelSilence()
    end()
    response.destroy()
  }
}

/** Without its code. */
export function unbracketed(message: string): string {
  return message.replace(/ \[[\w-]+\]$/, '')
}
