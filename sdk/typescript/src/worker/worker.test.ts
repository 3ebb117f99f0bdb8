import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Client } from '../client.ts'
import type { JobContext } from '../context.ts'
import { Abort, AttemptTimedOut, CancelRequested, LeaseLost, Unreachable } from '../errors.ts'
import { type AnyJob, job } from '../job.ts'
import { delivery, FakeClock, FakeServer, refused, settled } from '../testing/fakes.ts'
import type { Call, WireComplete, WireDelivery, WireHeartbeat, WirePoll } from '../wire.ts'
import { startWorker, type Worker, type WorkerEvent, type WorkerOptions } from './index.ts'

const workers: Worker[] = []
const clocks: FakeClock[] = []
afterEach(async () => {
  const stopped = workers.splice(0).map(worker => worker.stop())
  for (const clock of clocks.splice(0)) await clock.advance(60_000)
  await Promise.all(stopped)
})

function world(jobs: AnyJob[], options: Partial<WorkerOptions> & { virtual?: boolean } = {}) {
  const { virtual, ...rest } = options
  const server = new FakeServer()
  const events: WorkerEvent[] = []
  const clock = new FakeClock()
  const client = new Client({ connection: server, ...(virtual && { clock }) })
  if (virtual) clocks.push(clock)
  const worker = startWorker({ jobs, client, log: () => {}, onEvent: event => void events.push(event), ...rest })
  workers.push(worker)
  return { server, worker, client, events, clock, ended: (count: number) => server.until(() => server.results.length >= count) }
}
/** A handler that waits for its test. */
function gate<Value = void>(): { promise: Promise<Value>; open: (value: Value) => void; fail: (error: unknown) => void } {
  const { promise, resolve, reject } = Promise.withResolvers<Value>()
  return { promise, open: resolve, fail: reject }
}
const untilAborted = (ctx: JobContext): Promise<never> =>
  new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)))

test('a task runs with its values as they were, and its output is sent under its delivery', async () => {
  const { server, events, ended } = world([
    job('test', async ({ at }: { at: Date }, ctx) => [
      at.getTime(),
      ctx.run,
      ctx.attempt,
      ctx.attempts,
      ctx.taskKey,
      ctx.tags,
      ctx.metadata,
      ctx.deadline,
      ctx.checkpoint.value,
    ]),
  ])
  server.give({
    input: { at: { $type: 'Date', value: '1970-01-01T00:00:00.005Z' } },
    metadata: { $type: 'BigInt', value: '7' },
    tags: { a: 'b' },
    attempt: 2,
  })
  await ended(1)
  expect(server.results).toEqual([
    {
      run: 'run-0',
      task: 'job',
      attempt: 2,
      delivery: 'delivery-0',
      is: 'completed',
      output: [5, 'run-0', 2, 10, 'run-0:job', { a: 'b' }, { $type: 'BigInt', value: '7' }, null, null],
    },
  ])
  await server.until(() => events.length === 3)
  expect(events.map(event => event.is)).toEqual(['begun', 'ended', 'answered'])
})

class NoPicture extends Error {
  override name = 'NoPicture'
}
const schema = z.object({ n: z.coerce.number() })
test.each([
  ['a value', () => 1, { is: 'completed', output: 1 }],
  ['nothing', () => {}, { is: 'completed' }],
  [
    'a throw',
    () => Promise.reject(new NoPicture('gone', { cause: new Error('404') })),
    { is: 'failed', failure: { type: 'NoPicture', message: 'gone', cause: { message: '404' } } },
  ],
  [
    'a throw before any await',
    () => {
      throw new TypeError('x')
    },
    { is: 'failed', failure: { type: 'TypeError' } },
  ],
  ['Abort', () => Promise.reject(new Abort('never')), { is: 'failed', retry: false, failure: { type: 'Abort', message: 'never' } }],
  ['what cannot be kept', () => ({ f: () => 1 }), { is: 'failed', retry: false, failure: { type: 'Unserialisable' } }],
  ['what is too large', () => 'x'.repeat(2 ** 24), { is: 'failed', retry: false, failure: { type: 'Unserialisable' } }],
  ['a thrown text', () => Promise.reject('boom'), { is: 'failed', failure: { type: 'NotAnError', message: 'thrown: boom' } }],
])('a handler that ends with %s', async (_, handler, result) => {
  const { server, ended } = world([job('test', handler as () => unknown)])
  server.give({})
  await ended(1)
  expect(server.results[0]).toMatchObject(result)
  if (!('retry' in result)) expect(server.results[0]).not.toHaveProperty('retry')
})

