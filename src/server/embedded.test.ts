import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { job, schedule } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { freshSchema } from '../store/postgres/testing.ts'
import { startNode } from './embedded.ts'

const directory = mkdtempSync(join(tmpdir(), 'mainspring-embedded-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const double = job('double', async (number: number) => number * 2)

test.each(['memory:', join(directory, 'path.db'), `sqlite:${join(directory, 'url.db')}`])(
  'a node on %s runs jobs in this process',
  async database => {
    const node = await startNode({ database, work: [double] })
    try {
      const runs = await double.startMany([1, 2, 3].map(input => ({ input })))
      expect(await Promise.all(runs.map(run => run.result()))).toEqual([2, 4, 6])
    } finally {
      await node.stop()
    }
  },
)

test('what was acknowledged is there when the file is opened again', async () => {
  const database = join(directory, 'again.db')
  const first = await startNode({ database, work: [] })
  const { id } = await first.client.start(double, 21)
  await first.stop()
  const second = await startNode({ database, work: [double] })
  expect(await second.client.handle(id).result()).toBe(42)
  await second.stop()
})

test('a second node on the same file is refused with the name of the first', async () => {
  const database = join(directory, 'held.db')
  const node = await startNode({ database })
  await expect(startNode({ database })).rejects.toThrow(new RegExp(`${process.pid}.*\\[database-refused\\]`, 's'))
  await node.stop()
})

test('a handler that blocks the event loop for longer than a lease loses nothing', async () => {
  process.env.MAINSPRING_LEASE = '1s'
  const attempts: number[] = []
  const block = job('block', async (_: unknown, ctx) => {
    attempts.push(ctx.attempt)
    for (const until = performance.now() + 3_000; performance.now() < until; );
    return 'done'
  })
  const node = await startNode({ database: 'memory:', work: [block] })
  try {
    const run = await block.start(undefined)
    expect(await run.result()).toBe('done')
    expect(attempts).toEqual([1])
  } finally {
    delete process.env.MAINSPRING_LEASE
    await node.stop()
  }
})

test('drain lets what runs end; stop gives it back', async () => {
  const begun = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  const slow = job('slow', async () => {
    begun.resolve()
    await finish.promise
    return 'ended'
  })
  const database = join(directory, 'drain.db')
  const node = await startNode({ database, work: [slow] })
  const { id } = await slow.start()
  await begun.promise
  const drained = node.drain()
  finish.resolve()
  await drained
  const again = await startNode({ database })
  expect(await again.client.handle(id).result()).toBe('ended')
  await again.stop()
})

test('schedules are registered with the work; one that has left the code is paused', async () => {
  const database = join(directory, 'schedules.db')
  const ran = Promise.withResolvers<Date | undefined>()
  const report = job('report', async (_: unknown, ctx) => ran.resolve(ctx.nominalTime))
  const often = schedule('often', { every: '1s' }, report)
  const seldom = schedule('seldom', { cron: '0 2 L * *' }, report)
  const node = await startNode({ database, work: [report, often, seldom], source: 'shop' })
  expect(await ran.promise).toBeInstanceOf(Date)
  await node.stop()
  const later = await startNode({ database, work: [report, seldom], source: 'shop' })
  expect((await often.get()).paused).toMatchObject({ gone: true, note: expect.stringContaining('shop') })
  expect((await seldom.get()).paused).toBeNull()
  await later.stop()
})

test('a node with a schedule that is refused does not start, and gives its database up', async () => {
  const database = join(directory, 'never.db')
  const never = schedule('never', { cron: '0 0 30 2 *' }, double, 21)
  await expect(startNode({ database, work: [double, never] })).rejects.toMatchObject({ code: 'schedule-never-fires', at: '/schedules/0/cron' })
  const again = await startNode({ database })
  await again.stop()
})

test('on PostgreSQL, processes share the work: what one starts another runs, whoever serves', async () => {
  const database = freshSchema()
  const ran: string[] = []
  const echo = job('echo', async ({ text }: { text: string }) => {
    ran.push(text)
    return text
  })
  const works = await startNode({ database, work: [echo] })
  const starts = await startNode({ database })
  try {
    const handle = await starts.client.start(echo, { text: 'over there' })
    expect(await handle.result()).toBe('over there')
    expect(ran).toEqual(['over there'])
    expect((await works.client.runs.list({})).runs.map(({ id }) => id)).toEqual([handle.id])
  } finally {
    await starts.stop()
    await works.stop()
  }
})
