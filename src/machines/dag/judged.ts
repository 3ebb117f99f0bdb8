import type { Payload } from '../../core/run.ts'
import { keepOutput, letters, withLetter } from './letters.ts'
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
  const ns = told.map(({ n }) => n)
  draft.tasks = withLetter(draft.tasks, ns, 'm')
  draft.mapped = mapped
}

function group(draft: Draft, grouped: NonNullable<Judged['grouped']>): void {
  const mapped = { ...draft.mapped }
  for (const { ns, items } of grouped)
    for (const n of ns) {
      mapped[n] = { items: '.'.repeat(items), active: 0, outputs: Outputs.NONE }
      draft.total += items - 1
    }
  const all = grouped.flatMap(({ ns }) => ns)
  draft.tasks = withLetter(draft.tasks, all, 'm')
  draft.mapped = mapped
}

function tell(draft: Draft, { ready, skipped, upstream_failed: upstreamFailed, failed, ran }: Judged): void {
  const all = (refs: readonly Reference[] | undefined, letter: string): void => {
    if (refs === undefined) return
    letters(draft, refs, letter)
    count(draft, letter, refs.length)
  }
  all(ready, 'q')
  all(skipped, LETTERS.skipped)
  all(upstreamFailed, LETTERS.upstream_failed)
  const numbers = (told: readonly { n: Reference }[] | undefined) => told?.map(({ n }) => n)
  all(numbers(failed), LETTERS.failed)
  all(numbers(ran), LETTERS.success)
  if (failed !== undefined) Object.assign(draft, reasonsWith(draft, failed))
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

function reasonsWith({ reasons = {} }: DagState, failed: NonNullable<Judged['failed']>): Pick<DagState, 'reasons'> {
  const more = failed.slice(0, Math.max(0, REASONS_MAX - Object.keys(reasons).length))
  return more.length === 0 ? {} : { reasons: { ...reasons, ...Object.fromEntries(more.map(({ n, reason }) => [n, reason])) } }
}
const REASONS_MAX = 20
