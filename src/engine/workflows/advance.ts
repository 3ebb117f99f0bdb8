import type { WorkerId } from '../../core/ids.ts'
import type { Decision, Reply } from '../../core/machine.ts'
import type { HistoryEvent } from '../../core/run.ts'
import type { Actor } from '../actor.ts'
import type { AdvanceAnswer, AdvanceCall, Journal } from '../face.ts'
import type { Tenure } from '../tenure.ts'
import type { Settle, Transaction, Work } from '../work.ts'
import { toldOfEnd } from './children.ts'

/** What a worker that gets the task of a run must know of its history; nothing of a run that has no journal. Events that are not committed stay here (E4). */
export function journalFor(actor: Actor, worker: WorkerId): { journal?: Journal } {
  const from = actor.machine.journal?.(actor.state, worker)
  return from === undefined ? {} : { journal: { from, events: actor.eventsFrom(from, actor.committedEvents) } }
}

/** The answer leaves when all that it tells is committed: it is told with the batch of this work, and batches go one after the other. */
export function advanceWork(tenure: Tenure, namespace: string, worker: WorkerId, { run, ...call }: AdvanceCall, settle: Settle<AdvanceAnswer>): Work {
  const { delivery, upTo } = call
  let answer: AdvanceAnswer
  const answered = (actor: Actor, decision: Decision<HistoryEvent> | null): AdvanceAnswer => {
    const reply = decision === null ? REFUSED : decision.replies?.[0]?.reply
    if (reply?.ok === false) return { is: reply.code === 'closed' ? 'closed' : 'superseded', journal: { from: upTo, events: [] } }
    const holds = actor.machine.pending(actor.state).delivered[0]?.delivery === delivery
    return { is: actor.closed ? 'closed' : holds ? 'held' : 'yielded', journal: { from: upTo, events: actor.eventsFrom(upTo, actor.sequence) } }
  }
  return {
    ids: [run],
    ...(call.entries.at(-1)?.is === 'finished' ? { further: (transaction: Transaction) => toldOfEnd(transaction.actor(run)) } : {}),
    bytes: call.entries.reduce((sum, entry) => sum + 200 + ('output' in entry ? (entry.output?.length ?? 0) : 0), 200),
    execute(transaction) {
      const actor = transaction.actor(run)
      answer =
        actor === null || actor.namespace !== namespace || actor.kind !== 'workflow'
          ? { is: 'unknown', journal: { from: upTo, events: [] } }
          : answered(actor, transaction.apply(actor, { is: 'advance', worker, ...call } as { is: string }))
      const lease = answer.is === 'held' ? tenure.leases.of({ run, delivery }) : null
      if (lease !== null) tenure.leases.beat(lease, true)
    },
    done: () => settle.resolve(answer),
    failed: settle.reject,
  }
}

/** It is stuck. */
const REFUSED: Reply = { ok: false, code: 'superseded' }
