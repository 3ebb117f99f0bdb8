import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type Client, connect, type RunHandle } from '@mainspring/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../../scripts/run.ts'
import { Place, type Running } from './support/place.ts'

const found = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))'])
const skip = found.status !== 0 || process.platform === 'win32'
const LEASE_MS = 1_000
/** OEIS A006880: how many primes there are below 10^5. */
const PRIMES_BELOW_100_000 = 9_592
/** Some 4 s: several leases. */
const SLOWLY = { below: 100_000, slice: 2_500, pause: 0.1 }

describe(`the worker in Python${skip ? ', which needs Python 3.10 or newer' : ''}`, { skip }, () => {
  let place: Place
  let client: Client
  let server: Running
  let worker: Running

  const startWorker = async (environment: Record<string, string> = {}): Promise<Running> => {
    const started = place.start('python3', [join(ROOT, 'examples/workers/python/worker.py')], environment)
    await started.printed(/serves count-words, primes/)
    return started
  }
  /** Some of it is done, and the lease was kept for longer than it lasts. */
  const underWay = async (run: RunHandle<unknown>): Promise<void> => {
    const begun = performance.now()
    for await (const event of run.events()) if (event.is === 'run' && event.run.progress && performance.now() - begun > 1.5 * LEASE_MS) return
    throw new Error('it ended before')
  }

  beforeAll(async () => {
    place = await Place.open()
    server = await place.server('--lease', `${LEASE_MS}ms`)
    worker = await startWorker()
    client = connect({ url: place.url })
  })
  afterAll(async () => {
    await client?.close()
    await place?.[Symbol.asyncDispose]()
  })

  test('registers, and does 20 jobs, of which one fails until its file is there', async () => {
    const late = await client.start('count-words', { file: join(place.folder, 'late.txt') })
    const runs = await Promise.all(Array.from({ length: 19 }, (_, n) => client.start('count-words', { text: 'word '.repeat(n + 1) })))
    expect(await Promise.all(runs.map(run => run.result()))).toEqual(runs.map((_, n) => ({ words: n + 1, most: 'word' })))
    await worker.printed(new RegExp(`failed: accepted ${late.id}`))
    place.write('late.txt', 'late but late')
    expect(await late.result()).toEqual({ words: 3, most: 'late' })
    expect((await late.get()).attempt).toBeGreaterThan(1)
  })

  test('a handler that aborts is not tried again', async () => {
    const run = await client.start('count-words', { neither: true })
    await expect(run.result()).rejects.toMatchObject({ code: 'run-failed', cause: { message: 'the input has neither "text" nor "file"' } })
    expect((await run.get()).attempt).toBe(1)
  })

  test('an output that the server refuses is a failure of that run alone', async () => {
    place.write('large.txt', 'x'.repeat(1_100_000))
    const run = await client.start('count-words', { file: join(place.folder, 'large.txt') })
    await expect(run.result()).rejects.toMatchObject({ code: 'run-failed', cause: { message: expect.stringContaining('payload-too-large') } })
    expect(await (await client.start('count-words', { text: '' })).result()).toEqual({ words: 0, most: null })
  })

  test('a cancellation reaches the handler that runs', async () => {
    const run = await client.start('primes', { ...SLOWLY, below: 10_000_000 })
    await underWay(run)
    await run.cancel()
    await expect(run.result()).rejects.toMatchObject({ code: 'run-cancelled' })
    await worker.printed(new RegExp(`cancelled: accepted ${run.id}`))
    expect((await run.get()).attempt, 'its lease was kept').toBe(1)
  })

  test('it goes on while the server is killed and started again, and its result is accepted then', async () => {
    const run = await client.start('primes', SLOWLY)
    await underWay(run)
    server.kill('SIGKILL')
    await server.ended
    server = await place.server('--lease', `${3 * LEASE_MS}ms`)
    expect(await run.result()).toBe(PRIMES_BELOW_100_000)
    expect((await run.get()).attempt).toBe(1)
  })

  test('SIGTERM gives back what runs, with its checkpoint, and another worker goes on from there', async () => {
    const run = await client.start('primes', { ...SLOWLY, slice: 1_000 })
    await underWay(run)
    worker.stop()
    expect(await worker.exits()).toMatch(new RegExp(`returned: accepted ${run.id}\nstopped\n$`))
    const { state, progress } = await run.get()
    expect(state).toBe('queued')
    const next = await startWorker()
    for await (const event of run.events()) {
      if (event.is !== 'run' || event.run.progress?.message === progress?.message) continue
      expect(event.run.progress?.value, 'it goes on from there').toBeGreaterThan(progress?.value as number)
      break
    }
    expect(await run.result()).toBe(PRIMES_BELOW_100_000)
    expect((await run.get()).attempt, 'an interruption counts no attempt').toBe(1)
    next.stop()
    expect(await next.exits()).toMatch(/stopped\n$/)
  })

  test('a handler that does not look does not keep the worker: its task is given back at the end of the grace', async () => {
    const stubborn = await startWorker({ WORKER_GRACE_SECONDS: '0.5' })
    const run = await client.start('primes', { below: 20_000, slice: 10_000, pause: 600 })
    for await (const event of run.events()) if (event.is === 'run' && event.run.progress) break
    stubborn.stop()
    expect(await stubborn.exits()).toMatch(/given back: 1\nstopped\n$/)
    expect((await run.get()).state).toBe('queued')
  })
})
