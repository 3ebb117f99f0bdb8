import * as check from './checks.ts'
import type { Client } from './client.ts'
import { tag } from './codec.ts'
import type { WireApproval, WireApprovals, WireApprove, WireReject } from './wire-approvals.ts'

/** What an approval of a DAG gives to the tasks after it. */
export interface Approval<Form = unknown> {
  approved: boolean
  /** The name of the API key, or what whoever answered said; null: nobody answered, and its deadline did. */
  by: string | null
  why: string | null
  /** ISO 8601. */
  at: string
  /** What the form asked for; null: it has none, or was rejected. */
  input: Form | null
}

/** What waits for a person (`d.approval`), of the client's namespace. */
export class Approvals {
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
  }

  /** A page of those that are open, the newest first. */
  list({ limit, cursor }: { limit?: number; cursor?: string } = {}): Promise<WireApprovals> {
    const query = { ...(limit !== undefined && { limit: String(limit) }), ...(cursor !== undefined && { cursor }) }
    return this.#client.call<WireApprovals>('approvals.list', {}, undefined, { query })
  }

  /** What is asked. @throws RequestRefused `run-not-found`, `not-an-approval` */
  get(run: string): Promise<WireApproval> {
    return this.#client.call<WireApproval>('approvals.get', { run: check.name(run, '/run') })
  }

  /** `by`: who answers, on a server without API keys. @throws RequestRefused `invalid-input` where it does not fit the form, `not-assigned`, `run-closed` */
  async approve(run: string, { input, ...said }: WireApprove = {}): Promise<void> {
    const body = { ...said, ...(input !== undefined && { input: tag(input, '/input') }) }
    await this.#client.call('approvals.approve', { run: check.name(run, '/run') }, body, { callKey: this.#client.newId() })
  }

  /** @throws RequestRefused `not-assigned`, `run-closed` */
  async reject(run: string, said: WireReject = {}): Promise<void> {
    await this.#client.call('approvals.reject', { run: check.name(run, '/run') }, said, { callKey: this.#client.newId() })
  }
}
