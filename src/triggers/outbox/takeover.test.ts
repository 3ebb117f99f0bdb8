import { Client, RequestRefused, Unreachable, type WireProblem } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { FakeServer } from '../../../sdk/typescript/src/testing/fakes.ts'
import type { Row } from './table.ts'
import { callKeyOf, takeOver } from './takeover.ts'

const UUID = '01890a5d-ac96-774b-bcce-b302099a8057'
const row = (n: number, more: Partial<Row> = {}): Row => ({
  n: String(n),
  id: UUID.slice(0, -4) + String(n).padStart(4, '0'),
  definition: 'greet',
  input: `{"n": ${n}}`,
  options: {},
  order: null,
  createdAtMs: Date.UTC(2026, 0, 1),
  ageMs: 0,
  ...more,
})
const problem = (code: string, status: number): WireProblem => ({ type: 'about:blank', code, status, title: code })

/** A scheduler that answers each start as `answer` does. */
function scheduler(answer: (n: number) => Promise<void> | void = () => {}) {
  const server = new FakeServer()
  server.answers['runs.start'] = async (body: { input?: { n: number } }) => {
    await answer(body.input?.n ?? 0)
    return { is: 'started', run: 'r' }
  }
  const client = new Client({ connection: server, namespace: 'shop', retryFor: 0 })
  return { server, client, take: (rows: Row[], atOnce = 10) => takeOver(rows, client, atOnce) }
}
const numbers = (rows: readonly Row[]): number[] => rows.map(({ n }) => Number(n))

test('a row is started with its id as the call key, its input as it was written, and its delay counted from the transaction', async () => {
  const { server, take } = scheduler()
  const given = row(1, { id: UUID, input: '{"z":1,  "a":12345678901234567890}', options: { priority: 5, delay: '10m' } })
  expect(await take([given])).toEqual({ started: [given], refused: [], failure: null })
  expect(server.calls).toMatchObject([{ operation: 'runs.start', call: { params: { namespace: 'shop' }, callKey: callKeyOf(UUID) } }])
  expect(server.calls[0]?.call.body).toBe(
    '{"definition":"greet","priority":5,"at":"2026-01-01T00:10:00.000Z","input":{"z":1,  "a":12345678901234567890}}',
  )
})

test('the call key is the UUID in the form of run ids, so that its run has its time', () => {
  // The pair of the TypeID specification.
  expect(callKeyOf(UUID)).toBe('01h455vb4pex5vsknk084sn02q')
  expect(callKeyOf('00000000-0000-0000-0000-000000000000')).toBe('0'.repeat(26))
  expect(callKeyOf('ffffffff-ffff-ffff-ffff-ffffffffffff')).toBe(`7${'z'.repeat(25)}`)
})

test.each([
  ['a delay that is none', { delay: 'soon' }, { delay: 'soon' }],
  ['a delay beside a time', { delay: '1m', at: '2026-05-01T00:00:00Z' }, { delay: '1m', at: '2026-05-01T00:00:00Z' }],
])('%s is left to the scheduler to refuse', async (_, options, sent) => {
  const { server, take } = scheduler()
  await take([row(1, { options, input: null })])
  expect(server.calls[0]?.body).toEqual({ definition: 'greet', ...sent })
})

test('rows of one order key go one after the other, others beside them, as many at once as allowed', async () => {
  const log: string[] = []
  let open = 0
  let most = 0
  const { take } = scheduler(async n => {
    most = Math.max(most, ++open)
    log.push(`+${n}`)
    await new Promise(setImmediate)
    log.push(`-${n}`)
    open--
  })
  const { started } = await take([row(1, { order: 'a' }), row(2), row(3, { order: 'b' }), row(4, { order: 'a' }), row(5, { order: 'a' })], 2)
  expect(numbers(started).sort()).toEqual([1, 2, 3, 4, 5])
  expect(most).toBe(2)
  expect(log.filter(word => ['1', '4', '5'].includes(word.slice(1)))).toEqual(['+1', '-1', '+4', '-4', '+5', '-5'])
})

test.each([
  ['unknown-definition', 404, true],
  ['internal', 500, true],
  ['invalid-option', 400, false],
  ['invalid-input', 400, false],
  ['key-conflict', 409, false],
  ['payload-too-large', 413, false],
  ['refused-data', 422, false],
])('%s (%i) is the row’s own fault: it and what is behind it in its order stay, all else goes on; it may pass: %s', async (code, status, again) => {
  const { take } = scheduler(n => {
    if (n === 1) throw new RequestRefused(problem(code, status))
  })
  const { started, refused, failure } = await take([row(1, { order: 'a' }), row(2, { order: 'a' }), row(3, { order: 'b' }), row(4)], 1)
  expect([numbers(started), numbers(refused.map(({ row }) => row)), refused[0]?.again, failure]).toEqual([[3, 4], [1], again, null])
})

test.each([
  ['nobody answers', new Unreachable('http://x')],
  ['no room', new RequestRefused(problem('overloaded', 429))],
  ['away', new RequestRefused(problem('unavailable', 503))],
  ['no key', new RequestRefused(problem('unauthenticated', 401))],
  ['not allowed', new RequestRefused(problem('forbidden', 403))],
  ['another server', new RequestRefused(problem('not-found', 404))],
])('%s is no row’s fault: no further one is begun, none is refused', async (_, error) => {
  const { server, take } = scheduler(n => {
    if (n === 2) throw error
  })
  expect(await take([row(1), row(2), row(3)], 1)).toEqual({ started: [row(1)], refused: [], failure: error })
  expect(server.calls).toHaveLength(2)
})
