import { job, type StreamChunk, type StreamRefused, workflow } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { everyCrash, testEnvironment } from './testing.ts'

/** A step that waits for its chunks to be sent waits for time to pass. */
const QUICK = { patience: 20 }

type Stream = AsyncIterable<StreamChunk<unknown>>
const all = async (stream: Stream) => {
  const chunks: StreamChunk<unknown>[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks
}
const short = (chunks: StreamChunk<unknown>[]) => chunks.map(({ n, value, step, attempt, restarted }) => [n, value, step, attempt, restarted])
/** As somebody reads it who drops what is void. */
const valid = (chunks: StreamChunk<unknown>[]) =>
  chunks
    .reduce<StreamChunk<unknown>[]>((kept, chunk) => [...(chunk.restarted ? kept.filter(({ step }) => step !== chunk.step) : kept), chunk], [])
    .map(({ value }) => value)

test('what a workflow and its steps write is followed to its end, and read again when it is closed', async () => {
  const agent = workflow('agent', async (question: string, ctx) => {
    await ctx.stream('answer').write({ question, at: new Date(0) })
    await ctx.run('think', async step => {
      for (const token of ['so', ' ', 'be', ' it']) await step.stream<string>('answer').write(token)
    })
    await ctx.stream('answer').write(undefined)
    await ctx.stream('answer').close()
    await ctx.sleep('1d')
    return 'done'
  })
  await using t = await testEnvironment([agent], QUICK)
  const run = await agent.start('why')
  const following = all(run.stream('answer'))
  await t.skip('1h')
  const chunks = await following
  const expected = [
    [0, { question: 'why', at: new Date(0) }, null, 1, false],
    [1, 'so', 'think', 1, false],
    [2, ' ', 'think', 1, false],
    [3, 'be', 'think', 1, false],
    [4, ' it', 'think', 1, false],
    [5, null, null, 1, false],
  ]
  expect(short(chunks)).toEqual(expected)
  expect((await run.get()).state).toBe('waiting') // it was closed by its code
  await t.skip('1d')
  expect(await run.result()).toBe('done')
  expect(short(await all(run.stream('answer', { from: 3 })))).toEqual(expected.slice(3))
  expect(await all(run.stream('nothing'))).toEqual([])
  expect(await t.client.call('runs.streams', { run: run.id })).toEqual({ streams: [{ name: 'answer', chunks: 6, bytes: 95, closed: true }] })
})

test('a step that is tried again begins its part again, and who follows is told so; what others wrote stands', async () => {
  const agent = workflow('agent', async (_: unknown, ctx) => {
    await ctx.stream('answer').write('begin')
    await Promise.all([
      ctx.run('a', async step => {
        await step.stream('answer').write(`a${step.attempt}`)
        await step.stream('answer').write(`a${step.attempt}'`)
        if (step.attempt < 3) throw new Error('no')
      }),
      ctx.run('b', step => step.stream('answer').write('b')),
    ])
  })
  await using _ = await testEnvironment([agent], QUICK)
  const run = await agent.start({})
  await run.result()
  const chunks = await all(run.stream('answer'))
  expect(chunks.filter(({ restarted }) => restarted).map(({ value }) => value)).toEqual(['a2', 'a3'])
  expect(valid(chunks).sort()).toEqual(['a3', "a3'", 'b', 'begin'])
})

test('a job streams, and another attempt of it begins again', async () => {
  const rows = job('rows', { retry: { attempts: 2, initial: '1s' } }, async (_: unknown, ctx) => {
    for (const row of [1, 2]) await ctx.stream('rows').write(row * ctx.attempt)
    if (ctx.attempt === 1) throw new Error('no')
    return 'done'
  })
  await using _ = await testEnvironment([rows], QUICK)
  const run = await rows.start({})
  await run.result()
  expect(short(await all(run.stream('rows')))).toEqual([
    [0, 1, null, 1, false],
    [1, 2, null, 1, false],
    [2, 2, null, 2, true],
    [3, 4, null, 2, false],
  ])
})

test('what a workflow writes is there once, in its order, wherever its worker dies', async () => {
  const agent = workflow('agent', async (_: unknown, ctx) => {
    await ctx.stream('log').write('one')
    const two = await ctx.run('two', () => 'two')
    await Promise.all([ctx.stream('log').write(two), ctx.stream('other').write(1)])
    await ctx.sleep('1h')
    await ctx.stream('log').write('three')
    await ctx.stream('log').close()
  })
  const crashes = await everyCrash(
    [agent],
    async () => {
      const run = await agent.start({})
      await run.result()
      const log = (await all(run.stream('log'))).map(({ n, value }) => [n, value])
      expect(log).toEqual([...['one', 'two', 'three'].entries()])
      expect(short(await all(run.stream('other')))).toEqual([[0, 1, null, 1, false]])
    },
    QUICK,
  )
  expect(crashes).toBeGreaterThan(10)
})

test('of what a step writes, whoever drops what is void has each chunk once, wherever its worker dies', async () => {
  const agent = workflow('agent', async (_: unknown, ctx) => {
    for (const name of ['a', 'b'])
      await ctx.run(name, async step => {
        for (let n = 0; n < 3; n++) await step.stream('answer').write(`${name}${n}`)
      })
  })
  await everyCrash(
    [agent],
    async () => {
      const run = await agent.start({})
      await run.result()
      const chunks = await all(run.stream('answer'))
      expect(chunks.map(({ n }) => n)).toEqual([...chunks.keys()])
      expect(valid(chunks)).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'b2'])
    },
    QUICK,
  )
})

test('a stream that is closed takes nothing more, and says so to whoever writes', async () => {
  const agent = workflow('agent', async (_: unknown, ctx) => {
    await ctx.stream('a').write(1)
    await ctx.stream('a').close()
    await ctx.stream('a').close()
    const own = await ctx
      .stream('a')
      .write(2)
      .catch((error: StreamRefused) => [error.name, error.code, error.stream])
    const step = await ctx.run('late', step => step.stream('a').write(3)).catch((error: StreamRefused) => error.code)
    return [own, step]
  })
  await using _ = await testEnvironment([agent], QUICK)
  const run = await agent.start({})
  expect(await run.result()).toEqual([['StreamRefused', 'stream-closed', 'a'], 'stream-closed'])
  expect((await all(run.stream('a'))).map(({ value }) => value)).toEqual([1])
})

test('over its bounds a run is told so, and goes on', async () => {
  const agent = workflow('agent', async (_: unknown, ctx) => {
    for (let n = 0; n < 32; n++) await ctx.stream(`s${n}`).write(n)
    const own = await ctx
      .stream('one too many')
      .write(1)
      .catch((error: StreamRefused) => error.code)
    const step = await ctx.run('more', step => step.stream('and one').write(3)).catch((error: StreamRefused) => error.code)
    const large = await ctx
      .stream('s1')
      .write('x'.repeat(256 * 1024))
      .catch((error: Error) => error.name)
    await ctx.stream('s1').write('x'.repeat(256 * 1024 - 2))
    return [own, step, large]
  })
  await using _ = await testEnvironment([agent], QUICK)
  const run = await agent.start({})
  expect(await run.result()).toEqual(['stream-full', 'stream-full', 'Unserialisable'])
})
