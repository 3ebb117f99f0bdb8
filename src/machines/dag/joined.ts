import type { DagEvent } from './types.ts'

/** What an event that judges tells, list by list. */
export const JUDGED = ['ready', 'skipped', 'upstream_failed', 'failed', 'ran', 'mapped', 'grouped', 'every'] as const
const ASKED = ['refs', 'persons', 'waits', 'taken'] as const

/** Adds an event of a transition: what is judged in a row, and starts in a row, are one. */
export function join(events: DagEvent[], event: DagEvent): void {
  const last = events.at(-1)
  if (event.is === 'judged') {
    if (last?.is === 'judged') append(last, event, JUDGED)
    else events.push(event)
  } else if (event.is === 'asked' && !event.again && last?.is === 'asked' && !last.again) {
    append(last, event, ASKED)
    if (event.memos !== undefined) last.memos = { ...(last.memos as object), ...(event.memos as object) }
    if (event.elsewhere !== undefined) last.elsewhere = { ...(last.elsewhere as object), ...(event.elsewhere as object) }
  } else events.push(event)
}

function append(into: DagEvent, event: DagEvent, lists: readonly string[]): void {
  for (const list of lists) {
    const more = event[list] as unknown[] | undefined
    if (more === undefined) continue
    const known = (into[list] ?? []) as unknown[]
    if (into[list] === undefined) into[list] = known
    for (const one of more) known.push(one)
  }
}
