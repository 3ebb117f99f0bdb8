import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'

/** Those that look most unlike their wide selves: axe takes its time. */
const CHECKED_ON_A_PHONE = ['/queues', '/limits/each-user', '/definitions/quick', '/batches']
const PHONE = { viewport: { width: 400, height: 800 } }

describe('pages of those who do the work', () => {
  let shown: Console
  let pages: (readonly [path: string, there: string])[]
  beforeAll(async () => {
    shown = await Console.open()
    await (await shown.client.start('breaks')).result().catch(() => undefined)
    await shown.client.call('limits.set', { name: 'each-user' }, { on: { definition: 'gate' }, per: 'user', concurrency: 1 })
    for (const user of ['ada', 'ada', 'bob']) await shown.client.start('gate', { user })
    const { batch } = await shown.client.call<{ batch: string }>('batches.start', {}, { name: 'night', jobs: [{ definition: 'breaks' }] })
    await shown.client.call('definitions.override', { name: 'quick' }, { priority: 7, queue: 'letters' })
    await shown.client.call('queues.pause', { name: 'letters' }, { note: 'the disk is full' })
    await shown.client.start('quick', {}, { queue: 'letters' })
    const { workers } = await shown.client.call<{ workers: { id: string }[] }>('workers.list', {})
    pages = [
      ['/queues', 'letters'],
      ['/queues/letters', 'the disk is full'],
      ['/limits', 'each-user'],
      ['/limits/each-user', 'ada'],
      ['/workers', 'tests'],
      [`/workers/${workers[0]?.id}`, 'Runs now'],
      ['/definitions', 'breaks'],
      ['/definitions/breaks', 'Schedules that start it'],
      ['/definitions/quick?tab=options', 'operator'],
      ['/batches', 'night'],
      [`/batches/${batch}`, 'Failed jobs'],
      ['/settings', 'Configuration'],
      ['/settings?tab=appearance', 'Time zone'],
    ]
  })
  afterEach(async () => expect(await shown.closePages()).toEqual([]))
  afterAll(() => shown[Symbol.asyncDispose]())

  test.each([
    ['lists and settings', /^\/[a-z]+(\?tab=appearance)?$/],
    ['single ones', /^\/[a-z]+\/./],
  ])('are accessible in both themes: %s', { timeout: 240_000 }, async (_, which) => {
    const page = await shown.page('/')
    const { origin } = new URL(page.url())
    for (const [path, there] of pages.filter(([path]) => which.test(path))) {
      await page.goto(`${origin}${path}`)
      await page.getByText(there).first().waitFor()
      await expectAccessible(page)
    }
  })

  test('push nothing out of sight on a phone, where lists are cards', { timeout: 240_000 }, async () => {
    const page = await shown.page('/', PHONE)
    const { origin } = new URL(page.url())
    for (const [path, there] of pages) {
      await page.goto(`${origin}${path}`)
      await page.getByText(there).first().waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), path).toBe(true)
      if (CHECKED_ON_A_PHONE.some(checked => path.startsWith(checked))) await expectAccessible(page)
    }
  })

  test('so are the dialogs', { timeout: 240_000 }, async () => {
    const page = await shown.page('/limits/each-user')
    const { origin } = new URL(page.url())
    for (const [path, button] of [
      ['/limits', 'New limit'],
      ['/limits/each-user', 'Change …'],
      ['/queues/default', 'Pause'],
      ['/definitions/quick?tab=options', 'Change Retry'],
      ['/settings?tab=keys', 'New key'],
    ] as const) {
      await page.goto(`${origin}${path}`)
      await page.getByRole('button', { name: button }).first().click()
      await page.getByRole('dialog').waitFor()
      await expectAccessible(page)
    }
  })
})
