import { workflow } from '@mainspring/sdk'
import { startWorker, type Worker } from '@mainspring/sdk/worker'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { z } from 'zod'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'

const Item = z.object({ title: z.string(), count: z.number() })

describe("a workflow's page", () => {
  let shown: Console
  let worker: Worker
  const cart = workflow('cart', async (limit: number, ctx) => {
    const items: z.infer<typeof Item>[] = []
    ctx.state = { items: 0 }
    ctx.onQuery('items', () => items)
    ctx.onUpdate(
      'add',
      (item: z.infer<typeof Item>) => {
        items.push(item)
        ctx.state = { items: items.length }
        return items.length
      },
      {
        input: Item,
        validate: () => {
          if (items.length >= limit) throw new Error('the cart is full')
        },
      },
    )
    const paid = await ctx.waitFor('paid', { timeout: '30d', input: z.object({ by: z.string() }) })
    await ctx.run('receipt', () => `paid by ${paid?.by}`)
    return { paid, items }
  })
  const quote = workflow('quote', async (_: unknown, ctx) => {
    const price = await ctx.race([() => ctx.waitFor<number>('price'), () => ctx.sleep('30d').then(() => null)])
    await ctx.waitFor('signed')
    return price
  })
  beforeAll(async () => {
    shown = await Console.open()
    worker = startWorker({ jobs: [cart, quote], client: shown.client, name: 'till', log: () => {} })
    await worker.ready
  })
  afterEach(async () => expect(await shown.closePages()).toEqual([]))
  afterAll(async () => {
    await worker?.drain(0).catch(() => undefined)
    await shown?.[Symbol.asyncDispose]()
  })

  test('says what it awaits and what it shows, and takes an update, a query and a signal by forms, each also as its command', async () => {
    const run = await shown.client.start(cart, 1)
    const short = run.id.slice(-5)
    const page = await shown.page(`/runs/${run.id}`)
    const panel = page.getByRole('region', { name: 'Workflow' })
    await panel.getByText('the signal “paid”').waitFor()
    await panel.getByText('items').waitFor()
    await expectAccessible(page)

    // The form is what the code's schema says, told by the worker that has it.
    await panel.getByRole('button', { name: 'Update …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('title').fill('book')
    await dialog.getByLabel('count').fill('2')
    await dialog.getByText(`mainspring update ${short} add '{"title":"book","count":2}'`).waitFor()
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Send the update' }).click()
    await dialog.getByText('completed').waitFor()
    await dialog.getByRole('button', { name: 'Send the update' }).click()
    await dialog.getByText('the cart is full').waitFor()
    await dialog.getByRole('button', { name: 'Close', exact: true }).first().click()
    expect(await run.query('items')).toEqual([{ title: 'book', count: 2 }])

    await panel.getByRole('button', { name: 'Query …' }).click()
    await dialog.getByText(`mainspring query ${short} items`).waitFor()
    await dialog.getByRole('button', { name: 'Ask' }).click()
    await dialog.getByText('book').first().waitFor()
    await dialog.getByRole('button', { name: 'Close', exact: true }).first().click()

    await panel.getByRole('button', { name: 'Signal …' }).click()
    // As the code's schema for the signal says.
    await dialog.getByLabel('by').fill('card')
    await dialog.getByText(`mainspring signal ${short} paid '{"by":"card"}'`).waitFor()
    await dialog.getByRole('button', { name: 'Send the signal' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await run.result()).toEqual({ paid: { by: 'card' }, items: [{ title: 'book', count: 2 }] })
    const story = page.getByRole('list', { name: 'Asked and answered' })
    for (const sentence of ['Update “add” was answered', 'Signal “paid” came', 'Step “receipt” completed']) await story.getByText(sentence).waitFor()
    await expectAccessible(page)
    await page.getByRole('tab', { name: 'History' }).click()
    for (const sentence of ['Took the update "add"', 'Answered an update', 'Was told "paid"'])
      await page.getByRole('tabpanel').getByText(sentence, { exact: true }).first().waitFor()
  })

  test('does not list what lost a race among what it awaits; its story says that nobody waits for it any more', async () => {
    const run = await shown.client.start(quote, null)
    const page = await shown.page(`/runs/${run.id}`)
    const panel = page.getByRole('region', { name: 'Workflow' })
    const story = page.getByRole('list', { name: 'Asked and answered' })
    await panel.getByText('the signal “price”').waitFor()
    await story.getByText('Sleeps').waitFor()
    await run.signal('price', 12)
    await panel.getByText('the signal “signed”').waitFor()
    await story.getByText('Slept, and was not waited for any more').waitFor()
    expect((await run.explain()).reasons.map(({ code }) => code)).toEqual(['signal'])
    await expectAccessible(page)
    await page.getByRole('tab', { name: 'History' }).click()
    await page.getByRole('tabpanel').getByText('Waits no more for operation 2', { exact: true }).first().waitFor()
    await run.signal('signed')
    expect(await run.result()).toBe(12)
  })
})
