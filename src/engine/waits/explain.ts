import { shortId } from '../../core/ids.ts'
import type { RunKind } from '../../core/machine.ts'
import { STATES_DEFAULT } from '../../machines/wait/standing.ts'
import { kindOf, wakeAt } from '../../machines/wait/state.ts'
import type { WaitState } from '../../machines/wait/types.ts'
import type { Actor } from '../actor.ts'
import type { Reason } from '../face.ts'

/** What it waits for, what can be done about it, and what becomes of it if it does not come. */
export function explainWait({ state, name, view }: Actor, definition: (name: string) => RunKind | null): Reason {
  const wait = state as WaitState
  const { started, awaited } = wait
  const { trigger } = started
  const dag = trigger.is === 'dag' ? trigger : null
  const timeoutAt = awaited.timeoutMs === undefined ? null : started.at + awaited.timeoutMs
  const then = awaited.default !== undefined ? 'it has its default' : awaited.onTimeout === 'skip' ? 'it is skipped' : 'it times out'
  const until = timeoutAt === null ? '' : `; ${then} at ${new Date(timeoutAt).toISOString()}`
  const common = { since: started.at, ...(timeoutAt !== null && { until: timeoutAt }) }
  const run = dag === null ? '' : shortId(dag.run)
  switch (kindOf(awaited)) {
    case 'signal':
      return {
        ...common,
        code: 'signal',
        text: `it waits for the signal "${awaited.signal}" to the run of its DAG${until}`,
        command: `mainspring signal ${run} ${awaited.signal}`,
      }
    case 'callback':
      return { ...common, code: 'callback', text: `it waits for whoever has the token of "${dag?.task ?? name}" to settle it${until}` }
    case 'time': {
      const at = wakeAt(wait) ?? view.nextAt ?? started.at
      return { ...common, code: 'time', text: `it waits until ${new Date(wait.time ?? at).toISOString()}${until}`, until: at }
    }
    case 'run': {
      const { run, states = STATES_DEFAULT } = awaited
      if (run !== undefined)
        return {
          ...common,
          code: 'run',
          text: `it waits for run ${shortId(run)} to end as ${states.join(' or ')}${until}`,
          runs: [run],
          command: `mainspring explain ${shortId(run)}`,
        }
      return { ...common, ...runReason(wait, definition), code: 'run', text: `${runText(wait, definition)}${until}` }
    }
  }
}

function runText({ awaited, time, told }: WaitState, definition: (name: string) => RunKind | null): string {
  const { tasks, states = STATES_DEFAULT } = awaited
  const what = tasks === undefined ? 'the run' : `${tasks.map(task => `"${task}"`).join(', ')} of the run`
  const which = `it waits for ${what} of "${awaited.dag}" for ${time === null ? awaited.for : new Date(time).toISOString()} to end as ${states.join(' or ')}`
  const standing = told?.standing ?? null
  if (standing !== null) {
    const ends = tasks?.map(task => `"${task}" ${standing.tasks[task] ?? 'has not ended'}`).join(', ')
    const open = standing.state === null ? 'is open' : `is ${standing.state}: another run for that time may be waited for`
    return `${which}; run ${shortId(standing.run)} ${open}${ends === undefined ? '' : ` (${ends})`}`
  }
  const kind = definition(awaited.dag as string)
  if (kind === null) return `${which}; nothing is registered as "${awaited.dag}"`
  if (kind !== 'dag') return `${which}; "${awaited.dag}" is a ${kind}`
  return `${which}; there is no run for that time yet`
}

function runReason({ told, awaited }: WaitState, definition: (name: string) => RunKind | null): Pick<Reason, 'runs' | 'command'> {
  const run = told?.standing?.run
  if (run !== undefined) return { runs: [run], command: `mainspring explain ${shortId(run)}` }
  return definition(awaited.dag as string) === 'dag' ? { command: `mainspring dag grid ${awaited.dag}` } : {}
}
