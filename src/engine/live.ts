import type { RunId } from '../core/ids.ts'
import { isRun } from '../core/machine.ts'
import type { HistoryEvent } from '../core/run.ts'
import type { LogRow, Writes } from '../store/store.ts'
import type { Actor } from './actor.ts'
import type { Sent } from './batch.ts'
import type { LiveEvent } from './face.ts'
import { summaryOf } from './summary.ts'

type Listener = (event: LiveEvent) => void
/** Told of the run as it was committed; null: it may have closed, and the store knows. */
type Closing = (actor: Actor | null) => void
/** What a batch tells of its actors once it is committed. */
export type Prepared = ReadonlyMap<Actor, LiveEvent | null>
const NOTHING: Prepared = new Map()

/** Tells what a commit releases to those who watch, and only then (E4). Costs nothing for runs that nobody watches. */
export class Live {
  private readonly byRun = new Map<RunId, Set<Listener>>()
  private readonly byNamespace = new Map<string, Set<Listener>>()
  private readonly closings = new Map<RunId, Set<Closing>>()

  subscribe(namespace: string, run: RunId | null, listener: Listener): () => void {
    return run === null ? enter(this.byNamespace, namespace, listener) : enter(this.byRun, run, listener)
  }

  /** Calls once the run is closed. */
  onClosed(run: RunId, call: Closing): () => void {
    return enter(this.closings, run, call)
  }

  /** Memory is made anew: whoever waits looks again, for its run may have closed elsewhere, or be gone (E2). */
  doubt(): void {
    for (const calls of [...this.closings.values()]) for (const call of [...calls]) call(null)
  }

  /** The rows are about to be sent: what they tell is fixed now, since the actors go on. */
  sealed(sent: readonly Sent[]): Prepared {
    const watchesAll = this.byNamespace.size > 0
    if (!watchesAll && this.byRun.size === 0) {
      for (const { actor, sequence } of sent) actor.published = sequence
      return NOTHING
    }
    const prepared = new Map<Actor, LiveEvent | null>()
    for (const { actor, sequence, segment } of sent) {
      const { published } = actor
      actor.published = sequence
      if (!isRun(actor.kind)) continue
      const watched = this.byRun.has(actor.id) || (watchesAll && this.byNamespace.has(actor.namespace))
      if (!watched) continue
      // Chunks of a stream touch their run many times a second: those who follow the stream have them.
      const shown = shownOf(actor)
      if (sequence === published && shown === actor.shown) {
        prepared.set(actor, null)
        continue
      }
      actor.shown = shown
      const events = segment === null ? since(actor, published) : (JSON.parse(segment.events) as HistoryEvent[]).slice(published - segment.first)
      const event: LiveEvent = { is: 'run', run: summaryOf(actor), events, sequence: sequence - 1 }
      if (actor.closed) event.output = actor.outcome?.output ?? null
      prepared.set(actor, event)
    }
    return prepared
  }

  committed(sent: readonly Sent[], prepared: Prepared, { logs, streams }: Pick<Writes, 'logs' | 'streams'>): void {
    if (streams.length > 0 && this.byRun.size > 0)
      for (const [run, rows] of Map.groupBy(streams, row => row.run))
        for (const listener of this.byRun.get(run) ?? []) listener({ is: 'chunks', run, rows })
    if (logs.length > 0 && (this.byRun.size > 0 || this.byNamespace.size > 0)) this.logged(logs, sent)
    for (const { actor } of this.byRun.size + this.byNamespace.size === 0 ? [] : sent) {
      // What was prepared for a batch that never committed is for nobody; who came after it was sealed may have read what was before, and must read anew.
      const event = prepared.has(actor) ? (prepared.get(actor) as LiveEvent | null) : LAGGED
      if (event === null) continue
      if (event !== LAGGED || this.byRun.has(actor.id)) this.tell(actor.namespace, actor.id, event)
    }
    if (this.closings.size > 0) for (const { actor, closed } of sent) if (closed) for (const call of this.closings.get(actor.id) ?? []) call(actor)
  }

  private logged(logs: readonly LogRow[], sent: readonly Sent[]): void {
    const byRun = new Map<RunId, LogRow[]>()
    for (const line of logs) byRun.set(line.run, [...(byRun.get(line.run) ?? []), line])
    const namespaces = new Map(sent.map(({ actor }) => [actor.id, actor.namespace]))
    for (const [run, lines] of byRun) this.tell(namespaces.get(run) ?? null, run, { is: 'log', run, lines })
  }

  private tell(namespace: string | null, run: RunId, event: LiveEvent): void {
    for (const listener of this.byRun.get(run) ?? []) listener(event)
    if (namespace === null) for (const listeners of this.byNamespace.values()) for (const listener of listeners) listener(event)
    else for (const listener of this.byNamespace.get(namespace) ?? []) listener(event)
  }
}

function since(actor: Actor, published: number): HistoryEvent[] {
  return actor.events.slice(Math.max(0, published - actor.first)).map(text => JSON.parse(text) as HistoryEvent)
}

/** What is told of a run though no event tells it. */
function shownOf({ view, streams = {} }: Actor): string {
  return JSON.stringify([view.state, view.reason, Object.entries(streams).map(([name, { closed }]) => [name, closed])])
}

const LAGGED: LiveEvent = { is: 'lagged' }

function enter<K, T>(map: Map<K, Set<T>>, key: K, value: T): () => void {
  const set = map.get(key) ?? new Set<T>()
  map.set(key, set)
  set.add(value)
  return () => {
    set.delete(value)
    if (set.size === 0 && map.get(key) === set) map.delete(key)
  }
}
