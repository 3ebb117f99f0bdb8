import type { Payload } from '../../core/run.ts'
import { ItemTally, isTogether } from './items.ts'
import type { Plan } from './plan.ts'
import { type Before, ENDS, noCounts, type TaskEnding, type Waited } from './rules.ts'
import { type DagMap, type Json, MAP_ITEMS_MAX } from './spec.ts'
import { type Facts, fill } from './template.ts'
import { type DagState, ENDING_OF } from './types.ts'

/**
 * What follows from the letters of a run and is not kept with them: how many of those before each task have ended how. It is brought up to date by what ends, so
 * that an end costs what is right behind it; a run that was loaded is counted anew.
 */
export class Tally {
  readonly plan: Plan
  /** Of the instances that all items of a task wait for alike: of one that is in no mapped group these are all. */
  private readonly counts: number[]
  private readonly totals: number[]
  /** Of these, in a mapped group, those outside of it that have not ended. */
  private readonly outside: number[]
  /** Instances of a task that have not ended. */
  private readonly left: number[]
  readonly items: ItemTally
  /** Mapped tasks with items that may begin, and some that had. */
  readonly ready = new Set<number>()
  /** By task: of those that need its output, how many have not begun. */
  readonly awaited: number[]
  private readonly parsed = new Map<number, Json>()
  private readonly begun: boolean[]
  /** What tasks, or mapped groups (by their first task), are mapped over. */
  private readonly lists = new Map<number, Json[]>()

  constructor(plan: Plan, state: DagState) {
    this.plan = plan
    const size = plan.ids.length
    this.counts = new Array<number>(size * ENDS.length).fill(0)
    this.totals = plan.totals.slice()
    this.outside = plan.outside.slice()
    this.left = new Array<number>(size).fill(1)
    this.awaited = plan.awaited.slice()
    this.begun = new Array<boolean>(size).fill(false)
    this.items = new ItemTally(plan, state)
    for (let n = 0; n < size; n++) {
      const mapped = state.mapped[n]
      if (mapped === undefined) {
        const ending = ENDING_OF[state.tasks[n] as string]
        if (ending !== undefined) this.ended(n, ending)
      } else {
        this.expanded(n, mapped.items.length)
        if (mapped.items.includes('q')) this.ready.add(n)
        for (const letter of mapped.items) {
          const ending = ENDING_OF[letter]
          if (ending !== undefined) this.endedOutside(n, ending, 1)
        }
      }
      if (hasBegun(state, n)) this.passed(n)
    }
  }

  /** A task that is not mapped, or `times` of the items of one that is in no group. Answers who is to be judged anew: each of its items, where it is mapped. */
  ended(n: number, ending: TaskEnding, times = 1): readonly number[] {
    const touched = this.endedOutside(n, ending, times)
    if (this.plan.tasks[n]?.group === null) return touched
    for (const other of this.plan.downstream[n] as number[]) {
      if (!isTogether(this.plan, n, other)) continue
      this.count(other, ending, times)
      touched.push(other)
    }
    return touched
  }

  /** An item of a task in a mapped group. Of those in its group the same item is to be judged anew, of the others each as far as it changes anything. */
  itemEnded(n: number, item: number, ending: TaskEnding): readonly number[] {
    this.items.ended(n, item, ending)
    return this.endedOutside(n, ending, 1)
  }

  /** How often may be more than often enough: a verdict hangs on which endings there are, and on whether there are more to come. */
  private endedOutside(n: number, ending: TaskEnding, times: number): number[] {
    this.left[n] = (this.left[n] as number) - times
    const touched: number[] = []
    for (const other of this.plan.downstream[n] as number[]) {
      if (isTogether(this.plan, n, other)) continue
      const before = this.count(other, ending, times)
      this.outside[other] = (this.outside[other] as number) - times
      if (this.plan.tasks[other]?.group === null || before === 0 || this.outside[other] === 0) touched.push(other)
    }
    return touched
  }

  private count(n: number, ending: TaskEnding, times: number): number {
    const at = n * ENDS.length + ENDS.indexOf(ending)
    const before = this.counts[at] as number
    this.counts[at] = before + times
    return before
  }

  /** It is now so many, in place of one. */
  expanded(n: number, items: number): void {
    this.left[n] = (this.left[n] as number) + items - 1
    for (const other of this.plan.downstream[n] as number[]) {
      if (isTogether(this.plan, n, other)) continue
      this.totals[other] = (this.totals[other] as number) + items - 1
      this.outside[other] = (this.outside[other] as number) + items - 1
    }
  }

