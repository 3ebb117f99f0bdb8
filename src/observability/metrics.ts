import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'
import type { Engine, OnClosed } from '../engine/face.ts'
import { Durations } from './durations.ts'

/**
 * What an operator's Prometheus scrapes. Counts come from the engine's own figures at the time of the scrape; only durations are gathered in between.
 * Labels are bounded: a user may have any number of definitions and queues, a metric may not.
 */
export interface Metrics {
  /** For the engine: a run closed. */
  onClosed: OnClosed
  /** For the API: a request was answered. */
  onRequest(operation: string, status: number, seconds: number): void
  /** Figures of outboxes, by name, for each scrape. */
  readOutboxes(figures: () => readonly OutboxFigures[]): void
  /** The text of /metrics. */
  render(engine: Engine): Promise<string>
}

export interface OutboxFigures {
  outbox: string
  started: number
  refused: number
  aside: number
  lagMs: number
}

/** Definitions, and queues, that have a label of their own; the rest is `other`. */
export const LABELS_MAX = 200

const JOB_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200]
const HTTP_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60]

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const jobs = new Durations(JOB_SECONDS, LABELS_MAX)
  const waits = new Durations(JOB_SECONDS, LABELS_MAX)
  const requests = new Durations(HTTP_SECONDS, LABELS_MAX)
  register(registry, 'job_duration_seconds', () =>
    jobs.metric('job_duration_seconds', 'From the start of the first attempt to the end of the run', 'definition'),
  )
  register(registry, 'job_wait_seconds', () => waits.metric('job_wait_seconds', 'From creation to the start of the first attempt', 'definition'))
  register(registry, 'http_request_duration_seconds', () =>
    requests.metric('http_request_duration_seconds', 'Until a request was answered; long polls and waits count in full', 'operation'),
  )
  const answered = new Counter({ name: 'http_requests_total', help: 'Requests answered', labelNames: ['status'], registers: [registry] })
  const figures = engineFigures(registry)
  let outboxes: (() => void) | null = null
  return {
    onClosed({ definition, createdAt, startedAt, closedAt }) {
      if (startedAt === null) return
      jobs.observe(definition, (closedAt - startedAt) / 1_000)
      waits.observe(definition, (startedAt - createdAt) / 1_000)
    },
    onRequest(operation, status, seconds) {
      requests.observe(operation, seconds)
      answered.inc({ status: `${Math.floor(status / 100)}xx` })
    },
    readOutboxes(read) {
      const set = outboxFigures(registry)
      outboxes = () => set(read())
    },
    render(engine) {
      figures(engine)
      outboxes?.()
      return registry.metrics()
    },
  }
}

/** The registry asks a metric for its name and, at a scrape, for its values. */
function register(registry: Registry, name: string, get: () => ReturnType<Durations['metric']>): void {
  registry.registerMetric({ name, get: async () => get(), reset: () => undefined } as unknown as Metric)
}

