import { UserError } from '../core/errors.ts'
import type { RunId } from '../core/ids.ts'
import type { Clock } from '../engine/clock.ts'
import type { LiveEvent, Peer } from '../engine/face.ts'

/**
 * The way to other nodes. They answer from their own engine and hand nothing on (E22). What is asked and answered is JSON. Once the signal is aborted there,
 * too, nobody waits any more.
 */
export interface Way {
  /** Rejects with the `UserError` that the other node answered, or with `Unanswered`. */
  ask(node: Peer, method: string, args: readonly unknown[], signal: AbortSignal): Promise<unknown>
  /** Live events of another node, from the answer on until the signal is aborted. Ends or throws when the stream breaks. */
  follow(node: Peer, namespace: string, run: RunId | null, signal: AbortSignal): Promise<AsyncIterable<LiveEvent>>
}

/** Another node did not answer: the call is done there, or will be, or not. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered'
  constructor() {
    super('another node did not answer')
  }
}

export function unavailable(): UserError {
  return new UserError('unavailable', {
    retryAfter: 1,
    hint: 'the node that serves this does not answer the one that was asked; the same call may be repeated',
  })
}

/** Asks, and waits no longer than that, or until the signal is aborted. */
export async function askWithin(
  ms: number,
  { way, clock }: { way: Way; clock: Pick<Clock, 'after'> },
  node: Peer,
  method: string,
  args: readonly unknown[],
  signal?: AbortSignal,
): Promise<unknown> {
  const over = new AbortController()
  const cancel = clock.after(ms, () => over.abort())
  try {
    return await way.ask(node, method, args, signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]))
  } finally {
    cancel()
  }
}
