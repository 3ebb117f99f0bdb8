import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadJobs } from './job-files.ts'

const directory = mkdtempSync(join(tmpdir(), 'mainspring-job-files-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const JOB = "{ name: 'NAME', handler: () => 1, options: {}, definition: { kind: 'job' } }"
function file(name: string, middleware: string): string {
  writeFileSync(join(directory, name), `export const work = ${JOB.replace('NAME', name)}\nexport const middleware = ${middleware}\n`)
  return name
}

test('the middleware of files is gathered in their order: a function, or a list of them', async () => {
  const files = [file('a.mjs', '[function one() {}, function two() {}]'), file('b.mjs', 'function three() {}')]
  expect((await loadJobs(files, directory)).middleware.map(({ name }) => name)).toEqual(['one', 'two', 'three'])
})

test('what is exported as middleware and is none is told with its file', async () => {
  await expect(loadJobs([file('c.mjs', '[1]')], directory)).rejects.toMatchObject({ facts: { code: 'file-mistake', place: 'c.mjs' } })
})