test('the schema converts the input; one that it refuses fails without another attempt', async () => {
  const { server, ended } = world([job('test', { input: schema }, async ({ n }) => n + 1)])
  server.give({ input: { n: '4' } }, { input: { n: 'four' } })
  await ended(2)
  expect(server.results.find(result => result.is === 'completed')).toMatchObject({ output: 5 })
  expect(server.results.find(result => result.is === 'failed')).toMatchObject({
    retry: false,
    failure: { type: 'InvalidInput', code: 'invalid-input' },
  })
})

test('the job’s own delay goes with the failure; what is no duration leaves it to the policy', async () => {
  const delay = (attempt: number, error: Error): string | undefined => (error.message === 'quota' ? `${attempt}m` : undefined)
  const { server, ended } = world([
    job('test', { retry: { delay } }, async (input: string) => {
      throw new Error(input)
    }),
  ])
  server.give({ input: 'quota', attempt: 3 }, { input: 'other' })
  await ended(2)
  expect(server.results.map(result => (result as { delayMs?: number }).delayMs)).toEqual([180_000, undefined])
})

test('no more than `slots` run, and the poll asks for what is free', async () => {
  const gates = Array.from({ length: 5 }, () => gate())
  let running = 0
  let most = 0
  const { server, ended } = world(
    [
      job('test', async (n: number) => {
        most = Math.max(most, ++running)
        await gates[n]!.promise
        running--
      }),
    ],
    { slots: 2 },
  )
  server.give(...gates.map((_, input) => ({ input })))
  for (const one of gates) {
    await settled()
    one.open()
  }
  await ended(5)
  expect(most).toBe(2)
  const polls = server.calls.filter(call => call.operation === 'tasks.poll').map(({ body }) => body as WirePoll)
  expect(polls[0]).toMatchObject({ max: 2, slots: 2, last: null, serves: [{ definition: 'test' }], queues: [], labels: {} })
  expect(polls[1]?.last).toMatch(/^answer/)
})

test('a delivery that is given twice runs once', async () => {
  let runs = 0
  const { server, ended } = world([job('test', () => void runs++)])
  server.give({ delivery: 'd' }, { delivery: 'd' })
  await ended(1)
  server.give({ delivery: 'd' }, { delivery: 'e' })
  await ended(2)
  expect(runs).toBe(2)
})

test('polls go on for ever; when the server is back its jobs are registered again', async () => {
  const { server, events, ended } = world([job('test', () => 1)])
  let failures = 3
  const poll = server.answers['tasks.poll']
  server.answers['tasks.poll'] = () => {
    if (--failures === 0) {
      if (poll) server.answers['tasks.poll'] = poll
      else delete server.answers['tasks.poll']
    }
    throw failures === 1 ? refused(401, 'unauthenticated') : new Unreachable('x')
  }
  server.give({})
  await ended(1)
  expect(events.map(event => event.is)).toEqual(['disconnected', 'connected', 'begun', 'ended', 'answered'])
  await server.until(() => server.count('definitions.register') === 2)
})

test('a result is repeated until it is answered', async () => {
  const { server, ended } = world([job('test', () => 1)])
  let failures = 2
  server.answers['tasks.complete'] = ({ results }: WireComplete) => {
    if (failures-- > 0) throw failures === 0 ? refused(503, 'unavailable') : new Unreachable('x')
    server.results.push(...results)
    return { results: results.map(() => 'accepted') }
  }
  server.give({})
  await ended(1)
  expect(server.count('tasks.complete')).toBe(3)
})

test('a result that the server cannot hold fails its run and costs no other', async () => {
  const { server, ended } = world([job('test', (n: number) => n)])
  server.answers['tasks.complete'] = ({ results }: WireComplete) => {
    if (results.some(result => result.is === 'completed' && result.output === 2)) throw refused(422, 'refused-data')
    server.results.push(...results)
    return { results: results.map(() => 'accepted') }
  }
  server.give({ input: 1 }, { input: 2 }, { input: 3 })
  await ended(3)
  expect(server.results.map(result => [result.run, result.is])).toEqual([
    ['run-0', 'completed'],
    ['run-1', 'failed'],
    ['run-2', 'completed'],
  ])
  expect(server.results[1]).toMatchObject({ retry: false, failure: { code: 'refused-data' } })
})

