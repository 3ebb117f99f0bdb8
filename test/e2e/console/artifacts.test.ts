import { job } from '@mainspring/sdk'
import { startWorker, type Worker } from '@mainspring/sdk/worker'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
const HOSTILE = [
  '# Rows of *today*',
  'All **fine**: [the page](https://example.org/a), [not this](javascript:alert(1)).',
  '<img src=x onerror="window.bad=1"><script>window.bad = 1</script>',
  '![outside](https://example.org/track.png)',
].join('\n\n')

const report = job('report', async (_: unknown, ctx) => {
  await ctx.artifact.table('rows', [{ id: 1, city: 'Ulm' }], { title: 'Rows by city' })
  await ctx.artifact.markdown('notes', HOSTILE)
  await ctx.artifact.image('plot', PNG, 'image/png')
  await ctx.artifact.link('board', 'https://example.org/board')
})

describe('artifacts in the console', () => {
  let shown: Console
  let worker: Worker
  beforeAll(async () => {
    shown = await Console.open()
    worker = startWorker({ jobs: [report], client: shown.client, log: () => {} })
    await worker.ready
  })
  afterEach(async () => expect(await shown.closePages()).toEqual([]))
  afterAll(async () => {
    await worker.stop()
    await shown[Symbol.asyncDispose]()
  })

  test('stand on the page of their run; Markdown runs nothing and fetches nothing', async () => {
    const run = await shown.client.start('report', null)
    await run.result()
    const page = await shown.page(`/runs/${run.id}`)
    await page.getByRole('cell', { name: 'Ulm' }).waitFor()
    await page.getByRole('heading', { name: 'Rows of today' }).waitFor()
    await expect
      .poll(() => page.getByRole('img', { name: 'plot' }).evaluate(img => (img as unknown as { naturalWidth: number }).naturalWidth))
      .toBe(1)
    const links = await page.getByRole('link').evaluateAll(all => all.map(one => one.getAttribute('href') ?? ''))
    expect(links.filter(href => !href.startsWith('/') && !href.startsWith('#')).sort()).toEqual([
      'https://example.org/a',
      'https://example.org/board',
    ])
    expect(await page.getByText('<script>').count()).toBe(1)
    expect(await page.evaluate('window.bad')).toBeUndefined()
    await expectAccessible(page)
  })
})
