import type { ActorId, RunId } from '../../src/core/ids.ts'
import type { LedgerEntry } from '../../src/core/ledger.ts'
import { isClosed } from '../../src/core/run.ts'
import type { Command } from '../../src/engine/face.ts'
import { scheduleId, scheduleStateOf } from '../../src/engine/schedules/view.ts'
import { schedule as machine } from '../../src/machines/schedule/machine.ts'
import { timetableOf } from '../../src/machines/schedule/timetables.ts'
import { CATCHUPS, OVERLAPS, type ScheduleEvent, type ScheduleSpec, type ScheduleState } from '../../src/machines/schedule/types.ts'
import type { MemoryTables } from '../../src/store/memory/store.ts'
import type { Batch, LedgerRow } from '../../src/store/store.ts'
import { freshId, insist, type Stage } from './actors.ts'
import { isAssetSchedule } from './assets.ts'
import type { Rng } from './rng.ts'
import { DEFINITIONS, NAMESPACE } from './scenario.ts'
import type { World } from './world.ts'

const NAMES = ['fixed', 'moving', 'lone'] as const
const CALL_MS = 4_000

/** A person who keeps schedules: makes, changes, pauses, triggers and backfills them. `lone` never overlaps; `fixed` is never edited. */
export async function keeper(stage: Stage, rng: Rng): Promise<void> {
  while (!stage.calm) {
    const name = rng.pick(NAMES)
    const doing = rng.next()
    if (doing < 0.45) await putSchedule(stage, rng, name)
    else if (doing < 0.6) await command(stage, rng, name, 'trigger')
    else if (doing < 0.7) await command(stage, rng, name, 'pause')
    else if (doing < 0.85) await command(stage, rng, name, 'resume')
    else if (doing < 0.95) await command(stage, rng, name, 'backfill')
    else await command(stage, rng, name, 'remove')
    await stage.world.sleep(rng.wait(stage.scenario.thinkMs * 2))
  }
}

/** In the calm nothing new is to start, so that everything can come to its end. */
export async function removeAll(stage: Stage, rng: Rng): Promise<void> {
  for (const name of NAMES) await command(stage, rng, name, 'remove')
}

const FIXED: ScheduleSpec = {
  timetable: { cron: '*/2 * * * * *' },
  target: { definition: 'alpha', input: '{"n":"{{nominalTime}}"}', options: { retry: { attempts: 2, initialMs: 100 } } },
  overlap: 'allow',
  // Where the clock steps by an hour, an hour of times is missed: more than its workers see to while it is calm.
  catchup: { policy: 'all', windowMs: 30_000 },
  jitterMs: 0,
}

function specOf(rng: Rng, name: (typeof NAMES)[number]): ScheduleSpec {
  if (name === 'fixed') return FIXED
  const overlap = name === 'lone' ? rng.pick(['skip', 'buffer_one', 'buffer_all'] as const) : rng.pick(OVERLAPS)
  return {
    ...FIXED,
    timetable: rng.pick([{ cron: '* * * * * *' }, { cron: '*/3 * * * * *' }, { every: '7s' }, { cron: ['*/4 * * * * *', '5 * * * * *'] }]),
    target: { ...FIXED.target, definition: rng.chance(0.1) ? 'nobody' : rng.pick(DEFINITIONS) },
    overlap,
    catchup: { policy: rng.pick(CATCHUPS), windowMs: rng.pick([0, 5_000, 20_000]) },
    jitterMs: rng.pick([0, 0, 2_500]),
  }
}

async function putSchedule(stage: Stage, rng: Rng, name: (typeof NAMES)[number]): Promise<void> {
  const spec = specOf(rng, name)
  const id = freshId(stage, rng)
  await insist(stage, rng, 4, {
    name: `put ${name}`,
    timeoutMs: CALL_MS,
    repeatable: name !== 'moving',
    run: engine => engine.schedules.put(NAMESPACE, name, { spec, origin: { is: 'api' }, id, by: 'keeper' }),
  })
}

async function command(stage: Stage, rng: Rng, name: string, kind: 'trigger' | 'pause' | 'resume' | 'backfill' | 'remove'): Promise<void> {
  const command: Command = { id: freshId(stage, rng), by: 'keeper' }
  const until = rng.chance(0.5) ? stage.world.wall() + rng.whole(1_000, 8_000) : null
  const from = stage.world.wall() - rng.whole(1_000, 15_000)
  await insist<{ run?: RunId } | unknown>(stage, rng, 4, {
    name: `${kind} ${name}`,
    timeoutMs: CALL_MS,
    repeatable: kind === 'trigger' || kind === 'backfill',
    run: engine => {
      const { schedules } = engine
      if (kind === 'trigger') return schedules.trigger(NAMESPACE, name, command)
      if (kind === 'pause') return schedules.pause(NAMESPACE, name, { note: null, until, ...command })
      if (kind === 'resume') return schedules.resume(NAMESPACE, name, command)
      if (kind === 'backfill') return schedules.backfill(NAMESPACE, name, { from, until: from + 9_000, maxActive: rng.whole(1, 3), ...command })
      return schedules.remove(NAMESPACE, name, command)
    },
    said: ({ outcome }) => {
      if (kind === 'trigger' && outcome.is === 'answer') stage.ledgers.triggered((outcome.value as { run: RunId }).run, name)
    },
  })
}

/**
 * The ledgers as committed: what each commit adds to one is checked against the timetable that was in force (P4, E13), and against the runs that there are.
 */
export class Ledgers {
  readonly #world: World
  readonly #tables: MemoryTables
  readonly #rollbacks: boolean
  readonly #ever: ReadonlySet<RunId>
  readonly #known = new Map<ActorId, ScheduleState>()
  /** Times of edits as they were decided, committed or not: of two that share a commit the state tells the last. */
  readonly #edits = new Map<ActorId, Set<number>>()
  readonly #runs = new Map<RunId, string>()
  lines = 0

