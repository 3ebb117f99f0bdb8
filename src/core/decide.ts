import type { Decision } from './machine.ts'

/** Nothing happens, and whoever asked is told why. */
export function refuse<Event>(command: string, code: string): Decision<Event> {
  return { events: [], replies: [{ command, reply: { ok: false, code } }] }
}

/** Whose word an event is; what is not known is left out. */
export function whoOf({ by, why }: { by: string | null; why: string | null }): { by?: string; why?: string } {
  return { ...(by === null ? {} : { by }), ...(why === null ? {} : { why }) }
}
