import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { Compile } from 'typebox/compile'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApi, OPERATIONS } from './api.ts'
import { explainMismatch } from './check.ts'
import { FAKE_BATCH } from './fake-batches.ts'
import { FakeEngine, fakeDelivery } from './fake-engine.ts'
import type { Method } from './operation.ts'
import { scheduleOf } from './schedule-inputs.ts'

/** Whatever is sent: never an error of ours, never a wait, each refusal a problem with its code and place, and nothing of it at the engine. */

let engine: FakeEngine
let app: FastifyInstance
let run: string
beforeAll(async () => {
  engine = new FakeEngine()
  await engine.settings.put('variable', 'default', 'a', '{"value":1,"description":null,"by":null,"since":0}')
  await engine.settings.put('connection', 'default', 'b', '{"connection":{"type":"http"},"description":null,"by":null,"since":0}')
  engine.deliveries = [fakeDelivery(0)]
  run = engine.add().id
  // Reads wait for nothing here.
  engine.runs.wait = engine.runs.get
  app = createApi(engine).http({ bind: 'localhost' })
})
afterAll(() => app.close())

const SCHEDULE_READS = ['get', 'list', 'preview', 'ledger', 'calendar', 'explain', 'upcoming', 'outcomes'].map(name => `schedules.${name}`)
const BATCH_READS = ['get', 'list', 'preview'].map(name => `batches.${name}`)
const READS = new Set([
  'runs.list',
  'runs.get',
  'runs.history',
  'runs.events',
  'runs.logs',
  'runs.explain',
  'runs.related',
  'runs.tally',
  'runs.streams',
  ...SCHEDULE_READS,
  ...BATCH_READS,
])
/** Codes that say which field is meant: these have a place. */
const PLACED = new Set(['invalid-input', 'invalid-option', 'invalid-duration', 'payload-too-large', 'too-many-items', 'unsupported-media-type'])

/** Refusals of the engine itself: it must be asked for them. */
const ASKED = new Set([
  'run-not-found',
  'batch-not-found',
  'schedule-not-found',
  'limit-not-found',
  'key-conflict',
  'variable-not-found',
  'connection-not-found',
])

