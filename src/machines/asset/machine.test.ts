import { describe, expect, test } from 'vitest'
import type { Context, Message } from '../../core/machine.ts'
import { asset } from './machine.ts'
import { isMade, knownOf } from './marks.ts'
import { type PartitionSpec, partitionAt, partitionOf, partitionsFrom } from './partitions.ts'
import type { AssetInput, AssetMachineEvent, AssetState } from './types.ts'

const AT = Date.UTC(2026, 10, 29, 12)
const run = (id: string) => ({ is: 'run' as const, run: id, definition: 'load' })
const DAILY: PartitionSpec = { every: 'day', start: '2026-11-01', timezone: 'Europe/Berlin' }

class Play {
  state: AssetState | null = null
  now = AT
  readonly sent: string[] = []
  replies: unknown[] = []

  give(input: AssetInput): this {
    const context: Context = { self: 'asset', name: 's3://sales', now: this.now, random: () => 0.5, id: () => 'id', home: () => 0 }
    const decision = asset.decide(this.state, input, context)
    for (const event of decision.events) this.state = asset.evolve(this.state, JSON.parse(JSON.stringify(event)) as AssetMachineEvent) as AssetState
    this.sent.push(...(decision.messages ?? []).map(said))
    this.replies = (decision.replies ?? []).map(({ reply }) => (reply.ok ? JSON.parse(reply.value as string) : reply.code))
    return this
  }
  subscribe(schedule: string, after: number | null = null): this {
    return this.give({ is: 'subscribe', schedule, name: schedule, after })
  }
  emit(command: string, more: { partition?: string; extra?: string } = {}): this {
    return this.give({ is: 'emit', command, by: 'ana', ...more })
  }
  declare(partitions: PartitionSpec | null): this {
    return this.give({ is: 'declare', command: 'c', by: null, partitions })
  }
}

function said(message: Message): string {
  if (message.is !== 'tell') return 'start'
  const input = message.input as { is: string; n?: number; event?: { n: number } }
  return `${message.to} ${input.is === 'asset_linked' ? 'linked' : ''}${input.n ?? input.event?.n}`
}

test('each event is told to all that wait, with a number of its own', () => {
  const play = new Play()
    .subscribe('x')
    .give({ is: 'produced', source: run('r1') })
    .subscribe('y')
    .emit('k1')
  expect(play.sent).toEqual(['x linked0', 'x 1', 'y linked1', 'x 2', 'y 2'])
  expect(play.state).toMatchObject({ name: 's3://sales', count: 2, producers: [{ definition: 'load' }] })
  play.give({ is: 'unsubscribe', schedule: 'x' }).emit('k2')
  expect(play.sent.slice(5)).toEqual(['y 3'])
})

test('who asks again hears of what it does not know, as far as that is remembered', () => {
  const play = new Play().subscribe('x').emit('k1').emit('k2')
  play.sent.length = 0
  expect(play.subscribe('x', 1).sent).toEqual(['x 2', 'x linked2'])
})

test('a call that is repeated makes no second event', () => {
  const play = new Play().subscribe('x').emit('k1')
  expect(play.replies).toEqual([{ n: 1, isNew: true }])
  play.emit('k2').emit('k1')
  expect(play.replies).toEqual([{ n: 1, isNew: false }])
  expect(play.state?.count).toBe(2)
  expect(play.sent).toEqual(['x linked0', 'x 1', 'x 2'])
})

