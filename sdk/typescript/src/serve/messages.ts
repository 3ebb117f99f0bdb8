import type {
  WireDefinition,
  WireDelivery,
  WireEvent,
  WireFailure,
  WireProgress,
  WireQuestion,
  WireQuestionAnswer,
  WireRegisterSchedules,
} from '../wire.ts'
import type { WireAssetFacts } from '../wire-assets.ts'

/**
 * What a server asks of an endpoint: a POST with one of these as JSON, signed as a webhook is. It is answered by lines of JSON, each a `Saying`, the last of which is
 * `{ is: 'done' }`: an answer without it broke off.
 */
export type Ask =
  /** What it has code for. */
  | { is: 'describe' }
  /**
   * Run these, in one call of their handler. A workflow's task brings its whole journal, and is run until it waits; a queued step's the history of its workflow's
   * run. `live`: a name that the app said, of which all has been accepted: its run may go on where it stands there, if it still does.
   */
  | { is: 'run'; tasks: WireDelivery[]; history?: History; live?: string }
  /** What a workflow's code says of itself. */
  | { is: 'question'; question: WireQuestion; history: History }

/** A run of a workflow, for code that is replayed. */
export interface History {
  run: string
  input?: unknown
  metadata?: unknown
  tags?: Record<string, string>
  events: WireEvent[]
}

/** `task` is an index of the tasks that were sent. */
export type Saying =
  | ({ is: 'described' } & Description)
  | { is: 'log'; task: number; level: 'debug' | 'info' | 'warn' | 'error'; message: string; fields?: unknown }
  | { is: 'alive'; task: number }
  | { is: 'progress'; task: number; progress: WireProgress }
  | { is: 'checkpoint'; task: number; checkpoint: unknown }
  /** What a workflow's code asks for, or has done. */
  | { is: 'entries'; entries: unknown[] }
  /** How a task ended, as `tasks/complete` says it; of a workflow's, that its code could not go on. */
  | { is: 'ended'; task: number; result: Result }
  | { is: 'answered'; answer: WireQuestionAnswer }
  /** The run stays live here under this name, once all that was said is accepted. */
  | { is: 'live'; live: string }
  /** Nothing: connections on which nothing is said are closed by what lies between. */
  | { is: 'still' }
  | { is: 'done' }

export interface Description {
  /** Of these messages. */
  protocol: 1
  definitions: WireDefinition[]
  /** Which of them are queued steps, whose workflow's history they need. */
  steps: string[]
  /** What its code has of schedules; null: it says nothing of them. */
  schedules: WireRegisterSchedules | null
}

export type Result = {
  output?: unknown
  failure?: WireFailure
  retry?: boolean
  delayMs?: number
  slow?: boolean
  assets?: WireAssetFacts[]
  watermark?: unknown
} & {
  is: 'completed' | 'failed' | 'snoozed' | 'cancelled' | 'returned'
}

/** Of each answer: names the code, so that the server asks anew what it has when that changes. */
export const CODE_HEADER = 'mainspring-code'
/** Words that a Standard Webhook has. */
export const ID_HEADER = 'webhook-id'
export const TIMESTAMP_HEADER = 'webhook-timestamp'
export const SIGNATURE_HEADER = 'webhook-signature'
