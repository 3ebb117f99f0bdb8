import { useSyncExternalStore } from 'react'

/** One clock for the page: it ticks each second while somebody looks at it, so that all times on a page agree. */
const TICK_MS = 1_000
const listeners = new Set<() => void>()
let now = Date.now()
let timer: number | undefined

export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    now = Date.now()
    timer = window.setInterval(tick, TICK_MS)
  }
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) window.clearInterval(timer)
  }
}

function tick(): void {
  if (document.hidden) return
  now = Date.now()
  for (const listener of listeners) listener()
}
