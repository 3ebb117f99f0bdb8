import type { WireLedgerLine, WireSchedule } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { durationText, farText, ledgerTable, previewText, scheduleExplanationText, schedulePage, schedulesTable } from './schedules.ts'
import { plainPaint } from './words.ts'
import { instantIn, knownZone, stretchText, zonedDayText, zonedText } from './zones.ts'

const BERLIN = 'Europe/Berlin'
const now = Date.parse('2026-11-24T12:00:00Z')
const look = { paint: plainPaint, now }

test.each([
  ['2026-11-30T01:00:00Z', BERLIN, '2026-11-30 02:00'],
  ['2026-07-01T00:00:05Z', BERLIN, '2026-07-01 02:00:05'],
  ['2026-10-25T00:30:00Z', BERLIN, '2026-10-25 02:30 +02:00'],
  ['2026-10-25T01:30:00Z', BERLIN, '2026-10-25 02:30 +01:00'],
  ['2026-10-25T02:00:00Z', BERLIN, '2026-10-25 03:00'],
  ['2026-01-01T00:00:00Z', '+05:30', '2026-01-01 05:30'],
  ['2026-01-01T00:00:00.250Z', 'UTC', '2026-01-01 00:00'],
])('%s in %s reads %s', (at, zone, text) => expect(zonedText(Date.parse(at), zone)).toBe(text))

test.each([
  ['2026-10-31T02:00:00+01:00', 'UTC', 'first', '2026-10-31T01:00:00.000Z'],
  ['2026-10-31 02:00', BERLIN, 'first', '2026-10-31T01:00:00.000Z'],
  ['2026-10-31T02:00:30', BERLIN, 'first', '2026-10-31T01:00:30.000Z'],
  ['2026-10-31', BERLIN, 'first', '2026-10-30T23:00:00.000Z'],
  ['2026-10-31', BERLIN, 'last', '2026-10-31T22:59:59.000Z'],
  ['2026-10-25 02:30', BERLIN, 'first', '2026-10-25T00:30:00.000Z'],
  ['2026-10-25 02:30', BERLIN, 'last', '2026-10-25T01:30:00.000Z'],
  ['2026-03-29 02:30', BERLIN, 'first', '2026-03-29T01:30:00.000Z'],
  ['2026-02-30', BERLIN, 'first', null],
  ['2026-13-01 00:00', BERLIN, 'first', null],
  ['tomorrow', BERLIN, 'first', null],
] as const)('%s in %s (%s) is %s', (text, zone, edge, instant) => {
  const at = instantIn(text, zone, edge)
  expect(at === null ? null : new Date(at).toISOString()).toBe(instant)
})

test('a stretch says its day once, a day its weekday', () => {
  expect(stretchText(Date.parse('2026-10-31T01:00:00Z'), Date.parse('2026-10-31T02:15:00Z'), BERLIN)).toBe('2026-10-31 02:00 – 03:15')
  expect(stretchText(Date.parse('2026-10-31T01:00:00Z'), Date.parse('2026-11-02T01:00:00Z'), BERLIN)).toBe('2026-10-31 02:00 – 2026-11-02 02:00')
  expect(zonedDayText(Date.parse('2026-11-29T23:30:00Z'), BERLIN)).toBe('Mon 2026-11-30 00:30')
  expect(['Mars/Base', undefined, BERLIN].map(knownZone)).toEqual(['UTC', 'UTC', BERLIN])
})

test.each([
  [0, '0'],
  [21_600_000, '6h'],
  [604_800_000, '7d'],
  [5_400_500, '1h 30m 500ms'],
])('%d ms is %s', (ms, text) => expect(durationText(ms)).toBe(text))

test.each([
  [5.6 * 86_400_000, '5d'],
  [2.5 * 86_400_000, '2d 12h'],
  [90_000, '1m 30s'],
])('%d ms are far by %s', (ms, text) => expect(farText(ms)).toBe(text))

