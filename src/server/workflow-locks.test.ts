import { workflow } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { everyCrash, testEnvironment } from './testing.ts'

test('a lock is held from one point to another, across sleep and workflows, in the order in which they asked', async () => {
  const seen: string[] = []
  const transfer = workflow('transfer', { locks: { account: {} } }, async ({ account, id }: { account: string; id: number }, ctx) => {
    await ctx.run('look', () => void seen.push(`${id} looks`))
    {
      await using _ = await ctx.lock('account', { key: account })
      await ctx.run('begin', () => void seen.push(`${id} begins`))
      await ctx.sleep('1h')
      await ctx.run('end', () => void seen.push(`${id} ends`))
    }
    await ctx.sleep('10h')
    return id
  })
  const audit = workflow('audit', { locks: { account: {} } }, async (account: string, ctx) => {
    const lock = await ctx.lock('account', { key: account })
    await ctx.run('audit', () => void seen.push('audited'))
    await lock.release()
    await lock.release()
  })
  await using t = await testEnvironment([transfer, audit])
  const runs = []
  for (const id of [1, 2]) {
    runs.push(await transfer.start({ account: 'a', id }))
    await t.settle()
  }
  const audited = await audit.start('a')
  const other = await transfer.start({ account: 'b', id: 4 })
  await t.skip('10m')
  expect(seen.filter(line => !line.includes('looks'))).toEqual(['1 begins', '4 begins'])
  const explained = await runs[1]?.explain()
  expect(explained?.reasons).toMatchObject([
    { code: 'lock', text: expect.stringMatching(/^it waits for the lock "account", as mainspring\.lock\.account \w+$/) },
  ])
  const place = explained?.reasons[0]?.runs?.[0] as string
  const [line] = (await t.client.handle(place).explain()).reasons
  expect(line).toMatchObject({ code: 'sequence' })
  expect((await t.client.handle(line?.runs?.[0] as string).explain()).reasons).toMatchObject([{ code: 'lock-held', runs: [runs[0]?.id] }])
  expect((await runs[0]?.explain())?.reasons).toMatchObject([{ code: 'sleep' }])
  await audited.result()
  for (const run of [...runs, other]) await run.result()
  expect(seen.filter(line => !line.includes('looks') && !line.startsWith('4'))).toEqual(['1 begins', '1 ends', '2 begins', '2 ends', 'audited'])
})

test('it is let go when its run closes, however that comes, and when that begins anew', async () => {
  const holder = workflow('holder', { locks: { gpu: {} } }, async (how: string, ctx) => {
    await ctx.lock('gpu')
    if (how === 'throws') throw new Error('no')
    if (how === 'anew') return ctx.continueAs('returns')
    if (how === 'waits') await ctx.waitFor('never')
    return how
  })
  await using t = await testEnvironment([holder])
  for (const how of ['throws', 'anew', 'returns', 'waits', 'waits']) {
    const run = await holder.start(how)
    await t.settle()
    if (how === 'waits') {
      expect(await run.get()).toMatchObject({ state: 'waiting' })
      await (Math.random() < 0.5 ? run.terminate() : run.cancel())
    }
    await run.result().catch(() => {})
  }
  const last = await holder.start('returns')
  expect(await last.result()).toBe('returns')
})

test('who waits for too long gives its place up; who asks twice, or for what is not named, is refused', async () => {
  const impatient = workflow('impatient', { locks: { gpu: {} } }, async (_: unknown, ctx) => {
    const lock = await ctx.lock('gpu', { key: 1, timeout: '1m' })
    if (lock === undefined) return 'too late'
    await expect(ctx.lock('gpu', { key: 1 })).rejects.toMatchObject({ code: 'invalid-option', at: '/key' })
    await expect(ctx.lock('cpu')).rejects.toMatchObject({ code: 'invalid-option', at: '/name' })
    await ctx.sleep('1h')
    return 'held'
  })
  await using t = await testEnvironment([impatient])
  const runs = []
  for (let n = 0; n < 2; n++) {
    runs.push(await impatient.start())
    await t.settle()
  }
  expect(await Promise.all(runs.map(run => run.result()))).toEqual(['held', 'too late'])
  expect(await (await impatient.start()).result()).toBe('held')
})

test('a crash at every commit lets no two hold it, and nobody waits for ever', { timeout: 180_000 }, async () => {
  let open = new Set<string>()
  const transfer = workflow('transfer', { locks: { account: {} } }, async (_: unknown, ctx) => {
    const { id } = ctx
    await using _lock = await ctx.lock('account', { key: 'a' })
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
      const runs = [await transfer.start(), await transfer.start()]
      for (const run of runs) expect(await run.result()).toBe('done')
    },
    { seed: 5 },
  )
  expect(crashes).toBeGreaterThan(10)
})

test('a lock with permits is held by as many runs at a time, and the next one goes as soon as one lets go', async () => {
  let holders = 0
  let most = 0
  const render = workflow('render', { locks: { gpu: { permits: 2 } } }, async (hours: number, ctx) => {
    await using _lock = await ctx.lock('gpu', { key: 'a100' })
    await ctx.run('begin', () => {
      most = Math.max(most, ++holders)
    })
    await ctx.sleep(hours * 3_600_000)
    await ctx.run('end', () => void holders--)
    return ctx.now().getTime()
  })
  await using t = await testEnvironment([render])
  const began = t.now().getTime()
  const runs = []
  for (const hours of [10, 1, 1, 1]) {
    runs.push(await render.start(hours))
    await t.settle()
  }
  await t.skip('10m')
  expect([holders, most]).toEqual([2, 2])
  const waiting = (await runs[3]?.explain())?.reasons[0]
  expect(waiting).toMatchObject({ code: 'lock' })
  const next = (await t.client.handle((await runs[2]?.explain())?.reasons[0]?.runs?.[0] as string).explain()).reasons
  expect(next).toMatchObject([
    { code: 'lock', text: expect.stringMatching(/^all 2 permits are held: it is next in mainspring\.lock\.gpu\.unit \w+, \w+$/) },
  ])
  const ends = []
  for (const run of runs) ends.push(Math.round(((await run.result()) - began) / 3_600_000))
  expect(ends).toEqual([10, 1, 2, 3]) // one of two stays taken for ten hours, and the other is never idle
  expect(most).toBe(2)
})

test('a crash at every commit lets no more hold it than it has permits', { timeout: 180_000 }, async () => {
  let open = new Set<string>()
  const render = workflow('render', { locks: { gpu: { permits: 2 } } }, async (_: unknown, ctx) => {
    const { id } = ctx
    await using _lock = await ctx.lock('gpu')
    await ctx.run('begin', () => {
      expect([...open].filter(other => other !== id).length).toBeLessThan(2)
      open.add(id)
    })
    await ctx.sleep('1m')
    await ctx.run('end', () => void open.delete(id))
    return 'done'
  })
  const crashes = await everyCrash(
    [render],
    async () => {
      open = new Set()
      const runs = [await render.start(), await render.start(), await render.start()]
      for (const run of runs) expect(await run.result()).toBe('done')
    },
    { seed: 5 },
  )
  expect(crashes).toBeGreaterThan(10)
})

test('a lock that cannot be so is refused with its place', () => {
  const code = async () => {}
  for (const [locks, at] of [
    [{ gpu: { permits: 0 } }, '/locks/gpu/permits'],
    [{ gpu: { weight: 1 } }, '/locks/gpu/weight'],
    [{ '': {} }, '/locks/'],
  ] as const)
    expect(() => workflow('w', { locks: locks as never }, code)).toThrow(expect.objectContaining({ code: 'invalid-option', at }))
})
