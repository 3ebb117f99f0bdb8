import { useEffect, useEffectEvent, useSyncExternalStore } from 'react'

/**
 * All that can be done from the keyboard, in one registry: each is in the palette (Ctrl/Cmd-K), and those with keys answer to them and are listed by `?`.
 * A page adds its own with `useCommand`; they are gone with it.
 */
export interface Command {
  /** What it does, as the palette and `?` show it. */
  label: string
  /** Under which heading. */
  group: 'Go to' | 'List' | 'This page' | 'Console'
  /** `?`, `j`, `Escape`, `mod+k`, or two after each other: `g r`. */
  keys?: string
  /** Not in the palette: moving in a list makes no sense there. */
  keysOnly?: boolean
  run(): void
}
interface Registered extends Command {
  id: number
}

let commands: readonly Registered[] = []
let lastId = 0
const listeners = new Set<() => void>()

/** Registered while mounted and `enabled`. The newest of the same keys wins: a dialog over a list. */
export function useCommand(command: Command, enabled = true): void {
  const run = useEffectEvent(command.run)
  const { label, group, keys, keysOnly } = command
  useEffect(() => {
    if (!enabled) return
    const id = ++lastId
    change([...commands, { id, label, group, run: () => run(), ...(keys !== undefined && { keys }), ...(keysOnly !== undefined && { keysOnly }) }])
    return () => change(commands.filter(entry => entry.id !== id))
  }, [label, group, keys, keysOnly, enabled])
}

export function useCommands(): readonly Command[] {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => commands,
  )
}

function change(next: readonly Registered[]): void {
  commands = next
  for (const listener of listeners) listener()
}

/** The second key of two comes within this time. */
const SEQUENCE_MS_MAX = 1_200
let before: { key: string; at: number } | null = null

/** Answers a key press. In a field only Escape and those with mod count: what one types is text. */
export function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return
  const modified = event.ctrlKey || event.metaKey
  const key = modified ? `mod+${event.key.toLowerCase()}` : event.key
  if (!modified && (event.altKey || (isTyping(event.composedPath()[0]) && key !== 'Escape'))) return
  if (document.querySelector('[role="dialog"][data-state="open"], [role="menu"]') && key !== 'mod+k') return
  const sequence = before !== null && event.timeStamp - before.at < SEQUENCE_MS_MAX ? `${before.key} ${key}` : null
  const found = commands.findLast(command => command.keys === sequence && sequence !== null) ?? commands.findLast(command => command.keys === key)
  const begins = commands.some(command => command.keys?.startsWith(`${key} `))
  before = found === undefined && begins ? { key, at: event.timeStamp } : null
  if (found === undefined) return
  event.preventDefault()
  found.run()
}

function isTyping(target: EventTarget | undefined): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !target.matches('[type=checkbox]')
  )
}

/** As people read them: `g then r`, `Ctrl K` or `⌘ K`. */
export function keysText(keys: string): string {
  const mac = /Mac|iPhone|iPad/.test(navigator.platform)
  return keys
    .replace('mod+', mac ? '⌘ ' : 'Ctrl ')
    .replace('Escape', 'Esc')
    .replace(/^(\S) (\S)$/, '$1 $2')
}
