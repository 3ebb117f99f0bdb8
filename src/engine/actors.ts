import type { RunId } from '../core/ids.ts'
import type { KeyName, KeyRow, Row } from '../store/store.ts'
import { Actor } from './actor.ts'
import { Births } from './births.ts'

/** About what an actor takes beside its payload. */
const ACTOR_BYTES = 1_000
/** Whatever their number, cached actors take no more than this. */
const CACHED_BYTES_MAX = 64 * 1024 * 1024

/**
 * The actors and keys in memory: what is changed and not committed, what is needed (pinned), and the latest of the rest.
 *
 * A read from the store may be older than a commit that ends while it is under way. So whatever has changed stays in memory until every read that had
 * begun by the time of its commit has ended: what is in memory always wins over what a read brings.
 */
export class Actors {
  private readonly map = new Map<RunId, Actor>()
  private readonly keys = new Map<string, { row: KeyRow | null; uncommitted: number; committedAtRead: number }>()
  private readonly idle: Actor[] = []
  private idleHead = 0
  /** Of those that stand in line, how many have left memory otherwise. */
  private idleGone = 0
  /** Closed while a read was under way, oldest first: they leave as it ends, and push out nobody meanwhile. */
  private readonly leaving: Actor[] = []
  private leavingHead = 0
  private bytes = 0
  private readsBegun = 0
  private readonly reading = new Set<number>()
  private readonly countMax: number
  readonly births = new Births()

  constructor(countMax: number) {
    this.countMax = countMax
  }

  get size(): number {
    return this.map.size
  }

  get(id: RunId): Actor | undefined {
    return this.map.get(id)
  }

  add(actor: Actor): void {
    this.map.set(actor.id, actor)
    this.births.note(actor.id)
    this.bytes += ACTOR_BYTES + (actor.born.input?.length ?? 0)
  }

  /** What memory has, else what the read brought: whoever installs it releases it once all have looked at it. */
  install(row: Row): Actor {
    const known = this.map.get(row.id)
    if (known !== undefined) return known
    const actor = Actor.load(row)
    actor.committedAtRead = this.readsBegun // it stays at least until those have looked at it who had it read
    this.add(actor)
    return actor
  }

  pin(actor: Actor): void {
    actor.pins++
  }

  unpin(actor: Actor): void {
    actor.pins--
    this.release(actor)
  }

  committed(actor: Actor): void {
    actor.uncommitted--
    actor.committedAtRead = this.readsBegun
  }

  /** Nobody needs it now: the oldest such leave first. */
  release(actor: Actor): void {
    if (actor.uncommitted > 0 || actor.pins > 0) return
    // Nobody comes back to a closed run but late repeats, and what dies young costs the collector nothing.
    if (actor.closed) {
      if (actor.committedAtRead < this.oldestRead()) this.forget(actor.id)
      else this.leaving.push(actor)
      return
    }
    actor.usedAgain = actor.idle
    if (actor.idle) return
    actor.idle = true
    this.idle.push(actor)
    if (this.tooMany()) this.evict()
  }

  private leave(): void {
    const oldest = this.oldestRead()
    for (; this.leavingHead < this.leaving.length; this.leavingHead++) {
      const actor = this.leaving[this.leavingHead] as Actor
      if (actor.committedAtRead >= oldest) break
      const isThere = this.map.get(actor.id) === actor
      if (isThere && actor.uncommitted === 0 && actor.pins === 0) this.forget(actor.id)
    }
    if (this.leavingHead < this.leaving.length / 2) return
    this.leaving.splice(0, this.leavingHead)
    this.leavingHead = 0
  }

  private evict(): void {
    const oldest = this.oldestRead()
    while (this.tooMany() && this.idleHead < this.idle.length) {
      const actor = this.idle[this.idleHead] as Actor
      const gone = this.map.get(actor.id) !== actor
      const needed = actor.uncommitted > 0 || actor.pins > 0 || gone
      // Those behind it were committed later still: nobody leaves before the read has ended.
      if (!needed && actor.committedAtRead >= oldest) break
      this.idleHead++
      if (gone) this.idleGone--
      if (!needed && actor.usedAgain) {
        // Somebody has needed it since it came to stand here.
        actor.usedAgain = false
        this.idle.push(actor)
        continue
      }
      actor.idle = false
      if (!needed) this.forget(actor.id)
    }
    if (this.idleHead > 1_000 && this.idleHead > this.idle.length / 2) {
      this.idle.splice(0, this.idleHead)
      this.idleHead = 0
    }
  }

  private tooMany(): boolean {
    // Not of all in memory: where many are needed, none of the others would stay.
    return this.idle.length - this.idleHead - this.idleGone > this.countMax || this.bytes > CACHED_BYTES_MAX
  }

  /** Retention dropped it. */
  forget(id: RunId): void {
    const actor = this.map.get(id)
    if (actor === undefined) return
    this.map.delete(id)
    if (actor.idle) this.idleGone++
    this.bytes -= ACTOR_BYTES + (actor.born.input?.length ?? 0)
  }

  /** undefined: memory does not know; null: known to be free. */
  key(name: KeyName): KeyRow | null | undefined {
    return this.keys.get(keyText(name))?.row
  }

  changeKey(name: KeyName, row: KeyRow | null): void {
    const text = keyText(name)
    if (name.scope === 'call') this.births.note(name.key)
    const known = this.keys.get(text)
    if (known === undefined) this.keys.set(text, { row, uncommitted: 1, committedAtRead: -1 })
    else {
      known.row = row
      known.uncommitted++
    }
  }

  keyCommitted(name: KeyName): void {
    const known = this.keys.get(keyText(name))
    if (known === undefined) return
    known.uncommitted--
    known.committedAtRead = this.readsBegun
  }

  /** Nothing is forgotten while `read` reads and installs what it read. */
  async during<T>(read: () => Promise<T>): Promise<T> {
    const token = this.beginRead()
    try {
      return await read()
    } finally {
      this.endRead(token)
    }
  }

  beginRead(): number {
    const read = ++this.readsBegun
    this.reading.add(read)
    return read
  }

  endRead(read: number): void {
    this.reading.delete(read)
    if (this.keys.size > 0) this.sweepKeys()
    if (this.leaving.length > 0) this.leave()
    if (this.tooMany()) this.evict()
  }

  /** Keys that no read under way can miss leave memory: the store has them. */
  sweepKeys(): void {
    if (this.keys.size === 0) return
    const oldest = this.oldestRead()
    for (const [text, known] of this.keys) if (known.uncommitted === 0 && known.committedAtRead < oldest) this.keys.delete(text)
  }

  private oldestRead(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const read of this.reading) if (read < oldest) oldest = read
    return oldest
  }
}

export function keyText({ namespace, scope, definition, key }: KeyName): string {
  return `${scope}\n${namespace}\n${definition}\n${key}`
}
