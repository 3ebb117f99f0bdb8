import type { ActorId, RunId } from '../core/ids.ts'
import { type Claim, type KeyName, type Row, type Store, StoreFenced } from '../store/store.ts'
import { Actor } from './actor.ts'
import { type Actors, keyText } from './actors.ts'
import { type LaneTransaction, type Loaded, NOTHING_LOADED } from './lane-transaction.ts'
import type { World } from './transition.ts'
import type { Work } from './work.ts'

const NONE: readonly RunId[] = []

/** What is loaded at a time. */
const WORKS_PER_ROUND_MAX = 5_000

/** What a loader needs of its lane. */
export interface LoaderHost {
  readonly store: Store
  readonly claim: Claim
  readonly world: World
  readonly actors: Actors
  readonly transaction: LaneTransaction
  isHere(id: ActorId): boolean
  install(row: Row): Actor | null
  execute(work: Work, loaded: Loaded): void
  fail(works: readonly Work[]): void
  fenced(): void
  ended(): boolean
}

/** Works wait here until all that they look at is in memory: read in rounds, one under way, then executed in the order in which they came. */
export class Loader {
  private readonly host: LoaderHost
  private waiting: Work[] = []
  private loading = false
  private soon = false

  constructor(host: LoaderHost) {
    this.host = host
  }

  /** Those whose round has not begun. */
  get works(): readonly Work[] {
    return this.waiting
  }

  get busy(): boolean {
    return this.loading || this.waiting.length > 0
  }

  /** Something that it looks at is not in memory. */
  lacks(work: Work): boolean {
    const { actors } = this.host
    for (const id of work.ids) {
      const actor = actors.get(id)
      if (actor === undefined ? !this.isNew(id) : !work.closesNothing && this.lacksParent(actor)) return true
    }
    if (work.keys !== undefined)
      for (const key of work.keys) if (actors.key(key) === undefined && !(key.scope === 'call' && this.isNew(key.key))) return true
    if (work.further === undefined) return false
    const { ids = [], keys = [] } = this.further([work], NOTHING_LOADED)
    return ids.length > 0 || keys.length > 0
  }

  /** Nothing of this id can be in the store: neither an actor nor what a late repeat of its call would find (E9). */
  private isNew(id: ActorId): boolean {
    return this.host.actors.births.isNew(id) && this.host.isHere(id)
  }

  /** Who is told of its close must be at hand, so that both are in one batch; and who is told of theirs, since the one may follow from the other. */
  private lacksParent(actor: Actor): boolean {
    return this.missingParents(actor).length > 0
  }

  private missingParents(actor: Actor): readonly RunId[] {
    if (actor.parent === null && actor.keepers.length === 0) return NONE
    const missing: RunId[] = []
    const told = [actor]
    for (let one = told.pop(); one !== undefined; one = told.pop()) {
      for (const id of one.parent === null ? one.keepers : [one.parent, ...one.keepers]) {
        if (this.isMissing(id)) missing.push(id)
        const known = this.host.actors.get(id)
        if (known !== undefined) told.push(known)
      }
    }
    return missing
  }

  /** One of another lane is told by mail. */
  private isMissing(id: ActorId): boolean {
    return this.host.isHere(id) && this.host.actors.get(id) === undefined
  }

  load(work: Work): void {
    this.waiting.push(work)
    this.roundSoon()
  }

  private roundSoon(): void {
    if (this.loading || this.soon) return
    this.soon = true
    this.host.world.clock.soon(() => void this.round())
  }

  private async round(): Promise<void> {
    const { host } = this
    const { store, claim, actors, world } = host
    this.soon = false
    if (host.ended()) return
    this.loading = true
    const round = this.waiting.splice(0, WORKS_PER_ROUND_MAX)
    // What is in memory must still be there when the rest has come: actors are pinned, keys are read anyway.
    const ids = new Set(round.flatMap(work => work.ids))
    const present: Actor[] = []
    for (const id of ids) {
      const actor = actors.get(id)
      if (actor === undefined) continue
      ids.delete(id)
      present.push(actor)
      actors.pin(actor)
      for (const id of [actor.parent, ...actor.keepers]) if (id !== null && host.isHere(id)) ids.add(id)
    }
    const keys = round.flatMap(work => work.keys ?? [])
    const read = actors.beginRead()
    try {
      const [rows, keyRows] = await Promise.all([
        ids.size === 0 ? [] : store.loadActors(claim, [...ids]),
        keys.length === 0 ? [] : store.findKeys(claim, keys),
      ])
      if (host.ended()) return host.fail(round)
      const visitors = new Map<RunId, Actor>()
      const loaded = { keys: new Map(keyRows.map(row => [keyText(row), row])), visitors }
      const enter = (found: readonly Row[]): Actor[] =>
        found.flatMap(row => {
          if (host.isHere(row.id)) return host.install(row) ?? []
          visitors.set(row.id, Actor.load(row))
          return []
        })
      const installed = enter(rows)
      const further = this.further(round, loaded, present)
      if (further.keys.length > 0) for (const row of await store.findKeys(claim, further.keys)) loaded.keys.set(keyText(row), row)
      if (host.ended()) return host.fail(round)
      const more = further.ids.length === 0 ? [] : await store.loadActors(claim, further.ids)
      if (host.ended()) return host.fail(round)
      installed.push(...enter(more))
      // One that is asked for and does not come does not exist (any longer).
      for (const asked = new Set([...ids, ...further.ids]); ; ) {
        const parents = new Set(installed.flatMap(actor => this.missingParents(actor)).filter(id => !asked.has(id)))
        if (parents.size === 0) break
        for (const id of parents) asked.add(id)
        for (const row of await store.loadActors(claim, [...parents])) host.install(row)
        if (host.ended()) return host.fail(round)
      }
      if (host.ended()) return host.fail(round)
      for (const work of round) host.execute(work, loaded)
    } catch (error) {
      host.fail(round)
      if (error instanceof StoreFenced) host.fenced()
      else world.log('warn', 'a load failed', { why: String(error) })
    } finally {
      actors.endRead(read)
      for (const actor of present) actors.unpin(actor)
      this.loading = false
    }
    if (this.waiting.length > 0 && !host.ended()) this.roundSoon()
  }

  /** What works look at further and memory does not have; what it has is pinned with `present`, so that it is there still when the rest has come. */
  private further(works: readonly Work[], loaded: Loaded, present?: Actor[]): { ids: RunId[]; keys: KeyName[] } {
    const missing = { ids: new Set<RunId>(), keys: [] as KeyName[] }
    const { transaction } = this.host
    const { loaded: before } = transaction
    transaction.loaded = loaded
    try {
      for (const { further } of works) {
        if (further === undefined) continue
        const { ids = [], keys = [] } = further(transaction)
        missing.keys.push(...keys.filter(key => this.host.actors.key(key) === undefined))
        for (const id of ids) {
          const actor = this.host.actors.get(id)
          if (actor === undefined) missing.ids.add(id)
          else if (present !== undefined) {
            present.push(actor)
            this.host.actors.pin(actor)
          }
          if (actor !== undefined) for (const parent of this.missingParents(actor)) missing.ids.add(parent)
        }
      }
    } finally {
      transaction.loaded = before
    }
    return { ids: [...missing.ids], keys: missing.keys }
  }
}
