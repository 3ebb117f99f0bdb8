import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Printed } from '../test-terminal.ts'

const BIN = fileURLToPath(new URL('../../../bin/mainspring.js', import.meta.url))

const directory = mkdtempSync(join(tmpdir(), 'mainspring-dag-test-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

beforeAll(() => {
  writeFileSync(
    join(directory, 'jobs.ts'),
    `import { dag, job, Skip } from '@mainspring/sdk'
    export const publish = job('publish', async (parts: string[], ctx) => { ctx.log.info('publishing', { parts: parts.length }); return parts.join(' ') })
    let calls = 0
    export const sales = dag('sales', { schedule: { cron: '0 2 * * *', timezone: 'Europe/Berlin' } }, d => {
      const days = d.task('days', async (_, { interval }) => [interval.start.toISOString(), interval.end.toISOString()])
      const shout = d.map('shout', days, async day => day.toLowerCase())
      const flaky = d.task('flaky', { retry: { attempts: 2, initial: '1h' } }, async () => { if (calls++ === 0) throw new TypeError('no such table') })
      d.task('never', async () => { throw new Skip('nothing to do') })
      return d.task('publish', { after: shout, waitFor: flaky, pool: 'warehouse' }, publish)
    })`,
  )
  writeFileSync(
    join(directory, 'bad.ts'),
    `import { dag } from '@mainspring/sdk'\nexport const bad = dag('bad', d => void d.task('one', { retry: { attempts: 1 } }, async () => { throw new Error('it broke') }))`,
  )
  writeFileSync(
    join(directory, 'books.yaml'),
    `dags:
  books:
    tasks:
      post: { job: publish, input: ['{{input:who}}', '{{nominalDate}}', '{{intervalStart | date}}'] }
    output: '{{output.post}}'
schedules:
  books-weekly: { cron: '0 2 * * 1', target: books }
`,
  )
  writeFileSync(
    join(directory, 'waits.yaml'),
    `dags:
  order:
    tasks:
      morning: { wait: { plus: 30d } }
      paid: { after: [morning], wait: { signal: paid } }
      sold: { wait: { dag: sales, timeout: 6h, onTimeout: skip } }
    output: '{{output.paid:sum}}'
`,
  )
  writeFileSync(
    join(directory, 'gates.yaml'),
    `dags:
  gates:
    groups: { gate: { map: { over: [a, b] } } }
    tasks:
      open: { group: gate }
      soon: { group: gate, after: [open], wait: { plus: 1d } }
      ok: { group: gate, after: [soon], wait: { signal: 'ok-{{item}}' } }
    output: '{{output.ok}}'
`,
  )
  writeFileSync(
    join(directory, 'asks.ts'),
    `import { dag } from '@mainspring/sdk'
    export const asks = dag('asks', d => {
      const paid = d.callback<{ sum: number }>('paid')
      d.task('ask', { after: paid.token }, async token => { if (token !== 'token-of-paid') throw new Error(token) })
      return d.task('ship', { after: paid }, async ({ sum }) => sum)
    })`,
  )
  writeFileSync(
    join(directory, 'starts.ts'),
    `import { dag, job } from '@mainspring/sdk'
    export const index = job('index', async (day: string) => day.length)
    export const starts = dag('starts', d => {
      const started = d.task('start', async (_, ctx) => (await ctx.start(index, 'monday')).id)
      const gone = d.otherRun('gone', { run: '0123456789abcdefghjkmnpqrs', waitFor: started })
      d.join('late', { after: gone, when: 'all_failed' })
      return d.otherRun('indexed', { run: started })
    })`,
  )
  writeFileSync(join(directory, 'lost.yaml'), `dags:\n  lost:\n    tasks:\n      one: { job: publishh }\n`)
})
/** In a process of its own, as files of jobs are loaded. */
function dagTest(...given: string[]): Promise<Printed> {
  const flags = ['--disable-warning=ExperimentalWarning', BIN, 'dag', 'test', ...given]
  const { PATH, NODE_COMPILE_CACHE } = process.env
  return new Promise(resolve => {
    execFile(process.execPath, flags, { cwd: directory, env: { PATH, NODE_COMPILE_CACHE, HOME: directory, NO_COLOR: '1' } }, (failed, out, error) =>
      resolve({ code: failed === null ? 0 : Number(failed.code), out, error }),
    )
  })
}

test('a DAG of code is run for the time of its schedule, tried again at once, and told task by task', async () => {
  const { code, out } = await dagTest('jobs.ts', '--date', '2026-11-29T02:00:00+01:00')
  expect(code).toBe(0)
  for (const line of [
    /^days {2}completed in .*: \["2026-11-28T01:00:00.000Z","2026-11-29T01:00:00.000Z"\]$/m,
    /^shout\[1\] {2}completed in .*: "2026-11-29t01:00:00.000z"$/m,
    /^flaky {2}failed in .*\nTypeError: no such table\n/m,
    /^flaky {2}started, attempt 2$/m,
    /^never {2}skipped: nothing to do$/m,
    /^publish {2}publishing \{"parts":2\}$/m,
    /^shout +success +- +2 success/m,
    /^sales completed\n"2026-11-28t01:00:00.000z 2026-11-29t01:00:00.000z"$/m,
  ])
    expect(out).toMatch(line)
  expect(out).not.toContain('printing.ts')
})

test('one of a file with jobs of code gets its input and the interval of its schedule; as data it is a line for each thing that happens', async () => {
  const { code, out } = await dagTest(
    'books.yaml',
    'jobs.ts',
    '--dag',
    'books',
    '--date',
    '2026-11-30T02:00:00Z',
    '--input',
    '{"who":"ana"}',
    '--json',
  )
  expect(code).toBe(0)
  const lines = out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(lines.map(({ is, task }) => [is, task])).toEqual([
    ['started', 'post'],
    ['log', 'post'],
    ['completed', 'post'],
    ['ended', undefined],
  ])
  expect(lines.at(-1)).toMatchObject({
    definition: 'books',
    state: 'completed',
    output: 'ana 2026-11-30 2026-11-23',
    tasks: [{ task: 'post', state: 'success' }],
  })
})

test('time that is waited for passes at once, a time-out does; what nobody sends is told, or given', async () => {
  const told = await dagTest('waits.yaml')
  expect(told.code).toBe(1)
  expect(told.out).toMatch(/will not end however long one waits: "paid" waits for the signal "paid"/)
  const given = await dagTest('waits.yaml', '--give', 'paid={"sum":3}')
  expect(given.code).toBe(0)
  for (const line of [/^morning +success/m, /^sold +skipped/m, /^order completed\n3$/m]) expect(given.out).toMatch(line)
  const each = await dagTest('gates.yaml')
  expect(each.out).toMatch(/"ok, item 0" waits for the signal "ok-a"/)
  expect((await dagTest('gates.yaml', '--give', 'ok="yes {{item}}"')).out).toMatch(/^gates completed\n\["yes a","yes b"\]$/m)
  const { code, out } = await dagTest('asks.ts', '--give', 'paid={"sum":7}')
  expect([code, out]).toEqual([0, expect.stringMatching(/^asks completed\n7$/m)])
})

test('a run that a task has started is waited for by its id, and one that is not there fails', async () => {
  const { code, out } = await dagTest('starts.ts')
  expect([code, out]).toEqual([0, expect.stringMatching(/"definition": ?"index"/)])
  for (const line of [/^indexed +success/m, /^gone +failed/m, /^late +success/m, /^starts completed$/m]) expect(out).toMatch(line)
})

test('a run that fails ends with 1', async () => {
  const { code, out } = await dagTest('bad.ts')
  expect(code).toBe(1)
  expect(out).toMatch(/^one {2}failed in .*\nError: it broke\n/m)
  expect(out).toMatch(/^bad failed \(tasks-failed\)$/m)
})

test.each([
  [['lost.yaml', 'jobs.ts'], 'several DAGs here: sales, lost'],
  [['lost.yaml'], 'lost.yaml:4:19  No file here has job "publishh"'],
  [['lost.yaml', 'jobs.ts', '--dag', 'lost'], 'Did you mean "publish"?'],
  [['jobs.ts', '--dag', 'sale'], 'Did you mean "sales"?'],
  [['waits.yaml', '--give', 'pay=1'], 'Did you mean "paid"?'],
  [['waits.yaml', '--give', 'paid'], 'expected TASK=JSON'],
  [['jobs.ts', '--date', 'tomorrow'], '--date  Found "tomorrow"'],
  [['jobs.ts', '--input', '{a}'], 'This is not JSON'],
])('%j is refused, and nothing is run', async (given, said) => {
  const { code, out, error } = await dagTest(...given)
  expect([code, out]).toEqual([2, ''])
  expect(error).toContain(said)
})
