/** Variables and connections: part of the table of wire.ts. */
export const VARIABLE_OPERATIONS = {
  'variables.list': ['GET', '/v1/namespaces/{namespace}/variables'],
  'variables.get': ['GET', '/v1/namespaces/{namespace}/variables/{name}'],
  'variables.set': ['PUT', '/v1/namespaces/{namespace}/variables/{name}'],
  'variables.remove': ['DELETE', '/v1/namespaces/{namespace}/variables/{name}'],
  'connections.list': ['GET', '/v1/namespaces/{namespace}/connections'],
  'connections.get': ['GET', '/v1/namespaces/{namespace}/connections/{name}'],
  'connections.set': ['PUT', '/v1/namespaces/{namespace}/connections/{name}'],
  'connections.remove': ['DELETE', '/v1/namespaces/{namespace}/connections/{name}'],
  'tasks.lookup': ['POST', '/v1/namespaces/{namespace}/tasks/lookup'],
  'secrets.rotate': ['POST', '/v1/secrets/rotate'],
} as const satisfies Record<string, readonly ['GET' | 'POST' | 'PUT' | 'DELETE', string]>

export interface WireFound {
  from: 'environment' | 'file' | 'database'
  description: string | null
  set: { by: string | null; since: string | null } | null
}
export interface WireVariable extends WireFound {
  name: string
  secret: boolean
  /** Absent: it is secret, or too long for a list. */
  value?: unknown
}
export interface WireVariables {
  variables: WireVariable[]
}
/** PUT variables/{name}. */
export interface WireVariableSet {
  value: unknown
  secret?: boolean
  description?: string
}
export interface WireConnection extends WireFound {
  name: string
  type: string
  host: string | null
  port: number | null
  login: string | null
  hasPassword: boolean
  schema: string | null
  /** What is secret by its name is `***`. */
  extra: Record<string, unknown> | null
  uri: string
}
export interface WireConnections {
  connections: WireConnection[]
}
/** PUT connections/{name}: its address, or its fields. `***` for a password, or in `extra`, keeps what is there. */
export interface WireConnectionSet {
  uri?: string
  type?: string
  host?: string
  port?: number
  login?: string
  password?: string
  schema?: string
  extra?: Record<string, unknown>
  description?: string
}
/** POST tasks/lookup. */
export interface WireLookup {
  worker: string
  run: string
  task: string
  attempt: number
  delivery: string
  variables?: string[]
  connections?: string[]
}
export interface WireLookedUp {
  variables: Record<string, unknown>
  connections: Record<string, Record<string, unknown>>
}
/** POST secrets/rotate. */
export interface WireRotated {
  sealed: number
  kept: number
}
