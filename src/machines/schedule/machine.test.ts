import { describe, expect, test } from 'vitest'
import { schedule } from './machine.ts'
import { Play } from './playing.ts'
import type { Catchup, Overlap } from './types.ts'

const HOURLY = { cron: '0 * * * *' }

describe('time', () => {
  test('each nominal time is asked for once it is due, and fired once its run has started', () => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY })
    expect(schedule.pending(play.state as never).wakeAt).toBe(Date.parse('2026-03-01T01:00:00Z'))
    play.at('2026-03-01T01:00:00.040Z').give({ is: 'wake' })
    expect(play.lines()).toEqual(['03-01T01:00 intended'])
    expect([...play.asked.values()][0]?.order).toMatchObject({
      definition: 'report',
      trigger: { is: 'schedule', schedule: 'nightly', n: 0, source: 'time' },
    })
    play.answerAll().at('2026-03-01T02:00:00Z').wake()
    expect(play.lines()).toEqual(['03-01T01:00 fired', '03-01T02:00 fired'])
    expect(play.ledger.get(0)).toMatchObject({ lateMs: 40, run: expect.any(String) })
  })

  test('a refused start is refused in the ledger, with its reason (E13)', () => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY })
    play.at('2026-03-01T01:00:00Z').give({ is: 'wake' })
    play.answerAll('unknown-definition')
    expect(play.ledger.get(0)).toMatchObject({ account: 'refused', why: 'unknown-definition', run: null, note: 'report' })
    expect(play.at('2026-03-01T02:00:00Z').wake().lines()[1]).toBe('03-01T02:00 fired')
  })

  test('a start that is not answered is sent again, under the same run and number', () => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY })
    play.at('2026-03-01T01:00:00Z').give({ is: 'wake' })
    const [first] = [...play.asked.values()]
    play.asked.clear()
    play.at('2026-03-01T01:00:09Z').give({ is: 'wake' })
    expect(play.asked.size).toBe(0)
    play.at('2026-03-01T01:00:10Z').give({ is: 'wake' })
    expect([...play.asked.values()]).toEqual([{ ...first, again: true }])
    expect(play.at('2026-03-01T01:00:11Z').give({ is: 'wake' }).messages).toBeUndefined()
  })

  test('the close of a run whose start is not answered says that it had started', () => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY, overlap: 'skip' })
    play.at('2026-03-01T01:00:00Z').give({ is: 'wake' })
    const [run] = play.asked.keys()
    play.give({ is: 'child_closed', run: run as string, state: 'completed' })
    expect(play.lines()).toEqual(['03-01T01:00 fired'])
    play.asked.clear()
    expect(play.at('2026-03-01T02:00:00Z').wake().lines()[1]).toBe('03-01T02:00 fired')
  })

  test('jitter puts each time off by its own share, the same whenever it is asked', () => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY, jitterMs: 600_000 })
    const due = schedule.pending(play.state as never).wakeAt as number
    expect(due).toBeGreaterThan(Date.parse('2026-03-01T01:00:00Z'))
    expect(due).toBeLessThan(Date.parse('2026-03-01T01:10:00Z'))
    expect(
      play
        .at(due - 1)
        .wake()
        .lines(),
    ).toEqual([])
    expect(play.at(due).wake().ledger.get(0)).toMatchObject({ at: Date.parse('2026-03-01T01:00:00Z'), account: 'fired', lateMs: 0 })
  })
})