// Airbyte: state is kept once the destination has the records before it; dlt: with the load package that it belongs to. What fails leaves it as it was.
describe('a watermark', () => {
  const mark = (play: Play) => play.state?.watermark
  const set = (play: Play, watermark: string | null) => play.give({ is: 'declare', command: 'c', by: 'ana', watermark })

  test('is that of the last run that completed and said one', () => {
    const play = new Play().give({ is: 'produced', source: run('r1'), watermark: '{"id":7}' })
    expect(mark(play)).toEqual({ value: '{"id":7}', at: AT, run: 'r1' })
    play
      .give({ is: 'produced', source: run('r2') })
      .give({ is: 'missed', run: 'r3' })
      .emit('k1')
    expect(mark(play)).toMatchObject({ run: 'r1' })
    play.give({ is: 'produced', source: run('r4'), watermark: '{"id":9}' })
    expect([mark(play), play.state?.events.map(event => 'watermark' in event)]).toMatchObject([
      { value: '{"id":9}', run: 'r4' },
      [false, false, false, false],
    ])
  })

  test('is set and removed by a person, and stays where something else is said', () => {
    const play = set(new Play(), '7')
    expect([mark(play), play.replies]).toEqual([{ value: '7', at: AT, by: 'ana' }, [{ changed: 'created' }]])
    expect(set(play, '7').replies).toEqual([{ changed: 'unchanged' }])
    expect(mark(play.declare(DAILY))).toMatchObject({ value: '7' })
    expect([mark(set(play, null)), play.replies, play.state?.partitions]).toEqual([undefined, [{ changed: 'edited' }], DAILY])
    set(play, '8').give({ is: 'produced', source: run('r1'), watermark: 'null' })
    expect(mark(play)).toBeUndefined()
  })
})

test('however many events there are, its state stays small', () => {
  const play = new Play().declare({ every: 'hour', start: '2020-01-01', timezone: 'UTC' })
  const from = Date.UTC(2020, 0, 1)
  for (let hour = 0; hour < 1_500; hour++)
    play.give({ is: 'produced', source: run(`r${hour}`), interval: { start: from + hour * 3_600_000, end: from + (hour + 1) * 3_600_000 } })
  expect(play.state?.count).toBe(1_500)
  expect(play.state?.events).toHaveLength(50)
  expect(play.state?.marks).toHaveLength(1_000)
  // It is still known that the first was made, though no longer by whom.
  expect(play.state?.made).toEqual([[from, from + 1_500 * 3_600_000]])
  const first = partitionAt({ every: 'hour', start: '2020-01-01', timezone: 'UTC' }, from)
  expect(first && knownOf(play.state as AssetState, first)).toMatchObject({ key: '2020-01-01T00:00+00:00', state: 'made', made: null })
})

