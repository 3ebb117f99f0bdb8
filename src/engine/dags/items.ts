import { runOfTask } from '../../machines/dag/children.ts'
import type { PlanTask } from '../../machines/dag/plan.ts'
import { isEmpty } from '../../machines/dag/spec.ts'
import type { Reads, RunTimes } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import type { Definitions } from '../definitions.ts'
import type { DagItems } from './face.ts'
import { unknownTask } from './mark.ts'
import { HAS_NO_RUN, planned, wordOf } from './tasks.ts'

/** Items of a mapped task, in the order of its list; their times are read in one go. @throws UserError `not-a-dag`, `unknown-task` */
export async function itemsOf(
  read: Pick<Reads, 'runTimes'>,
  actor: Actor,
  definitions: Definitions,
  task: string,
  { from, limit }: { from: number; limit: number },
): Promise<DagItems> {
  const { state, plan } = planned(actor, definitions)
  const n = plan.numbers.get(task)
  if (n === undefined) throw unknownTask(task, plan.ids)
  const letters = state.mapped[n]?.items ?? ''
  // One that does nothing has items, but no runs.
  const works = !isEmpty((plan.tasks[n] as PlanTask).task)
  const hits = new Set(state.hits)
  const shown = [...letters.slice(from, from + limit)].map((letter, index) => ({
    item: from + index,
    state: wordOf(letter),
    run: works && !HAS_NO_RUN.includes(letter) ? runOfTask(state, actor.id, (from + index) * state.tasks.length + n) : null,
    cached: hits.has((from + index) * state.tasks.length + n),
  }))
  const runs = shown.flatMap(({ run, cached }) => (cached ? [] : (run ?? [])))
  const times = runs.length === 0 ? [] : await read.runTimes(actor.namespace, runs)
  const known = new Map<string | null, RunTimes>(times.map(one => [one.id, one]))
  const items = shown.map(item => {
    const { startedAt = null, closedAt = null } = (item.cached ? undefined : known.get(item.run)) ?? {}
    return { ...item, startedAt, closedAt }
  })
  return { run: actor.id, task, total: letters.length, items, next: from + limit < letters.length ? from + limit : null }
}
