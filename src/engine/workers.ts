import { type Group, type Labels, labelsFit, versionFits } from '../core/gates.ts'
import type { AnswerId, NodeId, WorkerId } from '../core/ids.ts'
import type { Units } from '../core/limits.ts'
import type { Instant } from '../core/time.ts'
import type { Clock } from './clock.ts'
import type { Delivery, Poll, WorkerTold } from './face.ts'

const WORKERS_MAX = 10_000
/** A worker that has not been heard of for so long is not listed any more. */
const FORGET_AFTER_MS = 24 * 3_600_000
/** Longer than the longest poll: one that has been silent for so long does not count as there. */
export const PRESENT_MS = 75_000
/** Another node tells of its workers once a second. */
const TOLD_MS = 5_000

const NO_UNITS: Units = {}

/** A worker as it was last heard of: what `explain` and lists tell, and the answer that it may not have received. */
export interface WorkerSeen {
  id: WorkerId
  namespace: string
  name: string
  serves: readonly { definition: string; version: string | null }[]
  servesSet: ReadonlySet<string>
  queues: readonly string[]
  labels: Labels
  slots: number
  /** What it has beside slots, in all. */
  units: Units
  lastSeenAt: Instant
  heardAt: number
  lastAnswer: { id: AnswerId; tasks: readonly Delivery[] } | null
  gone: boolean
  /** The node that it polls; null: this one. */
  via: NodeId | null
  /** An operator has said that it gets no new task; as it is when it is asked. */
  readonly draining: boolean
}

export class Workers {
  private readonly seen = new Map<WorkerId, WorkerSeen>()
  private readonly elsewhere = new Map<NodeId, { workers: readonly WorkerSeen[]; at: number }>()
  private readonly clock: Clock
  private readonly isDrained: (namespace: string, id: WorkerId) => boolean

  constructor(clock: Clock, isDrained: (namespace: string, id: WorkerId) => boolean = () => false) {
    this.clock = clock
    this.isDrained = isDrained
  }

  isKnown(id: WorkerId): boolean {
    const worker = this.seen.get(id)
    return worker !== undefined && this.clock.monotonic() - worker.heardAt < FORGET_AFTER_MS
  }

  get(id: WorkerId): WorkerSeen | undefined {
    return this.seen.get(id)
  }

  polled(namespace: string, poll: Poll): WorkerSeen {
    const known = this.seen.get(poll.worker)
    const same =
      known !== undefined &&
      known.serves.length === poll.serves.length &&
      known.serves.every((s, i) => s.definition === poll.serves[i]?.definition && s.version === poll.serves[i]?.version)
    const { isDrained } = this
    const worker: WorkerSeen = {
      get draining() {
        return isDrained(namespace, poll.worker)
      },
      id: poll.worker,
      namespace,
      name: poll.workerName,
      serves: same ? known.serves : poll.serves,
      servesSet: same ? known.servesSet : new Set(poll.serves.map(({ definition }) => definition)),
      queues: poll.queues,
      labels: poll.labels,
      slots: poll.slots,
      units: poll.unitsTotal ?? NO_UNITS,
      lastSeenAt: this.clock.now(),
      heardAt: this.clock.monotonic(),
      lastAnswer: known?.lastAnswer ?? null,
      gone: false,
      via: poll.via ?? null,
    }
    this.seen.delete(worker.id)
    this.seen.set(worker.id, worker)
    if (this.seen.size > WORKERS_MAX) this.seen.delete(this.seen.keys().next().value as string)
    return worker
  }

  heard(id: WorkerId): void {
    const worker = this.seen.get(id)
    if (worker === undefined) return
    worker.lastSeenAt = this.clock.now()
    worker.heardAt = this.clock.monotonic()
  }

  gone(id: WorkerId): void {
    const worker = this.seen.get(id)
    if (worker !== undefined) worker.gone = true
  }

