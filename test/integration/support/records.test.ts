import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { linesIn, writeLine } from './records.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'records-'))
  file = join(folder, 'records')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('what its writer was killed over is left out wherever it was cut, and what comes after it is read', () => {
  const whole = JSON.stringify({ run: 'a', at: 1 })
  for (let cut = 1; cut < whole.length; cut++) {
    writeFileSync(file, '')
    writeLine(file, { run: 'before' })
    appendFileSync(file, `\n${whole.slice(0, cut)}`)
    expect(linesIn(file)).toEqual([{ run: 'before' }])
    writeLine(file, { run: 'after' })
    expect(linesIn(file)).toEqual([{ run: 'before' }, { run: 'after' }])
  }
})

test('a line that nobody was writing is an error', () => {
  writeFileSync(file, '{"run":}\n')
  expect(() => linesIn(file)).toThrow(SyntaxError)
})
