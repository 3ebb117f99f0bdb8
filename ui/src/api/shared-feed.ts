import { type ConnectionState, follow } from './connection.ts'

/** What the tab that holds the connection tells the others. */
type Message = { is: 'events'; data: string[] } | { is: 'state'; state: ConnectionState } | { is: 'hello' }

interface Feed {
  events(data: string[]): void
  state(state: ConnectionState): void
}

/**
 * One connection for all tabs of a namespace: over HTTP/1.1 a browser opens six to a server, and the seventh tab would never get its first byte. A Web
 * Lock says who holds it; who waits for the lock hears by BroadcastChannel, and takes over when the holder's tab is closed. Without locks (plain HTTP
 * beyond loopback) each tab connects by itself.
 */
export function openFeed(name: string, path: string, feed: Feed): () => void {
  const closing = new AbortController()
  const { signal } = closing
  if (navigator.locks === undefined) {
    void follow({ path, signal, state: feed.state, events: events => feed.events(events.map(event => event.data)) })
    return () => closing.abort()
  }
  const channel = new BroadcastChannel(name)
  let state: ConnectionState = { is: 'connecting' }
  let holds = false
  const tell = (message: Message): void => {
    if (!signal.aborted) channel.postMessage(message)
  }
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.is === 'hello') {
      if (holds) tell({ is: 'state', state })
    } else if (holds) return
    else if (data.is === 'state') feed.state(data.state)
    else feed.events(data.data)
  }
  tell({ is: 'hello' })
  navigator.locks
    .request(name, { signal }, async () => {
      holds = true
      await follow({
        path,
        signal,
        state: next => {
          state = next
          feed.state(next)
          tell({ is: 'state', state: next })
        },
        events: events => {
          const data = events.map(event => event.data)
          feed.events(data)
          tell({ is: 'events', data })
        },
      })
    })
    .catch(() => undefined)
  return () => {
    closing.abort()
    channel.close()
  }
}
