import { UserError } from '../../core/errors.ts'
import { callRunId } from '../../core/ids.ts'
import type { LedgerEntry } from '../../core/ledger.ts'
import type { Instant } from '../../core/time.ts'
import { expressionWords } from '../../machines/asset/expression.ts'
import { isWithoutTimes, timetableOf } from '../../machines/schedule/timetables.ts'
import type { ScheduleSpec, ScheduleState } from '../../machines/schedule/types.ts'
import type { OpenRow, Row } from '../../store/store.ts'
import type { TimetableSpec } from '../../time/spec.ts'
import type { Timetable } from '../../time/timetable.ts'
import { TimetableError } from '../../time/timetable-error.ts'
import { decodeBody, stateOf } from '../codec.ts'
import type { ScheduleView } from '../face.ts'

/** A schedule's id follows from its name: one that is deleted and made again goes on in its ledger. */
export function scheduleId(namespace: string, name: string): string {
  return callRunId(`schedule\n${namespace}\n${name}`, 0)
}

export function scheduleStateOf(row: Row): ScheduleState {
  return stateOf(row).state as ScheduleState
}

/** @throws UserError with the place in the spec. */
export function checkedTimetable(spec: TimetableSpec, created: Instant, assets?: ScheduleSpec['assets']): Timetable {
  try {
    return timetableOf({ spec: { timetable: spec, ...(assets !== undefined && { assets }) }, createdAt: created })
  } catch (error) {
    if (!(error instanceof TimetableError)) throw error
    const { code, at, found, hint, offset, length, line } = error
    const place = {
      ...(offset === undefined ? {} : { offset }),
      ...(length === undefined ? {} : { length }),
      ...(line === undefined ? {} : { line }),
    }
    // The message is the place, what is wrong, and the hint, which a problem tells apart.
    const said = error.message.slice(error.message.indexOf(': ') + 2)
    const what = said.endsWith(hint) ? said.slice(0, -hint.length).trim() : said
    throw new UserError(code, { ...(what !== '' && { title: what }), at, found, hint, ...(Object.keys(place).length === 0 ? {} : { data: place }) })
  }
}

export function scheduleView(row: OpenRow): ScheduleView {
  return { ...viewOf(row.namespace, scheduleStateOf(row)), stuck: stuckOf(row) }
}

/** On what it choked (E14); null: it works. */
export function stuckOf(row: Row): ScheduleView['stuck'] {
  const { stuck } = decodeBody(row.body)
  return stuck === undefined ? null : { on: stuck.input.is, why: stuck.why, since: stuck.at }
}

export function viewOf(namespace: string, state: ScheduleState): ScheduleView {
  const table = timetableOf(state)
  const { name, spec, override, origin, createdAt, editedAt, paused, accounted, last, fired, open, buffered, outstanding, backfills } = state
  return {
    name,
    namespace,
    spec,
    overridden: override === null ? [] : overriddenFields(override),
    origin,
    words: wordsOf(table, spec),
    assets: assetsView(state),
    watermark: state.watermark ?? null,
    createdAt,
    editedAt,
    paused,
    stuck: null,
    nextAt: table.nextFiring(Math.max(accounted, paused?.until ?? 0))?.at ?? null,
    accounted,
    last,
    lastOutcome: null,
    fired,
    open: [...open.map(({ run }) => run), ...outstanding.flatMap(({ run }: LedgerEntry) => (run === null ? [] : [run]))],
    buffered: buffered.length,
    backfills: [...backfills],
  }
}

/** Its times, and the assets beside them. */
function wordsOf(table: Timetable, spec: ScheduleSpec): string {
  if (spec.assets === undefined) return table.words()
  const assets = `when there are new events of ${expressionWords(spec.assets)}`
  return isWithoutTimes(spec) ? assets : `${table.words()}, and ${assets}`
}

function assetsView({ assets = {} }: ScheduleState): ScheduleView['assets'] {
  return Object.entries(assets).map(([asset, { linked, isNew, events, more }]) => ({ asset, linked, isNew, events: events.length + more }))
}

function overriddenFields(override: Partial<ScheduleSpec>): string[] {
  return Object.keys(override).sort()
}
