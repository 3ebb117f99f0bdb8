import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { beforeEach, describe, expect, test } from 'vitest'
import { SCHEDULES_PER_CALL_MAX } from '../../sdk/typescript/src/schedules.ts'
import type * as wire from '../../sdk/typescript/src/wire.ts'
import { CALL_KEY_HEADER, STREAMS, OPERATIONS as WIRE_OPERATIONS } from '../../sdk/typescript/src/wire.ts'
import { DOWNLOADS } from '../../sdk/typescript/src/wire-files.ts'
import type * as wireStreams from '../../sdk/typescript/src/wire-streams.ts'
import type { TimetableSpec } from '../time/spec.ts'
import type * as answers from './answers.ts'
import { type Api, createApi, OPERATIONS } from './api.ts'
import type * as applySchemas from './apply-schemas.ts'
import type * as artifacts from './artifacts.ts'
import type * as batchAnswers from './batch-answers.ts'
import type * as batchSchemas from './batch-schemas.ts'
import type * as definitionSchemas from './definition-schemas.ts'
import { STREAM_PATHS } from './events.ts'
import { FAKE_BATCH } from './fake-batches.ts'
import { FakeEngine, fakeDelivery, NOW } from './fake-engine.ts'
import { fakeLine } from './fake-schedules.ts'
import * as files from './files.ts'
import type * as limitSchemas from './limit-schemas.ts'
import type * as scheduleAnswers from './schedule-answers.ts'
import type * as scheduleSchemas from './schedule-schemas.ts'
import { SCHEDULES_PER_CALL_MAX as SERVER_SCHEDULES_PER_CALL_MAX } from './schedule-schemas.ts'
import type * as schemas from './schemas.ts'
import type * as streams from './streams.ts'
import type * as variables from './variables/operations.ts'
import type * as versions from './versions.ts'
import type * as workflowSchemas from './workflow-schemas.ts'

const FAKE_ENDPOINT = { url: 'https://shop.example/api/mainspring', secrets: ['whsec_eA=='], slots: 10, timeoutMs: 60_000, by: null, since: 0 }

/** The server's schemas and the SDK's types say the same: each fits where the other is asked for. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
/** Lists of the SDK are readonly, those of the server are its own. */
type Mutable<T> = T extends readonly (infer Item)[] ? Mutable<Item>[] : T extends object ? { [K in keyof T]: Mutable<T[K]> } : T
const same = <A, B>(holds: Same<A, B>) => holds

test('what the SDK sends is what the server takes, type by type', () => {
  expect([
    same<Static<typeof schemas.Start>, wire.WireStart>(true),
    same<Static<typeof schemas.StartMany>, wire.WireStartMany>(true),
    same<Static<typeof schemas.AwaitedRuns>, wire.WireAwaitedRuns>(true),
    same<Static<typeof definitionSchemas.Register>, wire.WireRegister>(true),
    same<Static<typeof limitSchemas.LimitSet>, wire.WireLimitSet>(true),
    same<Static<typeof limitSchemas.SequenceResume>, wire.WireSequenceResume>(true),
    same<Static<typeof schemas.CommandBody>, wire.WireCommand>(true),
    same<Static<typeof schemas.ResumeBody>, wire.WireResume>(true),
    same<Static<typeof workflowSchemas.Fork>, wire.WireFork>(true),
    same<Static<typeof workflowSchemas.Reset>, wire.WireReset>(true),
    same<Static<typeof versions.Ramp>, wire.WireRamp>(true),
    same<Static<typeof schemas.Poll>, wire.WirePoll>(true),
    same<Static<typeof schemas.Complete>['results'][number]['is'], wire.WireResult['is']>(true),
    same<Static<typeof schemas.Heartbeat>, wire.WireHeartbeat>(true),
    same<Static<typeof workflowSchemas.Advance>, wire.WireAdvance>(true),
    same<Static<typeof streams.StreamWrites>, wireStreams.WireStreamWrites>(true),
    same<Static<typeof workflowSchemas.Signal>, wire.WireSignal>(true),
    same<Static<typeof scheduleSchemas.Timetable>, Mutable<wire.WireTimetable>>(true),
    same<Static<typeof scheduleSchemas.Timetable>, Mutable<TimetableSpec>>(true),
    same<Static<typeof scheduleSchemas.ScheduleSpec>, Mutable<wire.WireScheduleSpec>>(true),
    same<keyof Static<typeof scheduleSchemas.ScheduleChange>, keyof wire.WireScheduleSpec>(true),
    same<Static<typeof scheduleSchemas.SchedulePause>, wire.WireSchedulePause>(true),
    same<Static<typeof scheduleSchemas.Backfill>, wire.WireBackfillAsk>(true),
    same<Static<typeof scheduleSchemas.Try>, Mutable<wire.WireTry>>(true),
    same<Static<typeof scheduleSchemas.RegisterSchedules>, Mutable<wire.WireRegisterSchedules>>(true),
    same<Static<typeof applySchemas.Apply>, Mutable<wire.WireApply>>(true),
    same<Static<typeof variables.VariableSet>, wire.WireVariableSet>(true),
    same<Static<typeof variables.ConnectionSet>, wire.WireConnectionSet>(true),
    same<Static<typeof variables.Lookup>, wire.WireLookup>(true),
    same<Static<typeof artifacts.ArtifactWrite>, wire.WireArtifactWrite>(true),
  ]).not.toContain(false)
})

