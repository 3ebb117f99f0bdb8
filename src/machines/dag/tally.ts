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
  private readonly counts: Int32Array
  private readonly totals: Int32Array
  /** By task: of those that need its output, how many have not begun. */
  readonly awaited: Int32Array
  private readonly parsed = new Map<number, Json>()
  private readonly items = new Map<number, Json[]>()

  constructor(plan: Plan, state: DagState) {
    this.plan = plan
    const size = plan.ids.length
    this.counts = new Int32Array(size * ENDS.length)
    this.totals = Int32Array.from(plan.upstream, upstream => upstream.length)
    this.awaited = Int32Array.from(plan.consumers, consumers => consumers.length)
    for (const n of plan.outputs) this.awaited[n] = (this.awaited[n] as number) + 1
    for (let n = 0; n < size; n++) {
      const mapped = state.mapped[n]
      if (mapped === undefined) {
        const ending = ENDING_OF[state.tasks[n] as string]
        if (ending !== undefined) this.ended(n, ending)
      } else {
        this.expanded(n, mapped.items.length)
        for (const letter of mapped.items) {
          const ending = ENDING_OF[letter]
          if (ending !== undefined) this.ended(n, ending)
        }
      }
      if (hasBegun(state, n)) this.passed(n)
    }
  }

  ended(n: number, ending: TaskEnding, times = 1): void {
    const column = ENDS.indexOf(ending)
    for (const other of this.plan.downstream[n] as number[]) {
      const at = other * ENDS.length + column
      this.counts[at] = (this.counts[at] as number) + times
    }
  }

  /** It is now so many, in place of one. */
  expanded(n: number, items: number): void {
    for (const other of this.plan.downstream[n] as number[]) this.totals[other] = (this.totals[other] as number) + items - 1
  }

  /** It needs the outputs of others no more. Answers whose nobody needs now. */
  passed(n: number): number[] {
    this.items.delete(n)
    return (this.plan.tasks[n]?.references ?? []).filter(other => {
      const left = (this.awaited[other] as number) - 1
      this.awaited[other] = left
      if (left === 0) this.parsed.delete(other)
      return left === 0
    })
  }

  before(n: number, letter: (n: number) => string): Before {
    const counts = noCounts()
    for (const [column, ending] of ENDS.entries()) counts[ending] = this.counts[n * ENDS.length + column] as number
    const { setups, indirect } = this.plan.tasks[n] as Plan['tasks'][number]
    return { counts, total: this.totals[n] as number, setups: waited(setups, letter), indirect: waited(indirect, letter) }
  }

  /** What a task is mapped over; null: that is no list. A number: so many that they are not made. */
  itemsOf(n: number, map: DagMap, facts: Facts): Json[] | number | null {
    const known = this.items.get(n)
    if (known !== undefined) return known
    const items = itemsOf(map, facts)
    if (Array.isArray(items)) this.items.set(n, items)
    return items
  }

  outputOf(n: number, state: DagState): Json {
    const known = this.parsed.get(n)
    if (known !== undefined) return known
    const mapped = state.mapped[n]
    const output = state.outputs[n]
    if (mapped === undefined) {
      const value = output === undefined ? null : (JSON.parse(output) as Json)
      if (output !== undefined) this.parsed.set(n, value)
      return value
    }
    const value = Object.values(mapped.outputs).map(text => JSON.parse(text) as Json)
    if (!/[qar]/.test(mapped.items)) this.parsed.set(n, value)
    return value
  }
}

function waited(setups: readonly number[], letter: (n: number) => string): Waited {
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
  return mapped === undefined ? !'.qa'.includes(state.tasks[n] as string) : !/[qa]/.test(mapped.items)
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
