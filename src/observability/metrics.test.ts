import { expect, test } from 'vitest'
import type { Engine } from '../engine/face.ts'
import { Durations } from './durations.ts'
import { createMetrics, LABELS_MAX } from './metrics.ts'

const queue = (name: string, depth = 1) => ({
  namespace: 'default',
  queue: name,
  depth,
  running: 0,
  scheduled: 0,
  waiting: 0,
  paused: 0,
  oldestAt: Date.now() - 5_000,
  untaken: 1,
})
const engine = (queues: ReturnType<typeof queue>[]) =>
  ({
    ready: () => true,
    stats: () => ({
      started: 12,
      delivered: 9,
      closed: { completed: 7, failed: 1 },
      commits: 5,
      commitsFenced: 1,
      actorsCached: 3,
      batchBytes: 100,
      refusedOverload: 2,
      stuck: 1,
      queues,
      workers: 1,
    }),
  }) as unknown as Engine

test('figures of the engine, as they are at the scrape and not added up', async () => {
  const metrics = createMetrics()
  await metrics.render(engine([queue('old')]))
  const text = await metrics.render(engine([queue('default', 3)]))
  for (const line of [
    'jobs_scheduled_total 12',
    'jobs_closed_total{state="completed"} 7',
    'queue_depth{namespace="default",queue="default"} 3',
    'queue_untaken{namespace="default",queue="default"} 1',
    'commits_fenced_total 1',
    'overload_refusals_total 2',
    'runs_stuck 1',
    'ready 1',
  ])
    expect(text).toContain(`\n${line}\n`)
  expect(text).toMatch(/queue_oldest_seconds\{namespace="default",queue="default"\} 5(\.\d+)?\n/)
  expect(text).toContain('nodejs_eventloop_lag_p99_seconds')
  expect(text).not.toContain('queue="old"')
})

test('durations by definition and by operation', async () => {
  const metrics = createMetrics()
  metrics.onClosed({ definition: 'resize', state: 'completed', createdAt: 0, startedAt: 100, closedAt: 400 })
  metrics.onClosed({ definition: 'resize', state: 'cancelled', createdAt: 0, startedAt: null, closedAt: 400 })
  metrics.onRequest('runs.start', 201, 0.002)
  const text = await metrics.render(engine([]))
  for (const line of [
    'job_duration_seconds_bucket{le="0.25",definition="resize"} 0',
    'job_duration_seconds_bucket{le="0.5",definition="resize"} 1',
    'job_duration_seconds_bucket{le="+Inf",definition="resize"} 1',
    'job_duration_seconds_sum{definition="resize"} 0.3',
    'job_wait_seconds_count{definition="resize"} 1',
    'http_request_duration_seconds_count{operation="runs.start"} 1',
    'http_requests_total{status="2xx"} 1',
  ])
    expect(text).toContain(`\n${line}\n`)
})

test('labels are bounded: beyond it the rest is `other`, and the deepest queues keep their names', async () => {
  const metrics = createMetrics()
  for (let n = 0; n < 3 * LABELS_MAX; n++) metrics.onClosed({ definition: `d${n}`, state: 'completed', createdAt: 0, startedAt: 0, closedAt: 1 })
  const text = await metrics.render(engine(Array.from({ length: 3 * LABELS_MAX }, (_, n) => queue(`q${n}`, n))))
  expect(text.match(/^job_duration_seconds_count/gm)).toHaveLength(LABELS_MAX + 1)
  expect(text).toContain(`job_duration_seconds_count{definition="other"} ${2 * LABELS_MAX}`)
  expect(text.match(/^queue_depth\{/gm)).toHaveLength(LABELS_MAX + 1)
  expect(text).toContain(`queue="q${3 * LABELS_MAX - 1}"`)
  expect(text.match(/^queue_oldest_seconds\{/gm)).toHaveLength(LABELS_MAX + 1)
})

test('a duration of a clock that stepped back counts as none', () => {
  const durations = new Durations([1], 1)
  durations.observe('a', -5)
  expect(durations.metric('m', '', '').values.map(({ value }) => value)).toEqual([1, 1, 0, 1])
})
