import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AnyJob, type RecordedRun, replay } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { testEnvironment } from '../../src/server/testing.ts'
import { PACKAGE_VERSION } from '../../src/server/version.ts'
import { PLAYS, work } from './workflows.ts'

const versions = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(({ name }) => name)
const recordings = versions.flatMap(version => readdirSync(join(import.meta.dirname, version)).map(file => [version, file] as const))
const read = (version: string, file: string) => JSON.parse(readFileSync(join(import.meta.dirname, version, file), 'utf8')) as RecordedRun
const workflowOf = ({ definition }: RecordedRun) => (work as AnyJob[]).find(({ name }) => name === definition) as AnyJob

test.each(recordings)('a history recorded by %s is replayed by this version: %s', async (version, file) => {
  const recorded = read(version, file)
  expect(await replay(workflowOf(recorded), recorded)).toMatchObject({ is: 'fits' })
})

test('this version has recorded each of them', () =>
  expect(
    recordings
      .filter(([version]) => version === PACKAGE_VERSION)
      .map(([, file]) => file.replace('.json', ''))
      .sort(),
  ).toEqual(Object.keys(PLAYS).sort()))

test.each(Object.entries(PLAYS))('what is recorded now is replayed: %s', async (_, play) => {
  await using t = await testEnvironment(work)
  const recorded = await t.recorded(await play(t))
  expect(await replay(workflowOf(recorded), recorded)).toMatchObject({ is: 'fits' })
})