const schedule: WireSchedule = {
  name: 'nightly',
  namespace: 'default',
  cron: '0 2 L * *',
  timezone: BERLIN,
  target: 'report',
  input: { day: '{{nominalDate}}' },
  overlap: 'skip',
  catchup: { policy: 'all', window: 21_600_000 },
  jitter: 300_000,
  words: 'at 02:00 on the last day of the month, in Europe/Berlin',
  origin: { is: 'apply' },
  overridden: [],
  waits: [],
  watermark: null,
  createdAt: '2026-01-01T00:00:00Z',
  editedAt: '2026-01-01T00:00:00Z',
  paused: null,
  stuck: null,
  nextAt: '2026-11-30T01:00:00Z',
  accounted: '2026-11-24T12:00:00Z',
  fired: 3,
  open: [],
  buffered: 0,
  lastOutcome: null,
  last: null,
  backfills: [],
}
const line = (at: string, more: Partial<WireLedgerLine>): WireLedgerLine => ({
  n: 1,
  source: 'time',
  at,
  until: at,
  count: 1,
  account: 'fired',
  run: null,
  lateMs: null,
  why: null,
  note: null,
  accountedAt: at,
  text: null,
  outcome: null,
  ...more,
})
const run = (end: string): string => `01m87bmsdafbd9vgejdgx8${end}`.padEnd(26, '0').slice(0, 26)
const lines: WireLedgerLine[] = [
  line('2026-10-31T01:00:00Z', {
    run: run('7fz0'),
    lateMs: 41,
    outcome: { state: 'completed', startedAt: '2026-10-31T01:00:00.041Z', closedAt: '2026-10-31T01:03:02.041Z' },
  }),
  line('2026-09-30T00:00:00Z', {
    account: 'recovered',
    run: run('7bb1'),
    lateMs: 4_200_000,
    text: 'the cluster was down 01:48–03:10; catch-up window 6h',
    outcome: { state: 'running', startedAt: '2026-11-24T11:59:00Z', closedAt: null },
  }),
  line('2026-08-31T00:00:00Z', { account: 'skipped', why: 'overlap', text: 'overlap: 74x9q was still open' }),
  line('2026-06-30T00:00:00Z', { until: '2026-07-31T00:00:00Z', count: 2, account: 'paused', text: 'inventory' }),
]

test('a ledger reads as a table in the zone of its schedule, the next due time on top', () => {
  expect(ledgerTable(schedule, lines, true, look)).toBe(
    [
      'NOMINAL (Europe/Berlin)              ACCOUNT    RUN    NOTE',
      '2026-11-30 02:00                     due in 5d',
      '2026-10-31 02:00                     fired      87fz0  completed in 3m 02s, 41 ms late',
      '2026-09-30 02:00                     recovered  87bb1  running for 1m 00s, 1h 10m late; the cluster was down 01:48–03:10; catch-up window 6h',
      '2026-08-31 02:00                     skipped    -      overlap: 74x9q was still open (skip)',
      '2026-06-30 02:00 – 2026-07-31 02:00  paused     -      2 times; inventory',
    ].join('\n'),
  )
  expect(ledgerTable(schedule, lines.slice(0, 1), false, look).split('\n')).toHaveLength(2)
  expect(ledgerTable(schedule, [], false, look)).toBe('Nothing is in the ledger for that.')
})

test('what a person or a backfill started is told as such, and a pause below', () => {
  const paused = { by: 'ana', note: 'inventory', since: '2026-11-24T11:00:00Z', until: '2026-11-25T07:00:00Z', gone: false }
  const text = ledgerTable(
    { ...schedule, nextAt: null, paused },
    [line('2026-10-31T01:00:00Z', { source: 'trigger' }), line('2026-10-31T01:00:00Z', { source: 'backfill' })],
    true,
    look,
  )
  expect(text).toMatch(/ by hand\n.* backfill\nIt is paused 1h 00m ago by ana until 2026-11-25 08:00: "inventory"$/)
})

