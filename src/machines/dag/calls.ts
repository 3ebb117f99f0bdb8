import { UserError } from '../../core/errors.ts'
import type { DagSpec, DagTask } from './spec.ts'

/**
 * DAGs are tasks of DAGs, as far as those are known.
 * @throws UserError `invalid-dag`: one that comes back to itself would never end.
 */
export function checkCalls(name: string, spec: DagSpec, dagOf: (name: string) => DagSpec | undefined, at: string): void {
  for (const [id, { job }] of Object.entries(spec.tasks)) {
    const way = job === undefined ? null : wayBack(name, job, dagOf)
    if (way === null) continue
    throw new UserError('invalid-dag', {
      at: `${at}/tasks/${id}/job`,
      found: [name, ...way].join(' → '),
      hint: 'each of these DAGs is a task of the one before it, so a run would start runs without end: take one of these tasks out',
      data: { cycle: [name, ...way] },
    })
  }
}

/** From one DAG to another by what is a task of what; null: there is no way. */
function wayBack(to: string, from: string, dagOf: (name: string) => DagSpec | undefined): string[] | null {
  const cameFrom = new Map<string, string | null>([[from, null]])
  for (const name of cameFrom.keys()) {
    if (name === to) {
      const way: string[] = []
      for (let one: string | null = name; one !== null; one = cameFrom.get(one) ?? null) way.unshift(one)
      return way
    }
    for (const { job } of Object.values<DagTask>(dagOf(name)?.tasks ?? {})) if (job !== undefined && !cameFrom.has(job)) cameFrom.set(job, name)
  }
  return null
}
