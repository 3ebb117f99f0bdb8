import { call, client } from '../../api/client.ts'

/** What can be done to a run beside cancel and a plain retry (api/runs.ts). */

const params = (namespace: string, run: string, callKey: string) => ({ path: { namespace, run }, header: { 'Idempotency-Key': callKey } })
const withWhy = (why: string) => (why === '' ? {} : { why })

export function terminateRun(namespace: string, run: string, callKey: string, why: string) {
  return call(client.POST('/v1/namespaces/{namespace}/runs/{run}/terminate', { params: params(namespace, run, callKey), body: withWhy(why) }))
}

export function resumeRun(namespace: string, run: string, callKey: string, why: string) {
  return call(client.POST('/v1/namespaces/{namespace}/runs/{run}/resume', { params: params(namespace, run, callKey), body: withWhy(why) }))
}

export function retryWith(namespace: string, run: string, callKey: string, input: unknown, force: boolean) {
  return call(
    client.POST('/v1/namespaces/{namespace}/runs/{run}/retry', {
      params: params(namespace, run, callKey),
      body: { input, ...(force && { force }) },
    }),
  )
}

/** `input` undefined: the same. */
export function forkFrom(namespace: string, run: string, callKey: string, from: number, input: unknown) {
  return call(
    client.POST('/v1/namespaces/{namespace}/runs/{run}/fork', {
      params: params(namespace, run, callKey),
      body: { from, ...(input !== undefined && { input }) },
    }),
  )
}

export function resetTo(namespace: string, run: string, callKey: string, to: number) {
  return call(client.POST('/v1/namespaces/{namespace}/runs/{run}/reset', { params: params(namespace, run, callKey), body: { to } }))
}

/** As the API takes it; what is absent stays. */
export interface Change {
  now?: true
  at?: string
  delay?: string
  priority?: number
  queue?: string
  input?: unknown
  why?: string
}

export function changeRun(namespace: string, run: string, callKey: string, change: Change) {
  return call(client.POST('/v1/namespaces/{namespace}/runs/{run}/change', { params: params(namespace, run, callKey), body: change }))
}
