import fc from 'fast-check'
import * as v from 'valibot'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { Client } from './client.ts'
import { setDefaultClient } from './current.ts'
import { InvalidInput, InvalidOption } from './errors.ts'
import type { RunHandle } from './handle.ts'
import { job } from './job.ts'
import { FakeServer, refused } from './testing/fakes.ts'
import { canonical } from './version.ts'
import type { WireStart } from './wire.ts'

function world(): { server: FakeServer; client: Client; sent: () => WireStart } {
  const server = new FakeServer()
  const client = new Client({ connection: server, retryFor: '5s' })
  return { server, client, sent: () => server.calls.findLast(call => call.operation === 'runs.start')?.body as WireStart }
}
const resize = job('resize', { input: z.object({ url: z.url(), size: z.coerce.number().default(100) }) }, async ({ size }) => ({ width: size }))
const tick = job('tick', async () => {})

test('types: the schema types what is passed and what the handler gets', () => {
  expectTypeOf(resize.start).parameter(0).toEqualTypeOf<{ url: string; size?: unknown }>()
  expectTypeOf(resize.start).returns.resolves.toEqualTypeOf<RunHandle<{ width: number }>>()
  const plain = job('plain', async (input: { a: number }, ctx) => {
    expectTypeOf(ctx.checkpoint.value).toEqualTypeOf<unknown>()
    return input.a
  })
  expectTypeOf(plain.start).parameter(0).toEqualTypeOf<{ a: number }>()
  expectTypeOf(tick.start).toBeCallableWith()
})

test('a start goes through the default client, registered before, with defaults left to the worker', async () => {
  const { server, client, sent } = world()
  const before = setDefaultClient(client)
  const run = await resize.start({ url: 'https://example.org' })
  await resize.start({ url: 'https://example.org' })
  setDefaultClient(before)
  expect(run).toMatchObject({ id: 'run0', started: 'started' })
  expect(server.calls.map(call => call.operation)).toEqual(['definitions.register', 'runs.start', 'runs.start'])
  expect(sent()).toEqual({ definition: 'resize', input: { url: 'https://example.org' } })
})

test('every start carries a call key of its own, an id in time order', async () => {
  const { server, client } = world()
  await client.start(tick)
  await client.start(tick)
  const keys = server.calls.filter(call => call.operation === 'runs.start').map(({ call }) => call.callKey)
  expect(new Set(keys).size).toBe(2)
  for (const key of keys) expect(key).toMatch(/^[0-7][0-9a-hjkmnp-tv-z]{25}$/)
})

test('options become their wire form', async () => {
  const { client, sent } = world()
  await client.start(tick, undefined, {
    key: 'k',
    keyRetention: '2d',
    priority: 5,
    delay: '10m',
    queue: 'images',
    retry: { attempts: 3, initial: '2s' },
    timeout: '2m',
    tags: { team: 'media' },
    metadata: { since: new Date(0) },
    retention: '1d',
    expires: '1h',
    exhausted: 'park',
    labels: { gpu: 'a100' },
  })
  expect(sent()).toEqual({
    definition: 'tick',
    key: 'k',
    keyRetention: 172_800_000,
    priority: 5,
    delay: 600_000,
    queue: 'images',
    retry: { attempts: 3, initial: 2_000 },
    timeout: { attempt: 120_000 },
    tags: { team: 'media' },
    metadata: { since: { $type: 'Date', value: '1970-01-01T00:00:00.000Z' } },
    retention: 86_400_000,
    expires: 3_600_000,
    exhausted: 'park',
    labels: { gpu: 'a100' },
  })
  await client.start(tick, undefined, {
    at: new Date(0),
    unique: { key: 'u', states: ['running'], onConflict: 'replace' },
    timeout: { total: 5, heartbeat: '1s' },
  })
  expect(sent()).toEqual({
    definition: 'tick',
    at: '1970-01-01T00:00:00.000Z',
    unique: { by: 'key', key: 'u', states: ['running'], onConflict: 'replace' },
    timeout: { total: 5, heartbeat: 1_000 },
  })
})