  /** All that were heard of lately, those that are there first. */
  list(namespace: string): WorkerSeen[] {
    const now = this.clock.monotonic()
    return [...this.seen.values()].filter(worker => worker.namespace === namespace && now - worker.heardAt < FORGET_AFTER_MS).reverse()
  }

  /** Also those that poll other nodes. */
  known(namespace: string): WorkerSeen[] {
    const now = this.clock.monotonic()
    const own = this.list(namespace)
    const ids = new Set(own.map(({ id }) => id))
    const told = [...this.elsewhere.values()].filter(({ at }) => now - at < TOLD_MS).flatMap(({ workers }) => workers)
    return [...own, ...told.filter(worker => worker.namespace === namespace && !ids.has(worker.id))]
  }

  /** Those of them that are there. */
  presentOf(namespace: string): WorkerSeen[] {
    return this.known(namespace).filter(worker => this.present(worker))
  }

  tell(): WorkerTold[] {
    return this.allPresent().map(({ id, namespace, name, serves, queues, labels, slots, units }) => ({
      id,
      namespace,
      name,
      serves,
      queues,
      labels,
      slots,
      units,
    }))
  }

  told(node: NodeId, workers: readonly WorkerTold[] | null): void {
    const at = this.clock.monotonic()
    const before = this.elsewhere.get(node)
    if (workers === null) {
      if (before !== undefined) this.elsewhere.set(node, { ...before, at })
      return
    }
    for (const [other, { at: heardAt }] of this.elsewhere) if (at - heardAt >= TOLD_MS) this.elsewhere.delete(other)
    this.elsewhere.set(node, { workers: workers.map(worker => this.seenElsewhere(node, worker)), at })
  }

  private seenElsewhere(via: NodeId, { namespace, id, ...told }: WorkerTold): WorkerSeen {
    const { isDrained, clock } = this
    return {
      get draining() {
        return isDrained(namespace, id)
      },
      ...told,
      id,
      namespace,
      servesSet: new Set(told.serves.map(({ definition }) => definition)),
      lastSeenAt: clock.now(),
      heardAt: clock.monotonic(),
      lastAnswer: null,
      gone: false,
      via,
    }
  }

  present(worker: WorkerSeen): boolean {
    return !worker.gone && this.clock.monotonic() - worker.heardAt < PRESENT_MS
  }

  /** Left without a word: neither there, nor told to be gone. The last to be heard of first. */
  silent(namespace: string): WorkerSeen[] {
    return this.list(namespace).filter(worker => worker.via === null && !worker.gone && !this.present(worker))
  }

  /** That poll this node. */
  allPresent(): WorkerSeen[] {
    return [...this.seen.values()].filter(worker => worker.via === null && this.present(worker))
  }

  count(): number {
    return this.allPresent().length
  }
}

/** Why a worker does not fit a group's tasks, or null: it fits. Dispatch and `explain` both ask this. */
export function misfit(
  worker: Pick<WorkerSeen, 'id' | 'namespace' | 'serves' | 'servesSet' | 'queues' | 'labels' | 'draining'>,
  group: Pick<Group, 'namespace' | 'queue' | 'definition' | 'labels'>,
): 'namespace' | 'definition' | 'queue' | 'labels' | 'version' | 'draining' | null {
  if (worker.namespace !== group.namespace) return 'namespace'
  if (!worker.servesSet.has(group.definition)) return 'definition'
  if (worker.queues.length > 0 && !worker.queues.includes(group.queue)) return 'queue'
  if (!labelsFit(group.labels, worker.labels, worker.id)) return 'labels'
  if (!versionFits(group.labels, () => servedVersion(worker, group.definition))) return 'version'
  return worker.draining ? 'draining' : null
}

/** The version of the code that a worker has of a definition; null: it told none. */
export function servedVersion({ serves }: Pick<WorkerSeen, 'serves'>, definition: string): string | null {
  return serves.find(served => served.definition === definition)?.version ?? null
}
