/** Versions of workflows, and new runs from a point of an old one: part of the tables of wire.ts. */
export const VERSION_OPERATIONS = {
  'runs.fork': ['POST', '/v1/namespaces/{namespace}/runs/{run}/fork'],
  'runs.reset': ['POST', '/v1/namespaces/{namespace}/runs/{run}/reset'],
  'versions.get': ['GET', '/v1/namespaces/{namespace}/definitions/{name}/versions'],
  'versions.ramp': ['POST', '/v1/namespaces/{namespace}/definitions/{name}/versions/ramp'],
  'versions.rollback': ['POST', '/v1/namespaces/{namespace}/definitions/{name}/versions/rollback'],
} as const satisfies Record<string, readonly ['GET' | 'POST', string]>

/** `from`: the number of an operation in the history, or a step's name where it is the only one; absent: the step that failed last. Answer `{ run }`. */
export interface WireFork {
  from?: number | string
  input?: unknown
}
export interface WireReset {
  to: number | string
}

/** `percent` of the work goes to `version`, a name or the beginning of a hash; 100: it is the current one. */
export interface WireRamp {
  version: string
  percent: number
}

export interface WireVersions {
  /** Current and ramping first, then newest first: 50 at most. */
  versions: {
    version: string
    /** draining: open runs go by it, and nothing new does; drained: none do. */
    state: 'current' | 'ramping' | 'draining' | 'drained'
    /** Of new work; null: it is not shared out, and whatever is served gets it. */
    percent: number | null
    /** Open runs that go by it. */
    open: number
    registeredAt: string
    /** That serve it now: the first 20. */
    workers: { id: string; name: string }[]
  }[]
  /** Open runs that nobody has begun. */
  unbegun: number
  /** There are more open runs than the newest 5,000, which were counted. */
  more: boolean
  set: { by: string | null; since: string } | null
}