describe('partitions', () => {
  test('an interval makes the one that it begins in; what is named goes first; a failure after it shows', () => {
    const play = new Play().declare(DAILY)
    const key = (name: string) => partitionOf(DAILY, name) as NonNullable<ReturnType<typeof partitionOf>>
    // Midnight of the 4th in Berlin is 23:00 UTC of the 3rd.
    const day = { start: Date.UTC(2026, 10, 3, 23), end: Date.UTC(2026, 10, 4, 23) }
    play.give({ is: 'produced', source: run('r1'), interval: day })
    play.give({ is: 'produced', source: run('r2'), interval: day, partition: '2026-11-07' })
    play.give({ is: 'missed', run: 'r3', interval: { start: Date.UTC(2026, 10, 5, 2), end: AT } })
    const states = () => [3, 4, 5, 6, 7].map(n => knownOf(play.state as AssetState, key(`2026-11-0${n}`)).state)
    expect(states()).toEqual(['missing', 'made', 'failed', 'missing', 'made'])
    play.give({ is: 'missed', run: 'r4', interval: day })
    expect(states()).toEqual(['missing', 'failed', 'failed', 'missing', 'made'])
    expect(isMade(play.state as AssetState, key('2026-11-04'))).toBe(true)
    play.give({ is: 'produced', source: run('r5'), interval: day })
    expect(knownOf(play.state as AssetState, key('2026-11-04'))).toMatchObject({ state: 'made', made: { n: 3, run: 'r5' }, failed: null, count: 2 })
  })

  test('those that lie side by side become one stretch, in any order', () => {
    const play = new Play().declare(DAILY)
    for (const day of ['05', '03', '09', '04', '04']) play.emit(`k${day}`, { partition: `2026-11-${day}` })
    const stretches = play.state?.made.map(times => times.map(at => new Date(at).toISOString().slice(5, 13)))
    expect(stretches).toEqual([
      ['11-02T23', '11-05T23'],
      ['11-08T23', '11-09T23'],
    ])
  })

  test('one that there is not is refused where somebody waits for the answer, and else only named', () => {
    const play = new Play().declare({ keys: ['de', 'fr'] }).emit('k1', { partition: 'it' })
    expect(play.replies).toEqual(['partition-unknown'])
    play.give({ is: 'produced', source: run('r1'), partition: 'it' }).emit('k2', { partition: 'fr' })
    expect(play.state?.events.map(({ partition }) => partition)).toEqual(['it', 'fr'])
    expect(play.state?.marks).toMatchObject([{ key: 'fr', start: 1 }])
  })

  test('cut otherwise, it knows nothing of them', () => {
    const play = new Play()
      .declare(DAILY)
      .emit('k1', { partition: '2026-11-05' })
      .declare({ ...DAILY, every: 'week' })
    expect(play.state).toMatchObject({ marks: [], made: [], count: 1 })
  })

  const keys = (spec: PartitionSpec, from: string, until: string) =>
    [...partitionsFrom(spec, Date.parse(from), Date.parse(until))].map(({ key }) => key)
  const BERLIN = { start: '2026-01-01', timezone: 'Europe/Berlin' }
  test.each<[string, PartitionSpec, string, string, string[]]>([
    ['days by the clock of the zone', { every: 'day', ...BERLIN }, '2026-11-03T23:30Z', '2026-11-04T23:00Z', ['2026-11-04', '2026-11-05']],
    ['not before the first', { every: 'day', ...BERLIN }, '2025-12-30T00:00Z', '2026-01-01T23:00Z', ['2026-01-01', '2026-01-02']],
    ['a week begins on Monday', { every: 'week', ...BERLIN }, '2026-11-29T12:00Z', '2026-12-07T00:00Z', ['2026-11-23', '2026-11-30', '2026-12-07']],
    ['months', { every: 'month', ...BERLIN }, '2026-11-30T22:59Z', '2026-12-31T23:00Z', ['2026-11', '2026-12', '2027-01']],
    [
      'an hour that is shown twice is two',
      { every: 'hour', ...BERLIN },
      '2026-10-25T00:00Z',
      '2026-10-25T02:00Z',
      ['2026-10-25T02:00+02:00', '2026-10-25T02:00+01:00', '2026-10-25T03:00+01:00'],
    ],
    [
      'an hour that is left out is none',
      { every: 'hour', ...BERLIN },
      '2026-03-29T00:00Z',
      '2026-03-29T01:00Z',
      ['2026-03-29T01:00+01:00', '2026-03-29T03:00+02:00'],
    ],
    // In Cairo the clock is set forward at midnight.
    [
      'a day whose midnight is left out',
      { every: 'day', start: '2026-01-01', timezone: 'Africa/Cairo' },
      '2026-04-23T12:00Z',
      '2026-04-25T12:00Z',
      ['2026-04-23', '2026-04-24', '2026-04-25'],
    ],
  ])('%s', (_, spec, from, until, expected) => expect(keys(spec, from, until)).toEqual(expected))

  test.each(['2026-11-31', '2025-12-31', '2026-11', 'x', '2026-11-04T00:00'])('"%s" is no day of it', key => {
    expect(partitionOf({ every: 'day', ...BERLIN }, key)).toBe(null)
  })
  test.each<PartitionSpec>([
    { every: 'hour', ...BERLIN },
    { every: 'day', ...BERLIN },
    { every: 'week', ...BERLIN },
    { every: 'month', ...BERLIN },
  ])('a key leads to its partition: %j', spec => {
    for (const partition of partitionsFrom(spec, Date.UTC(2026, 2, 27), Date.UTC(2026, 2, 31)))
      expect(partitionOf(spec, partition.key)).toEqual(partition)
  })
})
