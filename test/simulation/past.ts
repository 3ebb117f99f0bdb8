import { type AnyJob, dag } from '@mainspring/sdk'
import type { RunId } from '../../src/core/ids.ts'
import type { HistoryEvent } from '../../src/core/run.ts'
import { stateOf } from '../../src/engine/codec.ts'
import { intervalOf } from '../../src/machines/dag/input.ts'
import type { DagEvent, DagState } from '../../src/machines/dag/types.ts'
import type { Tables } from '../../src/store/memory/tables.ts'
import type { Batch } from '../../src/store/store.ts'
import { freshId, insist, type Stage } from './actors.ts'
import type { Rng } from './rng.ts'
import { NAMESPACE } from './scenario.ts'
import type { RunTruth } from './truth.ts'

const PAST = 'past'
const RUNS_MAX = 2
const CALL_MS = 3_000
/** In the order that their ids give them. `aside` waits for nobody, `load` for `load` and `send` of the run before. */
const TASKS = ['aside', 'load', 'send']

interface Run {
  id: RunId
  for: number
  isActive: boolean
  isClosed: boolean
  /** It waits for the past alone. */
  isIdle: boolean
  isMarked: boolean
  ends: Map<string, string>
}

/**
 * A DAG whose runs wait for one another, and what must hold of them as they are committed: at most so many are active at once, and none loads before the run before
 * it has loaded and sent.
 */
