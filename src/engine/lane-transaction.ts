import { invariant } from '../core/errors.ts'
import { type ActorId, newId, partOf, type RunId } from '../core/ids.ts'
import type { Decision } from '../core/machine.ts'
import { type HistoryEvent, HOOK_EVENT_OF } from '../core/run.ts'
import { appendTo, closeStream, type StreamHeads, type StreamRefusal, type StreamWrite } from '../core/stream.ts'
import type { AnyMachine } from '../machines/registry.ts'
import type { DefinitionRow, KeyName, KeyRow, LineName, LogRow, MailRow, SettingRow } from '../store/store.ts'
import { Actor } from './actor.ts'
import { type Actors, keyText } from './actors.ts'
import type { OpenBatch } from './batch.ts'
import type { Between } from './between.ts'
import type { HeldUnique } from './codec.ts'
import type { Reservation, Resource } from './limits/resource.ts'
import { takeTurn } from './limits/sequences.ts'
import type { Letter } from './mail.ts'
import { transition, unstick, type World } from './transition.ts'
import type { Transaction } from './work.ts'

/** What a transaction needs of its lane. */
export interface TransactionHost {
  readonly actors: Actors
  readonly between: Between
  readonly world: World
  readonly shares: boolean
  isHere(id: ActorId): boolean
  /** The batch that already carries a change of this actor and has not left. */
  gather(actor: Actor): OpenBatch | null
  /** Two that one work changes are committed together. */
  merge(one: OpenBatch, other: OpenBatch): void
  changed(actor: Actor): void
  sent(actor: Actor, decision: Decision<HistoryEvent>, transaction: Transaction): void
  /** It was made in this lane's life, not before what it rests on was loaded anew (E14). */
  owns(reservation: Reservation): boolean
}

const NO_STREAMS: StreamHeads = {}

/** What was read for a work, and is not kept: keys, and actors of other lanes. */
export interface Loaded {
  keys: ReadonlyMap<string, KeyRow>
  visitors: ReadonlyMap<RunId, Actor>
}
export const NOTHING_LOADED: Loaded = { keys: new Map(), visitors: new Map() }

/** What the work that is executed just now may touch. One object serves all works of a lane: they are executed one after the other. */
export class LaneTransaction implements Transaction {
  /** Where what changes is written. */
  into: OpenBatch
  loaded = NOTHING_LOADED
  private readonly host: TransactionHost

  constructor(host: TransactionHost, into: OpenBatch) {
    this.host = host
    this.into = into
  }

  get between(): Between {
    return this.host.between
  }

  actor(id: RunId): Actor | null {
    return this.host.actors.get(id) ?? this.loaded.visitors.get(id) ?? null
  }

  key(name: KeyName): KeyRow | null {
    const known = this.host.actors.key(name)
    return known === undefined ? (this.loaded.keys.get(keyText(name)) ?? null) : known
  }

  create(row: Parameters<Transaction['create']>[0], machine: AnyMachine): Actor {
    const actor = new Actor(row, machine)
    this.host.actors.add(actor)
    return actor
  }

  apply(actor: Actor, input: { is: string }): Decision<HistoryEvent> | null {
    const { host } = this
    invariant(host.isHere(actor.id), 'an actor changes in its own lane alone', { run: actor.id, input: input.is })
    const stuckBefore = actor.stuck
    const decision = transition(actor, input, host.world)
    if (stuckBefore !== undefined && actor.stuck === stuckBefore && input.is === 'cancel') this.answerForNobody(actor)
    if (decision === null) {
      if (actor.stuck !== stuckBefore) this.touch(actor)
      return null
    }
    if (decision.events.length > 0 || decision.wakeAt !== undefined) this.touch(actor)
    if (decision.ledger !== undefined) for (const entry of decision.ledger) this.into.latest.ledger(actor.id, entry)
    if (decision.messages !== undefined || decision.outcome !== undefined || decision.events.some(({ is }) => HOOK_EVENT_OF.has(is)))
      host.sent(actor, decision, this)
    return decision
  }

  resume(actor: Actor): void {
    const input = unstick(actor)
    if (input !== null) this.apply(actor, input)
    this.touch(actor)
  }

  /** A running handler answers a cancel; that of a stuck run was told that its lease is lost, and nobody else would. */
  private answerForNobody(actor: Actor): void {
    const delivered = actor.closed ? undefined : actor.machine.pending(actor.state).delivered[0]
    if (delivered === undefined) return
    const { stuck } = actor
    const { task, attempt, delivery } = delivered
    actor.stuck = undefined
    this.apply(actor, { is: 'lost', task, attempt, delivery } as { is: string })
    if (!actor.closed) actor.stuck = stuck
  }

  putKey(row: KeyRow): void {
    this.host.actors.changeKey(row, row)
    this.into.latest.writes.keys.push(row)
  }

  dropKey(name: KeyName): void {
    this.host.actors.changeKey(name, null)
    this.into.latest.dropKeys([name])
  }