test.each([
  [{ priority: 101 }, '/priority'],
  [{ priority: 1.5 }, '/priority'],
  [{ delay: '10 minutes' }, '/delay'],
  [{ delay: -1 }, '/delay'],
  [{ at: 'tomorrow' }, '/at'],
  [{ at: new Date(Number.NaN) }, '/at'],
  [{ at: new Date(), delay: 1 }, '/at'],
  [{ key: '' }, '/key'],
  [{ key: 'a\nb' }, '/key'],
  [{ key: 'a', unique: true }, '/unique'],
  [{ key: 'a', keyRetention: '1h' }, '/keyRetention'],
  [{ keyRetention: '2d' }, '/keyRetention'],
  [{ unique: 'version' }, '/unique'],
  [{ unique: { key: 'k', by: 'input' } }, '/unique/by'],
  [{ unique: { states: ['completed'] } }, '/unique/states/0'],
  [{ retry: { attempts: 0 } }, '/retry/attempts'],
  [{ retry: { delay: () => 1 } }, '/retry/delay'],
  [{ timeout: 0 }, '/timeout'],
  [{ timeout: { attemp: 1 } }, '/timeout/attemp'],
  [{ tags: { a: 1 } }, '/tags/a'],
  [{ tags: ['a'] }, '/tags'],
  [{ queue: 7 }, '/queue'],
  [{ prioritty: 1 }, '/prioritty'],
])('the option %o is refused at %s, before anything is sent', async (options, at) => {
  const { server, client } = world()
  await expect(client.start(tick, undefined, options as never)).rejects.toMatchObject({ name: 'InvalidOption', code: 'invalid-option', at })
  expect(server.calls).toEqual([])
})

test('a misspelt option names the one that was meant', () => {
  expect(() => job('x', { retyr: {} } as never, () => {})).toThrow('Did you mean "retry"?')
  expect(() => job('x', { queu: 'a' } as never, () => {})).toThrow('Did you mean "queue"?')
  expect(() => job('x', { inptu: 'a' } as never, () => {})).toThrow('Did you mean "input"?')
})

