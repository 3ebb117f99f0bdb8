import type { Labels } from './gates.ts'
import type { LateText } from './late.ts'
import type { GateKeys, LimitRule, Units } from './limits.ts'
import type { RetryPolicy } from './retry.ts'
import type { HookEvent, OpenState, Payload } from './run.ts'
import type { Instant } from './time.ts'

/** Options of a run: the start's over the definition's over the defaults. */
export interface RunOptions {
  /** Default: 'default'. */
  queue?: string
  /** -100 to 100, default 0. */
  priority?: number
  delayMs?: number
  notBefore?: Instant
  retry?: Partial<RetryPolicy>
  timeout?: Timeouts
  /** From the time it is due: not begun by then, it ends as timed_out (expired). */
  expiresMs?: number
  /** How long the closed run is kept. Default: as its namespace has it, else 7 days. */
  retentionMs?: number
  labels?: Labels
  tags?: Readonly<Record<string, string>>
  /** Assets that it makes anew when it completes. */
  outlets?: readonly Outlet[]
  metadata?: Payload
  /** When its attempts are used up: it fails (default), or is parked: open, `paused`, until a person resumes or cancels it. */
  exhausted?: 'fail' | 'park'
  /** Of a workflow: which versions of its code may go on with it. Any that its history fits (default), or only the one that began it. */
  versioning?: 'auto' | 'pinned'
  /** What gates it besides queue, definition and labels; read from its input when it starts. Never given by a caller. */
  gate?: GateKeys
  /** Texts of its input in which variables and connections are looked up when a worker is given it. Never given by a caller. */
  late?: readonly LateText[]
}

export interface Outlet {
  asset: string
  /** Default: the one for the interval, or the partition, that the run is for. */
  partition?: string
}

/** What a handler says of one of its outlets. */
export interface OutletFacts extends Outlet {
  extra?: Payload
  /** How far it has come, for whoever makes it next. */
  watermark?: Payload
}

/** Options of a definition that are no run's: they are looked up whenever they are needed, so that a change is in force at once. */
export interface DefinitionRules {
  limits?: readonly LimitRule[]
  /** Keys take turns, by their weights (default 1): of a queue, whatever the definition. */
  fair?: { per: string; weights?: Readonly<Record<string, number>> }
  /** One run at a time per key, in the order in which they were started. What follows a failed one: nothing, until a person resumes it (stop), or the next. */
  sequence?: { per: string; onFailure: 'stop' | 'skip' }
  /** What a run takes of its worker. Default: one slot. */
  cost?: Units
  /** Up to `size` inputs are handed to the handler together; fewer once the first has waited for `withinMs`. */
  batch?: { size: number; withinMs: number }
  /** Starts of a key within the time become one run, with the last input. */
  debounce?: { per: string | null; forMs: number; maximumMs?: number }
  throttle?: { per: string | null; everyMs: number }
  /** Told of a run that failed, was parked, or was made good (recovered). */
  onFailure?: { job: string } | Webhook
  /** Who is told of what becomes of its runs, each of what it names. */
  notify?: readonly Notification[]
}

export type Notification = { on: readonly HookEvent[] } & Recipient
export type Recipient = { job: string } | Webhook | { slack: string } | { email: readonly string[] }
export interface Webhook {
  url: string
  secret?: string
}

/** Whom a definition tells; `onFailure`, which has no number, comes first. */
export function notificationsOf({ onFailure, notify = [] }: DefinitionRules): { n: number | null; notification: Notification }[] {
  const numbered = notify.map((notification, n) => ({ n, notification }))
  return onFailure === undefined ? numbered : [{ n: null, notification: { on: ON_FAILURE, ...onFailure } }, ...numbered]
}
const ON_FAILURE: readonly HookEvent[] = ['failed', 'parked', 'recovered']

/** Milliseconds; absent: none. */
export interface Timeouts {
  /** One attempt, from delivery on: the attempt fails and is retried. */
  attempt?: number
  /** From due to the end, all attempts: the run ends as timed_out. */
  total?: number
  /** From ready to delivery, each attempt: the run ends as timed_out. */
  scheduleToStart?: number
  /** Without a sign of life from the handler (progress, checkpoint, heartbeat): the attempt fails and is retried. */
  heartbeat?: number
}

/** "Is one like it open?" On a conflict the run that is there is kept and answered. */
export interface Unique {
  /** What becomes of the one that is there: nothing (default), or, as long as it has not begun, it takes the new input and options. */
  onConflict?: 'keep' | 'replace'
  /** One a definition; one an input; one a key. */
  by: 'name' | 'input' | 'key'
  key?: string
  /** States of the other run that conflict. Default: all open ones. A run that has left them does not come back into them. */
  states?: readonly OpenState[]
}

export const QUEUE_DEFAULT = 'default'
export const RETENTION_MS_DEFAULT = 7 * 86_400_000
/** Lines of a schedule's ledger, beside the last few, which stay however old they are: those of a monthly one for 80 years. */
export const LEDGER_RETENTION_MS_DEFAULT = 90 * 86_400_000
export const LEDGER_LINES_KEPT = 1_000
/** A key is kept at least so long (E9). */
export const KEY_RETENTION_MS = 86_400_000

/** A start's options over the definition's: whole options replace, `retry` and `timeout` merge field by field, tags add up. */
export function mergeOptions(definition: RunOptions, start: RunOptions): RunOptions {
  const merged: RunOptions = { ...definition, ...start }
  if (definition.retry && start.retry) merged.retry = { ...definition.retry, ...start.retry }
  if (definition.timeout && start.timeout) merged.timeout = { ...definition.timeout, ...start.timeout }
  if (definition.tags && start.tags) merged.tags = { ...definition.tags, ...start.tags }
  return merged
}
