import type { UserError } from '../core/errors.ts'
import type { Clock } from '../engine/clock.ts'
import type { NodeView } from '../engine/face.ts'
import { type Answered, type Asked, type Door, type Frame, Unanswered } from './door.ts'

/** What a relay knows of its node. */
export interface Standing {
  serves(): boolean
  owner(): Pick<NodeView, 'id' | 'address'> | null
}

/** The way to other nodes: rejects with `Unanswered`. */
export interface Way {
  dispatch(address: string, operation: string, asked: Asked, signal: AbortSignal): Promise<Answered>
  frames(address: string, stream: string, asked: Asked, signal: AbortSignal): AsyncGenerator<Frame, void, void>
}

export interface RelayOptions {
  standing: Standing
  way: Way
  clock: Pick<Clock, 'after' | 'monotonic'>
  /** The same call twice has the effect of one: it may be sent again although the first may have arrived. */
  repeats(operation: string, asked: Asked): boolean
  /** Makes an answer of an error, as the API does. */
  refused(error: UserError): Answered
}

/** How often it is looked whether the node that was asked still serves, or who does. */
const LOOK_AGAIN_MS = 25
/** A call waits so long for somebody who serves: longer than a takeover takes. */
const HELD_MS_MAX = 5_000
const UNAVAILABLE = 503

/**
 * Any node answers any call: one that stands by hands it on to the one that serves (docs/architecture.md section 7). While another takes over the call waits
 * here, so that who calls sees a delay and no error.
 */
export function relay(local: Door, { standing, way, clock, repeats, refused }: RelayOptions): Door {
  const elsewhere = (): (Pick<NodeView, 'id'> & { address: string }) | null => {
    const owner = standing.serves() ? null : standing.owner()
    return owner === null || owner.address === null ? null : { id: owner.id, address: owner.address }
  }
  return {
    async dispatch(operation, asked) {
      const until = clock.monotonic() + HELD_MS_MAX
      for (;;) {
        const isOver = asked.signal?.aborted === true || clock.monotonic() >= until
        const owner = elsewhere()
        if (owner === null && (standing.serves() || isOver)) return local.dispatch(operation, asked)
        if (owner !== null) {
          const watch = watched(owner.id, asked.signal, standing, clock)
          try {
            const answer = await way.dispatch(owner.address, operation, asked, watch.signal)
            if (answer.status !== UNAVAILABLE || isOver || !repeats(operation, asked)) return answer
          } catch (error) {
            const { sent, problem } = error as Unanswered
            if (isOver || (sent && !repeats(operation, asked))) return refused(problem)
          } finally {
            watch.end()
          }
        }
        await new Promise<void>(resolve => clock.after(LOOK_AGAIN_MS, resolve))
      }
    },
    async *frames(stream, asked) {
      const owner = elsewhere()
      if (owner === null) return yield* local.frames(stream, asked)
      const watch = watched(owner.id, asked.signal, standing, clock)
      try {
        yield* way.frames(owner.address, stream, asked, watch.signal)
      } catch (error) {
        throw error instanceof Unanswered ? error.problem : error
      } finally {
        watch.end()
      }
    },
  }
}

/** Ends when the caller goes, or when another node serves: who waits for one that stands still would wait for as long as it does. */
function watched(
  owner: string,
  given: AbortSignal | undefined,
  standing: Standing,
  clock: Pick<Clock, 'after'>,
): { signal: AbortSignal; end(): void } {
  const lost = new AbortController()
  let cancel = (): void => {}
  const look = (): void => {
    cancel = clock.after(LOOK_AGAIN_MS, () => {
      const now = standing.owner()
      if (standing.serves() || (now !== null && now.id !== owner)) lost.abort()
      else look()
    })
  }
  look()
  return { signal: given === undefined ? lost.signal : AbortSignal.any([given, lost.signal]), end: () => cancel() }
}
