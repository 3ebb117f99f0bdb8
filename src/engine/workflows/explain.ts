import { shortId } from '../../core/ids.ts'
import type { Failure } from '../../core/run.ts'
import type { Open, WorkflowState } from '../../machines/workflow/types.ts'
import type { Actor } from '../actor.ts'
import type { Reason } from '../face.ts'

/** Of many open operations, those that are told one by one. */
const TOLD_MAX = 20

/** What an open workflow waits for. Null: for its task, as a job does for its own. */
export function explainWorkflow(actor: Actor, clear: string[]): Reason[] | null {
  const { task, open, cancelRequested } = actor.state as WorkflowState
  if (cancelRequested) clear.push('it is asked to stop, and its code cleans up')
  if (task?.phase === 'backoff') return [cannotGoOn(actor, task.failure, task.since)]
  if (task !== null) return null
  const operations = Object.entries(open)
  if (operations.length === 0) return [awaitsUpdate(actor)]
  const reasons = operations.slice(0, TOLD_MAX).map(([n, operation]) => awaited(actor, Number(n), operation))
  if (operations.length > TOLD_MAX) clear.push(`${operations.length - TOLD_MAX} more operations are open`)
  return reasons
}

function cannotGoOn(actor: Actor, failure: Failure | null, until: number): Reason {
  const isOther = failure?.code === 'diverged'
  const what = isOther ? 'its code does not fit its history' : 'its code could not go on'
  return {
    code: isOther ? 'diverged' : 'back-off',
    text: `${what}: ${failure?.message ?? 'no error told'} It is tried again at ${new Date(until).toISOString()}`,
    until,
    command: `mainspring resume ${shortId(actor.id)}`,
  }
}

/** Nothing but what it is told lets it go on. */
function awaitsUpdate(actor: Actor): Reason {
  return { code: 'update', text: 'it waits for an update', command: `mainspring update ${shortId(actor.id)} NAME` }
}

function awaited(actor: Actor, n: number, operation: Open): Reason {
  switch (operation.is) {
    case 'wait': {
      const { signal, dueAt } = operation
      const until = dueAt === null ? '' : ` until ${new Date(dueAt).toISOString()}`
      return {
        code: 'signal',
        text: `it waits for the signal "${signal}"${until}`,
        ...(dueAt === null ? {} : { until: dueAt }),
        command: `mainspring signal ${shortId(actor.id)} ${signal}`,
      }
    }
    case 'promise': {
      const { name, dueAt } = operation
      const until = dueAt === null ? '' : ` until ${new Date(dueAt).toISOString()}`
      const text = `it waits for whoever has the token of "${name}" to settle it${until}`
      return { code: 'promise', text, ...(dueAt === null ? {} : { until: dueAt }), command: 'mainspring promise resolve TOKEN' }
    }
    case 'timer':
      return { code: 'sleep', text: `it sleeps until ${new Date(operation.dueAt).toISOString()}`, until: operation.dueAt }
    case 'backoff': {
      const { name, attempt, failure, dueAt } = operation
      const next = `the next is due at ${new Date(dueAt).toISOString()}`
      return {
        code: 'step-back-off',
        text: `attempt ${attempt} of step "${name}" failed (${failure.type}: ${failure.message}); ${next}`,
        until: dueAt,
      }
    }
    case 'child': {
      const { definition, run } = operation
      return { code: 'child', text: `it waits for ${definition} ${shortId(run)}`, runs: [run], command: `mainspring explain ${shortId(run)}` }
    }
    case 'step':
      return { code: 'step', text: `step ${n}, "${operation.name}", was begun` }
  }
}
