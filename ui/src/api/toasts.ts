import { useSyncExternalStore } from 'react'

/** asked: the server knows, or is about to. done: it has happened. refused: it has not and will not. */
export interface ToastText {
  is: 'asked' | 'done' | 'refused'
  text: string
  detail?: string
}
export interface ShownToast extends ToastText {
  id: number
}
export interface Toast {
  change(text: ToastText): void
}

/** What is done goes by itself; what was refused stays until it is read. */
const DONE_MS = 5_000
const SHOWN_MAX = 4

let shown: readonly ShownToast[] = []
let lastId = 0
const listeners = new Set<() => void>()

export function useToasts(): readonly ShownToast[] {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => shown,
  )
}

export function toast(text: ToastText): Toast {
  const id = ++lastId
  show([...shown, { ...text, id }].slice(-SHOWN_MAX))
  const leave = (next: ToastText): void => {
    if (next.is === 'done') window.setTimeout(() => dismiss(id), DONE_MS)
  }
  leave(text)
  return {
    change(next) {
      const there = shown.some(entry => entry.id === id)
      show(there ? shown.map(entry => (entry.id === id ? { ...next, id } : entry)) : [...shown, { ...next, id }].slice(-SHOWN_MAX))
      leave(next)
    },
  }
}

export function dismiss(id: number): void {
  show(shown.filter(entry => entry.id !== id))
}

function show(next: readonly ShownToast[]): void {
  shown = next
  for (const listener of listeners) listener()
}
