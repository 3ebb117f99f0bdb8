import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshSchema, TEST_URL } from '../../store/postgres/testing.ts'
import { installOutbox } from './index.ts'

const url = freshSchema()
const schema = new URL(url).searchParams.get('schema') as string
const app = new pg.Client({ connectionString: TEST_URL })

beforeAll(async () => {
  await installOutbox(url)
  await app.connect()
})
afterAll(() => app.end())

async function put(call: string): Promise<Record<string, unknown>> {
  const { rows } = await app.query<{ id: string }>(`select ${schema}.${call} as id`)
  const { rows: found } = await app.query(`select * from ${schema}.mainspring_outbox where id = $1`, [rows[0]?.id])
  return found[0]
}

test.each([
  [`mainspring_start('greet')`, { definition: 'greet', input: null, options: {}, order_key: null }],
  [`mainspring_start('greet', 'null')`, { input: 'null' }],
  [`mainspring_start('greet', jsonb_build_object('a', 12345678901234567890))`, { input: '{"a": 12345678901234567890}' }],
  [
    `mainspring_start(definition => 'Grüße senden', options => '{"order": "k 17", "delay": "10m"}')`,
    { options: { delay: '10m' }, order_key: 'k 17' },
  ],
  [`mainspring_start('greet', null, null)`, { input: null, options: {} }],
  // As text, which jsonb would change, or could not hold.
  [`mainspring_start_json('greet', '{"b":1,  "a":"\\u0000", "a":2}')`, { input: '{"b":1,  "a":"\\u0000", "a":2}' }],
])('%s keeps what it is given', async (call, kept) => expect(await put(call)).toMatchObject({ ...kept, refused_at: null }))

test.each([
  [`mainspring_start(null)`, 'definition: found null, expected the name of a job'],
  [`mainspring_start('')`, `definition: found '', expected the name of a job`],
  [`mainspring_start(E'two\\nlines')`, 'expected the name of a job'],
  [`mainspring_start(repeat('x', 201))`, 'expected the name of a job'],
  [`mainspring_start('greet', '1', '[]')`, 'options: found [], expected an object'],
  [`mainspring_start('greet', '1', '{"prioritty": 1, "ordr": 1}')`, `options: there is no 'ordr', 'prioritty'.`],
  [`mainspring_start('greet', '1', '{"order": 17}')`, 'options: order: found 17, expected a text'],
  [`mainspring_start('greet', '1', '{"order": ""}')`, 'options: order: found "", expected a text'],
  [`mainspring_start('greet', to_jsonb(repeat('x', 1048576)))`, 'input and options have at most 1048576 bytes each; found 1048578'],
  [`mainspring_start('greet', '{a}')`, 'invalid input syntax for type json'],
  [`mainspring_start_json('greet', '{a}')`, 'invalid input syntax for type json'],
])('%s is refused: %s', async (call, message) => {
  await expect(app.query(`select ${schema}.${call}`)).rejects.toThrow(message)
})

test('ids are UUIDs of version 7, in the order of time', async () => {
  const before = Date.now()
  const { rows } = await app.query<{ id: string }>(`select ${schema}.mainspring_start('greet')::text as id from generate_series(1, 100)`)
  const after = Date.now()
  for (const { id } of rows) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    const at = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)
    expect(at).toBeGreaterThanOrEqual(before - 1)
    expect(at).toBeLessThanOrEqual(after + 1)
  }
  expect(new Set(rows.map(({ id }) => id)).size).toBe(100)
})

test('applied again, also by two at once, it keeps what is there', async () => {
  const { id } = (await put(`mainspring_start('kept')`)) as { id: string }
  await Promise.all([installOutbox(url), installOutbox(url)])
  expect((await app.query(`select id from ${schema}.mainspring_outbox where definition = 'kept'`)).rows).toEqual([{ id }])
})

test('whoever may insert may start: no other right is needed', async () => {
  const role = `${schema}_app`
  await app.query(`create role ${role}; grant usage on schema ${schema} to ${role}; grant insert on ${schema}.mainspring_outbox to ${role}`)
  try {
    await app.query(`set role ${role}`)
    await app.query(`select ${schema}.mainspring_start('greet')`)
    await expect(app.query(`select * from ${schema}.mainspring_outbox`)).rejects.toThrow('permission denied')
  } finally {
    await app.query(`reset role; drop owned by ${role}; drop role ${role}`)
  }
})
