import type { AssetExpression } from './assets.ts'
import * as check from './checks.ts'
import { tag } from './codec.ts'
import { currentClient } from './current.ts'
import type { Duration } from './duration.ts'
import { InvalidOption } from './errors.ts'
import type { RunHandle } from './handle.ts'
import type { AnyJob, Job } from './job.ts'
import type { RunOptions } from './options.ts'
import type { BackfillRange, LedgerFilter, PauseEnd } from './schedules.ts'
import { checked } from './schema.ts'
import type { Timetable } from './timetable.ts'
import type { WireLedger, WireNamedSchedule, WireOverlap, WirePreview, WireSchedule, WireScheduleExplanation } from './wire.ts'
import { scheduleOptions } from './wire-schedule-options.ts'

/**
 * Defines a schedule: a name, when and how it fires, what it starts, and the input of each run.
 *
 * ```ts
 * export const nightly = schedule(
 *   'nightly',
 *   { cron: '0 2 L * *', timezone: 'Europe/Berlin', overlap: 'skip', catchup: '6h', jitter: '5m' },
 *   resize,
 *   { user: 'system', url: 'https://example.org/report.png' },
 * )
 * ```
 * It is live once a worker has registered it: `startWorker({ jobs, schedules: [nightly] })`, `startNode({ work: [resize, nightly] })`, or
 * `mainspring worker FILE`. Or make it from anywhere, as one for each of your users: `await client.schedules.put(nightly)`.
 *
 * - **target**: a job, or the name of a definition of any kind. Its handler gets the time that was meant as `ctx.nominalTime`.
 * - **input**: typed by the job. Its texts may say `{{nominalTime}}` (ISO 8601, UTC), `{{nominalLocal}}` (with the offset of the schedule's zone),
 *   `{{nominalDate}}` (YYYY-MM-DD there), `{{schedule}}` (its name). Without these it is checked by the job's schema at once.
 * @throws InvalidOption, InvalidInput at once, with the place. What only the server can tell (a cron expression that never fires) it says when it is registered.
 */
export function schedule<Input>(name: string, options: ScheduleOptions, target: Job<Input, unknown>, ...input: ScheduleInput<Input>): Schedule
export function schedule(name: string, options: ScheduleOptions, target: string, input?: unknown): Schedule
export function schedule(name: string, options: ScheduleOptions, target: AnyJob | string, input?: unknown): Schedule {
  check.name(name, '/name')
  const job = typeof target === 'string' ? null : target
  if (job !== null && typeof job?.handler !== 'function')
    throw new InvalidOption(`Schedule "${name}" has nothing to start.`, {
      at: '/target',
      found: target,
      hint: "the target comes third: schedule('name', { cron: '0 2 * * *' }, resize, input)",
    })
  const definition: WireNamedSchedule = { name, target: check.name(job?.name ?? target, '/target'), ...scheduleOptions(options) }
  if (input !== undefined) definition.input = tag(input, '/input')
  if (job?.options.input && !JSON.stringify(definition.input ?? null).includes('{{')) {
    const checking = checked(job.name, job.options.input, input)
    // A schema that takes its time is asked again by the worker, for each run.
    if (checking instanceof Promise) checking.catch(() => {})
  }
  return new DefinedSchedule(definition, job)
}

/** The input may be left out where undefined is one. Texts of it may be placeholders. */
export type ScheduleInput<Input> = undefined extends Input ? [input?: Input] : [input: Input]

/**
 * When a schedule fires (`Timetable`: cron, every, at, solar, timezone …; at least one of these four), what happens when a run is still open or a time was missed,
 * and the options of its runs (over the job's own).
 */
