import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../scripts/run.ts'
import { CODES } from '../../src/core/errors.ts'

const page = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')
const documented = new Map([...page.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [code!, Number(status)]))

describe('docs/errors.md', () => {
  test('has every code of the server with its status, and no other', () =>
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(Object.entries(CODES).map(([code, [status]]) => [code, status]))))

  test('has every code of the SDK', () => {
    const source = readFileSync(join(ROOT, 'sdk/typescript/src/errors.ts'), 'utf8')
    const codes = [...source.matchAll(/code = '([a-z-]+)'/g)].map(([, code]) => code!)
    expect(codes.length).toBeGreaterThan(5)
    expect(codes.filter(code => !page.includes(`\`${code}\``))).toEqual([])
  })
})
