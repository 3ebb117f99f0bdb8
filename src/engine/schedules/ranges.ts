import type { Instant } from '../../core/time.ts'
import { timetableOf } from '../../machines/schedule/timetables.ts'
import type { LedgerRow, OpenRow, Page, Paged } from '../../store/store.ts'
import type { Desk } from '../desk.ts'
import type { LedgerLine, ScheduleOutcomes, UpcomingTimes } from '../face.ts'
import { whyText } from './explain.ts'
import { scheduleStateOf } from './view.ts'

/** Times, and lines, that are told of one schedule. */
export const TIMES_MAX = 300
export const LINES_MAX = 200
/** Times that are counted of one schedule: a second's schedule has 2.7 million in a month. */
const COUNTED_MAX = 1_000
/** Schedules whose times are worked out before others have their turn: a timetable that is far from its next time takes a millisecond. */
const TURN = 5

/** When all schedules of a namespace will fire in a range, both ends inclusive. */
export async function upcoming(
  { store, world, available }: Desk,
  namespace: string,
  { from, until }: { from: Instant; until: Instant },
  page: Page,
): Promise<Paged<UpcomingTimes>> {
  const { rows, next } = await available(store.read.schedules(namespace, page))
  const found: UpcomingTimes[] = []
  for (const [index, row] of rows.entries()) {
    if (index % TURN === TURN - 1) await new Promise<void>(resolve => world.clock.soon(resolve))
    const state = scheduleStateOf(row)
    if (state.deletedAt !== null) continue
    const { name, spec, paused, accounted } = state
    // What is accounted for has happened.
    const nominals = timetableOf(state).between(Math.max(from - 1, accounted), until, COUNTED_MAX)
    const times = nominals.filter(({ held }) => held === null).map(({ at }) => at)
    found.push({
      name,
      definition: spec.target.definition,
      queue: spec.target.options.queue ?? null,
      timezone: spec.timetable.timezone ?? 'UTC',
      paused,
      times: times.slice(0, TIMES_MAX),
      count: times.length,
      more: times.length > TIMES_MAX || nominals.length === COUNTED_MAX,
    })
  }
  return { rows: found, next }
}

/** What the ledgers of all schedules of a namespace say of a range, latest first. */
export async function outcomes(
  desk: Desk,
  namespace: string,
  { from, until, accounts, lines: most = LINES_MAX }: { from: Instant; until: Instant; accounts?: LedgerLine['account'][]; lines?: number },
  page: Page,
): Promise<Paged<ScheduleOutcomes>> {
  const { store, available } = desk
  const { rows, next } = await available(store.read.schedules(namespace, page))
  const living = rows.filter(row => scheduleStateOf(row).deletedAt === null)
  const filter = { from, until, ...(accounts === undefined ? {} : { accounts }) }
  const ledgers = await available(
    store.read.ledgers(
      living.map(({ id }) => id),
      filter,
      most + 1,
    ),
  )
  const told = ledgers.map(lines => lines.slice(0, most))
  const lines = await withOutcomes(desk, namespace, told.flat())
  let at = 0
  const found = living.map(({ name }: OpenRow, index) => {
    const own = lines.slice(at, at + (told[index] as LedgerRow[]).length)
    at += own.length
    return { name, lines: own, more: (ledgers[index] as LedgerRow[]).length > most }
  })
  return { rows: found, next }
}

/** Lines with what became of their runs: one read for all. */
export async function withOutcomes({ store, available }: Desk, namespace: string, lines: readonly LedgerRow[]): Promise<LedgerLine[]> {
  const ids = lines.flatMap(({ run }) => (run === null ? [] : [run]))
  const times = ids.length === 0 ? [] : await available(store.read.runTimes(namespace, ids))
  const byId = new Map(times.map(({ id, ...outcome }) => [id, outcome]))
  return lines.map(({ schedule: _, ...line }) => ({ ...line, text: whyText(line), outcome: (line.run !== null && byId.get(line.run)) || null }))
}