  constructor(world: World, tables: MemoryTables, ever: ReadonlySet<RunId>, rollbacks: boolean) {
    this.#world = world
    this.#tables = tables
    this.#ever = ever
    this.#rollbacks = rollbacks
  }

  /** A machine decided this: called for each event, committed or not. */
  decided(schedule: ActorId, event: ScheduleEvent): void {
    if (event.is !== 'created' && event.is !== 'edited') return
    const edits = this.#edits.get(schedule) ?? new Set()
    this.#edits.set(schedule, edits.add(event.at))
  }

  committed({ writes }: Batch): void {
    for (const row of writes.ledger) this.#line(row)
    for (const { id } of [...writes.born, ...writes.touched]) {
      const row = this.#tables.open.get(id)
      if (row?.kind !== 'schedule') continue
      const state = scheduleStateOf(row)
      this.#advanced(id, state)
      this.#world.expect(machine.pending(state).wakeAt === row.wakeAt, 'the decisions of a schedule do not add up to pending: wakeAt', () => ({
        schedule: row.name,
        row: row.wakeAt,
        pending: machine.pending(state).wakeAt,
      }))
    }
    this.#overlaps()
  }

  rolledBack(): void {
    this.#known.clear()
    this.#runs.clear()
  }

  triggered(run: RunId, name: string): void {
    if (this.#rollbacks) return
    const rows = [...(this.#tables.ledgers.get(scheduleId(NAMESPACE, name))?.values() ?? [])]
    const line = rows.find(row => row.run === run) ?? rows.find(row => row.account === 'refused' && row.source === 'trigger')
    this.#world.expect(line !== undefined, 'a trigger was acknowledged and is in no ledger (E4)', () => ({ name, run }))
  }

  /** Faults have stopped, and the schedules are removed. */
  expectSettled(): void {
    for (const [id, row] of this.#tables.open) {
      if (row.kind !== 'schedule' || isAssetSchedule(row.name)) continue
      const { outstanding, deletedAt } = scheduleStateOf(row)
      this.#world.expect(deletedAt !== null, 'a schedule that was removed is not', () => ({ name: row.name }))
      this.#world.expect(outstanding.length === 0, 'a start is never answered (E13)', () => ({ name: row.name, outstanding }))
      for (const line of this.#tables.ledgers.get(id)?.values() ?? [])
        this.#world.expect(line.account !== 'intended', 'a line of a ledger stays intended (E13)', () => ({ name: row.name, line }))
    }
  }

  #line(row: LedgerRow): void {
    this.lines++
    const { schedule, n, run, account } = row
    if (account !== 'fired' && account !== 'recovered') return
    const facts = () => ({ schedule, n, run, account })
    this.#world.expect(run !== null && this.#ever.has(run), 'a time fired and there is no run (E13)', facts)
    const other = this.#runs.get(run as RunId)
    this.#world.expect(other === undefined || other === `${schedule} ${n}`, 'two lines of ledgers have one run', () => ({ ...facts(), other }))
    this.#runs.set(run as RunId, `${schedule} ${n}`)
  }

  /** From one commit to the next the ledger gets exactly the times that the timetable has in between. */
  #advanced(id: ActorId, state: ScheduleState): void {
    const before = this.#known.get(id)
    this.#known.set(id, state)
    if (before === undefined || state.deletedAt !== null || before.deletedAt !== null || state.createdAt !== before.createdAt) return
    const lines = [...(this.#tables.ledgers.get(id)?.values() ?? [])].filter(({ source }) => source === 'time').sort((a, b) => a.n - b.n)
    const from = before.accounted
    if (state.editedAt === before.editedAt) return this.#tiles(lines, before, from, state.accounted)
    // One edit: first all times up to it under what held before, then those of the new timetable.
    const edits = [...(this.#edits.get(id) ?? [])].filter(at => at > before.editedAt && at <= state.editedAt)
    if (edits.length !== 1) return
    this.#tiles(lines, before, from, state.editedAt)
    this.#tiles(lines, state, state.editedAt, state.accounted)
  }

  #tiles(lines: readonly LedgerEntry[], of: ScheduleState, after: number, until: number): void {
    if (until <= after) return
    const table = timetableOf(of)
    const meant = table.between(after, until, 10_000).map(({ at }) => at)
    const told: number[] = []
    for (const line of lines) {
      if (line.until <= after || line.at > until) continue
      for (const { at } of table.between(Math.max(line.at, after + 1) - 1, Math.min(line.until, until), 10_000)) told.push(at)
    }
    this.#world.expect(JSON.stringify(told) === JSON.stringify(meant), 'the ledger does not tile time (P4, E13)', () => ({
      schedule: of.name,
      after,
      until,
      missing: meant.filter(at => !told.includes(at)),
      doubled: told.filter((at, index) => told.indexOf(at) !== index),
      strange: told.filter(at => !meant.includes(at)),
    }))
  }

  /** What never overlaps has one open run at most that time started. */
  #overlaps(): void {
    if (this.#rollbacks) return
    const id = scheduleId(NAMESPACE, 'lone')
    const open: RunId[] = []
    for (const line of this.#tables.ledgers.get(id)?.values() ?? []) {
      if (line.source !== 'time' || line.run === null || (line.account !== 'fired' && line.account !== 'recovered')) continue
      const row = this.#tables.open.get(line.run)
      if (row !== undefined && !isClosed(row.state)) open.push(line.run)
    }
    this.#world.expect(open.length <= 1, 'two runs of a schedule that never overlaps are open', () => ({ open }))
  }
}
