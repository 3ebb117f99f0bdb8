import { Abort, workflow } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { everyCrash, testEnvironment } from './testing.ts'

const hour = 3_600_000

test('one workflow at a time holds the lock of its key, in the order of their starts, through sleeps and waits', async () => {
  const seen: string[] = []
  const transfer = workflow('transfer', { sequence: 'account' }, async ({ account, id }: { account: string; id: number }, ctx) => {
    await ctx.run('begin', () => void seen.push(`${account} ${id} begins`))
    await ctx.sleep('1h')
    await ctx.waitFor('go')
    await ctx.run('end', () => void seen.push(`${account} ${id} ends`))
    return t.now().getTime()
  })
  await using t = await testEnvironment([transfer])
  const runs = []
  for (const id of [1, 2, 3]) runs.push(await transfer.start({ account: 'a', id }))
  const other = await transfer.start({ account: 'b', id: 4 })
  await t.skip('2h')
  expect(seen).toEqual(['a 1 begins', 'b 4 begins'])
  expect(await runs[1]?.get()).toMatchObject({ state: 'queued' })
  const { reasons } = (await runs[1]?.explain()) ?? { reasons: [] }
  expect(reasons[0]).toMatchObject({ code: 'sequence' })
  for (const run of [...runs, other]) await run.signal('go')
  const ends = []
  for (const run of [...runs, other]) ends.push(await run.result())
  expect(seen.filter(line => line.startsWith('a'))).toEqual([1, 2, 3].flatMap(id => [`a ${id} begins`, `a ${id} ends`]))
  expect((ends[1] as number) - (ends[0] as number)).toBeGreaterThanOrEqual(hour)
})

test('it is let go at the end of the run, however that comes; after a failure a person says when', async () => {
  const transfer = workflow('transfer', { sequence: 'account' }, async ({ fails }: { account: string; fails?: boolean }, ctx) => {
    if (fails) throw new Abort('no such account')
    await ctx.waitFor('go')
    return 'done'
  })
  await using t = await testEnvironment([transfer])
  const [first, second, third, last] = await transfer.startMany([{}, {}, { fails: true }, {}].map(more => ({ input: { account: 'a', ...more } })))
  await t.settle()
  await first?.terminate()
  await t.settle()
  expect(await second?.get()).toMatchObject({ state: 'waiting', reason: 'signal' })
  await second?.cancel()
  await expect(third?.result()).rejects.toMatchObject({ code: 'run-failed' })
  await t.settle()
  expect(await last?.get()).toMatchObject({ state: 'queued' })
  expect((await last?.explain())?.reasons).toMatchObject([{ text: expect.stringContaining('stopped') }])
})

test('a crash at every commit lets no two of a key overlap', { timeout: 180_000 }, async () => {
  let open = new Set<string>()
  const transfer = workflow('transfer', { sequence: { per: 'account', onFailure: 'skip' } }, async (_: { account: string }, ctx) => {
    const { id } = ctx
    await ctx.run('begin', () => {
      expect([...open].filter(other => other !== id)).toEqual([])
      open.add(id)
    })
    await ctx.sleep('1m')
    await ctx.run('end', () => void open.delete(id))
    return 'done'
  })
  const crashes = await everyCrash(
    [transfer],
    async () => {
      open = new Set()
      const runs = [await transfer.start({ account: 'a' }), await transfer.start({ account: 'a' }), await transfer.start({ account: 'a' })]
      for (const run of runs) expect(await run.result()).toBe('done')
    },
    { seed: 5 },
  )
  expect(crashes).toBeGreaterThan(10)
})
