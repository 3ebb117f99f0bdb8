import { AsyncLocalStorage } from 'node:async_hooks'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Client } from '../client.ts'
import type { BundleContext } from '../context.ts'
import { Abort, CancelRequested, LeaseLost } from '../errors.ts'
import { type AnyJob, type BundleHandler, type Job, job } from '../job.ts'
import { RateLimited, Snooze } from '../snooze.ts'
import { FakeClock, FakeServer, settled } from '../testing/fakes.ts'
import type { WireHeartbeat, WirePoll } from '../wire.ts'
import { type Middleware, startWorker, type Worker, type WorkerEvent, type WorkerOptions } from './index.ts'

/** How handlers are called: snoozes, middleware, bundles, units, and those that do not stop. */

const workers: Worker[] = []
const clocks: FakeClock[] = []
afterEach(async () => {
  const stopped = workers.splice(0).map(worker => worker.stop())
  for (const clock of clocks.splice(0)) await clock.advance(60_000)
  await Promise.all(stopped)
})

function world(jobs: AnyJob[], options: Partial<WorkerOptions> = {}) {
  const server = new FakeServer()
  const events: WorkerEvent[] = []
  const clock = new FakeClock()
  clocks.push(clock)
  const client = new Client({ connection: server, clock })
  const worker = startWorker({ jobs, client, log: () => {}, onEvent: event => void events.push(event), ...options })
  workers.push(worker)
  return { server, worker, events, clock, ended: (count: number) => server.until(() => server.results.length >= count) }
}

function bundled<Input>(handler: BundleHandler<Input, unknown>): AnyJob {
  return job('test', { batch: { size: 10, within: '5s' } }, handler)
}

describe('snooze', () => {
  test.each([
    ['ctx.snooze', (ctx: { snooze(delay: string): never }) => ctx.snooze('10m'), { is: 'snoozed', delayMs: 600_000 }],
    ['Snooze', () => Promise.reject(new Snooze('1s')), { is: 'snoozed', delayMs: 1_000 }],
    ['RateLimited', () => Promise.reject(new RateLimited({ retryAfter: '30' })), { is: 'snoozed', delayMs: 30_000, slow: true }],
    ['one that is a cause', () => Promise.reject(new Error('x', { cause: new Snooze('1s') })), { is: 'failed' }],
  ])('%s', async (_, handler, result) => {
    const { server, ended, events } = world([job('test', (_: unknown, ctx) => handler(ctx))])
    server.give({})
    await ended(1)
    expect(server.results[0]).toMatchObject(result)
    expect(events.find(event => event.is === 'ended')).toMatchObject({ outcome: result.is })
  })

  test('a date is counted by the worker’s clock', async () => {
    const clock = new FakeClock()
    const at = new Date(clock.now() + 5_000)
    const { server, ended } = world([job('test', () => Promise.reject(new RateLimited({ retryAfter: at })))])
    server.give({})
    await ended(1)
    expect(server.results[0]).toMatchObject({ is: 'snoozed', delayMs: 5_000 })
  })
})

describe('middleware', () => {
  test('runs around the handler, the first outermost, and sees what it is called with', async () => {
    const seen: unknown[] = []
    const of =
      (name: string): Middleware =>
      async ({ definition, run, attempt, input, ctx }, next) => {
        seen.push(`${name} before`, definition, run, attempt, input, 'taskKey' in ctx)
        const output = await next()
        seen.push(`${name} after`)
        return `${name}(${output})`
      }
    const handler = job('test', { input: z.object({ n: z.coerce.number() }) }, ({ n }) => `handler ${n}`)
    const { server, ended } = world([handler], { middleware: [of('outer'), of('inner')] })
    server.give({ input: { n: '4' }, attempt: 3 })
    await ended(1)
    expect(server.results[0]).toMatchObject({ is: 'completed', output: 'outer(inner(handler 4))' })
    const what = ['test', 'run-0', 3, { n: 4 }, true]
    expect(seen).toEqual(['outer before', ...what, 'inner before', ...what, 'inner after', 'outer after'])
  })

  test('gives its async context to the handler', async () => {
    const storage = new AsyncLocalStorage<string>()
    const { server, ended } = world([job('test', async () => storage.getStore())], { middleware: [(_, next) => storage.run('pool', next)] })
    server.give({})
    await ended(1)
    expect(server.results[0]).toMatchObject({ output: 'pool' })
  })

  test.each([
    [
      'passes on what the handler throws',
      (_: unknown, next: () => Promise<unknown>) => next(),
      { is: 'failed', retry: false, failure: { type: 'Abort' } },
    ],
    ['may catch it', (_: unknown, next: () => Promise<unknown>) => next().catch(() => 'caught'), { is: 'completed', output: 'caught' }],
    [
      'may throw another',
      (_: unknown, next: () => Promise<unknown>) =>
        next().catch(cause => {
          throw new TypeError('wrapped', { cause })
        }),
      { is: 'failed', failure: { type: 'TypeError', cause: { type: 'Abort' } } },
    ],
    ['may answer instead of the handler', () => 'cached', { is: 'completed', output: 'cached' }],
    [
      'calls the handler once at most',
      (_: unknown, next: () => Promise<unknown>) => next().catch(() => next()),
      { is: 'failed', failure: { message: expect.stringContaining('twice') } },
    ],
  ])('%s', async (_, middleware, result) => {
    const { server, ended } = world([job('test', () => Promise.reject(new Abort('never')))], { middleware: [middleware] })
    server.give({})
    await ended(1)
    expect(server.results[0]).toMatchObject(result)
  })

  test('must be functions', () =>
    expect(() => startWorker({ jobs: [job('a', () => 1)], middleware: [1 as never] })).toThrow(
      expect.objectContaining({ code: 'invalid-option', at: '/middleware/0' }),
    ))
})

