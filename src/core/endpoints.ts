import type { Instant } from './time.ts'

/** The kind of setting that keeps the endpoints which work is sent to. */
export const ENDPOINT_SETTING = 'endpoint'
/** The kind that keeps how each was when it was last heard of. */
export const ENDPOINT_HEALTH_SETTING = 'endpoint-health'

/** As a setting keeps it. */
export interface EndpointSet {
  url: string
  /** What requests are signed with: the newest first, then the one before it. */
  secrets: string[]
  /** Which call made the newest of them: a repeat of it is shown it as well. */
  secretBy?: string
  /** Requests at the same time. */
  slots: number
  /** Of one request. */
  timeoutMs: number
  by: string | null
  since: Instant
}

/** As a setting keeps it. */
export interface EndpointHealth {
  /** Definitions that it has code for, as far as it ever said. */
  serves: string[]
  /** Names its code. */
  code: string | null
  /** Why it gets no work; null: it answers. */
  trouble: string | null
  since: Instant
}
