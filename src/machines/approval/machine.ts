import { refuse, whoOf } from '../../core/decide.ts'
import { invariant } from '../../core/errors.ts'
import type { Context, Decision, Machine, Pending } from '../../core/machine.ts'
import type { Payload, RunView } from '../../core/run.ts'
import { withDefaults } from '../../core/schema-defaults.ts'
import type { Instant } from '../../core/time.ts'
import { commanded, outcomeOf, viewOf } from '../taskless.ts'
import type { AnswerInput, ApprovalEvent, ApprovalInput, ApprovalState, Asked, Closing, Started, StartInput } from './types.ts'

/**
 * A question to a person: it waits, in no queue and without a worker, until somebody answers, or its deadline answers for them.
 *
 * ```text
 * started ──▶ completed (approved, or rejected where that is an answer like another)
 *         ├─▶ failed (rejected, where that is a failure) · timed_out (nobody answered) · cancelled · terminated
 * ```
 */
export const approval: Machine<ApprovalState, ApprovalInput, ApprovalEvent> = {
  kind: 'approval',
  reads: [1],
  writes: 1,
  decide,
  evolve,
  pending,
  view,
}

const NOTHING: Decision<ApprovalEvent> = { events: [] }

function decide(state: ApprovalState | null, input: ApprovalInput, context: Context): Decision<ApprovalEvent> {
  if (input.is === 'start') return started(state, input, context)
  invariant(state !== null, 'only a start makes a run', { input: input.is })
  switch (input.is) {
    case 'wake':
      return state.closing === null ? woken(state, context) : NOTHING
    case 'approve':
    case 'reject':
      return answered(state, input, context)
    default:
      return commanded(state.closing, input, context.now, closing => closed(state, closing))
  }
}

function started(state: ApprovalState | null, input: StartInput, context: Context): Decision<ApprovalEvent> {
  invariant(state === null, 'a run starts once', { run: context.self })
  const { definition, options, trigger } = input
  const event: Started = { is: 'started', at: context.now, definition, options, trigger, input: input.input }
  const after = evolve(null, event as ApprovalEvent)
  return { events: [event as ApprovalEvent], state: after, wakeAt: wakeAt(after) }
}

function answered(state: ApprovalState, input: AnswerInput, { now: at }: Context): Decision<ApprovalEvent> {
  const { command, by } = input
  if (state.closing !== null) return state.closing.command === command ? NOTHING : refuse(command, 'run-closed')
  const { assignees = [] } = state.asked
  if (assignees.length > 0 && (by === null || !assignees.includes(by))) return refuse(command, 'not-assigned')
  return answer(state, input.is, { at, command, ...whoOf(input) }, input.input)
}

function woken(state: ApprovalState, { now: at }: Context): Decision<ApprovalEvent> {
  const due = wakeAt(state)
  if (due === null || due > at) return NOTHING
  const { default: by } = state.asked
  if (by !== undefined) return answer(state, by, { at, why: 'nobody had answered by its deadline' })
  return closed(state, { is: 'timed_out', at, reason: 'deadline' })
}

/** What it gives says who answered what; of one that its deadline has answered `by` is null. */
function answer(
  state: ApprovalState,
  is: AnswerInput['is'],
  said: Pick<Closing, 'at' | 'by' | 'why' | 'command'>,
  input?: Payload,
): Decision<ApprovalEvent> {
  const { form, onReject } = state.asked
  const isApproved = is === 'approve'
  const reason = isApproved ? 'approved' : 'rejected'
  if (!isApproved && onReject === 'fail') {
    const message = said.why ?? `rejected by ${said.by ?? 'somebody'}`
    return closed(state, { is: 'failed', reason, failure: { type: 'Rejected', message, code: 'rejected' }, ...said })
  }
  const { at, by = null, why = null } = said
  const head = JSON.stringify({ approved: isApproved, by, why, at: new Date(at).toISOString() })
  const given = isApproved ? withDefaults(form === undefined ? null : JSON.stringify(form), input ?? null) : null
  return closed(state, { is: 'completed', reason, ...said }, `${head.slice(0, -1)},"input":${given ?? 'null'}}`)
}

function closed(state: ApprovalState, closing: Closing, output?: Payload): Decision<ApprovalEvent> {
  return { events: [closing as ApprovalEvent], state: evolve(state, closing as ApprovalEvent), wakeAt: null, outcome: outcomeOf(closing, output) }
}

function evolve(state: ApprovalState | null, event: ApprovalEvent): ApprovalState {
  if (event.is === 'started') {
    invariant(state === null, 'a run starts once', { definition: event.definition })
    const started = event as Started
    return { started, asked: JSON.parse(started.input) as Asked, closing: null }
  }
  invariant(state !== null, 'a history begins with started', { event: event.is })
  invariant(state.closing === null, 'a closed run never changes', { event: event.is })
  return { ...state, closing: event as Closing }
}

function wakeAt({ started, asked, closing }: ApprovalState): Instant | null {
  return closing !== null || asked.deadlineMs === undefined ? null : started.at + asked.deadlineMs
}

function pending(state: ApprovalState): Pending {
  return { ready: [], delivered: [], wakeAt: wakeAt(state) }
}

function view(state: ApprovalState): RunView {
  return viewOf(state, 'approval', wakeAt(state))
}
