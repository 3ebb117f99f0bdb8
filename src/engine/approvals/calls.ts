import { UserError } from '../../core/errors.ts'
import { type RunId, shortId, slotOf } from '../../core/ids.ts'
import { isRun } from '../../core/machine.ts'
import type { AnswerInput, ApprovalState } from '../../machines/approval/types.ts'
import { placeOf } from '../../store/cursor.ts'
import type { Row } from '../../store/store.ts'
import { Actor } from '../actor.ts'
import type { Desk } from '../desk.ts'
import type { Command } from '../face.ts'
import { KIND_TAG } from '../tags.ts'
import type { Transaction } from '../work.ts'
import { toldOfEnd } from '../workflows/children.ts'
import type { ApprovalAnswer, ApprovalCalls, ApprovalView } from './face.ts'

export function approvalCalls({ store, submit, available }: Pick<Desk, 'store' | 'submit' | 'available'>): ApprovalCalls {
  return {
    async list(namespace, page) {
      if (page.after !== null) placeOf(page.after)
      const { rows, next } = await available(store.read.runs({ namespace, states: ['waiting'], tags: { [KIND_TAG]: 'approval' } }, page))
      return { rows: rows.map(approvalView), next }
    },
    async get(namespace, id) {
      const row = await available(store.read.run(namespace, id))
      if (row === null || !isRun(row.kind)) throw new UserError('run-not-found', { found: id })
      return approvalView(row)
    },
    answer: (namespace, id, answer, command) =>
      submit<void>(slotOf(id), settle => ({
        ids: [id],
        further: transaction => toldOfEnd(transaction.actor(id)),
        bytes: 200 + (answer.input?.length ?? 0),
        execute(transaction) {
          const actor = transaction.actor(id)
          if (actor === null || actor.namespace !== namespace || !isRun(actor.kind)) throw new UserError('run-not-found', { found: id })
          give(transaction, actor, answer, command)
        },
        done: () => settle.resolve(undefined),
        failed: settle.reject,
      })),
  }
}

function give(transaction: Transaction, actor: Actor, { is, input }: ApprovalAnswer, { id, by, why }: Command): void {
  checkKind(actor)
  const told: AnswerInput = { is, command: id, by, why: why ?? null, ...(input !== undefined && { input }) }
  const decision = transaction.apply(actor, told)
  if (decision === null) throw new UserError('unavailable', { found: actor.id, retryAfter: 60, hint: 'the run is stuck: resume it first' })
  const reply = decision.replies?.[0]?.reply
  if (reply === undefined || reply.ok) return
  if (reply.code === 'run-closed') throw new UserError('run-closed', { found: actor.id, hint: `it is ${endedHow(actor)}` })
  const { assignees = [] } = (actor.state as ApprovalState).asked
  throw new UserError('not-assigned', { found: by ?? 'nobody by name', hint: `it is for ${assignees.join(', ')}` })
}

function endedHow({ state, view }: Actor): string {
  const by = (state as ApprovalState).closing?.by
  return `${view.reason ?? view.state}${by === undefined ? '' : ` by ${by}`}`
}

function checkKind({ id, kind }: Actor): void {
  if (kind !== 'approval')
    throw new UserError('not-an-approval', { found: shortId(id), hint: `it is a ${kind}: \`mainspring approvals ls\` has those that are open` })
}

function approvalView(row: Row): ApprovalView {
  const actor = Actor.load(row)
  checkKind(actor)
  const { started, asked } = actor.state as ApprovalState
  const { trigger } = started
  return {
    run: actor.id,
    state: actor.view.state,
    definition: actor.name,
    dag:
      trigger.is === 'dag' ? { run: trigger.run, task: trigger.task, item: trigger.item ?? null } : { run: actor.id as RunId, task: '', item: null },
    asked,
    since: started.at,
    deadlineAt: asked.deadlineMs === undefined ? null : started.at + asked.deadlineMs,
  }
}
