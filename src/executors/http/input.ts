import type { Duration } from '@mainspring/sdk'
import { byType, duration, type Form, type Issue, inputSchema, integer, listOf, object, oneOf, recordOf, text } from '../forms.ts'

/** What a run of `http` sends, and what it takes for a success. Its attempts are the run's `retry`. */
export interface HttpInput {
  /** `http:` or `https:`. User and password in it are sent as basic authorization. */
  url: string
  /** Default GET, with a body POST. */
  method?: string
  headers?: Record<string, string>
  /** A text goes as it is, anything else as JSON; null is none. */
  body?: unknown
  /** Statuses that are a success: `201`, `'2xx'`, `'200-204'`, or a list of those. Default `'2xx'`. */
  expect?: Statuses
  /** Of one attempt, redirects and body included. Default 60 seconds, at most 1 day. */
  timeout?: Duration
  /** Statuses after which it is tried again, as are network errors; any other that is not expected fails the run. Default `[408, 425, 429, 500, 502, 503, 504]`. */
  retryOn?: Statuses
  /**
   * 429, and 503 with `Retry-After`: the target asks for less. `retry`: as `retryOn` says. `snooze`: sent again when the target says (429 without it: after a minute),
   * counts no attempt, and slows all runs of this definition if it has a rate. Default `retry`.
   */
  throttled?: 'retry' | 'snooze'
  /** `follow`: up to 5, each checked as the first address was. `refuse`: a redirect is an answer like any other. Default `follow`. */
  redirects?: 'follow' | 'refuse'
  /** Bytes of the answer's body that are kept, 0 to 512 KiB; the rest is not fetched. Default 256 KiB. */
  responseLimit?: number
  /** The target answers later: the run stays open until the outcome is posted to the address in the header `Mainspring-Callback`. */
  callback?: { /** Default 1 hour, at most 30 days. */ timeout?: Duration }
}
export type Statuses = number | string | (number | string)[]

export interface HttpOutput {
  status: number
  /** Names in lower case; without `set-cookie`, 64 at most. */
  headers: Record<string, string>
  /** Parsed where it is JSON, null where there is none. */
  body: unknown
  bodyIs: 'json' | 'text' | 'base64' | 'none'
  /** The body was longer than `responseLimit`. */
  truncated: boolean
  durationMs: number
}
/** With `callback`: `status` is that of the first answer, `output` what was posted later. */
export interface CallbackOutput {
  status: number | null
  output: unknown
  durationMs: number
}

export const RESPONSE_LIMIT_MAX = 512 * 1024
const DAY_MS = 86_400_000
/** Said by us, or by how the message is framed. */
const OWN_HEADERS = /^(host|connection|content-length|transfer-encoding|upgrade|expect|te|trailer|keep-alive|proxy-connection|mainspring-.*)$/i

const statusRange: Form = byType("a status such as 200, '2xx' or '200-204'", {
  number: integer(100, 599),
  string: text("a status such as 200, '2xx' or '200-204'", { min: 3, max: 7, pattern: /^([1-5]xx|[1-5]\d\d(-[1-5]\d\d)?)$/ }),
})
const statuses: Form = {
  schema: { anyOf: [statusRange.schema, { type: 'array', items: statusRange.schema, minItems: 1, maxItems: 100 }] },
  check: (value, at, issues) => (Array.isArray(value) ? listOf(statusRange, { min: 1, max: 100 }) : statusRange).check(value, at, issues),
}
const json: Form = {
  schema: {},
  check(value, at, issues) {
    try {
      if (JSON.stringify(value) !== undefined) return
    } catch {}
    issues.push({ message: 'a text, or a value that JSON can hold', path: at })
  },
}

const form = object(
  {
    url: text('an address', { min: 1, max: 8_192 }),
    method: text('a method such as "PUT"', { min: 1, max: 32, pattern: /^[A-Za-z-]+$/ }),
    headers: recordOf(
      { pattern: /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/, meant: 'the name of a header has letters, digits and dashes' },
      text('a text of Latin letters without line breaks', { max: 8_192, pattern: /^[\t\x20-\x7e\x80-\xff]*$/ }),
      100,
    ),
    body: json,
    expect: statuses,
    timeout: duration(1, DAY_MS, 'from 1 ms to 1 day'),
    retryOn: statuses,
    throttled: oneOf('retry', 'snooze'),
    redirects: oneOf('follow', 'refuse'),
    responseLimit: integer(0, RESPONSE_LIMIT_MAX),
    callback: object({ timeout: duration(1, 30 * DAY_MS, 'from 1 ms to 30 days') }),
  },
  ['url'],
)

export const httpInput = inputSchema<HttpInput>(form, (input, issues: Issue[]) => {
  const { protocol } = URL.canParse(input.url) ? new URL(input.url) : { protocol: null }
  if (protocol === null) issues.push({ message: 'an address with its scheme, such as https://example.org/hook', path: ['url'] })
  else if (protocol !== 'http:' && protocol !== 'https:') issues.push({ message: 'http: or https:', path: ['url'] })
  const method = input.method?.toUpperCase()
  if (method === 'CONNECT' || method === 'TRACE') issues.push({ message: `${method} is not a request that a job can make`, path: ['method'] })
  if ((method === 'GET' || method === 'HEAD') && hasBody(input))
    issues.push({ message: `${method} has no body; leave it out, or use POST`, path: ['body'] })
  for (const name of Object.keys(input.headers ?? {}))
    if (OWN_HEADERS.test(name)) issues.push({ message: 'this header is set by Mainspring', path: ['headers', name] })
})

export function hasBody(input: HttpInput): boolean {
  return input.body !== undefined && input.body !== null
}

/** Whether a status is among those that were written. */
export function among(status: number, written: Statuses): boolean {
  return [written].flat().some(range => {
    if (typeof range === 'number') return status === range
    if (range.endsWith('xx')) return Math.floor(status / 100) === Number(range[0])
    const [from, to = from] = range.split('-').map(Number)
    return status >= (from as number) && status <= (to as number)
  })
}
