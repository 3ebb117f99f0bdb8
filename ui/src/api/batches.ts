import { call, client } from './client.ts'

/** What one can do with a batch: an operation and a backfill also rest. */

const BATCH = '/v1/namespaces/{namespace}/batches/{batch}'
const asked = (namespace: string, batch: string, callKey: string) => ({
  params: { path: { namespace, batch }, header: { 'Idempotency-Key': callKey } },
})

export function pauseBatch(namespace: string, batch: string, callKey: string) {
  return call(client.POST(`${BATCH}/pause`, { ...asked(namespace, batch, callKey), body: {} }))
}
export function resumeBatch(namespace: string, batch: string, callKey: string) {
  return call(client.POST(`${BATCH}/resume`, { ...asked(namespace, batch, callKey), body: {} }))
}
export function sealBatch(namespace: string, batch: string, callKey: string) {
  return call(client.POST(`${BATCH}/seal`, { ...asked(namespace, batch, callKey), body: {} }))
}
export function cancelBatch(namespace: string, batch: string, callKey: string, why = '') {
  return call(client.POST(`${BATCH}/cancel`, { ...asked(namespace, batch, callKey), body: why.trim() === '' ? {} : { why: why.trim() } }))
}
