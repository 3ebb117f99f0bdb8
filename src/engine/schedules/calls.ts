import { UserError } from '../../core/errors.ts'
import { type ActorId, slotOf } from '../../core/ids.ts'
import type { Decision, Reply } from '../../core/machine.ts'
import { type HistoryEvent, isClosed } from '../../core/run.ts'
import type { BackfillPlan } from '../../machines/batch/types.ts'
import { refuseUnknownPlaceholder } from '../../machines/schedule/input.ts'
import { schedule as machine } from '../../machines/schedule/machine.ts'
import type { Origin, ScheduleInput, ScheduleSpec, ScheduleState } from '../../machines/schedule/types.ts'
import type { OpenRow } from '../../store/store.ts'
import { assetsToFill } from '../assets/missing.ts'
import type { Desk } from '../desk.ts'
import type { BackfillAsked, Command, LedgerLine, ScheduleCalls, SchedulePut, ScheduleView, ScheduleWarning } from '../face.ts'
import type { Transaction } from '../work.ts'
import { endBackfill, openBackfills, planOfBackfill, previewBackfill, startBackfill } from './backfills.ts'
import { explainSchedule } from './explain.ts'
import { calendarOf, previewOf } from './preview.ts'
import { outcomes, upcoming, withOutcomes } from './ranges.ts'
import { registering } from './register.ts'
import { checkedTimetable, scheduleId, scheduleStateOf, scheduleView, stuckOf, viewOf } from './view.ts'

export function scheduleCalls(desk: Desk): ScheduleCalls {
  const { store, world, definitions, available } = desk
  const { clock } = world

  const ask = (namespace: string, name: string, input: ScheduleInput) => command(desk, namespace, name, input)
  const done = async (answer: Promise<unknown>): Promise<void> => void (await answer)

  const row = async (namespace: string, name: string): Promise<OpenRow> => {
    const found = await available(store.read.run(namespace, scheduleId(namespace, name)))
    if (found === null || isClosed(found.state) || scheduleStateOf(found).deletedAt !== null) throw notFound(name)
    return found as OpenRow
  }
  const state = async (namespace: string, name: string): Promise<ScheduleState> => scheduleStateOf(await row(namespace, name))

  /** With how the last run of each stands. */
  const viewed = async (namespace: string, rows: readonly OpenRow[]): Promise<ScheduleView[]> => {
    const views = rows.map(scheduleView)
    const lasts = views.map(({ last }, index) => last && { ...last, schedule: (rows[index] as OpenRow).id })
    const lines = await withOutcomes(
      desk,
      namespace,
      lasts.filter(last => last !== null),
    )
    let at = 0
    return views.map(view => (view.last === null ? view : { ...view, lastOutcome: (lines[at++] as LedgerLine).outcome }))
  }

  const warningsOf = (namespace: string, spec: ScheduleSpec): ScheduleWarning[] => {
    const table = checkedTimetable(spec.timetable, clock.now(), spec.assets)
    const warnings: ScheduleWarning[] = [...table.warnings(clock.now())]
    if (definitions.get(namespace, spec.target.definition) === undefined)
      warnings.push({
        code: 'target-unknown',
        message: `nothing called "${spec.target.definition}" is registered yet`,
        hint: 'Until a worker registers it, its times are refused, and the ledger says so.',
      })
    return warnings
  }
  const put = async (
    namespace: string,
    name: string,
    { spec, origin, id, by }: { spec: ScheduleSpec; origin: Origin } & Command,
  ): Promise<SchedulePut> => {
    refuseUnknownPlaceholder(spec.target.input, '/input')
    if (spec.assets !== undefined) desk.knownToAll()
    const warnings = warningsOf(namespace, spec)
    const { value, state: after } = await ask(namespace, name, { is: 'put', name, spec, origin, command: id, by })
    return { changed: value.changed as SchedulePut['changed'], schedule: viewOf(namespace, after), warnings }
  }

  const planned = async (namespace: string, name: string, { missing, ...asked }: BackfillAsked, by: string | null): Promise<BackfillPlan> => {
    const known = await state(namespace, name)
    const assets = missing ? await available(assetsToFill(store.read, definitions, namespace, known.spec.target.definition)) : undefined
    return planOfBackfill(scheduleId(namespace, name), known, asked, by, assets)
  }

  const pause: ScheduleCalls['pause'] = (namespace, name, { id, by, note, until, gone = false }) =>
    done(ask(namespace, name, { is: 'pause', command: id, by, note, until, gone }))
  const list: ScheduleCalls['list'] = async (namespace, page) => {
    const { rows, next } = await available(store.read.schedules(namespace, page))
    const living = rows.filter(found => scheduleStateOf(found).deletedAt === null)
    return { rows: await viewed(namespace, living), next }
  }

  return {
    put,
    register: registering({ put, list, pause }),
    async override(namespace, name, override, { id, by }) {
      const { base } = await state(namespace, name)
      const spec = { ...base, ...override }
      refuseUnknownPlaceholder(spec.target.input, '/input')
      const warnings = warningsOf(namespace, spec)
      const { value, state: after } = await ask(namespace, name, { is: 'override', override, command: id, by })
      return { changed: value.changed as SchedulePut['changed'], schedule: viewOf(namespace, after), warnings }
    },
    remove: (namespace, name, { id, by }) => done(ask(namespace, name, { is: 'delete', command: id, by })),
    pause,
    setWatermark: (namespace, name, watermark, { id, by }) => done(ask(namespace, name, { is: 'set_watermark', watermark, command: id, by })),
    resume: (namespace, name, { id, by }) => done(ask(namespace, name, { is: 'resume', command: id, by })),
    async trigger(namespace, name, { id, by }) {
      const { spec } = await state(namespace, name)
      // Somebody waits for this one: better refused here than in the ledger.
      definitions.require(namespace, spec.target.definition, '')
      return (await ask(namespace, name, { is: 'trigger', command: id, by })).value as { n: number; run: string }
    },
    async backfill(namespace, name, { id, by, ...asked }) {
      return startBackfill(desk, namespace, await planned(namespace, name, asked, by), id)
    },
    previewBackfill: async (namespace, name, asked) => previewBackfill(desk, namespace, await planned(namespace, name, asked, null)),
    async cancelBackfill(namespace, name, backfill, { id, by }) {
      // One of before, when a schedule carried its backfills itself.
      if ((await state(namespace, name)).backfills.some(known => known.id === backfill))
        return done(ask(namespace, name, { is: 'cancel_backfill', backfill, command: id, by }))
      return endBackfill(desk, namespace, name, backfill, { id, by })
    },

    async get(namespace, name) {
      const [view] = (await viewed(namespace, [await row(namespace, name)])) as [ScheduleView]
      return { ...view, backfills: [...view.backfills, ...(await openBackfills(desk, namespace, name))] }
    },
    list,
    async ledger(namespace, name, filter, page) {
      const { id } = await row(namespace, name)
      const { rows, next } = await available(store.read.ledger(id, filter, page))
      return { rows: await withOutcomes(desk, namespace, rows), next }
    },
    async preview(namespace, of, from, count) {
      if ('timetable' in of) return previewOf(checkedTimetable(of.timetable, clock.now(), of.assets), from ?? clock.now(), count, clock.now())
      const known = await state(namespace, of.name)
      return previewOf(known, from ?? Math.max(clock.now(), known.accounted), count, clock.now())
    },
    upcoming: (namespace, range, page) => upcoming(desk, namespace, range, page),
    outcomes: (namespace, range, page) => outcomes(desk, namespace, range, page),
    calendar: async (namespace, name, from, count) => calendarOf(await state(namespace, name), from ?? clock.now(), count),
    async explain(namespace, name, at) {
      const found = await row(namespace, name)
      const known = scheduleStateOf(found)
      return explainSchedule(known, at, {
        stuck: stuckOf(found),
        now: clock.now(),
        targetIsKnown: definitions.get(namespace, known.spec.target.definition) !== undefined,
        lines: async (from, until) => {
          const page = await available(store.read.ledger(scheduleId(namespace, name), { from, until }, { after: null, limit: 20 }))
          return withOutcomes(desk, namespace, page.rows)
        },
      })
    },
  }
}

