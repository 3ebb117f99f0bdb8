import type { RunId } from '../core/ids.ts'
import type { RunChange } from '../core/machine.ts'
import type { RunOptions } from '../core/options.ts'
import { OPEN_STATES, type OpenState } from '../core/run.ts'
import type { Instant } from '../core/time.ts'
import type { KeyRow } from '../store/store.ts'
import type { Actor } from './actor.ts'
import { gateFor } from './changes.ts'
import type { Planned } from './starts.ts'
import type { Transaction } from './work.ts'

/** What becomes of a start whose key another run holds, besides being answered with that one. */
export type Gather = { is: 'unique' } | { is: 'debounce'; forMs: number; maximumMs: number } | { is: 'throttle'; everyMs: number }

export type Met =
  /** It begins a run. `holds`: the states in which that holds the key; null: the key stands by itself until `expiresAt`. */
  | { is: 'begins'; notBefore: Instant | null; holds: readonly OpenState[] | null; expiresAt: Instant | null }
  /** It meets a run, which took its input and options (`replaced`) or stays as it is. */
  | { is: 'meets'; run: RunId; replaced: boolean }

/**
 * A start under a unique key. The run that holds it, and the row of the key, change in the start's own batch: exact, whatever crashes.
 *
 * - unique: as long as that run has not begun it may take what the new start asks for, and stays where it is in line.
 * - debounce: the key is held while its run waits; each start pushes that back.
 * - throttle: the key is held from one beginning to the earliest time of the next; what comes meanwhile gathers into a run due then.
 */
export function meet(namespace: string, planned: Planned, options: RunOptions, held: KeyRow | null, transaction: Transaction, now: Instant): Met {
  const { gather, unique } = planned
  const holder = held === null ? null : transaction.actor(held.run)
  switch (gather?.is) {
    case 'debounce': {
      const maximumAt = (holder?.createdAt ?? now) + gather.maximumMs
      const due = (until: Instant): Instant => Math.min(Math.max(now + gather.forMs, options.notBefore ?? 0), until)
      if (held !== null && holder !== null && !isFree(holder, planned, transaction, now))
        return meets(namespace, planned, options, holder, due(maximumAt), transaction)
      return { is: 'begins', notBefore: due(now + gather.maximumMs), holds: ['scheduled'], expiresAt: null }
    }
    case 'throttle': {
      const { everyMs } = gather
      const nextAt = held?.expiresAt ?? 0
      if (held === null || nextAt <= now)
        return { is: 'begins', notBefore: null, holds: null, expiresAt: Math.max(now, options.notBefore ?? 0) + everyMs }
      if (holder !== null && waitsUntil(holder) > now) return meets(namespace, planned, options, holder, undefined, transaction)
      // The one that was to begin at this time was cancelled before it did: another takes its place.
      const vacant = holder?.closed === true && holder.view.startedAt === null && nextAt - everyMs > now
      const slotAt = vacant ? nextAt - everyMs : nextAt
      const begins = Math.max(slotAt, options.notBefore ?? 0)
      return { is: 'begins', notBefore: begins, holds: null, expiresAt: begins + everyMs }
    }
    default: {
      if (held === null) return { is: 'begins', notBefore: null, holds: unique?.states ?? OPEN_STATES, expiresAt: null }
      if (gather === null || holder === null) return { is: 'meets', run: held.run, replaced: false }
      const due = options.notBefore ?? (waitsUntil(holder) > now ? 'now' : undefined)
      return meets(namespace, planned, options, holder, due, transaction)
    }
  }
}

/** The time of its run is over, though its timer has not come yet: it is due, and holds its key no longer. */
function isFree(holder: Actor, { key }: Planned, transaction: Transaction, now: Instant): boolean {
  if (waitsUntil(holder) <= now && !holder.closed) transaction.apply(holder, { is: 'wake' })
  return key === null || transaction.key(key) === null
}

/** When a run that is scheduled is due; 0: it is not. */
function waitsUntil({ view }: Actor): Instant {
  return view.state === 'scheduled' ? (view.dueAt ?? 0) : 0
}

function meets(
  namespace: string,
  { run, request, gather, definition, gating }: Planned,
  { notBefore: _, ...options }: RunOptions,
  holder: Actor,
  due: RunChange['due'] | undefined,
  transaction: Transaction,
): Met {
  const { state, startedAt } = holder.view
  if (startedAt !== null || (state !== 'scheduled' && state !== 'queued')) return { is: 'meets', run: holder.id, replaced: false }
  const gate = gateFor(holder, { namespace, definition: definition.name, queue: options.queue, input: request.input }, gating)
  const change: RunChange = { input: request.input, options, ...(due === undefined ? {} : { due }), ...(gate === undefined ? {} : { gate }) }
  const by = gather?.is ?? 'unique'
  const decision = transaction.apply(holder, { is: 'change', command: run, by, why: null, change } as { is: string })
  return { is: 'meets', run: holder.id, replaced: decision !== null && decision.replies === undefined }
}