async function holds(method: Method, url: string, payload: string | Buffer | undefined, headers: Record<string, string>): Promise<void> {
  const before = engine.calls.length
  const answer = await app.inject({ method, url, headers: { host: 'localhost', ...headers }, ...(payload === undefined ? {} : { payload }) })
  const shown = `${method} ${url} ${String(payload).slice(0, 500)} → ${answer.statusCode} ${answer.body.slice(0, 500)}`
  expect(answer.statusCode, shown).toBeLessThan(500)
  if (answer.statusCode < 400) return
  expect(answer.headers['content-type'], shown).toBe('application/problem+json; charset=utf-8')
  const problem = answer.json()
  expect(problem, shown).toMatchObject({ code: expect.stringMatching(/^[a-z-]+$/), status: answer.statusCode, title: expect.any(String) })
  if (PLACED.has(problem.code)) expect(problem.at ?? problem.hint, shown).toEqual(expect.any(String))
  if (problem.at) expect(problem.at, shown).toMatch(/^\//)
  expect(answer.body.length, shown).toBeLessThan(5_000)
  if (!ASKED.has(problem.code))
    expect(
      engine.calls.slice(before).filter(({ name }) => !READS.has(name)),
      shown,
    ).toEqual([])
}

const REF = { run: '01kg0000000000000000000000', task: 'main', attempt: 1, delivery: 'd' }
const OPTIONS = {
  queue: 'q',
  priority: 5,
  retry: { attempts: 3, initial: '1s', factor: 2, maximum: '1h', jitter: 0.1 },
  timeout: { attempt: '1m', total: 1_000, scheduleToStart: '1h', heartbeat: '5s' },
  expires: '1d',
  exhausted: 'park',
  retention: '7d',
  labels: { gpu: 'a100' },
  tags: { team: 'media' },
}
const RULES = {
  limits: [
    { per: 'user', concurrency: 2 },
    { rate: 100, every: '1m', weight: 2 },
    { name: 'api', rate: 10, every: 1_000, per: 'order.tenant' },
    { pool: 'warehouse', weight: 2 },
  ],
  fair: { per: 'tenant', weights: { big: 3 } },
  sequence: { per: 'order', onFailure: 'skip' },
  cost: { cpu: 2, memory: 512 },
  batch: { size: 50, within: '1s' },
  debounce: { per: 'user', for: '5s', maximum: '1m' },
  onFailure: { url: 'https://example.org/hook', secret: 's' },
  notify: [
    { on: ['failed'], url: 'https://example.org/hook', secret: 's' },
    { on: ['completed', 'retrying'], email: ['ana@example.org'] },
  ],
}
const START = {
  definition: 'a',
  input: { a: [1] },
  key: 'k',
  keyRetention: '2d',
  ...OPTIONS,
  delay: '5m',
  metadata: 'm',
  parent: REF.run,
  traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
}
const TIMETABLE = {
  timezone: 'Europe/Berlin',
  cron: ['0 2 * * *', { minute: '0', hour: '2' }],
  dialect: 'unix',
  days: 'or',
  gap: 'shift',
  fold: 'first',
  every: { every: '1d', clock: 'wall', anchor: '2026-01-01', at: '02:00', monthEnd: 'clamp' },
  at: ['2026-12-24T18:00:00+01:00'],
  solar: { event: 'sunrise', latitude: 52.5, longitude: 13.4 },
  start: '2026-01-01T00:00:00Z',
  end: '2027-01-01',
  calendars: { feasts: { dates: ['12-25'] }, own: { ics: 'BEGIN:VCALENDAR' } },
  only: 'business-days',
  except: ['feasts'],
  holidays: ['own'],
  weekend: ['sun'],
  move: 'next-business-day',
  blackouts: [
    { from: '2026-01-01', to: '2026-01-02', note: 'n' },
    { cron: '0 2 * * *', for: '45m' },
  ],
}
const SPEC = {
  description: 'd',
  ...TIMETABLE,
  target: 'resize',
  input: { day: '{{nominalDate}}' },
  options: OPTIONS,
  overlap: 'buffer_one',
  catchup: { policy: 'latest', window: '2d' },
  jitter: '5m',
}
const VALID: Record<string, unknown> = {
  'runs.fork': { from: 'charge', input: { a: 1 } },
  'runs.rerun': { tasks: ['a'], items: [1], downstream: true, past: true, from: '2026-01-01T00:00:00Z', onlyFailed: true },
  'runs.reset': { to: 2 },
  'approvals.approve': { input: { amount: 1 }, why: 'w', by: 'ana' },
  'approvals.reject': { why: 'w', by: 'ana' },
  'assets.set': { description: 'd', partitions: { keys: ['de'] } },
  'assets.emit': { partition: '2026-01-02', extra: { rows: 1 } },
  'runs.signals': { signals: [{ name: 'go', payload: { a: 1 } }, { name: 'go' }] },
  'runs.mark': { as: 'success', output: [1], item: 1, why: 'w' },
  'endpoints.set': { url: 'https://shop.example/mainspring', slots: 5, timeout: '1m' },
  'versions.ramp': { version: 'v2', percent: 20 },
  'runs.start': START,
  'runs.startMany': { runs: [START, { definition: 'b', unique: { by: 'key', key: 'u', states: ['queued'] }, at: '2026-03-01T09:00:00+01:00' }] },
  'runs.closed': { runs: [REF.run], wait: 5 },
  'runs.retry': { input: [1], force: true },
  'runs.change': { delay: '5m', priority: 1, queue: 'q', input: [1], why: 'w' },
  'batches.start': {
    name: 'import',
    jobs: [START, { batch: { jobs: [{ definition: 'b' }], open: true } }],
    onComplete: { definition: 'c', input: 1, options: OPTIONS },
    tags: { team: 'media' },
    retention: '1d',
  },
  'batches.add': { jobs: [{ definition: 'a', input: 1 }, { batch: {} }] },
  'batches.bulk': {
    name: 'tidy',
    operation: 'change',
    filter: { state: ['queued'], definition: ['a'], queue: ['q'], tags: { a: 'b' }, createdAfter: '2026-03-01T09:00:00Z', reason: 'r', error: 'e' },
    change: { delay: '5m', priority: 3, queue: 'q' },
    why: 'w',
  },
  'batches.preview': { operation: 'cancel', filter: { createdBefore: '2026-03-01T09:00:00Z' } },
  'definitions.register': {
    definitions: [{ kind: 'job', name: 'a', version: 'v', options: { ...OPTIONS, ...RULES, unique: { by: 'name' } }, schema: { type: 'object' } }],
  },
  'tasks.poll': {
    worker: 'w',
    workerName: 'host:1',
    last: null,
    queues: ['q'],
    serves: [{ definition: 'a', version: null }],
    labels: { a: 'b' },
    max: 5,
    slots: 9,
    units: { cpu: 1.5 },
    unitsTotal: { cpu: 4 },
    wait: 1,
  },
  'tasks.complete': {
    worker: 'w',
    results: [
      { ...REF, is: 'completed', output: { a: 1 } },
      {
        ...REF,
        is: 'failed',
        failure: { type: 'E', message: 'm', stack: 's', code: 'c', cause: { type: 'E', message: 'm' } },
        retry: false,
        delayMs: 5,
      },
      { ...REF, is: 'snoozed', delayMs: 5, slow: true },
      { ...REF, is: 'returned' },
      { ...REF, is: 'cancelled' },
    ],
  },
  'tasks.advance': { worker: 'w', advances: [{ ...REF, call: 1, upTo: 0, yields: true, entries: [] }] },
  'runs.update': { input: { a: 1 }, wait: 5 },
  'runs.query': { input: 1 },
  'promises.resolve': { value: 1 },
  'promises.reject': { message: 'no' },
  'tasks.questions': { worker: 'w', serves: ['a'], wait: 1 },
  'tasks.answers': { answers: [{ question: 'q', is: 'answered', output: 1 }] },
  'tasks.heartbeat': { worker: 'w', beats: [{ ...REF, active: true, stuck: true, progress: { value: 0.5, message: 'm' }, checkpoint: [1] }] },
  'tasks.stream': {
    worker: 'w',
    writes: [{ ...REF, stream: 's', step: { key: '0.1', name: 'think', attempt: 2 }, writer: 'w.1', from: 0, chunks: ['a', { b: 1 }] }],
  },
  'tasks.log': {
    worker: 'w',
    lines: [{ run: REF.run, attempt: 1, delivery: 'd', n: 0, at: '2026-03-01T09:00:00.123Z', level: 'warn', message: 'm', fields: { a: 1 } }],
  },
  'keys.create': { name: 'ci' },
  'schedules.put': SPEC,
  'schedules.change': { cron: '0 3 * * *', every: null, input: [2], jitter: '1m' },
  'schedules.setWatermark': { value: { id: 7 } },
  'schedules.pause': { note: 'n', until: '2126-03-01T09:00:00Z' },
  'schedules.backfill': { from: '2026-03-01T00:00:00Z', to: '2026-03-02T00:00:00+01:00', maxActive: 5, missing: true },
  'schedules.previewBackfill': { from: '2026-03-01T00:00:00Z', to: '2026-03-02T00:00:00Z', order: 'reverse', reprocess: 'failed' },
  'schedules.try': { schedule: TIMETABLE, from: '2026-03-01T09:00:00Z', count: 5 },
  'schedules.register': {
    source: 'web',
    schedules: [
      { name: 'a', ...SPEC },
      { name: 'b', at: '2026-12-24T18:00', target: 'a', catchup: '6h' },
    ],
  },
  'definitions.override': { ...OPTIONS, ...RULES, fair: 'tenant', sequence: 'order', cost: 2, debounce: '5s', onFailure: 'alert' },
  'shards.set': { shards: 256 },
  'limits.set': { on: { queue: 'images' }, per: 'user', rate: 100, every: '1m' },
  'sequences.resume': { key: 'order-17' },
  'tasks.artifact': { worker: 'w', ...REF, put: 'p', name: 'a', kind: 'markdown', title: 't', value: 'x' },
  'variables.set': { value: { a: 1 }, secret: false, description: 'd' },
  'connections.set': { type: 'http', host: 'h', port: 80, login: 'l', schema: 's', description: 'd' },
  'tasks.lookup': { worker: 'w', ...REF, variables: ['a'], connections: ['b'] },
  'retention.set': { runs: '30d', ledger: 86_400_000 },
  apply: {
    schedules: [{ name: 'a', ...SPEC }],
    queues: [
      { name: 'q', paused: { note: 'n' } },
      { name: 'r', paused: false },
    ],
    definitions: [{ name: 'resize', paused: true, options: { ...OPTIONS, ...RULES, unique: { by: 'input' } } }],
    limits: [
      { name: 'api', rate: 5, every: '1s' },
      { name: 'images', on: { queue: 'images' }, per: 'user', concurrency: 0 },
      { name: 'warehouse', on: 'pool', concurrency: 10 },
    ],
    dryRun: false,
    prune: true,
  },
}
const QUERY = ['state', 'definition', 'queue', 'tag', 'createdAfter', 'createdBefore', 'limit', 'cursor', 'wait', 'x', '__proto__', 'constructor']

const junk = () =>
  fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      -1,
      0,
      1.5,
      1e21,
      2 ** 53,
      '',
      '\0',
      '\ud800',
      '__proto__',
      'x'.repeat(3_000),
      [],
      {},
      '1h',
      '99999999w',
      '2026-13-01T00:00:00Z',
      'toString',
    ),
    fc.jsonValue(),
    fc.string({ unit: 'binary' }),
  )

