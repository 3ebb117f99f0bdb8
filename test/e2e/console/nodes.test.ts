import type { WireNodes } from '@mainspring/sdk'
import { expect } from 'vitest'
import { freshSchema } from '../../../src/store/postgres/testing.ts'
import { expectAccessible } from '../support/accessible.ts'
import { Console, browserTest as test } from '../support/console.ts'

test('settings show the nodes; they share the shards; one is drained with a note, the other serves all, and it is let back', {
  timeout: 170_000,
}, async () => {
  const database = freshSchema()
  await using shown = await Console.open({ flags: ['--database', database] })
  const other = shown.place.mainspring('server', '--database', database, '--port', '0')
  await other.printed(/is ready at/)
  const nodes = async () => (await shown.client.call<WireNodes>('nodes.list', {})).nodes
  const [one, two] = (await nodes()) as [WireNodes['nodes'][0], WireNodes['nodes'][0]]

  const page = await shown.page('/settings')
  await page.getByRole('tab', { name: 'Nodes' }).click()
  const row = (name: string) => page.getByRole('row').filter({ hasText: name })
  await row(one.name).getByText('32 shards').waitFor()
  await row(two.name).getByText('32 shards').waitFor()
  await row(two.name)
    .getByText(two.address as string)
    .waitFor()
  await expectAccessible(page)

  await row(one.name)
    .getByRole('button', { name: `Drain ${one.name}` })
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(`mainspring node drain ${one.name}`).waitFor()
  await dialog.getByRole('textbox').fill('a new kernel')
  await dialog.getByRole('button', { name: 'Drain the node' }).click()
  await row(one.name).getByText('a new kernel').waitFor()
  await row(two.name).getByText('64 shards').waitFor()
  await row(one.name).getByText('stands by').waitFor()

  // Nobody would be left: it says so.
  await row(two.name)
    .getByRole('button', { name: `Drain ${two.name}` })
    .click()
  await dialog.getByRole('button', { name: 'Drain the node' }).click()
  await dialog.getByText(/start another node first/).waitFor()
  await page.keyboard.press('Escape')

  await row(one.name)
    .getByRole('button', { name: `Let ${one.name} serve again` })
    .click()
  await row(one.name)
    .getByRole('button', { name: `Drain ${one.name}` })
    .waitFor()
  await row(one.name).getByText('32 shards').waitFor()
  expect((await nodes()).map(({ drained }) => drained)).toEqual([null, null])
  expect(shown.errors).toEqual([])
})
