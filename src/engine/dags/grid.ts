import { UserError } from '../../core/errors.ts'
import { intervalOf } from '../../machines/dag/input.ts'
import { type PlanTask, planOf } from '../../machines/dag/plan.ts'
import { type DagTask, definitionOf } from '../../machines/dag/spec.ts'
import type { DagState } from '../../machines/dag/types.ts'
import type { Page, Reads, Row } from '../../store/store.ts'
import { Actor } from '../actor.ts'
import { boundedRuns } from '../bounded.ts'
import type { Definitions } from '../definitions.ts'
import { summaryOf } from '../summary.ts'
import { type DagGraph, type DagGrid, type DagGridRun, LETTER_OF } from './face.ts'
import { counted, together, wordOf } from './tasks.ts'

/** Of the newest version, unless one is given. @throws UserError `unknown-definition`, `not-a-dag`, `unknown-version` */
export function graphShown(definitions: Definitions, namespace: string, name: string, asked: string | null): DagGraph {
  const definition = definitions.require(namespace, name, '/path/name')
  if (definition.kind !== 'dag') throw new UserError('not-a-dag', { at: '/path/name', found: name, hint: `it is a ${definition.kind}` })
  const version = asked ?? definition.version
  const spec = definition.dags?.get(version)
  if (spec === undefined)
    throw new UserError('unknown-version', { at: '/query/version', found: version, hint: 'the page of the definition lists its versions' })
  const { tasks, upstream } = planOf(spec)
  return {
    definition: name,
    version,
    tasks: tasks.map(({ id, task, rule, group: own }: PlanTask, n) => ({
      task: id,
      job: definitionOf(name, id, task),
      rule,
      is: traitOf(task),
      mapped: task.map !== undefined || own !== null,
      group: task.group ?? null,
      after: upstream[n] as readonly number[],
    })),
    groups: Object.entries(spec.groups ?? {}).map(([group, said]) => ({
      group,
      in: said.group ?? null,
      description: said.description ?? null,
      mapped: said.map !== undefined,
    })),
  }
}

function traitOf({ branch, shortCircuit, setup, teardown, approval, wait }: DagTask): DagGraph['tasks'][number]['is'] {
  if (branch) return 'branch'
  if (shortCircuit) return 'short_circuit'
  if (approval) return 'approval'
  if (wait) return 'wait'
  return setup ? 'setup' : teardown ? 'teardown' : null
}

/** Newest runs first. @throws UserError `unknown-definition`, `not-a-dag` */
export async function gridOf(
  read: Pick<Reads, 'runs' | 'runsDepth'>,
  definitions: Definitions,
  namespace: string,
  name: string,
  page: Page,
): Promise<DagGrid> {
  const { kind } = definitions.require(namespace, name, '/path/name')
  if (kind !== 'dag') throw new UserError('not-a-dag', { at: '/path/name', found: name, hint: `it is a ${kind}` })
  const { rows, next } = await boundedRuns(read, { namespace, names: [name] }, page)
  // A name may have been a job's before.
  return { runs: rows.filter(row => row.kind === 'dag').map(rowShown), next }
}

function rowShown(row: Row): DagGridRun {
  const actor = Actor.load(row)
  const { id: run, state: stands, createdAt, startedAt, closedAt } = summaryOf(actor)
  const state = actor.state as DagState
  const items: Record<number, Readonly<Record<string, number>>> = {}
  const tasks = [...state.tasks].map((letter, n) => {
    const mapped = state.mapped[n]
    if (mapped === undefined) return LETTER_OF[wordOf(letter)]
    items[n] = counted([...mapped.items].map(wordOf))
    return LETTER_OF[together(mapped.items)]
  })
  const { version } = state.started
  return { run, state: stands, version, createdAt, startedAt, closedAt, nominalAt: intervalOf(state.started).nominalAt, tasks: tasks.join(''), items }
}