export interface ScheduleOptions
  extends Timetable<Date | string>,
    Pick<RunOptions, 'queue' | 'priority' | 'retry' | 'timeout' | 'expires' | 'exhausted' | 'retention' | 'tags' | 'labels' | 'outlets'> {
  /** For people. Up to 2,000 characters. */
  description?: string
  /**
   * It also fires once these assets have new events: of `all` (or a list) each has one since the last run that they triggered, of `any` one has. A run gets all
   * events since then, as `ctx.assetEvents`. Without cron, every, at and solar, it fires by assets alone.
   */
  assets?: AssetExpression
  /**
   * A time is due while a run of this schedule is still open:
   * - `skip` (default): it is not started, and the ledger says so.
   * - `allow`: it is started beside the other.
   * - `buffer_one`: it waits until the other has ended; of several that wait, the first is kept.
   * - `buffer_all`: all of them wait, 1,000 at most, and run one after the other.
   * - `cancel_other`: the other is asked to stop, and it starts once the other has ended.
   * - `terminate_other`: the other is ended at once, and it starts.
   */
  overlap?: WireOverlap
  /**
   * Times that were missed by more than 10 seconds, since nothing of the server ran. They are recovered as soon as it does:
   * - `'latest'` (default, within 7 days): the newest of them alone.
   * - `'all'`: each of them, however old. A duration (`'6h'`): each that is no older.
   * - `'none'`: not at all.
   * - `{ policy, window }`: policy `all` or `latest`, and how old a time may be; `window: null`: as old as it likes.
   */
  catchup?: 'all' | 'latest' | 'none' | Duration | { policy: 'all' | 'latest' | 'none'; window?: Duration | null }
  /** Each time is put off by up to so much, always the same for the same time, so that not everything begins at once. At most a day, default 0. */
  jitter?: Duration
}

/** A defined schedule: give it to a worker to have it registered. The methods ask the server, through the default client (inside a handler, the worker's). */
export interface Schedule {
  readonly name: string
  /** As it is registered. */
  readonly definition: WireNamedSchedule
  /** What it starts, where that was given as a job: who has the schedule can run it, too. Null: it was given by its name. */
  readonly job: AnyJob | null
  /** Nothing of it is started until `resume`, or until the end that is given: `await nightly.pause('inventory', { for: '2h' })`. Its times are in the ledger as `paused`. */
  pause(note?: string, end?: PauseEnd): Promise<void>
  resume(): Promise<void>
  /** Starts a run now, whatever `overlap` says. */
  trigger(): Promise<RunHandle>
  /** Starts the times of a range again, both ends included, `maxActive` (default 1) of them at the same time. Resolves with its id once it is under way. */
  backfill(range: BackfillRange): Promise<string>
  /** What became of each of its times, latest first: a page of 50. `next` is the cursor of the page after. */
  ledger(filter?: LedgerFilter): Promise<WireLedger>
  /** The next times (default 10, at most 1,000), the expression in words, and warnings of what surprises people. */
  preview(count?: number): Promise<WirePreview>
  /** What is in force at the server, which may be other than this code where an operator has changed it, and where it stands. */
  get(): Promise<WireSchedule>
  /** Why it did or did not fire at a time (a Date, or ISO 8601; without an offset, local to the schedule); without one, what it waits for. */
  explain(at?: Date | string): Promise<WireScheduleExplanation>
}

/** Of any copy of the SDK: a project may have installed one of its own. */
export function isSchedule(value: unknown): value is Schedule {
  const { name, definition, backfill } = (value ?? {}) as Partial<Schedule>
  return typeof name === 'string' && typeof definition?.target === 'string' && typeof backfill === 'function'
}

class DefinedSchedule implements Schedule {
  readonly definition: WireNamedSchedule
  readonly job: AnyJob | null
  constructor(definition: WireNamedSchedule, job: AnyJob | null) {
    this.definition = definition
    this.job = job
  }
  get name(): string {
    return this.definition.name
  }
  pause(note?: string, end?: PauseEnd): Promise<void> {
    return currentClient().schedules.pause(this, note, end)
  }
  resume(): Promise<void> {
    return currentClient().schedules.resume(this)
  }
  trigger(): Promise<RunHandle> {
    return currentClient().schedules.trigger(this)
  }
  backfill(range: BackfillRange): Promise<string> {
    return currentClient().schedules.backfill(this, range)
  }
  ledger(filter?: LedgerFilter): Promise<WireLedger> {
    return currentClient().schedules.ledger(this, filter)
  }
  preview(count?: number): Promise<WirePreview> {
    return currentClient().schedules.preview(this, count)
  }
  get(): Promise<WireSchedule> {
    return currentClient().schedules.get(this)
  }
  explain(at?: Date | string): Promise<WireScheduleExplanation> {
    return currentClient().schedules.explain(this, at)
  }
}
