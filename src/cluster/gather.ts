import { UserError } from '../core/errors.ts'
import type { Clock } from '../engine/clock.ts'
import type { Collected } from '../engine/face.ts'
import {
  activityTogether,
  type Engine,
  type LimitView,
  lastHourTogether,
  limitTogether,
  type NamespaceView,
  type QueueShares,
  type QueueView,
  type ShareView,
  type WorkerView,
} from '../engine/face.ts'
import { answer, type Call, type Method } from './methods.ts'
import { askWithin, type Way } from './way.ts'

/** Of a node that does not answer within it nothing is told. */
const ASK_MS_MAX = 1_000
const SHOWN_MAX = 100

type Gathered = Pick<Engine, 'queues' | 'workers' | 'limits' | 'activity' | 'namespaces' | 'retention'>

/** What each node knows of its own shards and workers, put together. */
export function gathering(local: Engine, options: { way: Way; clock: Clock }): Gathered {
  /** This node's answer first. */
  const ask = async <M extends Method>(method: M, args: Call<M>['args']): Promise<Call<M>['answer'][]> => {
    const here = answer(local, method, args)
    const told = await Promise.allSettled([here, ...local.places.others().map(node => askWithin(ASK_MS_MAX, options, node, method, args))])
    const answers = told.flatMap(one => (one.status === 'fulfilled' ? [one.value as Call<M>['answer']] : []))
    if (answers.length > 0) return answers
    throw told.map(one => (one as PromiseRejectedResult).reason).find(says) ?? (told[0] as PromiseRejectedResult).reason
  }
  return {
    queues: {
      list: async namespace => mergeBy('name', (await ask('queues.list', [namespace])).flat(), mergeQueues),
      shares: async (namespace, queue) => mergeShares(await ask('queues.shares', [namespace, queue])),
    },
    workers: {
      ...local.workers,
      list: async namespace => mergeBy('id', (await ask('workers.list', [namespace])).flat(), mergeWorkers).map(worker => ({ ...worker, via: null })),
      async silent(namespace) {
        const silent = mergeBy('id', (await ask('workers.silent', [namespace])).flat(), (a, b) => (a.lastSeenAt > b.lastSeenAt ? a : b))
        if (silent.length === 0) return []
        // It may poll another node by now.
        const present = new Set((await ask('workers.list', [namespace])).flat().map(({ id }) => id))
        return silent.filter(({ id }) => !present.has(id))
      },
    },
    limits: {
      ...local.limits,
      list: async namespace => mergeBy('name', (await ask('limits.list', [namespace])).flat(), mergeLimits),
      get: async (namespace, name) => limitTogether(await ask('limits.get', [namespace, name])),
      stopped: async (namespace, limit) => (await ask('limits.stopped', [namespace, limit])).flat().slice(0, limit),
    },
    activity: {
      ...local.activity,
      get: async (namespace, hours) => activityTogether(await ask('activity.counted', [namespace, hours])),
      lastHour: async namespace => lastHourTogether(await ask('activity.counted', [namespace, 1])),
    },
    retention: { ...local.retention, collect: async () => (await ask('retention.collect', [])).reduce(mergeCollected) },
    namespaces: { list: async () => mergeBy('name', (await ask('namespaces.list', [])).flat(), mergeNamespaces) },
  }
}

function mergeCollected(a: Collected, b: Collected): Collected {
  return { runs: a.runs + b.runs, keys: a.keys + b.keys, lines: a.lines + b.lines, more: a.more || b.more }
}

/** An answer of a node, and no word of its own state. */
function says(error: unknown): boolean {
  return error instanceof UserError && error.code !== 'unavailable'
}

function mergeBy<K extends string, T extends Record<K, string>>(key: K, all: readonly T[], merge: (a: T, b: T) => T): T[] {
  const found = new Map<string, T>()
  for (const one of all) {
    const known = found.get(one[key])
    found.set(one[key], known === undefined ? one : merge(known, one))
  }
  return [...found.values()].sort((a, b) => (a[key] < b[key] ? -1 : 1))
}

function mergeQueues(a: QueueView, b: QueueView): QueueView {
  return {
    ...a,
    depth: a.depth + b.depth,
    running: a.running + b.running,
    scheduled: a.scheduled + b.scheduled,
    waiting: a.waiting + b.waiting,
    parked: a.parked + b.parked,
    oldestAt: earlier(a.oldestAt, b.oldestAt),
    // Each knows the workers of all.
    workers: Math.max(a.workers, b.workers),
    untaken: [...new Set([...a.untaken, ...b.untaken])].sort(),
  }
}

/** A worker is as the node says that it polls; what it runs, the owners of those runs. */
function mergeWorkers(a: WorkerView, b: WorkerView): WorkerView {
  const [own, other] = a.via !== null && (b.via === null || b.lastSeenAt > a.lastSeenAt) ? [b, a] : [a, b]
  const known = new Set(own.running.map(({ run }) => run))
  return {
    ...own,
    running: [...own.running, ...other.running.filter(({ run }) => !known.has(run))],
    lastSeenAt: Math.max(a.lastSeenAt, b.lastSeenAt),
  }
}

function mergeNamespaces(a: NamespaceView, b: NamespaceView): NamespaceView {
  return { ...a, definitions: Math.max(a.definitions, b.definitions), open: a.open + b.open, workers: a.workers + b.workers }
}

function mergeLimits<T extends LimitView>(a: T, b: T): T {
  return { ...a, used: a.used + b.used, keys: a.keys + b.keys, waiting: a.waiting + b.waiting }
}

/** By their turns, each node's own: there is no order across nodes. */
function mergeShares(all: readonly QueueShares[]): QueueShares {
  if (all.length === 1) return all[0] as QueueShares
  const found = new Map<string | null, ShareView>()
  for (const share of all.flatMap(({ shares }) => shares)) {
    const known = found.get(share.key)
    found.set(share.key, known === undefined ? share : mergeShare(known, share))
  }
  const shares = [...found.values()].sort(
    (a, b) => (a.before ?? Number.POSITIVE_INFINITY) - (b.before ?? Number.POSITIVE_INFINITY) || b.ready - a.ready,
  )
  const told = all.reduce((sum, { shares }) => sum + shares.length, 0)
  const sum = (of: (one: QueueShares) => number): number => all.reduce((total, one) => total + of(one), 0)
  return {
    keys: sum(({ keys }) => keys) - (told - shares.length),
    inTurn: Math.max(shares.filter(({ before }) => before !== null).length, ...all.map(({ inTurn }) => inTurn)),
    recent: sum(({ recent }) => recent),
    unread: sum(({ unread }) => unread),
    shares: shares.slice(0, SHOWN_MAX),
  }
}

function mergeShare(a: ShareView, b: ShareView): ShareView {
  return {
    ...a,
    before: earlier(a.before, b.before),
    ready: a.ready + b.ready,
    more: a.more || b.more,
    held: a.held + b.held,
    running: a.running + b.running,
    handedOut: a.handedOut + b.handedOut,
  }
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b)
}
