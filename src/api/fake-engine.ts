import { UserError } from '../core/errors.ts'
import { callRunId, newId, type RunId } from '../core/ids.ts'
import { type HistoryEvent, isClosed } from '../core/run.ts'
import type {
  ApprovalView,
  AssetDetail,
  AssetEvent,
  DefinitionOptions,
  Delivery,
  Engine,
  LiveEvent,
  PauseTarget,
  RunDetail,
  StreamPage,
  StreamSummary,
} from '../engine/face.ts'
import { FAKE_BATCH, fakeBatches } from './fake-batches.ts'
import { FakeLimits } from './fake-limits.ts'
import { FakeSchedules } from './fake-schedules.ts'
import type { LogRow } from './rows.ts'

export const FAKE_NODE = callRunId('node', 0)
export const NOW = Date.parse('2026-03-01T09:00:00Z')

const NOTHING_COUNTED = { points: [], queues: [], definitions: [] }

/** An engine by hand for the tests of the API: it remembers what it was asked, and answers what the test puts into it. */
export class FakeEngine implements Engine {
  /** Every call that changes or reads something, in order. */
  readonly calls: { name: string; args: unknown[] }[] = []
  readonly known = new Map<string, RunDetail>()
  readonly histories = new Map<string, HistoryEvent[]>()
  lines: LogRow[] = []
  deliveries: Delivery[] = []
  /** Thrown by the next call. */
  fails: unknown = null
  isReady = true
  /** What an operator has set of `resize`. */
  overrides: DefinitionOptions | null = null
  #by: string | null = null
  /** Options of its code beside those that it always has. */
  declared: DefinitionOptions = {}
  #pauses: (PauseTarget & { by: string | null; note: string | null; since: number })[] = [
    { namespace: 'default', scope: 'queue', name: 'images', by: 'ana', note: 'CDN <incident>', since: NOW },
  ]
  readonly limits = new FakeLimits((name, ...args) => this.#called(name, ...args), NOW)
  readonly approvals: Engine['approvals'] = {
    list: async (...args) => {
      this.#called('approvals.list', ...args)
      return { rows: [FAKE_APPROVAL], next: null }
    },
    get: async () => FAKE_APPROVAL,
    answer: async (...args) => this.#called('approvals.answer', ...args),
  }
  readonly assets: Engine['assets'] = {
    list: async (...args) => {
      this.#called('assets.list', ...args)
      return { rows: [FAKE_ASSET], next: null }
    },
    get: async () => FAKE_ASSET,
    emit: async (...args) => {
      this.#called('assets.emit', ...args)
      return { n: 2, isNew: true, consumers: 1 }
    },
    declare: async (...args) => {
      this.#called('assets.declare', ...args)
      return { changed: 'edited' }
    },
    partitions: async () => ({
      rows: [{ key: '2026-02-28', state: 'failed', made: { n: 1, at: NOW, run: FAKE_NODE }, failed: { at: NOW, run: FAKE_NODE }, count: 1 }],
      next: null,
    }),
    lineage: async () => ({
      assets: ['s3://sales'],
      producers: [{ definition: 'sales', task: 'load', asset: 's3://sales' }],
      consumers: [{ schedule: 'report', definition: 'report', assets: { any: ['s3://sales', 's3://other'] } }],
      more: false,
    }),
  }
  readonly batches: Engine['batches']
  readonly schedules: FakeSchedules
  readonly #settings = new Map<string, { namespace: string; name: string; value: string; changedAt: number }>()
  readonly #listeners = new Set<{ namespace: string; run: string | null; listener: (event: LiveEvent) => void }>()

  constructor() {
    this.batches = fakeBatches((name, ...args) => this.#called(name, ...args), NOW)
    this.schedules = new FakeSchedules((name, ...args) => this.#called(name, ...args), NOW)
  }

  get subscribers(): number {
    return this.#listeners.size
  }

  emit(event: LiveEvent): void {
    for (const { run, listener } of [...this.#listeners])
      if (run === null || event.is === 'lagged' || run === (event.is === 'run' ? event.run.id : event.run)) listener(event)
  }

  add(run: Partial<RunDetail> = {}, history: HistoryEvent[] = [{ is: 'started', at: NOW }]): RunDetail {
    const detail = fakeRun(run)
    this.known.set(detail.id, detail)
    this.histories.set(detail.id, history)
    return detail
  }

  #called(name: string, ...args: unknown[]): void {
    this.calls.push({ name, args })
    const { fails } = this
    this.fails = null
    if (fails) throw fails
  }

  #run(name: string, namespace: string, id: string, ...args: unknown[]): RunDetail {
    this.#called(name, namespace, id, ...args)
    const run = this.known.get(id)
    if (run === undefined) throw new UserError('run-not-found', { found: id })
    return run
  }

  async start() {}
  async stop() {}
  serves() {
    return true
  }
  readonly lending: Engine['lending'] = {
    call: async () => ({ granted: [], due: [] }),
    look: async (_, resources) => resources.map(() => null),
    reach: () => {},
  }
  readonly mail: Engine['mail'] = { hint: () => {}, onSent: () => () => {} }
  readonly places: Engine['places'] = {
    self: FAKE_NODE,
    holds: () => true,
    ownerOf: () => null,
    others: () => [],
    refresh: async () => {},
    onMoved: () => {},
    onChanged: () => {},
    hint: () => {},
  }
  readonly homes: Engine['homes'] = {
    starts: (_, { starts }) => starts.map(() => 0),
    retry: async () => 0,
    memo: () => 0,
    asset: () => 0,
    schedule: () => 0,
    batch: () => 0,
    sequence: () => 0,
  }
  readonly nodes: Engine['nodes'] = {
    list: async () => [{ id: FAKE_NODE, name: 'box:1', address: 'http://10.0.0.1:7576', since: NOW, shards: 64, drained: null }],
    shards: async () => ({
      count: 64,
      lanes: [{ lane: 'lane-1', claim: 'claim-1', node: FAKE_NODE, name: 'box:1', shards: [0, 1, 2], renewals: 7, behind: 1 }],
      free: [3],
    }),
    drain: async (id, command) => this.#called('nodes.drain', id, command),
    undrain: async id => this.#called('nodes.undrain', id),
    reshard: async (count, command) => this.#called('nodes.reshard', count, command),
  }
  readonly retention: Engine['retention'] = {
    get: () => ({ runsMs: 604_800_000, ledgerMs: 7_776_000_000, set: { by: 'ana', since: NOW } }),
    set: async (namespace, retention, by) => this.#called('retention.set', namespace, retention, by),
    preview: async () => ({
      days: [
        { namespace: 'default', kind: 'job', name: 'resize', day: Date.UTC(2026, 1, 2), count: 2 },
        { namespace: 'default', kind: 'job', name: 'resize', day: Date.UTC(2026, 1, 1), count: 1 },
      ],
      more: false,
    }),
    collect: async () => {
      this.#called('retention.collect')
      return { runs: 3, keys: 1, lines: 0, more: false }
    },
  }
  ready() {
    return this.isReady
  }
  fault() {
    return null
  }

  readonly runs: Engine['runs'] = {
    start: async (namespace, call) => {
      this.#called('runs.start', namespace, call)
      return call.starts.map((start, index) =>
        start.key === 'taken'
          ? { is: 'refused', problem: new UserError('key-conflict', { at: '/key' }).problem }
          : start.key === 'known'
            ? { is: 'existing', run: callRunId('known', index), by: 'key' }
            : { is: 'started', run: callRunId(call.callKey ?? 'call', index) },
      )
    },
    resolve: async (_namespace, ending) => {
      if (ending === FAKE_BATCH) return ending
      const found = [...this.known.keys()].filter(id => id.endsWith(ending))
      if (found.length > 1) throw new UserError('ambiguous-run', { found: ending, data: { runs: found } })
      if (found.length === 0) throw new UserError('run-not-found', { found: ending })
      return found[0] as string
    },
    get: async (namespace, id) => this.#run('runs.get', namespace, id),
    wait: async (namespace, id, waitMs, signal) => {
      const run = this.#run('runs.wait', namespace, id, waitMs)
      await new Promise<void>(resolve => signal?.addEventListener('abort', () => resolve(), { once: true }) ?? resolve())
      return run
    },
    closed: async (namespace, ids, waitMs) => {
      this.#called('runs.closed', namespace, ids, waitMs)
      const [known, missing] = [ids.filter(id => this.known.has(id)), ids.filter(id => !this.known.has(id))]
      return { closed: known.map(id => this.known.get(id) as RunDetail).filter(({ state }) => isClosed(state)), missing }
    },
    list: async (filter, page) => {
      this.#called('runs.list', filter, page)
      const rows = [...this.known.values()].filter(run => filter.states?.includes(run.state) ?? true).reverse()
      const from = page.after === null ? 0 : Number(page.after)
      return { rows: rows.slice(from, from + page.limit), next: from + page.limit < rows.length ? String(from + page.limit) : null, through: null }
    },
    tally: async (search, steps) => {
      this.#called('runs.tally', search, steps)
      return {
        counts: [...this.known.values()].map(run => ({ step: Math.floor((run.createdAt - steps.from) / steps.stepMs), state: run.state, count: 1 })),
        through: null,
      }
    },
    history: async (namespace, id, from = 0) => {
      this.#run('runs.history', namespace, id)
      return (this.histories.get(id) ?? []).slice(from)
    },
    items: async (namespace, id, task, page) => {
      this.#run('runs.items', namespace, id, task, page)
      return { run: id, task, total: 1, items: [{ item: 0, state: 'success', run: id, cached: false, startedAt: NOW, closedAt: NOW }], next: null }
    },
    events: async (namespace, id, asked, limit) => {
      this.#run('runs.events', namespace, id)
      const all = this.histories.get(id) ?? []
      const from = asked < 0 ? Math.max(0, all.length + asked) : asked
      return { events: all.slice(from, from + limit), from, next: from + limit < all.length ? from + limit : null, total: all.length }
    },
    tasks: async (namespace, id, page) => {
      const { definition } = this.#run('runs.tasks', namespace, id, page)
      const task = {
        task: 'clean',
        state: 'waiting',
        job: 'clean',
        rule: 'all_success',
        run: null,
        startedAt: NOW,
        closedAt: null,
        items: null,
        strip: null,
        reason: null,
        mappedGroup: null,
        cached: 0,
        waitsFor: ['list'],
        ended: {},
      } as const
      return { run: id, definition, version: 'v1', tasks: [{ ...task, waitsFor: [...task.waitsFor] }], next: null }
    },
    related: async (namespace, id) => {
      const run = this.#run('runs.related', namespace, id)
      const schedule = { is: 'schedule', schedule: 'nightly', id: 's', n: 7, nominalAt: NOW, source: 'time' } as const
      return { chain: [run], parent: run, children: [run], schedule, batch: null, more: false }
    },
    closedCounts: async () => ({ completed: 1 }),
    streams: async (namespace, id) => {
      this.#run('runs.streams', namespace, id)
      return this.streams
    },
    stream: async (namespace, id, name, after, limit) => {
      this.#run('runs.stream', namespace, id, { name, after, limit })
      return this.streamPages.shift() ?? { rows: [], more: false, closed: false }
    },
    logs: async (namespace, id, page) => {
      this.#run('runs.logs', namespace, id, page)
      const lines = this.lines.filter(line => line.run === id)
      const from = page.after === null ? 0 : Number(page.after)
      return { rows: lines.slice(from, from + page.limit), next: from + page.limit < lines.length ? String(from + page.limit) : null }
    },
    explain: async (namespace, id) => {
      const run = this.#run('runs.explain', namespace, id)
      const reasons =
        run.state === 'queued' ? [{ code: 'paused', text: 'queue is paused', since: NOW, by: 'ana', command: 'mainspring queue resume default' }] : []
      return { run: id, state: run.state, since: NOW, reasons, clear: ['due'] }
    },
    cancel: async (namespace, id, command) => void this.#run('runs.cancel', namespace, id, command),
    terminate: async (namespace, id, command) => void this.#run('runs.terminate', namespace, id, command),
    retry: async (namespace, id, command) => {
      this.#run('runs.retry', namespace, id, command)
      return callRunId(command.id, 0)
    },
    fork: async (namespace, id, _fork, command) => {
      this.#run('runs.fork', namespace, id, command)
      return callRunId(command.id, 0)
    },
    reruns: async (namespace, id, span) => {
      this.#run('runs.reruns', namespace, id, span)
      return [
        { run: id, nominalAt: NOW, again: null },
        { run: callRunId('begun', 0), nominalAt: NOW, again: callRunId('again', 0) },
      ]
    },
    rerunTasks: async (namespace, id, rerun) => {
      this.#run('runs.rerunTasks', namespace, id, rerun)
      return [
        { task: 'list', items: null },
        { task: 'clean', items: 3 },
      ]
    },
    mark: async (namespace, id, mark, command) => void this.#run('runs.mark', namespace, id, mark, command),
    change: async (namespace, id, change, command) => void this.#run('runs.change', namespace, id, change, command),
    signal: async (namespace, id, signal, command) => void this.#run('runs.signal', namespace, id, signal, command),
    signals: async (namespace, id, signals, command) => {
      this.#run('runs.signals', namespace, id, signals, command)
      return signals.length
    },
    query: async (namespace, id, query) => {
      this.#run('runs.query', namespace, id, query)
      return '{"asked":1}'
    },
    update: async (namespace, id, update, command) => {
      this.#run('runs.update', namespace, id, update, command)
      return update.name === 'later' ? { is: 'accepted' } : { is: 'completed', output: '7' }
    },
    settle: async (namespace, token, settlement, command) => this.#called('runs.settle', namespace, token, settlement, command),
    subject: notCalled,
    accept: notCalled,
    outcome: notCalled,
    resume: async (namespace, id, command) => void this.#run('runs.resume', namespace, id, command),
  }
  readonly versions: Engine['versions'] = {
    get: async () => ({
      versions: [{ version: 'v1', state: 'current', percent: 100, open: 3, registeredAt: NOW, workers: [{ id: 'w1', name: 'web-1:42' }] }],
      unbegun: 1,
      more: false,
      set: { by: 'ana', since: NOW },
    }),
    ramp: async (namespace, name, ramp) => this.#called('versions.ramp', namespace, name, ramp),
    rollback: async (namespace, name) => this.#called('versions.rollback', namespace, name),
  }
  readonly definitions: Engine['definitions'] = {
    register: async (namespace, definitions) => this.#called('definitions.register', namespace, definitions),
    override: async (namespace, name, options, by) => {
      this.#called('definitions.override', namespace, name, options)
      this.overrides = options
      this.#by = by
    },
    graph: (namespace, name, version) => {
      this.#called('definitions.graph', namespace, name, version)
      const task = { task: 'list', job: 'list', rule: 'all_success', is: null, mapped: false, group: 'in', after: [] } as const
      return {
        definition: name,
        version: version ?? 'v1',
        tasks: [task, { ...task, task: 'clean', mapped: true, after: [0] }],
        groups: [{ group: 'in', in: null, description: null, mapped: false }],
      }
    },
    cache: async (namespace, definition, task) => {
      this.#called('definitions.cache', namespace, definition, task)
      return { definition, task, ttlMs: 1_000, count: 1, length: 5, entries: [{ key: 'k', at: NOW, run: 'r' as RunId }] }
    },
    uncache: async (namespace, definition, task, of) => {
      this.#called('definitions.uncache', namespace, definition, task, of)
      return { forgotten: 1 }
    },
    durations: async (namespace, name, of) => {
      this.#called('definitions.durations', namespace, name, of)
      const run = { run: 'r' as RunId, state: 'completed', createdAt: NOW, startedAt: NOW, closedAt: NOW + 5, ms: 5, taskMs: null } as const
      return { runs: [run], runMs: { p50: 5, p95: 5 }, tasks: [{ task: 'list', runs: 1, p50: 4, p95: 4, lastMs: 4 }], tasksOf: 1 }
    },
    grid: async (namespace, name, page) => {
      this.#called('definitions.grid', namespace, name, page)
      const run = {
        run: 'r' as RunId,
        state: 'running',
        version: 'v1',
        createdAt: NOW,
        startedAt: NOW,
        closedAt: null,
        nominalAt: NOW,
        tasks: 'sr',
      } as const
      return { runs: [{ ...run, items: { 1: { success: 2, started: 1 } } }], next: 'further' }
    },
    inputSchema: () => null,
    detail: async () => ({
      versions: [{ version: 'v1', registeredAt: NOW, workers: [{ id: 'w1', name: 'web-1:42' }] }],
      recent: {
        runs: 3,
        counts: { completed: 2, failed: 1 },
        versions: [{ version: null, counts: { completed: 2, failed: 1 } }],
        runMs: { p50: 5, p95: 20 },
      },
    }),
    list: namespace => [
      {
        namespace,
        kind: 'job',
        name: 'resize',
        version: 'v1',
        options: {
          retry: { attempts: 3, initialMs: 500 },
          tags: { team: 'media' },
          retentionMs: 1_000,
          limits: [
            { per: 'user', concurrency: 2 },
            { name: 'api', rate: 100, everyMs: 60_000 },
          ],
          ...this.declared,
          ...this.overrides,
        },
        override: this.overrides,
        set: Object.fromEntries(Object.keys(this.overrides ?? {}).map(option => [option, { by: this.#by, since: NOW }])),
        schema: '{"const":12345678901234567890}',
        registeredAt: NOW,
        versions: 2,
        paused: { by: 'ana', note: null, since: NOW },
      },
    ],
  }
  readonly pauses: Engine['pauses'] = {
    set: async (target, pause) => {
      this.#called('pauses.set', target, pause)
      this.#pauses = this.#pauses.filter(({ scope, name }) => scope !== target.scope || name !== target.name)
      if (pause !== null) this.#pauses.push({ ...target, ...pause, since: NOW })
    },
    list: namespace => this.#pauses.map(pause => ({ ...pause, namespace })),
  }
  readonly queues: Engine['queues'] = {
    shares: async () => ({
      keys: 2,
      inTurn: 1,
      recent: 10,
      unread: 0,
      shares: [
        { key: 'acme', weight: 3, before: 0, ready: 4, more: true, held: 0, running: 1, handedOut: 7 },
        { key: null, weight: 1, before: null, ready: 1, more: false, held: 1, running: 0, handedOut: 3 },
      ],
    }),
    list: async () => [
      { name: 'default', depth: 3, running: 1, scheduled: 2, waiting: 1, parked: 0, oldestAt: NOW - 5_000, paused: null, workers: 1, untaken: [] },
    ],
  }
  readonly activity: Engine['activity'] = {
    get: async () => ({
      from: NOW - 60_000,
      stepMs: 60_000,
      points: [{ at: NOW - 60_000, started: 3, closed: { completed: 2, failed: 1 }, waitMs: { p50: 5, p95: 20 }, runMs: null }],
      queues: [{ name: 'default', started: 3, closed: { completed: 2 } }],
      since: NOW - 60_000,
      countedSince: NOW,
    }),
    lastHour: async () => ({
      queues: new Map([['default', { started: 3, closed: { completed: 2 } }]]),
      definitions: new Map([['resize', { started: 3, closed: { completed: 2 } }]]),
    }),
    counted: async () => ({ from: NOW, stepMs: 60_000, since: NOW, countedSince: NOW, own: NOTHING_COUNTED, before: NOTHING_COUNTED }),
  }
  readonly workers: Engine['workers'] = {
    drain: async (namespace, worker, command) => this.#called('workers.drain', namespace, worker, command),
    undrain: async (namespace, worker) => this.#called('workers.undrain', namespace, worker),
    tell: () => [],
    told: () => {},
    silent: async () => [{ id: 'w0', name: 'web-0:41', lastSeenAt: NOW - 600_000 }],
    list: async () => [
      {
        id: 'w1',
        name: 'web-1:42',
        serves: [{ definition: 'resize', version: null }],
        queues: [],
        labels: { gpu: 'a100' },
        slots: 4,
        units: { gpu: 2 },
        running: [{ run: newId(NOW, Math.random), definition: 'resize', attempt: 1, since: NOW, stuck: false }],
        lastSeenAt: NOW,
        draining: true,
        drained: { by: 'ana', note: null, since: NOW },
        via: null,
      },
    ],
  }
  streams: StreamSummary[] = [{ name: 'answer', chunks: 2, bytes: 7, closed: false }]
  /** What the next calls answer. */
  streamPages: StreamPage[] = []
  readonly tasks: Engine['tasks'] = {
    head: () => null,
    heads: () => [],
    onReady: () => () => {},
    poll: async (namespace, poll, signal) => {
      this.#called('tasks.poll', namespace, poll)
      if (this.deliveries.length === 0 && poll.waitMs > 0) {
        await new Promise<void>(resolve => {
          if (signal.aborted) resolve()
          signal.addEventListener('abort', () => resolve(), { once: true })
          setTimeout(resolve, Math.min(poll.waitMs, 5))
        })
        if (signal.aborted) this.calls.push({ name: 'poll aborted', args: [] })
      }
      return { answer: 'answer-1', tasks: this.deliveries }
    },
    complete: async (namespace, worker, results) => {
      this.#called('tasks.complete', namespace, worker, results)
      return results.map(() => 'accepted' as const)
    },
    advance: async (namespace, worker, advances) => {
      this.#called('tasks.advance', namespace, worker, advances)
      return advances.map(({ upTo }) => ({ is: 'yielded' as const, journal: { from: upTo, events: [{ is: 'yielded', at: NOW, call: 1 }] } }))
    },
    stream: async (namespace, worker, writes) => {
      this.#called('tasks.stream', namespace, worker, writes)
      return writes.map(() => 'kept' as const)
    },
    heartbeat: async (namespace, worker, beats) => {
      this.#called('tasks.heartbeat', namespace, worker, beats)
      return beats.map(() => 'held' as const)
    },
    asked: async (namespace, asker) => {
      this.#called('tasks.asked', namespace, asker)
      return [
        {
          id: 'q1',
          is: 'query',
          run: callRunId('poll', 0),
          definition: 'order',
          holder: null,
          upTo: 3,
          name: 'status',
          payload: '{"n":12345678901234567890}',
          input: '7',
          metadata: null,
          tags: { a: 'b' },
        },
      ]
    },
    answer: async (namespace, answers) => this.#called('tasks.answer', namespace, answers),
    ask: notCalled,
    log: async (namespace, lines) => this.#called('tasks.log', namespace, lines),
    gone: async (namespace, worker) => this.#called('tasks.gone', namespace, worker),
  }
  async subscribe(namespace: string, run: string | null, listener: (event: LiveEvent) => void): Promise<() => void> {
    const entry = { namespace, run, listener }
    this.#listeners.add(entry)
    return () => void this.#listeners.delete(entry)
  }
  readonly settings: Engine['settings'] = {
    get: kind => [...this.#settings].filter(([key]) => key.startsWith(`${kind} `)).map(([, setting]) => setting),
    put: async (kind, namespace, name, value) => {
      this.#called('settings.put', kind, namespace, name, value)
      if (value === null) this.#settings.delete(`${kind} ${namespace} ${name}`)
      else this.#settings.set(`${kind} ${namespace} ${name}`, { namespace, name, value, changedAt: NOW })
    },
  }
  readonly namespaces: Engine['namespaces'] = { list: async () => [{ name: 'default', definitions: 1, open: 6, workers: 1 }] }
  stats(): ReturnType<Engine['stats']> {
    return {
      started: 12,
      delivered: 9,
      closed: { completed: 7, failed: 1 },
      commits: 5,
      commitsFenced: 1,
      actorsCached: 3,
      batchBytes: 100,
      refusedOverload: 2,
      stuck: 1,
      queues: [
        { namespace: 'default', queue: 'default', depth: 3, running: 1, scheduled: 2, waiting: 4, paused: 0, oldestAt: NOW - 5_000, untaken: 0 },
      ],
      workers: 1,
    }
  }
}

export function fakeRun(run: Partial<RunDetail> = {}): RunDetail {
  return {
    id: newId(NOW, Math.random),
    namespace: 'default',
    kind: 'job',
    definition: 'resize',
    queue: 'default',
    state: 'queued',
    reason: null,
    attempt: 0,
    attempts: 10,
    priority: 0,
    createdAt: NOW,
    startedAt: null,
    closedAt: null,
    version: null,
    nextAt: null,
    progress: null,
    tags: null,
    trigger: { is: 'call' },
    failure: null,
    input: '{"n":12345678901234567890}',
    output: null,
    checkpoint: null,
    metadata: null,
    worker: null,
    outcome: null,
    options: { delayMs: 5, notBefore: NOW, timeout: { attempt: 1_000 } },
    workflow: {
      state: '{"stage":1}',
      awaits: [{ n: 1, is: 'signal', name: 'go', until: NOW, run: null }],
      more: false,
      updates: [{ id: 'u1', name: 'add' }],
    },
    ...run,
  }
}

async function notCalled(): Promise<never> {
  throw new Error('the API does not call this')
}

export function fakeDelivery(index: number): Delivery {
  return {
    run: callRunId('poll', index),
    task: 'main',
    attempt: 1,
    delivery: callRunId('delivery', index),
    taskKey: `${callRunId('poll', index)}/main`,
    definition: 'resize',
    queue: 'default',
    attempts: 10,
    input: `{"user":"u${index}","url":"https://example.org/photos/${index}.jpg","sizes":[100,200,400],"note":"about a hundred bytes"}`,
    checkpoint: null,
    metadata: null,
    deadline: null,
    timeoutMs: null,
    leaseMs: 15_000,
    tags: null,
    traceparent: null,
    nominalAt: null,
    dag: null,
    latenessMs: null,
    bundle: null,
    cost: null,
  }
}

const FAKE_APPROVAL: ApprovalView = {
  run: callRunId('approval', 0),
  state: 'waiting',
  definition: 'sales.release',
  dag: { run: callRunId('dag', 0), task: 'release', item: null },
  asked: {
    subject: 'Publish?',
    form: { type: 'object', properties: { amount: { type: 'number' } } },
    assignees: ['ana'],
    deadlineMs: 1_000,
    default: 'reject',
  },
  since: NOW,
  deadlineAt: NOW + 1_000,
}

const FAKE_EVENT: AssetEvent = {
  n: 1,
  at: NOW,
  source: { is: 'run', run: FAKE_NODE, definition: 'load', dag: 'sales', task: 'load' },
  extra: '{"rows":12345678901234567890}',
}
const FAKE_ASSET: AssetDetail = {
  ...{ name: 's3://sales', namespace: 'default', description: 'daily sales', count: 1, last: FAKE_EVENT },
  partitions: { every: 'day', start: '2026-01-01', timezone: 'Europe/Berlin' },
  producers: [{ definition: 'load', dag: 'sales', task: 'load', at: NOW }],
  consumers: [{ id: FAKE_NODE, name: 'report', since: NOW }],
  watermark: { value: '{"id":12345678901234567890}', at: NOW, run: FAKE_NODE },
  events: [FAKE_EVENT],
}
