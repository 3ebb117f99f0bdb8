import { workflow } from '@mainspring/sdk'
import { startWorker, type Worker } from '@mainspring/sdk/worker'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'

describe("a run's streams", () => {
  let shown: Console
  let worker: Worker
  let next = Promise.withResolvers<void>()
  const go = (): void => {
    next.resolve()
    next = Promise.withResolvers()
  }
  const agent = workflow('agent', async (question: string, ctx) => {
    await ctx.run(
      'think',
      async step => {
        const answer = step.stream<string>('answer')
        await answer.write(step.attempt === 1 ? 'half a thought' : 'so ')
        await next.promise
        if (step.attempt === 1) throw new Error('the model is away')
        await answer.write('be it')
      },
      { retry: { initial: '1ms' } },
    )
    await ctx.waitFor('go on')
    await ctx.stream('answer').write({ question })
    await ctx.stream('answer').close()
  })
  beforeAll(async () => {
    shown = await Console.open()
    worker = startWorker({ jobs: [agent], client: shown.client, name: 'agent', log: () => {} })
    await worker.ready
  })
  afterEach(async () => expect(await shown.closePages()).toEqual([]))
  afterAll(async () => {
    await worker?.drain(0).catch(() => undefined)
    await shown?.[Symbol.asyncDispose]()
  })

  test('are shown on its page as they are written, what an attempt leaves behind that begins again taken back, and again when it is closed', async () => {
    const run = await shown.client.start(agent, 'why')
    const page = await shown.page(`/runs/${run.id}`)
    const panel = page.getByRole('region', { name: 'Stream “answer”' })
    await panel.getByText('half a thought').waitFor()
    await panel.getByText('1 chunks · live').waitFor()
    await expectAccessible(page)
    go()
    await panel.getByText('think · attempt 2').waitFor()
    await panel.getByText('so', { exact: true }).waitFor()
    expect(await panel.getByText('half a thought').count()).toBe(0)
    go()
    await panel.getByText('so be it', { exact: true }).waitFor()
    await run.signal('go on')
    await panel.getByText('why').waitFor()
    await panel.getByText('4 chunks · ended').waitFor()
    await run.result()

    const later = await shown.page(`/runs/${run.id}`)
    const again = later.getByRole('region', { name: 'Stream “answer”' })
    await again.getByText('so be it', { exact: true }).waitFor()
    await again.getByText('4 chunks · ended').waitFor()
    expect(await again.getByText('half a thought').count()).toBe(0)
    await expectAccessible(later)
  })
})
