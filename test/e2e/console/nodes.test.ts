import type { WireNodes } from '@mainspring/sdk'
import { expect } from 'vitest'
import { freshSchema } from '../../../src/store/postgres/testing.ts'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'

test('settings show the nodes; one is drained with a note, another serves, and it is let back', { timeout: 170_000 }, async () => {
  const database = freshSchema()
  await using shown = await Console.open({ flags: ['--database', database] })
  const other = shown.place.mainspring('server', '--database', database, '--port', '0')
  await other.printed(/is ready at/)
  const nodes = async () => (await shown.client.call<WireNodes>('nodes.list', {})).nodes
  const [serves, standsBy] = (await nodes()).sort((a, b) => b.shards - a.shards) as [WireNodes['nodes'][0], WireNodes['nodes'][0]]

  const page = await shown.page('/settings')
  await page.getByRole('tab', { name: 'Nodes' }).click()
  const row = (name: string) => page.getByRole('row').filter({ hasText: name })
  await row(serves.name).getByText('64 shards').waitFor()
  await row(standsBy.name).getByText('stands by').waitFor()
  await row(standsBy.name)
    .getByText(standsBy.address as string)
    .waitFor()
  await expectAccessible(page)

  await row(serves.name)
    .getByRole('button', { name: `Drain ${serves.name}` })
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(`mainspring node drain ${serves.name}`).waitFor()
  await dialog.getByRole('textbox').fill('a new kernel')
  await dialog.getByRole('button', { name: 'Drain the node' }).click()
  await row(serves.name).getByText('a new kernel').waitFor()
  await row(standsBy.name).getByText('64 shards').waitFor()
  await row(serves.name).getByText('stands by').waitFor()

  // Nobody would be left: it says so.
  await row(standsBy.name)
    .getByRole('button', { name: `Drain ${standsBy.name}` })
    .click()
  await dialog.getByRole('button', { name: 'Drain the node' }).click()
  await dialog.getByText(/start another node first/).waitFor()
  await page.keyboard.press('Escape')

  await row(serves.name)
    .getByRole('button', { name: `Let ${serves.name} serve again` })
    .click()
  await row(serves.name)
    .getByRole('button', { name: `Drain ${serves.name}` })
    .waitFor()
  expect((await nodes()).map(({ drained }) => drained)).toEqual([null, null])
  expect(shown.errors).toEqual([])
})
