import { UserError } from '../core/errors.ts'
import { callRunId } from '../core/ids.ts'
import type { LedgerEntry } from '../core/ledger.ts'
import type { LedgerLine, Preview, ScheduleCalls, SchedulePut, ScheduleSpec, ScheduleView, TimetableSpec } from '../engine/face.ts'

const DAY_MS = 86_400_000

/** Schedules by hand for the tests of the API: kept in memory, they never fire. A cron expression `never` is refused as one that never fires. */
export class FakeSchedules implements ScheduleCalls {
  readonly known = new Map<string, ScheduleView>()
  lines: LedgerLine[] = []
  readonly #called: (name: string, ...args: unknown[]) => void
  readonly #now: number

  constructor(called: (name: string, ...args: unknown[]) => void, now: number) {
    this.#called = called
    this.#now = now
  }

  readonly put: ScheduleCalls['put'] = async (namespace, name, change) => {
    refuseNever(change.spec.timetable)
    this.#called('schedules.put', namespace, name, change)
    const before = this.known.get(name)
    if (change.origin.is === 'code' && before !== undefined && before.origin.is !== 'code') return answer('kept', before)
    const overrides = before?.origin.is === 'code' && change.origin.is !== 'code'
    const fields = overrides ? Object.keys(change.spec).filter(field => differs(before.spec, change.spec, field as keyof ScheduleSpec)) : []
    if (before !== undefined && JSON.stringify(before.spec) === JSON.stringify(change.spec)) return answer('unchanged', before)
    const origin = overrides ? before.origin : change.origin
    const view: ScheduleView = { ...this.#view(namespace, name), ...before, spec: change.spec, origin, overridden: fields }
    this.known.set(name, view)
    return answer(before === undefined ? 'created' : 'edited', view)
  }
  readonly register: ScheduleCalls['register'] = async (namespace, source, schedules, command) => {
    for (const { spec } of schedules) refuseNever(spec.timetable)
    this.#called('schedules.register', namespace, source, schedules, command)
    return schedules.map(({ name, spec }) => answer('created', { ...this.#view(namespace, name), spec, origin: { is: 'code', source } }))
  }
  readonly override: ScheduleCalls['override'] = async (namespace, name, override, command) => {
    const view = this.#known('override', namespace, name, override, command)
    return answer('edited', { ...view, assets: [], overridden: [] })
  }
  readonly remove: ScheduleCalls['remove'] = async (namespace, name, command) => {
    this.#known('remove', namespace, name, command)
    this.known.delete(name)
  }
  readonly pause: ScheduleCalls['pause'] = async (namespace, name, pause) => void this.#known('pause', namespace, name, pause)
  readonly setWatermark: ScheduleCalls['setWatermark'] = async (namespace, name, watermark, command) =>
    void this.#known('setWatermark', namespace, name, { watermark, ...command })
  readonly resume: ScheduleCalls['resume'] = async (namespace, name, command) => void this.#known('resume', namespace, name, command)
  readonly trigger: ScheduleCalls['trigger'] = async (namespace, name, command) => {
    this.#known('trigger', namespace, name, command)
    return { n: 7, run: callRunId(command.id, 0) }
  }
  readonly backfill: ScheduleCalls['backfill'] = async (namespace, name, range) => {
    if (range.until < range.from) throw new UserError('invalid-input', { at: '/to', hint: 'a range ends after it begins' })
    this.#known('backfill', namespace, name, range)
    return { backfill: range.id }
  }
  readonly cancelBackfill: ScheduleCalls['cancelBackfill'] = async (namespace, name, backfill, command) =>
    void this.#known('cancelBackfill', namespace, name, backfill, command)
  readonly get: ScheduleCalls['get'] = async (namespace, name) => this.#known('get', namespace, name)
  readonly list: ScheduleCalls['list'] = async (namespace, page) => {
    this.#called('schedules.list', namespace, page)
    const rows = [...this.known.values()]
    const from = page.after === null ? 0 : Number(page.after)
    return { rows: rows.slice(from, from + page.limit), next: from + page.limit < rows.length ? String(from + page.limit) : null }
  }
  readonly upcoming: ScheduleCalls['upcoming'] = async (namespace, range, page) => {
    this.#called('schedules.upcoming', namespace, range, page)
    const rows = [...this.known.values()].map(({ name, spec, paused }) => ({
      name,
      definition: spec.target.definition,
      queue: null,
      timezone: 'UTC',
      paused,
      times: [range.from, range.until],
      count: 2,
      more: false,
    }))
    return { rows, next: null }
  }
  readonly outcomes: ScheduleCalls['outcomes'] = async (namespace, range, page) => {
    this.#called('schedules.outcomes', namespace, range, page)
    return { rows: [...this.known.values()].map(({ name }) => ({ name, lines: this.lines, more: false })), next: null }
  }
  readonly ledger: ScheduleCalls['ledger'] = async (namespace, name, filter, page) => {
    this.#known('ledger', namespace, name, filter, page)
    return { rows: this.lines, next: null }
  }
  readonly preview: ScheduleCalls['preview'] = async (namespace, of, from, count): Promise<Preview> => {
    if ('timetable' in of) {
      refuseNever(of.timetable)
      this.#called('schedules.preview', namespace, of, from, count)
    } else this.#known('preview', namespace, of.name, from, count)
    const times = Array.from({ length: Math.min(count, 2) }, (_, index) => this.#now + (index + 1) * DAY_MS)
    return {
      words: 'every day at 09:00, in UTC',
      timezone: 'UTC',
      times: times.map((at, index) => ({
        at,
        local: '2026-03-02T09:00:00.000+00:00',
        held: index !== 0 ? null : { is: 'blacked_out', by: 'inventory' },
        movedFrom: index === 0 ? at - DAY_MS : null,
      })),
      warnings: [{ code: 'on-the-hour', message: 'many things begin at :00', hint: 'Take another minute.' }],
    }
  }
  readonly calendar: ScheduleCalls['calendar'] = async (namespace, name, from, count) => {
    this.#known('calendar', namespace, name, from, count)
    return 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n'
  }
  readonly explain: ScheduleCalls['explain'] = async (namespace, name, at) => {
    this.#known('explain', namespace, name, at)
    return {
      schedule: name,
      at: at === null ? null : this.#now,
      reasons: [{ code: 'not-due', text: 'its next time is tomorrow', until: this.#now + DAY_MS }],
      clear: ['not paused'],
      line: at === null ? null : fakeLine(this.#now),
    }
  }

  #known(call: string, namespace: string, name: string, ...args: unknown[]): ScheduleView {
    this.#called(`schedules.${call}`, namespace, name, ...args)
    const view = this.known.get(name)
    if (view === undefined) throw new UserError('schedule-not-found', { found: name })
    return view
  }

  async previewBackfill(_: string, name: string, asked: object) {
    this.#called('schedules.previewBackfill', 'default', name, asked)
    const at = this.#now
    return {
      total: 2,
      starts: 1,
      skips: { exists: 1 },
      times: [
        { at, skipped: null, run: null },
        { at: at + 1, skipped: 'exists' as const, run: callRunId('fired', 0) },
      ],
      runMs: 60_000,
      estimatedMs: 60_000,
    }
  }

  #view(namespace: string, name: string): Omit<ScheduleView, 'spec' | 'origin'> {
    const at = this.#now
    return {
      name,
      namespace,
      assets: [],
      watermark: { value: '{"id":12345678901234567890}', at, run: callRunId('open', 0) },
      overridden: [],
      words: 'every day at 09:00, in UTC',
      createdAt: at,
      editedAt: at,
      stuck: null,
      paused: { by: 'ana', note: null, since: at, until: at + DAY_MS, gone: false },
      nextAt: at + DAY_MS,
      accounted: at,
      last: fakeEntry(at),
      lastOutcome: fakeLine(at).outcome,
      fired: 1,
      open: [callRunId('open', 0)],
      buffered: 0,
      backfills: [
        { id: 'b1', by: null, from: at, until: at + DAY_MS, through: at, maxActive: 2, active: [callRunId('open', 1)], startedAt: at, started: 1 },
      ],
    }
  }
}

export function fakeEntry(at: number): LedgerEntry {
  return {
    n: 0,
    source: 'time',
    at,
    until: at,
    count: 1,
    account: 'recovered',
    run: callRunId('fired', 0),
    lateMs: 41,
    why: 'catch-up',
    note: null,
    accountedAt: at,
  }
}

export function fakeLine(at: number): LedgerLine {
  return { ...fakeEntry(at), text: null, outcome: { state: 'completed', startedAt: at, closedAt: at } }
}

function answer(changed: SchedulePut['changed'], schedule: ScheduleView): SchedulePut {
  return { changed, schedule, warnings: [{ code: 'on-the-hour', message: 'many things begin at :00' }] }
}

function differs(before: ScheduleSpec, after: ScheduleSpec, field: keyof ScheduleSpec): boolean {
  return JSON.stringify(before[field]) !== JSON.stringify(after[field])
}

function refuseNever({ cron }: TimetableSpec): void {
  if (cron === 'never')
    throw new UserError('schedule-never-fires', {
      at: '/cron',
      found: cron,
      hint: 'it is never that day',
      data: { offset: 0, length: 5 },
    })
}
