import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createApi } from '../api.ts'
import { FakeEngine, fakeDelivery, NOW } from '../fake-engine.ts'
import type { VariableOptions } from './sources.ts'
import { newSecretKey, open, seal, secretKeyOf } from './vault.ts'

const KEYS = [newSecretKey(), newSecretKey()].map(text => secretKeyOf(text) as NonNullable<ReturnType<typeof secretKeyOf>>)
const [FIRST, SECOND] = KEYS as [(typeof KEYS)[0], (typeof KEYS)[0]]

let engine: FakeEngine
let app: FastifyInstance
let now = NOW
function serve(variables: VariableOptions = { keys: [FIRST] }): void {
  app = createApi(engine, { now: () => now, variables }).http({ bind: 'localhost' })
}
beforeEach(() => {
  engine = new FakeEngine()
  now = NOW
  serve()
})
afterEach(() => app.close())

async function call(method: 'GET' | 'PUT' | 'DELETE' | 'POST', path: string, body?: object) {
  const url = path.startsWith('/v1') ? path : `/v1/namespaces/default/${path}`
  const answer = await app.inject({ method, url, headers: { host: 'localhost' }, ...(body && { payload: body }) })
  return { status: answer.statusCode, ...answer.json() }
}
/** What the database holds. */
const kept = (): string => JSON.stringify([...engine.settings.get('variable'), ...engine.settings.get('connection')])
const REF = { worker: 'w', run: '01kg0000000000000000000000', task: 'main', attempt: 1, delivery: 'd' }

describe('variables', () => {
  test('are any JSON value, listed by name, changed and removed', async () => {
    expect(await call('PUT', 'variables/limits', { value: { max: [1, 2.5] }, description: 'of exports' })).toEqual({
      status: 200,
      ...{ name: 'limits', secret: false, value: { max: [1, 2.5] }, from: 'database', description: 'of exports' },
      set: { by: null, since: expect.any(String) },
    })
    await call('PUT', 'variables/bucket', { value: 'raw' })
    await call('PUT', 'variables/bucket', { value: 'cooked' })
    await call('PUT', '/v1/namespaces/other/variables/bucket', { value: 'other' })
    const { variables } = await call('GET', 'variables')
    expect(variables.map(({ name, value }: { name: string; value: unknown }) => [name, value])).toEqual([
      ['bucket', 'cooked'],
      ['limits', { max: [1, 2.5] }],
    ])
    expect(await call('DELETE', 'variables/bucket')).toEqual({ status: 200 })
    expect(await call('GET', 'variables/bucket')).toMatchObject({ status: 404, code: 'variable-not-found', at: '/path/name', found: 'bucket' })
    expect(await call('GET', 'variables/limit')).toMatchObject({ hint: 'did you mean limits?' })
  })

  test('that are secret are kept encrypted, and shown to nobody', async () => {
    const answers = [
      await call('PUT', 'variables/token', { value: 'hunter2hunter2', secret: true }),
      await call('GET', 'variables/token'),
      await call('GET', 'variables'),
    ]
    expect(answers[0]).toMatchObject({ status: 200, name: 'token', secret: true })
    expect(JSON.stringify(answers) + kept()).not.toContain('hunter2')
    expect(await call('POST', 'tasks/lookup', { ...REF, variables: ['token'] })).toEqual({
      status: 200,
      variables: { token: 'hunter2hunter2' },
      connections: {},
    })
  })

  test('are not secret on a server without a key: it says how to make one, and keeps nothing', async () => {
    serve({})
    expect(await call('PUT', 'variables/token', { value: 'x', secret: true })).toMatchObject({
      status: 409,
      code: 'secret-key-needed',
      hint: expect.stringContaining('mainspring secret key'),
    })
    expect(await call('PUT', 'connections/db', { uri: 'postgres://u:p@h' })).toMatchObject({ status: 409, code: 'secret-key-needed' })
    expect(await call('PUT', 'connections/db', { uri: 'postgres://u@h' })).toMatchObject({ status: 200 })
    expect(engine.settings.get('variable')).toEqual([])
  })

  test.each<[string, object, string, string]>([
    ['variables/a', {}, 'invalid-input', '/value'],
    ['variables/a', { value: 'x'.repeat(65_536) }, 'payload-too-large', '/value'],
    ['variables/a:b', { value: 1 }, 'invalid-input', '/path/name'],
    ['connections/a', {}, 'invalid-option', '/type'],
    ['connections/a', { uri: 'nothing' }, 'invalid-option', '/uri'],
    ['connections/a', { uri: 'postgres://h', port: 1 }, 'invalid-option', '/port'],
    ['connections/a', { type: 'http', port: 70_000 }, 'invalid-option', '/port'],
    ['connections/a', { type: 'http', password: '***' }, 'invalid-option', '/password'],
  ])('PUT %s of %j is refused: %s at %s', async (path, body, code, at) => {
    expect(await call('PUT', path, body)).toMatchObject({ code, at })
    expect(JSON.parse(kept())).toEqual([])
  })

  test('are at most a thousand in a namespace', async () => {
    for (let n = 0; n < 1_000; n++) await engine.settings.put('variable', 'default', `v${n}`, '{"value":1}')
    expect(await call('PUT', 'variables/more', { value: 1 })).toMatchObject({ code: 'too-many-items' })
    expect(await call('PUT', 'variables/v7', { value: 2 })).toMatchObject({ status: 200 })
  })
})

