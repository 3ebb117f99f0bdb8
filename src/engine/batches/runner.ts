import type { ActorId, RunId } from '../../core/ids.ts'
import { activeSweep } from '../../machines/batch/state.ts'
import type { BatchState, Sweep } from '../../machines/batch/types.ts'
import type { Reads } from '../../store/store.ts'
import { Actor } from '../actor.ts'
import { boundedRuns } from '../bounded.ts'
import type { Definitions } from '../definitions.ts'
import type { World } from '../transition.ts'
import type { Work } from '../work.ts'
import { nextTimes, timesWork, toLookUp } from './backfill.ts'
import { askingOf, fits, listFilter } from './filter.ts'
import { pageWork } from './page.ts'

/** Runs of one page at most: other work goes on between two of them. */
const PAGE_RUNS_MAX = 500
/** Runs that were commanded in other lanes and have not been answered for. */
const AWAITED_MAX = 5_000
/** After a page that could not be read or committed. */
const AGAIN_MS = 200

/**
 * Works on the operations of this tenure, page by page. It keeps nothing that counts: where an operation stands is in its row, and after a crash the
 * actor's timer brings it here again.
 */
export class BatchRunner {
  private readonly world: World
  private readonly definitions: Definitions
  private readonly read: Reads
  private readonly submit: (work: Work) => void
  private readonly isHere: (id: ActorId) => boolean
  private readonly pageRuns: number
  private readonly working = new Set<RunId>()
  private ended = false

  constructor(world: World, definitions: Definitions, read: Reads, submit: (work: Work) => void, isHere: (id: ActorId) => boolean, pageSize: number) {
    this.world = world
    this.definitions = definitions
    this.read = read
    this.submit = submit
    this.isHere = isHere
    this.pageRuns = Math.min(PAGE_RUNS_MAX, pageSize)
  }

  end(): void {
    this.ended = true
  }

  /** It was loaded, or a change of it was committed. */
  look(actor: Actor): void {
    if (actor.kind !== 'batch' || actor.closed || actor.stuck !== undefined || this.working.has(actor.id)) return
    if (activeSweep(actor.state as BatchState) === null && toLookUp(actor.state as BatchState) === null) return
    this.working.add(actor.id)
    void this.work(actor.namespace, actor.id)
  }

  private async work(namespace: string, id: RunId): Promise<void> {
    while (!this.ended) {
      try {
        if (!(await this.page(namespace, id))) break
      } catch (error) {
        this.world.log('warn', 'a page of a batch was not worked on; it is tried again', { batch: id, why: String(error) })
        await new Promise<void>(resolve => void this.world.clock.after(AGAIN_MS, resolve))
      }
    }
    this.working.delete(id)
  }

  /** What is read is committed; what is decided on it is decided again by the work. False: there is nothing further to do. */
  private async page(namespace: string, id: RunId): Promise<boolean> {
    const row = await this.read.run(namespace, id)
    if (row === null) return false
    const batch = Actor.load(row)
    const state = batch.state as BatchState
    const next = batch.closed || batch.stuck !== undefined ? null : toLookUp(state)
    if (next !== null) return this.times(namespace, id, next)
    const sweep: Sweep | null = batch.closed || batch.stuck !== undefined ? null : activeSweep(state)
    // What was commanded elsewhere answers first: a change of it brings this one back.
    if (sweep === null || (sweep.awaited ?? 0) >= AWAITED_MAX) return false
    const filter = listFilter(namespace, state.jobs === null ? sweep.filter : { ...sweep.filter, batch: id }, sweep.until + 1)
    const { rows, next: cursor } = await boundedRuns(this.read, filter, { after: sweep.cursor, limit: this.pageRuns })
    const asking = askingOf(batch, sweep)
    const runs = rows.filter(found => fits(Actor.load(found), asking)).map(found => found.id)
    if (this.ended) return false
    await new Promise<void>((resolve, reject) =>
      this.submit(
        pageWork(
          { batch: id, namespace, from: sweep.cursor, next: cursor, runs },
          sweep.operation,
          { world: this.world, definitions: this.definitions, isHere: this.isHere },
          { resolve, reject },
        ),
      ),
    )
    return true
  }

  /** Of a backfill the next times, and what is there for them. */
  private async times(namespace: string, id: RunId, { plan, backfill, room }: NonNullable<ReturnType<typeof toLookUp>>): Promise<boolean> {
    const input = await nextTimes(this.read, namespace, plan, backfill, room)
    if (this.ended) return false
    await new Promise<void>((resolve, reject) => this.submit(timesWork(id, input, { resolve, reject })))
    return true
  }
}
