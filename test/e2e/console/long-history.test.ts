import { workflow } from '@mainspring/sdk'
import { startWorker, type Worker } from '@mainspring/sdk/worker'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'

/** What a page asks for at once. */
const PAGE = 500
const STEPS = 10_000
const AT_ONCE = 500
const ELEMENTS_MAX = 12_000

const long = workflow('long', async (steps: number, ctx) => {
  for (let from = 0; from < steps; from += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => ctx.run(`step ${from + n}`, () => null)))
  return ctx.waitFor('enough')
})

describe('the page of a workflow with a long history', () => {
  let shown: Console
  let worker: Worker
  beforeAll(async () => {
    shown = await Console.open()
    worker = startWorker({ jobs: [long], client: shown.client, log: () => {} })
    await worker.ready
  })
  afterEach(async () => expect(await shown.closePages()).toEqual([]))
  afterAll(async () => {
    await worker?.drain(0).catch(() => undefined)
    await shown?.[Symbol.asyncDispose]()
  })

  test('reads its newest events and their number; earlier ones as one scrolls up to them, each once, and what is on screen stays there', async () => {
    const run = await shown.client.start(long, STEPS)
    const page = await shown.blankPage()
    const asked = eventsAsked(page)
    await expect.poll(async () => (await run.get()).workflow?.awaits.length, { timeout: 180_000, interval: 500 }).toBe(1)
    await page.goto(`${shown.place.url}/runs/${run.id}`)
    const story = page.getByRole('list', { name: 'Asked and answered' })
    await story.getByText(`Step “step ${STEPS - 1}” completed`).waitFor()
    await story.getByText('Waits for signal “enough”').waitFor()
    await page.getByRole('option', { name: /^earlier:/ }).waitFor({ state: 'attached' })
    await page.locator('[data-connection="live"]').waitFor()
    const { total } = await shown.client.call<{ total: number }>('runs.history', { run: run.id }, undefined, { query: { last: '1' } })
    expect(total).toBeGreaterThan(STEPS)
    expect(sum(await asked())).toBe(PAGE)
    expect(await elements(page)).toBeLessThan(ELEMENTS_MAX)

    await page.getByRole('tab', { name: `History ${total.toLocaleString('en')}` }).click()
    const history = page.getByRole('region', { name: 'History' })
    const knows = (count: number) => history.getByText(`${count.toLocaleString('en')} of ${total.toLocaleString('en')} events`).waitFor()
    await knows(PAGE)
    expect(await elements(page)).toBeLessThan(ELEMENTS_MAX)
    // Of its lines few, since each of hundreds would be looked at.
    const filter = history.getByLabel('Filter the history')
    await filter.fill('enough')
    await expect.poll(() => history.getByRole('listitem').count()).toBe(1)
    await expectAccessible(page)
    await filter.fill('')
    const first = history.getByRole('listitem').first()
    const number = await first.locator('span').first().textContent()
    expect(number).toBe(String(total - PAGE))
    await history.getByRole('button', { name: `Show ${PAGE} before these` }).click()
    await knows(2 * PAGE)
    const same = history.getByRole('listitem').filter({ has: page.getByText(number as string, { exact: true }) })
    expect(await same.evaluate(isSeen)).toBe(true)
    // Up to where they begin, as a person does.
    await page.locator('main').evaluate(main => (main as unknown as { scrollTo(x: number, y: number): void }).scrollTo(0, 0))
    await knows(3 * PAGE)
    expect(sum(await asked())).toBe(3 * PAGE)

    // What happens is followed from the end of what was there.
    const opened = page.waitForRequest(/\/runs\/\w+\/events\?/)
    await page.getByRole('tab', { name: 'Logs' }).click()
    const feed = (await opened).url()
    await run.signal('enough', true)
    await run.result()
    expect(eventsIn(await (await fetch(feed)).text())).toEqual([1])
    await page.getByRole('tab', { name: 'Overview' }).click()
    await story.getByText('Signal “enough” came').waitFor()
    // What was known is not read again: of the newest only what came since.
    const counts = await asked(url => !url.searchParams.has('from') || Number(url.searchParams.get('from')) >= total)
    expect(sum(counts)).toBeLessThan(PAGE + 20)
  }, 300_000)
})

/** How many events each answer had that the page has got, of those that were asked for so. */
function eventsAsked(page: Page): (so?: (url: URL) => boolean) => Promise<number[]> {
  const answers: { url: URL; count: Promise<number> }[] = []
  page.on('response', response => {
    if (/\/history(\?|$)/.test(response.url()))
      answers.push({ url: new URL(response.url()), count: response.json().then(({ events }: { events: unknown[] }) => events.length) })
  })
  return (so = () => true) => Promise.all(answers.filter(({ url }) => so(url)).map(({ count }) => count))
}

/** How many events each message of the run's own feed had. */
function eventsIn(feed: string): number[] {
  const messages = feed.split('\n').flatMap(line => (line.startsWith('data: ') ? [JSON.parse(line.slice(6))] : []))
  return messages.flatMap(({ is, events }: { is: string; events: unknown[] }) => (is === 'run' ? [events.length] : []))
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
const elements = (page: Page): Promise<number> => page.evaluate<number>('document.querySelectorAll("*").length')
const isSeen = (element: unknown): boolean => {
  const { top, bottom } = (element as { getBoundingClientRect(): { top: number; bottom: number } }).getBoundingClientRect()
  return bottom > 0 && top < (globalThis as unknown as { innerHeight: number }).innerHeight
}