describe('a bundle', () => {
  test('is one call of the handler, takes one slot, and each item gets its own output', async () => {
    const calls: unknown[] = []
    const open = Promise.withResolvers<void>()
    const handler = async (inputs: number[], ctx: BundleContext) => {
      calls.push([inputs, ctx.items.map(({ run, attempt, taskKey, tags, metadata }) => [run, attempt, taskKey, tags, metadata])])
      await open.promise
      return inputs.map(input => input * 2)
    }
    const { server, worker, ended } = world([bundled(handler)], { slots: 3 })
    server.give({ input: 1, bundle: 'b', tags: { a: 'b' } }, { input: 2, bundle: 'b', attempt: 2, metadata: { m: 1 } }, { input: 3, bundle: 'c' })
    await server.until(() => calls.length === 2)
    expect(calls[0]).toEqual([
      [1, 2],
      [
        ['run-0', 1, 'run-0:job', { a: 'b' }, undefined],
        ['run-1', 2, 'run-1:job', {}, { m: 1 }],
      ],
    ])
    expect(worker.running).toBe(2)
    await server.until(() => server.count('tasks.poll') === 2)
    expect(server.calls.findLast(call => call.operation === 'tasks.poll')?.body).toMatchObject({ max: 1 })
    open.resolve()
    await ended(3)
    expect(server.results.map(result => [result.run, 'output' in result && result.output])).toEqual([
      ['run-0', 2],
      ['run-1', 4],
      ['run-2', 6],
    ])
    await settled()
    expect(worker.running).toBe(0)
  })

  test.each([
    ['anything else is the output of all', () => 'done', ['completed', 'completed'], { output: 'done' }],
    ['a list of another length too', () => [1], ['completed', 'completed'], { output: [1] }],
    ['a throw fails all', () => Promise.reject(new TypeError('x')), ['failed', 'failed'], { failure: { type: 'TypeError' } }],
    ['a snooze is that of all', (_: unknown, ctx: BundleContext) => ctx.snooze('1s'), ['snoozed', 'snoozed'], { delayMs: 1_000 }],
  ])('%s', async (_, handler, kinds, each) => {
    const { server, ended } = world([bundled(handler)])
    server.give({ bundle: 'b' }, { bundle: 'b' })
    await ended(2)
    expect(server.results.map(({ is }) => is)).toEqual(kinds)
    for (const result of server.results) expect(result).toMatchObject(each)
  })

  test('an item that is failed by hand has ended at once, the others as the handler does', async () => {
    const open = Promise.withResolvers<void>()
    const handler = async (inputs: number[], { items }: BundleContext) => {
      items[1]?.log.warn('no such customer')
      items[1]?.fail(new Abort('no such customer'))
      items[1]?.fail(new Error('said twice'))
      await open.promise
      return inputs
    }
    const { server, ended, clock } = world([bundled(handler)])
    server.give({ input: 1, bundle: 'b' }, { input: 2, bundle: 'b' }, { input: 3, bundle: 'b' })
    await settled()
    await clock.advance(100)
    await ended(1)
    expect(server.results).toMatchObject([{ run: 'run-1', is: 'failed', retry: false, failure: { message: 'no such customer' } }])
    expect(server.lines).toMatchObject([{ run: 'run-1', message: 'no such customer' }])
    open.resolve()
    await ended(3)
    expect(server.results.slice(1)).toMatchObject([
      { run: 'run-0', output: 1 },
      { run: 'run-2', output: 3 },
    ])
  })

  test('an input that the schema refuses fails its own run alone', async () => {
    const handler = async (inputs: { n: number }[], { items }: BundleContext) => inputs.map(({ n }, index) => [n, items[index]?.run])
    const { server, ended } = world([job('test', { input: z.object({ n: z.coerce.number() }), batch: { size: 10, within: '5s' } }, handler)])
    server.give({ input: { n: '1' }, bundle: 'b' }, { input: { n: 'one' }, bundle: 'b' }, { input: { n: 2 }, bundle: 'b' })
    await ended(3)
    const of = (run: string) => server.results.find(result => result.run === run)
    expect(of('run-0')).toMatchObject({ output: [1, 'run-0'] })
    expect(of('run-1')).toMatchObject({ is: 'failed', retry: false, failure: { type: 'InvalidInput' } })
    expect(of('run-2')).toMatchObject({ output: [2, 'run-2'] })
  })

  test('an item that is asked to stop hears it alone; the handler when all are', async () => {
    const heard: string[] = []
    const handler = async (_: unknown, ctx: BundleContext) => {
      for (const { run, signal } of ctx.items) signal.addEventListener('abort', () => heard.push(`${run} ${signal.reason.name}`))
      await new Promise(resolve => ctx.signal.addEventListener('abort', resolve))
      heard.push(`all ${ctx.signal.reason.name}`)
      throw ctx.signal.reason
    }
    const { server, clock, ended } = world([bundled(handler)])
    const said: Record<string, 'held' | 'cancel' | 'lost'> = { 'run-0': 'cancel' }
    server.answers['tasks.heartbeat'] = ({ beats }: WireHeartbeat) => ({ beats: beats.map(({ run }) => said[run] ?? 'held') })
    server.give({ bundle: 'b' }, { bundle: 'b' })
    await settled()
    await clock.advance(5_000)
    expect(heard).toEqual([`run-0 ${CancelRequested.name}`])
    said['run-1'] = 'lost'
    await clock.advance(5_000)
    await ended(2)
    expect(heard.slice(1)).toEqual([`run-1 ${LeaseLost.name}`, `all ${LeaseLost.name}`])
    expect(server.results).toMatchObject([
      { run: 'run-0', is: 'cancelled' },
      { run: 'run-1', is: 'failed' },
    ])
  })

  test('a job with batch gets lists even where nothing was gathered, and one without it none', async () => {
    const plain = job('plain', (input: unknown) => ({ got: input }))
    const { server, ended } = world([bundled((inputs: unknown[]) => inputs.map(input => ({ got: input }))), plain])
    server.give({ input: 1 }, { input: 2, definition: 'plain', bundle: 'b' }, { input: 3, definition: 'plain', bundle: 'b' })
    await ended(3)
    expect(new Set(server.results.map(result => 'output' in result && result.output))).toEqual(new Set([{ got: 1 }, { got: 2 }, { got: 3 }]))
  })

  test('what still runs when the worker stops is given back, each of its items', async () => {
    const { server, worker, clock } = world([bundled(() => new Promise(() => {}))])
    server.give({ bundle: 'b' }, { bundle: 'b' })
    await server.until(() => worker.running === 1)
    const stopped = worker.stop()
    await clock.advance(0)
    await server.until(() => server.results.length === 2)
    await stopped
    expect(server.results.map(({ is }) => is)).toEqual(['returned', 'returned'])
  })
})

