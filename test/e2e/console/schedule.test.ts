import { job, schedule } from '@mainspring/sdk'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'
import { Schedules } from '../support/schedules.ts'

const WIDE = { width: 1_440, height: 900 }
const PHONE = { width: 400, height: 800 }

/** One node for all: each test has schedules of its own. */
describe('a schedule: what if, ledger, actions', () => {
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

  test('what if: the times that come and go are shown before anything is saved, and the draft is in the address', async () => {
    await calls.put('editable', { cron: '0 6 * * *' })
    const page = await shown.page('/schedules/editable?tab=edit')
    await page.getByText(/^31 times, as now$/).waitFor()
    await page.getByLabel('Cron expression').fill('0 6,18 * * *')
    await page.getByText('+31 gained').waitFor()
    await page.getByText('−0 lost').waitFor()
    await page.waitForURL(/draft=/)
    expect((await calls.get('editable')).cron).toBe('0 6 * * *')
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
    expect(await calls.get('editable')).toMatchObject({ cron: '0 7 * * *', jitter: 300_000 })
    expect(new URL(page.url()).pathname).toBe('/schedules/editable')
  })

  test('a person says how far the runs of a schedule have come: it is asked first, and what is refused stays open', async () => {
    await calls.put('marked', { cron: '0 6 * * *' })
    await shown.client.schedules.setWatermark('marked', 41)
    const page = await shown.page('/schedules/marked')
    await page.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Set the watermark …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Runs that are open by now have no say any more.').waitFor()
    const editor = dialog.getByRole('textbox', { name: 'Watermark' })
    const set = dialog.getByRole('button', { name: 'Set the watermark' })
    await editor.getByText('41').waitFor()
    expect(await set.isDisabled()).toBe(true)
    await dialog.getByRole('button', { name: 'Leave it' }).click()
    expect((await calls.get('marked')).watermark?.value).toBe(41)
    await page.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Set the watermark …' }).click()
    await shown.edit(page, editor, JSON.stringify(Array(600).fill('x'.repeat(30)), null, 1))
    await dialog.getByText('16384 characters of JSON at most').waitFor()
    expect(await set.isDisabled()).toBe(true)
    await shown.edit(page, editor, '"2026-11-30"')
    await dialog.getByText(`mainspring schedule watermark marked '"2026-11-30"'`).waitFor()
    await expectAccessible(page)
    await set.click()
    await page.getByText('"2026-11-30"', { exact: true }).waitFor()
    expect((await calls.get('marked')).watermark).toMatchObject({ value: '2026-11-30', run: null })
  })

  test('days of a calendar are written one a line, picked, or read from a file, and its times go by them', async () => {
    await calls.put('closed', { cron: '0 6 * * *' })
    const page = await shown.page('/schedules/closed?tab=edit')
    await page.getByText(/^31 times, as now$/).waitFor()
    await page.getByRole('button', { name: 'Add a calendar' }).click()
    await page.getByLabel('Name of the calendar').fill('bank')
    await page.getByRole('button', { name: 'Add its days' }).click()
    const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
    await page.getByLabel('Days of bank').fill(`${inDays(3)}\n`)
    await page.getByLabel('A day for bank').fill(inDays(5))
    await page.getByRole('button', { name: 'Add the day' }).click()
    expect(await page.getByLabel('Days of bank').inputValue()).toBe(`${inDays(3)}\n${inDays(5)}`)
    await page.getByLabel('Not on').fill('bank')
    await page.getByText('−2 lost').waitFor()
    await page.getByLabel('Days of bank').fill('31st of May')
    await page.getByText('This calendar cannot be read. Write a day as').waitFor()
    await page.getByLabel('Days of bank').fill(inDays(3))
    await page.getByRole('button', { name: 'Add a calendar' }).click()
    await page.getByLabel('Name of the calendar').fill('fair')
    const ics = [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'BEGIN:VEVENT',
      'UID:1',
      `DTSTART;VALUE=DATE:${inDays(7).replaceAll('-', '')}`,
      'END:VEVENT',
      'END:VCALENDAR',
    ]
    await page.getByLabel('or from a file').setInputFiles({ name: 'fair.ics', mimeType: 'text/calendar', buffer: Buffer.from(ics.join('\r\n')) })
    await page.getByText('1 event').waitFor()
    await page.getByLabel('Not on').fill('bank, fair')
    await page.getByText('−2 lost').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Remove the calendar fair' }).click()
    await page.getByLabel('Not on').fill('bank')
    await page.getByText('−1 lost').waitFor()
    await page.getByRole('button', { name: 'Save 2 changes …' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('in force from now on').waitFor()
    expect(await calls.get('closed')).toMatchObject({ except: 'bank', calendars: { bank: { dates: [inDays(3)] } } })
    await page.context().close()
  })

  test('what somebody else has saved meanwhile is shown beside, and nothing is overwritten unseen', async () => {
    await calls.put('contested', { cron: '0 6 * * *' })
    const page = await shown.page('/schedules/contested?tab=edit')
    await page.getByLabel('Cron expression').fill('0 8 * * *')
    await page.getByRole('button', { name: 'Save 1 change …' }).click()
    await calls.put('contested', { cron: '0 7 * * *', jitter: '1m' })
    await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('dialog').getByText('changed-meanwhile').waitFor()
    expect((await calls.get('contested')).cron).toBe('0 7 * * *')
    await page.keyboard.press('Escape')
    const conflict = page.getByRole('alert', { name: 'Changed meanwhile' })
    await conflict.getByRole('row', { name: 'cron 0 6 * * * 0 7 * * * 0 8 * * *' }).waitFor()
    await expectAccessible(page)
    await conflict.getByRole('button', { name: 'Keep mine, over theirs' }).click()
    await page.getByRole('button', { name: 'Save 1 change …' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('in force from now on').waitFor()
    expect(await calls.get('contested')).toMatchObject({ cron: '0 8 * * *', jitter: 60_000 })
  })

  test('what it starts has room or not: with its limit, and with the others of the minute', async () => {
    for (let start = 0; start < 2; start++) await (await shown.client.start('quick')).result()
    await calls.put('rival', { cron: '0 3 * * *' })
    await calls.put('crowded', { cron: '30 4 * * *' })
    const page = await shown.page('/schedules/crowded?tab=edit')
    await page.getByText('No other schedule fires in the minutes of its next times.').waitFor()
    await page.getByLabel('Cron expression').fill('0 3 * * *')
    await page.getByText(/of its next 5 times meet others in the same minute/).waitFor()
    await page.getByRole('link', { name: 'rival' }).waitFor()
    await page.getByText(/A run takes/).waitFor()
    await page.getByLabel('Starts', { exact: true }).fill('nobody')
    await page.getByText('its times would be refused').waitFor()
  })

  test('pauses with a note, resumes, and triggers: the ledger has it', async () => {
    await calls.put('handled', { cron: '0 0 1 1 *' })
    const page = await shown.page('/schedules/handled')
    await page.keyboard.press('p')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Note').fill('stock is counted')
    await dialog.getByRole('button', { name: '8h' }).click()
    await dialog.getByText("mainspring schedule pause handled --note 'stock is counted' --for 8h").waitFor()
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Pause the schedule' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('stock is counted').first().waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('button', { name: 'Pause' }).waitFor()
    await expect.poll(async () => (await calls.get('handled')).paused, { timeout: 20_000 }).toBeNull()
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
  })

  test('what an operator laid over the code is told, and goes by a reset', async () => {
    const ours = schedule(
      'of-code',
      { cron: '0 0 1 1 *' },
      job('quick', async () => null),
    )
    await shown.client.schedules.register('shop', [ours])
    await calls.change('of-code', { jitter: '1h' })
    const page = await shown.page('/schedules/of-code')
    await page.getByText('Changed over the code').waitFor()
    await page.getByRole('button', { name: 'Reset to code' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Reset to code' }).click()
    await page.getByText('Changed over the code').waitFor({ state: 'detached' })
    expect(await calls.get('of-code')).toMatchObject({ jitter: 0, overridden: [] })
  })

  test('is accessible, in both themes, wide and on a phone', { timeout: 240_000 }, async () => {
    await calls.put('looked-at', { cron: '*/10 * * * *', input: { day: '{{nominalDate}}' } })
    const page = await shown.page('/schedules')
    for (const [path, there] of [
      ['/schedules/looked-at', 'All else is clear'],
      ['/schedules/looked-at?tab=ledger&at=2026-01-01', 'not-yet-made'],
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
