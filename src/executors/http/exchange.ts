import { lookup as dnsLookup } from 'node:dns/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { AttemptFailed, refusal } from '../attempt.ts'
import type { AddressPolicy } from './addresses.ts'
import { isSecret, shownUrl } from './redact.ts'

export interface Message {
  url: URL
  method: string
  /** Names in lower case. */
  headers: Record<string, string>
  body: Buffer | null
  /** Stands for the address in failures. */
  shown?: string
}
export interface Answer {
  status: number
  headers: IncomingMessage['headers']
  body: Buffer
  truncated: boolean
}
export interface ResolvedAddress {
  address: string
  family: number
}
export type Resolve = (host: string) => Promise<readonly ResolvedAddress[]>
export interface Wire {
  policy: AddressPolicy
  resolve: Resolve
  /** Certificates to trust beside Node's own. */
  ca: string | undefined
}
export interface ExchangeOptions extends Wire {
  signal: AbortSignal
  responseLimit: number
  follow: boolean
  /** Redirects to another origin are refused: what was sent is for one target alone. */
  sameOrigin: boolean
  /** Is this status an answer, even if it redirects? */
  isFinal: (status: number) => boolean
  onRedirect: (status: number, to: URL) => void
}

export const REDIRECTS_MAX = 5
export const resolveName: Resolve = host => dnsLookup(host, { all: true, order: 'verbatim' })

/** Sends a message, follows redirects, and resolves with the last answer. */
export async function exchange(first: Message, options: ExchangeOptions): Promise<Answer> {
  let message = first
  for (let redirects = 0; ; redirects++) {
    const answer = await send(message, options)
    const to = options.follow && !options.isFinal(answer.status) ? redirection(answer, message.url) : null
    if (to === null) return answer
    if (redirects === REDIRECTS_MAX) throw refusal('http-redirect-refused', `${shownUrl(first.url)} redirects more than ${REDIRECTS_MAX} times.`)
    if (to.protocol !== 'http:' && to.protocol !== 'https:')
      throw refusal(
        'http-redirect-refused',
        `${shownUrl(message.url)} redirects to an address of the scheme ${to.protocol}, which is not http: or https:.`,
      )
    if (options.sameOrigin && to.origin !== message.url.origin)
      throw refusal(
        'http-redirect-refused',
        `${shownUrl(message.url)} redirects to another origin, ${to.origin}; the callback is for the target alone. Give its own address.`,
      )
    options.onRedirect(answer.status, to)
    message = redirected(message, answer.status, to)
  }
}

function redirection({ status, headers }: Answer, from: URL): URL | null {
  if (![301, 302, 303, 307, 308].includes(status) || !headers.location) return null
  // Node reads headers as Latin-1; what they hold beyond ASCII is mostly UTF-8.
  const location = Buffer.from(headers.location, 'latin1').toString()
  if (!URL.canParse(location, from.href)) throw refusal('http-redirect-refused', `${shownUrl(from)} redirects to what is no address.`)
  return new URL(location, from)
}

/** As `fetch` does it: 303 becomes GET, so do 301 and 302 after POST; what is secret stays with its origin. */
function redirected({ url, method, headers, body }: Message, status: number, to: URL): Message {
  const becomesGet = (status === 303 && method !== 'HEAD') || ((status === 301 || status === 302) && method === 'POST')
  const dropped = [...(becomesGet ? OF_BODY : []), ...(to.origin === url.origin ? [] : Object.keys(headers).filter(isSecret))]
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.includes(name)))
  return { url: to, method: becomesGet && method !== 'GET' ? 'GET' : method, headers: kept, body: becomesGet ? null : body }
}
const OF_BODY = ['content-type', 'content-encoding', 'content-language', 'content-location']

async function send(message: Message, options: ExchangeOptions): Promise<Answer> {
  const response = await open(message, options)
  return read(response, options.responseLimit).catch(error => {
    throw options.signal.aborted ? options.signal.reason : noAnswer(message.url, error, false, message.shown)
  })
}

