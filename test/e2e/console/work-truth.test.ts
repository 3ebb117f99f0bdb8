import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { Console, expectAccessible, isLive, browserTest as test } from '../support/console.ts'

const PHONE = { viewport: { width: 400, height: 800 } }

/** With API keys, so that whoever sets something has a name: that of the key is `tests`. */
describe('who set it, whose turn it is, and what a schedule would meet', () => {
  let shown: Console
  beforeAll(async () => {
    shown = await Console.open({ flags: ['--host', '0.0.0.0'], withKey: true })
    await call('definitions.override', 'gate', {
      priority: 3,
      fair: { per: 'tenant', weights: { globex: 3 } },
      limits: [{ per: 'tenant', concurrency: 1 }],
    })
    await call('definitions.override', 'quick', {
      queue: 'letters',
      limits: [
        { pool: 'press', weight: 2 },
        { rate: 5, every: '1m' },
        { per: 'tenant', concurrency: 1 },
      ],
    })
    await call('limits.set', 'press', { concurrency: 4 })
    await call('limits.set', 'letters-out', { on: { queue: 'letters' }, concurrency: 3 })
    await call('limits.set', 'gate/tenant', { concurrency: 2 })
  })
  afterAll(async () => {
    const { errors } = shown
    await shown[Symbol.asyncDispose]()
    expect(errors).toEqual([])
  })

  const call = (operation: string, name: string, body: object): Promise<unknown> =>
    shown.client.call(operation as 'limits.set', { name }, body as never)
  const open = async (path: string, options: BrowserContextOptions = {}): Promise<Page> => {
    const page = await shown.blankPage(options)
    await page.goto(`${shown.place.url}${path}`)
    await page.getByLabel('API key').fill(shown.apiKey as string)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await isLive(page)
    return page
  }
  const row = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text })
  const whose = (page: Page, text: string) => row(page, text).getByText('tests').filter({ visible: true })
  const isNarrow = (page: Page): Promise<unknown> => page.evaluate('document.documentElement.scrollWidth <= innerWidth')

  test('a limit and an option over the code’s name the operator, and since when', async () => {
    const page = await open('/limits')
    await row(page, 'gate/tenant').getByText('code: 1 at once').waitFor()
    await row(page, 'gate/tenant').getByText('tests').waitFor()
    await row(page, 'gate/tenant').getByRole('link', { name: 'gate/tenant' }).click()
    await page.getByRole('listitem').filter({ hasText: 'the code says 1' }).getByText('tests').waitFor()
    await page.goto(`${shown.place.url}/definitions/gate?tab=options`)
    await whose(page, 'Priority').waitFor()
    await row(page, 'Queue').getByText('default').first().waitFor()
    await expectAccessible(page)
    await page.setViewportSize(PHONE.viewport)
    await whose(page, 'Priority').waitFor()
    expect(await isNarrow(page)).toBe(true)
    await page.context().close()
  })

  test('a queue tells whose turn it is, who is held back and who was served, as it happens', async () => {
    const tenants = ['acme', 'acme', 'acme', 'globex']
    const runs = await Promise.all(tenants.map(tenant => shown.client.start('gate', { tenant })))
    const page = await open('/queues/default')
    const turns = page.getByRole('region', { name: 'Whose turn it is' })
    await turns.getByRole('row').filter({ hasText: 'acme' }).getByText('held back').waitFor()
    await turns.getByRole('row').filter({ hasText: 'globex ×3' }).getByText('nothing waits').waitFor()
    await turns.getByText('Of the last 3 handed out').waitFor()
    expect(await turns.getByRole('meter', { name: 'Handed out to acme' }).getAttribute('aria-valuetext')).toBe('2 of 3')
    await expectAccessible(page)
    // Paused, what comes now waits: those that have had nothing go before those that have.
    await call('queues.pause', 'default', {})
    for (const tenant of ['acme', 'hooli']) runs.push(await shown.client.start('gate', { tenant }))
    await turns.getByRole('row').filter({ hasText: 'hooli' }).getByText('next').waitFor()
    await page.goto(`${shown.place.url}/definitions/gate`)
    await page.getByRole('region', { name: 'Turns in queue default' }).getByRole('row').filter({ hasText: 'hooli' }).waitFor()
    await page.setViewportSize(PHONE.viewport)
    expect(await isNarrow(page)).toBe(true)
    await call('queues.resume', 'default', {})
    await page.goto(`${shown.place.url}/queues/default`)
    // One after the other, since a tenant has two at once.
    await expect
      .poll(async () => {
        shown.release()
        return (await Promise.all(runs.map(run => run.get()))).every(({ state }) => state === 'completed')
      })
      .toBe(true)
    await page.getByText('Nothing waits or runs').waitFor()
    await page.context().close()
  })

  test('a queue whose worker does not serve what waits in it says which, here and on the home page', async () => {
    const definitions = [{ kind: 'job', name: 'render', version: '1', options: { queue: 'films' } }]
    await shown.client.call('definitions.register', {}, { definitions } as never)
    const run = await shown.client.start('render')
    const page = await open('/queues/films')
    await page.getByRole('status').getByText('No worker takes render').waitFor()
    await page.goto(`${shown.place.url}/`)
    await page.getByText('no worker takes render, of which tasks wait in').waitFor()
    await run.cancel()
    await page.getByText('no worker takes render').waitFor({ state: 'detached' })
    await page.context().close()
  })

  test('what a schedule starts is held against every limit that it meets, as it is and as it would be', async () => {
    await (await shown.client.start('quick', { tenant: 'acme' })).result()
    const schedule = (name: string, cron: string, tenant: string) => call('schedules.put', name, { cron, target: 'quick', input: { tenant } })
    // Far from now, so that each fires once in the next day.
    const hour = (new Date().getUTCHours() + 6) % 24
    const [early, late] = [`0 ${hour} * * *`, `0 ${(hour + 1) % 24} * * *`] as const
    await schedule('nightly', early, 'acme')
    for (const letter of 'abcdef') await schedule(`burst-${letter}`, late, letter === 'a' ? 'acme' : letter)
    await schedule('dated', late, '{{nominalDate}}')
    const page = await open('/schedules/nightly?tab=edit')
    const line = (limit: string) => page.getByRole('listitem').filter({ has: page.getByRole('link', { name: limit, exact: true }) })
    await line('letters-out').getByText('of queue letters').waitFor()
    await line('quick/60000ms').getByText('2 of 8 that schedules start in the next day would come too early and wait').waitFor()
    await page.getByLabel('Cron expression').fill(late)
    await line('quick/60000ms').getByText('At most 8 fall into one window.').waitFor()
    await line('quick/tenant').getByText('tenant=acme').waitFor()
    await line('quick/tenant').getByText('1 of 2 that schedules start').waitFor()
    await line('quick/tenant').getByText('1 further schedule may meet it').waitFor()
    await line('press').getByText('of which a run takes 2').waitFor()
    await page.getByLabel('Runs that the limit press would let run at a time').fill('16')
    await line('press').getByText('(now 4)').waitFor()
    await line('press').getByText('of the 8 that schedules start in the next day, none would wait.').waitFor()
    await page.getByLabel('Runs that the limit press would let run at a time').fill('1')
    await line('press').getByText('never starts').waitFor()
    await page.getByText('An estimate of what schedules start').waitFor()
    await expectAccessible(page)
    await page.setViewportSize(PHONE.viewport)
    expect(await isNarrow(page)).toBe(true)
    await page.goto(`${shown.place.url}/schedules/dated?tab=edit`)
    await line('quick/tenant').getByText('what it meets there is not known').waitFor()
    await page.context().close()
  })
})
