import { job } from '@mainspring/sdk'
import { startWorker } from '@mainspring/sdk/worker'
import { expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'

test("a worker's page tells of a handler that goes on after it was asked to stop, and where it was seen last", { timeout: 120_000 }, async () => {
  await using shown = await Console.open({ flags: ['--lease', '1s'] })
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
  const deaf = job('deaf', async (_: unknown, ctx) => {
    ctx.progress(0.5, 'half of it')
    await held
  })
  const worker = startWorker({ jobs: [deaf], client: shown.client, name: 'hard-of-hearing', stuckAfter: '300ms', log: () => {} })
  await worker.ready
  const run = await shown.client.start(deaf, null)
  await expect.poll(async () => (await run.get()).state).toBe('running')
  await run.cancel()

  const page = await shown.page('/workers')
  await page.getByRole('link', { name: 'hard-of-hearing' }).first().click()
  await page.getByText('A handler of deaf is stuck').waitFor()
  await page.getByRole('region', { name: 'Where it was seen last' }).getByText('stuck.test.ts').waitFor()
  await page.getByRole('row').filter({ hasText: 'deaf' }).getByText('stuck').waitFor()
  await expectAccessible(page)

  letGo()
  await page.getByText('It runs nothing at the moment').waitFor()
  expect(await page.getByText('is stuck').count()).toBe(0)
  await worker.stop()
  expect(shown.errors).toEqual([])
})