test('the list has a row each', () => {
  const other = { ...schedule, name: 'b', nextAt: null, open: ['x'], buffered: 2, overridden: ['jitter'], last: lines[0]! }
  expect(schedulesTable([schedule, other], look)).toBe(
    [
      'SCHEDULE  WHEN                                              STARTS   NEXT  LAST              NOTE',
      'nightly   at 02:00 on the last day of the month, in Europ…  report  in 5d  -',
      'b         at 02:00 on the last day of the month, in Europ…  report      -  fired 24d 11h ago  1 open, 2 buffered, overridden: jitter',
    ]
      .join('\n')
      .replace('LAST              NOTE', 'LAST               NOTE'),
  )
  expect(schedulesTable([], look)).toBe('No schedules. Make some: mainspring apply -f schedules.yaml')
})

test('a page has what is in force, and where it stands', () => {
  const backfill = {
    id: run('bf00'),
    by: null,
    from: '2026-10-01T00:00:00Z',
    to: '2026-10-31T22:59:00Z',
    through: '2026-10-03T00:00:00Z',
    maxActive: 2,
    active: ['x'],
    startedAt: '',
    started: 3,
  }
  expect(schedulePage({ ...schedule, last: lines[0]!, backfills: [backfill] }, look)).toBe(
    [
      'nightly',
      '',
      'when      at 02:00 on the last day of the month, in Europe/Berlin',
      'cron      "0 2 L * *"',
      'timezone  Europe/Berlin',
      'next      Mon 2026-11-30 02:00 (in 5d 13h)',
      'starts    report',
      'input     {"day":"{{nominalDate}}"}',
      'overlap   skip',
      'catch-up  all within 6h',
      'jitter    up to 5m',
      'from      a file that was applied',
      'last      2026-10-31 02:00: fired 87fz0',
      'fired     3 times',
      'backfill  8bf00 from 2026-10-01 02:00 to 2026-10-31 23:59: 3 started, through 2026-10-03 02:00, 1 of 2 open',
    ].join('\n'),
  )
})

test('a preview has words, times, why one does not fire, and warnings', () => {
  const time = { at: '2026-11-30T01:00:00Z', local: '', held: null, movedFrom: null }
  const times = [
    time,
    { ...time, at: '2026-12-25T01:00:00Z', held: { is: 'excluded' as const, by: 'de' } },
    { ...time, at: '2027-01-04T01:00:00Z', movedFrom: '2027-01-02T01:00:00Z' },
  ]
  expect(
    previewText(
      { words: 'at 02:00', timezone: BERLIN, times, warnings: [{ code: 'day-31', message: 'Five months have no 31st.', hint: 'Write L.' }] },
      look,
    ),
  ).toBe(
    [
      'at 02:00',
      '',
      'TIME (Europe/Berlin)   IN  NOTE',
      'Mon 2026-11-30 02:00   5d',
      'Fri 2026-12-25 02:00  30d  does not fire: excluded by de',
      'Mon 2027-01-04 02:00  40d  moved from Sat 2027-01-02 02:00',
      '',
      'warning: Five months have no 31st.',
      '         Write L.  [day-31]',
    ].join('\n'),
  )
})

test('an explanation has the time, the reasons and what is clear', () => {
  const text = (at: string | null, reasons: { code: string; text: string; command?: string }[], clear: string[]) =>
    scheduleExplanationText({ schedule: 'nightly', at, reasons, clear, line: null }, BERLIN, look)
  expect(text('2026-10-31T01:00:00Z', [{ code: 'fired', text: 'it fired as 87fz0' }], [])).toBe(
    'nightly · Sat 2026-10-31 02:00 (Europe/Berlin)\n\n  1. it fired as 87fz0',
  )
  expect(text(null, [], ['not paused'])).toBe('nightly\n\nAll is clear: not paused.')
})

test('a stuck one says on what, before all else', () => {
  const stuck = { on: 'wake', why: 'out of\nbounds', since: '2026-11-24T11:00:00Z' }
  expect(schedulesTable([{ ...schedule, stuck, buffered: 1 }], look)).toMatch(/stuck on "wake" 1h 00m ago: out of\\nbounds, 1 buffered$/)
  expect(schedulePage({ ...schedule, stuck }, look)).toMatch(/^stuck +on "wake" 1h 00m ago: out of\\nbounds$/m)
})
