import type { Payload } from '../../core/run.ts'
import type { Plan } from './plan.ts'
import type { DagTask } from './spec.ts'

/** Of those right after a branch, the ones that go on: its output names them, by themselves or by their group; of an approval the form does. */
export function chosenBy({ tasks, downstream, spec: { groups = {} } }: Plan, n: number, output: Payload | null): Set<number> {
  const said = tasks[n]?.task.approval === undefined ? output : branchOf(output)
  const named = said === null ? null : (JSON.parse(said) as unknown)
  const names = new Set(Array.isArray(named) ? named : [named])
  const isNamed = (other: number): boolean => {
    const { id, task } = tasks[other] as Plan['tasks'][number]
    if (names.has(id)) return true
    for (let group = task.group; group !== undefined; group = groups[group]?.group) if (names.has(group)) return true
    return false
  }
  return new Set((downstream[n] as number[]).filter(isNamed))
}

/** What a false output, or a rejection, leaves out. */
export function skipsAfter({ shortCircuit, approval }: DagTask, output: Payload | null): 'all' | 'direct' | null {
  if (approval === undefined) return shortCircuit !== undefined && isFalse(output) ? shortCircuit : null
  if (output === null || (approval.onReject ?? 'skip') !== 'skip') return null
  return (JSON.parse(output) as { approved?: unknown } | null)?.approved === false ? (shortCircuit ?? 'direct') : null
}

function branchOf(output: Payload | null): Payload | null {
  const { input } = (output === null ? {} : (JSON.parse(output) ?? {})) as { input?: { branch?: unknown } | null }
  return input?.branch === undefined ? null : JSON.stringify(input.branch)
}

function isFalse(output: Payload | null): boolean {
  if (output === null) return true
  const value = JSON.parse(output) as unknown
  return Array.isArray(value) ? value.length === 0 : !value
}
