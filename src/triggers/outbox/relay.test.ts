import { setTimeout as sleep } from 'node:timers/promises'
import { Client, outbox, RequestRefused, Unreachable } from '@mainspring/sdk'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FakeServer } from '../../../sdk/typescript/src/testing/fakes.ts'
import { freshSchema, query, TEST_URL } from '../../store/postgres/testing.ts'
import { installOutbox, type Relay, type RelayOptions, startRelay } from './index.ts'

let url: string
let schema: string
let app: pg.Client
let server: FakeServer
/** Call keys in the order of their first start, with the definition and the input. */
let runs: Map<string, { definition: string; input: unknown }>
let refuse: (definition: string) => Error | null
const told: { level: string; message: string; facts: Record<string, unknown> }[] = []
const relays: Relay[] = []

beforeEach(async () => {
  url = freshSchema()
  schema = new URL(url).searchParams.get('schema') as string
  await installOutbox(url)
  app = await connect()
  runs = new Map()
  refuse = () => null
  told.length = 0
  server = new FakeServer()
  server.answers['runs.start'] = async (body: { definition: string; input?: unknown }, { callKey = '' }) => {
    const error = refuse(body.definition)
    if (error !== null) throw error
    await new Promise(setImmediate)
    if (runs.has(callKey)) return { is: 'existing', run: callKey, by: 'call' }
    runs.set(callKey, { definition: body.definition, input: body.input })
    return { is: 'started', run: callKey }
  }
})
afterEach(async () => {
  await Promise.all(relays.splice(0).map(relay => relay.stop()))
  await app.end()
})

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: TEST_URL })
  await client.connect()
  await client.query(`set search_path to ${schema}`)
  return client
}

function relay(more: Partial<RelayOptions> = {}): Relay {
  const client = new Client({ connection: server, namespace: 'default', retryFor: 0 })
  const made = startRelay({ url, client, log: (level, message, facts) => told.push({ level, message, facts }), ...more })
  relays.push(made)
  return made
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5)
}
const rows = () =>
  query<{ definition: string; refused_at: Date | null; again_at: Date | null; problem: { code: string } | null }>(
    `select definition, refused_at, again_at, problem from "${schema}".mainspring_outbox order by n`,
  )
const empty = async () => (await rows()).length === 0
const inputs = () => [...runs.values()].map(({ input }) => input)
const problem = (code: string, status: number) => new RequestRefused({ type: 'about:blank', code, status, title: `It is ${code}.` })

test('a transaction that commits starts its runs, one that rolls back none, and the rows are gone', async () => {
  await app.query('begin')
  await app.query(`select mainspring_start('greet', '{"to": "nobody"}')`)
  await app.query('rollback')
  await app.query('begin')
  await app.query(`select mainspring_start('greet', '{"to": "Ada"}', '{"priority": 5}')`)
  const running = relay()
  await until(async () => told.length > 0 || (await rows()).length === 0)
  expect(runs.size).toBe(0)
  await app.query('commit')
  await until(empty)
  expect([...runs.values()]).toEqual([{ definition: 'greet', input: { to: 'Ada' } }])
  expect(server.calls.map(({ body }) => body)).toEqual([{ definition: 'greet', priority: 5, input: { to: 'Ada' } }])
  await until(() => running.figures().started === 1)
})

test('a transaction with a lower number that commits later is not passed over', async () => {
  const late = await connect()
  await late.query('begin')
  await late.query(`select mainspring_start('late')`)
  await app.query(`select mainspring_start('early')`)
  relay()
  await until(() => runs.size === 1)
  await until(empty)
  await late.query('commit')
  await late.end()
  await until(() => runs.size === 2)
  expect([...runs.values()].map(({ definition }) => definition)).toEqual(['early', 'late'])
  await until(empty)
})

