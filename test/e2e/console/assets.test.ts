import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'

const SALES = { tasks: { load: { options: { outlets: ['s3://sales/daily'] } } } }

describe('assets in the console', () => {
  let shown: Console
  let page: Page
  beforeAll(async () => {
    shown = await Console.open()
    const { client } = shown
    const dags = [
      { kind: 'dag', name: 'sales', version: 'v1', options: {}, dag: SALES },
      { kind: 'dag', name: 'report', version: 'v1', options: {}, dag: { tasks: { write: { input: '{{assetEvents}}' } } } },
    ]
    await client.call('definitions.register', {}, { definitions: dags })
    await client.call('schedules.put', { name: 'reports' }, { target: 'report', assets: ['s3://sales/daily', 's3://rates'], overlap: 'allow' })
    await client.assets.set('s3://sales/daily', { description: 'What was sold', partitions: { keys: ['de', 'fr', 'it'] } })
    await (await client.start('sales', {})).result()
    await client.assets.emit('s3://sales/daily', { partition: 'fr', extra: { rows: 12 } })
  })
  afterEach(async () => expect(await shown.closePages()).toEqual([]))
  afterAll(() => shown[Symbol.asyncDispose]())

  test('a list says who makes each and what waits for it; one shows its events and its partitions', async () => {
    page = await shown.page('/data')
    await page.getByText('sales.load').waitFor()
    await expectAccessible(page)
    await page.getByLabel('Filter assets').fill('sold')
    await page.getByText('No asset fits').waitFor()
    await page.getByLabel('Filter assets').fill('daily')
    await page.getByRole('link', { name: 's3://sales/daily' }).click()
    await page.getByText('What was sold').waitFor()
    const events = page.getByRole('group', { name: 'Events' })
    await events.getByText('{"rows":12}').waitFor()
    expect(await events.getByRole('row').count()).toBe(3)
    const partitions = page.getByRole('list', { name: 'Partitions' }).getByRole('listitem')
    await expect
      .poll(async () => (await partitions.allInnerTexts()).map(text => text.split(/\s+/).join(' ')))
      .toEqual(['missing de', 'made fr', 'missing it'])
    await expectAccessible(page)
  })

  test('a person says how far an asset has come, and takes that away again', async () => {
    const { client } = shown
    const mark = async () => (await client.assets.get('s3://sales/daily')).watermark?.value
    page = await shown.page(`/data/${encodeURIComponent('s3://sales/daily')}`)
    const open = page.getByRole('button', { name: 'Set the watermark …' })
    await open.click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('none: it begins anew').waitFor()
    const editor = dialog.getByRole('textbox', { name: 'Watermark' })
    const set = dialog.getByRole('button', { name: 'Set the watermark' })
    expect(await set.isDisabled()).toBe(true)
    await shown.edit(page, editor, '{"id": 7')
    await expect.poll(() => set.isDisabled()).toBe(true)
    await shown.edit(page, editor, '{"id": 7}')
    await dialog.getByText(`mainspring asset set s3://sales/daily --watermark '{"id":7}'`).waitFor()
    await expectAccessible(page)
    await set.click()
    await page.getByText('{"id":7}', { exact: true }).waitFor()
    expect(await mark()).toEqual({ id: 7 })
    await open.click()
    await shown.edit(page, editor, 'null')
    await dialog.getByRole('button', { name: 'Take the watermark away' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await mark()).toBeUndefined()
  })

  test('the lineage leads from what makes an asset to what it starts', async () => {
    page = await shown.page('/data?show=lineage')
    const graph = page.getByRole('region', { name: 'Graph of assets' })
    for (const name of ['sales', 's3://sales/daily', 's3://rates', 'report']) await graph.getByRole('button', { name }).first().waitFor()
    await expectAccessible(page)
    await graph.getByRole('button', { name: 's3://rates' }).click()
    await page.getByText('It was not made yet').waitFor()
    await page.getByRole('link', { name: 'reports' }).click()
    await page.getByRole('heading', { name: 'reports' }).waitFor()
  })
})
