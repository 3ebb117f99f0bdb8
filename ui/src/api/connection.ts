import { BASE, send } from './client.ts'
import { readEvents, type ServerEvent } from './sse.ts'

/**
 * connecting: the first try. live: events come as they happen. lost: they do not, since `since`; it is tried again with growing pauses.
 */
export type ConnectionState = { is: 'connecting' } | { is: 'live' } | { is: 'lost'; since: number }

const RETRY_MS_FIRST = 500
const RETRY_MS_MAX = 10_000
/** The server sends a comment every 15 seconds: after so long without a byte nobody is there. */
const SILENCE_MS_MAX = 40_000

interface Stream {
  /** Below the server, such as `/v1/namespaces/default/events`. */
  path: string
  lastEventId?: () => string | null
  events(events: ServerEvent[]): void
  state(state: ConnectionState): void
  signal: AbortSignal
}

/** Keeps one event stream open until it is aborted, or the server says that there is no more to come. */
export async function follow({ path, lastEventId, events, state, signal }: Stream): Promise<void> {
  let pause = RETRY_MS_FIRST
  let since: number | null = null
  state({ is: 'connecting' })
  while (!signal.aborted) {
    const attempt = new AbortController()
    const stop = AbortSignal.any([signal, attempt.signal])
    let silence = 0
    const heard = (): void => {
      window.clearTimeout(silence)
      silence = window.setTimeout(() => attempt.abort(), SILENCE_MS_MAX)
    }
    try {
      const id = lastEventId?.() ?? null
      heard()
      const response = await send(
        new Request(`${location.origin}${BASE}${path}`, {
          signal: stop,
          cache: 'no-store',
          ...(id !== null && { headers: { 'last-event-id': id } }),
        }),
      )
      if (response.status === 204 || response.status === 401 || response.status === 404) return
      if (response.ok && response.body !== null) {
        since = null
        pause = RETRY_MS_FIRST
        state({ is: 'live' })
        for await (const batch of readEvents(response.body, heard)) events(batch)
      }
    } catch {
      // Whatever broke it: it is tried again.
    } finally {
      window.clearTimeout(silence)
    }
    if (signal.aborted) return
    since ??= Date.now()
    state({ is: 'lost', since })
    await waited(pause * (0.75 + Math.random() / 2), signal)
    pause = Math.min(pause * 2, RETRY_MS_MAX)
  }
}

/** Until the time is up, or the network is back, or somebody looks at the page again. */
function waited(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      window.clearTimeout(timer)
      signal.removeEventListener('abort', done)
      window.removeEventListener('online', done)
      document.removeEventListener('visibilitychange', done)
      resolve()
    }
    const timer = window.setTimeout(done, ms)
    signal.addEventListener('abort', done)
    window.addEventListener('online', done)
    document.addEventListener('visibilitychange', done)
  })
}
