import { stripVTControlCharacters } from 'node:util'
import type { WireExplanation, WireProblem, WireRun, WireRunDetail, WireSummary } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { loadConfig } from '../../server/config.ts'
import { configTable, homeText, queuesTable } from './lists.ts'
import { factsOf, problemText } from './problem.ts'
import { eventText, explanationText, failureText, logText, runPage, runsTable, valueText } from './runs.ts'
import { pairs, severalLines, table } from './table.ts'
import { versionsText } from './versions.ts'
import { colourPaint, countText, distanceText, momentText, plainPaint, sizeText, spanText } from './words.ts'

const now = new Date(2026, 10, 24, 12, 0, 0).getTime()
const look = { paint: plainPaint, now }
const ago = (ms: number): string => new Date(now - ms).toISOString()

test.each([
  [0, '0 ms'],
  [40.4, '40 ms'],
  [99, '99 ms'],
  [100, '0.1 s'],
  [840, '0.8 s'],
  [9_949, '9.9 s'],
  [9_951, '10 s'],
  [59_499, '59 s'],
  [59_500, '1m 00s'],
  [252_000, '4m 12s'],
  [3_599_600, '1h 00m'],
  [11_100_000, '3h 05m'],
  [187_200_000, '2d 4h'],
  [-5, '0 ms'],
])('%d ms reads %s', (ms, text) => expect(spanText(ms)).toBe(text))

test.each([
  [4_096, '4.1 kB'],
  [999_999, '1000 kB'],
  [1_000_000, '1.0 MB'],
  [12_400_000, '12 MB'],
  [3_210_000_000, '3.2 GB'],
])('%d bytes read %s', (bytes, text) => expect(sizeText(bytes)).toBe(text))

test.each([
  [ago(5_000), '5.0 s ago'],
  [ago(-5_000), 'in 5.0 s'],
])('%s is %s', (at, text) => expect(distanceText(at, now)).toBe(text))

test.each([
  [ago(0), '12:00:00'],
  [ago(86_400_000), '2026-11-23 12:00:00'],
])('%s is shown as %s', (at, text) => expect(momentText(at, now)).toBe(text))

test.each([
  [0, '0 jobs'],
  [1, '1 job'],
  [1_000, '1,000 jobs'],
])('%d of a noun reads %s', (count, text) => expect(countText(count, 'job')).toBe(text))

test('columns are as wide as what is in them, colours not counted, and nothing trails', () => {
  const rows = [
    { name: 'a', count: 1, note: '' },
    { name: colourPaint.state('failed', 'longer'), count: 1_000, note: 'x' },
  ]
  const text = table(
    [
      { title: 'name', value: row => row.name },
      { title: 'n', value: row => String(row.count), right: true },
      { title: 'note', value: row => row.note },
    ],
    rows,
  )
  expect(stripVTControlCharacters(text)).toBe(['NAME       N  NOTE', 'a          1', 'longer  1000  x'].join('\n'))
})

test('a long cell is cut, and what a name holds cannot move the cursor', () => {
  expect(table([{ title: 'name', value: row => row, widthMax: 4 }], ['abcdef'])).toBe('NAME\nabc…')
  expect(severalLines('a\u001b[2Jb\nc\u0007')).toBe('a\\x1b[2Jb\nc\\x07')
})

test('values of several lines stay aligned', () => {
  expect(
    pairs([
      ['a', '1'],
      ['long', 'x\ny'],
    ]),
  ).toBe('a     1\nlong  x\n      y')
})

const run: WireRun = {
  id: '01m87bmsdafbd9vgejdgx8cfg9',
  namespace: 'default',
  kind: 'job',
  definition: 'resize',
  queue: 'images',
  state: 'queued',
  reason: null,
  attempt: 1,
  attempts: 5,
  priority: 0,
  createdAt: ago(252_000),
  startedAt: null,
  closedAt: null,
  nextAt: null,
  progress: null,
  tags: null,
  trigger: { is: 'call' },
  failure: null,
}
const failure = {
  type: 'TypeError',
  message: 'no good',
  stack:
    'TypeError: no good\n    at resize (/app/jobs.ts:3:1)\n    at run (/x/node_modules/@mainspring/sdk/dist/worker/run.js:1:1)\n    at node:internal/x:1:1',
}

test.each<[Partial<WireRun>, string]>([
  [{}, '8cfg9  resize  queued      1/5  images  4m 12s ago     -'],
  [{ state: 'scheduled', nextAt: ago(-60_000) }, '8cfg9  resize  scheduled      1/5  images  4m 12s ago     -  due in 1m 00s'],
  [
    { state: 'running', startedAt: ago(2_000), progress: { value: 0.5, message: 'half' } },
    '8cfg9  resize  running      1/5  images  4m 12s ago  2.0 s  50 % half',
  ],
  [
    { state: 'waiting', startedAt: ago(2_000), nextAt: ago(-3_000), failure },
    '8cfg9  resize  waiting      1/5  images  4m 12s ago  2.0 s  again in 3.0 s: TypeError: no good',
  ],
  [
    { state: 'failed', startedAt: ago(2_000), closedAt: ago(1_000), failure },
    '8cfg9  resize  failed      1/5  images  4m 12s ago  1.0 s  TypeError: no good',
  ],
  [{ state: 'timed_out', reason: 'expired', closedAt: ago(1_000) }, '8cfg9  resize  timed_out      1/5  images  4m 12s ago     -  expired'],
])('a run with %j is the row %s', (change, row) => {
  expect(runsTable([{ ...run, ...change }], look).split('\n')[1]).toBe(row)
})

