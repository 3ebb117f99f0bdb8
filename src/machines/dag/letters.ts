import type { Payload } from '../../core/run.ts'
import type { DagState, Draft, Mapped, Reference } from './types.ts'

export function placeOf({ started: { size } }: DagState, ref: Reference): { n: number; item: number } {
  return { n: ref % size, item: Math.floor(ref / size) }
}

export function letterOf(state: DagState, ref: Reference): string {
  const { n, item } = placeOf(state, ref)
  const mapped = state.mapped[n]
  return mapped === undefined ? (state.tasks[n] as string) : (mapped.items[item] ?? '')
}

/** Every task and every item that is asked for or under way. */
export function activeRefs(state: DagState, letters: RegExp = /[ar]/g): Reference[] {
  const { size } = state.started
  const plain = [...state.tasks.matchAll(letters)].map(({ index }) => index)
  const items = Object.entries(state.mapped).flatMap(([n, { items }]) => [...items.matchAll(letters)].map(({ index }) => index * size + Number(n)))
  return [...plain, ...items]
}

export function withLetter(tasks: string, ns: readonly number[], letter: string): string {
  if (ns.length === 0) return tasks
  const all = tasks.split('')
  for (const n of ns) all[n] = letter
  return all.join('')
}

export function letter(draft: Draft, ref: Reference, letter: string, more = 0): void {
  const { n, item } = placeOf(draft, ref)
  const mapped = draft.mapped[n]
  if (mapped === undefined) {
    draft.tasks = draft.tasks.slice(0, n) + letter + draft.tasks.slice(n + 1)
    return
  }
  const items = mapped.items.slice(0, item) + letter + mapped.items.slice(item + 1)
  const one: Mapped = { ...mapped, items, active: mapped.active + more }
  draft.mapped = { ...draft.mapped, [n]: one }
}

/** Of several at once. `more`: so many more of each are under way. */
export function letters(draft: Draft, refs: readonly Reference[], to: string, more = 0): void {
  if (refs.length === 1) return letter(draft, refs[0] as Reference, to, more)
  const isPlain = (ref: Reference): boolean => draft.mapped[ref % draft.started.size] === undefined
  if (refs.every(isPlain)) {
    draft.tasks = withLetter(draft.tasks, refs, to)
    return
  }
  draft.tasks = withLetter(draft.tasks, refs.filter(isPlain), to)
  const mapped = { ...draft.mapped }
  const byTask = Map.groupBy(
    refs.filter(ref => !isPlain(ref)).map(ref => placeOf(draft, ref)),
    ({ n }) => n,
  )
  for (const [n, places] of byTask) {
    const one = mapped[n] as Mapped
    const items = places.map(({ item }) => item)
    mapped[n] = { ...one, items: withLetter(one.items, items, to), active: one.active + items.length * more }
  }
  draft.mapped = mapped
}

export function keepOutput(draft: Draft, ref: Reference, output: Payload): void {
  const { n, item } = placeOf(draft, ref)
  draft.outputsLength += output.length
  const mapped = draft.mapped[n]
  if (mapped === undefined) draft.outputs = draft.outputs.with(n, output)
  else draft.mapped = { ...draft.mapped, [n]: { ...mapped, outputs: mapped.outputs.with(item, output) } }
}
