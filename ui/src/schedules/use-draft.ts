import { useEffect, useEffectEvent, useState } from 'react'
import { type Draft, edited, type Fields, readDraft, same } from './draft.ts'

/** What is typed reaches the address, and the server, this long after the last key. */
export const SETTLE_MS = 250

export interface DraftState {
  /** What the draft was begun on: what the server had then. */
  basis: Fields
  draft: Draft
  change(change: Draft): void
  clear(): void
  /** Begins anew on what the server has now, and keeps what was changed. */
  rebase(): void
  /** Somebody else has changed it since. */
  conflict: boolean
}

/** A draft over what the server has. It is in the address, so that a colleague sees the same before it is saved. */
export function useDraft(server: Fields, text: string | undefined, put: (draft: string | undefined) => void): DraftState {
  const [{ basis, draft }, set] = useState<{ basis: Fields | null; draft: Draft }>(() => {
    const draft = edited(server, {}, readDraft(text))
    return { basis: isEmpty(draft) ? null : server, draft }
  })
  const write = useEffectEvent(put)
  const written = isEmpty(draft) ? undefined : JSON.stringify(draft)
  useEffect(() => {
    const timer = window.setTimeout(() => write(written), SETTLE_MS)
    return () => window.clearTimeout(timer)
  }, [written])
  const base = basis ?? server
  return {
    basis: base,
    draft,
    change: change => {
      const next = edited(base, draft, change)
      set({ basis: isEmpty(next) ? null : base, draft: next })
    },
    clear: () => set({ basis: null, draft: {} }),
    rebase: () => {
      const next = edited(server, {}, draft)
      set({ basis: isEmpty(next) ? null : server, draft: next })
    },
    conflict: basis !== null && !same(basis, server),
  }
}

export const isEmpty = (draft: Draft): boolean => Object.keys(draft).length === 0

/** The value as it was once it has not changed for a moment. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value)
  const key = JSON.stringify(value)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another object that says the same is no change
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), SETTLE_MS)
    return () => window.clearTimeout(timer)
  }, [key])
  return settled
}