test('several relays at once start each row once, and those of a key in order', async () => {
  for (let n = 0; n < 300; n++) await outbox.start(app, 'greet', { n, key: n % 7 }, { order: `key-${n % 7}` })
  for (let n = 0; n < 3; n++) relay()
  await until(empty)
  expect(runs.size).toBe(300)
  for (let key = 0; key < 7; key++) {
    const order = [...runs.values()].map(({ input }) => input as { n: number; key: number }).filter(input => input.key === key)
    expect(order.map(({ n }) => n)).toEqual([...order.map(({ n }) => n)].sort((a, b) => a - b))
  }
})

test('a row that is refused for good is set aside with its problem and holds up its own order alone', async () => {
  refuse = definition => (definition === 'bad' ? problem('key-conflict', 409) : null)
  await outbox.start(app, 'bad', 1, { order: 'a' })
  await outbox.start(app, 'good', 2, { order: 'a' })
  await outbox.start(app, 'good', 3, { order: 'b' })
  await outbox.start(app, 'good', 4)
  const running = relay()
  await until(async () => (await rows()).length === 2 && running.figures().aside === 1)
  // At another look, too.
  await outbox.start(app, 'good', 5)
  await until(async () => (await rows()).length === 2)
  expect(inputs().sort()).toEqual([3, 4, 5])
  expect(await rows()).toMatchObject([
    { definition: 'bad', problem: { code: 'key-conflict' }, refused_at: expect.any(Date), again_at: null },
    { definition: 'good', problem: null, refused_at: null },
  ])
  expect(told).toMatchObject([
    {
      level: 'warn',
      message: 'a start of the outbox was refused and is set aside',
      facts: { definition: 'bad', code: 'key-conflict', again: false },
    },
  ])
  expect(running.figures()).toMatchObject({ refused: 1, aside: 1 })

  // An operator has mended what was wrong.
  refuse = () => null
  await query(`update "${schema}".mainspring_outbox set again_at = now() where refused_at is not null`)
  await until(empty)
  expect(inputs().slice(3)).toEqual([1, 2])
})

test('what is behind a row that was set aside goes on once somebody deletes that row', async () => {
  refuse = definition => (definition === 'bad' ? problem('invalid-option', 400) : null)
  await outbox.start(app, 'bad', 1, { order: 'a' })
  await outbox.start(app, 'good', 2, { order: 'a' })
  relay()
  await until(async () => (await rows())[0]?.refused_at != null)
  await query(`delete from "${schema}".mainspring_outbox where refused_at is not null`)
  await until(empty)
  expect(inputs()).toEqual([2])
})

test('a row that is to be tried again waits, too, for one before it that is set aside', async () => {
  await outbox.start(app, 'bad', 1, { order: 'a' })
  await outbox.start(app, 'later', 2, { order: 'a' })
  await query(`update "${schema}".mainspring_outbox set refused_at = now(), again_at = case definition when 'later' then now() end`)
  await outbox.start(app, 'good', 3)
  relay()
  await until(() => runs.size > 0)
  await query(`delete from "${schema}".mainspring_outbox where definition = 'bad'`)
  await until(empty)
  expect(inputs()).toEqual([3, 2])
})

test('a definition that is not known yet is tried again by itself', async () => {
  let known = false
  refuse = () => (known ? null : problem('unknown-definition', 404))
  await outbox.start(app, 'greet', 1)
  relay()
  await until(async () => (await rows())[0]?.refused_at != null)
  const [row] = await rows()
  expect((row!.again_at!.getTime() - row!.refused_at!.getTime()) / 1_000).toBeCloseTo(5, 1)
  known = true
  await query(`update "${schema}".mainspring_outbox set again_at = now()`)
  await until(empty)
  expect(inputs()).toEqual([1])
})

