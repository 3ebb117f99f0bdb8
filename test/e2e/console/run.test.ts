import { job, workflow } from '@mainspring/sdk'
import { startWorker, type Worker } from '@mainspring/sdk/worker'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'

const PHONE = { viewport: { width: 400, height: 800 } }
const LINES = 2_000
/** The digit that shows a tab, and what stands in it of a run that failed. */
const TABS = [
  ['1', 'no connection'],
  ['2', 'try 2 broke'],
  ['3', 'Was started'],
  ['4', 'Options in force'],
  ['5', 'attempts-exhausted'],
] as const

/** One server, worker and browser for all tests of this file: each has runs of its own. */
describe("a run's page", () => {
  let shown: Console
  let worker: Worker
  const valves = new Map<string, () => void>()
  const jobs = [
    job('twice', { retry: { attempts: 2, initial: 50 } }, async (input: { order: string }, ctx) => {
      ctx.log.info(`charging \u001b[32m${input.order}\u001b[0m`, { order: input.order, attempt: ctx.attempt })
      ctx.log.error(`try ${ctx.attempt} broke`)
      throw new Error('the bank is closed', { cause: new TypeError('no connection') })
    }),
    job('talks', async (_: unknown, ctx) => {
      for (let line = 0; line < LINES; line++) ctx.log.info(`line ${line} of many`)
      await new Promise<void>(resolve => valves.set(ctx.run, resolve))
      ctx.log.warn('the last word')
      return { said: LINES + 1, nested: { deep: { deeper: { deepest: 'found it' } } } }
    }),
    job('parks', { retry: { attempts: 1 }, exhausted: 'park' }, async () => {
      throw new Error('nobody is home')
    }),
    job('later', async (input: unknown) => ({ got: input })),
    workflow('asks', async (_: unknown, ctx) => {
      await ctx.run('reserve', () => 1)
      return { approved: await ctx.waitFor('approval') }
    }),
  ]
  beforeAll(async () => {
    shown = await Console.open()
    worker = startWorker({ jobs, client: shown.client, name: 'talker', log: () => {} })
    await worker.ready
  })
  afterEach(async () => expect(await shown.closePages()).toEqual([]))
  afterAll(async () => {
    for (const open of valves.values()) open()
    await worker?.drain(0).catch(() => undefined)
    await shown?.[Symbol.asyncDispose]()
  })
  const failed = async (): Promise<string> => {
    const run = await shown.client.start('twice', { order: 'SO-1' })
    await run.result().catch(() => undefined)
    return run.id
  }
  test('of a workflow says what it waits for, and tells its history in sentences', async () => {
    const run = await shown.client.start('asks')
    const page = await shown.page(`/runs/${run.id}`)
    const verdict = page.getByRole('region', { name: 'In short' })
    await verdict.getByText('It waits for the signal "approval"').waitFor()
    await verdict.getByText(`mainspring signal ${run.id.slice(-5)} approval`).waitFor()
    await page.getByText('workflow', { exact: true }).waitFor()
    await page
      .getByRole('listbox', { name: 'Phases of this run' })
      .getByRole('option', { name: /^waiting: its code waits/ })
      .waitFor()
    await run.signal('approval', true)
    await tab(page, 'History').click()
    for (const sentence of ['Step "reserve" completed', 'Asked for signal "approval"', 'Was told "approval"', 'Completed'])
      await page.getByRole('tabpanel').getByText(sentence, { exact: true }).waitFor()
    await expectAccessible(page)
    const list = await shown.page('/runs?kind=workflow')
    await list
      .getByRole('row')
      .filter({ hasText: run.id.slice(-5) })
      .getByText('workflow', { exact: true })
      .waitFor()
  })

  const tab = (page: Page, name: string) => page.getByRole('tab', { name })

  test('says in one sentence what ended it, with the command, the error and its cause, and where its time went', async () => {
    const id = await failed()
    const page = await shown.page(`/runs/${id}`)
    const verdict = page.getByRole('region', { name: 'In short' })
    await verdict.getByText('its attempts are used up (attempt 2 of 2): Error: the bank is closed').waitFor()
    await verdict.getByText(`mainspring retry ${id.slice(-5)}`).waitFor()
    await page.getByText('no connection').waitFor()
    const phases = page.getByRole('listbox', { name: 'Phases of this run' })
    await phases.getByRole('option', { name: /^attempt 1 · on talker · failed/ }).waitFor()
    await phases.focus()
    await page.keyboard.press('End')
    await phases.getByRole('option', { name: /^attempt 2/, selected: true }).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(/\?tab=logs&attempt=2$/)
    await page.getByText('try 2 broke').waitFor()
    expect(await page.getByText('try 1 broke').count()).toBe(0)
    await page.goBack()
    await page.getByRole('button', { name: /^Attempt 1: .*show its logs/ }).click()
    await page.getByText('try 1 broke').waitFor()
  })

  test('searches its log, goes from hit to hit, to the first error, and links to a line', async () => {
    const id = await failed()
    const page = await shown.page(`/runs/${id}?tab=logs`)
    await page.getByText('try 2 broke').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('broke')
    await page.getByText('1 of 2', { exact: true }).waitFor()
    // All that was typed is what is sought: a word that still grows begins at its first hit again.
    await page.locator('mark').getByText('broke', { exact: true }).first().waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('n')
    await page.getByText('2 of 2', { exact: true }).waitFor()
    await page.keyboard.press('N')
    await page.getByText('1 of 2', { exact: true }).waitFor()
    await page.waitForURL(/find=broke/)
    await page.keyboard.press('E')
    await page.waitForURL(/#\w+\.1$/)
    const other = await shown.page(page.url().replace(shown.place.url, ''))
    await other.getByText('1 of 2', { exact: true }).waitFor()
    expect(other.url()).toBe(page.url())
    await page.getByRole('group', { name: 'Levels' }).getByRole('button', { name: 'error' }).click()
    await page.waitForURL(/level=error/)
    await page.getByText('charging').first().waitFor({ state: 'detached' })
    await other.getByText('order=SO-1 attempt=1').click()
    await other.getByRole('definition').filter({ hasText: 'SO-1' }).waitFor()
  })

  test('shows its log live, stops following when one scrolls up, and jumps back', async () => {
    const run = await shown.client.start('talks')
    const page = await shown.page(`/runs/${run.id}?tab=logs`)
    await page.getByText(`line ${LINES - 1} of many`).waitFor()
    expect(await page.getByText(/of many/).count()).toBeLessThan(200)
    const lines = page.getByRole('region', { name: 'Log lines' })
    await lines.hover()
    await page.mouse.wheel(0, -2_000)
    const jump = page.getByRole('button', { name: 'Jump to live' })
    await jump.waitFor()
    valves.get(run.id)?.()
    await run.result()
    await page.getByText(`${(LINES + 1).toLocaleString()} lines`).waitFor()
    expect(await page.getByText('the last word').count()).toBe(0)
    await page.keyboard.press('G')
    await page.getByText('the last word').waitFor()
    await tab(page, 'Input and output').click()
    await page
      .getByLabel('Search in Output')
      .or(page.getByRole('tree', { name: 'Output' }))
      .first()
      .waitFor()
    const tree = page.getByRole('tree', { name: 'Output' })
    await tree.getByRole('treeitem', { name: 'deeper', exact: false, expanded: false }).click()
    await tree.getByText('found it').waitFor()
    await tree.focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowLeft')
    await tree.getByText('found it').waitFor({ state: 'detached' })
  })

  test('tells its history in sentences or as JSON, with who and why', async () => {
    const run = await shown.client.start('later', 1, { delay: '1h' })
    await shown.client.call('runs.cancel', { run: run.id }, { why: 'not this year' }, { callKey: shown.client.newId() })
    const page = await shown.page(`/runs/${run.id}?tab=history`)
    await page.getByText('Was cancelled').waitFor()
    await page.getByRole('tabpanel').getByText('“not this year”').waitFor()
    await page.getByText('As JSON').click()
    await page.getByText('"is": "cancelled"').waitFor()
    await page.waitForURL(/raw=on/)
    await page.getByLabel('Filter the history').fill('nothing like it')
    await page.getByText('No event has this in it').waitFor()
  })

  test('names the pause that holds it, and goes on live when it is gone', async () => {
    await shown.client.call('queues.pause', { name: 'aside' }, { note: 'an incident' })
    const run = await shown.client.start('later', 1, { queue: 'aside' })
    const page = await shown.page(`/runs/${run.id}?tab=explain`)
    await page.getByText('mainspring queue resume aside').first().waitFor()
    await page.getByRole('option', { name: /^held/ }).waitFor()
    await page.getByRole('link', { name: 'aside' }).first().waitFor()
    await shown.client.call('queues.resume', { name: 'aside' }, {})
    await page.getByText('Completed on attempt 1').first().waitFor()
  })

  test('is changed while it waits; a change that came too late says so', async () => {
    const run = await shown.client.start('later', { old: true }, { delay: '1h' })
    const page = await shown.page(`/runs/${run.id}`)
    await page.keyboard.press('m')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Priority').fill('7')
    await dialog.getByText(`mainspring change ${run.id.slice(-5)} --priority 7`).waitFor()
    await dialog.getByRole('button', { name: 'Change the run' }).click()
    await page.getByText('priority 7').first().waitFor()
    await dialog.waitFor({ state: 'detached' })
    await page.keyboard.press('m')
    await dialog.getByLabel('Due', { exact: true }).selectOption('now')
    await shown.client.call('runs.cancel', { run: run.id }, {}, { callKey: shown.client.newId() })
    await dialog.getByText('It has changed meanwhile').waitFor()
    await dialog.getByRole('button', { name: 'Change the run' }).click()
    await dialog.getByText('run-closed').waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })

  test('is run at once from its menu', async () => {
    const run = await shown.client.start('later', 1, { delay: '1h' })
    const page = await shown.page(`/runs/${run.id}`)
    await page.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Run now' }).click()
    await page.getByText('Completed on attempt 1').first().waitFor()
  })

  test('is retried with another input, and each of the chain leads to the other', async () => {
    const id = await failed()
    const page = await shown.page(`/runs/${id}`)
    await page.getByRole('button', { name: 'Edit input' }).waitFor()
    await page.keyboard.press('e')
    const editor = page.getByRole('dialog').getByRole('textbox', { name: 'Input' })
    await editor.click()
    await page.keyboard.press('Control+a')
    await page.keyboard.insertText('{"order":"SO-2"')
    await expect.poll(() => page.getByRole('button', { name: 'Start the retry' }).isDisabled()).toBe(true)
    await page.keyboard.insertText('}')
    await expectAccessible(page)
    await page.getByText(`--input '{"order":"SO-2"}'`).waitFor()
    await page.getByRole('button', { name: 'Start the retry' }).click()
    await page.waitForURL(url => /\/runs\/\w{26}$/.test(url.pathname) && !url.pathname.includes(id))
    await page.getByText('"SO-2"').waitFor()
    await page.getByText('Chain of retries, 2').waitFor()
    await page
      .getByRole('link', { name: id.slice(-5) })
      .last()
      .click()
    await page.waitForURL(new RegExp(id))
  })

  test('is resumed where it is parked, terminated where it runs on', async () => {
    const parked = await shown.client.start('parks')
    const page = await shown.page(`/runs/${parked.id}`)
    await page.getByRole('button', { name: 'Resume' }).waitFor()
    await page.keyboard.press('r')
    await page.getByRole('dialog').getByRole('button', { name: 'Resume the run' }).click()
    await page.getByText('attempt 2 of 2').first().waitFor()
    const talks = await shown.client.start('talks')
    await page.goto(`${shown.place.url}/runs/${talks.id}`)
    await page.getByText('is under way').waitFor()
    await page.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Terminate' }).click()
    await page
      .getByRole('dialog')
      .getByText(`mainspring terminate ${talks.id.slice(-5)}`)
      .waitFor()
    await page.getByRole('button', { name: 'Terminate the run' }).click()
    await page.getByRole('button', { name: 'Edit input' }).waitFor()
    expect((await talks.get()).state).toBe('terminated')
  })

  test('of an id that nobody knows says what that may mean', async () => {
    const page = await shown.page('/runs/zzzzzz')
    await page.getByRole('alert').getByText('run-not-found').waitFor()
    await page.getByText('It was purged.').waitFor()
    await expectAccessible(page)
  })

  // On a phone, the tab that differs most: each takes its time.
  test.each([
    ['wide', {}, '123'],
    ['wide', {}, '45'],
    ['on a phone', PHONE, '2'],
  ] as const)('is accessible in both themes, %s, in the tabs that the digits show', async (_, options, keys) => {
    const page = await shown.page(`/runs/${await failed()}`, options)
    for (const [key, there] of TABS.filter(([digit]) => keys.includes(digit))) {
      await page.keyboard.press(key)
      await page.getByRole('tabpanel').getByText(there).first().waitFor()
      await expectAccessible(page)
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    }
  })
})