describe('overlap, while a run is open', () => {
  test.each<[Overlap, string[], string[]]>([
    ['allow', ['03-01T01:00 fired', '03-01T02:00 fired', '03-01T03:00 fired'], []],
    ['skip', ['03-01T01:00 fired', '03-01T02:00 skipped overlap x2'], []],
    ['buffer_one', ['03-01T01:00 fired', '03-01T02:00 intended', '03-01T03:00 skipped buffer-full'], []],
    ['buffer_all', ['03-01T01:00 fired', '03-01T02:00 intended', '03-01T03:00 intended'], []],
    ['cancel_other', ['03-01T01:00 fired', '03-01T02:00 skipped replaced', '03-01T03:00 intended'], ['cancel', 'cancel']],
    ['terminate_other', ['03-01T01:00 fired', '03-01T02:00 fired', '03-01T03:00 fired'], ['terminate', 'terminate', 'terminate']],
  ])('%s', (overlap, lines, told) => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY, overlap })
    for (const hour of ['01', '02', '03']) play.at(`2026-03-01T${hour}:00:00Z`).wake()
    expect(play.lines()).toEqual(lines)
    expect(play.told.map(({ is }) => is)).toEqual(told)
  })

  test('what waits begins when the last open run closes, one after the other', () => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY, overlap: 'buffer_all' })
    for (const hour of ['01', '02', '03']) play.at(`2026-03-01T${hour}:00:00Z`).wake()
    play.at('2026-03-01T03:30:00Z').close()
    expect(play.lines()).toEqual(['03-01T01:00 fired', '03-01T02:00 fired', '03-01T03:00 intended'])
    expect(play.ledger.get(1)).toMatchObject({ lateMs: 90 * 60_000 })
    expect(play.close().lines()).toEqual(['03-01T01:00 fired', '03-01T02:00 fired', '03-01T03:00 fired'])
  })

  test('the one that waits for a cancelled run begins when that has closed; a lost request is repeated', () => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY, overlap: 'cancel_other' })
    for (const hour of ['01', '02']) play.at(`2026-03-01T${hour}:00:00Z`).wake()
    expect(play.told).toHaveLength(1)
    play.at('2026-03-01T02:00:10Z').wake()
    expect(play.told.map(({ is }) => is)).toEqual(['cancel', 'cancel'])
    expect(play.close().lines()).toEqual(['03-01T01:00 fired', '03-01T02:00 fired'])
  })

  test('a failure is a close like any other', () => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY, overlap: 'skip' })
    play.at('2026-03-01T01:00:00Z').wake().close(undefined, 'failed')
    expect(play.at('2026-03-01T02:00:00Z').wake().lines()).toEqual(['03-01T01:00 fired', '03-01T02:00 fired'])
  })
})

describe('catch-up, after three hours away', () => {
  test.each<[Catchup, string[]]>([
    [{ policy: 'all', windowMs: null }, ['03-01T01:00 recovered catch-up', '03-01T02:00 recovered catch-up', '03-01T03:00 recovered catch-up']],
    [
      { policy: 'all', windowMs: 5_400_000 },
      ['03-01T01:00 skipped catch-up-window x1', '03-01T02:00 recovered catch-up', '03-01T03:00 recovered catch-up'],
    ],
    [{ policy: 'latest', windowMs: null }, ['03-01T01:00 skipped catch-up-latest x2', '03-01T03:00 recovered catch-up']],
    [{ policy: 'latest', windowMs: 60_000 }, ['03-01T01:00 skipped catch-up-window x3']],
    [{ policy: 'none', windowMs: null }, ['03-01T01:00 skipped missed x3']],
  ])('%j', (catchup, lines) => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY, catchup })
    expect(play.at('2026-03-01T03:20:00Z').wake().lines()).toEqual(lines.map(line => line.replace(' x1', '')))
    expect(play.at('2026-03-01T04:00:01Z').wake().lines().at(-1)).toBe('03-01T04:00 fired')
  })

  test('no cliff: 200,000 missed times are all accounted, a bounded number a transition', () => {
    const play = new Play('2026-03-01T00:00:00Z')
    play.put({ timetable: { cron: '* * * * * *' }, catchup: { policy: 'latest', windowMs: null } })
    play.at(play.now + 200_000_000)
    expect(play.give({ is: 'wake' }).ledger?.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(5_000)
    play.wake()
    const counted = [...play.ledger.values()].reduce((sum, { count }) => sum + count, 0)
    expect(counted).toBe(200_000)
    // The last ten seconds are not missed, only late: all of what came before gives way to them.
    expect(play.lines().slice(0, 2)).toEqual(['03-01T00:00 skipped catch-up-latest x199989', '03-03T07:33 fired'])
  })

  test('everything missed with catch-up all: at most 1,000 orders a transition (E8)', () => {
    const play = new Play('2026-03-01T00:00:00Z')
    play.put({ timetable: { cron: '* * * * * *' } })
    play.at(play.now + 3_000_000)
    expect(play.give({ is: 'wake' }).messages?.length).toBeLessThanOrEqual(1_000)
    play.answerAll().wake()
    expect(play.ledger.size).toBe(3_000)
  })
})

