import { expect, test } from 'vitest'
import { loadConfig } from './config.ts'
import { shownSettings } from './shown-settings.ts'

test('settings are shown with where they come from, and without their secrets', () => {
  const config = loadConfig({
    directory: '/app',
    flags: {
      apiKey: 'msk_secret',
      database: 'postgres://me:secret@h/d',
      port: '80',
      outbox: 'postgres://h/a,postgres://me:secret@h/b, postgres://you:secret@h/c',
    },
  })
  const shown = shownSettings(config)
  expect(shown).toMatchObject({
    apiKey: { value: '********', from: '--api-key' },
    database: { value: 'postgres://me:********@h/d', from: '--database' },
    outbox: { value: 'postgres://h/a,postgres://me:********@h/b, postgres://you:********@h/c' },
    port: { value: 80, from: '--port' },
    lease: { value: 15_000, from: 'default' },
    allowShell: { value: null },
  })
  expect(
    Object.values(shown)
      .map(({ value }) => String(value))
      .join(),
  ).not.toContain('secret')
})
