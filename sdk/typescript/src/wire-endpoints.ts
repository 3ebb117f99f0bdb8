/** Endpoints of `serve()` that a server sends work to: part of the table of wire.ts. */
export const ENDPOINT_OPERATIONS = {
  'endpoints.list': ['GET', '/v1/namespaces/{namespace}/endpoints'],
  'endpoints.get': ['GET', '/v1/namespaces/{namespace}/endpoints/{name}'],
  'endpoints.set': ['PUT', '/v1/namespaces/{namespace}/endpoints/{name}'],
  'endpoints.rotate': ['POST', '/v1/namespaces/{namespace}/endpoints/{name}/rotate'],
  'endpoints.remove': ['DELETE', '/v1/namespaces/{namespace}/endpoints/{name}'],
} as const satisfies Record<string, readonly ['GET' | 'POST' | 'PUT' | 'DELETE', string]>

/** PUT endpoints/{name}. `slots`: requests at the same time; `timeout`: of one request. */
export interface WireEndpointSet {
  url: string
  slots?: number
  timeout?: number | string
}
export interface WireEndpoint {
  name: string
  url: string
  slots: number
  timeout: number
  health: 'unknown' | 'ok' | 'away'
  /** Why it gets no work. */
  trouble: string | null
  healthSince: string | null
  serves: string[]
  set: { by: string | null; since: string | null }
  /** Of the answer that made it: shown once. */
  secret?: string
}
export interface WireEndpoints {
  endpoints: WireEndpoint[]
}
