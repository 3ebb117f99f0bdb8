import { markOf } from './assets.ts'
import * as check from './checks.ts'
import type { Client } from './client.ts'
import { untag } from './codec.ts'
import type { Duration } from './duration.ts'
import { InvalidOption } from './errors.ts'
import { RunHandle } from './handle.ts'
import type { Schedule } from './schedule.ts'
import type {
  OperationName,
  WireAccount,
  WireBackfillAsk,
  WireBackfilled,
  WireBackfillPreview,
  WireLedger,
  WirePreview,
  WireRegisteredSchedules,
  WireRegisterSchedules,
  WireSchedule,
  WireScheduleExplanation,
  WireScheduleList,
  WireSchedulePut,
  WireSetWatermark,
  WireTriggered,
} from './wire.ts'

/** Schedules that one source has: they are registered in one call. */
export const SCHEDULES_PER_CALL_MAX = 1_000

/** A schedule, or the name of one. */
export type ScheduleName = Schedule | string
/** When a pause ends by itself. Neither: when somebody resumes it. */
export type PauseEnd = { until: Date | string; for?: never } | { for: Duration; until?: never }
export interface BackfillRange {
  /** The first time and the last, both included. */
  from: Date | string
  to: Date | string
  /** Runs open at the same time, 1 to 1,000. Default 1. */
  maxActive?: number
  /** Which time goes first. Default `'forward'`. */
  order?: 'forward' | 'reverse'
  /** What becomes of a time for which a run is there: nothing, a new run where it did not complete, a new run. Default `'completed'`. */
  reprocess?: 'none' | 'failed' | 'completed'
  /** Only times whose partitions were not all made of the assets that the DAG makes. */
  missing?: boolean
}
export interface LedgerFilter {
  /** Times from here on, and up to here, both included. */
  from?: Date | string
  to?: Date | string
  account?: WireAccount | WireAccount[]
  /** Lines a page, 1 to 1,000, default 50. */
  limit?: number
  /** `next` of the page before. */
  cursor?: string
}

/** Schedules of a namespace: `client.schedules`. */
export class Schedules {
  readonly #client: Client
  constructor(client: Client) {
    this.#client = client
  }

  /** Makes the schedule, or changes the one of its name to be it; the same again changes nothing. `warnings`: what surprises people about such times. */
  async put(schedule: Schedule): Promise<WireSchedulePut> {
    const { name, ...body } = schedule.definition
    const answer = await this.#command<WireSchedulePut>('schedules.put', name, body)
    return { ...answer, schedule: untagged(answer.schedule) }
  }

  /** A page of schedules, by name; `next` is the cursor of the page after. */
  async list(page: { limit?: number; cursor?: string } = {}): Promise<WireScheduleList> {
    const query = { limit: page.limit === undefined ? undefined : String(page.limit), cursor: page.cursor }
    const { schedules, next } = await this.#client.call<WireScheduleList>('schedules.list', {}, undefined, { query })
    return { schedules: schedules.map(untagged), next }
  }

