import { Abort, Client, job, type StepContext, type WorkflowContext, workflow } from '@mainspring/sdk'
import { startWorker } from '@mainspring/sdk/worker'
import type { RunId } from '../../src/core/ids.ts'
import type { HistoryEvent } from '../../src/core/run.ts'
import type { DefinitionOptions } from '../../src/engine/face.ts'
import type { Tables } from '../../src/store/memory/tables.ts'
import type { Batch } from '../../src/store/store.ts'
import { insist, type Stage } from './actors.ts'
import { Anew } from './anew.ts'
import { Feeds } from './feeds.ts'
import { Life } from './life.ts'
import { Messages } from './messages.ts'
import { isCancelled, Outside } from './outside.ts'
import type { Rng } from './rng.ts'
import { Routes } from './routes.ts'
import { NAMESPACE } from './scenario.ts'
import { Scopes } from './scopes.ts'
import { sdkConnection } from './sdk.ts'
import { limitedSteps, Steps } from './steps.ts'
import type { RunTruth } from './truth.ts'

const CALL_MS = 3_000
const SAGA = 'saga'
/** Both give the same. Of some inputs the second calls its first step otherwise, so that what the one has begun the other cannot go on with. */
export const VERSIONS = ['v1', 'v2'] as const
export type Version = (typeof VERSIONS)[number]
const STEPS_MAX = 3
/** Over the first of the calm. */
const ROUNDS = 5
const ROUND_MS = 4_000

interface Input {
  n: number
  round: number
}

/** What the workflow gives for an input, worked out without any of what makes it durable. */
function expected({ n }: Input): { output: unknown } | { reason: string; undone: number } {
  if (n % 5 === 4) return { reason: 'aborted', undone: 1 }
  const steps = Array.from({ length: n % (STEPS_MAX + 1) }, (_, index) => index * n)
  return { output: [...steps, 'left', n * 2, n % 3, ...Steps.gives(wordOf(n)), 'yes', ...Scopes.gives(), 'go', null, n % 4 === 3 ? 1 : 0] }
}

function wordOf(n: number): string {
  return `left ${n % 3} of ${n}`
}

/**
 * Workflows as people write them, run by the SDK's own worker over the simulated network, and what must hold of them: a run gives what its code gives without a
 * crash, each step has one accepted result, nothing of a step begins before what comes before it is committed, and one that is tried once begins once.
 */
export class Workflows {
  readonly #stage: Stage
  /** How often each step that is tried once has begun, by its key. */
  readonly #once = new Map<string, number>()
  readonly #messages: Messages
  readonly #steps: Steps
  readonly #outside: Outside
  readonly #routes: Routes
  readonly #anew: Anew
  readonly #feeds: Feeds
  readonly #scopes: Scopes
  readonly #runs: RunId[] = []
  #started = 0
  #effects = 0
  #ended = 0
  #diverged = 0

