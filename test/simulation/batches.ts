import { callRunId, type RunId, slotOf } from '../../src/core/ids.ts'
import { BATCH_CALLBACKS, batchOf, isClosed, type Trigger } from '../../src/core/run.ts'
import { stateOf } from '../../src/engine/codec.ts'
import type { BatchItem, BatchStart, Callbacks, Command } from '../../src/engine/face.ts'
import { callbackId } from '../../src/machines/batch/machine.ts'
import type { BatchEvent, BatchState } from '../../src/machines/batch/types.ts'
import type { MemoryTables } from '../../src/store/memory/store.ts'
import type { Tables } from '../../src/store/memory/tables.ts'
import type { Batch } from '../../src/store/store.ts'
import { freshId, insist, type Stage } from './actors.ts'
import type { Rng } from './rng.ts'
import { DEFINITIONS, NAMESPACE, runOptions } from './scenario.ts'
import type { Throwing } from './throwing.ts'
import type { RunTruth, Truth } from './truth.ts'
import type { World } from './world.ts'

const CALL_MS = 4_000

/** A person who starts batches of jobs, and operations on all runs of a definition. */
export async function batcher(stage: Stage, rng: Rng): Promise<void> {
  const open: RunId[] = []
  while (!stage.calm) {
    const doing = rng.next()
    if (doing < 0.45 || open.length === 0) await startBatch(stage, rng, open)
    else if (doing < 0.6) await addJobs(stage, rng, rng.pick(open))
    else if (doing < 0.72) await command(stage, rng, rng.pick(open), 'seal')
    else if (doing < 0.78) await command(stage, rng, rng.pick(open), 'cancel')
    else await sweep(stage, rng)
    await stage.world.sleep(rng.wait(stage.scenario.thinkMs * 2))
  }
}

/** In the calm nothing is left open, so that everything can come to its end. */
export async function sealAll(stage: Stage, rng: Rng, tables: MemoryTables): Promise<void> {
  for (const row of [...tables.open.values()])
    if (row.kind === 'batch' && (stateOf(row).state as BatchState).jobs?.sealed === false) await command(stage, rng, row.id, 'seal')
}

const callback = (definition: string, about: string) => ({
  definition,
  input: JSON.stringify(about),
  options: { retry: { attempts: 2, initialMs: 100 } },
})

function batchOfJobs(stage: Stage, rng: Rng, depth: number): BatchStart {
  const callbacks: Callbacks = Object.fromEntries(
    BATCH_CALLBACKS.filter(() => rng.chance(0.7)).map(about => [about, callback(rng.chance(0.05) ? 'alpha' : rng.pick(DEFINITIONS), about)]),
  )
  return { name: 'batch', items: itemsOf(stage, rng, depth), open: rng.chance(0.3), callbacks }
}

function itemsOf(stage: Stage, rng: Rng, depth: number): BatchItem[] {
  return Array.from({ length: rng.whole(0, 5) }, () =>
    depth < 3 && rng.chance(0.15)
      ? { is: 'batch', batch: batchOfJobs(stage, rng, depth + 1) }
      : {
          is: 'job',
          start: { definition: rng.pick(DEFINITIONS), input: JSON.stringify({ n: stage.inputs++ }), options: runOptions(rng, stage.scenario) },
        },
  )
}

async function startBatch(stage: Stage, rng: Rng, open: RunId[]): Promise<void> {
  const callKey = freshId(stage, rng)
  const batch = batchOfJobs(stage, rng, 1)
  const outcome = await insist(stage, rng, 6, {
    name: `batch ${callKey.slice(-5)}`,
    timeoutMs: CALL_MS,
    repeatable: true,
    run: engine => engine.batches.start(NAMESPACE, batch, { callKey, by: null }),
    said: ({ outcome }) => {
      if (outcome.is === 'answer') stage.batches.answered(outcome.value.batch)
    },
  })
  if (outcome.is !== 'answer') return
  open.push(outcome.value.batch)
  if (open.length > 6) open.shift()
  // Others may cancel, retry and look at its jobs.
  const places = batch.items.flatMap(({ is }) => (is === 'job' ? [is] : []))
  stage.runs.push(...places.map((_, index) => callRunId(callKey, index)), outcome.value.batch)
}

async function addJobs(stage: Stage, rng: Rng, batch: RunId): Promise<void> {
  const callKey = freshId(stage, rng)
  const items = itemsOf(stage, rng, 2)
  await insist(stage, rng, 6, {
    name: `add to ${batch.slice(-5)}`,
    timeoutMs: CALL_MS,
    repeatable: true,
    run: engine => engine.batches.add(NAMESPACE, batch, items, { callKey, by: null }),
  })
}

