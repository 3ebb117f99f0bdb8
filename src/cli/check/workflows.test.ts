import { describe, expect, test } from 'vitest'
import { checkWorkflows } from './workflows.ts'

const HEAD = `import { job, workflow as flow } from '@mainspring/sdk'
import { randomBytes } from 'node:crypto'
import fs, { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bank } from './bank.ts'
`
const at = HEAD.split('\n').length + 1
/** Places are those of the body's lines. */
const found = (body: string, more = '', parameters = 'input: Order, ctx: WorkflowContext') =>
  checkWorkflows(
    `${HEAD}interface Order { amount: number }\nexport const order = flow('order', { version: 'v1' }, async (${parameters}) => {\n${body}\n})\n${more}`,
    'orders.ts',
  ).map(({ place, code }) => [Number(place.split(':')[1]) - at - 1, Number(place.split(':')[2]), code])

describe('is found, with its place', () => {
  // Temporal, workflow determinism: no time, randomness, network, files or unawaited promises in workflow code.
  test.each<[string, string]>([
    ['const now: number = Date.now()', 'clock'],
    ['const now = new Date() as Date', 'clock'],
    ['const now = performance.now()', 'clock'],
    ['setTimeout(() => {}, 5)', 'clock'],
    ['const dice = Math.random()', 'randomness'],
    ['const id = crypto.randomUUID()', 'randomness'],
    ['const id = globalThis.crypto.randomUUID()', 'randomness'],
    ['const id = randomBytes(8)', 'randomness'],
    ["const answer = await fetch('https://example.org')", 'io'],
    ["const text = await readFile('a')", 'io'],
    ["await fs.writeFile('a', 'b')", 'io'],
    ['await bank.charge(input)', 'io'],
    ["console.log('x')", 'io'],
    ['const url = process.env.URL', 'io'],
    ["ctx.run('a', () => 1)", 'floating-promise'],
    ["void ctx.sleep('1d')", 'floating-promise'],
    ["ctx.scope(async () => ctx.sleep('1d'))", 'floating-promise'],
    ["await ctx.race([() => ctx.sleep('1d'), async () => Math.random()])", 'randomness'],
    ["[1].forEach(async n => ctx.run('a', () => n))", 'floating-promise'],
    ['await Promise.all([ctx.sleep(Date.now())])', 'clock'],
    ["await ctx.run('a' + Math.random(), () => 1)", 'randomness'],
  ])('%s', (line, code) => {
    expect(found(line).map(([row, , is]) => [row, is])).toEqual([[0, code]])
  })

  test('line and column are those of the file', () => expect(found('const a = 1\n  const b = Date.now()')).toEqual([[1, 13, 'clock']]))

  test('in functions of the file that it calls, also with another name for ctx', () => {
    const more = "async function pay(amount: number, c: WorkflowContext) {\n  await c.run('charge', () => Date.now())\n  return Math.random()\n}"
    expect(found('return pay(1, ctx)', more)).toHaveLength(1)
    expect(
      found('pay(1, ctx)', more)
        .map(([, , code]) => code)
        .sort(),
    ).toEqual(['floating-promise', 'randomness'])
  })

  test('with ctx taken apart', () =>
    expect(found("run('a', () => 1)\nreturn run('b', () => Date.now())", '', 'input, { run }')).toEqual([[0, 1, 'floating-promise']]))

  test('a function that is named', () =>
    expect(checkWorkflows(`${HEAD}async function body(_, ctx) { return Date.now() }\nexport const a = flow('a', body)`, 'a.ts')).toHaveLength(1))
})

describe('is not found', () => {
  test.each([
    "return ctx.run('charge', async () => { console.log(1); return fetch(String(Date.now() + Math.random())) })",
    "ctx.compensate('refund', () => bank.refund(1))",
    "const [a, b] = await Promise.all([ctx.run('a', () => 1), ctx.sleep('1d')])",
    "await ctx.sleep('1d').catch(() => {})",
    'const then = new Date(input.amount)',
    "const path = join('a', 'b')",
    'const value = bank.parse(input)',
    'await bank.steps(input, ctx)',
    "ctx.log.info('x')",
    'const fetch = (n: number) => n\nreturn fetch(1)',
    'ctx.continueAs(input)',
    "if (ctx.patched('a')) await ctx.run('new', () => 1)",
  ])('%s', line => expect(found(line)).toEqual([]))

  test('what a job does, or code beside the workflows', () => {
    const text = `import { job, workflow } from '@mainspring/sdk'\nconst started = Date.now()\nexport const a = job('a', async () => Math.random())\nfunction other() { return fetch('x') }`
    expect(checkWorkflows(text, 'a.ts')).toEqual([])
  })
})

test('a file that cannot be read says where', () => {
  expect(() => checkWorkflows('const a = 1\nconst b = = 2', 'a.js')).toThrow(
    expect.objectContaining({ facts: expect.objectContaining({ place: 'a.js:2:11' }) }),
  )
  expect(() => checkWorkflows('const a: = 2', 'a.ts')).toThrow(expect.objectContaining({ facts: expect.objectContaining({ code: 'file-mistake' }) }))
})
