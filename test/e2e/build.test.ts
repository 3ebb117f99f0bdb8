import { expect, test } from 'vitest'
import { capture } from '../../scripts/run.ts'

test('both packages are built, packed, installed elsewhere and run there', { timeout: 180_000 }, async () => {
  expect(await capture([process.execPath, '--disable-warning=ExperimentalWarning', 'scripts/build.ts'])).toContain('installed and run from there')
})
