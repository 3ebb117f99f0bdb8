import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'
import { Schedules } from '../support/schedules.ts'

const PHONE = { width: 400, height: 800 }
const WIDE = { width: 1_440, height: 900 }

/** What Airflow 3 asks in "Run Backfill": a range, max active runs, the order and the reprocess behaviour, and what they come to. */
describe('backfills in the console', () => {
  let shown: Console
  let calls: Schedules
  beforeAll(async () => {
    shown = await Console.open()
    calls = new Schedules(shown)
  })
  afterEach(async () => expect(await shown.closePages()).toEqual([]))
  afterAll(async () => {
    await shown?.[Symbol.asyncDispose]()
  })

  const would = (page: Page) => page.getByRole('region', { name: 'What it would do' })
  const range = async (page: Page, from: string, to: string): Promise<void> => {
    await page.getByLabel('From', { exact: true }).fill(from)
    await page.getByLabel('To, included').fill(to)
  }
  const list = (page: Page) => page.getByRole('region', { name: 'Backfills' }).getByRole('listitem')

  test('what it would do stands there before the button; then its progress, pause, resume and cancel', async () => {
    await calls.put('hourly', { cron: '0 * * * *', target: 'gate' })
    const page = await shown.page('/schedules/hourly')
    await page.keyboard.press('b')
    await range(page, '2026-03-01T05:00', '2026-03-01T00:00')
    await page.getByText('It ends before it begins.').waitFor()
    await range(page, '2026-03-01T00:00', '2026-03-01T05:00')
    await would(page).getByText('6 of 6 times would be started').waitFor()
    expect(await would(page).getByRole('listitem').count()).toBe(6)
    await would(page).getByText('is not known').waitFor()
    await page.getByLabel('Runs open at a time').fill('0')
    await page.getByText('1 to 1,000').waitFor()
    await page.getByLabel('Runs open at a time').fill('2')
    await page.getByText('mainspring backfill start hourly --from 2026-03-01T00:00 --to 2026-03-01T05:00 --max-active 2').first().waitFor()
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toMatchObject({ tab: 'backfill', from: '2026-03-01T00:00:00.000Z', active: '2' })
    await page.getByRole('button', { name: 'Start 6 runs' }).click()
    await list(page).getByText('2 open, 4 to come').waitFor()
    // The preview goes by what is there now: what is open is left alone.
    await would(page).getByText('2 skipped: a run is open').waitFor()
    await list(page).getByRole('button', { name: 'Pause' }).click()
    await page.getByText('it starts nothing further for now').waitFor()
    await shown.release(2)
    await list(page).getByText('2 completed, 4 to come').waitFor()
    await list(page).getByRole('button', { name: 'Resume' }).click()
    await list(page).getByText('2 completed, 2 open, 2 to come').waitFor()
    await page.reload()
    await would(page).getByText('2 of 6 times would be started').waitFor()
    await page.getByLabel('Where a run is there').selectOption({ label: 'start again, completed or not' })
    await would(page).getByText('4 of 6 times would be started; 2 skipped: a run is open').waitFor()
    await would(page).getByText('in all: a run takes').waitFor()
    await list(page).getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('it starts nothing further; its runs go on').waitFor()
    await shown.release(2)
    await list(page).getByText('cancelled').waitFor()
    expect(await list(page).getByRole('button', { name: 'Cancel' }).count()).toBe(0)
  })

  test('its page tells what became of its times, and what it left out; a definition leads to the backfill of its schedule', async () => {
    await calls.put('daily', { cron: '0 0 * * *', target: 'breaks' })
    const page = await shown.page('/schedules/daily?tab=backfill&from=2026-03-01T00:00:00Z&to=2026-03-03T00:00:00Z')
    await page.getByRole('button', { name: 'Start 3 runs' }).click()
    await list(page).getByText('3 failed').waitFor()
    await would(page).getByText('0 of 3 times would be started; 3 skipped: a run is there').waitFor()
    expect(await page.getByRole('button', { name: 'Nothing to start' }).isDisabled()).toBe(true)
    await page.getByLabel('Where a run is there').selectOption({ label: 'start again what did not complete' })
    await page.getByLabel('To, included').fill('2026-03-04T00:00')
    await page.getByRole('button', { name: 'Start 4 runs' }).click()
    await list(page).getByText('4 failed').waitFor()
    await page.goto(`${shown.place.url}/schedules/daily?tab=backfill&from=2026-03-01T00:00:00Z&to=2026-03-05T00:00:00Z`)
    await page.getByRole('button', { name: 'Start 1 run' }).click()
    await list(page).getByText('1 failed, 4 skipped').waitFor()
    await list(page).first().getByRole('link').click()
    await page.waitForURL(/\/batches\//)
    await page.getByRole('region', { name: 'Failed runs' }).getByRole('link').first().waitFor()
    const skipped = page.getByRole('region', { name: 'Skipped' })
    await skipped.getByText('a run is there').first().waitFor()
    await expectAccessible(page)
    await page.getByRole('region', { name: 'What it starts' }).getByRole('link', { name: 'daily' }).click()
    await page.waitForURL(/tab=backfill/)
    await page.goto(`${shown.place.url}/definitions/breaks`)
    await page.getByRole('link', { name: 'Backfill daily' }).click()
    await page.waitForURL(/\/schedules\/daily\?tab=backfill/)
    for (const size of [WIDE, PHONE]) {
      await page.setViewportSize(size)
      await would(page).getByText('would be started').waitFor()
      await expectAccessible(page)
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    }
  })
})