  hasEnded(n: number): boolean {
    return this.left[n] === 0
  }

  /** It needs the outputs of others no more. Answers whose nobody needs now. */
  passed(n: number): number[] {
    if (this.begun[n]) return []
    this.begun[n] = true
    this.lists.delete(n)
    const freed: number[] = []
    for (const other of this.plan.tasks[n]?.references ?? []) {
      const left = (this.awaited[other] as number) - 1
      this.awaited[other] = left
      if (left !== 0) continue
      this.parsed.delete(other)
      freed.push(other)
    }
    return freed
  }

  before(n: number, letter: (n: number) => string, item?: number): Before {
    const counts = noCounts()
    for (let column = 0; column < ENDS.length; column++)
      counts[ENDS[column] as TaskEnding] =
        (this.counts[n * ENDS.length + column] as number) + (item === undefined ? 0 : this.items.count(n, item, column))
    const { setups, indirect } = this.plan.tasks[n] as Plan['tasks'][number]
    return { counts, total: this.totals[n] as number, setups: waited(setups, letter), indirect: waited(indirect, letter) }
  }

  /** What a task, or its group, is mapped over; null: that is no list. A number: so many that they are not made. */
  itemsOf(n: number, facts: Facts): Json[] | number | null {
    const { task, group } = this.plan.tasks[n] as Plan['tasks'][number]
    const key = group?.tasks[0] ?? n
    const known = this.lists.get(key)
    if (known !== undefined) return known
    const items = itemsOf((group?.map ?? task.map) as DagMap, facts)
    if (Array.isArray(items)) this.lists.set(key, items)
    return items
  }

  /** `item`: of one in the same mapped group. */
  outputOf(n: number, state: DagState, item?: number): Json {
    const mapped = state.mapped[n]
    if (mapped !== undefined && item !== undefined) return parsedOf(mapped.outputs.get(item))
    const known = this.parsed.get(n)
    if (known !== undefined) return known
    const output = state.outputs.get(n)
    if (mapped === undefined) {
      if (output !== undefined) this.parsed.set(n, parsedOf(output))
      return parsedOf(output)
    }
    const value = mapped.outputs.values().map(text => JSON.parse(text) as Json)
    if (!/[.qar]/.test(mapped.items)) this.parsed.set(n, value)
    return value
  }
}

function parsedOf(output: Payload | undefined): Json {
  return output === undefined ? null : (JSON.parse(output) as Json)
}

const NOBODY: Waited = { counts: noCounts(), total: 0 }

function waited(setups: readonly number[], letter: (n: number) => string): Waited {
  if (setups.length === 0) return NOBODY
  const counts = noCounts()
  for (const n of setups) {
    const ending = ENDING_OF[letter(n)]
    if (ending !== undefined) counts[ending]++
  }
  return { counts, total: setups.length }
}

/** It, or the last of its items, has been started or never will be. */
export function hasBegun(state: DagState, n: number): boolean {
  const mapped = state.mapped[n]
  return mapped === undefined ? !'.qa'.includes(state.tasks[n] as string) : !/[.qa]/.test(mapped.items)
}

function itemsOf(map: DagMap, facts: Facts): Json[] | number | null {
  if ('over' in map) {
    const list = listOf(map.over, facts)
    return list !== null && list.length > MAP_ITEMS_MAX ? list.length : list
  }
  const isZip = 'zip' in map
  const lists = Object.entries(isZip ? map.zip : map.cross).map(([name, list]) => [name, listOf(list, facts)] as const)
  if (lists.some(([, list]) => list === null)) return null
  const named = lists as [string, Json[]][]
  if (isZip) {
    const length = Math.min(...named.map(([, list]) => list.length))
    if (length > MAP_ITEMS_MAX) return length
    return Array.from({ length }, (_, at) => Object.fromEntries(named.map(([name, list]) => [name, list[at] as Json])))
  }
  const length = named.reduce((product, [, list]) => product * list.length, 1)
  if (length > MAP_ITEMS_MAX) return length
  return named.reduce<{ [name: string]: Json }[]>((made, [name, list]) => made.flatMap(item => list.map(value => ({ ...item, [name]: value }))), [{}])
}

function listOf(template: Json, facts: Facts): Json[] | null {
  const value = fill(template, facts)
  return Array.isArray(value) ? (value as Json[]) : null
}
