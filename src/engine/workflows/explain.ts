import { type Group, OTHER_VERSION_LABEL, VERSION_LABEL } from '../../core/gates.ts'
import { shortId } from '../../core/ids.ts'
import type { Failure } from '../../core/run.ts'
import type { JobState } from '../../machines/job/types.ts'
import type { Open, WorkflowState } from '../../machines/workflow/types.ts'
import { versionLabels } from '../../machines/workflow/versions.ts'
import { type Actor, groupFor } from '../actor.ts'
import type { Reason } from '../face.ts'
import { shortVersion } from '../version-names.ts'
import { servedVersion, type WorkerSeen } from '../workers.ts'

/** Of many open operations, those that are told one by one. */
const TOLD_MAX = 20

/** What an open workflow waits for. Null: for its task, as a job does for its own. */
export function explainWorkflow(actor: Actor, clear: string[]): Reason[] | null {
  const { task, open, cancelRequested, misfits = [], misfitWhy, own } = actor.state as WorkflowState
  if (misfits.length > 0) {
    const keeps = own === undefined ? '' : `it keeps to version ${shortVersion(own)}: `
    clear.push(`${keeps}its history does not fit ${misfits.map(shortVersion).join(', ')} (${misfitWhy})`)
  }
  if (cancelRequested) clear.push('it is asked to stop, and its code cleans up')
  if (task?.phase === 'backoff') return [cannotGoOn(actor, task.failure, task.since)]
  if (task !== null) return null
  const operations = Object.entries(open).filter(([, operation]) => !isPlace(operation) && !isGivenBack(actor, operation))
  clear.push(...heldLocks(open))
  if (operations.length === 0) return [awaitsUpdate(actor)]
  const reasons = operations.slice(0, TOLD_MAX).map(([n, operation]) => ofLock(actor, open, operation) ?? awaited(actor, Number(n), operation))
  if (operations.length > TOLD_MAX) clear.push(`${operations.length - TOLD_MAX} more operations are open`)
  return reasons
}

/** The workflows whose runs hold a lock, and the signal by which one tells that it has the turn (the SDK's workflow/locks.ts). */
const LOCK = 'mainspring.lock.'
const LOCK_SIGNAL = /^mainspring\.lock\/\d+\/(\d+)$/

/** A place in the line for a lock: what waits for its turn tells of it; one that has it holds nothing up. */
function isPlace(operation: Open): operation is Open & { is: 'child' } {
  return operation.is === 'child' && operation.definition.startsWith(LOCK)
}

function heldLocks(open: WorkflowState['open']): string[] {
  const waits = new Set(Object.values(open).flatMap(one => (one.is === 'wait' ? [Number(LOCK_SIGNAL.exec(one.signal)?.[1])] : [])))
  return Object.entries(open).flatMap(([n, one]) =>
    one.is === 'child' && one.definition.startsWith(LOCK) && !waits.has(Number(n))
      ? [`it holds the lock "${one.definition.slice(LOCK.length)}"`]
      : [],
  )
}

/** Whoever holds a permit waits for the turns of others alone to give them back. */
function isGivenBack({ name, state }: Actor, operation: Open): boolean {
  if (!name.startsWith(LOCK) || operation.is !== 'wait' || operation.signal !== 'turn') return false
  return Object.values((state as WorkflowState).open).some(one => one.is === 'wait' && one.signal === 'release')
}

/** Of who waits for a lock, and of what holds it. */
function ofLock(actor: Actor, open: WorkflowState['open'], operation: Open): Reason | null {
  if (operation.is !== 'wait') return null
  const { trigger } = actor.view
  if (actor.name.startsWith(LOCK) && operation.signal === 'turn')
    return awaitsPermit(
      Object.values(open)
        .filter(isPlace)
        .filter(({ definition }) => definition === `${actor.name}.unit`),
    )
  if (actor.name.startsWith(LOCK) && trigger.is === 'workflow')
    return {
      code: 'lock-held',
      text: `run ${shortId(trigger.run)} holds it`,
      runs: [trigger.run],
      command: `mainspring explain ${shortId(trigger.run)}`,
    }
  const place = open[Number(LOCK_SIGNAL.exec(operation.signal)?.[1])]
  if (place?.is !== 'child') return null
  const { definition, run } = place
  return {
    code: 'lock',
    text: `it waits for the lock "${definition.slice(LOCK.length)}", as ${definition} ${shortId(run)}`,
    runs: [run],
    command: `mainspring explain ${shortId(run)}`,
  }
}

function awaitsPermit(places: readonly { definition: string; run: string }[]): Reason {
  const runs = places.map(({ run }) => run)
  const [first] = places
  const shown = runs.slice(0, TOLD_MAX).map(shortId).join(', ')
  return {
    code: 'lock',
    text: `all ${runs.length} permits are held: it is next in ${first?.definition} ${shown}`,
    runs,
    command: `mainspring explain ${shortId(runs[0] ?? '')}`,
  }
}

/** Where the task of a job or of a workflow waits, the worker aside that has the latter live. */
export function taskGroup(actor: Actor): Group {
  const group = groupFor(actor)
  const versions = versionLabels(actor.state as JobState | WorkflowState)
  return versions === null ? group : { ...group, labels: { ...group.labels, ...versions } }
}

/** Workers serve it, in versions that it does not go on with. */
export function versionReason({ definition, labels }: Group, workers: readonly WorkerSeen[]): Reason {
  const only = labels?.[VERSION_LABEL]
  const misfits = JSON.parse(labels?.[OTHER_VERSION_LABEL] ?? '[]') as string[]
  const served = [...new Set(workers.map(worker => shortVersion(servedVersion(worker, definition))))].sort()
  const text =
    only === undefined
      ? `its history does not fit version ${misfits.map(shortVersion).join(', ')}, and no live worker serves another version of "${definition}"`
      : `no live worker serves version ${shortVersion(only)} of "${definition}"; those that serve it have ${served.join(', ')}`
  return { code: 'no-version', text, workers: workers.map(({ name }) => name), command: `mainspring versions ${definition}` }
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
    case 'parked': {
      const { name, attempt, failure } = operation
      return {
        code: 'parked',
        text: `step "${name}" is parked: its attempts are used up (${attempt}, the last: ${failure.type}: ${failure.message})`,
        command: `mainspring resume ${shortId(actor.id)}`,
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
