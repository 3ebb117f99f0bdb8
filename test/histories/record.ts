import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testEnvironment } from '../../src/server/testing.ts'
import { PACKAGE_VERSION } from '../../src/server/version.ts'
import { PLAYS, work } from './workflows.ts'

/** `node test/histories/record.ts`, once before a release: what is there already stays as it is. */
const folder = join(import.meta.dirname, PACKAGE_VERSION)
mkdirSync(folder, { recursive: true })
/** Stacks name the folder of whoever records. */
const withoutStacks = (name: string, value: unknown): unknown => (name === 'stack' ? undefined : value)

for (const [name, play] of Object.entries(PLAYS)) {
  await using t = await testEnvironment(work)
  const recorded = await t.recorded(await play(t))
  try {
    writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(recorded, withoutStacks, 1)}\n`, { flag: 'wx' })
    console.log(`${name}: ${recorded.history.length} events, ${recorded.state}`)
  } catch {
    console.log(`${name} is there already`)
  }
}
