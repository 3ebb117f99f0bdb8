import type { LimitDetail, LimitKeyView } from '../face.ts'

export const KEYS_SHOWN_MAX = 100

/** One limit as the lanes of a cluster tell it together: each counts keys of its own, and knows who waits in it. */
export function limitTogether(views: readonly LimitDetail[]): LimitDetail {
  const [first, ...others] = views as [LimitDetail, ...LimitDetail[]]
  const byKey = new Map(first.byKey.map(key => [key.key, key]))
  for (const key of others.flatMap(({ byKey }) => byKey)) {
    const known = byKey.get(key.key)
    byKey.set(key.key, known === undefined ? key : joined(known, key))
  }
  const sum = (of: (view: LimitDetail) => number): number => views.reduce((sum, view) => sum + of(view), 0)
  return {
    ...first,
    used: sum(({ used }) => used),
    keys: sum(({ keys }) => keys),
    waiting: sum(({ waiting }) => waiting),
    byKey: [...byKey.values()].sort(fullestFirst).slice(0, KEYS_SHOWN_MAX),
  }
}

function joined(one: LimitKeyView, other: LimitKeyView): LimitKeyView {
  return {
    key: one.key,
    used: one.used + other.used,
    holders: [...one.holders, ...other.holders],
    waiting: one.waiting + other.waiting,
    nextAt: one.nextAt ?? other.nextAt,
  }
}

export function fullestFirst(a: LimitKeyView, b: LimitKeyView): number {
  return b.used - a.used || b.waiting - a.waiting || (a.key < b.key ? -1 : 1)
}