describe('connections', () => {
  test('have fields or an address, and show no password', async () => {
    const uri = 'postgres://etl:s3cret-s3cret@db.internal:5432/sales?sslmode=require&api_key=k3y-k3y-k3y'
    const view = {
      ...{ name: 'warehouse', type: 'postgres', host: 'db.internal', port: 5432, login: 'etl', hasPassword: true, schema: 'sales' },
      ...{ extra: { sslmode: 'require', api_key: '***' }, uri: 'postgres://etl:***@db.internal:5432/sales?sslmode=require&api_key=***' },
    }
    const answers = [
      await call('PUT', 'connections/warehouse', { uri }),
      await call('GET', 'connections/warehouse'),
      await call('GET', 'connections'),
    ]
    expect(answers[0]).toMatchObject(view)
    expect(answers[1]).toEqual(answers[0])
    expect(JSON.stringify(answers) + kept()).not.toMatch(/s3cret|k3y/)
    const { connections } = await call('POST', 'tasks/lookup', { ...REF, connections: ['warehouse'] })
    expect(connections.warehouse).toMatchObject({ password: 's3cret-s3cret', extra: { api_key: 'k3y-k3y-k3y' }, uri })
  })

  test('keep what comes back masked', async () => {
    await call('PUT', 'connections/a', { type: 'http', password: 'first', extra: { token: 't1', x: 1 } })
    await call('PUT', 'connections/a', { type: 'http', host: 'h', password: '***', extra: { token: '***', x: 2 } })
    const { connections } = await call('POST', 'tasks/lookup', { ...REF, connections: ['a'] })
    expect(connections.a).toMatchObject({ host: 'h', password: 'first', extra: { token: 't1', x: 2 } })
  })
})

// Airflow, "Secrets backend": environment variables first, the metastore last.
test('the environment comes before the file, and that before the database', async () => {
  const file = { variables: { bucket: 'of the file', region: 'eu' }, connections: { db: { type: 'mysql' } } }
  serve({ keys: [FIRST], file })
  await call('PUT', 'variables/bucket', { value: 'of the database' })
  expect(await call('GET', 'variables/bucket')).toMatchObject({ value: 'of the file', from: 'file' })
  const environment = { MAINSPRING_VAR_BUCKET: '{"a":1}', MAINSPRING_VAR_API_TOKEN: 'abcdef', MAINSPRING_CONN_DB: 'postgres://u:pppppp@h' }
  serve({ keys: [FIRST], file, environment })
  expect(await call('GET', 'variables')).toMatchObject({
    variables: [
      { name: 'api_token', secret: true, from: 'environment' },
      { name: 'bucket', value: { a: 1 }, from: 'environment' },
      { name: 'region', value: 'eu', from: 'file' },
    ],
  })
  expect(await call('GET', 'connections/db')).toMatchObject({ type: 'postgres', from: 'environment', uri: 'postgres://u:***@h' })
  expect(await call('DELETE', 'variables/region')).toMatchObject({ code: 'invalid-option', hint: expect.stringContaining('file') })
})

