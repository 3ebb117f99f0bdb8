import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, job } from '@mainspring/sdk'
import { startWorker, type Worker } from '@mainspring/sdk/worker'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../server/config.ts'
import { type Node, openNode } from '../server/node.ts'
import { mainspringIn } from './test-terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'mainspring-schedules-'))
let node: Node
let worker: Worker
let namespaces = 0
/** Each test that applies has a namespace of its own: what prune deletes is nobody else's. */
let namespace = 'default'

beforeAll(async () => {
  node = await openNode(loadConfig({ directory, flags: { port: '0', logLevel: 'silent' } }))
  const report = job('report', async () => 'done')
  worker = startWorker({ jobs: [report], client: new Client({ url: node.url }), name: 'tester' })
  await worker.ready
})
afterAll(async () => {
  await worker.stop()
  await node.stop()
  rmSync(directory, { recursive: true, force: true })
})

const mainspring = (...given: string[]) => mainspringIn(directory, { MAINSPRING_URL: node.url, MAINSPRING_NAMESPACE: namespace }, given)
const write = (file: string, text: string): void => writeFileSync(join(directory, file), text)
const fresh = (): void => {
  namespace = `n${++namespaces}`
}

describe('apply', () => {
  test('makes what a file says; again there is nothing to do; what is edited is said field by field', async () => {
    fresh()
    write(
      'a.yaml',
      'schedules:\n  nightly: { cron: 5 2 L * *, timezone: Europe/Berlin, target: report, input: { day: "{{nominalDate}}" } }\nqueues:\n  images: { paused: { note: CDN } }\n',
    )
    const tried = await mainspring('apply', '-f', 'a.yaml', '--dry-run')
    expect(tried).toMatchObject({
      code: 0,
      out: '~ queue "images"\n    paused: false → {"note":"CDN"}\n+ schedule "nightly"  "5 2 L * *" Europe/Berlin → report\nIt would be: 1 created, 1 edited. Nothing was changed (--dry-run).',
      error: expect.stringMatching(
        /^a\.yaml:2:\d+ {2}warning: schedule "nightly": nothing called "report" is registered yet\n.*\[target-unknown\]$/m,
      ),
    })
    expect((await mainspring('schedule', 'ls')).out).toBe('No schedules. Make some: mainspring apply -f schedules.yaml')
    expect((await mainspring('apply', '-f', 'a.yaml')).out).toMatch(/\n1 created, 1 edited\.$/)
    expect(await mainspring('apply', '-f', 'a.yaml')).toEqual({ code: 0, out: 'Nothing to do: 2 entries unchanged.', error: '' })
    write('a.yaml', 'schedules:\n  nightly: { cron: 6 2 L * *, target: report, jitter: 5m }\n')
    expect((await mainspring('apply', 'a.yaml')).out).toBe(
      [
        '~ schedule "nightly"',
        '    cron: "5 2 L * *" → "6 2 L * *"',
        '    jitter: none → "5m"',
        '    timezone: "Europe/Berlin" → none',
        '    input: {"day":"{{nominalDate}}"} → none',
        '1 edited.',
      ].join('\n'),
    )
  })

  test('refuses all of it for one mistake, at its place', async () => {
    fresh()
    write('good.yaml', 'schedules: { good: { cron: 5 2 * * *, target: report } }')
    write(
      'bad.yaml',
      '# what runs at night\n\nschedules:\n  daily: { cron: 0 2 * * *, target: report }\n\n  nightly:\n    cron: "0 2 31 2 *"\n    target: report\n',
    )
    const { code, out, error } = await mainspring('apply', '-f', 'good.yaml', 'bad.yaml')
    expect([code, out]).toEqual([2, ''])
    expect(error).toMatch(
      /^bad\.yaml:7:11 {2}schedule "nightly": .*never fires.*\n {15}Last day of the month: "0 2 L \* \* *"\. +\[schedule-never-fires\]\nNothing was changed\.$/,
    )
    expect((await mainspring('schedule', 'ls')).out).toMatch(/^No schedules\./)
    const data = JSON.parse((await mainspring('apply', 'bad.yaml', '--json')).error)
    expect(data).toEqual({ error: expect.objectContaining({ code: 'schedule-never-fires', place: 'bad.yaml:7:11' }) })
  })

  test.each([
    ['schedules:\n  a: { cron: "0 25 * * *", target: report }', /^m\.yaml:2:17 {2}schedule "a": .*\[invalid-cron\]/s],
    ['schedules:\n  a: { cron: 0 2 * * *, timezone: Europe/Berln, target: report }', /^m\.yaml:2:35 {2}schedule "a": .*\[invalid-timezone\]/s],
    ['schedules:\n  a: { crn: 0 2 * * *, target: report }', /^m\.yaml:2:8 {2}schedule "a": .*cron.*\[invalid-input\]/s],
    ['schedules:\n  a: { cron: 0 2 * * * }', /^m\.yaml:2:3 {2}schedule "a": .*target.*\[invalid-input\]/s],
    ['schedules:\n  a: { cron: 0 2 * * *, target: report, overlap: skp }', /^m\.yaml:2:50 {2}schedule "a": .*skip.*\[invalid-input\]/s],
    ['schedules:\n  a: { cron: 0 2 * * *, target: report, input: "{{nominal}}" }', /^m\.yaml:2:48 {2}schedule "a": .*\[invalid-schedule\]/s],
    ['schedules:\n  a: { cron: 0 2 * * *, target: report, options: { priority: 1000 } }', /^m\.yaml:2:62 {2}schedule "a": .*\[invalid-option\]/s],
    ['definitions: { nobody: { paused: true } }', /^m\.yaml:1:\d+ {2}definition "nobody": .*\[unknown-definition\]/s],
    ['schedules: [', /^m\.yaml:1:\d+ {2}This is not valid YAML/],
  ])('%j is refused there', async (text, error) => {
    fresh()
    write('m.yaml', text)
    const result = await mainspring('apply', '-f', 'm.yaml')
    expect(result.error).toMatch(error)
    expect(result.error).toMatch(/\nNothing was changed\.$/)
    expect(result.code).toBe(2)
  })

  test('a name that two files have is refused with both places', async () => {
    write('one.yaml', 'schedules:\n  a: { cron: 0 2 * * *, target: report }\n')
    write('two.json', '{ "schedules": { "a": { "every": "1h", "target": "report" } } }')
    expect(await mainspring('apply', 'one.yaml', 'two.json')).toMatchObject({
      code: 2,
      error: 'two.json:1:18  schedule "a" is defined twice; the other one is at one.yaml:2:3.  [duplicate-name]\nNothing was changed.',
    })
  })

  test('a calendar comes from the file beside it, and its mistakes are told there', async () => {
    fresh()
    write('c.yaml', 'schedules: { a: { cron: 5 2 * * *, target: report, calendars: { de: { file: de.ics } }, except: de } }')
    write('de.ics', 'BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:2026\nEND:VEVENT\nEND:VCALENDAR\n')
    expect((await mainspring('apply', 'c.yaml')).error).toMatch(/^de\.ics:5 {2}schedule "a": .*\[invalid-calendar\]/s)
    write('de.ics', readFileSync(join(directory, 'de.ics'), 'utf8').replace('DATE:2026', 'DATE:20261225'))
    expect((await mainspring('apply', 'c.yaml')).out).toMatch(/\n1 created\.$/)
    expect((await mainspring('schedule', 'preview', 'a', '--from', '2026-12-24 12:00', '--count', '2')).out).toMatch(
      /Fri 2026-12-25 02:05 .*excluded by de/,
    )
  })

  test('prune deletes what was applied and is in no file any more', async () => {
    fresh()
    mkdirSync(join(directory, 'all'))
    write('all/a.yaml', 'schedules: { a: { cron: 5 2 * * *, target: report }, b: { cron: 5 2 * * *, target: report } }')
    write('all/crontab', '# name: c\n5 2 * * * true\n')
    write('all/mainspring.yaml', 'port: 8080\n')
    expect((await mainspring('apply', 'all')).out).toMatch(/\n3 created\.$/)
    write('all/a.yaml', 'schedules: { a: { cron: 5 2 * * *, target: report } }')
    expect((await mainspring('apply', 'all')).out).toBe('Nothing to do: 2 entries unchanged.')
    expect((await mainspring('apply', 'all', '--prune')).out).toBe('- schedule "b"\n1 deleted, 2 unchanged.')
    expect((await mainspring('schedule', 'ls')).out.match(/^\w/gm)).toEqual(['S', 'a', 'c'])
  })

  test('a crontab is taken as it is', async () => {
    fresh()
    write('crontab', 'MAILTO=ana\nCRON_TZ=Europe/Berlin\n# name: backup\n5 2 * * 1-5 tar cz . | ssh host "cat > b.$(date +\\%F)"\n@reboot x\n')
    const { code, out, error } = await mainspring('apply', '-f', 'crontab')
    expect([code, out]).toEqual([0, '+ schedule "backup"  "5 2 * * 1-5" Europe/Berlin → shell\n1 created.'])
    expect(error).toMatch(/^crontab:1:1 {2}warning: cron mails .*\n.*\[crontab-mail\]\ncrontab:5:1 {2}warning: @reboot .*\n.*\[crontab-reboot\]\n/)
    expect((await mainspring('schedule', 'show', 'backup')).out).toContain('ssh host \\"cat > b.$(date +%F)\\"')
    write('crontab', '5 25 * * * x\n')
    expect((await mainspring('apply', 'crontab')).error).toMatch(/^crontab:1:3 {2}schedule "x-\w{6}": .*\[invalid-cron\]/s)
    write('crontab', '5 2 * * * root x\n')
    expect((await mainspring('apply', 'crontab', '--form', 'user', '--timezone', 'UTC', '--dry-run', '--json')).out).toMatch(/"code": "crontab-form"/)
    write('crontab', '5 2 * *\n')
    expect((await mainspring('apply', 'crontab')).error).toMatch(/^crontab:1:1 {2}"5 2 \* \*" has too few words\.\n.*\[invalid-crontab\]\n/)
  })

  test('many warnings of a kind are three and a number', async () => {
    fresh()
    write('many.yaml', `schedules:\n${[1, 2, 3, 4, 5].map(n => `  s${n}: { cron: 5 2 * * *, target: nobody }\n`).join('')}`)
    const { error } = await mainspring('apply', 'many.yaml')
    expect(error.match(/\[target-unknown\]/g)).toHaveLength(4)
    expect(error).toContain('and 2 more of these  [target-unknown]')
  })

  test.each([
    [['apply'], /^No file is named\.\n.*\[usage\]/],
    [['apply', 'none.yaml'], /^none\.yaml {2}There is no such file\. +\[file-missing\]/],
    [['apply', '--format', 'toml', 'crontab'], /^--format {2}Found "toml", expected yaml or crontab\./],
    [['apply', '--form', 'both', 'crontab'], /^--form {2}Found "both", expected user or system\./],
  ])('%j is refused', async (given, error) => {
    write('crontab', '')
    const result = await mainspring(...given)
    expect([result.code, result.error]).toEqual([2, expect.stringMatching(error)])
  })
})

