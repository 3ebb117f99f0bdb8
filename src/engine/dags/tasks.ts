import { UserError } from '../../core/errors.ts'
import type { RunId } from '../../core/ids.ts'
import { runOfTask } from '../../machines/dag/children.ts'
import { type Plan, planOf } from '../../machines/dag/plan.ts'
import { definitionOf, isEmpty } from '../../machines/dag/spec.ts'
import { type DagState, ENDING_OF } from '../../machines/dag/types.ts'
import type { Reads } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import type { Definitions } from '../definitions.ts'
import { type DagTasks, type DagTaskView, LETTER_OF } from './face.ts'

/** Of those that a task waits for, so many are named. */
const NAMED_MAX = 20

/** Runs whose times are read for one page; of a mapped task that goes on those of its first items, since the first of them begins first, else of all. */
const TIMED_MAX = 20_000
export const ITEMS_TIMED_MAX = 1_000

type Read = Pick<Reads, 'runTimes'>

/** @throws UserError `not-a-dag` */
export async function tasksOf(
  read: Read,
  actor: Actor,
  definitions: Definitions,
  { from, limit }: { from: number; limit: number },
): Promise<DagTasks> {
  const { state, plan } = planned(actor, definitions)
  const numbers = plan.ids.map((_, n) => n).slice(from, from + limit)
  const tasks = numbers.map(n => taskView(actor, state, plan, n))
  await addTimes(read, actor, state, numbers, tasks)
  return {
    run: actor.id,
    definition: actor.name,
    version: state.started.version,
    tasks,
    next: from + limit < plan.ids.length ? from + limit : null,
  }
}

/** When the runs of tasks began and closed, read in one go. */
async function addTimes(read: Read, actor: Actor, state: DagState, numbers: readonly number[], tasks: DagTaskView[]): Promise<void> {
  const runs = new Map<DagTaskView, RunId[]>()
  let left = TIMED_MAX
  for (const [index, n] of numbers.entries()) {
    const task = tasks[index] as DagTaskView
    const all = task.run === null ? runsOfItems(actor, state, n, task) : task.cached > 0 ? [] : [task.run]
    const ids = OPEN.has(task.state) ? all.slice(0, ITEMS_TIMED_MAX) : all
    if (ids.length === 0 || ids.length > left) continue
    left -= ids.length
    runs.set(task, ids)
  }
  if (runs.size === 0) return
  const known = new Map((await read.runTimes(actor.namespace, [...runs.values()].flat())).map(times => [times.id, times]))
  for (const [task, ids] of runs) {
    const found = ids.flatMap(id => known.get(id) ?? [])
    const begun = found.flatMap(({ startedAt }) => startedAt ?? [])
    if (begun.length > 0) task.startedAt = begun.reduce((first, at) => Math.min(first, at))
    const closed = found.flatMap(({ closedAt }) => closedAt ?? [])
    if (closed.length === ids.length && !OPEN.has(task.state)) task.closedAt = closed.reduce((last, at) => Math.max(last, at))
  }
}
const OPEN: ReadonlySet<DagTaskView['state']> = new Set(['waiting', 'ready', 'started'])

/** It did not run. */
export function isHit({ hits }: DagState, ref: number): boolean {
  return hits?.includes(ref) ?? false
}

/** Of those items that have a run. */
function runsOfItems({ id }: Actor, state: DagState, n: number, { job }: Pick<DagTaskView, 'job'>): RunId[] {
  const items = job === null ? '' : (state.mapped[n]?.items ?? '')
  const size = state.tasks.length
  const hits = new Set(state.hits)
  return [...items].flatMap((letter, item) =>
    HAS_NO_RUN.includes(letter) || hits.has(item * size + n) ? [] : [runOfTask(state, id, item * size + n)],
  )
}

/** All runs of a task in this run; none: nothing ran for it. */
export function runsOfTask(actor: Actor, state: DagState, plan: Plan, n: number): RunId[] {
  const { task: said } = plan.tasks[n] as Plan['tasks'][number]
  if (isEmpty(said)) return []
  if (state.mapped[n] !== undefined) return runsOfItems(actor, state, n, { job: '' })
  return HAS_NO_RUN.includes(state.tasks[n] as string) || state.runless?.includes(n) || isHit(state, n) ? [] : [runOfTask(state, actor.id, n)]
}

/** It waits, or never ran. */
export const HAS_NO_RUN = '.qkux'

export function planned({ id, kind, namespace, name, state }: Actor, definitions: Definitions): { state: DagState; plan: Plan } {
  if (kind !== 'dag') throw new UserError('not-a-dag', { found: id, hint: `it is a ${kind}` })
  const { version } = (state as DagState).started
  const spec = definitions.get(namespace, name)?.dags?.get(version)
  if (spec === undefined) throw new UserError('unavailable', { found: id, retryAfter: 1, hint: 'its version is not known here yet' })
  return { state: state as DagState, plan: planOf(spec) }
}

export function taskView({ id }: Pick<Actor, 'id'>, state: DagState, plan: Plan, n: number): DagTaskView {
  const { id: task, task: said, rule, group } = plan.tasks[n] as Plan['tasks'][number]
  const mapped = state.mapped[n]
  const letters = mapped?.items ?? (state.tasks[n] as string)
  const isRun = mapped === undefined && !isEmpty(said) && !HAS_NO_RUN.includes(letters) && !state.runless?.includes(n)
  const isWaiting = letters.includes('.')
  const before = isWaiting ? (plan.upstream[n] as number[]) : []
  const open = before.filter(other => !isEnded(state, other))
  return {
    task,
    state: mapped === undefined ? wordOf(letters) : together(letters),
    job: definitionOf(state.started.definition, task, said),
    rule,
    run: isRun ? runOfTask(state, id, n) : null,
    cached: (state.hits ?? []).filter(ref => ref % state.started.size === n).length,
    startedAt: null,
    closedAt: null,
    items: mapped === undefined ? null : counted([...letters].map(wordOf)),
    strip: mapped === undefined ? null : [...letters].map(letter => LETTER_OF[wordOf(letter)]).join(''),
    reason: Object.entries(state.reasons ?? {}).find(([ref]) => Number(ref) % state.started.size === n)?.[1] ?? null,
    mappedGroup: group?.id ?? null,
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

export function wordOf(letter: string): DagTaskView['state'] {
  return ENDING_OF[letter] ?? (letter === '.' ? 'waiting' : letter === 'q' ? 'ready' : 'started')
}

/** Of all its items: the worst, once they have all ended. */
export function together(letters: string): DagTaskView['state'] {
  const words = new Set([...letters].map(wordOf))
  for (const word of ['started', 'ready', 'waiting', 'failed', 'upstream_failed', 'success'] as const) if (words.has(word)) return word
  return [...words][0] as DagTaskView['state']
}

export function counted(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
