import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'

const ASKED = {
  subject: 'Publish {{input:rows}} rows?',
  body: 'Counted twice.',
  form: { type: 'object', properties: { amount: { type: 'integer', title: 'Amount' } }, required: ['amount'] },
}
const DAG = { tasks: { ok: { approval: ASKED }, publish: { after: ['ok'], input: '{{output.ok}}' } }, output: '{{output.ok}}' }

describe('approvals in the console', () => {
  let shown: Console
  let page: Page
  beforeAll(async () => {
    shown = await Console.open()
    await shown.client.call('definitions.register', {}, { definitions: [{ kind: 'dag', name: 'release', version: 'v1', options: {}, dag: DAG }] })
  })
  afterEach(async () => expect(await shown.closePages()).toEqual([]))
  afterAll(() => shown[Symbol.asyncDispose]())

  const asked = async (rows: number) => {
    const run = await shown.client.start('release', { rows })
    await expect.poll(async () => (await shown.client.approvals.list()).approvals.map(({ subject }) => subject)).toContain(`Publish ${rows} rows?`)
    return run
  }

  test('all that are open stand in one list; one is approved with its form, by name', async () => {
    const run = await asked(3)
    page = await shown.page('/approvals')
    await page.getByRole('link', { name: 'Publish 3 rows?' }).click()
    const dialog = page.getByRole('dialog', { name: 'Publish 3 rows?' })
    await dialog.getByText('Counted twice.').waitFor()
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Approve' }).click()
    await expect.poll(() => dialog.locator('[aria-invalid="true"]').count()).toBe(1)
    await dialog.getByLabel('Amount').fill('7')
    await dialog.getByLabel('Your name').fill('ana')
    await dialog.getByRole('button', { name: 'Approve' }).click()
    await page.getByText('Nothing waits for a person').waitFor()
    expect(await run.result()).toMatchObject({ approved: true, by: 'ana', input: { amount: 7 } })
  })

  test('the page of its run leads there, and a rejection keeps why', async () => {
    const run = await asked(4)
    const [approval] = (await shown.client.approvals.list()).approvals
    page = await shown.page(`/runs/${approval?.run}`)
    await page.getByRole('button', { name: 'Answer' }).click()
    const dialog = page.getByRole('dialog', { name: 'Publish 4 rows?' })
    await dialog.getByLabel('Why').fill('not this week')
    await dialog.getByRole('button', { name: 'Reject' }).click()
    await page.getByText('Nothing waits for a person').waitFor()
    expect(await run.result()).toMatchObject({ approved: false, why: 'not this week', input: null })
  })
})
