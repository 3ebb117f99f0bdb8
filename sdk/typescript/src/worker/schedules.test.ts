import { afterEach, expect, test } from 'vitest'
import { Client } from '../client.ts'
import { Unreachable } from '../errors.ts'
import { job } from '../job.ts'
import { schedule } from '../schedule.ts'
import { FakeClock, FakeServer, refused, settled } from '../testing/fakes.ts'
import type { WireRegisterSchedules } from '../wire.ts'
import { startWorker, type Worker, type WorkerOptions } from './index.ts'

const workers: [Worker, FakeClock][] = []
afterEach(async () => {
  delete process.env.MAINSPRING_SOURCE
  for (const [worker, clock] of workers.splice(0)) {
    const stopped = worker.stop()
    await clock.advance(60_000)
    await stopped
  }
})

const tick = job('tick', async () => {})
const nightly = schedule('nightly', { cron: '0 2 * * *' }, tick)

function world(options: Partial<WorkerOptions>, answers: FakeServer['answers'] = {}) {
  const server = new FakeServer()
  server.answers = answers
  const clock = new FakeClock()
  const said: string[] = []
  const client = new Client({ connection: server, clock, retryFor: 0 })
  const worker = startWorker({ jobs: [tick], client, log: (level, message) => void said.push(`${level}: ${message}`), ...options })
  workers.push([worker, clock])
  const registered = () => server.calls.filter(({ operation }) => operation === 'schedules.register').map(({ body }) => body as WireRegisterSchedules)
  return { server, clock, worker, said, registered }
}

test('schedules are registered once their jobs are, and before any work is asked for', async () => {
  const { server, worker, registered } = world({ schedules: [nightly], source: 'shop' })
  await worker.ready
  await settled()
  expect(server.calls.map(({ operation }) => operation)).toEqual(['definitions.register', 'schedules.register', 'tasks.poll'])
  expect(registered()).toEqual([{ source: 'shop', schedules: [{ name: 'nightly', target: 'tick', cron: '0 2 * * *' }] }])
})

test.each([
  ['nothing is said of schedules', {}, undefined, null],
  ['nothing is said of schedules', {}, 'env', null],
  ['the list is empty and nobody named the code', { schedules: [] }, undefined, null],
  ['the list is empty and the code has a name', { schedules: [] }, 'env', { source: 'env', schedules: 0 }],
  ['the list is empty and the code has a name', { schedules: [], source: 'shop' }, 'env', { source: 'shop', schedules: 0 }],
  ['only a name is given', { source: 'shop' }, undefined, { source: 'shop', schedules: 0 }],
  ['there are schedules', { schedules: [nightly] }, 'env', { source: 'env', schedules: 1 }],
  ['there are schedules and nobody named the code', { schedules: [nightly] }, undefined, { source: expect.stringMatching(/\w/), schedules: 1 }],
])('where %s (%j, MAINSPRING_SOURCE %s), %j is registered', async (_, options, environment, expected) => {
  if (environment !== undefined) process.env.MAINSPRING_SOURCE = environment
  const { worker, registered } = world(options)
  await worker.ready
  expect(registered().map(({ source, schedules }) => ({ source, schedules: schedules.length }))).toEqual(expected === null ? [] : [expected])
})

test('what the server refuses is told by ready, and the jobs are run all the same', async () => {
  const { server, worker, said } = world(
    { schedules: [nightly], source: 'shop' },
    {
      'schedules.register': () => {
        throw refused(400, 'schedule-never-fires', { at: '/schedules/0/cron' })
      },
    },
  )
  await expect(worker.ready).rejects.toMatchObject({ code: 'schedule-never-fires', at: '/schedules/0/cron' })
  expect(said).toEqual(['error: its schedules were refused; none of them was changed'])
  server.give({ definition: 'tick' })
  await server.until(() => server.results.length === 1)
})

test('a server that is away or busy is asked again', async () => {
  let failures = 0
  const { worker, clock, said, registered } = world(
    { schedules: [nightly], source: 'shop' },
    {
      'schedules.register': () => {
        if (++failures === 1) throw new Unreachable('http://x')
        if (failures === 2) throw refused(503, 'schedule-busy', { retryAfter: 1 })
        return { schedules: [{ name: 'nightly', changed: 'kept', warnings: [{ code: 'on-the-hour', message: 'many things begin at :00' }] }] }
      },
    },
  )
  await settled()
  await clock.advance(5_000)
  await worker.ready
  expect(registered()).toHaveLength(3)
  expect(said).toEqual([
    'warn: its schedules cannot be registered yet',
    'warn: its schedules cannot be registered yet',
    'warn: schedule "nightly" was made by a call or a file, and is left as it is',
    'info: schedule "nightly": many things begin at :00',
  ])
})

test.each([
  ['has lost them', true, 2],
  ['still has them', false, 1],
])('a server that answers again and %s', async (_, isLost, times) => {
  let polls = 0
  const { server, worker, clock, registered } = world(
    { schedules: [nightly], source: 'shop' },
    {
      'schedules.get': () => {
        if (isLost) throw refused(404, 'schedule-not-found')
        return nightly.definition
      },
      'tasks.poll': async (_poll, { signal }) => {
        if (++polls === 1) throw new Unreachable('http://x')
        if (polls > 2) await new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }))
        return { answer: `a${polls}`, tasks: [] }
      },
    },
  )
  await worker.ready
  await settled()
  await clock.advance(10_000)
  await settled()
  expect(server.count('schedules.get')).toBe(1)
  expect(registered()).toHaveLength(times)
})

test('what is no schedule, and two of one name, are refused with their place', () => {
  expect(() => startWorker({ jobs: [tick], schedules: [tick as never] })).toThrow(expect.objectContaining({ at: '/schedules/0' }))
  expect(() => startWorker({ jobs: [tick], schedules: [nightly, nightly] })).toThrow(expect.objectContaining({ at: '/schedules/1' }))
  expect(() => startWorker({ jobs: [tick], schedules: [nightly], source: '' })).toThrow(expect.objectContaining({ at: '/source' }))
})

test('a handler gets the time that was meant', async () => {
  const got: unknown[] = []
  const { server } = world({ jobs: [job('tick', async (_, ctx) => void got.push([ctx.nominalTime, ctx.latenessMs]))] })
  server.give({ definition: 'tick', nominalTime: '2026-03-01T02:00:00.000Z', latenessMs: 41 }, { definition: 'tick' })
  await server.until(() => server.results.length === 2)
  expect(got).toEqual([
    [new Date('2026-03-01T02:00:00Z'), 41],
    [undefined, undefined],
  ])
})
