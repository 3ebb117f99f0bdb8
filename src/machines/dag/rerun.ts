import type { RunId } from '../../core/ids.ts'
import type { Payload } from '../../core/run.ts'
import { runOfTask } from './children.ts'
import { type Plan, reached } from './plan.ts'
import type { DagEvent, DagState, Kept, Reference } from './types.ts'

/** Which tasks of a closed run run again. */
export interface Selection {
  /** Ids of tasks and groups. Null: what has failed, could not run since what came before failed, or was never come to. */
  tasks: readonly string[] | null
  /** And all that wait for them; all that they wait for. */
  downstream: boolean
  upstream: boolean
}

/** A closed run and what it went by. */
export interface Old {
  self: RunId
  state: DagState
  plan: Plan
  history: readonly DagEvent[]
}

/** An output that the new run needs: `output`, or where that is not told in the history, that of `run`. */
export interface Need {
  ref: Reference
  output: Payload | undefined
  run: RunId
}

export interface Rerun {
  /** The first task that runs again. */
  first: { n: number; name: string }
  kept: Pick<Kept, 'tasks' | 'items' | 'runs'>
  /** What tasks that run again are given. */
  outputs: readonly Need[]
  /** Of branches and short circuits that are kept, with something behind them that runs again. */
  choices: readonly Need[]
}
export interface NoRerun {
  refused: string
  found: string | null
}

/**
 * What a new run keeps of an old one. As in Airflow ("If you clear a task, its setups and teardowns will be cleared", howto/setup-and-teardown) a task that runs
 * again has its setups before it and their teardowns behind it again, and whoever failed is `failed` and `upstream_failed` (`DAG.clear`, `only_failed`). Of a mapped
 * task only the items that failed run again, unless what it is mapped over could be another list.
 */
export function rerunOf(plan: Plan, old: Old, selection: Selection): Rerun | NoRerun {
  const numberThen = plan.ids.map(id => old.plan.numbers.get(id))
  const lettersThen = (n: number): string => {
    const then = numberThen[n]
    return then === undefined ? '' : (old.state.mapped[then]?.items ?? (old.state.tasks[then] as string))
  }
  const named = namedBy(plan, selection.tasks ?? [])
  if (!(named instanceof Set)) return named
  const whole = named
  const items = new Set<number>()
  const stopped = skippedByCancel(old.history)
  for (const n of plan.ids.keys()) {
    const then = numberThen[n]
    const letters = lettersThen(n)
    // What it was never come to has no end that others could be judged by.
    if (then === undefined || letters === 'x' || stopped.has(then)) whole.add(n)
    else if (selection.tasks === null && /[fux]/.test(letters)) (old.state.mapped[then] === undefined ? whole : items).add(n)
  }
  const from = [...whole, ...items]
  if (selection.downstream) for (const n of reached(from, plan.downstream)) whole.add(n)
  if (selection.upstream) for (const n of reached(from, plan.upstream)) whole.add(n)
  withSetups(plan, whole, items)

  const told = outputsIn(old.history, old.state)
  const isAgain = (n: number): boolean => whole.has(n) || items.has(n)
  const needed = (n: number): boolean => plan.outputs.includes(n) || (plan.consumers[n] as number[]).some(isAgain)
  for (let isSettled = false; !isSettled; ) {
    isSettled = true
    const add = (n: number): void => {
      whole.add(n)
      isSettled = false
    }
    for (const n of plan.ids.keys()) {
      if (whole.has(n)) continue
      const then = numberThen[n] as number
      const { task, references } = plan.tasks[n] as Plan['tasks'][number]
      // Its items are numbered in the list that it is mapped over.
      if (items.has(n) && (references.some(isAgain) || !isSame(task, old.plan.tasks[then]?.task))) add(n)
      // Who does nothing has no run that could be asked for what it gave.
      else if (task.job === undefined && needed(n) && refsOf(old.state, then).some(({ ref, letter }) => letter === 's' && !told.has(ref))) add(n)
    }
  }
  const again = plan.ids.findIndex((_, n) => isAgain(n))
  if (again < 0) return { refused: 'nothing of it failed: name the tasks that are to run again', found: null }

  const kept: { tasks: string; items: Record<number, string>; runs: Record<Reference, RunId> } = { tasks: '', items: {}, runs: {} }
  const outputs: Need[] = []
  const choices: Need[] = []
  for (const n of plan.ids.keys()) {
    const then = numberThen[n]
    if (whole.has(n) || then === undefined) {
      kept.tasks += '.'
      continue
    }
    kept.tasks += old.state.tasks[then] as string
    const { task } = plan.tasks[n] as Plan['tasks'][number]
    if (old.state.mapped[then] !== undefined) kept.items[n] = items.has(n) ? lettersThen(n).replaceAll(/[fux]/g, 'q') : lettersThen(n)
    for (const { ref: refThen, letter, item } of refsOf(old.state, then)) {
      if (!'sf'.includes(letter) || (letter === 'f' && items.has(n))) continue
      const ref = item * plan.ids.length + n
      const run = runOfTask(old.state, old.self, refThen)
      const isRunless = old.state.runless?.includes(refThen) ?? false
      if (task.job !== undefined && !isRunless) kept.runs[ref] = run
      if (letter !== 's') continue
      const need = { ref, output: told.get(refThen), run }
      if (needed(n)) outputs.push(need)
      const chooses = task.branch === true || task.shortCircuit !== undefined
      if (chooses && [...reached([n], plan.downstream)].some(other => whole.has(other))) choices.push(need)
    }
  }
  return { first: { n: again, name: plan.ids[again] as string }, kept, outputs, choices }
}

