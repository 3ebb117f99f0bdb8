import { type AnyJob, dag } from '@mainspring/sdk'
import { callRunId, type RunId } from '../../src/core/ids.ts'
import { isRun } from '../../src/core/machine.ts'
import type { HistoryEvent } from '../../src/core/run.ts'
import type { Batch } from '../../src/store/store.ts'
import { freshId, insist, type Stage } from './actors.ts'
import type { Rng } from './rng.ts'
import { NAMESPACE } from './scenario.ts'
import type { RunTruth } from './truth.ts'

const UP = 'up'
const DOWN = 'down'
const CALL_MS = 3_000
/** All ends before the calm does; who was not told for so long before was forgotten. */
const TIMEOUT_MS = 60_000
const GRACE_MS = 20_000
const FIRST = Date.UTC(2026, 0, 1)
const EVERY_MS = 60_000
/** Waited for by its id: some run that was there when the one that waits was started. */
const ONE = 'one'
/** Of a mapped group: each waits for a signal of its own. */
const ITEMS = [0, 1]

/**
 * Runs of one DAG that wait for those of another for the same times, for a task of them, for some run by its id, and for a signal, started in any order; and what must hold of them: a signal
 * is given to one task once and is its output, nobody goes on before what is waited for has ended so, and nobody who could go on is forgotten.
 */
export class Awaits {
  readonly #stage: Stage
  /** By the command: to which run, and which number. */
  readonly #signals = new Map<string, { run: RunId; payload: string }>()
  #started = 0
  #ended = 0
  #onesEnded = 0

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get counts(): Record<string, number> {
    return { awaits: this.#started, awaitsEnded: this.#ended, signalsToDags: this.#signals.size, awaitsOne: this.#onesEnded }
  }

  jobs(work: () => Promise<void>): AnyJob[] {
    const retry = { attempts: 50, initial: 100, maximum: 1_000 }
    const timeout = TIMEOUT_MS
    const up = dag(UP, { version: '1', defaults: { retention: '1h' } }, d => {
      const load = d.task('load', { retry }, work)
      d.task('send', { after: load, retry }, work)
    })
    const down = dag(DOWN, { version: '1', defaults: { retention: '1h' } }, d => {
      const first = d.task('first', { retry }, work)
      const go = d.signal<number>('go', { waitFor: first, timeout })
      const run = d.otherRun('run', { dag: UP, timeout })
      const task = d.otherRun('task', { dag: UP, tasks: ['load'], timeout })
      d.otherRun(ONE, { run: '{{input:run}}', timeout })
      const later = d.until('later', { plus: '1s' })
      const oks = d.mapGroup('each', ITEMS, each => {
        const prepare = each.task('prepare', { retry }, work)
        return each.signal<number>('ok', { waitFor: prepare, signal: `ok-${each.input.template}`, timeout })
      })
      return d.join('all', { after: [go, run, task, later, oks] })
    })
    return [up, down] as AnyJob[]
  }

  async starts(rng: Rng): Promise<void> {
    const { world, scenario } = this.#stage
    while (!this.#stage.calm) {
      await world.sleep(rng.wait(scenario.thinkMs * 3))
      if (this.#stage.calm) return
      const n = this.#started++
      for (const name of rng.chance(0.5) ? [UP, DOWN] : [DOWN, UP]) {
        void this.#start(name, n, rng.fork())
        await world.sleep(rng.wait(scenario.thinkMs))
      }
    }
  }

  async #start(definition: string, n: number, rng: Rng): Promise<void> {
    const callKey = `${definition}-${n}`
    const trigger = {
      is: 'schedule' as const,
      schedule: 'none',
      id: callRunId('none', 0),
      n,
      nominalAt: FIRST + n * EVERY_MS,
      source: 'time' as const,
    }
    const target = definition === UP ? null : this.#target(rng)
    if (definition === DOWN && target === null) return
    const input = target === null ? null : JSON.stringify({ run: target })
    const start = { definition, input, options: { retentionMs: 3_600_000 }, trigger }
    const outcome = await insist(this.#stage, rng, 6, {
      name: callKey,
      timeoutMs: CALL_MS,
      repeatable: true,
      run: engine => engine.runs.start(NAMESPACE, { callKey, by: null, starts: [start as never] }),
    })
    const run = outcome.is === 'answer' ? (outcome.value[0] as { run?: RunId }).run : undefined
    if (run === undefined || definition === UP) return
    void this.#signal(run, 'go', `${n}`, rng.fork())
    for (const item of ITEMS) void this.#signal(run, `ok-${item}`, `${item}`, rng.fork())
  }

  readonly #targets = new Set<RunId>()

  /** An open one more often than not, of any kind. */
  #target(rng: Rng): RunId | null {
    const { truth, world } = this.#stage
    const there = [...truth.runs.values()].filter(({ row, purged, forgotten }) => !purged && !forgotten && isRun(row.kind))
    const open = there.filter(({ closed }) => !closed)
    const among = open.length > 0 && rng.chance(0.7) ? open : there
    if (among.length === 0) return null
    const { id, closed } = rng.pick(among)
    this.#targets.add(id)
    if (closed && !this.#seen.has(`${id} closed`)) this.#seen.set(`${id} closed`, world.now)
    return id
  }

