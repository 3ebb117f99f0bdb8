import { type Client, outbox, type WireNodes } from '@mainspring/sdk'
import pg from 'pg'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { freshSchema, query, TEST_URL } from '../../src/store/postgres/testing.ts'
import { installOutbox } from '../../src/triggers/outbox/index.ts'
import { type Child, type Server, Stage, until } from './support/processes.ts'

const stage = new Stage()
const opened: pg.Client[] = []
afterAll(async () => {
  await stage.end()
  await Promise.all(opened.map(client => client.end()))
})

let address: string
let schema: string
beforeEach(async () => {
  address = freshSchema()
  schema = new URL(address).searchParams.get('schema') as string
})

/** An application on the database of the outbox. */
async function application(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: TEST_URL })
  opened.push(client)
  await client.connect()
  await client.query(`set search_path to ${schema}`)
  return client
}

async function left(): Promise<number> {
  return Number((await query<{ count: string }>(`select count(*) from ${schema}.mainspring_outbox`))[0]?.count)
}

async function register(server: Server, ...names: string[]): Promise<Client> {
  const client = server.client()
  await client.call('definitions.register', {}, { definitions: names.map(name => ({ kind: 'job', name, version: '1', options: {} })) })
  return client
}

/** How often each row was started, by the number that it has as its tag. */
async function starts(client: Client): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const { runs, next } = await client.runs.list({ limit: 1_000, ...(cursor && { cursor }) })
    for (const { tags } of runs) found.set(tags?.n ?? '', (found.get(tags?.n ?? '') ?? 0) + 1)
    cursor = next
  }
  return found
}
const once = (count: number) => new Map(Array.from({ length: count }, (_, n) => [String(n + 1), 1]))
const sorted = (found: Map<string, number>) => new Map([...found].sort(([a], [b]) => Number(a) - Number(b)))

/** One statement, one transaction. */
function put(app: pg.Client, definition: string, from: number, until: number): Promise<unknown> {
  return app.query(
    `select mainspring_start($1, to_jsonb(n), jsonb_build_object('tags', jsonb_build_object('n', n::text))) from generate_series($2::int, $3::int) n`,
    [definition, from, until],
  )
}

/** The scheduler on another database, which is told of the outbox; and the one whose own database has it. */
const SCHEDULERS = {
  'SQLite beside the application’s database': async () => {
    await installOutbox(address)
    return { database: stage.file(`${schema}.db`), more: ['--outbox', address] }
  },
  'PostgreSQL with the application in its database': async () => ({ database: address }),
}

/** The node makes the outbox of its own database once it serves. */
async function outboxMade(): Promise<void> {
  const find = `select from pg_tables where schemaname = '${schema}' and tablename = 'mainspring_outbox'`
  await until('there is an outbox', async () => (await query(find)).length === 1)
}

test.each(Object.entries(SCHEDULERS))('%s: what commits starts once, what rolls back never, a late commit too', async (_, scheduler) => {
  const server = await stage.server(await scheduler())
  await outboxMade()
  const client = await register(server, 'greet')
  const [app, late] = [await application(), await application()]
  await late.query('begin')
  await put(late, 'greet', 1, 1)
  await app.query('begin')
  await put(app, 'greet', 7, 9)
  await app.query('rollback')
  await app.query('begin')
  await put(app, 'greet', 2, 3)
  await app.query('commit')
  await until('the first are taken over', async () => (await starts(client)).size === 2 && (await left()) === 0)
  await late.query('commit')
  await until('the late one is taken over', async () => (await starts(client)).size === 3 && (await left()) === 0)
  expect(sorted(await starts(client))).toEqual(once(3))
  expect(await server.metric('outbox_started_total')).toBe(3)
  await server.kill('SIGKILL')
})

test.each(Object.entries(SCHEDULERS))('%s: killed after it has started and before it has deleted, it starts nothing again', async (_, scheduler) => {
  const settings = await scheduler()
  const first = await stage.server(settings)
  await outboxMade()
  await register(first, 'greet')
  const [app, holder] = [await application(), await application()]
  await put(app, 'greet', 1, 50)
  await holder.query('begin')
  await holder.query('select from mainspring_outbox for update')
  await until('all are started', async () => (await starts(first.client())).size === 50)
  expect(await left()).toBe(50)
  await first.kill('SIGKILL')
  await holder.query('rollback')
  const second = await stage.server({ ...settings, port: first.port })
  await until('all are deleted', async () => (await left()) === 0)
  expect(sorted(await starts(second.client()))).toEqual(once(50))
  await second.kill('SIGKILL')
})

