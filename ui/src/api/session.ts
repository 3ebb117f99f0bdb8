import { useSyncExternalStore } from 'react'

/** The API key of this tab, where the server asks for one. It is gone with the tab and never in an address. */
const KEY = 'mainspring-key'
const listeners = new Set<() => void>()
let key = read()
let refused = false

export interface Session {
  key: string | null
  /** The server asked for a key, or did not take the one it was given. */
  refused: boolean
}
let session: Session = { key, refused }

export function useSession(): Session {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => session,
  )
}

export function currentKey(): string | null {
  return key
}

export function signIn(given: string): void {
  key = given
  keep(given)
  change(false)
}

export function signOut(): void {
  key = null
  keep(null)
  change(true)
}

/** A 401 came back for `used`. One for a key that has been replaced since says nothing. */
export function keyRefused(used: string | null): void {
  if (used === key) change(true)
}

function change(next: boolean): void {
  refused = next
  session = { key, refused }
  for (const listener of listeners) listener()
}

function read(): string | null {
  try {
    return sessionStorage.getItem(KEY)
  } catch {
    return null
  }
}

function keep(value: string | null): void {
  try {
    if (value === null) sessionStorage.removeItem(KEY)
    else sessionStorage.setItem(KEY, value)
  } catch {
    // Storage is off: the key lasts as long as the page.
  }
}
