import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { playDay } from '../../../src/demo/index.ts'
import { expectAccessible } from '../support/accessible.ts'
import { Console, isLive, browserTest as test } from '../support/console.ts'
import type { Place } from '../support/place.ts'

/** All addresses without a name in them. */
const PAGES = [
  '/',
  '/runs',
  '/runs?state=failed&state=timed_out',
  '/schedules',
  '/schedules?view=day',
  '/schedules?view=month',
  '/queues',
  '/limits',
  '/workers',
  '/definitions',
  '/batches',
  '/settings',
]
/** What the width of 1440 becomes at 200 % (WCAG 2.2, 1.4.4 and 1.4.10). */
const ZOOMED = { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 }

test('every page of a day of work, at 200 %: whole, accessible in the dark, without a scrollbar across and without an error', {
  timeout: 240_000,
}, async () => {
  await using shown = await Console.open({ before: withDay })
  const { runs } = (await (await fetch(`${shown.place.url}/v1/namespaces/default/runs?state=failed&limit=1`)).json()) as { runs: { id: string }[] }
  const page = await shown.page('/', ZOOMED)
  for (const path of [...PAGES, `/runs/${runs[0]?.id}`, '/schedules/nightly-report', '/queues/payments', '/definitions/charge-card'])
    await expectWhole(page, path, 'dark')
  expect(shown.errors).toEqual([])
})

test('every page where nothing is yet says what to do, on a phone', { timeout: 240_000 }, async () => {
  await using shown = await Console.open()
  const page = await shown.page('/', { viewport: { width: 400, height: 800 } })
  for (const path of PAGES) await expectWhole(page, path, 'light')
  expect(shown.errors).toEqual([])
})

test('one goes from page to page, opens a run and cancels it with the keyboard alone', async () => {
  await using shown = await Console.open()
  const run = await shown.client.start('gate')
  const page = await shown.page('/')
  for (const [keys, path] of [
    ['gs', '/schedules'],
    ['gq', '/queues'],
    ['gl', '/limits'],
    ['gw', '/workers'],
    ['gd', '/definitions'],
    ['gb', '/batches'],
    ['gr', '/runs'],
  ] as const) {
    for (const key of keys) await page.keyboard.press(key)
    await page.waitForURL(`**${path}`)
    await page.locator('h1:focus').waitFor()
  }
  await page
    .getByRole('row')
    .filter({ hasText: run.id.slice(-5) })
    .waitFor()
  await page.keyboard.press('j')
  await page.locator('[role=row]:focus').waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(`**/runs/${run.id}*`)
  await page
    .getByRole('main')
    .getByRole('button', { name: /^Cancel/ })
    .waitFor()
  await page.keyboard.press('c')
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  // To the button that does it, wherever it stands among those of the dialog.
  for (let presses = 0; presses < 20; presses++) {
    await page.keyboard.press('Tab')
    if (await dialog.locator('button:focus', { hasText: /^Cancel/ }).count()) break
  }
  await page.keyboard.press('Enter')
  await page.getByText('cancelled').first().waitFor()
})

test('two tabs tell the same: what one does the other shows, and what comes too late is refused in words', async () => {
  await using shown = await Console.open()
  const run = await shown.client.start('gate')
  const one = await shown.page(`/runs/${run.id}`)
  const other = await one.context().newPage()
  await other.goto(one.url())
  await isLive(other)
  await one.getByText('running').first().waitFor()
  await other.getByText('running').first().waitFor()
  await shown.release(1)
  await one.getByText('completed').first().waitFor()
  await other.getByText('completed').first().waitFor()
})

async function withDay(place: Place): Promise<void> {
  await playDay({ file: join(place.folder, 'mainspring.db'), hours: 8, scale: 0.1 })
}

async function expectWhole(page: Page, path: string, scheme: 'light' | 'dark'): Promise<void> {
  await page.goto(new URL(path, page.url()).href)
  await isLive(page)
  await page.locator('main h1').first().waitFor()
  await expect.poll(() => page.locator('main [data-loading]').count(), { timeout: 20_000 }).toBe(0)
  await expectAccessible(page, [scheme])
  expect([path, await page.evaluate('document.documentElement.scrollWidth <= innerWidth')]).toEqual([path, true])
  expect([path, await page.getByRole('main').getByRole('alert').allTextContents()]).toEqual([path, []])
}
