/** What consoles ask: part of the tables of wire.ts. The shapes of their answers are in `/openapi.json`. */
export const CONSOLE_OPERATIONS = {
  'runs.histogram': ['GET', '/v1/namespaces/{namespace}/runs/histogram'],
  'activity.get': ['GET', '/v1/namespaces/{namespace}/activity'],
  'definitions.limits': ['POST', '/v1/namespaces/{namespace}/definitions/{name}/limits'],
  'queues.shares': ['GET', '/v1/namespaces/{namespace}/queues/{name}/shares'],
  'schedules.upcoming': ['GET', '/v1/namespaces/{namespace}/upcoming'],
  'schedules.outcomes': ['GET', '/v1/namespaces/{namespace}/outcomes'],
  'runs.related': ['GET', '/v1/namespaces/{namespace}/runs/{run}/related'],
  'workers.drain': ['POST', '/v1/namespaces/{namespace}/workers/{worker}/drain'],
  'workers.undrain': ['POST', '/v1/namespaces/{namespace}/workers/{worker}/undrain'],
  'server.get': ['GET', '/v1/server'],
  'namespaces.list': ['GET', '/v1/namespaces'],
  'nodes.list': ['GET', '/v1/nodes'],
  'shards.list': ['GET', '/v1/shards'],
  'nodes.drain': ['POST', '/v1/nodes/{node}/drain'],
  'nodes.undrain': ['POST', '/v1/nodes/{node}/undrain'],
} as const satisfies Record<string, readonly ['GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', string]>

export interface WireNodes {
  nodes: {
    id: string
    /** Host and process. */
    name: string
    /** Where other nodes reach it. */
    address: string | null
    /** When it began. */
    since: string
    /** How many it serves; 0: it stands by. */
    shards: number
    drained: { by: string | null; note: string | null; since: string } | null
  }[]
  /** Why nothing is served or written at present, and what to do. */
  fault: string | null
}

export interface WireShards {
  count: number
  lanes: {
    lane: string
    claim: string
    node: string
    /** Of the node. */
    name: string
    shards: number[]
    /** How often it has renewed its claim: four times a second while it lives. */
    renewals: number
    /** By how many changes of settings it is behind. */
    behind: number
  }[]
  /** Those that nobody holds. */
  free: number[]
}