test('kinds are told where not all are jobs', () => {
  const [head, ...rows] = runsTable([{ ...run, kind: 'workflow', state: 'waiting', reason: 'signal' }, run], look).split('\n')
  expect(head).toMatch(/^RUN +NAME +KIND +STATE /)
  expect(rows).toEqual([expect.stringMatching(/ workflow +waiting +- .* signal$/), expect.stringMatching(/ job +/)])
})

test('no rows is a sentence', () => expect(runsTable([], look)).toBe('No runs.'))

test('explain lists every reason with its way out, and who holds what it waits for', () => {
  const holder: WireRun = { ...run, id: '01m87bmsdafbd9vgejdgx8aaaa', state: 'running', startedAt: ago(230_000) }
  const explanation: WireExplanation = {
    run: run.id,
    state: 'queued',
    since: ago(252_000),
    reasons: [
      { code: 'no-slot', text: 'all 2 slots are taken', runs: [holder.id, '01m87bmsdafbd9vgejdgxbbbbb'] },
      { code: 'paused', text: `queue "images" is paused since ${ago(60_000)} by ana: "CDN incident"`, command: 'mainspring queue resume images' },
    ],
    clear: ['due', '1 worker serves it'],
  }
  expect(explanationText(run, explanation, new Map([[holder.id, holder]]), look)).toBe(
    [
      'resize 8cfg9 · queued for 4m 12s',
      '',
      'It does not run because',
      '  1. all 2 slots are taken',
      '       8aaaa  running 3m 50s, attempt 1',
      '       bbbbb',
      '  2. queue "images" is paused since 11:59:00 by ana: "CDN incident"      → mainspring queue resume images',
      'All else is clear: due, 1 worker serves it.',
    ].join('\n'),
  )
})

test.each<[WireRun['state'], string[]]>([
  ['running', ['resize 8cfg9 · running for 1.0 s', '', 'Attempt 1 of 5 is under way.']],
  ['queued', ['resize 8cfg9 · queued for 1.0 s', '', 'Nothing keeps it from running.']],
])('explain of a run that is %s and has no reasons', (state, lines) => {
  expect(explanationText({ ...run, state }, { run: run.id, state, since: ago(1_000), reasons: [], clear: [] }, new Map(), look)).toBe(
    lines.join('\n'),
  )
})

test('explain of a closed run says what ended it', () => {
  const reasons = [{ code: 'cancelled', text: 'cancelled by ana', command: 'mainspring retry 8cfg9' }]
  const text = explanationText(
    { ...run, state: 'cancelled' },
    { run: run.id, state: 'cancelled', since: ago(1_000), reasons, clear: [] },
    new Map(),
    look,
  )
  expect(text).toBe(
    'resize 8cfg9 · cancelled 1.0 s ago\n\nIt ended because\n  1. cancelled by ana                                                   → mainspring retry 8cfg9',
  )
})

test('show has what it got, what it gave, and its history', () => {
  const detail: WireRunDetail = {
    ...run,
    state: 'completed',
    startedAt: ago(2_000),
    closedAt: ago(1_000),
    tags: { team: 'media' },
    input: { url: 'x' },
    output: { width: 100 },
    checkpoint: null,
    metadata: null,
    version: null,
    worker: null,
    options: {},
    workflow: null,
  }
  expect(runPage(detail, [{ is: 'started', at: ago(252_000), definition: 'resize' }], look)).toBe(
    [
      'resize 8cfg9',
      '',
      'state    completed',
      'id       01m87bmsdafbd9vgejdgx8cfg9',
      'queue    images',
      'attempt  1 of 5',
      'created  11:55:48 (4m 12s ago)',
      'started  11:59:58',
      'closed   11:59:59 (took 1.0 s)',
      'tags     team=media',
      'input    {"url":"x"}',
      'output   {"width":100}',
      '',
      '  11:55:48  started · definition resize',
    ].join('\n'),
  )
})

test.each([
  [null, '-'],
  ['x', '"x"'],
  [[1, 'a\u001b'], '[1,"a\\u001b"]'],
  [{ text: 'y'.repeat(100) }, `{\n  "text": "${'y'.repeat(100)}"\n}`],
])('the value %j reads %s', (value, text) => expect(valueText(value)).toBe(text))

