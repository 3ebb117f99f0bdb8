import { WAIT_MS_MAX } from '../../core/bounds.ts'
import { UserError } from '../../core/errors.ts'
import type { RunId } from '../../core/ids.ts'
import type { HistoryEvent } from '../../core/run.ts'
import type { Update, UpdateInput, WorkflowEvent, WorkflowState } from '../../machines/workflow/types.ts'
import { updateOf } from '../../machines/workflow/updates-kept.ts'
import type { Row } from '../../store/store.ts'
import { Actor } from '../actor.ts'
import type { Clock } from '../clock.ts'
import type { LiveEvent } from '../face.ts'
import type { Live } from '../live.ts'
import type { Transaction } from '../work.ts'
import type { MessageCalls, UpdateAnswer } from './talk-face.ts'

/** @throws UserError `not-a-workflow`, `run-closed`, `too-many-updates` */
export function acceptUpdate(transaction: Transaction, actor: Actor, input: UpdateInput): 'accepted' | 'stale' {
  const found = actor.id
  if (actor.kind !== 'workflow') throw new UserError('not-a-workflow', { found, hint: `it is a ${actor.kind}` })
  const decision = transaction.apply(actor, input)
  if (decision === null) throw new UserError('unavailable', { found, retryAfter: 60, hint: 'the run is stuck: resume it first' })
  const reply = decision.replies?.[0]?.reply
  if (reply === undefined || reply.ok) return 'accepted'
  if (reply.code === 'stale') return 'stale'
  if (reply.code === 'run-closed') throw new UserError('run-closed', { found, hint: `it is ${actor.view.state}` })
  throw new UserError('too-many-updates', { found: input.name, retryAfter: 1, hint: 'so many handlers of this run have not ended' })
}

export interface OutcomeOptions {
  clock: Clock
  live: Live
  row(namespace: string, id: RunId): Promise<Row>
  /** The event of this number. */
  history(namespace: string, id: RunId, from: number): Promise<HistoryEvent[]>
}

/** What became of an update. On the node that serves the run, which hears of its end at once. */
export function outcomeOf({ clock, live, row, history }: OutcomeOptions): MessageCalls['outcome'] {
  return async (namespace, id, update, waitMs, signal) => {
    let wake = (): void => {}
    let changed = new Promise<void>(() => {})
    const arm = (): void => {
      changed = new Promise<void>(resolve => {
        wake = resolve
      })
    }
    arm()
    const releases = [live.subscribe(namespace, id, event => (tells(event) ? wake() : undefined)), live.onClosed(id, () => wake())]
    const until = clock.monotonic() + Math.min(waitMs, WAIT_MS_MAX)
    const cancel = clock.after(Math.min(waitMs, WAIT_MS_MAX), () => wake())
    const stop = (): void => wake()
    signal?.addEventListener('abort', stop)
    try {
      for (;;) {
        const actor = Actor.load(await row(namespace, id))
        const known = actor.kind === 'workflow' ? updateOf(actor.state as WorkflowState, update) : null
        const answer = known === null ? null : await answerOf(known, actor, from => history(namespace, id, from))
        if (answer === null || answer.is !== 'accepted' || clock.monotonic() >= until || signal?.aborted) return answer
        await changed
        arm()
      }
    } finally {
      for (const release of releases) release()
      cancel()
      signal?.removeEventListener('abort', stop)
    }
  }
}

function tells(event: LiveEvent): boolean {
  return event.is === 'lagged' || (event.is === 'run' && event.events.some(({ is }) => is === 'update_answered'))
}

async function answerOf({ name, answered }: Update, actor: Actor, history: (from: number) => Promise<HistoryEvent[]>): Promise<UpdateAnswer> {
  if (answered === null) {
    if (!actor.closed) return { is: 'accepted' }
    const message = `the run ended (${actor.view.state}) before its handler of "${name}" did`
    return { is: 'failed', failure: { type: 'NotAnswered', message, code: 'run-closed' } }
  }
  const event = (await history(answered))[0] as unknown as WorkflowEvent & { is: 'update_answered' }
  return event.failure === undefined ? { is: 'completed', output: event.output ?? null } : { is: 'failed', failure: event.failure }
}