/** Never run: what the types say. */
export function types(): void {
  const index: Job<{ id: string }, number> = job('index', { batch: { size: 100, within: '5s' } }, async (inputs: { id: string }[], { items }) =>
    inputs.map((input, at) => input.id.length + (items[at]?.attempt ?? 0)),
  )
  void index.start({ id: 'a' })
  // @ts-expect-error: one run has one input
  void index.start([{ id: 'a' }])
  const counted = job('counted', { input: z.object({ n: z.number() }), batch: { size: 2, within: 10 } }, inputs => ({ all: inputs.length }))
  void counted.start({ n: 1 }).then(async run => (await run.result()).all.toFixed())
}

describe('units', () => {
  const polls = (server: FakeServer): WirePoll[] => server.calls.filter(call => call.operation === 'tasks.poll').map(({ body }) => body as WirePoll)

  test('are told in all and free; a task takes its cost, and one slot where that names none', async () => {
    const open = Promise.withResolvers<void>()
    const { server, ended } = world([job('test', () => open.promise)], { slots: 8, units: { cpu: 4, gpu: 1 } })
    await server.until(() => polls(server).length === 1)
    expect(polls(server)[0]).toMatchObject({ max: 8, slots: 8, units: { cpu: 4, gpu: 1 }, unitsTotal: { cpu: 4, gpu: 1 }, wait: 30_000 })
    server.give({ cost: { cpu: 1.5, gpu: 1, disk: 9 } }, { cost: { slots: 3 } }, {})
    await server.until(() => polls(server).length === 2)
    // A poll that waits cannot be told of units that come back: it does not wait for long.
    expect(polls(server)[1]).toMatchObject({ max: 3, units: { cpu: 2.5, gpu: 0 }, unitsTotal: { cpu: 4, gpu: 1 }, wait: 1_000 })
    open.resolve()
    await ended(3)
    server.give({})
    await ended(4)
    await settled()
    expect(polls(server).at(-1)).toMatchObject({ max: 8, units: { cpu: 4, gpu: 1 }, wait: 30_000 })
  })

  test('are not spoken of where the worker has none', async () => {
    const { server, ended } = world([job('test', () => 1)])
    server.give({ cost: { cpu: 2 } })
    await ended(1)
    for (const poll of polls(server)) {
      expect(poll).not.toHaveProperty('units')
      expect(poll).not.toHaveProperty('unitsTotal')
    }
  })

  test.each([
    [{ cpu: -1 }, '/units/cpu'],
    [{ slots: 2 }, '/units/slots'],
    [{ cpu: '2' }, '/units/cpu'],
    [[], '/units'],
  ])('%j is refused', (units, at) =>
    expect(() => startWorker({ jobs: [job('a', () => 1)], units: units as never })).toThrow(expect.objectContaining({ code: 'invalid-option', at })),
  )
})

