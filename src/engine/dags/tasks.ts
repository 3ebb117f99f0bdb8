import { UserError } from '../../core/errors.ts'
import { runOfTask } from '../../machines/dag/children.ts'
import { type Plan, planOf } from '../../machines/dag/plan.ts'
import { type DagState, ENDING_OF } from '../../machines/dag/types.ts'
import type { Actor } from '../actor.ts'
import type { Definitions } from '../definitions.ts'
import type { DagTasks, DagTaskView } from './face.ts'

/** Of those that a task waits for, so many are named. */
const NAMED_MAX = 20

/** @throws UserError `not-a-dag` */
export function tasksOf(actor: Actor, definitions: Definitions, { from, limit }: { from: number; limit: number }): DagTasks {
  const { state, plan } = planned(actor, definitions)
  const numbers = plan.ids.map((_, n) => n).slice(from, from + limit)
  return {
    run: actor.id,
    definition: actor.name,
    version: state.started.version,
    tasks: numbers.map(n => taskView(actor, state, plan, n)),
    next: from + limit < plan.ids.length ? from + limit : null,
  }
}

export function planned({ id, kind, namespace, name, state }: Actor, definitions: Definitions): { state: DagState; plan: Plan } {
  if (kind !== 'dag') throw new UserError('not-a-dag', { found: id, hint: `it is a ${kind}` })
  const { version } = (state as DagState).started
  const spec = definitions.get(namespace, name)?.dags?.get(version)
  if (spec === undefined) throw new UserError('unavailable', { found: id, retryAfter: 1, hint: 'its version is not known here yet' })
  return { state: state as DagState, plan: planOf(spec) }
}

export function taskView({ id }: Pick<Actor, 'id'>, state: DagState, plan: Plan, n: number): DagTaskView {
  const { id: task, task: said, rule } = plan.tasks[n] as Plan['tasks'][number]
  const mapped = state.mapped[n]
  const letters = mapped?.items ?? (state.tasks[n] as string)
  const isRun = mapped === undefined && said.job !== undefined && !'.qkux'.includes(letters) && !state.runless?.includes(n)
  const isWaiting = letters === '.'
  const before = isWaiting ? (plan.upstream[n] as number[]) : []
  const open = before.filter(other => !isEnded(state, other))
  return {
    task,
    state: mapped === undefined ? wordOf(letters) : together(letters),
    job: said.job ?? null,
    rule,
    run: isRun ? runOfTask(state, id, n) : null,
    items: mapped === undefined ? null : counted([...letters].map(wordOf)),
    waitsFor: open.slice(0, NAMED_MAX).map(other => plan.ids[other] as string),
    ended: counted(before.filter(other => isEnded(state, other)).map(other => together(lettersOf(state, other)))),
  }
}

function lettersOf(state: DagState, n: number): string {
  return state.mapped[n]?.items ?? (state.tasks[n] as string)
}

function isEnded(state: DagState, n: number): boolean {
  return ![...lettersOf(state, n)].some(letter => ENDING_OF[letter] === undefined)
}

function wordOf(letter: string): DagTaskView['state'] {
  return ENDING_OF[letter] ?? (letter === '.' ? 'waiting' : letter === 'q' ? 'ready' : 'started')
}

/** Of all its items: the worst, once they have all ended. */
function together(letters: string): DagTaskView['state'] {
  const words = new Set([...letters].map(wordOf))
  for (const word of ['started', 'ready', 'failed', 'upstream_failed', 'success'] as const) if (words.has(word)) return word
  return [...words][0] as DagTaskView['state']
}

function counted(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