  async #signal(run: RunId, name: string, payload: string, rng: Rng): Promise<void> {
    await this.#stage.world.sleep(rng.wait(500))
    const id = freshId(this.#stage, rng)
    const told = await insist(this.#stage, rng, 20, {
      name: `signal ${id}`,
      timeoutMs: CALL_MS,
      repeatable: true,
      run: engine => engine.runs.signal(NAMESPACE, run, { name, payload }, { id, by: null }),
    })
    if (told.is === 'answer') this.#signals.set(id, { run, payload })
  }

  /** When it was first seen, in the world's own time: clocks of nodes differ. */
  readonly #seen = new Map<string, number>()

  committed({ writes }: Batch): void {
    const { truth, world } = this.#stage
    const see = (what: string): void => void (this.#seen.has(what) || this.#seen.set(what, world.now))
    for (const { id } of [...writes.born, ...writes.touched, ...writes.closed]) {
      const run = truth.get(id)
      if (run === undefined) continue
      const { row, events, closed } = run
      const isUp = row.kind === 'dag' && row.name === UP
      if (row.kind === 'wait') see(closed ? `${id} closed` : `${id} born`)
      if (closed && this.#targets.has(id)) see(`${id} closed`)
      if (isUp && events.some(({ is, task, as }) => is === 'ended' && task === 'load' && as === 'success')) see(`${nominalOf(run)} task`)
      if (isUp && closed && row.state === 'completed') see(`${nominalOf(run)} run`)
      if (row.kind === 'dag' && row.name === DOWN) for (const { is, name } of events) if (is === 'signalled') see(`${id} ${name}`)
    }
  }

  rolledBack(): void {
    this.#seen.clear()
  }

  expectAll(): void {
    const { world, scenario, truth } = this.#stage
    if (scenario.rollbacks) return
    for (const [command, { run, payload }] of this.#signals) {
      const found = truth.runs.get(run)
      if (found === undefined || found.forgotten) continue
      const taken = found.events.filter(event => event.is === 'signalled' && event.command === command && event.payload === payload)
      world.expect(taken.length === 1, 'a signal to a DAG that was acknowledged is there once', () => ({ run, command, taken }))
    }
    for (const run of truth.runs.values()) {
      if (run.forgotten) continue
      if (run.row.kind === 'wait' && run.row.name.startsWith(`${DOWN}.`)) this.#expect(run)
      if (run.row.kind === 'dag' && run.row.name === DOWN && run.closed) this.#ended++
    }
  }

  #expect(run: RunTruth): void {
    const { world } = this.#stage
    const { row, events, closed } = run
    const { trigger } = events[0] as HistoryEvent
    const { task, item, run: dag, nominalAt } = trigger as { task: string; item?: number; run: RunId; nominalAt: number }
    if (task === 'later' || row.state === 'cancelled' || row.state === 'terminated') return
    if (task === ONE) return this.#expectOne(run)
    const facts = () => ({ run: run.id, task, dag, state: row.state, events: events.map(event => JSON.stringify(event)) })
    const signal = task === 'go' ? 'go' : item === undefined ? null : `ok-${ITEMS[item]}`
    const cause = this.#seen.get(signal === null ? `${nominalAt} ${task}` : `${dag} ${signal}`)
    const begun = this.#seen.get(`${run.id} born`) ?? this.#seen.get(`${run.id} closed`) ?? 0
    const ended = this.#seen.get(`${run.id} closed`) ?? world.now
    if (closed && row.state === 'completed' && item !== undefined)
      world.expect('output' in row && row.output === `${ITEMS[item]}`, 'an item was given the signal of another', facts)
    if (closed && row.state === 'completed')
      world.expect(cause !== undefined && cause <= ended, 'a wait ended before what it waits for was there', facts)
    else world.expect(cause === undefined || ended - Math.max(cause, begun) < GRACE_MS, 'what was waited for was there, and nobody was told', facts)
  }

  /** By its id: it ends as that run ended, once that has, and soon; where that is not there, it says so, and only then. */
  #expectOne({ id, row, events, closed }: RunTruth): void {
    const { world, truth } = this.#stage
    const { run: target } = JSON.parse(row.input as string) as { run: RunId }
    const other = truth.get(target)
    if (other === undefined || other.forgotten) return
    const facts = () => ({ run: id, target, state: row.state, as: other.row.state, events: events.map(event => JSON.stringify(event)) })
    const cause = this.#seen.get(`${target} closed`)
    const begun = this.#seen.get(`${id} born`) ?? this.#seen.get(`${id} closed`) ?? 0
    const ended = this.#seen.get(`${id} closed`) ?? world.now
    const reason = closed ? events.at(-1)?.reason : null
    if (reason === 'run-not-found') return world.expect(other.purged, 'a run that is there was not found', facts)
    if (reason !== 'run' && reason !== 'awaited-failed')
      return world.expect(
        cause === undefined || ended - Math.max(cause, begun) < GRACE_MS,
        'the run that was waited for had closed, and nobody was told',
        facts,
      )
    world.expect(cause !== undefined && cause <= ended, 'a wait ended before its run had closed', facts)
    this.#onesEnded++
    world.expect((reason === 'run') === (other.row.state === 'completed'), 'a wait ended in another way than its run', facts)
  }
}

function nominalOf({ events }: RunTruth): number {
  return (events[0]?.trigger as { nominalAt?: number } | undefined)?.nominalAt ?? -1
}
