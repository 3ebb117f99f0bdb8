import { queryOptions } from '@tanstack/react-query'
import { call, client } from '../../api/client.ts'

/** What one says to a workflow, by the word of the command that says it. */
export type Saying = 'signal' | 'update' | 'query'

export interface Said {
  name: string
  /** Undefined: nothing. */
  input: unknown
}

export async function tellRun(namespace: string, run: string, callKey: string, is: Saying, { name, input }: Said): Promise<unknown> {
  const params = { path: { namespace, run, name }, header: { 'Idempotency-Key': callKey } }
  const given = input === undefined ? {} : { input }
  if (is === 'query') return (await call(client.POST('/v1/namespaces/{namespace}/runs/{run}/queries/{name}', { params, body: given }))).output ?? null
  if (is === 'update') return call(client.POST('/v1/namespaces/{namespace}/runs/{run}/updates/{name}', { params, body: given }))
  return call(client.POST('/v1/namespaces/{namespace}/runs/{run}/signals/{name}', { params, body: input === undefined ? {} : { payload: input } }))
}

export interface Message {
  name: string
  schema?: unknown
}

/** What the code can be asked and told, as it says itself: a worker that has it must be there. */
export function messagesQuery(namespace: string, run: string) {
  return queryOptions({
    queryKey: [namespace, 'messages', run] as const,
    queryFn: async ({ signal }) => {
      const path = { namespace, run, name: 'mainspring.messages' }
      const body = { wait: 2_000 }
      const answer = await call(client.POST('/v1/namespaces/{namespace}/runs/{run}/queries/{name}', { params: { path }, body, signal }))
      // A worker of an older version tells no signals.
      return { signals: [], ...(answer.output as { queries: Message[]; updates: Message[]; signals?: Message[] }) }
    },
    retry: false,
    staleTime: 60_000,
  })
}

/** What a replay of a run's history says of a version of the code. */
export type Replayed =
  | { is: 'fits'; steps: number }
  | { is: 'diverged'; step: number; expected: string; got: string }
  | { is: 'not-durable'; why: string }

export function replayQuery(namespace: string, run: string, version: string) {
  return queryOptions({
    queryKey: [namespace, 'run', run, 'replay', version] as const,
    queryFn: async ({ signal }) => {
      const path = { namespace, run, name: 'mainspring.replay' }
      const answer = await call(
        client.POST('/v1/namespaces/{namespace}/runs/{run}/queries/{name}', { params: { path }, body: { version, wait: 10_000 }, signal }),
      )
      return answer.output as Replayed
    },
    retry: false,
  })
}