describe('a worker', () => {
  test('that does not have the task gets nothing', async () => {
    await call('PUT', 'variables/token', { value: 'hunter2', secret: true })
    engine.tasks.heartbeat = async () => ['lost']
    expect(await call('POST', 'tasks/lookup', { ...REF, variables: ['token'] })).toMatchObject({ status: 409, code: 'task-not-held' })
  })

  test('is told which name is not known', async () =>
    expect(await call('POST', 'tasks/lookup', { ...REF, connections: ['nope'] })).toMatchObject({
      code: 'connection-not-found',
      at: '/connections/0',
    }))

  test('writes no secret to a log, or into a failure', async () => {
    await call('PUT', 'variables/token', { value: { user: 'u', key: 'hun"ter+22' }, secret: true })
    await call('PUT', 'connections/db', { type: 'x', password: 'p4ssw0rd' })
    const lines = [
      { ...REF, worker: undefined, task: undefined, n: 0, at: '2026-03-01T09:00:00Z', level: 'info', message: 'GET /?k=hun%22ter%2B22 p4ssw0rd' },
    ]
    expect(
      await call('POST', 'tasks/log', { worker: 'w', lines: lines.map(line => ({ ...line, fields: { key: 'hun"ter+22', n: 12345 } })) }),
    ).toEqual({ status: 200 })
    expect(engine.calls.at(-1)).toMatchObject({
      name: 'tasks.log',
      args: ['default', [{ message: 'GET /?k=*** ***', fields: '{"key":"***","n":12345}' }]],
    })
    const failure = { type: 'Error', message: 'no login with p4ssw0rd', cause: { type: 'E', message: 'p4ssw0rd' } }
    const { worker, ...ref } = REF
    await call('POST', 'tasks/complete', { worker, results: [{ ...ref, is: 'failed', failure }] })
    expect(JSON.stringify(engine.calls.at(-1))).toContain('no login with ***')
    expect(JSON.stringify(engine.calls)).not.toContain('p4ssw0rd')
  })

  test('gets variables in place of what a DAG names, and never a task whose input cannot be made', async () => {
    await call('PUT', 'connections/db', { uri: 'postgres://u:p4ssw0rd@h:1' })
    await call('PUT', 'variables/limits', { value: { max: 7 } })
    const late = [
      { at: '/url', parts: ['', '{{conn.db.uri}}', '?x=', '{{var.limits:max}}', ''] },
      { at: '/list/0', parts: ['', '{{var.limits}}', ''] },
      { at: '/other', parts: ['', '{{var.nope | default(5)}}', ''] },
      { at: '/changed', parts: ['', '{{var.limits}}', ''] },
    ]
    const input = {
      url: '{{conn.db.uri}}?x={{var.limits:max}}',
      list: ['{{var.limits}}', '{{var.limits}}'],
      other: '{{var.nope | default(5)}}',
      changed: 1,
    }
    const unknown = { late: [{ at: '', parts: ['', '{{var.limit}}', ''] }], input: '"{{var.limit}}"' }
    engine.deliveries = [
      { ...fakeDelivery(0), late, input: JSON.stringify(input) },
      { ...fakeDelivery(1), ...unknown },
    ]
    const { tasks } = await call('POST', 'tasks/poll', { worker: 'w', serves: [], max: 5 })
    expect(tasks.map((task: { input: unknown }) => task.input)).toEqual([
      { url: 'postgres://u:p4ssw0rd@h:1?x=7', list: [{ max: 7 }, '{{var.limits}}'], other: 5, changed: 1 },
    ])
    expect(engine.calls.at(-1)).toMatchObject({
      name: 'tasks.complete',
      args: [
        'default',
        'w',
        [
          {
            is: 'failed',
            retry: false,
            failure: { code: 'variable-not-found', message: expect.stringMatching(/\/input: limit: did you mean limits\?/) },
          },
        ],
      ],
    })
  })
})

describe('keys', () => {
  test('a secret opens with its key, in its place, and unchanged', () => {
    const sealed = seal([FIRST, SECOND], 'variable default/a', 'text')
    expect(seal([FIRST], 'variable default/a', 'text')).not.toBe(sealed)
    expect(open([SECOND, FIRST], 'variable default/a', sealed)).toBe('text')
    const refused = expect.objectContaining({ code: 'secret-unreadable' })
    expect(() => open([SECOND], 'variable default/a', sealed)).toThrow(refused)
    expect(() => open([FIRST], 'variable default/b', sealed)).toThrow(refused)
    expect(() => open([FIRST], 'variable default/a', `${sealed.slice(0, -4)}AAAA`)).toThrow(refused)
  })

  test('are rotated: everything is encrypted with the first, and the old one can go', async () => {
    await call('PUT', 'variables/token', { value: 'hunter2', secret: true })
    await call('PUT', 'connections/db', { type: 'x', password: 'p' })
    serve({ keys: [SECOND] })
    expect(await call('GET', 'variables/token')).toMatchObject({ status: 409, code: 'secret-unreadable' })
    serve({ keys: [SECOND, FIRST] })
    await call('PUT', 'variables/new', { value: 'n', secret: true })
    expect(await call('POST', '/v1/secrets/rotate')).toEqual({ status: 200, sealed: 2, kept: 1 })
    serve({ keys: [SECOND] })
    expect(await call('POST', 'tasks/lookup', { ...REF, variables: ['token', 'new'], connections: ['db'] })).toMatchObject({
      variables: { token: 'hunter2', new: 'n' },
      connections: { db: { password: 'p' } },
    })
  })
})
