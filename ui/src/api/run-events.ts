import { useEffect, useEffectEvent, useState } from 'react'
import type { LiveEvent } from './client.ts'
import { type ConnectionState, follow } from './connection.ts'

/**
 * The stream of one run: what was before (its history and log lines), then live, to its end. It goes on with `Last-Event-ID` after a break, and rests while
 * nobody looks, so that many tabs stay below a browser's six connections. Lines of the last minute may come twice: `delivery` and `n` name a line.
 */
export function useRunEvents(namespace: string, run: string, handler: (events: LiveEvent[]) => void): ConnectionState {
  const [state, setState] = useState<ConnectionState>({ is: 'connecting' })
  const heard = useEffectEvent(handler)
  useEffect(() => {
    let lastEventId: string | null = null
    let closing: AbortController | null = null
    const show = (): void => {
      if (document.hidden) {
        closing?.abort()
        closing = null
        return
      }
      if (closing !== null) return
      closing = new AbortController()
      void follow({
        path: `/v1/namespaces/${encodeURIComponent(namespace)}/runs/${encodeURIComponent(run)}/events`,
        signal: closing.signal,
        lastEventId: () => lastEventId,
        state: setState,
        events: events => {
          lastEventId = events.findLast(event => event.id !== null)?.id ?? lastEventId
          heard(events.map(event => JSON.parse(event.data) as LiveEvent))
        },
      })
    }
    show()
    document.addEventListener('visibilitychange', show)
    return () => {
      document.removeEventListener('visibilitychange', show)
      closing?.abort()
    }
  }, [namespace, run])
  return state
}
