import { beforeEach, describe, expect, test } from 'vitest'
import { type Api, createApi } from './api.ts'
import { FAKE_BATCH } from './fake-batches.ts'
import { FakeEngine, NOW } from './fake-engine.ts'

let engine: FakeEngine
let api: Api
beforeEach(() => {
  engine = new FakeEngine()
  api = createApi(engine, { now: () => NOW, newId: () => 'fresh' })
})

async function call(
  operation: string,
  body?: unknown,
  params: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const text = body === undefined ? {} : { body: JSON.stringify(body) }
  const answer = await api.dispatch(operation, { params: { namespace: 'default', ...params }, ...text })
  return { status: answer.status, body: JSON.parse(answer.body) }
}
const asked = () => engine.calls.at(-1)?.args

describe('POST batches', () => {
  test('starts jobs, nested batches and callbacks; payloads keep their text', async () => {
    const text =
      '{"name":"import","jobs":[{"definition":"rows","input":1e400,"priority":2},{"batch":{"jobs":[{"definition":"rows","input":[1, 2]}],"open":true}}],"onSuccess":{"definition":"publish","input":{"n":12345678901234567890}}}'
    const answer = await api.dispatch('batches.start', { params: { namespace: 'default' }, body: text, callKey: 'call', by: 'ana' })
    expect(JSON.parse(answer.body)).toEqual({ batch: FAKE_BATCH, is: 'started', started: 2, conflicts: [] })
    expect(asked()).toEqual([
      'default',
      {
        name: 'import',
        items: [
          { is: 'job', start: { definition: 'rows', input: '1e400', options: { priority: 2 } } },
          {
            is: 'batch',
            batch: { name: 'batch', items: [{ is: 'job', start: { definition: 'rows', input: '[1, 2]', options: {} } }], open: true, callbacks: {} },
          },
        ],
        open: false,
        callbacks: { success: { definition: 'publish', input: '{"n":12345678901234567890}', options: {} } },
      },
      { callKey: 'call', by: 'ana' },
    ])
  })

  test.each([
    [{ jobs: [{ definition: 'a' }, { batch: { jobs: [{ definition: 'a', delay: 'soon' }] } }] }, '/jobs/1/batch/jobs/0/delay', 'invalid-duration'],
    [{ jobs: [{ definition: 'a', key: 'k', unique: { by: 'name' } }] }, '/jobs/0/unique', 'invalid-option'],
    [{ jobs: [{ batch: { batch: 1 } }] }, '/jobs/0/batch/batch', 'invalid-input'],
    [{ onSucess: { definition: 'a' } }, '/onSucess', 'invalid-input'],
    [{ onComplete: { definition: 'a', options: { retention: 'x' } } }, '/onComplete/options/retention', 'invalid-duration'],
  ])('%j is refused at %s', async (body, at, code) => {
    expect((await call('batches.start', body)).body).toMatchObject({ code, at })
    expect(engine.calls).toEqual([])
  })

  test('is refused when batches are nested too deep, with the place', async () => {
    const deep = (depth: number): object => ({ jobs: depth === 1 ? [] : [{ batch: deep(depth - 1) }] })
    expect((await call('batches.start', deep(5))).status).toBe(200)
    expect((await call('batches.start', deep(6))).body).toMatchObject({ code: 'invalid-option', at: `${'/jobs/0/batch'.repeat(5)}` })
  })
})

describe('operations on many runs', () => {
  test('read times, changes and the ending of a batch', async () => {
    const filter = { state: ['queued'], createdAfter: '2026-03-01T08:00:00Z', batch: FAKE_BATCH, runs: [FAKE_BATCH] }
    await call('batches.bulk', { operation: 'change', filter, change: { delay: '5m', priority: 3 }, why: 'late' })
    expect(asked()).toEqual([
      'default',
      {
        operation: 'change',
        filter: { states: ['queued'], createdAfter: NOW - 3_600_000, batch: FAKE_BATCH, runs: [FAKE_BATCH] },
        change: { due: NOW + 300_000, priority: 3 },
      },
      { id: 'fresh', by: null, why: 'late' },
    ])
  })

  test.each([
    [{ operation: 'change', filter: {}, change: {} }, '/change', 'invalid-option'],
    [{ operation: 'change', filter: {}, change: { now: true, delay: 1 } }, '/change', 'invalid-option'],
    [{ operation: 'change', filter: {}, change: { at: 'noon' } }, '/change/at', 'invalid-input'],
    [{ operation: 'stop', filter: {} }, '/operation', 'invalid-input'],
    [{ operation: 'cancel', filter: { status: ['queued'] } }, '/filter/status', 'invalid-input'],
    [{ operation: 'cancel', filter: { runs: ['k8t1b'] } }, '/filter/runs/0', 'invalid-input'],
    [{ operation: 'cancel' }, '/filter', 'invalid-input'],
  ])('%j is refused at %s', async (body, at, code) => {
    expect((await call('batches.bulk', body)).body).toMatchObject({ code, at })
    expect(engine.calls).toEqual([])
  })
})

test('a batch is named by its whole id or an ending; another is not found', async () => {
  expect((await call('batches.get', undefined, { batch: FAKE_BATCH })).body).toMatchObject({ id: FAKE_BATCH, jobs: { total: 4, open: 2 } })
  expect((await call('batches.get', undefined, { batch: 'zzzzz' })).body).toMatchObject({ code: 'batch-not-found', status: 404 })
  expect((await call('batches.cancel', {}, { batch: 'No Batch' })).body).toMatchObject({ code: 'batch-not-found' })
})

test('runs are listed by their batch', async () => {
  await api.dispatch('runs.list', { params: { namespace: 'default' }, query: { batch: FAKE_BATCH, tag: 'a:b' } })
  expect(asked()).toMatchObject([{ tags: { a: 'b', ':batch': FAKE_BATCH } }, {}])
})
