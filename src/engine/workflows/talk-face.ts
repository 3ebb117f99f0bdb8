import type { RunId, WorkerId } from '../../core/ids.ts'
import type { Failure, Payload, RunState } from '../../core/run.ts'
import type { Command } from '../face.ts'

/** What one says to a workflow's code, and what it says at once. */
export interface MessageCalls {
  /**
   * Asks its code, which only looks: by the worker that has it live, else by a replay on any worker that serves it; of a closed run, too. Nothing of it is kept.
   * @throws UserError `not-a-workflow`, `unknown-query`, `query-failed`, `no-live-worker` after `waitMs`
   */
  query(namespace: string, id: RunId, query: MessageCall, signal?: AbortSignal): Promise<Payload | null>
  /**
   * Tells its code something that it takes or refuses, and waits for what its handler gives, `waitMs` at most. Refused, it leaves nothing in the history; a repeat
   * of the command answers the same.
   * @throws UserError `not-a-workflow`, `unknown-update`, `update-rejected`, `run-closed`, `no-live-worker`, `too-many-updates`
   */
  update(namespace: string, id: RunId, update: MessageCall, command: Command, signal?: AbortSignal): Promise<UpdateAnswer>
  /** Settles a promise of a workflow: whoever knows the token may. A repeat of the command changes nothing. @throws UserError `promise-not-found` */
  settle(namespace: string, token: string, settlement: Settlement, command: Command): Promise<void>
  /** Whom a question is about, as the store has it: what is committed. @throws UserError `not-a-workflow` */
  subject(namespace: string, id: RunId, update?: string): Promise<Subject>
  /** Its code has taken the update as far as it has seen `upTo` events. `stale`: more has happened since. */
  accept(namespace: string, id: RunId, update: Omit<MessageCall, 'waitMs'> & { upTo: number }, command: Command): Promise<'accepted' | 'stale'>
  /** What became of an update, waiting for the end of its handler; null: none of that id was accepted. */
  outcome(namespace: string, id: RunId, update: string, waitMs: number, signal?: AbortSignal): Promise<UpdateAnswer | null>
}
export interface Settlement {
  output: Payload | null
  failure?: Failure
}
/** `accepted`: the update that was asked for is. */
export interface Subject {
  state: RunState
  accepted: boolean
  about: Omit<Question, 'id' | 'is' | 'name' | 'payload'>
}
export interface MessageCall {
  name: string
  input: Payload | null
  waitMs: number
  /** Of the code that is asked, by a replay; absent: whichever has the run. */
  version?: string
}
/** `accepted`: it is on disk, and its handler has not ended. */
export type UpdateAnswer = { is: 'accepted' } | { is: 'completed'; output: Payload | null } | { is: 'failed'; failure: Failure }

/** The side of the workers that have the code. */
export interface QuestionCalls {
  /** Waits up to `waitMs` for questions about runs of what it serves. */
  asked(namespace: string, asker: Asker, signal?: AbortSignal): Promise<Question[]>
  /** Those that were not asked here are left out. */
  answer(namespace: string, answers: readonly QuestionAnswer[]): Promise<void>
  /** Has a worker of this node asked; null: none serves it, or it gave no answer within `waitMs`. `holder`: only the worker that has the run live. */
  ask(namespace: string, question: Question, how: { waitMs: number; holderOnly: boolean }, signal?: AbortSignal): Promise<QuestionAnswer | null>
}
/** `versions`: of the code that it has, by definition. */
export interface Asker {
  worker: WorkerId
  serves: readonly string[]
  versions: Readonly<Record<string, string>>
  waitMs: number
}
/** What a worker is asked of a run's code. */
export interface Question {
  id: string
  is: 'query' | 'update'
  run: RunId
  definition: string
  /** Whose live run it is, as far as is known. */
  holder: WorkerId | null
  /** Only a worker that has this version of the code is asked. */
  version?: string
  /** So many events are committed: the answer takes all of them into account. */
  upTo: number
  name: string
  payload: Payload | null
  /** What the run's code is called with. */
  input: Payload | null
  metadata: Payload | null
  tags: Readonly<Record<string, string>> | null
}
export type QuestionAnswer = { question: string } & (
  | { is: 'answered'; output: Payload | null }
  | { is: 'valid'; upTo: number }
  /** `unknown`: the code has none of this name. `rejected`: it takes no such input. `failed`: it threw, or does not fit its history. */
  | { is: 'refused'; why: 'unknown' | 'rejected' | 'failed'; failure: Failure }
)
