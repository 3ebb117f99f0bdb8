import createClient from 'openapi-fetch'
import type { components, paths } from './generated.ts'
import { ApiError, type Problem, UNREACHABLE } from './problem.ts'
import { currentKey, keyRefused } from './session.ts'

type Schemas = components['schemas']
export type Run = Schemas['Run']
export type RunDetail = Schemas['RunDetail']
export type RunState = Run['state']
export type HistoryEvent = Schemas['HistoryEvent']
export type LogLine = Schemas['LogLine']
export type Explanation = Schemas['Explanation']
export type Reason = Schemas['Reason']
export type Summary = Schemas['Summary']
export type Schedule = Schemas['Schedule']
export type Definition = Schemas['RegisteredDefinition']
export type Batch = Schemas['Batch']
export type Chunk = Schemas['Chunk']
export type StreamEvent = Schemas['StreamEvent']
export type LiveEvent = Schemas['LiveEvent']

/** Where the server is: `<base href>`, which it writes itself, without the slash at its end. */
export const BASE = new URL(document.baseURI).pathname.replace(/\/$/, '')

/** Every call goes with the key of this tab; a 401 brings the sign-in back. */
export async function send(request: Request): Promise<Response> {
  const key = currentKey()
  if (key !== null) request.headers.set('authorization', `Bearer ${key}`)
  let response: Response
  try {
    response = await fetch(request)
  } catch (error) {
    if (request.signal.aborted) throw error
    throw new ApiError(UNREACHABLE)
  }
  if (response.status === 401) keyRefused(key)
  return response
}

/** Typed by the API's description: `call(client.GET('/v1/namespaces/{namespace}/runs', { params: { path: { namespace } } }))`. */
export const client = createClient<paths>({ baseUrl: `${location.origin}${BASE}`, fetch: send })

/** The answer's body. @throws ApiError what was refused, with code, place and hint. */
export async function call<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await asked
  if (response.ok) return data as T
  throw new ApiError(
    isProblem(error) ? error : { code: 'unexpected-answer', status: response.status, title: `The server answered ${response.status}.` },
  )
}

function isProblem(error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'code' in error && 'title' in error
}

/** For the header `Idempotency-Key`: the same attempt sent twice acts once. */
export function newCallKey(): string {
  // crypto.randomUUID is there in secure contexts only, and a server beyond loopback may be plain HTTP.
  return [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('')
}
