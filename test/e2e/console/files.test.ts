import { readFileSync } from 'node:fs'
import { job, workflow } from '@mainspring/sdk'
import { startWorker, type Worker } from '@mainspring/sdk/worker'
import type { Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'

/** As JSON more than the 1 MiB that a history takes, in characters of one and of two bytes. */
const rowsOf = (count: number): string[] => Array.from({ length: count }, (_, n) => `${n}é of many`)
const ROWS = 100_000
const LARGE = JSON.stringify(rowsOf(ROWS))

const rows = job('rows', async (count: number, ctx) => {
  await ctx.files.put('rows of today.csv', 'id\n1\n', { type: 'text/csv' })
  return rowsOf(count)
})
const report = workflow('report', async (count: number, ctx) => {
  const read = await ctx.run('read', () => rowsOf(count))
  const called = await ctx.call(rows, count)
  return read.length + called.length
})

describe('what a run gave that is large', () => {
  let shown: Console
  let worker: Worker
  beforeAll(async () => {
    shown = await Console.open()
    worker = startWorker({ jobs: [rows, report], client: shown.client, log: () => {} })
    await worker.ready
  })
  afterEach(async () => expect(await shown.closePages()).toEqual([]))
  afterAll(async () => {
    await worker?.stop()
    await shown?.[Symbol.asyncDispose]()
  })

  test('a file, and a whole result, are downloaded from the page of the run, byte for byte', async () => {
    const run = await shown.client.start(rows, ROWS)
    await run.result()
    const page = await shown.page(`/runs/${run.id}`)
    const files = page.getByRole('region', { name: 'Files' })
    await files.getByText('5 bytes, text/csv').waitFor()
    expect(await saved(page, files.getByRole('button', { name: 'Download rows of today.csv' }))).toEqual(['rows-of-today.csv', 'id\n1\n'])
    const name = `rows-${run.id.slice(-5)}-output.json`
    const output = page.getByRole('region', { name: 'Output' })
    await output.getByText(`Its ${LARGE.length.toLocaleString('en')} characters are kept beside the run.`).waitFor()
    const [as, text] = await saved(page, output.getByRole('button', { name: `Download ${name}` }))
    expect(as).toBe(name)
    expect(text === LARGE).toBe(true)
    // What it is kept in is no stream that the handler wrote.
    expect(await page.getByRole('region', { name: 'Stream' }).count()).toBe(0)
    await expectAccessible(page)
    await page.getByRole('tab', { name: 'Input and output' }).click()
    await page
      .getByRole('tabpanel')
      .getByRole('button', { name: `Download ${name}` })
      .waitFor()
    await expectAccessible(page)
  })

  test('what a step or a child of a workflow gave says in the history how long it is, and is downloaded from there', async () => {
    const run = await shown.client.start(report, ROWS)
    expect(await run.result()).toBe(2 * ROWS)
    const page = await shown.page(`/runs/${run.id}?tab=history`)
    const lines = page
      .getByRole('tabpanel')
      .getByRole('listitem')
      .filter({ hasText: `${LARGE.length.toLocaleString('en')} characters` })
    for (const [n, told] of [/Step "read" completed/, /gave its answer: completed/].entries()) {
      await lines.nth(n).getByText(told).waitFor()
      const [as, text] = await saved(page, lines.nth(n).getByRole('button'))
      expect(as).toMatch(/^report-\w{5}-\d+\.json$/)
      expect(text === LARGE).toBe(true)
    }
    expect(await lines.count()).toBe(2)
    await expectAccessible(page)
  })
})

/** What a click saves: its name, and what is in it. */
async function saved(page: Page, button: Locator): Promise<[name: string, text: string]> {
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()])
  return [download.suggestedFilename(), readFileSync(await download.path(), 'utf8')]
}
