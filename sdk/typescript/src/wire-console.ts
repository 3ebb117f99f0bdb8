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
  'shards.set': ['PUT', '/v1/shards'],
  'nodes.drain': ['POST', '/v1/nodes/{node}/drain'],
  'nodes.undrain': ['POST', '/v1/nodes/{node}/undrain'],
  'retention.get': ['GET', '/v1/namespaces/{namespace}/retention'],
  'retention.set': ['PATCH', '/v1/namespaces/{namespace}/retention'],
  'retention.reset': ['DELETE', '/v1/namespaces/{namespace}/retention'],
  'gc.preview': ['GET', '/v1/gc'],
  'gc.collect': ['POST', '/v1/gc'],
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

/** Milliseconds; `set`: null where nobody has set them. */
export interface WireRetention {
  runs: number
  ledger: number
  set: { by: string | null; since: string | null } | null
}
export interface WireCollectable {
  /** Closed runs whose retention is over, by the UTC day of their close. */
  days: { namespace: string; kind: string; definition: string; day: string; runs: number }[]
  /** There are more than were counted. */
  more: boolean
}
export interface WireCollected {
  runs: number
  keys: number
  /** Of ledgers. */
  lines: number
  /** There is more than one call drops: call again. */
  more: boolean
}