describe('commands', () => {
  test('an edit loses no due time: it accounts first, under the old definition (E13)', () => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY })
    play.at('2026-03-01T02:30:00Z').put({ timetable: { cron: '45 * * * *' } })
    play.answerAll().at('2026-03-01T03:00:00Z').wake()
    expect(play.lines()).toEqual(
      ['03-01T01:00 recovered catch-up', '03-01T02:00 recovered catch-up', '03-01T02:45 fired'].map((line, index) =>
        index === 2 ? '03-01T02:45 recovered catch-up' : line,
      ),
    )
    expect(play.untiled()).toBeNull()
  })

  test('the same definition again changes nothing', () => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY })
    const before = play.state
    expect(play.put({ timetable: HOURLY }).replies?.[0]?.reply).toEqual({ ok: true, value: '{"changed":"unchanged"}' })
    expect(play.state).toBe(before)
  })

  test('while paused, times are accounted as paused in one line; afterwards it goes on', () => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY })
    play.give({ is: 'pause', command: play.command(), by: 'ana', note: 'CDN incident', until: null, gone: false })
    for (let hour = 1; hour < 10; hour++) play.at(`2026-03-01T0${hour}:10:00Z`).wake()
    play.at('2026-03-01T09:20:00Z').give({ is: 'resume', command: play.command(), by: 'ana' })
    expect(play.lines()).toEqual(['03-01T01:00 paused x9'])
    expect([...play.ledger.values()][0]?.note).toBe('CDN incident')
    expect(play.at('2026-03-01T10:00:00Z').wake().lines().at(-1)).toBe('03-01T10:00 fired')
  })

  test('a pause until a time ends by itself, exactly there', () => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY })
    const until = Date.parse('2026-03-01T03:00:00Z')
    play.give({ is: 'pause', command: play.command(), by: 'ana', note: null, until, gone: false })
    expect(play.at(until).wake().lines()).toEqual(['03-01T01:00 paused x2', '03-01T03:00 fired'])
    expect(play.state?.paused).toBeNull()
  })

  test('a trigger starts a run at once and once, however often it is repeated', () => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY, overlap: 'skip' })
    const command = play.command()
    const first = play.give({ is: 'trigger', command, by: 'ana' })
    const again = play.answerAll().give({ is: 'trigger', command, by: 'ana' })
    expect(again.replies).toEqual(first.replies)
    expect(play.lines()).toEqual(['03-01T00:30 fired (trigger)'])
    expect(play.at('2026-03-01T01:00:00Z').wake().lines()[1]).toBe('03-01T01:00 skipped overlap')
  })

  test('a backfill starts the times of its range, so many at once, and is done when they are', () => {
    const play = new Play('2026-03-02T00:30:00Z')
    play.put({ timetable: HOURLY, overlap: 'skip' })
    play.give({
      is: 'backfill',
      command: play.command(),
      by: 'ana',
      from: Date.parse('2026-03-01T00:00:00Z'),
      until: Date.parse('2026-03-01T04:00:00Z'),
      maxActive: 2,
    })
    play.answerAll()
    expect(play.open.size).toBe(2)
    for (let closed = 0; closed < 5; closed++) play.close()
    expect(play.lines()).toEqual(['00', '01', '02', '03', '04'].map(hour => `03-01T${hour}:00 fired (backfill)`))
    expect(play.state?.backfills).toEqual([])
    expect(play.untiled()).toBeNull()
  })

  test('what is deleted fires no more; made again it goes on in its ledger; after its time it ends', () => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY })
    play.at('2026-03-01T01:10:00Z').give({ is: 'delete', command: play.command(), by: 'ana' })
    play.answerAll().at('2026-03-01T05:00:00Z').wake()
    expect(play.lines()).toHaveLength(1)
    expect(play.give({ is: 'trigger', command: play.command(), by: null }).replies?.[0]?.reply).toEqual({ ok: false, code: 'schedule-not-found' })
    play.put({ timetable: HOURLY })
    expect(play.at('2026-03-01T06:00:00Z').wake().lines()).toHaveLength(2)
    play.give({ is: 'delete', command: play.command(), by: 'ana' })
    play.at(play.now + 31 * 86_400_000).wake()
    expect(play.closed).toBe(true)
  })

  test('code defines, others override, and taking that back leaves what the code says', () => {
    const play = new Play('2026-03-01T00:30:00Z')
    const code = { is: 'code', source: 'jobs.ts' } as const
    play.put({ timetable: HOURLY }, code)
    play.put({ timetable: HOURLY, overlap: 'skip' }, { is: 'apply' })
    expect(play.state?.override).toEqual({ overlap: 'skip' })
    play.put({ timetable: { cron: '5 * * * *' } }, code)
    expect(play.state?.spec).toMatchObject({ timetable: { cron: '5 * * * *' }, overlap: 'skip' })
    play.give({ is: 'override', override: null, command: play.command(), by: 'ana' })
    expect(play.state?.spec.overlap).toBe('allow')
    expect(new Play(0).put({ timetable: HOURLY }).replies?.[0]?.reply.ok).toBe(true)
  })

  test('what left the code is paused with that reason, and goes on when it is back', () => {
    const play = new Play('2026-03-01T00:30:00Z')
    const code = { is: 'code', source: 'jobs.ts' } as const
    play.put({ timetable: HOURLY }, code)
    play.give({ is: 'pause', command: play.command(), by: null, note: 'it is no longer in the code of jobs.ts', until: null, gone: true })
    play.at('2026-03-01T01:30:00Z').put({ timetable: HOURLY }, code)
    expect(play.lines()).toEqual(['03-01T01:00 paused gone-from-code'])
    expect(play.state?.paused).toBeNull()
  })

  test('with more behind it than one transition may see to, a command is answered busy, and nothing is lost', () => {
    const play = new Play('2026-03-01T00:00:00Z')
    play.put({ timetable: { cron: '* * * * * *' }, catchup: { policy: 'none', windowMs: null } })
    play.at(play.now + 100_000_000)
    expect(play.give({ is: 'resume', command: play.command(), by: null }).replies?.[0]?.reply).toEqual({ ok: false, code: 'schedule-busy' })
    play.wake()
    expect(play.give({ is: 'resume', command: play.command(), by: null }).replies?.[0]?.reply).toEqual({ ok: true })
    expect(play.untiled()).toBeNull()
  })
})

