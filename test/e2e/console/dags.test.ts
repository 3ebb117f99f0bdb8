import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, isLive, browserTest as test } from '../support/console.ts'

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

  test('of 365 runs of 500 tasks, and of a graph of 10,000, only what one looks at is drawn', async () => {
    page = await shown.blankPage()
    const tasks = (count: number) =>
      Array.from({ length: count }, (_, n) => ({
        task: `task-${n}`,
        job: 'quick',
        rule: 'all_success',
        is: null,
        mapped: false,
        group: null,
        after: n === 0 ? [] : [Math.floor((n - 1) / 2)],
      }))
    let size = 500
    const at = (day: number): string => new Date(Date.UTC(2026, 10, 29) - day * 86_400_000).toISOString()
    await page.route('**/definitions/sales/graph*', route =>
      route.fulfill({ json: { definition: 'sales', version: `v${size}`, tasks: tasks(size), groups: [] } }),
    )
    await page.route('**/definitions/sales/grid*', route => {
      const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0)
      const runs = Array.from({ length: Math.min(100, 365 - from) }, (_, n) => ({
        run: `r${from + n}`.padStart(26, '0'),
        state: 'completed',
        version: `v${size}`,
        createdAt: at(from + n),
        startedAt: at(from + n),
        closedAt: at(from + n),
        nominalTime: at(from + n),
        tasks: 's'.repeat(size - 1) + (from + n === 364 ? 'f' : 's'),
        items: {},
      }))
      return route.fulfill({ json: { runs, next: from + 100 < 365 ? String(from + 100) : null } })
    })
    await page.goto(`${shown.place.url}/definitions/sales?tab=grid`)
    await isLive(page)
    const grid = page.getByRole('grid', { name: 'Tasks of the newest runs of sales' })
    const drawn = (): Promise<number> => grid.getByRole('gridcell').count()
    await grid.getByRole('gridcell').first().waitFor()
    expect(await drawn()).toBeLessThan(4_000)
    await expect
      .poll(
        async () => {
          await grid.evaluate('(grid => grid.scrollTo(grid.scrollWidth, grid.scrollHeight))(document.querySelector("[data-scroller]"))')
          return grid.getByLabel(/^task-499,.*: failed$/).count()
        },
        { timeout: 60_000 },
      )
      .toBe(1)
    expect(await drawn()).toBeLessThan(4_000)
    size = 10_000
    await page.goto(`${shown.place.url}/definitions/sales?tab=graph`)
    await node(/task-0$|task-0 /)
      .first()
      .waitFor()
    expect(await graph().getByRole('button').count()).toBeLessThan(500)
    await page.getByLabel('Find tasks').fill('task-9876')
    await node(/task-9876/).waitFor()
  })
})