/** A valid body with something in it taken out, put in, or replaced. */
const mutated = (valid: unknown): fc.Arbitrary<unknown> =>
  fc
    .tuple(
      fc.nat(),
      fc.constantFrom('replace', 'remove', 'add'),
      fc.constantFrom('x', '__proto__', 'constructor', 'inputs', 'hasOwnProperty', ''),
      junk(),
    )
    .map(([seed, how, name, value]) => {
      const places: { holder: Record<string, unknown>; key: string }[] = []
      const copy = structuredClone({ root: valid })
      const walk = (holder: Record<string, unknown>) => {
        for (const key of Object.keys(holder)) {
          places.push({ holder, key })
          if (typeof holder[key] === 'object' && holder[key] !== null) walk(holder[key] as Record<string, unknown>)
        }
      }
      walk(copy)
      const { holder, key } = places[seed % places.length] as (typeof places)[number]
      if (how === 'remove' && key !== 'root') delete holder[key]
      else if (how === 'add' && !Array.isArray(holder))
        Object.defineProperty(key === 'root' ? copy.root : holder, name, { value, enumerable: true, configurable: true, writable: true })
      else holder[key] = value
      return copy.root
    })

const pathValue = () =>
  fc.oneof(
    fc.constantFrom('default', 'a', 'resize', 'resize/user', '..', '.', 'x'.repeat(300), '__proto__', 'batch'),
    fc.string({ unit: 'binary', minLength: 1 }),
  )

