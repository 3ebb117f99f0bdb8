import type { RunId } from '../../core/ids.ts'
import type { Payload, RunState } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { Asked } from '../../machines/approval/types.ts'
import type { Page, Paged } from '../../store/store.ts'
import type { Command } from '../face.ts'

/** What waits for a person, of a whole namespace. */
export interface ApprovalCalls {
  /** Those that are open, the newest first. */
  list(namespace: string, page: Page): Promise<Paged<ApprovalView>>
  /** @throws UserError `run-not-found`, `not-an-approval` */
  get(namespace: string, id: RunId): Promise<ApprovalView>
  /** A repeat of the command changes nothing. @throws UserError `run-not-found`, `not-an-approval`, `run-closed`, `not-assigned` */
  answer(namespace: string, id: RunId, answer: ApprovalAnswer, command: Command): Promise<void>
}

export interface ApprovalAnswer {
  is: 'approve' | 'reject'
  /** What the form asks for; whoever calls has found that it fits. */
  input?: Payload
}

export interface ApprovalView {
  run: RunId
  state: RunState
  definition: string
  /** Whose task it is, and of a mapped one which item. */
  dag: { run: RunId; task: string; item: number | null }
  asked: Asked
  since: Instant
  /** When its default, or a time-out, ends it. */
  deadlineAt: Instant | null
}