async function command(stage: Stage, rng: Rng, batch: RunId, kind: 'seal' | 'cancel'): Promise<void> {
  const asked: Command = { id: freshId(stage, rng), by: 'batcher' }
  await insist(stage, rng, 4, {
    name: `${kind} ${batch.slice(-5)}`,
    timeoutMs: CALL_MS,
    repeatable: true,
    run: engine => engine.batches[kind](NAMESPACE, batch, asked),
  })
}

/** Cancels all open runs of a definition: `why` is its mark on each. */
async function sweep(stage: Stage, rng: Rng): Promise<void> {
  const id = freshId(stage, rng)
  const operation = rng.pick(['cancel', 'cancel', 'terminate', 'retry'] as const)
  const bulk = { operation, filter: { names: [rng.pick(DEFINITIONS)], ...(operation === 'retry' ? { states: ['failed' as const] } : {}) } }
  await insist(stage, rng, 4, {
    name: `bulk ${id.slice(-5)}`,
    timeoutMs: CALL_MS,
    repeatable: true,
    run: engine => engine.batches.bulk(NAMESPACE, bulk, { id, by: 'batcher', why: markOf(callRunId(`${id}:batch`, 0)) }),
    said: ({ outcome }) => {
      if (outcome.is === 'answer') stage.batches.answered(outcome.value.batch)
    },
  })
}

const markOf = (batch: RunId): string => `bulk ${batch}`

/** Batches as committed: their counts are those of their jobs, their callbacks are started once each, and an operation forgets nobody (E12). */
export class Batches {
  readonly #world: World
  readonly #tables: MemoryTables
  readonly #truth: Truth
  readonly #throwing: Throwing
  readonly #rollbacks: boolean
  /** Open jobs of each batch. */
  readonly #jobs = new Map<RunId, Set<RunId>>()
  readonly #batchOf = new Map<RunId, RunId>()
  /** By operation: those that matched when it was committed first, with how many events they had. */
  readonly #matched = new Map<RunId, Map<RunId, number>>()
  readonly #closed = new Set<RunId>()
  count = 0

  constructor(world: World, tables: MemoryTables, truth: Truth, throwing: Throwing, rollbacks: boolean) {
    this.#world = world
    this.#tables = tables
    this.#truth = truth
    this.#throwing = throwing
    this.#rollbacks = rollbacks
  }

  answered(batch: RunId): void {
    this.#world.expect(this.#truth.ever.has(batch), 'a batch was answered and is not committed (E4)', () => ({ batch }))
  }

