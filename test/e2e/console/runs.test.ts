import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, isLive, browserTest as test } from '../support/console.ts'

const LIST_MAX = 200

describe('the console', () => {
  let shown: Console
  beforeAll(async () => {
    shown = await Console.open()
  })
  afterEach(async () => expect(await shown.closePages()).toEqual([]))
  afterAll(() => shown[Symbol.asyncDispose]())

  test('shows new runs and their states without a reload', async () => {
    const page = await shown.page('/runs')
    await page.getByText('No run yet').waitFor()
    const run = await shown.client.start('gate')
    const row = page.getByRole('row').filter({ hasText: run.id.slice(-5) })
    await row.getByText('running').waitFor()
    await shown.release(1)
    await row.getByText('completed').waitFor()
  })

  test('filters by chips that are in the address, and back takes the last away', async () => {
    const quick = await shown.client.start('quick')
    await quick.result()
    const broken = await shown.client.start('breaks')
    await broken.result().catch(() => undefined)
    const page = await shown.page('/runs')
    const quickRow = page.getByRole('row').filter({ hasText: 'quick' }).first()
    await quickRow.waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('state:failed')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\?state=failed$/)
    await quickRow.waitFor({ state: 'detached' })
    await page.getByRole('row').filter({ hasText: 'breaks' }).waitFor()
    await page.goBack()
    await quickRow.waitFor()
  })

  test('j, k and Enter open a run; g r comes back', async () => {
    await (await shown.client.start('quick')).result()
    await (await shown.client.start('quick')).result()
    const page = await shown.page('/runs')
    await page.getByRole('row').filter({ hasText: 'quick' }).nth(1).waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.locator('[role=row]:focus').waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/runs\/[0-9a-z]{26}$/)
    await page.getByRole('heading', { level: 1, name: 'quick' }).waitFor()
    expect(await page.title()).toMatch(/^quick \w{5} · Mainspring$/)
    await page.keyboard.press('g')
    await page.keyboard.press('r')
    await page.waitForURL(/\/runs$/)
  })

  test('cancels a run: asked, then done', async () => {
    const run = await shown.client.start('gate')
    const page = await shown.page(`/runs/${run.id.slice(-6)}`)
    await page.getByText('running').first().waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(`mainspring cancel ${run.id.slice(-5)}`).waitFor()
    await dialog.getByLabel('Why').fill('the wrong customer')
    await dialog.getByRole('button', { name: 'Cancel the run' }).click()
    await page.getByText('it is cancelled').waitFor()
    await page.getByRole('button', { name: 'Retry' }).waitFor()
    expect((await run.get()).state).toBe('cancelled')
    await page.getByText('the wrong customer').first().waitFor()
  })

  test('retries a failed run and goes to the new one', async () => {
    const run = await shown.client.start('breaks')
    await run.result().catch(() => undefined)
    const page = await shown.page(`/runs/${run.id}`)
    await page.getByText('the printer is on fire').first().waitFor()
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.waitForURL(url => /\/runs\/\w{26}$/.test(url.pathname) && !url.pathname.includes(run.id))
    const { runs } = await shown.client.runs.list()
    expect(runs[0]?.trigger).toMatchObject({ is: 'retry', of: run.id })
  })

  test('says that the connection is lost, and catches up with what happened meanwhile', async () => {
    const page = await shown.page('/runs')
    await page.getByRole('row').nth(1).waitFor()
    await shown.stopServer()
    await page.getByText('The connection was lost').waitFor()
    await shown.startServer()
    const run = await shown.client.start('quick')
    await isLive(page)
    await page.getByText('The connection was lost').waitFor({ state: 'detached' })
    await page
      .getByRole('row')
      .filter({ hasText: run.id.slice(-5) })
      .waitFor()
  })

  test('refuses a run that is not there, and says so', async () => {
    const page = await shown.page('/runs/zzzzzz')
    await page.getByRole('alert').getByText('not-found').waitFor()
  })

  test('opens its palette and its shortcuts by keys, both accessible', async () => {
    const page = await shown.page('/')
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').getByRole('combobox').fill('schedules')
    await expectAccessible(page)
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/schedules$/)
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Shortcuts' }).waitFor()
    await expectAccessible(page)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  test('draws only what one sees of a long list', async () => {
    await shown.client.startMany(
      'quick',
      Array.from({ length: LIST_MAX }, (_, number) => ({ input: number })),
    )
    const page = await shown.page('/runs')
    await page.getByRole('row').nth(20).waitFor()
    expect(await page.getByRole('row').count()).toBeLessThan(80)
  })
})
