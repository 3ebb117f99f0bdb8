import { job, schedule, type WireSchedule } from '@mainspring/sdk'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { Console, expectAccessible, browserTest as test } from '../support/console.ts'

const WIDE = { width: 1_440, height: 900 }
const PHONE = { width: 400, height: 800 }
const BERLIN = { timezoneId: 'Europe/Berlin' }

/** One node for all: each test has schedules of its own. */
describe('the pages of schedules', () => {
  let shown: Console
  beforeAll(async () => {
    shown = await Console.open()
  })
  afterEach(() => expect(shown.errors.splice(0)).toEqual([]))
  afterAll(async () => {
    await shown?.[Symbol.asyncDispose]()
  })

  const address = (name: string, rest = ''): string => `${shown.place.url}/v1/namespaces/default/schedules/${name}${rest}`
  async function put(name: string, spec: Record<string, unknown>): Promise<void> {
    const body = JSON.stringify({ target: 'quick', ...spec })
    const answer = await fetch(address(name), { method: 'PUT', headers: { 'content-type': 'application/json' }, body })
    expect(await answer.json()).toMatchObject({ schedule: { name } })
  }
  const get = async (name: string): Promise<WireSchedule> => (await fetch(address(name))).json() as Promise<WireSchedule>
  const rowOf = (page: Page, name: string) => page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })

  test('an empty list teaches; what is made shows when, next and its last times, live', async () => {
    const page = await shown.page('/schedules')
    await page.getByText('No schedule yet').waitFor()
    await expectAccessible(page)
    await put('each-second', { every: '1s' })
    await page.reload()
    const row = rowOf(page, 'each-second')
    await row.getByText('every second').waitFor()
    await row.getByRole('link', { name: /Ledger of each-second, the last times: .*\d+ completed/ }).waitFor()
    await fetch(address('each-second'), { method: 'DELETE' })
    await page.context().close()
  })

  test('the list is filtered by what is in the address, and back takes it away', async () => {
    await put('yearly', { cron: '0 0 1 1 *', timezone: 'Asia/Tokyo' })
    await put('monthly', { cron: '0 0 1 * *' })
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
    await page.context().close()
  })

  test('a day shows all on one axis, and what starts in its fullest minute', async () => {
    for (const name of ['herd-a', 'herd-b', 'herd-c']) await put(name, { cron: '0 12 * * *' })
    await put('dense', { cron: '* * * * *' })
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
    await fetch(address('dense'), { method: 'DELETE' })
    await page.context().close()
  })

  test('a day of 25 hours is told as one, in the reader’s zone, and the month marks it', async () => {
    await put('nightly', { cron: '30 2 * * *', timezone: 'Europe/Berlin', except: 'bank', calendars: { bank: { dates: ['10-26'] } } })
    const page = await shown.page('/schedules?view=day&date=2030-10-27', BERLIN)
    await page.getByText('25 hours: the clock shows 02:00 to 02:59 twice').waitFor()
    await page.getByLabel('Time zone').selectOption('UTC')
    await page.getByText('25 hours').waitFor({ state: 'detached' })
    await page.getByLabel('Time zone').selectOption('')
    await page.getByRole('link', { name: 'Month', exact: true }).click()
    await page.getByText('25 h', { exact: true }).waitFor()
    await page.getByRole('link', { name: /^Saturday, October 26: .*1 held by a calendar/ }).click()
    await page.waitForURL(/view=day.*date=2030-10-26|date=2030-10-26.*view=day/)
    await page.context().close()
  })

  test('what if: the times that come and go are shown before anything is saved, and the draft is in the address', async () => {
    await put('editable', { cron: '0 6 * * *' })
    const page = await shown.page('/schedules/editable?tab=edit')
    await page.getByText(/^31 times, as now$/).waitFor()
    await page.getByLabel('Cron expression').fill('0 6,18 * * *')
    await page.getByText('+31 gained').waitFor()
    await page.getByText('−0 lost').waitFor()
    await page.waitForURL(/draft=/)
    expect((await get('editable')).cron).toBe('0 6 * * *')
    await page.reload()
    await page.getByText('+31 gained').waitFor()
    await page.getByLabel('Cron expression').fill('0 25 * * *')
    await page.getByRole('alert').getByText('invalid-cron').waitFor()
    expect(await page.getByRole('button', { name: /^Save/ }).isDisabled()).toBe(true)
    await page.getByLabel('Cron expression').fill('0 7 * * *')
    await page.getByLabel('Jitter').fill('5m')
    await page.getByRole('button', { name: 'Save 2 changes …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('row', { name: 'cron 0 6 * * * 0 7 * * *' }).waitFor()
    await dialog.getByRole('row', { name: 'jitter default 5m' }).waitFor()
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('in force from now on').waitFor()
    await page.getByText('Nothing is changed yet').waitFor()
    expect(await get('editable')).toMatchObject({ cron: '0 7 * * *', jitter: 300_000 })
    expect(new URL(page.url()).pathname).toBe('/schedules/editable')
    await page.context().close()
  })

  test('what somebody else has saved meanwhile is shown beside, and nothing is overwritten unseen', async () => {
    await put('contested', { cron: '0 6 * * *' })
    const page = await shown.page('/schedules/contested?tab=edit')
    await page.getByLabel('Cron expression').fill('0 8 * * *')
    await page.getByRole('button', { name: 'Save 1 change …' }).click()
    await put('contested', { cron: '0 7 * * *', jitter: '1m' })
    await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('dialog').getByText('changed-meanwhile').waitFor()
    expect((await get('contested')).cron).toBe('0 7 * * *')
    await page.keyboard.press('Escape')
    const conflict = page.getByRole('alert', { name: 'Changed meanwhile' })
    await conflict.getByRole('row', { name: 'cron 0 6 * * * 0 7 * * * 0 8 * * *' }).waitFor()
    await expectAccessible(page)
    await conflict.getByRole('button', { name: 'Keep mine, over theirs' }).click()
    await page.getByRole('button', { name: 'Save 1 change …' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('in force from now on').waitFor()
    expect(await get('contested')).toMatchObject({ cron: '0 8 * * *', jitter: 60_000 })
    await page.context().close()
  })

  test('what it starts has room or not: with its limit, and with the others of the minute', async () => {
    for (let start = 0; start < 2; start++) await (await shown.client.start('quick')).result()
    await put('rival', { cron: '0 3 * * *' })
    await put('crowded', { cron: '30 4 * * *' })
    const page = await shown.page('/schedules/crowded?tab=edit')
    await page.getByText('No other schedule fires in the minutes of its next times.').waitFor()
    await page.getByLabel('Cron expression').fill('0 3 * * *')
    await page.getByText(/of its next 5 times meet others in the same minute/).waitFor()
    await page.getByRole('link', { name: 'rival' }).waitFor()
    await page.getByText(/A run takes/).waitFor()
    await page.getByLabel('Starts', { exact: true }).fill('nobody')
    await page.getByText('its times would be refused').waitFor()
    await page.context().close()
  })

  test('pauses with a note, resumes, and triggers: the ledger has it', async () => {
    await put('handled', { cron: '0 0 1 1 *' })
    const page = await shown.page('/schedules/handled')
    await page.keyboard.press('p')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Note').fill('stock is counted')
    await dialog.getByRole('button', { name: '8h' }).click()
    await dialog.getByText("mainspring schedule pause handled --note 'stock is counted' --for 8h").waitFor()
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Pause the schedule' }).click()
    await page.getByText('stock is counted').first().waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('button', { name: 'Pause' }).waitFor()
    expect((await get('handled')).paused).toBeNull()
    await page.getByRole('button', { name: 'Trigger' }).click()
    await page.getByRole('link', { name: 'Ledger' }).first().click()
    const row = page.getByRole('row').filter({ hasText: 'trigger' })
    await row.getByText('completed').waitFor()
    await page.getByLabel('Why did it not fire at').fill('2030-06-15 14:05')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.waitForURL(/at=2030-06-15/)
    await page.getByText('not-nominal').waitFor()
    await row.getByRole('link').click()
    await page.waitForURL(/\/runs\/\w{26}$/)
    await page.context().close()
  })

  test('a backfill says how many there are, shows its progress, and is cancelled', async () => {
    await put('hourly', { cron: '0 * * * *', target: 'gate' })
    const page = await shown.page('/schedules/hourly')
    await page.keyboard.press('b')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('From').fill('2026-03-01T00:00')
    await dialog.getByLabel('To, included').fill('2026-03-01T05:00')
    await dialog.getByText('6 times').waitFor()
    await dialog.getByRole('button', { name: 'Start 6 runs' }).click()
    const panel = page.getByRole('region', { name: 'Backfills' })
    await panel.getByText('1 started').waitFor()
    await panel.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('it starts nothing further').waitFor()
    shown.release()
    await panel.waitFor({ state: 'detached' })
    await page.context().close()
  })

  test('makes a schedule from an example, refuses a name that is taken, and deletes it', async () => {
    await put('taken', { cron: '0 0 1 1 *' })
    const page = await shown.page('/schedules')
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
    expect(await get('made-here')).toMatchObject({ cron: '0 9 * * 1-5', target: 'quick' })
    await page.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Delete …' }).click()
    await page.getByRole('button', { name: 'Delete the schedule' }).click()
    await page.waitForURL(/\/schedules$/)
    expect((await fetch(address('made-here'))).status).toBe(404)
    await page.context().close()
  })

  test('what an operator laid over the code is told, and goes by a reset', async () => {
    const ours = schedule(
      'of-code',
      { cron: '0 0 1 1 *' },
      job('quick', async () => null),
    )
    await shown.client.schedules.register('shop', [ours])
    await fetch(address('of-code'), { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{"jitter":"1h"}' })
    const page = await shown.page('/schedules/of-code')
    await page.getByText('Changed over the code').waitFor()
    await page.getByRole('button', { name: 'Reset to code' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Reset to code' }).click()
    await page.getByText('Changed over the code').waitFor({ state: 'detached' })
    expect(await get('of-code')).toMatchObject({ jitter: 0, overridden: [] })
    await page.context().close()
  })

  test.each<[string, [path: string, there: string][]]>([
    [
      'all',
      [
        ['/schedules', 'looked-at'],
        ['/schedules?view=day', 'looked-at'],
        ['/schedules?view=month', 'will fire'],
      ],
    ],
    [
      'one',
      [
        ['/schedules/looked-at', 'All else is clear'],
        ['/schedules/looked-at?tab=ledger&at=2026-01-01', 'not-yet-made'],
      ],
    ],
    ['the editor', [['/schedules?view=new', 'Make the schedule']]],
  ])('%s: accessible, in both themes, wide and on a phone', { timeout: 240_000 }, async (_, pages) => {
    await put('looked-at', { cron: '*/10 * * * *', input: { day: '{{nominalDate}}' } })
    const page = await shown.page('/schedules')
    for (const [path, there] of pages) {
      await page.goto(`${shown.place.url}${path}`)
      for (const size of [WIDE, PHONE]) {
        await page.setViewportSize(size)
        await page.getByText(there).first().waitFor({ state: 'attached' })
        await expectAccessible(page)
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
      }
    }
    await page.context().close()
  })
})