describe.each(OPERATIONS.map(operation => [operation.name, operation] as const))('%s', (name, { method, path, body, query }) => {
  const target = () =>
    fc
      .tuple(
        pathValue(),
        pathValue(),
        fc.option(
          fc.array(
            fc.tuple(
              fc.constantFrom(...QUERY, ...Object.keys(query)),
              fc.oneof(fc.string(), fc.constantFrom('running', '10', '30s', '2026-03-01T00:00:00Z', 'a:b', '%')),
            ),
            { maxLength: 3 },
          ),
        ),
      )
      .map(([namespace, other, pairs]) => {
        const put = (text: string) => encodeURIComponent(text.toWellFormed())
        const filled = path.replace(/\{(\w+)\}/g, (_, parameter) =>
          parameter === 'namespace' ? put(namespace) : parameter === 'run' && other.length < 5 ? run : put(other),
        )
        return pairs === null || pairs.length === 0
          ? filled
          : `${filled}?${new URLSearchParams(pairs.map(([key, value]) => [key, value] as [string, string]))}`
      })
  const plain = path
    .replace(/\{run\}/, '{run}')
    .replace(/\{batch\}/, FAKE_BATCH)
    .replace(/\{(\w+)\}/g, (_, parameter) =>
      parameter === 'run' ? 'RUN' : name.startsWith('definitions.') && parameter === 'name' ? 'resize' : 'default',
    )
  const headers = () =>
    fc.record(
      {
        'content-type': fc.constantFrom(
          'application/json',
          'application/json',
          'application/json; charset=utf-8',
          'text/plain',
          'application/xml',
          ';',
        ),
        'idempotency-key': fc.oneof(
          fc.constant('key'),
          fc.string({ maxLength: 300 }).map(text => text.replace(/[^\x20-\x7e]/g, ' ')),
        ),
      },
      { requiredKeys: [] },
    )

  test('any address, body and headers', async () => {
    await fc.assert(
      fc.asyncProperty(
        target(),
        fc.oneof(
          fc.json(),
          fc.string({ unit: 'binary' }),
          fc.uint8Array().map(bytes => Buffer.from(bytes)),
          fc.constant(undefined),
        ),
        headers(),
        async (url, payload, given) => {
          await holds(
            method,
            url,
            method === 'GET' ? undefined : typeof payload === 'string' ? payload.toWellFormed() : payload,
            given as Record<string, string>,
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  if (body === null) return
  const valid = VALID[name] ?? {}

  test('the valid body is taken', async () => {
    await engine.schedules.put('default', 'default', {
      spec: scheduleOf({ ...SPEC, input: 0 } as never, ['1'], ''),
      origin: { is: 'api' },
      id: 'c',
      by: null,
    })
    const answer = await app.inject({
      method,
      url: plain.replace('RUN', run),
      headers: { host: 'localhost', 'content-type': 'application/json' },
      payload: JSON.stringify(valid),
    })
    expect(answer.statusCode, answer.body).toBeLessThan(300)
  })

  test('a valid body with a mistake in it', async () => {
    await fc.assert(
      fc.asyncProperty(mutated(valid), value =>
        holds(method, plain.replace('RUN', run), JSON.stringify(value) ?? '', { 'content-type': 'application/json' }),
      ),
      { numRuns: 250 },
    )
  })

  test('words are found for exactly what the compiled check refuses', () => {
    const compiled = Compile(body.schema)
    fc.assert(
      fc.property(fc.oneof(mutated(valid), junk()), value => {
        const parsed: unknown = JSON.parse(JSON.stringify(value) ?? 'null')
        expect(explainMismatch(body.schema, parsed) === null).toBe(compiled.Check(parsed))
      }),
      { numRuns: 400 },
    )
  })
})
