import { connect, workflow } from '@mainspring/sdk'
import { startWorker, type Worker } from '@mainspring/sdk/worker'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { Console, browserTest as test } from '../support/console.ts'

describe('workflows in the console', () => {
  let shown: Console
  let page: Page
  const workers: Worker[] = []
  let broken = true
  const order = (version: string) =>
    workflow('order', { version }, async (input: { amount: number }, ctx) => {
      await ctx.run('charge', () => input.amount)
      await ctx.run('ship', () => (broken ? Promise.reject(new Error('no lorry')) : 'shipped'), { retry: { attempts: 1 } })
      return (await ctx.waitFor<string>('done')) ?? null
    })
  const serve = async (version: string): Promise<void> => {
    const worker = startWorker({ jobs: [order(version)], client: connect({ url: shown.place.url }), name: `has-${version}`, log: () => {} })
    workers.push(worker)
    await worker.ready
  }

  beforeAll(async () => {
    shown = await Console.open()
    await serve('v1')
  })
  afterEach(async () => expect(await shown.closePages()).toEqual([]))
  afterAll(async () => {
    await Promise.all(workers.map(worker => worker.drain(0).catch(() => undefined)))
    await shown[Symbol.asyncDispose]()
  })

  const row = (text: string) => page.getByRole('row').filter({ hasText: text })
  const dialog = () => page.getByRole('dialog')
  const choose = async (item: string): Promise<void> => {
    await page.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: item }).click()
  }

  test('a failed run is forked from its failed step with another input, and knows its version and where it comes from', async () => {
    const run = await shown.client.start(order('v1'), { amount: 5 })
    await run.result().catch(() => undefined)
    broken = false
    page = await shown.page(`/runs/${run.id}`)
    await page.getByText('v1', { exact: true }).waitFor()
    await choose('Fork from a step …')
    expect(await dialog().getByLabel('From step').inputValue()).toBe('2')
    await dialog()
      .getByText(`mainspring fork ${run.id.slice(-5)} --from 2`)
      .waitFor()
    await dialog().locator('.cm-content').click()
    await page.keyboard.press('Control+a')
    await page.keyboard.insertText('{"amount":7}')
    await dialog()
      .getByText(`mainspring fork ${run.id.slice(-5)} --from 2 --input '{"amount":7}'`)
      .waitFor()
    await dialog().getByRole('button', { name: 'Start the fork' }).click()
    await page.waitForURL(url => /\/runs\/\w{26}$/.test(url.pathname) && !url.pathname.includes(run.id))
    await page.getByText('from step "ship" of').waitFor()
    const fork = shown.client.handle(page.url().slice(-26))
    expect(await fork.get()).toMatchObject({ input: { amount: 7 }, trigger: { of: run.id, from: { n: 2, name: 'ship' } } })
    await fork.signal('done', 'by fork')
    await page.getByText('by fork').first().waitFor()
  })

  test('an open run is reset to a step: it ends, and another goes on in its place', async () => {
    const run = await shown.client.start(order('v1'), { amount: 5 })
    await expect.poll(async () => (await run.get()).state).toBe('waiting')
    page = await shown.page(`/runs/${run.id}`)
    await choose('Reset to a step …')
    await dialog().getByLabel('From step').selectOption('1')
    await dialog()
      .getByText(`mainspring reset ${run.id.slice(-5)} --to 1`)
      .waitFor()
    await dialog().getByRole('button', { name: 'Reset the run' }).click()
    await page.waitForURL(url => /\/runs\/\w{26}$/.test(url.pathname) && !url.pathname.includes(run.id))
    expect(await run.get()).toMatchObject({ state: 'terminated' })
    const reset = shown.client.handle(page.url().slice(-26))
    await reset.signal('done', 'anew')
    expect(await reset.result()).toBe('anew')
  })

  test('the page of its definition tells which version gets what, and which open runs go by each', async () => {
    const run = await shown.client.start(order('v1'), { amount: 5 })
    await expect.poll(async () => (await run.get()).version).toBe('v1')
    await serve('v2')
    await shown.client.call('versions.ramp', { name: 'order' }, { version: 'v2', percent: 20 })
    page = await shown.page('/definitions/order')
    await row('has-v1').getByText('current 80 %').waitFor()
    await row('has-v1').getByText('1 open').waitFor()
    await row('has-v2').getByText('ramping 20 %').waitFor()
    await shown.client.call('versions.ramp', { name: 'order' }, { version: 'v2', percent: 100 })
    await page.reload()
    await row('has-v1').getByText('draining').waitFor()
    await row('has-v2').getByText('current 100 %').waitFor()
    await run.terminate()
  })

  test('its history is replayed on a version that a worker serves, which tells the first step that differs', async () => {
    broken = false
    const run = await shown.client.start(order('v1'), { amount: 5 })
    await expect.poll(async () => (await run.get()).state).toBe('waiting')
    const other = workflow('order', { version: 'v3' }, async (_: { amount: number }, ctx) => {
      await ctx.run('charge', () => 1)
      await ctx.run('pack', () => 2)
    })
    const worker = startWorker({ jobs: [other], client: connect({ url: shown.place.url }), name: 'has-v3', log: () => {} })
    await worker.ready
    page = await shown.page(`/runs/${run.id}`)
    await page.getByRole('button', { name: 'Replay …' }).click()
    await dialog().getByLabel('Version').selectOption('v3')
    await dialog().getByText('Its history does not fit: step 2 was ship, the code asks for pack.').waitFor()
    await dialog().getByLabel('Version').selectOption('v1')
    await dialog().getByText('Its history fits: 3 steps are the same.').waitFor()
    await worker.drain(0)
    await run.terminate()
  })
})
