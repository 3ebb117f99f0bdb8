import type { WireEvent, WireFailure, WireRef, WireStart } from './wire.ts'

/** POST runs/{run}/signals/{name}. The idempotency key is the command's id: a repeat within 24 h changes nothing. */
export interface WireSignal {
  payload?: unknown
}

/** `from`: the number of the first event. Without `events`: GET runs/{run}/history?from=… has them. */
export interface WireJournal {
  from: number
  events?: WireEvent[]
}

/** What a workflow's code has done, or asks for; `n` numbers its operations from 1 on. */
export type WireEntry =
  | { is: 'begun'; n: number; name: string }
  | { is: 'completed'; n: number; name: string; attempt: number; output?: unknown }
  /** `retryMs`: tried again after so long; absent: that was the last attempt. */
  | { is: 'failed'; n: number; name: string; attempt: number; failure: WireFailure; retryMs?: number }
  | { is: 'timer'; n: number; forMs?: number; until?: string }
  /** `ctx.patched` took the new way. */
  | { is: 'patched'; id: string }
  | { is: 'wait'; n: number; signal: string; timeoutMs?: number }
  | { is: 'child'; n: number; definition: string; input?: unknown; options?: WireChildOptions; detached?: boolean }
  | { is: 'finished'; end: WireEnd }
export type WireEnd =
  | { is: 'completed'; output?: unknown }
  | { is: 'failed'; reason: string; failure: WireFailure }
  | { is: 'cancelled' }
  | { is: 'continued'; input?: unknown }
export type WireChildOptions = Pick<
  WireStart,
  'queue' | 'priority' | 'retry' | 'timeout' | 'expires' | 'exhausted' | 'retention' | 'labels' | 'tags' | 'metadata'
>

/** POST tasks/advance. `call` counts the calls of one delivery from 1 on; `upTo`: so many events it has seen; `yields`: nothing of it runs any more. */
export interface WireAdvance {
  worker: string
  advances: (WireRef & { call: number; upTo: number; yields: boolean; entries: WireEntry[] })[]
}
export interface WireAdvanced {
  advances: { is: 'held' | 'yielded' | 'closed' | 'superseded' | 'unknown'; journal: WireJournal }[]
}