  constructor(stage: Stage) {
    this.#stage = stage
    this.#messages = new Messages(stage)
    this.#steps = new Steps(
      stage,
      (run, name, before) => this.#begins(run, name, before),
      key => this.#beginsOnce(key),
    )
    this.#outside = new Outside(stage)
    this.#routes = new Routes(stage, SAGA, VERSIONS)
    this.#feeds = new Feeds(stage)
    this.#scopes = new Scopes(stage)
    this.#anew = new Anew(stage, ['s0', 'left', 'flaky', 'queued', 'tell', 'cleaned', 'go'])
  }

  get counts(): Record<string, number> {
    const told = [this.#messages, this.#steps, this.#outside, this.#routes, this.#anew, this.#feeds, this.#scopes].map(({ counts }) => counts)
    return Object.assign({ sagas: this.#started, sagasEnded: this.#ended, diverged: this.#diverged, effects: this.#effects }, ...told)
  }

  /** What the book of limits is to know. */
  static get limited(): Readonly<Record<string, DefinitionOptions>> {
    return limitedSteps(SAGA)
  }

  committed(batch: Batch): void {
    this.#routes.committed(batch)
  }

  /** Operators that change which version runs go to, and have runs go on from a point of others. */
  operate(rng: Rng): void {
    void this.#routes.operate(rng.fork())
    void this.#anew.operate(this.#runs, rng.fork())
  }

  /** Starts runs, and sends each its signal: now, or a while before anybody waits for it, and sometimes twice. */
  async starts(rng: Rng): Promise<void> {
    const { world, scenario } = this.#stage
    void this.#feeds.starts(rng.fork())
    while (!this.#stage.calm) {
      await world.sleep(rng.wait(scenario.thinkMs * 2))
      if (this.#stage.calm) return
      const n = this.#started++
      const callKey = `saga-${n}`
      const start = {
        definition: SAGA,
        input: JSON.stringify({ n, round: 0 } satisfies Input),
        options: { retentionMs: 3_600_000 },
        trigger: { is: 'call' as const },
        ...(rng.chance(0.2) && { signal: { name: 'go', payload: '"go"' } }),
      }
      const outcome = await insist(this.#stage, rng, 6, {
        name: callKey,
        timeoutMs: CALL_MS,
        repeatable: true,
        run: engine => engine.runs.start(NAMESPACE, { callKey, by: null, starts: [start] }),
      })
      const answer = outcome.is === 'answer' ? outcome.value[0] : undefined
      if (answer === undefined || answer.is === 'refused') continue
      const { run } = answer
      this.#runs.push(run)
      if (rng.chance(0.15)) this.#outside.cancelWithin(6_000, run, rng)
      const send = (): void => void this.#signal(run, rng)
      world.after(rng.between(0, 4_000), send)
      if (rng.chance(0.2)) world.after(rng.between(0, 20_000), send)
      if (rng.chance(0.5)) void this.#messages.throwAt(run, rng.fork())
      void this.#scopes.tickAt(run, rng.fork())
    }
  }

  /** What nobody could be told while things broke is told now; again and again, for a start that was given up may still come. */
  async tellAll(tables: Tables, rng: Rng): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      await this.#outside.settleAll()
      for (const [run, row] of tables.open) {
        if (row.kind !== 'workflow' || row.name !== SAGA) continue
        await this.#signal(run, rng)
        await this.#scopes.tickAll(run, rng)
      }
      await this.#stage.world.sleep(ROUND_MS)
    }
  }

  async #signal(run: RunId, rng: Rng): Promise<void> {
    await insist(this.#stage, rng, 6, {
      name: `signal ${run.slice(-5)}`,
      timeoutMs: CALL_MS,
      repeatable: true,
      run: engine => engine.runs.signal(NAMESPACE, run, { name: 'go', payload: '"go"' }, { id: `go-${run}`, by: null }),
    })
  }

  /** A worker process, until it is killed: then one like it takes its place. */
  worker(rng: Rng, version: Version = rng.pick(VERSIONS)): WorkflowWorker {
    const { world } = this.#stage
    const life = new Life(world, `f${rng.whole(100, 999)}`)
    const client = new Client({
      connection: sdkConnection(this.#stage, life, rng),
      namespace: NAMESPACE,
      clock: life.clock(),
      random: () => rng.next(),
    })
    const worker = startWorker({
      jobs: this.#work(life, rng, version),
      client,
      slots: rng.whole(1, 5),
      pollWaitMs: 2_000,
      name: life.name,
      log: () => {},
    })
    worker.ready.catch(() => {})
    return new WorkflowWorker(life)
  }

  #work(life: Life, rng: Rng, version: Version) {
    const clock = life.clock()
    const took = (): Promise<void> => new Promise(resolve => clock.after(rng.wait(40), resolve))
    const double = job('double', { retry: { attempts: 50, initial: 100, maximum: 1_000 } }, async (n: number) => {
      await took()
      if (!this.#stage.calm && rng.chance(0.2)) throw new Error('not now')
      return n * 2
    })
    const saga = workflow(SAGA, { version, steps: this.#steps.options }, async ({ n, round }: Input, ctx: WorkflowContext): Promise<unknown> => {
      const log: unknown[] = []
      Messages.handle(ctx, took)
      const retry = { attempts: 50, initial: 50, maximum: 500 }
      const step = <T>(name: string, before: string | null, value: T) =>
        ctx.run(
          name,
          async () => {
            this.#begins(ctx.id, name, before)
            await took()
            if (!this.#stage.calm && rng.chance(0.1)) throw new Error('not now')
            return value
          },
          { retry },
        )
      ctx.compensate('undo', () => this.#begins(ctx.id, 'undo', null))
      const nameOf = (index: number): string => (index === 0 && version === 'v2' && n % 2 === 1 ? 'first' : `s${index}`)
      for (let index = 0; index < n % (STEPS_MAX + 1); index++) log.push(await step(nameOf(index), index === 0 ? null : nameOf(index - 1), index * n))
      if (n % 4 === 3 && round === 0) ctx.continueAs({ n, round: 1 })
      const [left, doubled] = await Promise.all([step('left', null, 'left'), ctx.call(double, n), ctx.sleep((n * 137) % 900)])
      log.push(left, doubled)
      const tries = await ctx.run('flaky', ({ attempt }) => (attempt > n % 3 ? n % 3 : Promise.reject(new Error(`attempt ${attempt}`))), { retry })
      log.push(tries)
      const once = async ({ key }: StepContext): Promise<void> => {
        this.#beginsOnce(key)
        for (let wait = 0; wait < 5; wait++) await took()
      }
      await ctx.run('once', once, { retry: { attempts: 1 } }).catch(() => null) // its worker may have died in it
      log.push(...(await this.#steps.ask(ctx, { n, before: 'flaky', word: `${left} ${tries} of ${n}`, took })))
      log.push(await this.#outside.promised(ctx, rng, retry))
      // What it asks for next depends on which of the two is first in the history.
      const first = await Promise.race([step('raced', null, 'raced'), ctx.sleep((n * 57) % 60)])
      if (first === 'raced') await ctx.waitFor('never', { timeout: n % 10 })
      else await ctx.sleep(n % 10)
      await this.#outside.shielded(ctx, rng, name => step(name, null, null))
      log.push(...(await Scopes.ask(ctx, { n, took, step: name => step(name, null, null) })))
      log.push(await ctx.waitFor('go'))
      log.push((await ctx.waitFor('never', { timeout: (n * 91) % 500 })) ?? null)
      if (n % 5 === 4) throw new Abort('no more')
      return [...log, round]
    })
    return [saga, double, Scopes.work, Feeds.job(version, took)]
  }

  /** Nothing escapes after what is not acknowledged: what comes before in the code is committed by now. */
  #begins(run: RunId, name: string, before: string | null): void {
    this.#effects++
    const { world, truth, scenario } = this.#stage
    if (before === null || scenario.rollbacks) return
    const known = truth.get(run)
    if (known === undefined) return
    const base = known.events.findLastIndex(({ is }) => is === 'continued')
    const isThere = known.events.some((event, index) => index > base && event.is === 'step_completed' && event.name === before)
    world.expect(isThere, 'a step began before the one before it was committed', () => ({ run, name, before, events: known.events.map(words) }))
  }

  #beginsOnce(key: string): void {
    this.#effects++
    const times = (this.#once.get(key) ?? 0) + 1
    this.#once.set(key, times)
    const { world, scenario } = this.#stage
    if (!scenario.rollbacks) world.expect(times === 1, 'a step with attempts: 1 began twice', () => ({ key, times }))
  }

  /** All that is closed gave what its code gives. */
  expectAll(): void {
    for (const run of this.#stage.truth.runs.values()) {
      if (run.forgotten || Scopes.is(run)) continue
      if (Feeds.is(run)) this.#feeds.expect(run)
      else if (run.row.kind === 'workflow') this.#expect(run)
      else if (run.row.name.startsWith(`${SAGA}.`)) this.#steps.expect(run)
    }
  }

  #expect(run: RunTruth): void {
    const { world, scenario } = this.#stage
    const { row, events } = run
    const facts = () => ({ run: run.id, input: row.input, state: row.state, events: events.map(words) })
    const signals = events.filter(({ is, command }) => is === 'signalled' && command === `go-${run.id}`).length
    for (const one of [this.#messages, this.#outside, this.#routes, this.#anew, this.#scopes]) one.expect(run)
    world.expect(signals <= 1, 'a signal was taken twice (E9)', facts)
    world.expect(
      events.every((event, index) => isNews(events, event, index)),
      'a step has two accepted results',
      facts,
    )
    world.expect(!comesBack(events), 'a run was given to a version that its history does not fit', facts)
    const input = JSON.parse(row.input as string) as Input
    const undone = events.filter(({ is, name }) => is === 'step_completed' && name === 'undo').length
    // Where it is about to begin anew, nothing is left to be undone.
    const undoes = input.n % 4 !== 3 || events.some(({ is }) => is === 'continued')
    world.expect(!isCancelled(events) || !undoes || undone === 1, 'a cancelled workflow did not undo what it had done, once', facts)
    // A code that catches what a cancel interrupts gives what it gives all the same.
    if (!run.closed || row.state === 'terminated' || row.state === 'cancelled') return
    this.#ended++
    if (events.some(isDivergence)) this.#diverged++
    const { output = null } = row as { output?: string | null }
    const gives = expected(input)
    if ('output' in gives)
      world.expect(output === JSON.stringify(gives.output), 'a workflow gave something else than its code', () => ({ ...facts(), output, gives }))
    else {
      const reason = events.at(-1)?.reason
      world.expect(reason === gives.reason && (undone === gives.undone || scenario.rollbacks), 'a workflow did not undo what it had done', () => ({
        ...facts(),
        gives,
      }))
    }
  }
}

/** A process with an SDK's worker in it. */
export class WorkflowWorker {
  readonly #life: Life

  constructor(life: Life) {
    this.#life = life
  }

  get dead(): boolean {
    return this.#life.dead
  }

  die(): void {
    this.#life.world.note(() => `${this.#life.name}  is killed`)
    this.#life.kill()
  }

  freeze(ms: number): void {
    this.#life.world.note(() => `${this.#life.name}  freezes for ${Math.round(ms)} ms`)
    this.#life.pause()
    this.#life.world.after(ms, () => this.#life.resume(true))
  }
}

/** It is the first that says so of its step, since the code began. */
function isNews(events: readonly HistoryEvent[], event: HistoryEvent, index: number): boolean {
  if (event.is !== 'step_completed' && event.is !== 'child_closed') return true
  const base = events.findLastIndex(({ is }, at) => at < index && (is === 'continued' || is === 'started'))
  return !events.some((other, at) => at > base && at < index && other.is === event.is && other.n === event.n)
}

function isDivergence({ is, failure }: HistoryEvent): boolean {
  return is === 'attempt_failed' && (failure as { code?: string } | undefined)?.code === 'diverged'
}

/** To a version that it had diverged on, before it was offered to all again. */
function comesBack(events: readonly HistoryEvent[]): boolean {
  let version: unknown = null
  const misfits = new Set<unknown>()
  for (const event of events) {
    if (event.is === 'routed' || event.is === 'resumed' || event.is === 'continued') misfits.clear()
    if (event.is === 'delivered') {
      version = event.version
      if (misfits.has(version)) return true
    }
    if (isDivergence(event)) misfits.add(version)
  }
  return false
}

function words({ is, n, name }: HistoryEvent): string {
  return [is, n, name].filter(word => word !== undefined).join(' ')
}
