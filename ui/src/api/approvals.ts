import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { call, client } from './client.ts'
import type { components } from './generated.ts'
import { AT_TIMES } from './work.ts'

export type Approval = components['schemas']['Approval']
export type ApproveBody = components['schemas']['Approve']

const PAGE = 100
export function approvalsQuery(namespace: string) {
  return infiniteQueryOptions({
    queryKey: [namespace, 'approvals'] as const,
    queryFn: ({ pageParam, signal }) =>
      call(
        client.GET('/v1/namespaces/{namespace}/approvals', {
          params: { path: { namespace }, query: { limit: PAGE, ...(pageParam !== null && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: page => page.next,
    ...AT_TIMES,
  })
}

export function approvalQuery(namespace: string, run: string) {
  return queryOptions({
    queryKey: [namespace, 'approval', run] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/runs/{run}/approval', { params: { path: { namespace, run } }, signal })),
    ...AT_TIMES,
  })
}

export function approve(namespace: string, run: string, body: ApproveBody, callKey: string) {
  const params = { path: { namespace, run }, header: { 'Idempotency-Key': callKey } }
  return call(client.POST('/v1/namespaces/{namespace}/runs/{run}/approve', { params, body }))
}

export function reject(namespace: string, run: string, body: Omit<ApproveBody, 'input'>, callKey: string) {
  const params = { path: { namespace, run }, header: { 'Idempotency-Key': callKey } }
  return call(client.POST('/v1/namespaces/{namespace}/runs/{run}/reject', { params, body }))
}
