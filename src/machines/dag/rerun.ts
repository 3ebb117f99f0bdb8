import type { RunId } from '../../core/ids.ts'
import type { Payload } from '../../core/run.ts'
import { runOfTask } from './children.ts'
import { isTogether } from './items.ts'
import { type Plan, reached } from './plan.ts'
import { isEmpty } from './spec.ts'
import type { DagEvent, DagState, Kept, Reference } from './types.ts'

/** Which tasks of a closed run run again. */
export interface Selection {
  /** Ids of tasks and groups. Null: what has failed, could not run since what came before failed, or was never come to. */
  tasks: readonly string[] | null
  /** And all that wait for them; all that they wait for. */
  downstream: boolean
  upstream: boolean
  /** Of all these only what has failed, or could not run since what came before failed. */
  onlyFailed?: boolean
  /** Of the tasks that are named these items alone, and what of others is of the same item of a mapped group. */
  items?: readonly number[]
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
  const chosen = new Again(plan)
  const stopped = skippedByCancel(old.history, old.state.started.size)
  for (const n of named) {
    const then = numberThen[n]
    const count = then === undefined ? undefined : old.state.mapped[then]?.items.length
    const { items } = selection
    if (items === undefined) chosen.add(n)
    else if (count === undefined) return { refused: `"${plan.ids[n]}" has no items: leave them out`, found: plan.ids[n] as string }
    else if (items.some(item => item >= count))
      return { refused: `"${plan.ids[n]}" has ${count} items, the first is 0`, found: String(Math.max(...items)) }
    else chosen.add(n, items)
  }
  const [unreached, failed] = [new Again(plan), new Again(plan)]
  for (const n of plan.ids.keys()) {
    const then = numberThen[n]
    const letters = lettersThen(n)
    // What it was never come to has no end that others could be judged by.
    if (then === undefined || letters === 'x' || (old.state.mapped[then] === undefined && stopped.tasks.has(then)))
      for (const set of [unreached, failed]) set.add(n)
    else if (old.state.mapped[then] === undefined) {
      if (/[fu]/.test(letters)) failed.add(n)
    } else {
      const isStopped = (item: number): boolean => stopped.every.has(then) || stopped.items.has(item * old.state.started.size + then)
      for (const [set, which] of [
        [unreached, 'x'],
        [failed, 'fux'],
      ] as const) {
        const items = [...letters].flatMap((letter, item) => (which.includes(letter) || (letter === 'k' && isStopped(item)) ? [item] : []))
        if (items.length > 0) set.add(n, items)
      }
    }
  }
  chosen.join(selection.tasks === null ? failed : unreached)
  const ways = [...(selection.downstream ? [plan.downstream] : []), ...(selection.upstream ? [plan.upstream] : [])]
  const from = chosen.copy()
  for (const edges of ways) chosen.join(from.reached(edges))
  if (selection.onlyFailed) chosen.keep(failed)
  withSetups(plan, chosen)

  const told = outputsIn(old.history, old.state)
  const needed = (n: number): boolean => plan.outputs.includes(n) || (plan.consumers[n] as number[]).some(other => chosen.has(other))
  for (let isSettled = false; !isSettled; ) {
    isSettled = true
    for (const n of plan.ids.keys()) {
      if (chosen.isWhole(n)) continue
      const then = numberThen[n] as number
      const { task, references, group } = plan.tasks[n] as Plan['tasks'][number]
      const before = old.plan.tasks[then] as Plan['tasks'][number]
      const isSameList = isSame(task.map, before.task.map) && isSame(group?.map, before.group?.map)
      const gives = group === null ? references : group.sources
      // Its items are numbered in the list that it is mapped over.
      const isMoved = chosen.has(n)
        ? gives.some(other => chosen.has(other)) || !isSameList || !isSame(task, before.task)
        : isStale(n, gives, isSameList)
      // Who does nothing has no run that could be asked for what it gave.
      const isLost = isEmpty(task) && needed(n) && refsOf(old.state, then).some(({ ref, letter }) => letter === 's' && !told.has(ref))
      if (isMoved || isLost) {
        chosen.add(n)
        isSettled = false
      }
    }
  }
  /** Tasks of a mapped group that is mapped anew. */
  function isStale(n: number, sources: readonly number[], isSameList: boolean): boolean {
    return plan.tasks[n]?.group !== null && (!isSameList || sources.some(other => chosen.has(other)))
  }
  const again = plan.ids.findIndex((_, n) => chosen.has(n))
  if (again < 0) return { refused: 'nothing of it failed: name the tasks that are to run again', found: null }

