import { useSyncExternalStore } from 'react'

/** What a person chose in this browser. It is theirs, not the link's: an address shows the same to everybody, in each one's zone and theme. */
export interface Preferences {
  theme: 'system' | 'light' | 'dark'
  /** An IANA zone; null: the browser's. */
  zone: string | null
}

const KEY = 'mainspring'
const listeners = new Set<() => void>()
let current = read()
show(current)

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, preferences)
}

export function preferences(): Preferences {
  return current
}

export function prefer(change: Partial<Preferences>): void {
  take({ ...current, ...change })
  try {
    localStorage.setItem(KEY, JSON.stringify(current))
  } catch {
    // Storage is off or full: the choice lasts as long as the page.
  }
}

function take(next: Preferences): void {
  current = next
  show(next)
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function read(): Preferences {
  const none: Preferences = { theme: 'system', zone: null }
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>
    const theme = kept.theme === 'light' || kept.theme === 'dark' ? kept.theme : 'system'
    return { theme, zone: typeof kept.zone === 'string' && isZone(kept.zone) ? kept.zone : null }
  } catch {
    return none
  }
}

export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** All colours are light-dark(): the root's colour scheme decides. */
function show({ theme }: Preferences): void {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

// Another tab of ours chose.
window.addEventListener('storage', event => {
  if (event.key === KEY) take(read())
})
