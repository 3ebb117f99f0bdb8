import type { State } from './wire.ts'

/** What waits for a person, over HTTP: part of the tables of wire.ts. */
export const APPROVAL_OPERATIONS = {
  'approvals.list': ['GET', '/v1/namespaces/{namespace}/approvals'],
  'approvals.get': ['GET', '/v1/namespaces/{namespace}/runs/{run}/approval'],
  'approvals.approve': ['POST', '/v1/namespaces/{namespace}/runs/{run}/approve'],
  'approvals.reject': ['POST', '/v1/namespaces/{namespace}/runs/{run}/reject'],
} as const satisfies Record<string, readonly ['GET' | 'POST', string]>

export interface WireApproval {
  run: string
  state: State
  /** The DAG and the id of its task. */
  definition: string
  dag: { run: string; task: string; item: number | null }
  subject: string
  body: string | null
  /** JSON Schema of what comes with an approval. */
  form?: unknown
  /** Names of the API keys that may answer; none: any. */
  assignees: string[]
  since: string
  deadline: string | null
  /** The answer at the deadline; null: it times out. */
  default: 'approve' | 'reject' | null
  onReject: 'skip' | 'fail' | 'continue'
}
export interface WireApprovals {
  approvals: WireApproval[]
  next: string | null
}

/** `by`: who answers, where no API key says it. */
export interface WireApprove {
  input?: unknown
  why?: string
  by?: string
}
export type WireReject = Omit<WireApprove, 'input'>