  deliver(actor: Actor, input: { is: string }, reservation: Reservation | null): boolean {
    actor.reservation = reservation !== null && this.host.owns(reservation) ? reservation : null
    const decision = this.apply(actor, input)
    if (decision === null || decision.events.length === 0) {
      actor.reservation = null
      return false
    }
    takeTurn(actor, this)
    if (actor.reservation !== null && actor.reservation.holds.length > 0) this.hold(actor, actor.reservation)
    // What another lane counts, that one has written.
    for (const { applied, resource } of actor.reservation?.bounds ?? [])
      if (applied.limit.is === 'rate' && resource.borrowed === null) this.into.latest.rates.add(resource)
    return true
  }

  /** Recorded with the delivery; whoever granted it must still stand then. */
  private hold(actor: Actor, { holds, since }: Reservation): void {
    const { writes, checks } = this.into.latest
    const { namespace, id: run } = actor
    actor.holds = holds.map(({ id, limit, key, weight }) => ({ id, limit, key, weight }))
    for (const { id, limit, key, weight, part, home } of holds) {
      writes.holds.push({ id, part, namespace, limit, key, run, weight, since: Math.floor(since) })
      if (home !== null) checks.add(home)
    }
  }

  spend(rates: readonly Resource[]): void {
    for (const rate of rates) this.into.latest.rates.add(rate)
  }

  log(rows: readonly LogRow[]): void {
    this.into.latest.writes.logs.push(...rows)
  }

  append(actor: Actor, write: StreamWrite): StreamRefusal | null {
    const done = appendTo(actor.streams ?? NO_STREAMS, write)
    if (typeof done === 'string') return done
    if (done.added === null) return null
    const { last, chunks, restarted } = done.added
    actor.streams = done.heads
    this.touch(actor)
    this.into.latest.writes.streams.push({
      run: actor.id,
      stream: write.stream,
      last,
      count: chunks.length,
      at: Math.max(Math.floor(this.host.world.clock.now()), actor.lastAt),
      step: write.step?.name ?? null,
      attempt: write.attempt,
      restarted,
      chunks: chunks.join('\n'),
    })
    return null
  }

  closeStream(actor: Actor, stream: string): StreamRefusal | null {
    const heads = closeStream(actor.streams ?? NO_STREAMS, stream)
    if (heads === 'full') return heads
    if (heads !== actor.streams) {
      actor.streams = heads
      this.touch(actor)
    }
    return null
  }

  watched(actor: Actor, watchers: readonly ActorId[]): void {
    actor.watchers = watchers
    this.touch(actor)
  }

  define(row: DefinitionRow): void {
    this.into.latest.writes.definitions.push(row)
  }

  set(row: SettingRow): void {
    this.into.latest.writes.settings.push(row)
  }

  purge(id: RunId): void {
    this.into.latest.writes.purge.push(id)
  }

  dropLines(lines: readonly LineName[]): void {
    this.into.latest.writes.ledgerDrops.push(...lines)
  }

  get shares(): boolean {
    return this.host.shares
  }

  isHere(id: ActorId): boolean {
    return this.host.isHere(id)
  }

  send(from: ActorId, to: ActorId, letter: Letter): void {
    const { clock, random } = this.host.world
    // It gets its number when its batch is sealed.
    const row = { to: partOf(to), from: partOf(from), n: 0, id: newId(clock.now(), random), body: JSON.stringify(letter) }
    this.into.latest.writes.mail.push(row)
    if (this.isHere(to)) this.between.sent(row, from, to)
  }

  take({ body: _, ...row }: MailRow): void {
    this.into.latest.writes.mailTaken.push(row)
    this.between.taken(row)
  }

  private touch(actor: Actor): void {
    const { host } = this
    const batch = this.into.latest
    const gathered = host.gather(actor)
    if (gathered === null) {
      batch.actors.add(actor)
      actor.uncommitted++
      actor.batch = batch
    } else if (gathered !== batch) host.merge(gathered, batch)
    if (
      actor.unique !== undefined &&
      actor.unique.left !== true &&
      (actor.closed || !(actor.unique.states as readonly string[]).includes(actor.ownState))
    )
      this.leaveUnique(actor, actor.unique.key)
    host.changed(actor)
  }

  private leaveUnique(actor: Actor, key: string): void {
    const { actors } = this.host
    const name = { namespace: actor.namespace, scope: 'unique' as const, definition: actor.name, key }
    actor.unique = { ...(actor.unique as HeldUnique), left: true }
    actors.changeKey(name, null)
    const { keys, keyDrops } = (actor.batch ?? this.into.latest).writes
    keyDrops.push(name)
    // A batch drops before it puts: what the same batch was to put is not put at all.
    const put = actor.stored ? -1 : keys.findLastIndex(row => row.run === actor.id && row.scope === 'unique')
    if (put < 0) return
    keys.splice(put, 1)
    actors.keyCommitted(name)
  }
}