  /** What is in force, and where it stands. @throws RequestRefused `schedule-not-found` */
  async get(schedule: ScheduleName): Promise<WireSchedule> {
    return untagged(await this.#read<WireSchedule>('schedules.get', schedule))
  }

  async pause(schedule: ScheduleName, note?: string, end: Partial<PauseEnd> = {}): Promise<void> {
    const body = {
      ...(note !== undefined && { note }),
      ...(end.until !== undefined && { until: check.instant(end.until, '/until') }),
      ...(end.for !== undefined && { for: check.positiveDuration(end.for, '/for') }),
    }
    await this.#command('schedules.pause', nameOf(schedule), body)
  }

  /** How far its runs have come, for those that are started from now on; null: they begin anew. */
  async setWatermark(schedule: ScheduleName, value: unknown): Promise<void> {
    await this.#command('schedules.setWatermark', nameOf(schedule), { value: markOf(value, '/value') } satisfies WireSetWatermark)
  }

  async resume(schedule: ScheduleName): Promise<void> {
    await this.#command('schedules.resume', nameOf(schedule), {})
  }

  /** Starts a run now, whatever the overlap policy says. */
  async trigger(schedule: ScheduleName): Promise<RunHandle> {
    const { run } = await this.#command<WireTriggered>('schedules.trigger', nameOf(schedule), {})
    return new RunHandle(this.#client, run, { is: 'started', run })
  }

  /** Starts the times of a range again; resolves with the backfill's id. */
  async backfill(schedule: ScheduleName, range: BackfillRange): Promise<string> {
    return (await this.#command<WireBackfilled>('schedules.backfill', nameOf(schedule), backfillOf(range))).backfill
  }

  /** What a backfill would do, as things stand. */
  previewBackfill(schedule: ScheduleName, range: BackfillRange): Promise<WireBackfillPreview> {
    return this.#client.call<WireBackfillPreview>('schedules.previewBackfill', { name: nameOf(schedule) }, backfillOf(range))
  }

  /** Nothing further of the backfill starts; its runs go on. */
  async cancelBackfill(schedule: ScheduleName, backfill: string): Promise<void> {
    const params = { name: nameOf(schedule), backfill }
    await this.#client.call('schedules.cancelBackfill', params, {}, { callKey: this.#client.newId() })
  }

  /** What became of each of its times, latest first. */
  ledger(schedule: ScheduleName, filter: LedgerFilter = {}): Promise<WireLedger> {
    return this.#read('schedules.ledger', schedule, {
      from: filter.from === undefined ? undefined : check.instant(filter.from, '/from'),
      to: filter.to === undefined ? undefined : check.instant(filter.to, '/to'),
      account: filter.account,
      limit: filter.limit === undefined ? undefined : String(filter.limit),
      cursor: filter.cursor,
    })
  }

  /** The next times of it, 10 unless `count` says otherwise. */
  preview(schedule: ScheduleName, count?: number): Promise<WirePreview> {
    return this.#read('schedules.preview', schedule, { count: count === undefined ? undefined : String(count) })
  }

  /** Why it did or did not fire at a time; without one, what it waits for. */
  explain(schedule: ScheduleName, at?: Date | string): Promise<WireScheduleExplanation> {
    return this.#read('schedules.explain', schedule, { at: at instanceof Date ? check.instant(at, '/at') : at })
  }

  /** Deletes it; its runs go on. One that code has comes back when that code registers it again. */
  async remove(schedule: ScheduleName): Promise<void> {
    await this.#command('schedules.remove', nameOf(schedule))
  }

  /**
   * Registers all schedules that the code of `source` has, as workers do when they begin: those of the same source that are not among them are paused, and those
   * of other sources, of files and of calls are left as they are. All or none are taken; an error's `at` is `/schedules/<n>/…`.
   */
  async register(source: string, schedules: readonly Schedule[]): Promise<WireRegisteredSchedules> {
    if (schedules.length > SCHEDULES_PER_CALL_MAX)
      throw new InvalidOption(`${schedules.length} schedules in one source; ${SCHEDULES_PER_CALL_MAX} are possible.`, {
        at: '/schedules',
        hint: 'schedules that follow from data are made one by one: client.schedules.put(schedule(…))',
      })
    const body: WireRegisterSchedules = { source: check.name(source, '/source'), schedules: schedules.map(schedule => schedule.definition) }
    return this.#client.call<WireRegisteredSchedules>('schedules.register', {}, body, { callKey: this.#client.newId() })
  }

  #read<Answer>(operation: OperationName, schedule: ScheduleName, query: Record<string, string | string[] | undefined> = {}): Promise<Answer> {
    return this.#client.call<Answer>(operation, { name: nameOf(schedule) }, undefined, { query })
  }

  #command<Answer>(operation: OperationName, name: string, body?: unknown): Promise<Answer> {
    return this.#client.call<Answer>(operation, { name }, body, { callKey: this.#client.newId() })
  }
}

function nameOf(schedule: ScheduleName): string {
  return check.name(typeof schedule === 'string' ? schedule : schedule.name, '/schedule')
}

function untagged(schedule: WireSchedule): WireSchedule {
  const watermark = schedule.watermark && { ...schedule.watermark, value: untag(schedule.watermark.value) }
  return { ...schedule, watermark, ...(schedule.input !== undefined && { input: untag(schedule.input) }) }
}

function backfillOf({ from, to, maxActive, order, reprocess, missing }: BackfillRange): WireBackfillAsk {
  return {
    from: check.instant(from, '/from'),
    to: check.instant(to, '/to'),
    ...(maxActive !== undefined && { maxActive: check.integer(1, 1_000)(maxActive, '/maxActive') }),
    ...(order !== undefined && { order }),
    ...(reprocess !== undefined && { reprocess }),
    ...(missing !== undefined && { missing }),
  }
}