test('what the server answers is what the SDK reads, type by type', () => {
  expect([
    same<Static<typeof answers.Problem>, wire.WireProblem>(true),
    same<Static<typeof versions.Versions>, wire.WireVersions>(true),
    same<Static<typeof answers.StartedMany>, wire.WireStartedMany>(true),
    same<Static<typeof answers.Run>['state'], wire.State>(true),
    same<keyof Static<typeof answers.RunDetail>, keyof wire.WireRunDetail>(true),
    same<Static<typeof answers.Logs>, wire.WireLogs>(true),
    same<Static<typeof streams.Streams>, wireStreams.WireStreams>(true),
    same<Static<typeof streams.Chunks>, wireStreams.WireChunks>(true),
    same<Static<typeof streams.StreamEvent>, wireStreams.WireStreamEvent>(true),
    same<Static<typeof streams.StreamWritten>, wireStreams.WireStreamWritten>(true),
    same<Static<typeof answers.Explanation>, wire.WireExplanation>(true),
    same<Static<typeof answers.Queues>, wire.WireQueues>(true),
    same<Static<typeof answers.Workers>, wire.WireWorkers>(true),
    same<keyof Static<typeof answers.Summary>, keyof wire.WireSummary>(true),
    same<Static<typeof answers.Polled>, wire.WirePolled>(true),
    same<Static<typeof answers.Completed>, wire.WireCompleted>(true),
    same<Static<typeof answers.Held>, wire.WireHeld>(true),
    same<Static<typeof answers.Advanced>, wire.WireAdvanced>(true),
    same<keyof Static<typeof answers.Definitions>['definitions'][number], keyof wire.WireDefinitions['definitions'][number]>(true),
    same<Static<typeof answers.Definition>, Omit<wire.WireDefinitionView, never>>(true),
    same<Static<typeof limitSchemas.Limits>, wire.WireLimits>(true),
    same<Static<typeof limitSchemas.LimitDetail>, wire.WireLimitDetail>(true),
    same<Static<typeof answers.LiveEvent>['is'], wire.LiveEvent['is']>(true),
    same<Static<typeof answers.Run>['trigger'], wire.WireTrigger>(true),
    same<Static<typeof scheduleAnswers.Schedule>, Mutable<wire.WireSchedule>>(true),
    same<Static<typeof scheduleAnswers.SchedulePut>, Mutable<wire.WireSchedulePut>>(true),
    same<Static<typeof scheduleAnswers.ScheduleList>, Mutable<wire.WireScheduleList>>(true),
    same<Static<typeof scheduleAnswers.Triggered>, wire.WireTriggered>(true),
    same<Static<typeof scheduleAnswers.Backfilled>, wire.WireBackfilled>(true),
    same<Static<typeof scheduleAnswers.Ledger>, wire.WireLedger>(true),
    same<Static<typeof scheduleAnswers.Preview>, wire.WirePreview>(true),
    same<Static<typeof scheduleAnswers.ScheduleExplanation>, wire.WireScheduleExplanation>(true),
    same<Static<typeof scheduleAnswers.Registered>, wire.WireRegisteredSchedules>(true),
    same<Static<typeof scheduleAnswers.Applied>, wire.WireApplied>(true),
    same<Static<typeof scheduleAnswers.Export>, Mutable<wire.WireExport>>(true),
    same<Static<typeof batchAnswers.Batch>, wire.WireBatchView>(true),
    same<Static<typeof batchAnswers.BatchStarted>, wire.WireBatchStarted>(true),
    same<Static<typeof batchAnswers.BulkStarted>, wire.WireBulkStarted>(true),
    same<Static<typeof batchSchemas.Bulk>, wire.WireBulk>(true),
    same<Static<typeof variables.VariableList>, wire.WireVariables>(true),
    same<Static<typeof variables.ConnectionList>, wire.WireConnections>(true),
    same<Static<typeof variables.Looked>, wire.WireLookedUp>(true),
    same<Static<typeof artifacts.Artifacts>, wire.WireArtifacts>(true),
    same<Static<typeof artifacts.Artifact>, wire.WireArtifact>(true),
    same<Static<typeof files.Files>, wire.WireFiles>(true),
    same<Static<typeof artifacts.ArtifactKept>, wire.WireArtifactKept>(true),
  ]).not.toContain(false)
})

