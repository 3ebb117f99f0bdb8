import { connect } from '@mainspring/sdk'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'

const PHONE = { viewport: { width: 400, height: 800 } }

describe('Home', () => {
  let shown: Console
  beforeAll(async () => {
    shown = await Console.open()
  })
  afterAll(async () => {
    await shown[Symbol.asyncDispose]()
  })
  afterEach(async () => expect(await shown.closePages()).toEqual([]))

  test('teaches the first job where nothing is defined, and becomes Home by itself', async () => {
    const page = await shown.page('/?namespace=fresh')
    await page.getByText('mainspring worker jobs.ts --namespace fresh').waitFor()
    await expectAccessible(page)
    const client = connect({ url: shown.place.url, namespace: 'fresh' })
    await client.call('definitions.register', {}, { definitions: [{ kind: 'job', name: 'hello', version: '1', options: {} }] })
    await client.close()
    await page.getByRole('heading', { name: 'Nothing needs you' }).waitFor()
    await page.getByText('No worker is there').waitFor()
  })

  test('says what fails, as it fails, and leads to it', async () => {
    const page = await shown.page('/')
    await page.getByRole('heading', { name: 'Nothing needs you' }).waitFor()
    const run = await shown.client.start('breaks')
    await run.result().catch(() => undefined)
    await page.getByRole('heading', { name: 'One thing needs you' }).waitFor()
    await page.getByText('1 of 1 runs of breaks failed').waitFor()
    await page.getByText('the printer is on fire').first().waitFor()
    await page.getByRole('link', { name: 'Look at them' }).click()
    await page.waitForURL(/state=failed&state=timed_out&definition=breaks/)
    await page
      .getByRole('row')
      .filter({ hasText: run.id.slice(-5) })
      .waitFor()
  })

  test('says that a paused queue keeps work waiting, by whom and how to go on', async () => {
    await shown.client.call('queues.pause', { name: 'printing' }, { note: 'paper is out' })
    await shown.client.start('quick', 1, { queue: 'printing' })
    const page = await shown.page('/')
    await page.getByText('1 task of printing wait').waitFor()
    await page.getByText('paper is out').waitFor()
    const need = page.getByRole('listitem').filter({ hasText: '1 task of printing' })
    await need.getByRole('button', { name: 'Show as a command' }).click()
    await page.getByText('mainspring queue resume printing').waitFor()
    await page.keyboard.press('Escape')
    expect(await need.getByRole('link').getAttribute('href')).toMatch(/\/queues\/printing$/)
  })

  test('counts are links to what they count; charts go back as far as the address says', async () => {
    const page = await shown.page('/?hours=24')
    await page
      .getByRole('list', { name: 'Runs now' })
      .getByRole('link', { name: /failed last hour/ })
      .waitFor()
    await page.getByRole('button', { name: 'As a table' }).first().click()
    await page.getByRole('columnheader', { name: 'completed' }).waitFor()
    await page.getByRole('link', { name: '1 h', exact: true }).click()
    await page.waitForURL(/\?hours=1$/)
    await page.goBack()
    await page.waitForURL(/\?hours=24$/)
    await page
      .getByRole('list', { name: 'Runs now' })
      .getByRole('link', { name: /failed last hour/ })
      .click()
    await page.waitForURL(/state=failed&state=timed_out&last=1h/)
    await page.getByRole('row').filter({ hasText: 'breaks' }).waitFor()
  })

  test('is accessible, wide and on a phone', async () => {
    for (const options of [{}, PHONE]) {
      const page = await shown.page('/', options)
      await page.getByText('Latest failures').waitFor()
      await page.locator('canvas').nth(1).waitFor()
      await expectAccessible(page)
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    }
  })
})
