import type { UserError } from '../../core/errors.ts'
import type { RunId, WorkerId } from '../../core/ids.ts'
import type { Decision, Reply } from '../../core/machine.ts'
import type { HistoryEvent } from '../../core/run.ts'
import { appendTo, closeStream, type StreamHeads, type StreamRefusal, type StreamWrite } from '../../core/stream.ts'
import type { Advance } from '../../machines/workflow/types.ts'
import type { Actor } from '../actor.ts'
import type { AdvanceAnswer, AdvanceCall, Entry, Journal } from '../face.ts'
import type { Tenure } from '../tenure.ts'
import type { Settle, Transaction, Work } from '../work.ts'
import { toldOfEnd } from './children.ts'

/** What a worker that gets the task of a run must know of its history; nothing of a run that has no journal. Events that are not committed stay here (E4). */
export function journalFor(actor: Actor, worker: WorkerId): { journal?: Journal } {
  const from = actor.machine.journal?.(actor.state, worker)
  return from === undefined ? {} : { journal: { from, events: actor.eventsFrom(from, actor.committedEvents) } }
}

/** The answer leaves when all that it tells is committed: it is told with the batch of this work, and batches go one after the other. */
export function advanceWork(tenure: Tenure, namespace: string, worker: WorkerId, call: AdvanceCall, settle: Settle<AdvanceAnswer>): Work {
  return new AdvanceWork(tenure, namespace, worker, call, settle)
}

/** One class for all: a step's share of what a call makes is small. */
class AdvanceWork implements Work {
  readonly ids: readonly [RunId]
  readonly bytes: number
  readonly further?: (transaction: Transaction) => { ids?: readonly RunId[] }
  private readonly tenure: Tenure
  private readonly namespace: string
  private readonly worker: WorkerId
  private readonly call: AdvanceCall
  private readonly settle: Settle<AdvanceAnswer>
  private answer: AdvanceAnswer | null = null

  constructor(tenure: Tenure, namespace: string, worker: WorkerId, call: AdvanceCall, settle: Settle<AdvanceAnswer>) {
    const { run, entries } = call
    this.tenure = tenure
    this.namespace = namespace
    this.worker = worker
    this.call = call
    this.settle = settle
    this.ids = [run]
    this.bytes = bytesOf(entries)
    if (entries.at(-1)?.is === 'finished') this.further = transaction => toldOfEnd(transaction.actor(run))
  }

  execute(transaction: Transaction): void {
    const { run, delivery, upTo } = this.call
    const actor = transaction.actor(run)
    if (actor === null || actor.namespace !== this.namespace || actor.kind !== 'workflow') {
      this.answer = { is: 'unknown', journal: { from: upTo, events: [] } }
      return
    }
    const first = actor.sequence
    this.answer = this.answered(actor, first, applied(transaction, actor, this.worker, this.call))
    const lease = this.answer.is === 'held' ? this.tenure.leases.of({ run, delivery }) : null
    if (lease !== null) this.tenure.leases.beat(lease, true)
  }

  done(): void {
    this.settle.resolve(this.answer as AdvanceAnswer)
  }

  failed(error: UserError): void {
    this.settle.reject(error)
  }

  private answered(actor: Actor, first: number, decision: Decision<HistoryEvent> | null): AdvanceAnswer {
    const { delivery, upTo } = this.call
    const reply = decision === null ? REFUSED : decision.replies?.[0]?.reply
    if (reply?.ok === false) return { is: reply.code === 'closed' ? 'closed' : 'superseded', journal: { from: upTo, events: [] } }
    const holds = actor.state.task?.delivery === delivery
    const events = since(actor, upTo, first, decision?.events ?? [])
    return { is: actor.closed ? 'closed' : holds ? 'held' : 'yielded', journal: { from: upTo, events } }
  }
}

function bytesOf(entries: readonly Entry[]): number {
  let bytes = 200
  for (const entry of entries) bytes += 200 + ('output' in entry ? (entry.output?.length ?? 0) : 'chunk' in entry ? entry.chunk.length : 0)
  return bytes
}

/**
 * With the chunks that the code writes, in the same commit. Whether the run's streams take them is no part of its state: it is found out before, and told to the code by
 * its history. What a repeat of a call brings makes no events, and is not written again.
 */
function applied(transaction: Transaction, actor: Actor, worker: WorkerId, call: AdvanceCall): Decision<HistoryEvent> | null {
  if (!call.entries.some(isWrite)) return transaction.apply(actor, advanceOf(worker, call, call.entries))
  const writes = call.entries.filter(isWrite)
  const taken = takenBy(actor.streams ?? {}, writes)
  const entries = call.entries.map(entry => taken.get(entry) ?? entry)
  const decision = transaction.apply(actor, advanceOf(worker, call, entries))
  const told = new Set(decision?.events.filter(({ is, refused }) => STREAMED.has(is) && refused === undefined).map(({ n }) => n))
  for (const entry of writes) {
    if (!told.has(entry.n)) continue
    if (entry.is === 'close') transaction.closeStream(actor, entry.stream)
    else transaction.append(actor, ofCode(entry))
  }
  return decision
}
const STREAMED: ReadonlySet<string> = new Set(['stream_written', 'stream_closed'])

function advanceOf(worker: WorkerId, { task, attempt, delivery, call, upTo, yields, ahead = 0 }: AdvanceCall, entries: readonly Entry[]): Advance {
  return { is: 'advance', worker, task, attempt, delivery, call, upTo, yields, ahead, entries }
}

type StreamEntry = Entry & { is: 'write' | 'close' }

function isWrite(entry: Entry): entry is StreamEntry {
  return entry.is === 'write' || entry.is === 'close'
}

/** Those that are refused, with why. */
function takenBy(before: StreamHeads, entries: readonly StreamEntry[]): Map<Entry, Entry> {
  const refused = new Map<Entry, Entry>()
  let heads = before
  for (const entry of entries) {
    const next = entry.is === 'close' ? closeStream(heads, entry.stream) : written(heads, entry)
    if (typeof next === 'string') refused.set(entry, { ...entry, refused: next })
    else heads = next
  }
  return refused
}

function written(heads: StreamHeads, entry: Entry & { is: 'write' }): StreamHeads | StreamRefusal {
  const done = appendTo(heads, ofCode(entry))
  return typeof done === 'string' ? done : done.heads
}

function ofCode({ stream, chunk }: Entry & { is: 'write' }): StreamWrite {
  return { stream, step: null, attempt: 1, writer: null, from: 0, chunks: [chunk] }
}

/** All events from a number on. Most often they are those that were just decided, from number `first` on, which need not be read from their texts. */
function since(actor: Actor, from: number, first: number, decided: readonly HistoryEvent[]): readonly HistoryEvent[] | null {
  const isAll = from >= first && actor.sequence === first + decided.length
  if (isAll) return from === first ? decided : decided.slice(from - first)
  return actor.eventsFrom(from, actor.sequence)
}

/** It is stuck. */
const REFUSED: Reply = { ok: false, code: 'superseded' }
