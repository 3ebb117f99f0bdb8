import type { Context, Message } from '../../core/machine.ts'
import { madeForOf, tellMade } from '../asset/made-for.ts'
import type { Plan } from './plan.ts'
import type { DagState } from './types.ts'

/** Assets of tasks that do nothing: their run is the DAG's own (Airflow: an `EmptyOperator` with outlets). */
export function assetsMade({ making, tasks }: Plan): string[] {
  return [...new Set(making.flatMap(n => (tasks[n]?.options.outlets ?? []).map(({ asset }) => asset)))]
}

/** One that was mapped makes each once, however many items it has. */
export function madeMessages({ tasks }: Plan, { started }: DagState, n: number, { self, asset: idOf }: Context): Message[] {
  const { id, task, options } = tasks[n] as Plan['tasks'][number]
  if (task.job !== undefined || options.outlets === undefined || idOf === undefined) return []
  const source = { is: 'run' as const, run: self, definition: started.definition, dag: started.definition, task: id }
  return options.outlets.map(({ asset, partition }) =>
    tellMade(idOf(asset), asset, { is: 'produced', source, ...madeForOf(started.trigger, partition) }),
  )
}
