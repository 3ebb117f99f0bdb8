import { Client } from '../client.ts'
import { RequestRefused } from '../errors.ts'
import type { Call, OperationName, WireAdvance, WireAdvanced } from '../wire.ts'
import type { History } from './messages.ts'

/** A client of one run, for a request that brings all that there is to know of it: nothing is asked of a server. */
export function historyClient({ namespace, clock, random }: Client, history: History, advance: (advance: WireAdvance) => WireAdvanced): Client {
  const answer = (operation: OperationName, { query, body }: Call): unknown => {
    const { events, run, ...rest } = history
    switch (operation) {
      case 'runs.history':
        return { events: events.slice(Number(query?.from ?? 0)) }
      case 'runs.get':
        return { id: run, ...rest }
      case 'tasks.advance':
        return advance(JSON.parse(body as string) as WireAdvance)
      default:
        throw new RequestRefused({ type: 'about:blank', code: 'not-found', status: 404, title: `A request has no "${operation}".` })
    }
  }
  return new Client({
    namespace,
    clock,
    random,
    connection: {
      call: async (operation, call) => JSON.stringify(answer(operation, call)),
      // biome-ignore lint/correctness/useYield: there is nothing to follow
      async *stream() {
        throw new Error('a request has no streams')
      },
      address: () => null,
      close: async () => {},
    },
  })
}