test('any options at all give an error with a place or a start', async () => {
  const { client } = world()
  const names = fc.constantFrom(
    'key',
    'keyRetention',
    'unique',
    'priority',
    'delay',
    'at',
    'queue',
    'retry',
    'timeout',
    'tags',
    'labels',
    'metadata',
    'retention',
    'expires',
    '__proto__',
  )
  await fc.assert(
    fc.asyncProperty(fc.dictionary(names, fc.anything()), async options => {
      const error = await client.start(tick, undefined, options as never).then(
        () => null,
        (thrown: unknown) => thrown,
      )
      if (error !== null)
        expect(error).toMatchObject({ code: expect.stringMatching(/invalid-option|unserialisable/), at: expect.stringMatching(/^\//) })
    }),
    { numRuns: 500 },
  )
})

test.each([
  ['zod', resize],
  ['valibot', job('resize', { input: v.object({ url: v.pipe(v.string(), v.url()) }) }, () => {})],
])('an input that %s refuses is refused with its place, before anything is sent', async (_, job) => {
  const { server, client } = world()
  await expect(client.start(job as typeof resize, { url: 'nowhere' })).rejects.toMatchObject({
    name: 'InvalidInput',
    code: 'invalid-input',
    at: '/url',
  })
  expect(server.calls).toEqual([])
})

test('the JSON Schema is registered where the schema gives one', () => {
  expect(resize.definition.schema).toMatchObject({ type: 'object', properties: { url: { type: 'string' } }, required: ['url'] })
  expect(job('x', { input: v.object({}) }, () => {}).definition.schema).toBeUndefined()
})

test('startMany: one call, in order, conflicts per item', async () => {
  const { server, client } = world()
  const problem = { type: 'about:blank', code: 'key-conflict', status: 409, title: 'Taken.' }
  server.answers['runs.startMany'] = () => ({
    runs: [
      { is: 'started', run: 'a' },
      { is: 'existing', run: 'b', by: 'key' },
      { is: 'refused', problem },
    ],
  })
  const runs = await client.startMany(tick, [{ key: '1' }, { key: '2', priority: 3 }, { key: '3' }], { tags: { a: 'b' } })
  expect(runs.map(run => run.started)).toEqual(['started', 'existing', 'refused'])
  await expect(runs[2]?.result()).rejects.toMatchObject({ code: 'key-conflict' })
  expect(server.calls.at(-1)?.body).toMatchObject({ runs: [{ key: '1', tags: { a: 'b' } }, { priority: 3 }, {}] })
})

test('startMany: one bad item refuses all; so do more than 10,000', async () => {
  const { server, client } = world()
  await expect(client.startMany(resize, [{ input: { url: 'https://a.b' } }, { input: { url: 'x' } }])).rejects.toBeInstanceOf(InvalidInput)
  await expect(client.startMany(tick, [{}, { delay: 'x' }])).rejects.toMatchObject({ at: '/items/1/delay' })
  await expect(
    client.startMany(
      tick,
      Array.from({ length: 10_001 }, () => ({})),
    ),
  ).rejects.toBeInstanceOf(InvalidOption)
  expect(await client.startMany(tick, [])).toEqual([])
  expect(server.calls).toEqual([])
})

test('a busy server is asked again with the same call key, and a start is never twice', async () => {
  const { server, client } = world()
  let failures = 2
  server.answers['runs.start'] = () => {
    if (failures-- > 0) throw refused(503, 'unavailable')
    return { is: 'started', run: 'a' }
  }
  await client.start(tick)
  const keys = server.calls.filter(call => call.operation === 'runs.start').map(({ call }) => call.callKey)
  expect(keys).toHaveLength(3)
  expect(new Set(keys).size).toBe(1)
})

test('after retryFor the error is thrown; what cannot pass is thrown at once', async () => {
  const { server } = world()
  const client = new Client({ connection: server, retryFor: 0 })
  server.answers['runs.start'] = () => {
    throw refused(429, 'overloaded', { retryAfter: 1 })
  }
  await expect(client.start(tick)).rejects.toMatchObject({ code: 'overloaded', retryAfter: 1 })
  server.answers['runs.start'] = () => {
    throw refused(409, 'key-conflict')
  }
  await expect(new Client({ connection: server }).start(tick)).rejects.toMatchObject({ code: 'key-conflict' })
})

test('a server that has lost the definition is told again', async () => {
  const { server, client } = world()
  await client.start(tick)
  let first = true
  server.answers['runs.start'] = () => {
    if (first) {
      first = false
      throw refused(404, 'unknown-definition')
    }
    return { is: 'started', run: 'a' }
  }
  await client.start(tick)
  expect(server.count('definitions.register')).toBe(2)
})

test('the version follows the content: name, options, schema, function, or is the one given', () => {
  const base = job('a', { queue: 'q' }, () => 1)
  expect(base.version).toMatch(/^[0-9a-f]{64}$/)
  expect(job('a', { queue: 'q' }, () => 1).version).toBe(base.version)
  const others = [
    job('b', { queue: 'q' }, () => 1),
    job('a', { queue: 'r' }, () => 1),
    job('a', { queue: 'q' }, () => 2),
    job('a', { queue: 'q', input: z.object({}) }, () => 1),
  ]
  expect(new Set([base, ...others].map(job => job.version)).size).toBe(5)
  expect(job('a', { version: 'v1' }, () => 1).version).toBe('v1')
})

test('canonical JSON sorts by code units and leaves undefined out (RFC 8785)', () => {
  expect(canonical({ b: [1, undefined, 'ü'], a: undefined, '\u{1F600}': 1, '\uFB33': 2, A: 1e21 })).toBe(
    '{"A":1e+21,"b":[1,null,"ü"],"\u{1F600}":1,"\uFB33":2}',
  )
})
