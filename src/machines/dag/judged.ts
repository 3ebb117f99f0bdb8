import type { Payload } from '../../core/run.ts'
import { keepOutput, withLetters } from './letters.ts'
import { Outputs } from './outputs.ts'
import { type DagEvent, type DagState, type Draft, ENDING_OF, LETTERS, type Mapped, type Reference } from './types.ts'

type Judged = DagEvent & { is: 'judged' }

/** What is mapped comes first: what is mapped has all its items ended at once where they do nothing. Then what is told of one task or item, then of all items that wait. */
export function judge(draft: Draft, event: Judged): void {
  if (event.mapped !== undefined) map(draft, event.mapped)
  if (event.grouped !== undefined) group(draft, event.grouped)
  tell(draft, event)
  if (event.every !== undefined) tellEvery(draft, event.every)
  for (const { n, output } of event.ran ?? []) if (output !== undefined) keepOutput(draft, n, output)
}

function map(draft: Draft, told: NonNullable<Judged['mapped']>): void {
  const mapped = { ...draft.mapped }
  for (const { n, items, ran } of told) {
    const outputs = Array.isArray(ran) ? Outputs.of({ ...(ran as Payload[]) }) : Outputs.NONE
    mapped[n] = { items: (ran === undefined ? 'q' : LETTERS.success).repeat(items), active: 0, outputs }
    draft.outputsLength += outputs.length
    draft.total += items - 1
    if (ran !== undefined) draft.ended += items
  }
  draft.tasks = withLetters(draft.tasks, new Map(told.map(({ n }) => [n, 'm'])))
  draft.mapped = mapped
}

function group(draft: Draft, grouped: NonNullable<Judged['grouped']>): void {
  const mapped = { ...draft.mapped }
  const letters = new Map<number, string>()
  for (const { ns, items } of grouped)
    for (const n of ns) {
      mapped[n] = { items: '.'.repeat(items), active: 0, outputs: Outputs.NONE }
      letters.set(n, 'm')
      draft.total += items - 1
    }
  draft.tasks = withLetters(draft.tasks, letters)
  draft.mapped = mapped
}

function tell(draft: Draft, event: Judged): void {
  const { size } = draft.started
  const plain = new Map<number, string>()
  const items = new Map<number, Map<number, string>>()
  const one = (ref: Reference, letter: string): void => {
    const n = ref % size
    if (draft.mapped[n] === undefined) plain.set(ref, letter)
    else items.set(n, (items.get(n) ?? new Map()).set(Math.floor(ref / size), letter))
    count(draft, letter, 1)
  }
  for (const ref of event.ready ?? []) one(ref, 'q')
  for (const ref of event.skipped ?? []) one(ref, LETTERS.skipped)
  for (const ref of event.upstream_failed ?? []) one(ref, LETTERS.upstream_failed)
  for (const { n } of event.failed ?? []) one(n, LETTERS.failed)
  for (const { n } of event.ran ?? []) one(n, LETTERS.success)
  if (event.failed !== undefined) Object.assign(draft, reasonsWith(draft, event))
  draft.tasks = withLetters(draft.tasks, plain)
  if (items.size === 0) return
  const mapped = { ...draft.mapped }
  for (const [n, letters] of items) mapped[n] = { ...(mapped[n] as Mapped), items: withLetters(mapped[n]?.items as string, letters) }
  draft.mapped = mapped
}

function tellEvery(draft: Draft, every: NonNullable<Judged['every']>): void {
  for (const { n, as, ready } of every) {
    const one = draft.mapped[n] as Mapped
    const letter = as === 'ready' ? 'q' : LETTERS[as]
    const which = ready ? /[.q]/g : /\./g
    count(draft, letter, [...one.items.matchAll(which)].length)
    draft.mapped = { ...draft.mapped, [n]: { ...one, items: one.items.replaceAll(which, letter) } }
  }
}

function count(draft: Draft, letter: string, times: number): void {
  if (ENDING_OF[letter] !== undefined) draft.ended += times
  if (letter === LETTERS.failed || letter === LETTERS.upstream_failed) draft.failed += times
}

function reasonsWith({ reasons = {} }: DagState, { failed = [] }: Judged): Pick<DagState, 'reasons'> {
  const more = failed.slice(0, Math.max(0, REASONS_MAX - Object.keys(reasons).length))
  return more.length === 0 ? {} : { reasons: { ...reasons, ...Object.fromEntries(more.map(({ n, reason }) => [n, reason])) } }
}
const REASONS_MAX = 20
