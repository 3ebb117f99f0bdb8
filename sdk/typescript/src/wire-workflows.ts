import type { WireEvent, WireFailure, WireRef, WireStart } from './wire.ts'

/** Part of the table of wire.ts. */
export const WORKFLOW_OPERATIONS = {
  'runs.query': ['POST', '/v1/namespaces/{namespace}/runs/{run}/queries/{name}'],
  'runs.update': ['POST', '/v1/namespaces/{namespace}/runs/{run}/updates/{name}'],
  'promises.resolve': ['POST', '/v1/namespaces/{namespace}/promises/{token}/resolve'],
  'promises.reject': ['POST', '/v1/namespaces/{namespace}/promises/{token}/reject'],
  'tasks.questions': ['POST', '/v1/namespaces/{namespace}/tasks/questions'],
  'tasks.answers': ['POST', '/v1/namespaces/{namespace}/tasks/answers'],
} as const satisfies Record<string, readonly ['GET' | 'POST', string]>

/** POST runs/{run}/signals/{name}. The idempotency key is the command's id: a repeat within 24 h changes nothing. */
export interface WireSignal {
  payload?: unknown
}

/** POST runs/{run}/queries/{name} and …/updates/{name}; `wait`: milliseconds, 10,000 where it says nothing. An update's idempotency key is its id. */
export interface WireMessage {
  input?: unknown
  wait?: number
}
export interface WireQuery extends WireMessage {
  /** Of the code that is asked, by a replay. */
  version?: string
}
export interface WireQueried {
  output?: unknown
}
/** `accepted`: its handler has not ended; the same call waits on. */
export interface WireUpdated {
  update: string
  is: 'accepted' | 'completed' | 'failed'
  output?: unknown
  failure?: WireFailure
}

/** POST tasks/questions: what this worker is asked of the code of runs. `update`: whether the code would take it; nothing is done. */
export interface WireAsker {
  worker: string
  serves: string[]
  /** Of the code that it has, by definition. */
  versions?: Record<string, string>
  wait?: number
}
export interface WireQuestions {
  questions: WireQuestion[]
}
export interface WireQuestion {
  question: string
  is: 'query' | 'update'
  run: string
  definition: string
  /** So many events there are: the answer goes by all of them. */
  upTo: number
  name: string
  payload?: unknown
  /** What the run's code is called with. */
  input?: unknown
  metadata?: unknown
  tags?: Record<string, string>
}
/** POST tasks/answers. */
export interface WireAnswers {
  answers: WireQuestionAnswer[]
}
export type WireQuestionAnswer = { question: string } & (
  | { is: 'answered'; output?: unknown }
  | { is: 'valid'; upTo: number }
  | { is: 'refused'; why: 'unknown' | 'rejected' | 'failed'; failure: WireFailure }
)

/** What of a workflow is seen without a worker. */
export interface WireWorkflow {
  /** What its code shows as `ctx.state`. */
  state: unknown
  /** What it waits for now: the first 100. */
  awaits: {
    n: number
    is: 'step' | 'step-back-off' | 'parked' | 'sleep' | 'signal' | 'promise' | 'child'
    name: string | null
    until: string | null
    run: string | null
  }[]
  more: boolean
  /** Accepted, and not answered yet. */
  updates: { id: string; name: string }[]
}

/** POST promises/{token}/resolve, which needs no API key, and …/reject with a `message`. */
export interface WireResolution {
  value?: unknown
}

/** `from`: the number of the first event. Without `events`: GET runs/{run}/history?from=… has them. */
export interface WireJournal {
  from: number
  events?: WireEvent[]
  /** Of an endpoint alone: steps that are tried once, whose `step_begun` it has brought about by its last answer. They have not run. */
  begun?: number[]
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
  /** `scoped`: it may be `dropped`, and a signal that it was given too late is given back. */
  | { is: 'wait'; n: number; signal: string; timeoutMs?: number; taken?: number; scoped?: true }
  /** The code does not wait for this any more. Before any other entries of a call. */
  | { is: 'dropped'; n: number }
  | {
      is: 'child'
      n: number
      definition: string
      input?: unknown
      options?: WireChildOptions
      detached?: boolean
      parentClose?: 'terminate' | 'abandon'
    }
  | { is: 'promise'; n: number; name: string; token: string; timeoutMs?: number }
  /** How the handler of an update has ended; `update`: the number of its event. */
  | { is: 'answered'; update: number; output?: unknown; failure?: WireFailure }
  /** What the run shows to those outside has changed. */
  | { is: 'shown'; shown?: unknown; metadata?: unknown }
  | { is: 'write'; n: number; stream: string; chunk: unknown }
  | { is: 'close'; n: number; stream: string }
  | { is: 'finished'; end: WireEnd }
export type WireEnd =
  | { is: 'completed'; output?: unknown; watermark?: unknown }
  | { is: 'failed'; reason: string; failure: WireFailure }
  | { is: 'cancelled' }
  | { is: 'continued'; input?: unknown; watermark?: unknown }
export type WireChildOptions = Pick<
  WireStart,
  'queue' | 'priority' | 'retry' | 'timeout' | 'expires' | 'exhausted' | 'retention' | 'labels' | 'tags' | 'outlets' | 'metadata'
>

/** POST tasks/advance. `call` counts the calls of one delivery from 1 on; `upTo`: so many events it has seen; `yields`: nothing of it runs any more;
 * `ahead`: so many of the last entries count only if nothing has happened that the code has not seen. */
export interface WireAdvance {
  worker: string
  advances: (WireRef & { call: number; upTo: number; yields: boolean; ahead?: number; entries: WireEntry[] })[]
}
export interface WireAdvanced {
  advances: { is: 'held' | 'yielded' | 'closed' | 'superseded' | 'unknown'; journal: WireJournal }[]
}
