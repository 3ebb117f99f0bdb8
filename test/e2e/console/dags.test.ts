import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, isLive, browserTest as test } from '../support/console.ts'
import { serveLarge } from '../support/large-dags.ts'

/** Of a whole page, however large the DAG is. */
const ELEMENTS_MAX = 4_000
const PHONE = { viewport: { width: 400, height: 800 } }
const DAG = {
  tasks: {
    list: { job: 'quick', input: [1, 2, 3, 4] },
    clean: { job: 'quick', group: 'work', map: { over: '{{output.list:echoed}}' } },
    hold: { job: 'gate', group: 'work', after: ['clean'] },
    complain: { job: 'breaks', after: ['list'] },
    never: { job: 'quick', after: ['complain'] },
    publish: { job: 'quick', after: ['work'] },
  },
  groups: { work: {} },
}

describe('DAGs in the console', () => {
  let shown: Console
  let page: Page
  beforeAll(async () => {
    shown = await Console.open()
    await shown.client.call('definitions.register', {}, { definitions: [{ kind: 'dag', name: 'sales', version: 'v1', options: {}, dag: DAG }] })
  })
  afterEach(async () => expect(await shown.closePages()).toEqual([]))
  afterAll(() => shown[Symbol.asyncDispose]())

  const task = (name: string) => page.getByRole('grid', { name: 'Tasks' }).getByRole('row').filter({ hasText: name })
  const graph = () => page.getByRole('region', { name: 'Graph of sales' })
  const node = (name: string | RegExp) => graph().getByRole('button', { name })
  const hasNoOverflow = async (): Promise<void> => expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
  /** A run that stands at its `hold`. */
  const started = async () => {
    const run = await shown.client.start('sales')
    const stands = async () => (await shown.client.call<{ tasks: { task: string; state: string }[] }>('runs.tasks', { run: run.id })).tasks
    await expect
      .poll(async () => Object.fromEntries((await stands()).map(({ task, state }) => [task, state])))
      .toMatchObject({
        hold: 'started',
        never: 'upstream_failed',
      })
    return run
  }

  test('the tasks of a run stand in a table that goes on by itself, each with its run and what it waits for', async () => {
    const run = await started()
    page = await shown.page(`/runs/${run.id}`)
    await task('hold').getByText('started').waitFor()
    await task('clean').getByText('4 of 4').waitFor()
    await task('complain').getByText('failed').waitFor()
    await task('never').getByText('upstream failed').waitFor()
    await task('publish').click()
    const panel = page.getByRole('region', { name: 'publish' })
    await panel.getByText('It waits for hold; its rule is all_success').waitFor()
    expect(new URL(page.url()).searchParams.get('task')).toBe('publish')
    await expectAccessible(page)
    await shown.release(1)
    await task('publish').getByText('success').waitFor()
    await panel.getByRole('link').waitFor()
    await panel.getByRole('button', { name: 'Close' }).click()
    await task('complain').click()
    await page.getByRole('region', { name: 'complain' }).getByText('the printer is on fire').waitFor()
    await task('hold').getByRole('link').click()
    await page.getByRole('heading', { name: /gate/ }).waitFor()
  })

  // Airflow's dialog of the same: downstream, upstream, past, future, only failed, and below them the tasks that it affects.
  test('a task runs again, with those behind it and in earlier runs, as the preview has said; from the grid, too', async () => {
    const tasks = { list: { job: 'quick' }, print: { job: 'breaks', after: ['list'] }, tell: { job: 'quick', after: ['print'] } }
    await shown.client.call(
      'definitions.register',
      {},
      { definitions: [{ kind: 'dag', name: 'reports', version: 'v1', options: {}, dag: { tasks } }] },
    )
    const [first, second] = [await shown.client.start('reports'), await shown.client.start('reports')]
    for (const run of [first, second]) await run.result().catch(() => undefined)
    page = await shown.page(`/runs/${second.id}?task=print`)
    await page.getByRole('region', { name: 'print' }).getByRole('button', { name: 'Run again …' }).click()
    const dialog = page.getByRole('dialog', { name: /^Run print of reports/ })
    const preview = dialog.getByRole('region', { name: 'What would run again' })
    await preview.getByText('1 run would be run again').waitFor()
    await preview.getByText('print, tell').waitFor()
    await dialog.getByRole('switch', { name: /^Past/ }).check()
    await preview.getByText('2 runs would be run again').waitFor()
    await expectAccessible(page)
    await dialog.getByText(/^mainspring dag rerun \w+ --task print --downstream --past$/).waitFor()
    await dialog.getByRole('button', { name: 'Run again in 2 runs' }).click()
    await page.waitForURL(url => !url.pathname.endsWith(second.id))
    for (const run of [first, second]) {
      const { chain } = await shown.client.call<{ chain: { id: string }[] }>('runs.related', { run: run.id })
      expect(chain).toHaveLength(2)
      await shown.client
        .handle((chain[1] as { id: string }).id)
        .result()
        .catch(() => undefined)
    }

    await page.goto(new URL('/definitions/reports?tab=grid', page.url()).href)
    const grid = page.getByRole('grid', { name: 'Tasks of the newest runs of reports' })
    await grid
      .getByRole('gridcell', { name: /^list,.*: success$/ })
      .first()
      .waitFor()
    await grid.focus()
    await page.keyboard.press('r')
    const asked = page.getByRole('dialog', { name: /^Run list of reports/ })
    await asked.getByText('list, print, tell').waitFor()
    await asked.getByRole('switch', { name: /^Only failed/ }).check()
    await asked.getByText('print, tell', { exact: true }).waitFor()
    await asked.getByRole('button', { name: 'Leave it' }).click()
    await asked.waitFor({ state: 'detached' })
  })

  test('a run that waits for a signal is given it by a form, which knows its name', async () => {
    const tasks = { paid: { wait: { signal: 'paid' } }, ship: { input: '{{output.paid}}' } }
    const dag = { tasks, output: '{{output.ship}}' }
    await shown.client.call('definitions.register', {}, { definitions: [{ kind: 'dag', name: 'order', version: 'v1', options: {}, dag }] })
    const run = await shown.client.start('order')
    page = await shown.page(`/runs/${run.id}`)
    await task('paid').getByText('started').waitFor()
    await page.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Signal …' }).click()
    const dialog = page.getByRole('dialog', { name: /^Signal order/ })
    await dialog.getByText('Its tasks wait for paid.').waitFor()
    await dialog.getByText(/^mainspring signal \w+ paid/).waitFor()
    await dialog.getByRole('textbox', { name: 'Input as JSON' }).fill('{"sum":3}')
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Send the signal' }).click()
    expect(await run.result()).toEqual({ sum: 3 })
  })

  test('of a mapped group the items of its tasks stand below each other', async () => {
    const tasks = { load: { job: 'quick', group: 'file' }, check: { job: 'quick', group: 'file', after: ['load'] } }
    const dag = { tasks, groups: { file: { map: { over: [1, 2, 3] } } } }
    await shown.client.call('definitions.register', {}, { definitions: [{ kind: 'dag', name: 'files', version: 'v1', options: {}, dag }] })
    const run = await shown.client.start('files')
    await run.result()
    page = await shown.page(`/runs/${run.id}?task=load`)
    const panel = page.getByRole('region', { name: 'load' })
    await panel.getByRole('list', { name: 'Items of file' }).getByRole('img', { name: 'Items of check: 3 success' }).waitFor()
    await expectAccessible(page)
  })

  test('a task that did not run, since its result was kept, leads to the run that gave it', async () => {
    const dag = { tasks: { make: { job: 'quick', input: { day: 1 }, cache: {} } } }
    await shown.client.call('definitions.register', {}, { definitions: [{ kind: 'dag', name: 'kept', version: 'v1', options: {}, dag }] })
    const first = await shown.client.start('kept')
    await first.result()
    const again = await shown.client.start('kept')
    await again.result()
    const { tasks } = await shown.client.call<{ tasks: { run: string }[] }>('runs.tasks', { run: first.id })
    page = await shown.page(`/runs/${again.id}?task=make`)
    await task('make').getByText('kept').waitFor()
    const panel = page.getByRole('region', { name: 'make' })
    await panel.getByText('Kept result of').waitFor()
    await expectAccessible(page)
    await panel.getByRole('link').click()
    await expect.poll(() => page.url()).toContain(tasks[0]?.run)
  })

  test('its graph shows the same, folds groups, finds tasks, and says what is to know of one', async () => {
    const run = await started()
    page = await shown.page(`/runs/${run.id}?view=graph`)
    await node(/^started hold/).waitFor()
    await node(/^success clean/).waitFor()
    await node(/^failed complain/).waitFor()
    await expectAccessible(page)
    await node('work').click()
    await node(/^started work.*2 tasks/).waitFor()
    await expect.poll(() => node(/hold/).count()).toBe(0)
    await page.getByLabel('Find tasks').fill('hold')
    await page.getByText('1 found').waitFor()
    await page.getByRole('button', { name: 'Unfold all groups' }).click()
    await node(/^started hold/).click()
    await page.getByRole('region', { name: 'hold' }).getByRole('link').waitFor()
    await shown.release(1)
    await node(/^success hold/).waitFor()
    await node(/^success publish/).waitFor()
  })

  test('the Gantt shows when each task waited and ran, groups and mapped tasks open, and the longest chain is told there and in the graph', async () => {
    const run = await started()
    page = await shown.page(`/runs/${run.id}?view=gantt`)
    const gantt = page.getByRole('treegrid', { name: 'When the tasks of sales waited and ran' })
    const bar = (name: string | RegExp) => gantt.getByRole('row').filter({ has: page.getByRole('gridcell', { name }) })
    await bar(/^list: success, .*ran /).waitFor()
    await bar(/^work: started, .*runs since /).waitFor()
    await bar(/^never: upstream failed/).waitFor()
    expect(await gantt.getByRole('row').count()).toBe(5)
    await bar(/^work:/)
      .getByRole('button', { name: 'Open work' })
      .click()
    await bar(/^hold: started, .*runs since /).waitFor()
    await bar(/^clean: success/)
      .getByText('× 4')
      .waitFor()
    await gantt.focus()
    for (const key of ['Home', 'ArrowDown', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key)
    await bar(/^clean\[3\]: success, .*ran /).waitFor()
    expect(await gantt.getByRole('row').count()).toBe(11)
    await expectAccessible(page)
    const path = page.getByRole('region', { name: 'Critical path' })
    await path.getByRole('button', { name: /^hold/ }).click()
    await page.getByRole('region', { name: 'hold' }).getByRole('link').waitFor()
    expect(new URL(page.url()).searchParams.get('task')).toBe('hold')
    await page.getByRole('button', { name: 'Graph' }).click()
    await node(/^started hold.* of the critical path/).waitFor()
    await expect.poll(() => graph().locator('.dag-edge-critical').count()).toBe(2)
    await shown.release(1)
    await node(/^success publish/).waitFor()
    await page.getByRole('button', { name: 'Gantt' }).click()
    await bar(/^publish: success, .*ran /).waitFor()
    await bar(/^clean\[0\]/).waitFor({ state: 'detached' })
    await page.setViewportSize(PHONE.viewport)
    await bar(/^publish/).waitFor()
    await hasNoOverflow()
    await expectAccessible(page)
    await bar(/^work/).click()
    await gantt.getByRole('button', { name: 'Open clean' }).click()
    await bar(/^clean\[0\]/).click()
    await page.getByRole('heading', { name: /quick/ }).waitFor()
  })

  test('the grid of a DAG has its newest runs beside each other, folds groups, and leads to a task in its run', async () => {
    const run = await started()
    page = await shown.page('/definitions/sales?tab=grid')
    const grid = page.getByRole('grid', { name: 'Tasks of the newest runs of sales' })
    const line = (name: string) => grid.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) })
    await line('hold')
      .getByLabel(/: started$/)
      .first()
      .waitFor()
    await line('work')
      .getByLabel(/: started$/)
      .first()
      .waitFor()
    await line('clean')
      .getByLabel(/: success, 4 of 4 items$/)
      .first()
      .waitFor()
    await expectAccessible(page)
    await shown.release(1)
    await line('publish')
      .getByLabel(/: success$/)
      .first()
      .waitFor()
    await line('work').getByRole('button').click()
    await expect.poll(() => line('hold').count()).toBe(0)
    await grid.focus()
    for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key)
    await page.waitForURL(url => url.pathname.endsWith(`/runs/${run.id}`) && url.searchParams.has('task'))
  })

  test('durations: of its last runs and of each task, with median and p95; a task that is picked stands in the chart', async () => {
    for (let turn = 0; turn < 2; turn++) {
      const run = await started()
      await shown.release(1)
      await run.result().catch(() => undefined)
    }
    page = await shown.page('/definitions/sales?tab=durations')
    const tasks = page.getByRole('grid', { name: 'How long tasks took' })
    await tasks
      .getByRole('row')
      .filter({ hasText: 'clean' })
      .getByText(/\d (ms|s)/)
      .first()
      .waitFor()
    // What never ran took no time.
    expect(await tasks.getByText('never').count()).toBe(0)
    await page.getByText('median of the runs').waitFor()
    await tasks.getByRole('row').filter({ hasText: 'hold' }).click()
    await page.waitForURL(/task=hold/)
    const chart = page.getByRole('figure', { name: 'How long the newest runs of sales took, and their hold' })
    await chart.getByRole('button', { name: 'As a table' }).click()
    await chart.getByRole('columnheader', { name: 'hold' }).waitFor()
    const lines = chart.getByRole('row')
    await expect.poll(async () => (await lines.last().textContent()) ?? '').toMatch(/(\d+(\.\d)? (ms|s)){4}$/)
    await expectAccessible(page)
    await page.setViewportSize(PHONE.viewport)
    await hasNoOverflow()
  })

  test('on a phone nothing is pushed out of sight', async () => {
    const run = await started()
    await shown.release(1)
    await run.result().catch(() => undefined)
    page = await shown.page(`/runs/${run.id}`, PHONE)
    await task('publish').getByText('success').waitFor()
    await hasNoOverflow()
    await page.getByRole('button', { name: 'Graph' }).click()
    await node(/^success publish/).waitFor()
    await hasNoOverflow()
    await page.goto(new URL('/definitions/sales?tab=grid', page.url()).href)
    await page
      .getByRole('gridcell', { name: /^publish,.*: success$/ })
      .first()
      .waitFor()
    await hasNoOverflow()
    await expectAccessible(page)
    await page.getByRole('tab', { name: 'Graph' }).click()
    await node(/^success publish/).click()
    await page.getByRole('status').filter({ hasText: 'does quick, all_success' }).waitFor()
    await hasNoOverflow()
    await page.getByRole('link', { name: 'in its run' }).click()
    await page.getByRole('region', { name: 'publish' }).waitFor()
  })

  test('of 365 runs of 500 tasks, and of a graph and a Gantt chart of 10,000, only what one looks at is drawn', { timeout: 240_000 }, async () => {
    page = await shown.blankPage()
    const large = { definition: 'sales', tasks: 500, runs: 365, begin: Date.UTC(2026, 10, 29) }
    await serveLarge(page, large)
    const elements = (): Promise<number> => page.evaluate('document.querySelectorAll("*").length')
    await page.goto(`${shown.place.url}/definitions/sales?tab=grid`)
    await isLive(page)
    const grid = page.getByRole('grid', { name: 'Tasks of the newest runs of sales' })
    await grid.getByRole('gridcell').first().waitFor()
    expect(await elements()).toBeLessThan(ELEMENTS_MAX)
    await expect
      .poll(
        async () => {
          await grid.evaluate('(grid => grid.scrollTo(grid.scrollWidth, grid.scrollHeight))(document.querySelector("[data-scroller]"))')
          return grid.getByLabel(/^task-499,.*: failed$/).count()
        },
        { timeout: 60_000 },
      )
      .toBe(1)
    expect(await elements()).toBeLessThan(ELEMENTS_MAX)

    large.tasks = 10_000
    await page.goto(`${shown.place.url}/definitions/sales?tab=graph`)
    await node(/task-0$|task-0 /)
      .first()
      .waitFor()
    expect(await elements()).toBeLessThan(ELEMENTS_MAX)
    await page.getByLabel('Find tasks').fill('task-9876')
    await node(/task-9876/).click()
    await page.getByLabel('Find tasks').fill('')
    // What it waits for is drawn with it, wherever that stands.
    await expect.poll(() => graph().locator('.dag-edge-picked').count()).toBe(1)
    // As much of it as is still to be read.
    await page.getByRole('button', { name: 'All of it' }).click()
    await expect.poll(() => graph().getByRole('button').count()).toBeGreaterThan(200)
    expect(await elements()).toBeLessThan(4 * ELEMENTS_MAX)

    const { id } = await shown.client.start('sales')
    await page.goto(`${shown.place.url}/runs/${id}?view=gantt`)
    const gantt = page.getByRole('treegrid', { name: /^When the tasks/ })
    await gantt.getByRole('row').first().waitFor()
    expect(await gantt.getByRole('row').count()).toBeLessThan(60)
    await gantt.focus()
    await page.keyboard.press('End')
    await gantt.getByRole('gridcell', { name: /^task-9999: success/ }).waitFor()
    expect(await elements()).toBeLessThan(ELEMENTS_MAX)
    await shown.release(1)
  })
})
