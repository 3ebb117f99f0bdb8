import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'

const PHONE = { viewport: { width: 400, height: 800 } }

describe('the list of runs', () => {
  let shown: Console
  let page: Page
  beforeAll(async () => {
    shown = await Console.open()
  })
  afterAll(async () => {
    await shown[Symbol.asyncDispose]()
  })
  afterEach(async () => expect(await shown.closePages()).toEqual([]))

  const row = (text: string) => page.getByRole('row').filter({ hasText: text })
  const searchOf = (url: string) => new URL(url).searchParams
  /** Runs of `definition` that have ended, found by their tag. */
  async function ended(definition: string, tag: string, count: number): Promise<string[]> {
    const handles = await shown.client.startMany(
      definition,
      Array.from({ length: count }, (_, number) => ({ input: number, tags: { test: tag } })),
    )
    await Promise.all(handles.map(handle => handle.result({ timeout: '30s' }).catch(() => undefined)))
    return handles.map(handle => handle.id)
  }

  test('is filtered by words: a part of an error, a span of time; back takes the last away', async () => {
    await ended('breaks', 'words', 1)
    await ended('quick', 'words', 1)
    page = await shown.page('/runs?tag=test:words')
    await row('quick').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('on FIRE')
    await page.getByRole('option', { name: 'on FIRE error' }).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(url => url.searchParams.get('error') === 'on FIRE')
    await row('quick').waitFor({ state: 'detached' })
    await row('breaks').waitFor()
    await page.keyboard.type('last 1h')
    await page.keyboard.press('Enter')
    await page.waitForURL(url => url.searchParams.get('last') === '1h')
    await row('breaks').waitFor()
    await page.keyboard.type('longerThan:1h')
    await page.keyboard.press('Enter')
    await page.getByText('No run fits this filter').waitFor()
    await page.goBack()
    await row('breaks').waitFor()
    await page.goBack()
    await page.goBack()
    await row('quick').waitFor()
    expect([...searchOf(page.url())]).toEqual([['tag', 'test:words']])
  })

  test('counts by state, and each count turns its state on and off', async () => {
    await ended('breaks', 'counts', 2)
    await ended('quick', 'counts', 3)
    page = await shown.page('/runs?tag=test:counts')
    const states = page.getByRole('list', { name: 'Runs by state' })
    const failed = states.getByRole('link', { name: /failed/ })
    await states.getByRole('link', { name: /^3\s*completed/ }).waitFor()
    await failed.click()
    await page.waitForURL(/state=failed/)
    await row('quick').first().waitFor({ state: 'detached' })
    expect(await failed.getAttribute('aria-current')).toBe('true')
    // What is not chosen is counted all the same.
    await states.getByRole('link', { name: /^3\s*completed/ }).waitFor()
    await failed.click()
    await row('quick').first().waitFor()
    expect(searchOf(page.url()).has('state')).toBe(false)
  })

  test('is narrowed to a time with the keyboard or by dragging, and widened again', async () => {
    await ended('quick', 'times', 1)
    page = await shown.page('/runs?tag=test:times&last=1h')
    const chart = page.getByRole('group', { name: /when they were created/ })
    await chart.focus()
    await page.keyboard.press('ArrowLeft')
    await page.getByText(/1 completed/).waitFor()
    await page.keyboard.press('Shift+ArrowLeft')
    await page.keyboard.press('Enter')
    await page.waitForURL(/createdAfter=/)
    await row('quick').waitFor()
    const after = searchOf(page.url()).get('createdAfter') as string
    await page.getByRole('link', { name: 'wider' }).click()
    await page.waitForURL(url => (url.searchParams.get('createdAfter') as string) < after)
    const box = await chart.boundingBox()
    if (box === null) throw new Error('the chart has no place')
    await page.mouse.move(box.x + box.width * 0.1, box.y + 20)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.3, box.y + 20, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL(/createdBefore=/)
    await page.getByText('No run fits this filter').waitFor()
    await page.getByRole('list', { name: 'Time' }).getByRole('link', { name: 'all' }).click()
    await row('quick').waitFor()
  })

  test('drops a run that no longer fits, and takes in one that comes to fit', async () => {
    page = await shown.page('/runs?state=running')
    await page.getByText('No run fits this filter').waitFor()
    const run = await shown.client.start('gate')
    const running = row(run.id.slice(-5))
    await running.waitFor()
    await shown.release(1)
    await running.waitFor({ state: 'detached' })
  })

  test('counts what has come while one reads further down, and stands still', async () => {
    await ended('quick', 'new', 60)
    page = await shown.page('/runs?tag=test:new')
    await row('quick').nth(10).waitFor()
    const scroller = page.locator('[data-scroller]')
    await scroller.evaluate(element => element.scrollTo({ top: 700 }))
    await expect.poll(() => scroller.evaluate(element => element.scrollTop)).toBe(700)
    const [first] = await ended('quick', 'new', 3)
    await page.getByRole('button', { name: '3 new' }).click()
    await row((first as string).slice(-5)).waitFor()
    await page.getByRole('button', { name: '3 new' }).waitFor({ state: 'detached' })
  })

  test('does to all that are picked what one asks, after saying to how many', async () => {
    const runs = await ended('breaks', 'bulk', 4)
    page = await shown.page('/runs?tag=test:bulk')
    await row('breaks').nth(3).waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await row('breaks')
      .nth(2)
      .getByRole('checkbox')
      .click({ modifiers: ['Shift'] })
    const bar = page.getByRole('region', { name: 'Picked runs' })
    await bar.getByText('3 picked').waitFor()
    await bar.getByRole('button', { name: 'Retry' }).click()
    const dialog = page.getByRole('dialog', { name: 'Retry 3 runs?' })
    await dialog.getByText(/mainspring retry --where 'run=/).waitFor()
    await dialog.getByLabel('Why').fill('the printer was put out')
    await dialog.getByRole('button', { name: 'Retry 3' }).click()
    await page.getByText('3 of 3 done').waitFor()
    const link = page.getByRole('link', { name: 'Look at the batch' })
    expect(await link.getAttribute('href')).toMatch(/batches\/[0-9a-z]{26}$/)
    await page.getByRole('button', { name: 'Done' }).click()
    await bar.waitFor({ state: 'detached' })
    const { runs: now } = await shown.client.runs.list({ tags: { test: 'bulk' } })
    expect(now.filter(({ trigger }) => trigger.is === 'retry')).toHaveLength(3)
    expect(now.map(({ id }) => id)).toEqual(expect.arrayContaining(runs))
  })

  test('takes all that match, and changes or deletes them', async () => {
    await ended('quick', 'all', 3)
    await shown.client.startMany(
      'quick',
      [1, 2].map(input => ({ input, delay: '1h', tags: { test: 'all' } })),
    )
    page = await shown.page('/runs?tag=test:all')
    await row('scheduled').nth(1).waitFor()
    await page.getByRole('columnheader').getByRole('checkbox').click()
    await page.getByRole('button', { name: 'All 5 that match' }).click()
    await page.getByText('All 5 that match').waitFor()
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Change priority' }).click()
    const change = page.getByRole('dialog', { name: 'Change the priority of 2 runs?' })
    await change.getByLabel('Priority').fill('7')
    await change.getByText("mainspring change --where 'state=scheduled,state=queued,state=waiting,tag=test:all' --priority 7").waitFor()
    await change.getByRole('button', { name: 'Change 2' }).click()
    await page.getByText('2 of 2 done').waitFor()
    await page.getByRole('button', { name: 'Done' }).click()
    await row('completed').first().getByRole('checkbox').click()
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('dialog', { name: 'Delete one run?' }).getByRole('button', { name: 'Delete 1' }).click()
    await page.getByText('1 of 1 done').waitFor()
    const { runs } = await shown.client.runs.list({ tags: { test: 'all' } })
    expect(runs.map(({ state, priority }) => `${state} ${priority}`).sort()).toEqual(['completed 0', 'completed 0', 'scheduled 7', 'scheduled 7'])
  })

  test('starts a run with a form from the schema: faults stand at their fields, those of the server too', async () => {
    const schema = {
      type: 'object',
      required: ['email', 'lines'],
      properties: {
        email: { type: 'string', format: 'email' },
        express: { type: 'boolean', default: true },
        lines: {
          type: 'array',
          items: {
            title: 'line',
            type: 'object',
            required: ['sku'],
            properties: { sku: { type: 'string' }, count: { type: 'integer', minimum: 1 } },
          },
        },
      },
    }
    await shown.client.call('definitions.register', {}, { definitions: [{ kind: 'job', name: 'order', version: '1', options: {}, schema }] })
    page = await shown.page('/runs')
    await page.keyboard.press('n')
    const dialog = page.getByRole('dialog', { name: 'Start a run' })
    await dialog.getByRole('combobox', { name: 'Definition' }).fill('orde')
    await page.keyboard.press('Enter')
    await dialog.getByLabel('email').fill('you')
    await dialog.getByRole('button', { name: 'One more line' }).click()
    await dialog.getByRole('button', { name: 'Start the run' }).click()
    await dialog.getByText('an address such as you@example.org').waitFor()
    await dialog.getByText('it is needed').waitFor()
    await dialog.getByLabel('email').fill('you@example.org')
    await dialog.getByLabel('sku').fill('A-1')
    await dialog.getByLabel('count').fill('2')
    await dialog.getByText('Options').click()
    await dialog.getByLabel('Priority').fill('500')
    await dialog.getByLabel('Tags').fill('test:form')
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Start the run' }).click()
    await dialog.getByText('from -100 to 100', { exact: false }).first().waitFor()
    expect(await dialog.getByLabel('Priority').getAttribute('aria-invalid')).toBe('true')
    await dialog.getByLabel('Priority').fill('5')
    await dialog
      .getByText(`mainspring start order '{"express":true,"lines":[{"sku":"A-1","count":2}],"email":"you@example.org"}' --priority 5`)
      .waitFor()
    await dialog.getByRole('button', { name: 'Start the run' }).click()
    await page.waitForURL(/\/runs\/[0-9a-z]{26}$/)
    const run = await shown.client.call('runs.get', { run: page.url().slice(-26) })
    expect(run).toMatchObject({
      definition: 'order',
      priority: 5,
      tags: { test: 'form' },
      input: { email: 'you@example.org', express: true, lines: [{ sku: 'A-1', count: 2 }] },
    })
  })

  test('is accessible with runs picked, in its dialogs, and on a phone', async () => {
    await ended('breaks', 'access', 2)
    for (const options of [{}, PHONE]) {
      page = await shown.page('/runs?tag=test:access&state=failed&last=6h', options)
      await page.getByRole('row').nth(2).waitFor()
      await page.getByRole('row').nth(1).getByRole('checkbox').click()
      await page.getByRole('region', { name: 'Picked runs' }).waitFor()
      await expectAccessible(page)
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
      await page.getByRole('button', { name: 'Retry' }).click()
      await page.getByRole('dialog', { name: 'Retry one run?' }).waitFor()
      await expectAccessible(page)
    }
  })
})