/** One request, to an address that was checked and to no other: what a name resolves to a moment later plays no part. Resolves with the head of its answer. */
export async function open(message: Message, options: Wire & { signal: AbortSignal }): Promise<IncomingMessage> {
  const { signal } = options
  const addresses = await permittedAddresses(message.url, options)
  signal.throwIfAborted()
  const { url, method, body } = message
  const host = bareHost(url)
  const headers = { ...message.headers, ...(body && { 'content-length': String(body.length) }) }
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  const requestOptions: RequestOptions = {
    protocol: url.protocol,
    hostname: host,
    port: url.port,
    path: `${url.pathname}${url.search}`,
    method,
    headers,
    signal,
    agent: false, // a connection of its own: none is shared, none is left
    lookup: pinned(addresses),
    ...(isIP(host) === 0 && { servername: host.replace(/\.$/, '') }),
    ...(options.ca !== undefined && { ca: options.ca }),
  }
  return new Promise((resolve, reject) => {
    const sent = request(requestOptions, resolve)
    const connected = url.protocol === 'https:' ? 'secureConnect' : 'connect'
    let isConnected = false
    sent.on('socket', socket => socket.once(connected, () => (isConnected = true)))
    sent.on('error', error => reject(signal.aborted ? signal.reason : noAnswer(url, error, !isConnected, message.shown)))
    sent.end(body ?? undefined)
  })
}

async function permittedAddresses(url: URL, { policy, resolve, signal }: Wire & { signal: AbortSignal }): Promise<readonly ResolvedAddress[]> {
  const host = bareHost(url)
  const family = isIP(host)
  const addresses =
    family === 0
      ? await withSignal(resolve(host), signal).catch(error => Promise.reject(signal.aborted ? signal.reason : noAnswer(url, error, true)))
      : [{ address: host, family }]
  if (addresses.length === 0) throw noAnswer(url, Object.assign(new Error('the name has no address'), { code: 'ENOTFOUND' }), true)
  for (const { address } of addresses) {
    const kind = policy.refusal(host, address)
    if (kind !== null)
      throw refusal(
        'http-address-refused',
        `${url.origin} leads to an address that is not public (${kind}). Allow it where the worker is started: allowHttp with the network, or with "${host}".`,
      )
  }
  return addresses
}

function pinned(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_, { all }, found) => {
    const [first] = addresses as [ResolvedAddress]
    if (all) found(null, [...addresses])
    else found(null, first.address, first.family)
  }
}

function read(response: IncomingMessage, limit: number): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const chunks: Buffer[] = []
  let bytes = 0
  const done = (truncated: boolean): void => {
    resolve({ status: response.statusCode as number, headers: response.headers, body: Buffer.concat(chunks).subarray(0, limit), truncated })
    if (truncated) response.destroy()
  }
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    chunks.push(chunk)
    if (bytes > limit) done(true)
  })
  response.on('end', () => done(false))
  response.on('error', reject)
  response.on('close', () => reject(Object.assign(new Error('the connection ended within the answer'), { code: 'ECONNRESET' })))
  return promise
}

function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1')
}

/** Nobody was reached, and so nothing has begun. */
export class NotReached extends AttemptFailed {}

export function noAnswer(url: URL, error: Error & { code?: string }, unreached = false, shown = shownUrl(url)): AttemptFailed {
  // The messages of Node name the address, which is nobody's business; the code says as much. An attempt at several addresses has its codes inside.
  const codes = error instanceof AggregateError ? error.errors.map(one => (one as NodeJS.ErrnoException).code) : [error.code]
  const code = [...new Set(codes.filter(one => one !== undefined))].join(', ') || error.message
  return new (unreached ? NotReached : AttemptFailed)('HttpFailed', 'http-no-answer', `No answer from ${shown}: ${code}.`)
}

function withSignal<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason)
    if (signal.aborted) return aborted()
    signal.addEventListener('abort', aborted, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted))
  })
}
