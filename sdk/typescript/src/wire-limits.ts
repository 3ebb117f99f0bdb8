import type { WireDefinition } from './wire.ts'
import type { WireDag } from './wire-dags.ts'

/** Limits, sequences and an operator's options over HTTP: part of the tables of wire.ts. */
export const LIMIT_OPERATIONS = {
  'definitions.get': ['GET', '/v1/namespaces/{namespace}/definitions/{name}'],
  'definitions.override': ['PUT', '/v1/namespaces/{namespace}/definitions/{name}/options'],
  'definitions.reset': ['DELETE', '/v1/namespaces/{namespace}/definitions/{name}/options'],
  'limits.list': ['GET', '/v1/namespaces/{namespace}/limits'],
  'limits.get': ['GET', '/v1/namespaces/{namespace}/limits/{name}'],
  'limits.set': ['PUT', '/v1/namespaces/{namespace}/limits/{name}'],
  'limits.reset': ['DELETE', '/v1/namespaces/{namespace}/limits/{name}'],
  'sequences.resume': ['POST', '/v1/namespaces/{namespace}/sequences/{name}/resume'],
} as const satisfies Record<string, readonly ['GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', string]>

/** Options of a definition that order, slow and gather its runs; see the SDK's `RuleOptions`. */
export interface WireRules {
  limits?: WireLimitRule[]
  fair?: string | { per: string; weights?: Record<string, number> }
  sequence?: string | { per: string; onFailure?: 'stop' | 'skip' }
  cost?: number | Record<string, number>
  batch?: { size: number; within: number | string }
  debounce?: WireDebounce
  throttle?: { per?: string; every: number | string }
  /** A definition's name, or a webhook. The secret is never given back: `***` stands for it, and given back it keeps it. */
  onFailure?: string | { url: string; secret?: string }
  notify?: WireNotification[]
}
/** With exactly one of job, url, slack and email. A secret, and the path of Slack's address, are given back as a mask, which keeps what it stands for. */
export interface WireNotification {
  on: ('completed' | 'failed' | 'retrying' | 'parked' | 'recovered' | 'deadline')[]
  job?: string
  url?: string
  secret?: string
  slack?: string
  email?: string[]
}
/** Exactly one of concurrency, rate (with every) and pool. */
export interface WireLimitRule {
  name?: string
  per?: string
  weight?: number
  concurrency?: number
  rate?: number
  every?: number | string
  pool?: string
}
export type WireDebounce = number | string | { per?: string; for: number | string; maximum?: number | string }

/** What a limit is on; a pool is called as the limit is. */
export type WireLimitTarget = 'pool' | 'namespace' | { queue: string } | { definition: string }
/** So many at once, or so many in any window of `every`; 0 lets nothing pass. */
export interface WireLimitSize {
  concurrency?: number
  rate?: number
  every?: number | string
}
/** PUT limits/{name}: an operator's limit over the code's of that name, or one of his own, which says what it is `on`. Answers the limit in force. */
export interface WireLimitSet extends WireLimitSize {
  on?: WireLimitTarget
  per?: string
}
/** Who says something over the code, and since when; null: it is not known. */
export interface WireSetBy {
  by: string | null
  since: string | null
}
export interface WireLimit {
  name: string
  on: WireLimitTarget
  per: string | null
  /** In force: concurrency, or rate and every (milliseconds). */
  concurrency?: number
  rate?: number
  every?: number
  /** Who gave what is in force. */
  from: 'code' | 'operator'
  /** What the code says, where an operator has changed it. */
  declared: { concurrency?: number; rate?: number; every?: number } | null
  /** Who has set what is in force, and when; null: it is the code's. */
  set: WireSetBy | null
  /** Units held now, or tokens of the window that are spent; over all keys. */
  used: number
  /** Keys that are in use or waited for. */
  keys: number
  /** Groups of ready runs that wait for it. */
  waiting: number
}
export interface WireLimits {
  limits: WireLimit[]
}
export interface WireLimitDetail extends WireLimit {
  /** The fullest first, 100 at most. */
  byKey: {
    key: string
    used: number
    holders: { run: string; weight: number; since: string }[]
    waiting: number
    /** Of a rate: when its next token comes; null: there is one now. */
    nextAt: string | null
  }[]
}
/** POST sequences/{definition}/resume. */
export interface WireSequenceResume {
  key: string
}
export type WireDefinitionView = Omit<WireDefinition, 'dag'> & {
  registeredAt: string
  versions: number
  paused: { by: string | null; note: string | null; since: string } | null
  /** What of `options` an operator has set. */
  override: WireDefinition['options'] | null
  /** By option, who has set it. */
  set: Record<string, WireSetBy>
}
/** GET definitions/{name}: `versions` newest first, and its newest 1,000 runs. */
export type WireDefinitionDetail = Omit<WireDefinitionView, 'versions'> & {
  dag?: WireDag
  versions: { version: string; registeredAt: string; workers: { id: string; name: string }[] }[]
  recent: {
    runs: number
    counts: Record<string, number>
    versions: { version: string | null; counts: Record<string, number> }[]
    runMs: { p50: number; p95: number } | null
  }
}
/** In a call of `apply`: an operator's limit. */
export interface WireLimitSettings extends WireLimitSet {
  name: string
}