  const kept: { tasks: string; items: Record<number, string>; runs: Record<Reference, RunId> } = { tasks: '', items: {}, runs: {} }
  const outputs: Need[] = []
  const choices: Need[] = []
  for (const n of plan.ids.keys()) {
    const then = numberThen[n]
    if (chosen.isWhole(n) || then === undefined) {
      kept.tasks += '.'
      continue
    }
    kept.tasks += old.state.tasks[then] as string
    const { task, group, isInner } = plan.tasks[n] as Plan['tasks'][number]
    if (old.state.mapped[then] !== undefined)
      kept.items[n] = [...lettersThen(n)].map((letter, item) => (!chosen.has(n, item) ? letter : group === null ? 'q' : '.')).join('')
    for (const { ref: refThen, letter, item } of refsOf(old.state, then)) {
      if (!'sf'.includes(letter) || chosen.has(n, item)) continue
      const ref = item * plan.ids.length + n
      const run = runOfTask(old.state, old.self, refThen)
      const isRunless = old.state.runless?.includes(refThen) ?? false
      if (!isEmpty(task) && !isRunless) kept.runs[ref] = run
      if (letter !== 's') continue
      const need = { ref, output: told.get(refThen), run }
      const isNeeded = isInner ? (plan.consumers[n] as number[]).some(other => chosen.has(other, item)) : needed(n)
      if (isNeeded) outputs.push(need)
      const chooses = task.branch === true || task.shortCircuit !== undefined || task.approval !== undefined
      const follows = (other: number): boolean => chosen.isWhole(other) || (group !== null && isTogether(plan, n, other) && chosen.has(other, item))
      if (chooses && [...reached([n], plan.downstream)].some(follows)) choices.push(need)
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

function withSetups(plan: Plan, again: Again): void {
  const open = again.all()
  for (let n = open.pop(); n !== undefined; n = open.pop()) {
    const { setups, indirect, task } = plan.tasks[n] as Plan['tasks'][number]
    const teardowns = task.setup ? (plan.downstream[n] as number[]).filter(other => plan.tasks[other]?.task.teardown) : []
    const before = task.teardown ? [] : [...setups, ...indirect]
    for (const other of [...before, ...teardowns]) if (again.follow(n, other)) open.push(other)
  }
}

/** Tasks that run again, and of mapped ones which items; null: all of it. */
class Again {
  readonly #plan: Plan
  readonly #items = new Map<number, Set<number> | null>()

  constructor(plan: Plan) {
    this.#plan = plan
  }

  /** Answers whether that is more than before. */
  add(n: number, items: Iterable<number> | null = null): boolean {
    const known = this.#items.get(n)
    if (known === null) return false
    if (items === null) this.#items.set(n, null)
    else {
      const all = new Set([...(known ?? []), ...items])
      if (all.size === known?.size) return false
      this.#items.set(n, all)
    }
    return true
  }

  /** Of one in the same mapped group the same items. */
  follow(n: number, other: number): boolean {
    return this.add(other, isTogether(this.#plan, n, other) ? (this.#items.get(n) as Set<number> | null) : null)
  }

  reached(edges: readonly (readonly number[])[]): Again {
    const found = this.copy()
    const open = found.all()
    for (let n = open.pop(); n !== undefined; n = open.pop()) for (const other of edges[n] as number[]) if (found.follow(n, other)) open.push(other)
    return found
  }

  copy(): Again {
    const copy = new Again(this.#plan)
    copy.join(this)
    return copy
  }

  join(other: Again): void {
    for (const [n, items] of other.#items) this.add(n, items)
  }

  /** What is in both. */
  keep(other: Again): void {
    for (const [n, items] of this.#items) {
      const also = other.#items.get(n)
      const both = also === undefined ? [] : items === null ? also : also === null ? items : [...items].filter(item => also.has(item))
      if (both === null) continue
      const left = new Set(both)
      if (left.size === 0) this.#items.delete(n)
      else this.#items.set(n, left)
    }
  }

  all(): number[] {
    return [...this.#items.keys()]
  }

  /** Any of it; of this item. */
  has(n: number, item?: number): boolean {
    const items = this.#items.get(n)
    if (items === undefined || items === null || item === undefined) return items !== undefined
    return items.has(item)
  }

  isWhole(n: number): boolean {
    return this.#items.get(n) === null
  }
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function refsOf(state: DagState, n: number): { ref: Reference; letter: string; item: number }[] {
  const mapped = state.mapped[n]
  if (mapped === undefined) return [{ ref: n, letter: state.tasks[n] as string, item: 0 }]
  return [...mapped.items].map((letter, item) => ({ ref: item * state.started.size + n, letter, item }))
}

/** What was skipped since the run was asked to stop: tasks, items, and all items of tasks. */
function skippedByCancel(history: readonly DagEvent[], size: number): { tasks: Set<number>; items: Set<Reference>; every: Set<number> } {
  const from = history.findIndex(({ is }) => is === 'cancel_requested')
  const judged = (from < 0 ? [] : history.slice(from)).filter(({ is }) => is === 'judged') as (DagEvent & { is: 'judged' })[]
  const refs = judged.flatMap(({ skipped = [] }) => skipped)
  const every = judged.flatMap(({ every: told = [] }) => told.filter(({ as }) => as === 'skipped').map(({ n }) => n))
  return { tasks: new Set(refs.filter(ref => ref < size)), items: new Set(refs), every: new Set(every) }
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