  committed({ writes }: Batch): void {
    if (this.#rollbacks) return
    const touched = new Set<RunId>()
    const written = [...writes.born, ...writes.touched, ...writes.closed]
    for (const { id } of written) {
      const row = this.#truth.row(id)
      const run = this.#truth.get(id)
      if (row === undefined || run === undefined) continue
      const batch = this.#parentOf(run)
      if (batch !== null) {
        const jobs = this.#jobs.get(batch) ?? new Set()
        this.#jobs.set(batch, jobs)
        if (run.closed) jobs.delete(id)
        else jobs.add(id)
        touched.add(batch)
      }
      if (row.kind === 'batch') touched.add(id)
      else this.#marked(run)
    }
    for (const id of touched) this.#look(id)
  }

  #parentOf(run: RunTruth): RunId | null {
    const known = this.#batchOf.get(run.id)
    if (known !== undefined) return known
    const trigger = run.events[0]?.trigger as Trigger | undefined
    const batch = trigger === undefined ? null : batchOf(trigger)
    if (batch !== null) this.#batchOf.set(run.id, batch)
    if (trigger?.is === 'batch' && trigger.callback !== undefined)
      this.#world.expect(run.id === callbackId(trigger.batch, trigger.callback, slotOf(run.id)), 'a callback has a twin', () => ({
        run: run.id,
        trigger,
      }))
    return batch
  }

  /** What of its jobs a batch will hear by letters that lie there (E7): so many more are open for it than are. */
  #untold(batch: RunId, asked: readonly RunId[]): number {
    let more = 0
    const answered = new Set<RunId>()
    for (const { body } of (this.#tables as Tables).mail.values()) {
      const letter = JSON.parse(body) as { is: string; to?: RunId; input?: { is: string; run: RunId | null } }
      if (letter.is === 'tell' && letter.to === batch && letter.input?.is === 'answered') answered.add(letter.input.run as RunId)
      if (letter.is !== 'tell' || letter.to !== batch) continue
      if (letter.input?.is === 'child_closed') more++
      else if (letter.input?.is === 'child_retried' || (letter.input?.is === 'item_answered' && letter.input.run !== null)) more--
    }
    // What a backfill has asked for is its own once that is answered.
    return more - asked.filter(run => answered.has(run)).length
  }

  #look(id: RunId): void {
    const row = this.#truth.row(id)
    const run = this.#truth.get(id)
    if (row === undefined || run === undefined || this.#closed.has(id)) return
    const state = stateOf(row).state as BatchState
    if (state.jobs === null) this.#operation(id, run, state)
    else {
      const open = (this.#jobs.get(id)?.size ?? 0) + this.#untold(id, state.backfill?.asked.map(({ run }) => run) ?? [])
      // Terminated, it no longer asks.
      if (!run.closed)
        this.#world.expect(state.jobs.open === open, 'a batch counts other open jobs than it has', () => ({ batch: id, says: state.jobs, open }))
      const { total, completed, failed, cancelled } = state.jobs
      this.#world.expect(total === state.jobs.open + completed + failed + cancelled, 'the counts of a batch do not add up', () => ({
        batch: id,
        jobs: state.jobs,
      }))
      if (run.closed && row.state !== 'terminated') this.#callbacks(id, run, state)
    }
    if (!run.closed) return
    this.#closed.add(id)
    this.count++
  }

  /** Each exactly when its condition held; that each has one run follows from its id. */
  #callbacks(id: RunId, { events }: RunTruth, { started: { plan }, jobs }: BatchState): void {
    if (plan.is !== 'jobs' || jobs === null) return
    const hadFailure = (events as BatchEvent[]).some(event => event.is === 'child_closed' && event.state !== 'completed')
    const held = { firstFailure: hadFailure, complete: true, success: jobs.completed === jobs.total }
    for (const callback of BATCH_CALLBACKS) {
      const wanted = plan.callbacks[callback] !== undefined && held[callback]
      const asked = jobs.callbacks.find(one => one.callback === callback)
      const facts = () => ({ batch: id, callback, asked, jobs, events: events.map(({ is }) => is) })
      this.#world.expect(wanted === (asked !== undefined), 'a callback was started against its condition, or never', facts)
      this.#world.expect(asked === undefined || this.#truth.ever.has(asked.run), 'a batch closed and its callback was not started', facts)
      const times = events.filter(event => event.is === 'callback_answered' && event.callback === callback).length
      this.#world.expect(times === (asked === undefined ? 0 : 1), 'a callback was answered more than once', facts)
    }
  }

  #operation(id: RunId, run: RunTruth, { started: { plan }, sweep }: BatchState): void {
    if (plan.is !== 'bulk' || sweep === null || plan.operation === 'retry') return
    const { names } = plan.filter
    if (!this.#matched.has(id)) {
      const fits = [...this.#tables.open.values()].filter(row => row.kind === 'job' && names?.includes(row.name) && row.createdAt <= sweep.until)
      this.#matched.set(id, new Map(fits.map(row => [row.id, this.#truth.get(row.id)?.events.length ?? 0])))
    }
    if (!run.closed || run.row.state !== 'completed') return
    for (const [target] of this.#matched.get(id) ?? []) {
      const known = this.#truth.get(target)
      if (known === undefined || known.closed || known.purged) continue
      const asked = known.events.some(event => event.is === 'cancel_requested') || this.#throwing.threw(target)
      this.#world.expect(asked, 'an operation on many runs forgot one (E12)', () => ({ batch: id, target, events: known.events.map(({ is }) => is) }))
    }
  }

  /** What an operation has done, it has done to one that matched. */
  #marked({ id, events, row }: RunTruth): void {
    const why = events.at(-1)?.why
    if (typeof why !== 'string' || !why.startsWith('bulk ')) return
    const batch = this.#truth.get(why.slice('bulk '.length))
    const plan = (batch?.events[0] as { plan?: { filter: { names?: string[] } } } | undefined)?.plan
    const until = batch?.events[0]?.at ?? 0
    this.#world.expect(
      plan?.filter.names?.includes(row.name) === true && row.createdAt <= until,
      'an operation touched a run that does not match (E12)',
      () => ({
        run: id,
        why,
        createdAt: row.createdAt,
        until,
      }),
    )
  }

  /** Faults have stopped, and all are sealed. */
  expectSettled(): void {
    for (const row of this.#tables.open.values())
      this.#world.expect(row.kind !== 'batch', 'a batch is never done', () => ({ batch: row.id, state: row.state }))
    for (const { row } of this.#truth.runs.values())
      if (row.kind === 'batch') this.#world.expect(isClosed(row.state), 'a batch is never done', () => ({ batch: row.id }))
  }
}