test('export is a file that apply takes back without a change', async () => {
  fresh()
  const ics = 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20261225\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n'
  const schedules = {
    '*/5': { cron: ['*/5 * * * *', '@daily'], target: 'report', description: 'yes: no # "quoted"\n  and more\n', catchup: '6h' },
    n: {
      every: { every: '1 month', monthEnd: 'skip' },
      timezone: '+05:30',
      target: 'report',
      input: [1.5, 'null', '  x', { '{{a b}}': '1e3', big: '@@' }],
    },
    c: {
      cron: '5 2 * * *',
      target: 'report',
      calendars: { de: { ics } },
      except: 'de',
      blackouts: [{ from: '2026-12-24', to: '2026-12-27', note: 'off' }],
    },
  }
  write('x.json', JSON.stringify({ schedules, queues: { q: { paused: true } } }).replace('"@@"', '12345678901234567890'))
  expect((await mainspring('apply', 'x.json')).out).toMatch(/\n3 created, 1 edited\.$/)
  expect((await mainspring('export', '--out', 'x.yaml')).error).toBe('wrote x.yaml: 3 schedules, 1 queue, 0 definitions, 0 limits')
  const text = readFileSync(join(directory, 'x.yaml'), 'utf8')
  expect(text).toMatch(/^# yaml-language-server: \$schema=http:\/\/127\.0\.0\.1:\d+\/schemas\/apply\.json\nschedules:\n/)
  expect(text).toContain('12345678901234567890')
  expect((await mainspring('apply', 'x.yaml', '--prune')).out).toBe('Nothing to do: 4 entries unchanged.')
  fresh()
  expect((await mainspring('export')).out).toMatch(/\n# Nothing is set/)
})

describe('schedule', () => {
  test('a schedule is shown, triggered, paused, looked at in its ledger, explained and removed', async () => {
    namespace = 'default'
    write('s.yaml', 'schedules:\n  monthly: { cron: 0 2 L * *, timezone: Europe/Berlin, target: report, catchup: 6h, jitter: 5m }\n')
    await mainspring('apply', 's.yaml')
    expect((await mainspring('schedule', 'ls')).out).toMatch(/\nmonthly +at 02:00 on the last day of the month, in Europ… +report +in \d+[dhm]/)
    expect((await mainspring('schedule', 'show', 'monthly')).out).toMatch(/catch-up +all within 6h\njitter +up to 5m\nfrom +a file that was applied/)

    const triggered = await mainspring('schedule', 'trigger', 'monthly', '--follow')
    expect([triggered.code, triggered.out]).toEqual([0, expect.stringMatching(/^started \w{5}\n[\s\S]*report \w{5} completed in .*\n"done"$/)])
    expect((await mainspring('schedule', 'ledger', 'monthly', '--last', '2')).out).toMatch(
      /^NOMINAL \(Europe\/Berlin\) +ACCOUNT +RUN +NOTE\n\d{4}-\d\d-\d\d 02:00 +due in .*\n[\d-]+ [\d:]+ +fired +\w{5} +by hand; completed in [\d.]+ m?s$/,
    )
    expect((await mainspring('schedule', 'ledger', 'monthly', '--last', '1')).out.split('\n')).toHaveLength(2)
    expect((await mainspring('schedule', 'ledger', 'monthly', '--account', 'skipped')).out).toBe('Nothing is in the ledger for that.')
    expect(JSON.parse((await mainspring('schedule', 'ledger', 'monthly', '--from', '2026-01-01', '--json')).out)).toMatchObject({
      timezone: 'Europe/Berlin',
      lines: [{ account: 'fired', source: 'trigger' }],
    })

    expect((await mainspring('schedule', 'pause', 'monthly', '--note', 'inventory', '--for', '2h')).out).toBe(
      'schedule "monthly" is paused for 2h. Undo: mainspring schedule resume monthly',
    )
    expect((await mainspring('schedule', 'ls')).out).toMatch(/paused [^:]+ ago.* until [\d-]+ [\d:]+: "inventory"/)
    expect((await mainspring('schedule', 'explain', 'monthly')).out).toMatch(
      /^monthly\n\n {2}1\. it is paused since .*→ mainspring schedule resume monthly/,
    )
    expect((await mainspring('explain', 'monthly')).out).toMatch(/^monthly\n\n {2}1\. it is paused/)
    expect((await mainspring('schedule', 'resume', 'monthly')).out).toBe('schedule "monthly" goes on.')
    expect((await mainspring('schedule', 'pause', 'monthly', '--until', '2199-01-01 08:00')).out).toContain(
      'is paused until 2199-01-01 08:00 (Europe/Berlin)',
    )
    await mainspring('schedule', 'resume', 'monthly')

    expect((await mainspring('schedule', 'explain', 'monthly', '--at', '2026-03-29 02:30')).out).toMatch(
      /^monthly\n\n {2}1\. the clock of Europe\/Berlin never showed 2026-03-29T02:30/,
    )
    expect((await mainspring('schedule', 'explain', 'monthly', '--at', '2199-01-31 02:00')).out).toMatch(
      /^monthly · Thu 2199-01-31 02:00 \(Europe\/Berlin\)\n\n {2}1\. it has not come yet/,
    )

    expect((await mainspring('schedule', 'ics', 'monthly', '--count', '2')).out.match(/BEGIN:VEVENT/g)).toHaveLength(2)
    expect(await mainspring('schedule', 'rm', 'monthly')).toMatchObject({ code: 0, out: 'schedule "monthly" is removed; its runs go on.' })
    expect(await mainspring('schedule', 'show', 'monthly')).toMatchObject({ code: 2, error: expect.stringContaining('[schedule-not-found]') })
  })

  test('a range is started again, some at a time, and can be given up', async () => {
    write('s.yaml', 'schedules:\n  daily: { cron: 0 2 * * *, timezone: Europe/Berlin, target: report }\n')
    await mainspring('apply', 's.yaml')
    const { out } = await mainspring('schedule', 'backfill', 'daily', '--from', '2026-10-01', '--to', '2026-10-26', '--max-active', '3')
    expect(out).toMatch(/^backfill \w{5} of "daily" from 2026-10-01 00:00 to 2026-10-26 23:59:59 \(Europe\/Berlin\), 3 at a time\n/)
    await expect
      .poll(async () => (await mainspring('schedule', 'ledger', 'daily', '--from', '2026-10-01', '--to', '2026-10-31')).out, { timeout: 20_000 })
      .toMatch(
        /\n2026-10-26 02:00 .*backfill \w{5}; completed.*\n2026-10-25 02:00 \+02:00 .*backfill \w{5}; completed.*\n2026-10-24 02:00 .*backfill \w{5}; completed/,
      )
    const long = await mainspring('schedule', 'backfill', 'daily', '--from', '2000-01-01', '--to', '2026-01-01', '--json')
    const { backfill } = JSON.parse(long.out)
    expect((await mainspring('schedule', 'backfill', 'daily', '--cancel', backfill.slice(-5))).out).toBe(
      `backfill ${backfill.slice(-5)} starts nothing further; its runs go on.`,
    )
    expect((await mainspring('schedule', 'ledger', 'daily')).out).toMatch(/\n\nolder: mainspring schedule ledger daily --cursor /)
  })

  test('an expression that is no schedule yet is previewed, with what surprises people', async () => {
    const { code, out } = await mainspring('schedule', 'preview', '--cron', '*/7 * * * *', '--timezone', 'Europe/Berlin', '--count', '3')
    expect(code).toBe(0)
    expect(out).toMatch(
      /^at :00, :07.* in Europe\/Berlin\n\nTIME \(Europe\/Berlin\) +IN +NOTE?\n(\w{3} 2\d{3}-\d\d-\d\d \d\d:\d\d +\d.*\n){3}\nwarning: .*\n.*\[uneven-step\]/,
    )
    expect((await mainspring('schedule', 'preview', '--every', '1 month', '--count', '1')).code).toBe(0)
  })

  test.each([
    [['schedule', 'show', 'none'], 2, /\[schedule-not-found\]$/],
    [['schedule', 'preview'], 2, /^A preview is of a schedule, or of --cron or --every\..*\[usage\]$/s],
    [['schedule', 'preview', 'daily', '--cron', '* * * * *'], 2, /\[usage\]$/],
    [['schedule', 'preview', '--cron', '0 25 * * *'], 2, /^--cron:1:3 {2}.*\[invalid-cron\]$/s],
    [['schedule', 'preview', '--cron', '0 2 31 2 *'], 2, /^--cron {2}.*Last day of the month: "0 2 L \* \*"\. +\[schedule-never-fires\]$/s],
    [['schedule', 'preview', '--cron', '0 2 * * *', '--timezone', 'Berlin'], 2, /^--timezone.*\[invalid-timezone\]$/s],
    [['schedule', 'preview', '--cron', '0 2 * * *', '--count', '0'], 2, /^--count {2}Found "0"/],
    [['schedule', 'backfill', 'daily', '--from', '2026-10-01'], 2, /^A backfill needs --to\..*\[usage\]$/s],
    [['schedule', 'backfill', 'daily', '--from', 'monday', '--to', '2026-10-01'], 2, /^--from {2}Found "monday", expected a time such as/],
    [['schedule', 'backfill', 'daily', '--from', '2026-10-02', '--to', '2026-10-01'], 2, /\[invalid-input\]$/],
    [['schedule', 'ledger', 'daily', '--last', '0'], 2, /^--last {2}Found "0"/],
    [['schedule', 'ledger', 'daily', '--account', 'lost'], 2, /\[invalid-input\]$/],
    [['schedule', 'pause', 'daily', '--for', 'soon'], 2, /\[invalid-duration\]$/],
    [['schedule', 'explain', 'daily', '--at', 'noon'], 2, /\[invalid-input\]$/],
    [['explain', 'zzzzz'], 2, /\[run-not-found\]$/],
    [['schedule', 'rm', 'none'], 2, /\[schedule-not-found\]$/],
  ])('%j ends with %d and says what to do', async (given, code, error) => {
    const result = await mainspring(...given)
    expect(result.error).toMatch(error)
    expect(result.code).toBe(code)
  })
})

test.each(['ls', 'show', 'pause', 'resume', 'trigger', 'backfill', 'ledger', 'preview', 'explain', 'rm', 'ics'])(
  'the help of schedule %s has an example',
  async verb => {
    expect((await mainspring('schedule', verb, '--help')).out).toMatch(new RegExp(`Example:\n {2}\\$ mainspring schedule ${verb}`))
  },
)
test.each(['apply', 'export'])('the help of %s has an example', async verb => {
  expect((await mainspring(verb, '--help')).out).toMatch(new RegExp(`Example:\n {2}\\$ mainspring ${verb}`))
})

test('the examples can be applied', async () => {
  fresh()
  const examples = fileURLToPath(new URL('../../examples/', import.meta.url))
  expect(await mainspring('apply', '-f', join(examples, 'crontab'), join(examples, 'schedules.yaml'))).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\+ schedule "heartbeat" [\s\S]*\n7 created\.$/),
  })
})
