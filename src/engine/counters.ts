import { isWork } from '../core/machine.ts'
import type { OpenState } from '../core/run.ts'
import type { Actor } from './actor.ts'

/** Open jobs by namespace, queue and state, as committed: kept by increments, since counting rows costs time that grows with them. What stands in no queue is not counted. */
export class Counters {
  private readonly counts = new Map<string, number>()
  started = 0
  delivered = 0
  stuck = 0
  readonly closed: Record<string, number> = {}

  load(rows: readonly { namespace: string; queue: string; state: OpenState; count: number }[]): void {
    for (const { namespace, queue, state, count } of rows) if (queue !== '') this.add(`${namespace}\n${queue}\n${state}`, count)
  }

  /** An actor read from the store is counted there already. */
  loaded(actor: Actor): void {
    actor.counted = stateOf(actor)
    actor.countedIn = actor.queue
    actor.announced = true
  }

  /** True: it is new. */
  committed(actor: Actor): boolean {
    const state = stateOf(actor)
    const { counted, countedIn } = actor
    if (state === counted && state !== null && countedIn === actor.queue) return false
    const isNew = !actor.announced
    if (isNew) {
      actor.announced = true
      this.started++
    }
    if (counted !== null) this.add(`${actor.namespace}\n${countedIn}\n${counted}`, -1)
    if (state !== null) this.add(`${actor.namespace}\n${actor.queue}\n${state}`, 1)
    actor.counted = state
    actor.countedIn = actor.queue
    return isNew
  }

  of(namespace: string): Map<string, Record<OpenState, number>> {
    const queues = new Map<string, Record<OpenState, number>>()
    for (const { namespace: of, queue, counts } of this.all()) if (of === namespace) queues.set(queue, counts)
    return queues
  }

  all(): { namespace: string; queue: string; counts: Record<OpenState, number> }[] {
    const found = new Map<string, { namespace: string; queue: string; counts: Record<OpenState, number> }>()
    for (const [key, count] of this.counts) {
      const [namespace, queue, state] = key.split('\n') as [string, string, OpenState]
      const name = `${namespace}\n${queue}`
      const entry = found.get(name) ?? { namespace, queue, counts: { scheduled: 0, queued: 0, running: 0, waiting: 0, paused: 0 } }
      entry.counts[state] += count
      found.set(name, entry)
    }
    return [...found.values()]
  }

  private add(key: string, count: number): void {
    const sum = (this.counts.get(key) ?? 0) + count
    if (sum === 0) this.counts.delete(key)
    else this.counts.set(key, sum)
  }
}

function stateOf(actor: Actor): OpenState | null {
  return actor.closed || !isWork(actor.kind) ? null : (actor.view.state as OpenState)
}
