import { call, client } from './client.ts'
import type { components } from './generated.ts'

export type StartBody = components['schemas']['Start']

/** Starts a run. `existing`: its key (or what makes it unique) was there before, and nothing started. */
export function startRun(namespace: string, body: StartBody, callKey: string) {
  return call(
    client.POST('/v1/namespaces/{namespace}/runs', {
      params: { path: { namespace }, header: { 'Idempotency-Key': callKey } },
      body,
    }),
  )
}