/** One command to one schedule: its answer and what the schedule is after it, once both are committed. */
function command(
  { submit }: Desk,
  namespace: string,
  name: string,
  input: ScheduleInput,
): Promise<{ value: Record<string, unknown>; state: ScheduleState }> {
  const id = scheduleId(namespace, name)
  let reply: Reply | undefined
  let state: ScheduleState
  return submit(slotOf(id), settle => ({
    ids: [id],
    bytes: 1_000 + JSON.stringify(input).length,
    execute(transaction) {
      reply = decided(transaction, id, namespace, name, input)?.replies?.[0]?.reply
      state = transaction.actor(id)?.state as ScheduleState
    },
    done: () => {
      if (reply?.ok === true) settle.resolve({ value: reply.value === undefined ? {} : (JSON.parse(reply.value) as Record<string, unknown>), state })
      else settle.reject(reply === undefined ? stuck(name) : refusalOf(reply.code, name))
    },
    failed: settle.reject,
  }))
}

function decided(transaction: Transaction, id: ActorId, namespace: string, name: string, input: ScheduleInput): Decision<HistoryEvent> | null {
  const known = transaction.actor(id)
  if (known?.closed) throw new UserError('unavailable', { retryAfter: 1, hint: `the old schedule "${name}" is being dropped` })
  if (known !== null) {
    if (known.stuck !== undefined && input.is === 'resume') transaction.resume(known)
    return transaction.apply(known, input)
  }
  if (input.is !== 'put') throw notFound(name)
  const born = { id, namespace, kind: 'schedule' as const, name, queue: '', createdAt: 0, tags: null, input: null }
  return transaction.apply(transaction.create(born, machine), input)
}

function notFound(name: string): UserError {
  return new UserError('schedule-not-found', { found: name })
}

function stuck(name: string): UserError {
  return new UserError('unavailable', { retryAfter: 1, hint: `the schedule "${name}" is stuck: mainspring schedule explain ${name}` })
}

function refusalOf(code: string, name: string): UserError {
  switch (code) {
    case 'schedule-not-found':
      return notFound(name)
    case 'schedule-busy':
      return new UserError('schedule-busy', { retryAfter: 1, hint: 'the same call may be repeated' })
    case 'too-many-backfills':
      return new UserError('too-many-backfills', { hint: 'cancel one, or wait until one is done' })
    default:
      return new UserError('backfill-not-found', { hint: 'it is done, or it was cancelled' })
  }
}
