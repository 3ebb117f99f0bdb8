import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { newSecretKey } from '../../../src/api/variables/vault.ts'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'

describe('variables in the console', () => {
  let shown: Console
  beforeAll(async () => {
    shown = await Console.open({ flags: ['--secret-key', newSecretKey()] })
  })
  afterEach(async () => expect(await shown.closePages()).toEqual([]))
  afterAll(() => shown[Symbol.asyncDispose]())

  test('are set, secret ones without a trace, and removed', async () => {
    const page = await shown.page('/settings?tab=variables')
    await page.getByText('No variable yet').waitFor()
    for (const [name, value, secret] of [
      ['bucket', 's3://raw', false],
      ['token', 'hunter2hunter2', true],
    ] as const) {
      await page.getByRole('button', { name: 'Set a variable' }).click()
      const dialog = page.getByRole('dialog', { name: 'Set a variable' })
      await dialog.getByLabel('Name').fill(name)
      await dialog.getByLabel('Value').fill(value)
      if (secret) await dialog.getByRole('switch', { name: 'Secret' }).click()
      await dialog.getByRole('button', { name: 'Set it' }).click()
      await dialog.waitFor({ state: 'detached' })
    }
    await page.getByRole('button', { name: 'Set a connection' }).click()
    const dialog = page.getByRole('dialog', { name: 'Set a connection' })
    await dialog.getByLabel('Name').fill('warehouse')
    await dialog.getByLabel('Address').fill('nothing')
    await dialog.getByRole('button', { name: 'Set it' }).click()
    await dialog.getByText('expected type://login').waitFor()
    await dialog.getByLabel('Address').fill('postgres://etl:not-shown@db/sales')
    await dialog.getByRole('button', { name: 'Set it' }).click()
    await page.getByText('postgres://etl:***@db/sales').waitFor()
    await expectAccessible(page)
    expect(await page.content()).toContain('s3://raw')
    expect(await page.content()).not.toMatch(/hunter2|not-shown/)
    await page.getByRole('button', { name: 'Remove bucket' }).click()
    await page.getByRole('button', { name: 'Remove the variable' }).click()
    await page.getByText('s3://raw').waitFor({ state: 'detached' })
  })
})
