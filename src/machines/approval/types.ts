import type { CommandId } from '../../core/ids.ts'
import type { RunInput } from '../../core/machine.ts'
import type { HistoryEvent, Payload } from '../../core/run.ts'
import type { Closing, Started, StartInput } from '../taskless.ts'

export type { Closing, Started, StartInput }

/** What a person is asked, as the run's input says it. */
export interface Asked {
  subject: string
  body?: string
  /** JSON Schema of what comes with an approval. */
  form?: object
  /** Names of the API keys that may answer; none: any. */
  assignees?: readonly string[]
  /** From when it was asked; then `default` is the answer, and without one the run times out. */
  deadlineMs?: number
  default?: 'approve' | 'reject'
  /** What a rejection is: an answer like another, or a failure. */
  onReject?: 'skip' | 'fail' | 'continue'
}

/** A person answers. */
export interface AnswerInput {
  is: 'approve' | 'reject'
  command: CommandId
  by: string | null
  why: string | null
  /** What the form asks for, already found to fit it. */
  input?: Payload
}

export type ApprovalInput = StartInput | AnswerInput | RunInput

export type ApprovalEvent = HistoryEvent & (Started | Closing)

export interface ApprovalState {
  readonly started: Started
  readonly asked: Asked
  readonly closing: Closing | null
}
