import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { beforeEach, describe, expect, test } from 'vitest'
import type * as wire from '../../sdk/typescript/src/wire.ts'
import { CALL_KEY_HEADER, STREAMS, OPERATIONS as WIRE_OPERATIONS } from '../../sdk/typescript/src/wire.ts'
import type * as answers from './answers.ts'
import { type Api, createApi, OPERATIONS } from './api.ts'
import { STREAM_PATHS } from './events.ts'
import { FakeEngine, fakeDelivery, NOW } from './fake-engine.ts'
import type * as schemas from './schemas.ts'

/** The server's schemas and the SDK's types say the same: each fits where the other is asked for. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
const same = <A, B>(holds: Same<A, B>) => holds

test('what the SDK sends is what the server takes, type by type', () => {
  expect([
    same<Static<typeof schemas.Start>, wire.WireStart>(true),
    same<Static<typeof schemas.StartMany>, wire.WireStartMany>(true),
    same<Static<typeof schemas.Register>, wire.WireRegister>(true),
    same<Static<typeof schemas.CommandBody>, wire.WireCommand>(true),
    same<Static<typeof schemas.Poll>, wire.WirePoll>(true),
    same<Static<typeof schemas.Complete>['results'][number]['is'], wire.WireResult['is']>(true),
    same<Static<typeof schemas.Heartbeat>, wire.WireHeartbeat>(true),
  ]).not.toContain(false)
})

test('what the server answers is what the SDK reads, type by type', () => {
  expect([
    same<Static<typeof answers.Problem>, wire.WireProblem>(true),
    same<Static<typeof answers.StartedMany>, wire.WireStartedMany>(true),
    same<Static<typeof answers.Run>['state'], wire.State>(true),
    same<keyof Static<typeof answers.RunDetail>, keyof wire.WireRunDetail>(true),
    same<Static<typeof answers.Logs>, wire.WireLogs>(true),
    same<Static<typeof answers.Explanation>, wire.WireExplanation>(true),
    same<Static<typeof answers.Queues>, wire.WireQueues>(true),
    same<Static<typeof answers.Workers>, wire.WireWorkers>(true),
    same<keyof Static<typeof answers.Summary>, keyof wire.WireSummary>(true),
    same<Static<typeof answers.Polled>, wire.WirePolled>(true),
    same<Static<typeof answers.Completed>, wire.WireCompleted>(true),
    same<Static<typeof answers.Held>, wire.WireHeld>(true),
    same<keyof Static<typeof answers.Definitions>['definitions'][number], keyof wire.WireDefinitions['definitions'][number]>(true),
    same<Static<typeof answers.LiveEvent>['is'], wire.LiveEvent['is']>(true),
  ]).not.toContain(false)
})

test('operations, methods, paths and streams are those of the SDK', () => {
  expect(Object.fromEntries(OPERATIONS.map(({ name, method, path }) => [name, [method, path]]))).toEqual(WIRE_OPERATIONS)
  expect(STREAM_PATHS).toEqual(STREAMS)
  expect(CALL_KEY_HEADER).toBe('idempotency-key')
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
    'definitions.register': { definitions: [{ kind: 'job', name: 'a', version: 'v', options: { unique: { by: 'key' } } }] },
    'tasks.poll': { worker: 'w', serves: [], max: 1, wait: 1 },
    'tasks.complete': { worker: 'w', results: [{ ...ref, is: 'completed', output: 1 }] },
    'tasks.heartbeat': { worker: 'w', beats: [ref] },
    'tasks.log': {
      worker: 'w',
      lines: [{ run: ref.run, attempt: 1, delivery: 'd', n: 0, at: '2026-03-01T09:00:00Z', level: 'info', message: 'm', fields: { a: 1 } }],
    },
    'keys.create': { name: 'ci' },
  }
  test.each(OPERATIONS.map(operation => [operation.name, operation] as const))('%s', async (name, operation) => {
    const run = engine.add(
      { state: 'completed', closedAt: NOW, startedAt: NOW, output: '{"a":1}', tags: { a: 'b' }, trigger: { is: 'call', by: 'ci' } },
      [
        { is: 'started', at: NOW },
        { is: 'completed', at: NOW, output: '1e400', retryAt: NOW },
      ],
    )
    engine.deliveries = [fakeDelivery(1), { ...fakeDelivery(2), tags: { a: 'b' }, deadline: NOW }]
    engine.lines = [{ run: run.id, attempt: 1, delivery: 'd', n: 0, at: NOW, level: 'info', message: 'm', fields: '{"a":1}' }]
    if (name === 'keys.remove') await engine.settings.put('api-key', '', 'a', '{}')
    const call = { params: { namespace: 'default', run: run.id, name: 'a', worker: 'w' } }
    const answer = await api.dispatch(name, name in bodies ? { ...call, body: JSON.stringify(bodies[name]) } : call)
    expect(answer).toMatchObject({ status: Number(Object.keys(operation.answers)[0]) === 200 && name === 'runs.start' ? 201 : expect.any(Number) })
    const schema = operation.answers[answer.status]
    expect(schema, answer.body).toBeDefined()
    expect([...Compile(schema as never).Errors(JSON.parse(answer.body))]).toEqual([])
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