/** Figures that the engine keeps: set at each scrape. */
function engineFigures(registry: Registry): (engine: Engine) => void {
  const registers = [registry]
  const counter = (name: string, help: string, labelNames: string[] = []) => new Counter({ name, help, labelNames, registers })
  const gauge = (name: string, help: string, labelNames: string[] = []) => new Gauge({ name, help, labelNames, registers })
  const counters = {
    started: counter('jobs_scheduled_total', 'Runs started'),
    delivered: counter('tasks_delivered_total', 'Tasks handed to workers'),
    commits: counter('commits_total', 'Batches committed'),
    commitsFenced: counter('commits_fenced_total', 'Batches refused because the shards had moved'),
    refusedOverload: counter('overload_refusals_total', 'Calls refused because there was too much work in hand'),
  }
  const closed = counter('jobs_closed_total', 'Runs closed', ['state'])
  const gauges = {
    actorsCached: gauge('actors_cached', 'Runs kept in memory'),
    batchBytes: gauge('batch_bytes', 'Bytes of the open batch'),
    stuck: gauge('runs_stuck', 'Runs that wait for an operator'),
    workers: gauge('workers', 'Workers seen within their lease'),
  }
  const perQueue = {
    depth: gauge('queue_depth', 'Tasks that are ready to be handed out', ['namespace', 'queue']),
    running: gauge('queue_running', 'Tasks with workers', ['namespace', 'queue']),
    scheduled: gauge('queue_scheduled', 'Runs that are not yet due', ['namespace', 'queue']),
    waiting: gauge('queue_waiting', 'Runs in back-off', ['namespace', 'queue']),
    untaken: gauge(
      'queue_untaken',
      'Definitions with ready tasks that no live worker takes: none serves them, or not in the version that they need',
      ['namespace', 'queue'],
    ),
  }
  const oldest = gauge('queue_oldest_seconds', 'How long the oldest ready task has been ready', ['namespace', 'queue'])
  const ready = gauge('ready', '1 while the node holds its shards and the store answers')
  return engine => {
    const stats = engine.stats()
    for (const name of Object.keys(counters) as (keyof typeof counters)[]) {
      counters[name].reset()
      counters[name].inc(stats[name])
    }
    closed.reset()
    for (const [state, count] of Object.entries(stats.closed)) closed.inc({ state }, count)
    for (const name of Object.keys(gauges) as (keyof typeof gauges)[]) gauges[name].set(stats[name])
    ready.set(engine.ready() ? 1 : 0)

    for (const metric of [...Object.values(perQueue), oldest]) metric.reset()
    const labels = queueLabels(stats.queues)
    for (const queue of stats.queues) {
      const label = labels(queue)
      for (const name of Object.keys(perQueue) as (keyof typeof perQueue)[]) perQueue[name].inc(label, queue[name])
    }
    const now = Date.now()
    const ages = new Map<string, { label: { namespace: string; queue: string }; seconds: number }>()
    for (const queue of stats.queues) {
      const label = labels(queue)
      const seconds = queue.oldestAt === null ? 0 : Math.max(0, now - queue.oldestAt) / 1_000
      const key = JSON.stringify(label)
      ages.set(key, { label, seconds: Math.max(seconds, ages.get(key)?.seconds ?? 0) })
    }
    for (const { label, seconds } of ages.values()) oldest.set(label, seconds)
  }
}

function outboxFigures(registry: Registry): (figures: readonly OutboxFigures[]) => void {
  const labels = { labelNames: ['outbox'], registers: [registry] }
  const started = new Counter({ name: 'outbox_started_total', help: 'Starts taken over from an outbox', ...labels })
  const refused = new Counter({ name: 'outbox_refused_total', help: 'Starts of an outbox that were refused and set aside, each time', ...labels })
  const aside = new Gauge({ name: 'outbox_aside', help: 'Starts of an outbox that are set aside now', ...labels })
  const lag = new Gauge({ name: 'outbox_lag_seconds', help: 'How old the oldest start was that was found in an outbox at the last look', ...labels })
  return figures => {
    for (const metric of [started, refused, aside, lag]) metric.reset()
    for (const { outbox, ...figure } of figures) {
      started.inc({ outbox }, figure.started)
      refused.inc({ outbox }, figure.refused)
      aside.set({ outbox }, figure.aside)
      lag.set({ outbox }, figure.lagMs / 1_000)
    }
  }
}

type QueueLabel = { namespace: string; queue: string }

/** The deepest queues keep their names, so that the one that matters is not hidden in `other`. */
function queueLabels(queues: readonly (QueueLabel & { depth: number; running: number })[]): (queue: QueueLabel) => QueueLabel {
  const key = ({ namespace, queue }: QueueLabel) => `${namespace}\0${queue}`
  if (queues.length <= LABELS_MAX) return ({ namespace, queue }) => ({ namespace, queue })
  const named = new Set(
    [...queues]
      .sort((a, b) => b.depth + b.running - (a.depth + a.running))
      .slice(0, LABELS_MAX)
      .map(key),
  )
  return queue => (named.has(key(queue)) ? { namespace: queue.namespace, queue: queue.queue } : { namespace: 'other', queue: 'other' })
}