test('10,000 rows, two relays, and relay and server killed in turn: each starts exactly once', async () => {
  await installOutbox(address)
  let server = await stage.server({ database: stage.file(`${schema}.db`) })
  const client = await register(server, 'greet')
  const relay = async (): Promise<Child> => {
    const child = stage.command(['outbox', 'relay', '--outbox', address, '--url', server.url])
    await child.says(/is ready/)
    return child
  }
  const app = await application()
  for (let part = 0; part < 20; part++) await put(app, 'greet', part * 500 + 1, (part + 1) * 500)
  const relays = await Promise.all([relay(), relay()])
  for (const rest of [7_000, 3_000]) {
    await until(`${rest} are left`, async () => (await left()) <= rest, 5)
    const place = rest === 3_000 ? 0 : 1
    await relays[place]!.kill('SIGKILL')
    if (rest === 3_000) {
      await server.kill('SIGKILL')
      server = await stage.server({ database: stage.file(`${schema}.db`), port: server.port })
    }
    relays[place] = await relay()
  }
  await until('none is left', async () => (await left()) === 0)
  expect(sorted(await starts(client))).toEqual(once(10_000))
  for (const { said } of relays) expect(said).not.toMatch(/set aside/)
})

test('on PostgreSQL, two nodes on the application’s database: the one that serves is killed, and the other takes over what is left, once', async () => {
  const nodes = [await stage.server({ database: address, lease: '2s' }), await stage.server({ database: address, lease: '2s' })] as const
  await outboxMade()
  const client = await register(nodes[1], 'greet')
  const app = await application()
  const holder = await application()
  await holder.query('begin')
  await put(app, 'greet', 1, 1_000)
  await holder.query('select from mainspring_outbox where n % 2 = 0 for update')
  await until('the first batch is started', async () => (await starts(client)).size >= 500)
  const { nodes: views } = await client.call<WireNodes>('nodes.list', {})
  const serves = nodes.find(({ pid }) => views.some(({ name, shards }) => shards > 0 && name.endsWith(`:${pid}`))) as Server
  await serves.kill('SIGKILL')
  await holder.query('rollback')
  await until('the other has taken over', async () => (await left()) === 0)
  const [stands] = nodes.filter(node => node !== serves)
  expect(sorted(await starts((stands as Server).client()))).toEqual(once(1_000))
  await (stands as Server).kill('SIGKILL')
})

test('a job that nobody has registered yet and one that is refused are set aside, told, and hold up no other', async () => {
  await installOutbox(address)
  const server = await stage.server({ database: stage.file(`${schema}.db`), more: ['--outbox', address] })
  const client = await register(server, 'greet')
  const app = await application()
  await outbox.start(app, 'gret', 1, { order: 'a' })
  await app.query(`select mainspring_start('greet', '2', '{"priority": 500, "order": "b"}')`)
  await outbox.start(app, 'greet', 3, { order: 'b' })
  await outbox.start(app, 'greet', 4, { order: 'c', tags: { n: '4' } })
  await until('one is started and two are set aside', async () => (await starts(client)).size === 1 && (await server.metric('outbox_aside')) === 2)
  const rows = await query(
    `select definition, again_at is not null as again, problem->>'code' as code, problem->>'at' as at from ${schema}.mainspring_outbox order by n`,
  )
  expect(rows).toEqual([
    { definition: 'gret', again: true, code: 'unknown-definition', at: '/definition' },
    { definition: 'greet', again: false, code: 'invalid-option', at: '/priority' },
    { definition: 'greet', again: false, code: null, at: null },
  ])
  expect(server.said).toContain('a start of the outbox was refused and is set aside')

  await register(server, 'gret')
  await until('the unknown one is started by itself', async () => (await left()) === 2)
  await server.kill('SIGKILL')
})
