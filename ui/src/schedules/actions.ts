import { call, client } from '../api/client.ts'
import type { BackfillAsk } from './queries.ts'

/** What one can do with a schedule. */

const params = (namespace: string, name: string, callKey: string) => ({ path: { namespace, name }, header: { 'Idempotency-Key': callKey } })
const SCHEDULE = '/v1/namespaces/{namespace}/schedules/{name}'

export function pauseSchedule(namespace: string, name: string, callKey: string, body: { note?: string; until?: string; for?: string }) {
  return call(client.POST(`${SCHEDULE}/pause`, { params: params(namespace, name, callKey), body }))
}
export function resumeSchedule(namespace: string, name: string, callKey: string) {
  return call(client.POST(`${SCHEDULE}/resume`, { params: params(namespace, name, callKey), body: {} }))
}
export function triggerSchedule(namespace: string, name: string, callKey: string) {
  return call(client.POST(`${SCHEDULE}/trigger`, { params: params(namespace, name, callKey), body: {} }))
}
export function removeSchedule(namespace: string, name: string, callKey: string) {
  return call(client.DELETE(SCHEDULE, { params: params(namespace, name, callKey) }))
}
export function resetSchedule(namespace: string, name: string, callKey: string) {
  return call(client.DELETE(`${SCHEDULE}/override`, { params: params(namespace, name, callKey) }))
}
export function changeSchedule(namespace: string, name: string, callKey: string, body: Record<string, unknown>) {
  return call(client.PATCH(SCHEDULE, { params: params(namespace, name, callKey), body: body as never }))
}
export function makeSchedule(namespace: string, name: string, callKey: string, body: Record<string, unknown>) {
  return call(client.PUT(SCHEDULE, { params: params(namespace, name, callKey), body: body as never }))
}
export function backfillSchedule(namespace: string, name: string, callKey: string, body: BackfillAsk) {
  return call(client.POST(`${SCHEDULE}/backfill`, { params: params(namespace, name, callKey), body }))
}

/** The iCalendar file, with this tab's key, as a file to save. */
export async function saveCalendar(namespace: string, name: string): Promise<void> {
  const text = await call(client.GET(`${SCHEDULE}/calendar.ics`, { params: { path: { namespace, name }, query: { count: 100 } }, parseAs: 'text' }))
  const url = URL.createObjectURL(new Blob([text as string], { type: 'text/calendar' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `${name.replaceAll(/[^\w.-]+/g, '-')}.ics`
  link.click()
  URL.revokeObjectURL(url)
}
