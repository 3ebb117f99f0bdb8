import type { MappedGroup, Plan } from './plan.ts'
import { ENDS, type TaskEnding } from './rules.ts'
import { type DagState, ENDING_OF, type Reference } from './types.ts'

/** In the same mapped group: an item of one sees that item of the other. */
export function isTogether({ tasks }: Plan, n: number, other: number): boolean {
  const group = tasks[n]?.group ?? null
  return group !== null && group === tasks[other]?.group
}

/** What follows from the letters of mapped groups, item by item, as Tally has it of tasks. */
export class ItemTally {
  private readonly plan: Plan
  /** By task, and in it by item and ending: how many of those right before it, in its group, have ended so. */
  private readonly counts = new Map<number, Uint16Array>()
  /** By task whose output is needed in its group alone, and by item: how many that need it have not begun. */
  private readonly awaited = new Map<number, Uint16Array>()
  /** Items that have tasks under way, and how many. */
  private readonly underWay = new Map<MappedGroup, Map<number, number>>()

  constructor(plan: Plan, state: DagState) {
    this.plan = plan
    for (const group of plan.mappedGroups) {
      for (const n of group.tasks) if (state.mapped[n] !== undefined) this.expanded(n, state)
      for (const n of group.tasks) for (const match of (state.mapped[n]?.items ?? '').matchAll(/[ar]/g)) this.began(n, match.index)
    }
  }

  /** It has its items, as their letters stand. */
  expanded(n: number, state: DagState): void {
    const { plan } = this
    const items = state.mapped[n]?.items.length as number
    const before = (plan.upstream[n] as number[]).filter(other => isTogether(plan, other, n) && state.mapped[other] !== undefined)
    const counts = new Uint16Array(items * ENDS.length)
    for (const other of before)
      for (const [item, letter] of [...(state.mapped[other]?.items ?? '')].entries()) {
        const ending = ENDING_OF[letter]
        if (ending !== undefined) counts[item * ENDS.length + ENDS.indexOf(ending)]!++
      }
    this.counts.set(n, counts)
    if (!plan.tasks[n]?.isInner) return
    const awaited = new Uint16Array(items)
    for (const other of plan.consumers[n] as number[])
      for (let item = 0; item < items; item++)
        if ('.qa'.includes(state.mapped[other]?.items[item] ?? (state.tasks[other] as string))) awaited[item]!++
    this.awaited.set(n, awaited)
  }

  ended(n: number, item: number, ending: TaskEnding): void {
    for (const other of this.plan.downstream[n] as number[])
      if (isTogether(this.plan, n, other)) {
        const counts = this.counts.get(other)
        if (counts !== undefined) counts[item * ENDS.length + ENDS.indexOf(ending)]!++
      }
  }

  count(n: number, item: number, column: number): number {
    return this.counts.get(n)?.[item * ENDS.length + column] ?? 0
  }

  /** An item of it needs the outputs of others no more. Answers those that nobody needs now. */
  passed(n: number, item: number): Reference[] {
    const size = this.plan.ids.length
    return (this.plan.tasks[n]?.references ?? []).flatMap(other => {
      const awaited = this.awaited.get(other)
      if (awaited === undefined) return []
      awaited[item]!--
      return awaited[item] === 0 ? [item * size + other] : []
    })
  }

  /** Undefined: its output is needed outside of its group, too. */
  isAwaited(n: number, item: number): boolean | undefined {
    const awaited = this.awaited.get(n)
    return awaited === undefined ? undefined : (awaited[item] as number) > 0
  }

  began(n: number, item: number): void {
    const group = this.plan.tasks[n]?.group ?? null
    if (group === null) return
    let underWay = this.underWay.get(group)
    if (underWay === undefined) {
      underWay = new Map()
      this.underWay.set(group, underWay)
    }
    underWay.set(item, (underWay.get(item) ?? 0) + 1)
  }

  stopped(n: number, item: number): void {
    const group = this.plan.tasks[n]?.group ?? null
    const tasks = group === null ? undefined : this.underWay.get(group)
    const left = (tasks?.get(item) ?? 0) - 1
    if (left > 0) tasks?.set(item, left)
    else tasks?.delete(item)
  }

  /** The first item of it that may begin; -1: none. Where as many of its group are under way as may be, it is one of these. */
  next(n: number, items: string): number {
    const group = this.plan.tasks[n]?.group ?? null
    const most = group?.map.concurrency
    const tasks = group === null ? undefined : this.underWay.get(group)
    if (most === undefined || tasks === undefined || tasks.size < most) return items.indexOf('q')
    for (const item of tasks.keys()) if (items[item] === 'q') return item
    return -1
  }
}