test('the distance to the next attempt is the time since the first refusal, up to five minutes', async () => {
  refuse = () => problem('unknown-definition', 404)
  const distances: number[] = []
  await outbox.start(app, 'greet')
  relay()
  await until(async () => (await rows())[0]?.refused_at != null)
  for (const before of ['1 minute', '1 hour']) {
    await query(`update "${schema}".mainspring_outbox set refused_at = now() - interval '${before}', again_at = now()`)
    const distance = async () => {
      const [found] = await query<{ s: number }>(
        `select extract(epoch from again_at - clock_timestamp())::float8 as s from "${schema}".mainspring_outbox`,
      )
      return found!.s
    }
    await until(async () => (await distance()) > 6)
    distances.push(Math.round((await distance()) / 10) * 10)
  }
  expect(distances).toEqual([60, 300])
})

test('while nobody answers nothing is lost or refused; it is told once when it begins and once when it is over', async () => {
  refuse = () => new Unreachable('http://scheduler')
  await outbox.start(app, 'greet', 1)
  relay()
  await until(() => server.calls.length >= 3)
  refuse = () => null
  await until(empty)
  await until(() => told.length === 2)
  expect(inputs()).toEqual([1])
  expect(told).toMatchObject([
    {
      level: 'warn',
      message: 'runs cannot be started from the outbox',
      facts: { error: expect.stringContaining('No answer from http://scheduler') },
    },
    { level: 'info', message: 'the outbox is taken over again' },
  ])
})

test('an acknowledged row whose deletion is lost is sent again under the same call key', async () => {
  const holder = await connect()
  await outbox.start(app, 'greet', 1)
  await holder.query('begin')
  await holder.query('select from mainspring_outbox for update')
  relay()
  await until(() => runs.size === 1)
  // The relay waits to delete it, and its connection is cut.
  const waits = `select pid from pg_stat_activity where wait_event_type = 'Lock' and query like 'delete from "${schema}"%'`
  await until(async () => (await query(waits)).length === 1)
  await query(`select pg_terminate_backend(pid) from (${waits}) waiting`)
  await until(() => told.length === 1)
  await holder.query('rollback')
  await holder.end()
  await until(empty)
  expect(server.calls.length).toBeGreaterThan(1)
  expect(new Set(server.calls.map(({ call }) => call.callKey)).size).toBe(1)
  expect(runs.size).toBe(1)
})

test('a relay that is not active leaves the outbox to another', async () => {
  let active = false
  await outbox.start(app, 'greet', 1)
  let asked = 0
  relay({ active: () => ++asked > 0 && active })
  await until(() => asked > 1)
  expect(runs.size).toBe(0)
  active = true
  await until(empty)
})

test('an outbox that is missing is told with the way to make it, or made', async () => {
  await query(`drop table "${schema}".mainspring_outbox`)
  const first = relay()
  await until(() => told.length === 1)
  expect(told[0]).toMatchObject({ level: 'warn', message: 'there is no outbox here: mainspring outbox install makes it' })
  await first.stop()
  await query(`drop schema "${schema}" cascade`)
  relay({ makes: true })
  await until(async () => (await query(`select from pg_tables where schemaname = '${schema}' and tablename = 'mainspring_outbox'`)).length === 1)
  await outbox.start(app, 'greet', 1)
  await until(() => runs.size === 1)
  expect(told).toHaveLength(1)
})

test('inputs as large as they may be are read a few at a time', async () => {
  const large = 'x'.repeat(1_000_000)
  for (let n = 0; n < 20; n++) await app.query('select mainspring_start_json($1, $2)', ['greet', JSON.stringify(`${n} ${large}`)])
  const most: number[] = []
  const watched = new FakeServer()
  let open = 0
  watched.answers['runs.start'] = async () => {
    most.push(++open)
    await sleep(1)
    open--
    return { is: 'started', run: 'r' }
  }
  relay({ client: new Client({ connection: watched, namespace: 'default', retryFor: 0 }) })
  await until(empty)
  expect(Math.max(...most)).toBeLessThanOrEqual(9)
  expect(watched.calls).toHaveLength(20)
})