test('log lines are numbered and with the server before the result', async () => {
  const { server, ended } = world([
    job('test', (_: unknown, ctx) => {
      ctx.log.info('hello', { at: new Date(0) })
      ctx.log.error('é'.repeat(20_000), { f: () => 1 })
      throw new Error('x')
    }),
  ])
  server.give({})
  await ended(1)
  expect(server.calls.map(call => call.operation).filter(operation => /log|complete/.test(operation))).toEqual(['tasks.log', 'tasks.complete'])
  expect(server.lines[0]).toMatchObject({
    run: 'run-0',
    attempt: 1,
    delivery: 'delivery-0',
    n: 0,
    level: 'info',
    message: 'hello',
    fields: { at: { $type: 'Date' } },
  })
  expect(server.lines[1]).toMatchObject({ n: 1, level: 'error', fields: { omitted: expect.stringContaining('a function') } })
  expect(Buffer.byteLength(server.lines[1]?.message ?? '')).toBeLessThanOrEqual(16 * 1024)
})

test('a flood of log lines is bounded, and says what it lost', async () => {
  const { server, ended } = world([
    job('test', (_: unknown, ctx) => {
      for (let n = 0; n < 15_000; n++) ctx.log.debug(`${n}`)
    }),
  ])
  server.give({})
  await ended(1)
  expect(server.lines).toHaveLength(10_001)
  expect(server.lines.at(-1)).toMatchObject({ level: 'warn', fields: { dropped: 5_000 } })
})

test('a checkpoint resolves when the server has it, is read by the same attempt at once and by the next from its delivery', async () => {
  const { server, ended } = world([
    job('test', async (_: unknown, ctx: JobContext<{ page: bigint }>) => {
      const before = ctx.checkpoint.value?.page ?? 0n
      await ctx.checkpoint.save({ page: before + 1n })
      return [server.beats.length, ctx.checkpoint.value]
    }),
  ])
  server.give({ checkpoint: { page: { $type: 'BigInt', value: '41' } } })
  await ended(1)
  expect(server.beats).toEqual([
    { run: 'run-0', task: 'job', attempt: 1, delivery: 'delivery-0', checkpoint: { page: { $type: 'BigInt', value: '42' } } },
  ])
  expect(server.results[0]).toMatchObject({ output: [1, { page: { $type: 'BigInt', value: '42' } }] })
})

test('a checkpoint that nobody awaits is with the server before the failure that follows it', async () => {
  const { server, ended } = world([
    job('test', async (_: unknown, ctx) => {
      void ctx.checkpoint.save(1)
      void ctx.checkpoint.save(2)
      throw new Error('x')
    }),
  ])
  server.give({})
  await ended(1)
  expect(server.calls.map(call => call.operation).slice(-2)).not.toEqual(['tasks.complete', 'tasks.heartbeat'])
  expect(server.beats.map(beat => beat.checkpoint)).toEqual([2])
})

test('a checkpoint under a lost lease throws', async () => {
  const { server, ended } = world([job('test', async (_: unknown, ctx) => ctx.checkpoint.save(1))])
  server.answers['tasks.heartbeat'] = ({ beats }: WireHeartbeat) => ({ beats: beats.map(() => 'lost') })
  server.give({})
  await ended(1)
  expect(server.results[0]).toMatchObject({ is: 'failed', failure: { type: 'LeaseLost' } })
})

test('progress is sent once a second, the latest; signs of life sooner', async () => {
  const open = gate()
  let ctx: JobContext | undefined
  const { server, clock } = world(
    [
      job('test', (_: unknown, context) => {
        ctx = context
        return open.promise
      }),
    ],
    { virtual: true },
  )
  server.give({})
  await settled()
  for (let step = 1; step <= 20; step++) {
    ctx?.progress(step / 20, `step ${step}`)
    await clock.advance(100)
  }
  const told = server.beats.filter(beat => beat.progress)
  expect(told.length).toBeLessThanOrEqual(3)
  await clock.advance(1_000)
  expect(server.beats.findLast(beat => beat.progress)?.progress).toEqual({ value: 1, message: 'step 20' })
  expect(server.beats.filter(beat => beat.active).length).toBeGreaterThan(10)
  open.open()
})

test.each([
  ['throws', 'cancelled'],
  ['returns', 'completed'],
] as const)('asked to stop, a handler that %s ends the run as %s', async (does, is) => {
  let reason: unknown
  const { server, clock, ended } = world(
    [
      job('test', async (_: unknown, ctx) => {
        await untilAborted(ctx).catch(error => {
          reason = error
          if (does === 'throws') throw error
        })
      }),
    ],
    { virtual: true },
  )
  server.answers['tasks.heartbeat'] = ({ beats }: WireHeartbeat) => ({ beats: beats.map(() => 'cancel') })
  server.give({})
  await settled()
  await clock.advance(5_000)
  await ended(1)
  expect(reason).toBeInstanceOf(CancelRequested)
  expect(server.results[0]).toMatchObject({ is })
})

