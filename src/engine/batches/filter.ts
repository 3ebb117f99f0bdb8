import { UserError } from '../../core/errors.ts'
import type { ActorId } from '../../core/ids.ts'
import { isWork } from '../../core/machine.ts'
import { CLOSED_STATES, OPEN_STATES, type RunState } from '../../core/run.ts'
import type { BatchState, BulkFilter, Operation, Sweep } from '../../machines/batch/types.ts'
import type { RunFilter } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import { BATCH_TAG } from '../tags.ts'

const UNSUCCESSFUL: readonly RunState[] = ['failed', 'timed_out', 'cancelled', 'terminated']
const CHANGEABLE: readonly RunState[] = ['scheduled', 'queued', 'waiting']

/** In which states an operation can do something, and which are meant when none is named. */
const STATES: Record<Operation, { possible: readonly RunState[]; meant: readonly RunState[] }> = {
  cancel: { possible: OPEN_STATES, meant: OPEN_STATES },
  terminate: { possible: OPEN_STATES, meant: OPEN_STATES },
  resume: { possible: ['paused'], meant: ['paused'] },
  change: { possible: CHANGEABLE, meant: CHANGEABLE },
  retry: { possible: CLOSED_STATES, meant: UNSUCCESSFUL },
  fork: { possible: CLOSED_STATES, meant: UNSUCCESSFUL },
  delete: { possible: CLOSED_STATES, meant: CLOSED_STATES },
}

/** @throws UserError `invalid-option` for states in which the operation can do nothing. */
export function withStates(operation: Operation, filter: BulkFilter): BulkFilter {
  const { possible, meant } = STATES[operation]
  const strange = filter.states?.find(state => !possible.includes(state))
  if (strange !== undefined)
    throw new UserError('invalid-option', { at: '/filter/state', found: strange, hint: `${operation} concerns runs that are ${possible.join(', ')}` })
  return filter.states === undefined || filter.states.length === 0 ? { ...filter, states: meant } : filter
}

/** The part of a filter that lists know. `before`: exclusive. */
export function listFilter(
  namespace: string,
  { states, names, queues, tags, createdAfter, createdBefore, batch }: BulkFilter,
  before: number,
): RunFilter {
  const filter: RunFilter = { namespace, createdBefore: Math.min(createdBefore ?? Number.POSITIVE_INFINITY, before) }
  if (states !== undefined) filter.states = states
  if (names !== undefined) filter.names = names
  if (queues !== undefined) filter.queues = queues
  if (createdAfter !== undefined) filter.createdAfter = createdAfter
  const all = { ...(batch === undefined ? {} : { [BATCH_TAG]: batch }), ...tags }
  if (Object.keys(all).length > 0) filter.tags = all
  return filter
}

/** What an operation asks of runs, and who asks. */
export type Asking = Pick<Sweep, 'operation' | 'filter' | 'change' | 'until' | 'by' | 'why'> & {
  batch: ActorId
  /** A group that is cancelled goes through its own jobs, batches among them; an operation through jobs. */
  ofGroup: boolean
}

export function askingOf(batch: Actor, { operation, filter, change, until, by, why }: Sweep): Asking {
  return { batch: batch.id, ofGroup: (batch.state as BatchState).jobs !== null, operation, filter, change, until, by, why }
}

export function fits(target: Actor, { batch, ofGroup, until, filter }: Asking): boolean {
  if (target.createdAt > until || target.id === batch) return false
  return (ofGroup ? target.parent === batch : isWork(target.kind)) && matches(target, filter)
}

/** What the list has found, looked at again: everything of it may have changed, and lists know neither reasons nor errors. */
export function matches(actor: Actor, filter: BulkFilter): boolean {
  const { states, names, queues, tags, createdAfter, createdBefore, reason, error, batch, runs } = filter
  const { view } = actor
  if (runs !== undefined && !runs.includes(actor.id)) return false
  if (states !== undefined && !states.includes(view.state)) return false
  if (names !== undefined && !names.includes(actor.name)) return false
  if (queues !== undefined && !queues.includes(actor.queue)) return false
  if (createdAfter !== undefined && actor.createdAt < createdAfter) return false
  if (createdBefore !== undefined && actor.createdAt >= createdBefore) return false
  if (tags !== undefined && Object.entries(tags).some(([name, value]) => actor.rowTags?.[name] !== value)) return false
  if (batch !== undefined && actor.rowTags?.[BATCH_TAG] !== batch) return false
  if (reason !== undefined && view.reason !== reason) return false
  return error === undefined || contains(view.failure, error) || contains(actor.stuck && { type: 'stuck', message: actor.stuck.why }, error)
}

/** A part of what went wrong, in any case. */
export function contains(failure: { type: string; message: string } | null | undefined, text: string): boolean {
  return failure != null && `${failure.type}: ${failure.message}`.toLowerCase().includes(text.toLowerCase())
}