test('nothing that a person names is hidden behind a path that stands for something else', () => {
  const gets = OPERATIONS.filter(({ method }) => method === 'GET').map(({ path }) => path.split('/'))
  const hidden = gets.flatMap(named =>
    gets.flatMap(fixed => {
      if (named.length !== fixed.length || !named.every((step, at) => step === fixed[at] || step === '{name}')) return []
      return named.some((step, at) => step !== fixed[at]) ? [fixed.join('/')] : []
    }),
  )
  expect(hidden).toEqual([])
})

test('operations, methods, paths and streams are those of the SDK', () => {
  expect(Object.fromEntries(OPERATIONS.map(({ name, method, path }) => [name, [method, path]]))).toEqual(WIRE_OPERATIONS)
  expect(STREAM_PATHS).toEqual(STREAMS)
  expect(files.DOWNLOADS).toEqual(DOWNLOADS)
  expect(CALL_KEY_HEADER).toBe('idempotency-key')
  expect(SCHEDULES_PER_CALL_MAX).toBe(SERVER_SCHEDULES_PER_CALL_MAX)
})

describe('answers are what /openapi.json says', () => {
  let engine: FakeEngine
  let api: Api
  beforeEach(() => {
    engine = new FakeEngine()
    api = createApi(engine, { now: () => NOW, version: '1.2.3' })
  })
  const ref = { run: '01kg0000000000000000000000', task: 'main', attempt: 1, delivery: 'd' }
  const bodies: Record<string, unknown> = {
    'runs.start': { definition: 'a' },
    'runs.startMany': { runs: [{ definition: 'a' }, { definition: 'b', key: 'taken' }] },
    'runs.change': { now: true },
    'runs.closed': { runs: [ref.run] },
    'definitions.register': { definitions: [{ kind: 'job', name: 'a', version: 'v', options: { unique: { by: 'key' } } }] },
    'definitions.override': { priority: 5, limits: [{ rate: 1, every: '1m' }], onFailure: { url: 'https://example.org', secret: 's' } },
    'limits.set': { rate: 5, every: '1s' },
    'sequences.resume': { key: 'k' },
    'retention.set': { runs: '30d' },
    'shards.set': { shards: 256 },
    'tasks.poll': { worker: 'w', serves: [], max: 1, wait: 1 },
    'tasks.complete': { worker: 'w', results: [{ ...ref, is: 'completed', output: 1 }] },
    'runs.fork': { from: 'charge', input: { a: 1 } },
    'runs.rerun': { tasks: ['a'], items: [1], downstream: true, past: true, from: '2026-01-01T00:00:00Z', onlyFailed: true, dryRun: true },
    'runs.reset': { to: 2 },
    'approvals.approve': { input: { amount: 1 }, why: 'w', by: 'ana' },
    'approvals.reject': { why: 'w', by: 'ana' },
    'assets.set': { partitions: { every: 'day', start: '2026-01-01' }, watermark: [7] },
    'assets.emit': { partition: '2026-01-02', extra: { rows: 1 } },
    'runs.mark': { as: 'success', output: [1], item: 1, why: 'w' },
    'versions.ramp': { version: 'v2', percent: 20 },
    'runs.resume': { version: 'v2' },
    'runs.signal': { payload: { a: 1 } },
    'runs.signals': { signals: [{ name: 'go', payload: 1 }, { name: 'go' }] },
    'tasks.advance': {
      worker: 'w',
      advances: [
        {
          ...ref,
          call: 1,
          upTo: 3,
          yields: true,
          entries: [
            { is: 'completed', n: 1, name: 'charge', attempt: 1, output: { a: 1 } },
            { is: 'finished', end: { is: 'completed', output: 'o' } },
          ],
        },
      ],
    },
    'runs.update': { input: { a: 1 }, wait: 5 },
    'promises.resolve': { value: { a: 1 } },
    'promises.reject': { message: 'no' },
    'tasks.questions': { worker: 'w', serves: ['order'], wait: 1 },
    'tasks.answers': {
      answers: [
        { question: 'q1', is: 'answered', output: { a: 1 } },
        { question: 'q2', is: 'valid', upTo: 3 },
        { question: 'q3', is: 'refused', why: 'unknown', failure: { type: 'Error', message: 'm' } },
      ],
    },
    'tasks.heartbeat': { worker: 'w', beats: [ref] },
    'tasks.stream': {
      worker: 'w',
      writes: [{ ...ref, stream: 's', step: { key: '0.1', name: 'think', attempt: 2 }, writer: 'w.1', from: 0, chunks: ['a', { b: 1 }] }],
    },
    'tasks.log': {
      worker: 'w',
      lines: [{ run: ref.run, attempt: 1, delivery: 'd', n: 0, at: '2026-03-01T09:00:00Z', level: 'info', message: 'm', fields: { a: 1 } }],
    },
    'keys.create': { name: 'ci' },
    'batches.start': { jobs: [{ definition: 'a', input: 1 }, { batch: { jobs: [] } }], onSuccess: { definition: 'a', options: { priority: 1 } } },
    'batches.add': { jobs: [{ definition: 'a' }] },
    'batches.bulk': { operation: 'cancel', filter: { state: ['queued'], tags: { a: 'b' } } },
    'batches.preview': { operation: 'retry', filter: {} },
    'variables.set': { value: { a: 1 }, description: 'd' },
    'connections.set': { uri: 'http://h:80/s' },
    'tasks.lookup': { worker: 'w', ...ref, variables: ['a'], connections: ['a'] },
    'tasks.artifact': { worker: 'w', ...ref, put: 'p', name: 'a', kind: 'table', title: 't', value: { columns: ['a'], rows: [[1]] } },
    'endpoints.set': { url: 'https://shop.example/api/mainspring', slots: 5 },
    'schedules.put': { cron: '0 9 * * *', target: 'a', input: { a: 1 } },
    'schedules.change': { jitter: '5m', input: null },
    'schedules.setWatermark': { value: { id: 7 } },
    'schedules.backfill': { from: '2026-03-01T00:00:00Z', to: '2026-03-02T00:00:00Z' },
    'schedules.previewBackfill': { from: '2026-03-01T00:00:00Z', to: '2026-03-02T00:00:00Z' },
    'schedules.try': { schedule: { every: '1d' } },
    'schedules.register': { source: 'web', schedules: [{ name: 'a', every: { every: '1d' }, target: 'a' }] },
    apply: {
      schedules: [{ name: 'a', at: ['2026-12-24T18:00:00Z'], target: 'a', overlap: 'allow' }],
      queues: [{ name: 'q', paused: true }],
      definitions: [{ name: 'resize', options: { priority: 5 } }],
      limits: [{ name: 'api', concurrency: 5 }],
      prune: true,
    },
  }
  test.each(OPERATIONS.map(operation => [operation.name, operation] as const))('%s', async (name, operation) => {
    const run = engine.add(
      { state: 'completed', closedAt: NOW, startedAt: NOW, output: '{"a":1}', tags: { a: 'b' }, trigger: { is: 'call', by: 'ci' } },
      [
        { is: 'started', at: NOW },
        { is: 'completed', at: NOW, output: '1e400', retryAt: NOW },
      ],
    )
    engine.deliveries = [
      fakeDelivery(1),
      {
        ...fakeDelivery(2),
        tags: { a: 'b' },
        deadline: NOW,
        bundle: 'b',
        cost: { cpu: 1.5 },
        journal: { from: 0, events: [{ is: 'started', at: NOW }] },
      },
    ]
    engine.lines = [{ run: run.id, attempt: 1, delivery: 'd', n: 0, at: NOW, level: 'info', message: 'm', fields: '{"a":1}' }]
    const written = { run: run.id, stream: 'a', last: 1, count: 2, at: NOW, step: 'think', attempt: 2, restarted: true, chunks: '"a"\n{"b":1}' }
    engine.streamPages = [{ rows: [written], more: false, closed: false }]
    engine.streams = [{ name: name === 'runs.artifact' ? ':artifact:a' : 'answer', chunks: 3, bytes: 7, closed: false }]
    if (name === 'runs.artifact')
      engine.streamPages = [
        {
          rows: [{ ...written, stream: ':artifact:a', last: 2, count: 3, chunks: '{"kind":"link"}\n"http://a/"\nnull' }],
          more: false,
          closed: false,
        },
      ]
    engine.schedules.lines = [fakeLine(NOW)]
    await api.dispatch('schedules.put', {
      params: { namespace: 'default', name: 'a' },
      body: JSON.stringify({ cron: ['0 2 * * *'], target: 'a', input: [1], options: { retry: { attempts: 2 } }, catchup: '6h' }),
    })
    if (name.startsWith('endpoints.')) await engine.settings.put('endpoint', 'default', 'a', JSON.stringify(FAKE_ENDPOINT))
    await engine.settings.put('variable', 'default', 'a', '{"value":[1],"description":null,"by":null,"since":0}')
    await engine.settings.put('connection', 'default', 'a', '{"connection":{"type":"http"},"description":"d","by":"ana","since":0}')
    if (name === 'keys.remove') await engine.settings.put('api-key', '', 'a', '{}')
    const named = name.startsWith('definitions.') ? 'resize' : name.startsWith('limits.') ? 'api' : 'a'
    const call = { params: { namespace: 'default', run: run.id, name: named, worker: 'w', backfill: 'b1', batch: FAKE_BATCH, token: 'secret' } }
    const answer = await api.dispatch(name, name in bodies ? { ...call, body: JSON.stringify(bodies[name]) } : call)
    expect(answer).toMatchObject({ status: Number(Object.keys(operation.answers)[0]) === 200 && name === 'runs.start' ? 201 : expect.any(Number) })
    const schema = operation.answers[answer.status]
    expect(schema, answer.body).toBeDefined()
    const said: unknown = answer.contentType === undefined ? JSON.parse(answer.body) : answer.body
    expect([...Compile(schema as never).Errors(said)]).toEqual([])
  })

  test('the description has every operation, and no reference leads nowhere', () => {
    const text = JSON.stringify(api.openApi())
    for (const { name } of OPERATIONS) expect(text).toContain(`"operationId":"${name}"`)
    const { schemas: known } = api.openApi().components
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) expect(known).toHaveProperty(name as string)
    expect(text.match(/"\$ref":"(?!#\/components)/)).toBeNull()
    expect(known).toMatchObject({ Failure: { properties: { cause: { $ref: '#/components/schemas/Failure' } } } })
    expect(api.openApi().info.version).toBe('1.2.3')
  })

  test('payloads in answers keep their text', async () => {
    const run = engine.add({ state: 'completed', output: '{"n":1e400,"n":12345678901234567890}', checkpoint: '[ 1 ]', metadata: '"\\u00e9"' })
    const { body } = await api.dispatch('runs.get', { params: { namespace: 'default', run: run.id } })
    expect(body).toContain(
      '"input":{"n":12345678901234567890},"output":{"n":1e400,"n":12345678901234567890},"checkpoint":[ 1 ],"metadata":"\\u00e9"}',
    )
    expect((await api.dispatch('definitions.list', { params: { namespace: 'default' } })).body).toContain('"schema":{"const":12345678901234567890}')
  })
})