export class Past {
  readonly #stage: Stage
  readonly #runs = new Map<RunId, Run>()
  #started = 0
  #waited = 0

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get counts(): { past: number; pastWaited: number } {
    return { past: this.#started, pastWaited: this.#waited }
  }

  job(work: () => Promise<void>): AnyJob {
    const retry = { attempts: 50, initial: 100, maximum: 1_000 }
    return dag(PAST, { version: '1', maxActiveRuns: RUNS_MAX, defaults: { retention: '1h' } }, d => {
      const load = d.task('load', { waitForDownstream: true, retry }, work)
      d.task('send', { after: load, retry }, work)
      d.task('aside', { retry }, work)
    }) as AnyJob
  }

  async starts(rng: Rng): Promise<void> {
    const { world, scenario } = this.#stage
    while (!this.#stage.calm) {
      await world.sleep(rng.wait(scenario.thinkMs * 3))
      if (this.#stage.calm) return
      const callKey = `past-${this.#started++}`
      const start = { definition: PAST, input: null, options: { retentionMs: 3_600_000 }, trigger: { is: 'call' as const } }
      const outcome = await insist(this.#stage, rng, 6, {
        name: callKey,
        timeoutMs: CALL_MS,
        repeatable: true,
        run: engine => engine.runs.start(NAMESPACE, { callKey, by: null, starts: [start] }),
      })
      const run = outcome.is === 'answer' ? (outcome.value[0] as { run?: RunId }).run : undefined
      if (run === undefined || !rng.chance(0.15)) continue
      // Who is gone is waited for until somebody runs it again, or says that nobody needs to.
      await world.sleep(rng.wait(400))
      const id = freshId(this.#stage, rng)
      await insist(this.#stage, rng, 6, {
        name: `end ${id}`,
        timeoutMs: CALL_MS,
        repeatable: true,
        run: engine => engine.runs.terminate(NAMESPACE, run, { id, by: null }),
      })
    }
  }

  /** A person runs again what was ended, or lets those go on that wait for it; once all is calm, until nobody waits. */
  async mends(rng: Rng, tables: Tables): Promise<void> {
    const { world } = this.#stage
    for (;;) {
      await world.sleep(rng.wait(2_000))
      for (const [run, row] of [...tables.open]) {
        if (row.name !== PAST || row.kind !== 'dag') continue
        const state = stateOf(row).state as DagState
        if (state.place === undefined || state.place.held.length === 0 || !state.tasks.includes('q') || state.active > 0) continue
        const before = [...this.#runs.values()]
          .filter(other => other.isClosed && other.for < intervalOf(state.started).nominalAt)
          .sort((a, b) => b.for - a.for)[0]
        const id = freshId(this.#stage, rng)
        const again = before !== undefined && rng.chance(0.5) ? before.id : null
        await insist(this.#stage, rng, 6, {
          name: `mend ${id}`,
          timeoutMs: CALL_MS,
          repeatable: true,
          run: engine =>
            again === null
              ? engine.runs.mark(NAMESPACE, run, { task: 'load', as: 'success' }, { id, by: null })
              : engine.runs
                  .fork(
                    NAMESPACE,
                    again,
                    { from: null, reset: false, rerun: { tasks: ['load'], downstream: true, upstream: false, newest: false } },
                    { id, by: null },
                  )
                  .then(() => undefined),
        })
      }
    }
  }

  committed({ writes }: Batch): void {
    this.#commits++
    const { truth } = this.#stage
    const loading = [...writes.born, ...writes.touched, ...writes.closed].flatMap(({ id }) => {
      const run = truth.get(id)
      return run?.row.kind === 'dag' && run.row.name === PAST ? this.#look(run) : []
    })
    // What is committed together is true together.
    for (const run of loading) this.#loads(run)
    this.#counted()
  }

  rolledBack(): void {
    this.#runs.clear()
    // Who asked before it asked no later for it.
    this.#placed.clear()
  }

  /** Answers it where it has asked for what depends on the past. */
  #look({ id, events, closed }: RunTruth): Run[] {
    const [first] = events as DagEvent[]
    if (first?.is !== 'started') return []
    const known = this.#runs.get(id)
    const run: Run = {
      id,
      for: intervalOf(first as never).nominalAt,
      isActive: false,
      isClosed: closed,
      isIdle: false,
      isMarked: false,
      ends: new Map(),
    }
    for (const [n, letter] of [...((first.kept as { tasks: string } | undefined)?.tasks ?? '')].entries())
      if (letter === 's') run.ends.set(TASKS[n] as string, 'success')
    const asked: string[] = []
    for (const event of events as (HistoryEvent & Record<string, unknown>)[]) {
      if (event.is === 'due') run.isActive = true
      if (event.is === 'queued' && !this.#asked.has(id)) this.#asked.set(id, this.#commits)
      if (event.is === 'placed') run.isIdle = false
      if (event.is === 'idled') run.isIdle = event.idle as boolean
      if (event.is === 'marked') run.isMarked = true
      if (event.is === 'ended' || event.is === 'marked') run.ends.set(event.task as string, event.as as string)
      if (event.is === 'asked' && event.again !== true) asked.push(...(event.refs as number[]).map(n => TASKS[n] as string))
    }
    if (run.isActive && !this.#placed.has(id)) this.#placed.set(id, this.#commits)
    if (!run.isActive && this.#asked.has(id) && !closed) this.#waited++
    this.#runs.set(id, run)
    if (!asked.includes('load') || (known !== undefined && this.#loaded.has(id))) return []
    this.#loaded.add(id)
    return [run]
  }
  readonly #loaded = new Set<RunId>()

  /** Of the runs for the last time before it, where they had their places before it asked for its own, one has loaded and sent. */
  #loads(run: Run): void {
    const earlier = [...this.#runs.values()].filter(other => other.for < run.for)
    const last = Math.max(...earlier.map(other => other.for))
    const those = earlier.filter(other => other.for === last)
    // Who comes later is waited for from then on, and may be told too late.
    if (those.some(other => (this.#placed.get(other.id) ?? Number.POSITIVE_INFINITY) > (this.#asked.get(run.id) as number))) return
    const hasPassed = ({ ends }: Run): boolean => ['load', 'send'].every(task => ends.get(task) === 'success' || ends.get(task) === 'skipped')
    this.#stage.world.expect(
      those.length === 0 || those.some(hasPassed),
      'a task that depends on the past began before that of the run before had passed',
      () => ({ run, before: those.map(other => ({ ...other, ends: [...other.ends] })) }),
    )
  }
  /** In which order they asked for their places, and got them. */
  readonly #asked = new Map<RunId, number>()
  readonly #placed = new Map<RunId, number>()
  #commits = 0

  #counted(): void {
    const active = [...this.#runs.values()].filter(run => run.isActive && !run.isClosed && !run.isIdle)
    if (active.some(({ isMarked }) => isMarked)) return
    this.#stage.world.expect(active.length <= RUNS_MAX, 'more runs of a DAG are active than there may be', () => ({
      active: active.map(({ id }) => id),
    }))
  }
}