describe('a handler that does not stop', () => {
  test('is reported 10 s after it was asked to, with where it was seen last, and beats as stuck from then on', async () => {
    const open = Promise.withResolvers<void>()
    const { server, clock, events } = world([
      job('test', async (_: unknown, ctx) => {
        ctx.heartbeat()
        await open.promise
      }),
    ])
    server.answers['tasks.heartbeat'] = ({ beats }: WireHeartbeat) => {
      server.beats.push(...beats)
      return { beats: beats.map(() => 'cancel') }
    }
    server.give({})
    await settled()
    await clock.advance(10_000)
    expect(events.filter(({ is }) => is === 'stuck')).toEqual([])
    await clock.advance(5_200)
    expect(events.filter(({ is }) => is === 'stuck')).toMatchObject([{ run: 'run-0', attempt: 1, stack: expect.stringContaining('calls.test.ts') }])
    expect(server.lines).toMatchObject([
      {
        run: 'run-0',
        level: 'warn',
        message: 'still running 10 s after it was asked to stop',
        fields: { lastCall: 'ctx.heartbeat', asked: expect.stringContaining('asked to stop') },
      },
    ])
    await clock.advance(5_000)
    expect(server.beats.at(-1)).toMatchObject({ run: 'run-0', stuck: true })
    open.resolve()
  })

  test('is not reported when it stops in time', async () => {
    const { server, clock, events, ended } = world([
      job('test', (_: unknown, ctx) => new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)))),
    ])
    server.answers['tasks.heartbeat'] = ({ beats }: WireHeartbeat) => ({ beats: beats.map(() => 'cancel') })
    server.give({})
    await settled()
    await clock.advance(5_000)
    await ended(1)
    await clock.advance(30_000)
    expect(events.filter(({ is }) => is === 'stuck')).toEqual([])
    expect(server.lines).toEqual([])
  })
})

describe('isolate', () => {
  test.each([
    ['a job whose file cannot be told', { file: null }, /cannot be told/],
    ['a job of the script that was started', { file: process.argv[1] ?? '' }, /script that was started/],
  ])('%s is refused where it would be run', (_, place, told) => {
    const made = Object.assign(
      job('test', { isolate: 'process' }, () => 1),
      place,
    )
    expect(() => startWorker({ jobs: [made] })).toThrow(
      expect.objectContaining({ code: 'invalid-option', at: '/jobs/0', message: expect.stringMatching(told) }),
    )
  })

  test('knows the file that defines a job, and changes its version', () => {
    const made = job('test', { isolate: 'process', resourceLimits: { memoryMb: 64 } }, () => 1)
    expect(made.file).toMatch(/calls\.test\.ts$/)
    expect(made.definition.options).toEqual({})
    expect(new Set([made, job('test', { isolate: 'process' }, () => 1), job('test', () => 1)].map(({ version }) => version)).size).toBe(3)
  })

  test.each([
    [{ isolate: 'thread' }, '/isolate'],
    [{ isolate: 'process', resourceLimits: { memoryMb: 1 } }, '/resourceLimits/memoryMb'],
    [{ resourceLimits: { memoryMb: 64 } }, '/resourceLimits'],
  ])('%j is refused', (options, at) =>
    expect(() => job('test', options as never, () => 1)).toThrow(expect.objectContaining({ code: 'invalid-option', at })),
  )
})
