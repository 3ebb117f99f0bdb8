import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'
import { Schedules } from '../support/schedules.ts'

const WIDE = { width: 1_440, height: 900 }
const PHONE = { width: 400, height: 800 }
const BERLIN = { timezoneId: 'Europe/Berlin' }

/** One node for all: each test has schedules of its own. */
describe('schedules: list, day, month, a new one', () => {
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

  const rowOf = (page: Page, name: string) => page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })

  test('an empty list teaches; what is made shows when, next and its last times, live', async () => {
    const page = await shown.page('/schedules')
    await page.getByText('No schedule yet').waitFor()
    await calls.put('each-second', { every: '1s' })
    await page.reload()
    const row = rowOf(page, 'each-second')
    await row.getByText('every second').waitFor()
    await row.getByRole('link', { name: /Ledger of each-second, the last times: .*\d+ completed/ }).waitFor()
    await calls.remove('each-second')
  })

  test('the list is filtered by what is in the address, and back takes it away', async () => {
    await calls.put('yearly', { cron: '0 0 1 1 *', timezone: 'Asia/Tokyo' })
    await calls.put('monthly', { cron: '0 0 1 * *' })
    const page = await shown.page('/schedules')
    await rowOf(page, 'yearly').getByText('12:00 AM Tokyo').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('zone:Asia/Tokyo')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\?zone=Asia%2FTokyo$/)
    await rowOf(page, 'monthly').waitFor({ state: 'detached' })
    await page.goBack()
    await rowOf(page, 'monthly').waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('j')
    await page.locator('[role=row]:focus').waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: /monthly/ }).waitFor()
  })

  test('a day shows all on one axis, and what starts in its fullest minute', async () => {
    for (const name of ['herd-a', 'herd-b', 'herd-c']) await calls.put(name, { cron: '0 12 * * *' })
    await calls.put('dense', { cron: '* * * * *' })
    const page = await shown.page('/schedules?view=day&date=2030-06-15')
    const rows = page.getByRole('list', { name: 'Schedules' })
    await rows.getByText('300 will fire').waitFor()
    const herd = page.getByRole('button', { name: '12:00 3 starts' })
    await herd.click()
    await page.waitForURL(/at=2030-06-15T12:00:00/)
    const told = page.getByRole('region', { name: 'What starts at 12:00' })
    await told.getByRole('link', { name: 'herd-b' }).waitFor()
    await told.getByText('3 of them start quick').waitFor()
    await page.getByRole('slider', { name: 'Starts a minute' }).press('ArrowLeft')
    await page.getByRole('heading', { name: /start.* at 04:59/ }).waitFor()
    await page.getByRole('link', { name: 'The next day' }).click()
    await page.waitForURL(/date=2030-06-16/)
    await page.getByRole('heading', { name: 'Sunday, June 16, 2030' }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'Saturday, June 15, 2030' }).waitFor()
    await calls.remove('dense')
  })

  test('a day of 25 hours is told as one, in the reader’s zone, and the month marks it', async () => {
    await calls.put('nightly', { cron: '30 2 * * *', timezone: 'Europe/Berlin', except: 'bank', calendars: { bank: { dates: ['10-26'] } } })
    const page = await shown.page('/schedules?view=day&date=2030-10-27', BERLIN)
    await page.getByText('25 hours: the clock shows 02:00 to 02:59 twice').waitFor()
    await page.getByLabel('Time zone').selectOption('UTC')
    await page.getByText('25 hours').waitFor({ state: 'detached' })
    await page.getByLabel('Time zone').selectOption('')
    await page.getByRole('link', { name: 'Month', exact: true }).click()
    await page.getByText('25 h', { exact: true }).waitFor()
    await page.getByRole('link', { name: /^Saturday, October 26: .*1 held by a calendar/ }).click()
    await page.waitForURL(/view=day.*date=2030-10-26|date=2030-10-26.*view=day/)
  })

  test('makes a schedule from an example, refuses a name that is taken, and deletes it', async () => {
    await calls.put('taken', { cron: '0 0 1 1 *' })
    const page = await shown.page('/schedules')
    await page.getByRole('link', { name: 'taken' }).first().waitFor()
    await page.keyboard.press('n')
    await page.getByLabel('What it is called').fill('taken')
    await page.getByRole('button', { name: 'Examples' }).click()
    await page.getByRole('menuitem', { name: /from Monday to Friday/ }).click()
    await page.getByText(/^At 09:00/).waitFor()
    await page.getByLabel('Starts', { exact: true }).fill('quick')
    await page.getByRole('button', { name: 'Make the schedule' }).click()
    await page.getByText('already-there').waitFor()
    await page.getByLabel('What it is called').fill('made-here')
    await page.getByRole('button', { name: 'Make the schedule' }).click()
    await page.getByRole('heading', { level: 1, name: /made-here/ }).waitFor()
    expect(await calls.get('made-here')).toMatchObject({ cron: '0 9 * * 1-5', target: 'quick' })
    await page.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Delete …' }).click()
    await page.getByRole('button', { name: 'Delete the schedule' }).click()
    await page.waitForURL(/\/schedules$/)
    expect(await calls.isThere('made-here')).toBe(false)
  })

  test('is accessible, in both themes, wide and on a phone', { timeout: 240_000 }, async () => {
    await calls.put('looked-at', { cron: '*/10 * * * *', input: { day: '{{nominalDate}}' } })
    const page = await shown.page('/schedules')
    for (const [path, there] of [
      ['/schedules', 'looked-at'],
      ['/schedules?view=day', 'looked-at'],
      ['/schedules?view=month', 'will fire'],
      ['/schedules?view=new', 'Make the schedule'],
    ] as const) {
      await page.goto(`${shown.place.url}${path}`)
      for (const size of [WIDE, PHONE]) {
        await page.setViewportSize(size)
        await page.getByText(there).first().waitFor({ state: 'attached' })
        await expectAccessible(page)
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
      }
    }
  })
})
