import { WAIT_MS_MAX } from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'
import type { RunId } from '../core/ids.ts'
import { isClosed } from '../core/run.ts'
import type { Clock } from './clock.ts'
import type { Engine, RunDetail } from './face.ts'
import type { Live } from './live.ts'
import { closedDetailOf } from './summary.ts'

interface ResultOptions {
  clock: Clock
  live: Live
  get(namespace: string, id: RunId): Promise<RunDetail>
  /** Memory has it, and its end is not committed: who waits from now on is told of that. */
  isOpenHere(namespace: string, id: RunId): boolean
}

/** Runs once they are closed. Where they live here their end is told by the commit that closes them, and the store need not be asked for what was just written to it. */
export function resultsOf({ clock, live, get, isOpenHere }: ResultOptions): Pick<Engine['runs'], 'wait' | 'closed'> {
  /** `call` hears of the end of each as it is told; null: the store knows. */
  const watch = (namespace: string, ids: readonly RunId[], call: (id: RunId, told: RunDetail | null) => void): (() => void) => {
    const releases = ids.map(id =>
      live.onClosed(id, actor => {
        // What has changed since is not committed yet.
        call(id, actor?.namespace === namespace && actor.uncommitted === 0 ? closedDetailOf(actor) : null)
      }),
    )
    return () => {
      for (const release of releases) release()
    }
  }
  /** Until `changed`, the time is over, or nobody waits any more. */
  const within = async (waitMs: number, signal: AbortSignal | undefined, wake: () => void, changed: Promise<void>): Promise<void> => {
    const cancelTimer = clock.after(Math.min(waitMs, WAIT_MS_MAX), wake)
    signal?.addEventListener('abort', wake)
    if (signal?.aborted === true) wake()
    await changed
    cancelTimer()
    signal?.removeEventListener('abort', wake)
  }

  return {
    async wait(namespace, id, waitMs, signal) {
      const { promise: changed, resolve } = Promise.withResolvers<void>()
      const wake = (): void => resolve()
      let told: RunDetail | null = null
      const release = watch(namespace, [id], (_, detail) => {
        told = detail
        wake()
      })
      try {
        if (waitMs <= 0 || !isOpenHere(namespace, id)) {
          const now = await get(namespace, id)
          if (isClosed(now.state) || waitMs <= 0) return now
        }
        await within(waitMs, signal, wake, changed)
      } finally {
        release()
      }
      return told ?? get(namespace, id)
    },

    async closed(namespace, ids, waitMs, signal) {
      const { promise: changed, resolve } = Promise.withResolvers<void>()
      // All that one commit closes are told of before this goes on.
      const wake = (): void => resolve()
      const found = new Map<RunId, RunDetail>()
      const missing: RunId[] = []
      const doubtful = new Set<RunId>()
      const look = async (some: readonly RunId[]): Promise<void> => {
        for (const id of some) {
          const now = await get(namespace, id).catch((error: unknown) => {
            if (error instanceof UserError && error.code === 'run-not-found') return null
            throw error
          })
          if (now === null) missing.push(id)
          else if (isClosed(now.state)) found.set(id, now)
        }
      }
      const release = watch(namespace, ids, (id, detail) => {
        if (detail === null) doubtful.add(id)
        else found.set(id, detail)
        wake()
      })
      try {
        await look(ids.filter(id => !isOpenHere(namespace, id)))
        if (found.size + missing.length + doubtful.size === 0 && waitMs > 0) await within(waitMs, signal, wake, changed)
        await look([...doubtful].filter(id => !found.has(id)))
      } finally {
        release()
      }
      return { closed: [...found.values()], missing }
    },
  }
}
