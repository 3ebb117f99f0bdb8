import { useEffect, useEffectEvent, useState } from 'react'
import type { LiveEvent, StreamEvent } from './client.ts'
import { type ConnectionState, follow } from './connection.ts'

/**
 * The stream of one run: its log lines and the last event of what was before, then live, to its end; of a long history the rest is read page by page. It goes on with `Last-Event-ID` after a break, and rests while
 * nobody looks, so that many tabs stay below a browser's six connections. Lines of the last minute may come twice: `delivery` and `n` name a line.
 */
export function useRunEvents(namespace: string, run: string, handler: (events: LiveEvent[]) => void): ConnectionState {
  return useEvents(`${runPath(namespace, run)}/events?from=-1`, handler)
}

/** What is written to a stream of a run, likewise: each chunk once. */
export function useStreamEvents(namespace: string, run: string, stream: string, handler: (events: StreamEvent[]) => void): ConnectionState {
  return useEvents(`${runPath(namespace, run)}/streams/${encodeURIComponent(stream)}/events`, handler, events =>
    events.some(({ is }) => is === 'end'),
  )
}

function runPath(namespace: string, run: string): string {
  return `/v1/namespaces/${encodeURIComponent(namespace)}/runs/${encodeURIComponent(run)}`
}

/** `isOver`: they were the last. */
function useEvents<Event>(path: string, handler: (events: Event[]) => void, isOver?: (events: Event[]) => boolean): ConnectionState {
  const [state, setState] = useState<ConnectionState>({ is: 'connecting' })
  const heard = useEffectEvent(handler)
  const ends = useEffectEvent((events: Event[]) => isOver?.(events) === true)
  useEffect(() => {
    let lastEventId: string | null = null
    let closing: AbortController | null = null
    let over = false
    const show = (): void => {
      if (document.hidden) {
        closing?.abort()
        closing = null
        return
      }
      if (closing !== null || over) return
      closing = new AbortController()
      void follow({
        path,
        signal: closing.signal,
        lastEventId: () => lastEventId,
        state: setState,
        events: events => {
          lastEventId = events.findLast(event => event.id !== null)?.id ?? lastEventId
          const told = events.map(event => JSON.parse(event.data) as Event)
          heard(told)
          over = ends(told)
          if (over) closing?.abort()
        },
      })
    }
    show()
    document.addEventListener('visibilitychange', show)
    return () => {
      document.removeEventListener('visibilitychange', show)
      closing?.abort()
    }
  }, [path])
  return state
}
