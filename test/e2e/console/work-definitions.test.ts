import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { Console, browserTest as test } from '../support/console.ts'

const JOBS = 3

describe('definitions, batches and settings in the console', () => {
  let shown: Console
  let page: Page
  beforeAll(async () => {
    shown = await Console.open()
  })
  afterEach(async () => {
    shown.release()
    await page.context().close()
    expect(shown.errors).toEqual([])
  })
  afterAll(async () => {
    await shown[Symbol.asyncDispose]()
  })

  const row = (text: string) => page.getByRole('row').filter({ hasText: text })
  const dialog = () => page.getByRole('dialog')
  /** The JSON editor holds its code in a shadow root, which locators look through. */
  const write = async (text: string): Promise<void> => {
    await dialog().locator('.cm-content').click()
    await page.keyboard.press('Control+a')
    await page.keyboard.insertText(text)
  }

  test('a definition tells how it does, and is started from its page', async () => {
    await (await shown.client.start('breaks')).result().catch(() => undefined)
    page = await shown.page('/definitions?show=failing')
    await row('breaks').getByText('1 failed').waitFor()
    await row('breaks').getByRole('link', { name: 'breaks' }).click()
    await page.waitForURL(/\/definitions\/breaks$/)
    await page.getByText('the printer is on fire').first().waitFor()
    await row('newest').getByRole('link', { name: 'tests' }).waitFor()
    await page.keyboard.press('n')
    await dialog().waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: /^Failed/ }).click()
    await page.waitForURL(/\/runs\?definition=breaks&state=failed&state=timed_out$/)
  })

  test('an option is changed over the code, refused where it makes no sense, and reset', async () => {
    page = await shown.page('/definitions/quick?tab=options')
    await row('Priority').getByText('default').waitFor()
    await row('Priority').getByRole('button', { name: 'Change Priority' }).click()
    await write('5000')
    await dialog().getByText('mainspring definition set quick --option priority=5000').waitFor()
    await dialog().getByRole('button', { name: 'Set it' }).click()
    await dialog().getByRole('alert').getByText('/priority').waitFor()
    await write('7')
    await dialog().getByRole('button', { name: 'Set it' }).click()
    await row('Priority').getByText('operator').filter({ visible: true }).waitFor()
    await row('Priority').getByText('7', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Reset to code' }).click()
    await dialog().getByText('is no longer 7').waitFor()
    await dialog().getByRole('button', { name: 'Reset to code' }).click()
    await row('Priority').getByText('default').waitFor()
    expect((await shown.client.call<{ override: unknown }>('definitions.get', { name: 'quick' })).override).toBeNull()
  })

  test('the input of a definition is told as fields, and its schema raw', async () => {
    const schema = { type: 'object', required: ['mail'], properties: { mail: { type: 'string', format: 'email', description: 'where it goes' } } }
    await shown.client.call('definitions.register', {}, { definitions: [{ kind: 'job', name: 'letter', version: '1', options: {}, schema }] })
    page = await shown.page('/definitions/letter')
    await row('no worker: its runs wait').waitFor()
    await page.getByRole('tab', { name: 'Input' }).click()
    await page.waitForURL(/\?tab=input$/)
    await row('mail').getByText('where it goes').waitFor()
    await page.goBack()
    await page.getByText('Schedules that start it').waitFor()
  })

  test('a batch of jobs tells live how they end, and its open ones are asked to stop', async () => {
    const jobs = [{ definition: 'quick' }, { definition: 'breaks' }, { definition: 'gate' }]
    const { batch } = await shown.client.call<{ batch: string }>('batches.start', {}, { name: 'night', jobs })
    page = await shown.page('/batches')
    await row('night').getByText('1 open').waitFor()
    await row('night').getByText('1 failed').waitFor()
    await row('night').getByRole('link', { name: 'night' }).click()
    await page.waitForURL(url => url.pathname.endsWith(`/batches/${batch}`))
    await page.getByRole('link', { name: `Jobs ${JOBS}` }).waitFor()
    await page.getByText('the printer is on fire').waitFor()
    await page.keyboard.press('c')
    await dialog()
      .getByText(`mainspring batch cancel ${batch.slice(-5)}`)
      .waitFor()
    await dialog().getByLabel('Why').fill('the wrong night')
    await dialog().getByRole('button', { name: 'Cancel the batch' }).click()
    await page.getByRole('link', { name: /^Open 0/ }).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).waitFor({ state: 'detached' })
    await page.getByRole('link', { name: /^Cancelled 1/ }).click()
    await page.waitForURL(/\/runs\?batch=\w{26}&state=cancelled&state=terminated$/)
    await row('gate').waitFor()
  })

  test('an operation on many runs tells what it was about, and what it did', async () => {
    await (await shown.client.start('breaks')).result().catch(() => undefined)
    const body = { name: 'once more', operation: 'retry', filter: { definition: ['breaks'], error: 'printer' }, why: 'it burns no more' }
    const { batch } = await shown.client.call<{ batch: string }>('batches.bulk', {}, body)
    page = await shown.page('/batches?show=operations')
    await row('once more').getByText('Retry breaks').waitFor()
    await row('once more')
      .getByText(/\d+ done/)
      .waitFor()
    await page.goto(page.url().replace(/\/batches.*$/, `/batches/${batch.slice(-6)}`))
    await page.getByRole('heading', { level: 2, name: 'Retry all runs that match' }).waitFor()
    await page.getByText('it burns no more').waitFor()
  })

  test('an API key is shown once, and removed', async () => {
    page = await shown.page('/settings')
    await page.getByRole('tab', { name: 'API keys' }).click()
    await page.getByText('No key yet').waitFor()
    await page.getByRole('button', { name: 'New key' }).click()
    await dialog().getByLabel('Name').fill('ci')
    await dialog().getByText('mainspring key create ci').waitFor()
    await dialog().getByRole('button', { name: 'Make the key' }).click()
    await dialog().getByText(/^msk_/).waitFor()
    await dialog().getByRole('button', { name: 'I have it' }).click()
    await row('ci').waitFor()
    expect(await page.getByText(/^msk_/).count()).toBe(0)
    await page.getByRole('button', { name: 'Remove the key ci' }).click()
    await dialog().getByRole('button', { name: 'Remove the key' }).click()
    await page.getByText('No key yet').waitFor()
  })

  test('settings tell where each value came from, and each reader has a theme and a zone', async () => {
    page = await shown.page('/settings')
    await row('database').getByText('--database').waitFor()
    await page.getByRole('tab', { name: 'Namespaces' }).click()
    await row('default').getByText('you are here').waitFor()
    await page.getByRole('tab', { name: 'Appearance' }).click()
    await page.getByRole('button', { name: 'Dark' }).click()
    await page.locator('html[data-theme=dark]').waitFor({ state: 'attached' })
    await page.getByLabel('Another').fill('Asia/Tokyo')
    await page.getByRole('button', { name: 'Use it' }).click()
    await page.getByRole('button', { name: 'Asia/Tokyo', pressed: true }).waitFor()
    await page.getByRole('tab', { name: 'Keyboard' }).click()
    await page.getByText('Drain a worker').waitFor()
  })
})