// Airbyte keeps the state of a sync once what came before is at its destination; dlt's incremental goes on from the state of the last load that completed;
// Dagster keeps a cursor with the evaluation that said it, and a person may set it.
describe('a watermark', () => {
  const hour = (n: number) => `2026-03-01T0${n}:00:00Z`
  const begun = (spec: object = { overlap: 'allow' }) => {
    const play = new Play('2026-03-01T00:30:00Z')
    play.put({ timetable: HOURLY, ...spec })
    return play
  }
  const set = (play: Play, watermark: string | null) => play.give({ is: 'set_watermark', watermark, command: play.command(), by: 'ana' })
  const [A, B] = [0, 1].map(n => (play: Play) => [...play.open][n] as string) as [(play: Play) => string, (play: Play) => string]

  test('is what the last run said that completed, and goes with the next; one that fails leaves it', () => {
    const play = begun()
    const first = A(play.at(hour(1)).wake())
    play.close(first, 'completed', '{"id":7}').at(hour(2)).wake().close(undefined, 'failed', '{"id":8}').at(hour(3)).wake().close()
    expect(play.state?.watermark).toEqual({ value: '{"id":7}', at: Date.parse(hour(1)), run: first })
    play.at(hour(4)).wake().close(undefined, 'completed', 'null')
    expect([play.marks, play.state?.watermark]).toEqual([[null, '{"id":7}', '{"id":7}', '{"id":7}'], undefined])
  })

  test('of runs that overlap the later line wins, whichever completes first', () => {
    const late = begun().at(hour(2)).wake()
    const [first, second] = [A(late), B(late)]
    late.close(second, 'completed', '2').close(first, 'completed', '1')
    expect(late.state?.watermark).toMatchObject({ value: '2', run: second })
    const early = begun().at(hour(2)).wake()
    const [one, two] = [A(early), B(early)]
    early.close(one, 'completed', '1').close(two, 'completed', '2')
    expect(early.state?.watermark).toMatchObject({ value: '2', run: two })
  })

  test('a person sets it: runs that are open by then have no say, one that waits for them has', () => {
    const play = begun({ overlap: 'buffer_one' })
    play.at(hour(2)).wake()
    set(play, '50')
    play.close(undefined, 'completed', '1')
    expect([play.state?.watermark, play.marks]).toEqual([{ value: '50', at: Date.parse(hour(2)), by: 'ana' }, [null, '50']])
    play.close(undefined, 'completed', '60')
    expect(play.state?.watermark).toMatchObject({ value: '60' })
    set(play, null)
    expect(play.at(hour(3)).wake().marks.at(-1)).toBeNull()
  })

  test('a backfill of times of before has none, and leaves it as it is', () => {
    const play = begun()
    set(play, '50')
    const [from, until] = ['2026-02-01T00:00:00Z', '2026-02-01T01:00:00Z'].map(Date.parse) as [number, number]
    play.give({ is: 'backfill', command: play.command(), by: 'ana', from, until, maxActive: 1 })
    play.answerAll()
    const [run] = play.open
    play.give({
      is: 'child_closed',
      run: run as string,
      state: 'completed',
      reference: 0,
      outcome: { state: 'completed', reason: null, watermark: '1' },
    })
    expect([play.marks[0], play.state?.watermark?.value]).toEqual([null, '50'])
  })
})

describe('calendars', () => {
  test('a time that a blackout or a calendar holds is accounted, and says which', () => {
    const play = new Play('2026-12-23T00:00:00Z')
    play.put({
      timetable: {
        cron: '0 12 * * *',
        calendars: { holidays: { dates: ['12-25', '12-26'] } },
        except: 'holidays',
        blackouts: [{ from: '2026-12-28T00:00:00Z', to: '2026-12-29T00:00:00Z', note: 'freeze' }],
      },
    })
    for (let day = 23; day < 31; day++) play.at(`2026-12-${day}T12:00:00Z`).wake()
    expect(play.lines()).toEqual([
      '12-23T12:00 fired',
      '12-24T12:00 fired',
      '12-25T12:00 excluded x2',
      '12-27T12:00 fired',
      '12-28T12:00 blacked_out',
      '12-29T12:00 fired',
      '12-30T12:00 fired',
    ])
    expect([...play.ledger.values()].map(({ note }) => note)).toEqual([null, null, 'holidays', null, 'freeze', null, null])
  })
})
