import type { LiveEvent, WireProblem } from '@mainspring/sdk'
import { type Connection, RequestRefused } from '@mainspring/sdk'
import type { Api } from '../api/api.ts'

/** The SDK's way to an engine in the same thread: the same operations and the same JSON text as over HTTP, without a socket. */
export function localConnection(api: Pick<Api, 'dispatch' | 'stream'>): Connection {
  return {
    async call(operation, call) {
      const answer = await api.dispatch(operation, call)
      if (answer.status < 400) return answer.body
      throw new RequestRefused(JSON.parse(answer.body) as WireProblem)
    },
    async *stream(name, call) {
      for await (const event of api.stream(name, call)) yield event as LiveEvent
    },
    address: () => null,
    close: async () => {},
  }
}
