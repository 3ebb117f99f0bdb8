import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useEffect, useEffectEvent, useSyncExternalStore } from 'react'
import { BASE, type LiveEvent, type Run } from './client.ts'
import type { ConnectionState } from './connection.ts'
import { patchRuns } from './patch.ts'
import { openFeed } from './shared-feed.ts'

/**
 * The live feed of the namespace that is shown: one for the page. Events are gathered until the next frame, then applied to the query cache and handed to
 * those who listen (`useLive`). While nobody looks, nothing is applied; what is on screen is read anew when somebody does.
 */
type Batch = readonly LiveEvent[]
type Handler = (events: Batch) => void

/** Events that wait for a frame; more than a person could see, so the lists are read anew instead. */
const GATHERED_MAX = 5_000
/** After a frame with more events than this nobody follows them one by one: the next are shown together, ten times a second. */
const FOLLOWED_MAX = 4
const BUSY_MS = 100
/** With more than this a list is full of other rows each time: so many that a person may still read a line, four times a second. */
const READ_MAX = 30
const CROWDED_MS = 250

const handlers = new Set<Handler>()
const stateListeners = new Set<() => void>()
let state: ConnectionState = { is: 'connecting' }

/** Of the feed: `connecting`, `live`, or `lost` since when. */
export function useConnection(): ConnectionState {
  return useSyncExternalStore(
    listener => {
      stateListeners.add(listener)
      return () => stateListeners.delete(listener)
    },
    () => state,
  )
}

/** Hears all live events of the namespace, at most once a frame, after the query cache has been patched. */
export function useLive(handler: Handler): void {
  const heard = useEffectEvent(handler)
  useEffect(() => listen(heard), [])
}

/** Opens the feed while mounted; the shell does, once. */
export function useFeed(namespace: string, enabled: boolean): void {
  const queries = useQueryClient()
  useEffect(() => (enabled ? open(queries, namespace) : undefined), [queries, namespace, enabled])
}

function listen(handler: Handler): () => void {
  handlers.add(handler)
  return () => handlers.delete(handler)
}

/** Resolves with the run as soon as `is` holds of it, or null when the time is up: then nobody knows, which is what one should say. */
export function whenRun(id: string, is: (run: Run) => boolean, ms = 10_000): Promise<Run | null> {
  return new Promise(resolve => {
    const done = (run: Run | null): void => {
      window.clearTimeout(timer)
      stop()
      resolve(run)
    }
    const timer = window.setTimeout(() => done(null), ms)
    const stop = listen(events => {
      const found = events.findLast(event => event.is === 'run' && event.run.id === id)
      if (found?.is === 'run' && is(found.run)) done(found.run)
    })
  })
}

/** How long a frame with so many events stands before the next is drawn. */
function restMs(events: number): number {
  if (events <= FOLLOWED_MAX) return 0
  return events <= READ_MAX ? BUSY_MS : CROWDED_MS
}

function open(queries: QueryClient, namespace: string): () => void {
  let gathered: LiveEvent[] = []
  let frame = 0
  let timer = 0
  /** Not before this time is the next frame drawn. */
  let rest = 0
  let missed = false
  let wasLost = false
  const show = (next: ConnectionState): void => {
    state = next
    for (const listener of stateListeners) listener()
  }
  const catchUp = (): void => {
    missed = false
    gathered = []
    void queries.invalidateQueries({ queryKey: [namespace] })
  }
  const apply = (): void => {
    frame = 0
    if (missed) return catchUp()
    const events = gathered
    gathered = []
    rest = restMs(events.length) + performance.now()
    patchRuns(queries, namespace, events)
    for (const handler of handlers) handler(events)
  }
  const draw = (): void => {
    if (frame !== 0 || timer !== 0) return
    const wait = rest - performance.now()
    if (wait <= 0) frame = requestAnimationFrame(apply)
    else
      timer = window.setTimeout(() => {
        timer = 0
        draw()
      }, wait)
  }
  const close = openFeed(`mainspring ${BASE} ${namespace}`, `/v1/namespaces/${encodeURIComponent(namespace)}/events`, {
    state: next => {
      if (next.is === 'lost') wasLost = true
      if (next.is === 'live') {
        if (wasLost) catchUp()
        // Runs were read before the feed was there, and no event told what happened in between.
        else {
          void queries.invalidateQueries({ queryKey: [namespace, 'runs'] }, { cancelRefetch: false })
          void queries.invalidateQueries({ queryKey: [namespace, 'run'] })
        }
        wasLost = false
      }
      show(next)
    },
    events: data => {
      if (missed) return
      for (const text of data) {
        const event = JSON.parse(text) as LiveEvent
        if (event.is === 'lagged') missed = true
        else gathered.push(event)
      }
      if (gathered.length > GATHERED_MAX || document.hidden) missed = true
      if (missed) gathered = []
      // Frames stand still in a hidden tab: visibilitychange catches up.
      draw()
    },
  })
  return () => {
    cancelAnimationFrame(frame)
    window.clearTimeout(timer)
    close()
    show({ is: 'connecting' })
  }
}