test('a lease that the server calls lost, and one whose time is up without an answer, abort with LeaseLost', async () => {
  const reasons: unknown[] = []
  const { server, clock, ended } = world([job('test', async (_: unknown, ctx) => untilAborted(ctx).catch(error => void reasons.push(error)))], {
    virtual: true,
  })
  server.answers['tasks.heartbeat'] = ({ beats }: WireHeartbeat) => ({ beats: beats.map(() => 'lost') })
  server.give({})
  await settled()
  await clock.advance(5_000)
  await ended(1)
  server.answers['tasks.heartbeat'] = () => {
    throw new Unreachable('x')
  }
  server.give({})
  await settled()
  // Counted from when the poll was sent, five seconds ago.
  await clock.advance(9_000)
  expect(reasons).toHaveLength(1)
  await clock.advance(3_000)
  await ended(2)
  expect(reasons).toHaveLength(2)
  for (const reason of reasons) expect(reason).toBeInstanceOf(LeaseLost)
})

describe('an answer that was long on its way (E16, E17)', () => {
  const late = (said: 'held' | 'lost' | null) => {
    const begun: string[] = []
    const made = world([job('test', (_: unknown, ctx) => void begun.push(ctx.run))], { virtual: true })
    const answer = gate<{ answer: string; tasks: WireDelivery[] }>()
    let polls = 0
    made.server.answers['tasks.poll'] = (_: WirePoll, { signal }: Call) =>
      ++polls === 1 ? answer.promise : new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    made.server.answers['tasks.heartbeat'] = ({ beats }: WireHeartbeat) => {
      made.server.beats.push(...beats)
      if (said === null) throw new Unreachable('x')
      return { beats: beats.map(() => said) }
    }
    return { ...made, begun, arrives: () => answer.open({ answer: 'a', tasks: [delivery(0, {})] }) }
  }

  test.each([
    ['a third of a lease', 5_000, 'lost', ['run-0'], 0],
    ['longer, and the task is still its own', 5_001, 'held', ['run-0'], 1],
    ['longer, and the task is lost', 5_001, 'lost', [], 1],
  ] as const)('%s: a handler begins only for what is certainly this worker’s', async (_, ms, said, begins, asked) => {
    const { server, clock, begun, arrives } = late(said)
    await settled()
    await clock.advance(ms)
    arrives()
    await settled()
    expect(begun).toEqual(begins)
    expect(server.beats).toHaveLength(asked)
  })

  test('longer, and nobody answers: it is dropped', async () => {
    const { server, clock, begun, arrives } = late(null)
    await settled()
    await clock.advance(60_000)
    arrives()
    await clock.advance(60_000)
    expect(begun).toEqual([])
    expect(server.count('tasks.poll')).toBe(2)
  })
})

test('leases are beaten every third, for what still runs', async () => {
  const open = gate()
  const { server, clock } = world([job('test', (wait: boolean) => (wait ? open.promise : undefined))], { virtual: true })
  server.give({ input: false }, { input: true }, { input: false })
  await settled()
  await clock.advance(31_000)
  expect(server.beats.map(beat => beat.run)).toEqual(Array(6).fill('run-1'))
  open.open()
  await settled()
  await clock.advance(31_000)
  expect(server.beats).toHaveLength(6)
})

test('the time of an attempt is up by the worker’s own clock, whatever the server’s says', async () => {
  let reason: unknown
  const { server, clock, ended } = world(
    [
      job('test', async (_: unknown, ctx) =>
        untilAborted(ctx).catch(error => {
          reason = error
          throw error
        }),
      ),
    ],
    { virtual: true },
  )
  server.give({ timeoutMs: 2_000, deadline: '1999-01-01T00:00:00Z' })
  await settled()
  await clock.advance(1_999)
  expect(reason).toBeUndefined()
  await clock.advance(1)
  await ended(1)
  expect(reason).toBeInstanceOf(AttemptTimedOut)
  expect(server.results[0]).toMatchObject({ is: 'failed' })
})