test("a failure shows the user's own frames and its causes", () => {
  const gathered = {
    type: 'AggregateError',
    message: 'none worked',
    errors: [
      { ...failure, cause: { type: 'Error', message: 'why' } },
      { type: 'Error', message: 'two' },
    ],
  }
  expect(failureText(gathered)).toBe(
    'AggregateError: none worked\nerror 1 of 2: TypeError: no good\n    at resize (/app/jobs.ts:3:1)\ncaused by Error: why\nerror 2 of 2: Error: two',
  )
  expect(failureText({ ...failure, cause: { type: 'Error', message: 'deeper', code: 'E1' } })).toBe(
    'TypeError: no good\n    at resize (/app/jobs.ts:3:1)\ncaused by Error: deeper [E1]',
  )
})

test('an event is its verb and its facts', () => {
  expect(eventText({ is: 'failed', at: ago(0), attempt: 2, delivery: 'x', retryAt: now, why: null, failure })).toBe(
    `failed · attempt 2 · retryAt ${new Date(now).toISOString()} · TypeError: no good`,
  )
})

test('a log line has its time, its level where it matters, and its fields', () => {
  const line = { at: ago(0), level: 'warn', message: 'a\nb', fields: { x: 1 }, attempt: 1, delivery: 'd', n: 0 } as const
  expect(logText(line, look)).toBe('12:00:00  warn a\\nb {"x":1}')
})

test('queues show who paused them and why', () => {
  const paused = { by: 'ana', note: 'CDN', since: ago(60_000) }
  const counts = { depth: 3, running: 1, scheduled: 0, waiting: 0, parked: 0, lastHour: { started: 0, closed: {} } }
  expect(queuesTable([{ name: 'images', ...counts, oldestAt: ago(8_000), paused, workers: 2, untaken: [] }], look)).toBe(
    [
      'QUEUE   WAITING  RUNNING  SCHEDULED  OLDEST  WORKERS  PAUSED',
      'images        3        1          0   8.0 s        2  since 11:59:00 by ana: "CDN"',
    ].join('\n'),
  )
})

test('secrets are masked in the configuration', () => {
  const config = loadConfig({ directory: '/app', flags: { apiKey: 'msk_hidden', database: 'postgres://me:hidden@h/d' } })
  const text = configTable(config)
  expect(text).not.toContain('hidden')
  expect(text).toMatch(/^database +postgres:\/\/me:\*{8}@h\/d {2}--database$/m)
  expect(text).toMatch(/^apiKey +\*{8} +--api-key$/m)
})

const quiet: WireSummary = {
  running: 0,
  queued: 0,
  scheduled: 0,
  waiting: 0,
  paused: 0,
  lastHour: {},
  next: [],
  failed: [],
  stuck: [],
  pauses: [],
  workers: 1,
  needs: [],
  needsComplete: true,
}
test.each<[Partial<WireSummary>, string]>([
  [{}, 'mainspring start NAME INPUT --follow'],
  [{ running: 1 }, 'mainspring list'],
  [{ queued: 1, workers: 0 }, 'mainspring worker FILE...   (runs wait, and there is no worker)'],
  [{ failed: [{ ...run, state: 'failed' }] }, 'mainspring show 8cfg9'],
  [{ pauses: [{ scope: 'queue', name: 'images', by: null, note: null, since: ago(1) }] }, 'mainspring queue resume images'],
  [{ stuck: [{ ...run, state: 'paused' }] }, 'mainspring explain 8cfg9'],
])('home with %j says what to type next: %s', (change, command) => {
  const text = homeText('http://127.0.0.1:7575', 'default', { ...quiet, ...change }, look)
  expect(text.split('\n').at(-1)).toBe(`  type       ${command}`)
  expect(text.split('\n').length).toBeLessThanOrEqual(10)
})

test.each<[WireProblem, string]>([
  [
    {
      type: '',
      code: 'unknown-definition',
      status: 404,
      title: 'Nothing of this name is registered.',
      at: '/definition',
      found: 'ecoh',
      hint: 'did you mean "echo"?',
    },
    '/definition  Nothing of this name is registered. Found: "ecoh".\n             did you mean "echo"?                                               [unknown-definition]',
  ],
  [
    { type: '', code: 'overloaded', status: 429, title: 'Full.', retryAfter: 2, data: { runs: ['a', 'b'] } },
    'Full.\nruns: a, b. Try again in 2 s.                                                   [overloaded]',
  ],
])('a problem reads as place, what was found, a way out, and its code', (problem, text) => {
  expect(problemText(factsOf(problem))).toBe(text)
})

test('a version that nobody serves and that open runs have gone by is named', () => {
  const version = { version: 'v1', state: 'draining' as const, percent: null, open: 3, registeredAt: ago(1_000), workers: [] }
  const text = versionsText({ versions: [version], unbegun: 0, more: false, set: null }, look)
  expect(text).toContain('No live worker serves v1, which took 3 open runs as far as they are: what fits no other version waits.')
  const served = { ...version, workers: [{ id: 'w1', name: 'box:1' }] }
  expect(versionsText({ versions: [served], unbegun: 0, more: false, set: null }, look)).not.toContain('No live worker')
})
