import type { UserError } from '../core/errors.ts'
import type { ActorId, RunId } from '../core/ids.ts'
import type { Decision } from '../core/machine.ts'
import type { HistoryEvent } from '../core/run.ts'
import type { StreamRefusal, StreamWrite } from '../core/stream.ts'
import type { AnyMachine } from '../machines/registry.ts'
import type { DefinitionRow, KeyName, KeyRow, LineName, LogRow, MailRow, OpenRow, SettingRow } from '../store/store.ts'
import type { Actor } from './actor.ts'
import type { Between } from './between.ts'
import type { Reservation, Resource } from './limits/resource.ts'
import type { Letter } from './mail.ts'

/**
 * One input to a lane: executed at once when what it needs is in memory, else after a load; committed whole with others of its time; answered after.
 * It can be executed again from its own fields (E14), so it holds ids, never actors.
 */
export interface Work {
  /** Actors that it looks at or changes. */
  ids: readonly RunId[]
  keys?: readonly KeyName[]
  /** What else it looks at, as what it asked for first tells: read before it is executed. */
  further?(transaction: Transaction): { ids?: readonly RunId[]; keys?: readonly KeyName[] }
  /** Starts are refused first when the lane has too much in hand (E23). */
  starts?: boolean
  /** Held back so that what follows can join it in one write: the record of a delivery (E16). */
  lazy?: boolean
  /** It closes no run: who is told of a close need not be at hand. */
  closesNothing?: boolean
  /** About what it adds to the batch. */
  bytes: number
  /** Decides. Synchronous, all or nothing: whatever it refuses, it refuses (throws `UserError`) before it changes anything. */
  execute(transaction: Transaction): void
  /** Its batch is committed: the answer may leave. */
  done(): void
  /** Refused by `execute`, by the store, or the lane is gone. */
  failed(error: UserError): void
}

/** Who waits for a work's answer. */
export interface Settle<T> {
  resolve(value: T): void
  reject(error: unknown): void
}

/** What a work may touch. */
export interface Transaction {
  /** Null: there is no such actor (any longer). One of another lane is as it was when it was read: for closed runs, which never change. */
  actor(id: RunId): Actor | null
  key(name: KeyName): KeyRow | null
  create(row: Pick<OpenRow, 'id' | 'namespace' | 'kind' | 'name' | 'queue' | 'createdAt' | 'tags' | 'input'>, machine: AnyMachine): Actor
  /** One transition. Null: the actor is stuck. */
  apply(actor: Actor, input: { is: string }): Decision<HistoryEvent> | null
  resume(actor: Actor): void
  putKey(row: KeyRow): void
  dropKey(name: KeyName): void
  /** Records a delivery, which holds what was reserved for it. False: it did not happen. */
  deliver(actor: Actor, input: { is: string }, reservation: Reservation | null): boolean
  /** Rates whose tokens change with this batch. */
  spend(rates: readonly Resource[]): void
  log(rows: readonly LogRow[]): void
  /** To a stream of a run: with it, or not at all. Null: it is there. */
  append(actor: Actor, write: StreamWrite): StreamRefusal | null
  closeStream(actor: Actor, stream: string): StreamRefusal | null
  /** Who is told when it closes. */
  watched(actor: Actor, watchers: readonly ActorId[]): void
  define(row: DefinitionRow): void
  set(row: SettingRow): void
  purge(id: RunId): void
  dropLines(lines: readonly LineName[]): void
  /** Shards may be of other lanes, now or later: what belongs together must live together. */
  readonly shares: boolean
  /** It lives in this lane. */
  isHere(id: ActorId): boolean
  /** Letters to actors of this lane that are not taken yet. */
  readonly between: Between
  /** To an actor of another lane, with this batch (E7). */
  send(from: ActorId, to: ActorId, letter: Letter): void
  /** A letter was read: it goes with this batch, and with it what came of it (E7). */
  take(row: MailRow): void
}