test('what a handler starts has the same call keys in each attempt, and the run as its parent', async () => {
  const child = job('child', () => {})
  const { server, ended } = world([
    job('test', async (_: unknown, ctx) => {
      await ctx.start(child)
      await ctx.start(child, undefined, { place: 'second', priority: 1 })
      await ctx.startMany(child, [{}, {}])
      await child.start()
    }),
  ])
  server.give({ attempt: 1, taskKey: 'key' }, { attempt: 2, taskKey: 'key' })
  await ended(2)
  const starts = server.calls.filter(call => call.operation.startsWith('runs.start'))
  expect(
    starts
      .filter(({ call }) => call.callKey?.startsWith('key:'))
      .map(({ call }) => call.callKey)
      .sort(),
  ).toEqual(['key:0', 'key:0', 'key:1', 'key:1', 'key:second', 'key:second'])
  expect(starts[0]?.body).toEqual({ definition: 'child', parent: 'run-0' })
  // Those without a place of their own may go together.
  const others = starts.filter(({ call }) => !call.callKey?.startsWith('key:')).flatMap(({ body }) => (body as { runs?: unknown[] }).runs ?? [body])
  expect(others).toEqual([{ definition: 'child' }, { definition: 'child' }])
})

test('drain asks no more, waits for what runs, and ends', async () => {
  const open = gate()
  const { server, worker, ended } = world([job('test', () => open.promise)])
  server.give({})
  await server.until(() => worker.running === 1)
  const drained = worker.drain('10s')
  await settled()
  server.give({})
  await settled()
  expect(server.results).toEqual([])
  open.open()
  await ended(1)
  await drained
  expect(server.results).toMatchObject([{ is: 'completed' }])
  expect(server.waiting).toHaveLength(1)
  expect(server.calls.at(-1)?.operation).toBe('workers.gone')
})

test('what still runs at the deadline is given back, its signal aborts, and what it does later is dropped', async () => {
  const open = gate()
  let signal: AbortSignal | undefined
  const { server, worker } = world([
    job('test', (_: unknown, ctx) => {
      signal = ctx.signal
      return open.promise
    }),
  ])
  server.give({})
  await server.until(() => worker.running === 1)
  await worker.drain(0)
  expect(server.results).toMatchObject([{ is: 'returned', delivery: 'delivery-0' }])
  expect(signal?.reason).toMatchObject({ code: 'worker-stopping' })
  open.open()
  await settled()
  expect(server.results).toHaveLength(1)
})

test.each([
  ['goes before the next poll', 4, ['tasks.complete', 'tasks.poll']],
  ['holds up the poll for more no longer than that, where there are many', 5, ['tasks.poll', 'tasks.complete']],
])('what tasks say at once %s', async (_, count, expected) => {
  const { server, ended } = world([job('test', () => 1)], { slots: 100 })
  await server.until(() => server.count('tasks.poll') === 1)
  server.give(...Array.from({ length: count }, () => ({})))
  await ended(count)
  await server.until(() => server.count('tasks.poll') === 2)
  const operations = server.calls.map(({ operation }) => operation)
  expect(operations.slice(operations.indexOf('tasks.poll') + 1, operations.indexOf('tasks.poll') + 3)).toEqual(expected)
})

test('a few tasks that say nothing do not keep it from asking for more', async () => {
  const never = gate()
  const { server } = world([job('test', () => never.promise)], { slots: 100 })
  server.give({})
  await server.until(() => server.count('tasks.poll') === 2)
  expect(server.results).toEqual([])
  never.open()
})

test('tasks that come while it drains are given back', async () => {
  const answer = gate<unknown>()
  const { server, worker } = world([job('test', () => 1)], {})
  await server.until(() => server.count('tasks.poll') === 1)
  const [task] = server.give({})
  await server.until(() => server.results.length === 1 && server.count('tasks.poll') === 2)
  server.answers['tasks.poll'] = () => answer.promise
  server.give({}) // wakes the poll that waits
  await server.until(() => server.results.length === 2 && server.count('tasks.poll') === 3)
  const drained = worker.drain()
  answer.open({ answer: 'late', tasks: [{ ...task, delivery: 'late' }] })
  await drained
  expect(server.results.at(-1)).toMatchObject({ is: 'returned', delivery: 'late' })
})

test.each([
  ['no jobs', { jobs: [] }, '/jobs'],
  ['two of a name', { jobs: [job('a', () => 1), job('a', () => 2)] }, '/jobs/1'],
  ['what is no job', { jobs: [{}] }, '/jobs/0'],
  ['no slots', { jobs: [job('a', () => 1)], slots: 0 }, '/slots'],
])('a worker with %s is refused', (_, options, at) => {
  expect(() => startWorker(options as never)).toThrow(expect.objectContaining({ code: 'invalid-option', at }))
})
