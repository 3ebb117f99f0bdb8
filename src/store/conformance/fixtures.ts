import type { GroupId } from '../../core/gates.ts'
import { newId } from '../../core/ids.ts'
import {
  ALL_SHARDS,
  type Answer,
  type Batch,
  type Claim,
  type ClaimRequest,
  type ClosedRow,
  type ClosingRow,
  type HoldRow,
  type KeyRow,
  type LaneRow,
  type LogRow,
  type MailRow,
  noWrites,
  type OpenRow,
  type Paged,
  type RateRow,
  type Store,
  type StreamRow,
  type TouchedRow,
  type Writes,
} from '../store.ts'

/** What a suite opens: a fresh, empty store, and how to open it again where that means something. */
export interface Opened {
  store: Store
  reopen?(): Promise<Store>
}
export type Open = () => Promise<Opened>

/** The namespace of the rows made here. */
export const NAMESPACE = 'default'

const id = () => newId(Date.now(), Math.random)

/** A lane as a node drives it: it knows where its chain stands. */
export class Lane {
  readonly claim: Claim
  readonly request: ClaimRequest
  readonly node: string
  sequence: number
  lastBatch: string
  readonly #store: Store

  constructor(store: Store, request: ClaimRequest, claim: Claim) {
    this.#store = store
    this.request = request
    this.node = request.node
    this.claim = claim
    this.sequence = claim.sequence
    this.lastBatch = claim.lastBatch
  }

  batch(writes: Partial<Writes>, checks: string[] = []): Batch {
    const { lane, claim } = this.claim
    return { id: id(), lane, claim, sequence: this.sequence, lastBatch: this.lastBatch, checks, writes: { ...noWrites(), ...writes } }
  }

  /** The chain stands after this batch. */
  follow(batch: Batch): void {
    this.sequence = batch.sequence + 1
    this.lastBatch = batch.id
  }

  async commit(writes: Partial<Writes>, store = this.#store): Promise<Answer> {
    const batch = this.batch(writes)
    const answer = await store.commit(batch)
    if (answer.is === 'committed') this.follow(batch)
    return answer
  }
}

export async function openLane(store: Store, dead: LaneRow[] = [], wanted: readonly number[] = ALL_SHARDS): Promise<Lane> {
  const request: ClaimRequest = { lane: id(), claim: id(), node: id(), nodeName: 'test', address: 'http://10.0.0.1:7000', wanted, dead }
  return new Lane(store, request, await store.claim(request))
}

export function bornRow(changes: Partial<OpenRow> = {}): OpenRow {
  return {
    id: id(),
    namespace: NAMESPACE,
    kind: 'job',
    name: 'job',
    queue: 'default',
    state: 'queued',
    gate: null,
    sort: null,
    wakeAt: null,
    delivered: false,
    createdAt: 1,
    startedAt: null,
    tags: null,
    input: null,
    body: '[]',
    ...changes,
  }
}

export function touchedRow(row: OpenRow, changes: Partial<TouchedRow> = {}): TouchedRow {
  const { id, queue, state, gate, sort, wakeAt, delivered, startedAt, body } = row
  return { id, queue, state, gate, sort, wakeAt, delivered, startedAt, body, ...changes }
}

export function closingRow(row: OpenRow, born: OpenRow | null = null, changes: Partial<ClosingRow> = {}): ClosingRow {
  return {
    id: row.id,
    born,
    queue: row.queue,
    state: 'completed',
    startedAt: 2,
    closedAt: 3,
    output: null,
    body: '["closed"]',
    purgeAt: 1_000,
    ...changes,
  }
}

export function keyRow(changes: Partial<KeyRow>): KeyRow {
  return { namespace: NAMESPACE, scope: 'key', definition: 'job', key: 'k', run: 'r', inputHash: 'h', expiresAt: 100, ...changes }
}

export function rateRow(changes: Partial<RateRow> = {}): RateRow {
  return { namespace: NAMESPACE, limit: 'api', key: '', spent: '{}', ...changes }
}

export function holdRow(changes: Partial<HoldRow> = {}): HoldRow {
  return { id: id(), part: 0, namespace: NAMESPACE, limit: 'api', key: '', run: 'r', weight: 1, since: 5, ...changes }
}

export function mailRow(changes: Partial<MailRow> = {}): MailRow {
  return { to: 0, from: 0, n: 1, id: id(), body: '{}', ...changes }
}

/** The id of an actor that lives in a part. */
export function idIn(part: number): string {
  return newId(Date.now(), Math.random, part << 8)
}

export function logRow(changes: Partial<LogRow>): LogRow {
  return { run: 'r', attempt: 1, delivery: 'd', n: 0, at: 1, level: 'info', message: 'a line', fields: null, ...changes }
}

export function streamRow(changes: Partial<StreamRow>): StreamRow {
  return { run: 'r', stream: 's', last: 0, count: 1, at: 1, step: null, attempt: 1, restarted: false, chunks: '"a"', ...changes }
}

/** All rows, page by page. */
export async function pages<T>(read: (after: string | null) => Promise<Paged<T>>): Promise<T[]> {
  const rows: T[] = []
  let after: string | null = null
  do {
    const page: Paged<T> = await read(after)
    rows.push(...page.rows)
    after = page.next
  } while (after !== null)
  return rows
}

/** All ready actors of a group, page by page. */
export function readyOf(store: Store, claim: Claim, group: GroupId, limit: number): Promise<OpenRow[]> {
  return pages(async after => (await store.pageReady(claim, [{ group, after, limit }]))[0] as Paged<OpenRow>)
}

/** What a closing leaves of a run. */
export function closedRow(row: OpenRow, { born: _, ...closing }: ReturnType<typeof closingRow>): ClosedRow {
  const { gate: _gate, sort: _sort, wakeAt: _wakeAt, delivered: _delivered, ...kept } = row
  return { ...kept, ...closing }
}

export function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : 1
}