function namedBy({ ids, numbers, tasks, spec: { groups = {} } }: Plan, names: readonly string[]): Set<number> | NoRerun {
  const named = new Set<number>()
  for (const name of names) {
    const number = numbers.get(name)
    if (number !== undefined) named.add(number)
    else if (groups[name] === undefined)
      return { refused: `there is no task or group of this id; there are ${ids.slice(0, NAMED_MAX).join(', ')}`, found: name }
    else
      for (const [n, { task }] of tasks.entries())
        for (let group = task.group; group !== undefined; group = groups[group]?.group) if (group === name) named.add(n)
  }
  return named
}
const NAMED_MAX = 10

function withSetups(plan: Plan, whole: Set<number>, items: ReadonlySet<number>): void {
  const open = [...whole, ...items]
  for (let n = open.pop(); n !== undefined; n = open.pop()) {
    const { setups, indirect, task } = plan.tasks[n] as Plan['tasks'][number]
    const teardowns = task.setup ? (plan.downstream[n] as number[]).filter(other => plan.tasks[other]?.task.teardown) : []
    const before = task.teardown ? [] : [...setups, ...indirect]
    for (const other of [...before, ...teardowns])
      if (!whole.has(other)) {
        whole.add(other)
        open.push(other)
      }
  }
}

function isSame(one: object, other: object | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function refsOf(state: DagState, n: number): { ref: Reference; letter: string; item: number }[] {
  const mapped = state.mapped[n]
  if (mapped === undefined) return [{ ref: n, letter: state.tasks[n] as string, item: 0 }]
  return [...mapped.items].map((letter, item) => ({ ref: item * state.started.size + n, letter, item }))
}

/** Tasks that were skipped since the run was asked to stop. */
function skippedByCancel(history: readonly DagEvent[]): Set<number> {
  const from = history.findIndex(({ is }) => is === 'cancel_requested')
  const after = from < 0 ? [] : history.slice(from)
  return new Set(after.flatMap(event => (event.is === 'judged' ? ((event.skipped as number[] | undefined) ?? []) : [])))
}

/** By reference: all outputs that somebody was to be given. */
function outputsIn(history: readonly DagEvent[], state: DagState): Map<Reference, Payload> {
  const { size } = state.started
  const told = new Map<Reference, Payload>()
  for (const event of history) {
    const { kept } = event as { kept?: Kept }
    for (const [ref, output] of Object.entries(kept?.outputs ?? {})) told.set(Number(ref), output)
    if (event.is === 'ended' && event.output !== undefined) told.set(event.ref as Reference, event.output as Payload)
    if (event.is === 'marked' && event.as === 'success')
      for (const ref of event.refs as Reference[]) told.set(ref, (event.output ?? 'null') as Payload)
    if (event.is !== 'judged') continue
    const { ran = [], mapped = [] } = event as DagEvent & { is: 'judged' }
    for (const { n, output } of ran) if (output !== undefined) told.set(n, output)
    for (const { n, ran: outputs } of mapped)
      if (Array.isArray(outputs)) for (const [item, output] of (outputs as Payload[]).entries()) told.set(item * size + n, output)
  }
  return told
}
