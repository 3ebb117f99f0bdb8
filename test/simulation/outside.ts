import type { WorkflowContext } from '@mainspring/sdk'
import type { RunId } from '../../src/core/ids.ts'
import type { HistoryEvent } from '../../src/core/run.ts'
import { insist, type Stage } from './actors.ts'
import type { Rng } from './rng.ts'
import { NAMESPACE } from './scenario.ts'
import type { RunTruth } from './truth.ts'

const CALL_MS = 3_000
const YES = '"yes"'

/**
 * What reaches a workflow from outside while things break: promises that are settled by their token, and cancels. A promise is settled once, by whoever was told so;
 * who was told so is told the same again. What the code shields from a cancel is brought to its end.
 */
export class Outside {
  readonly #stage: Stage
  /** Tokens that the code gave away. */
  readonly #tokens = new Map<string, { run: RunId; rng: Rng }>()
  #settled = 0
  #cancelled = 0

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get counts(): { settled: number; cancelled: number } {
    return { settled: this.#settled, cancelled: this.#cancelled }
  }

  /** The side of the code: the token goes out by a step. */
  async promised(ctx: WorkflowContext, rng: Rng, retry: object): Promise<unknown> {
    const { token, result } = await ctx.promise('word')
    await ctx.run('tell', () => this.#told(ctx.id, token, rng), { retry })
    return result
  }

  /** What is begun in there is ended, cancel or not; some are cancelled just then. */
  async shielded(ctx: WorkflowContext, rng: Rng, step: (name: string) => Promise<unknown>): Promise<void> {
    await ctx.shielded(async () => {
      const reserve = (): void => void (rng.chance(0.15) && this.cancelWithin(100, ctx.id, rng))
      await ctx.run('reserve', reserve)
      await step('book')
    })
  }

  #told(run: RunId, token: string, rng: Rng): void {
    if (this.#tokens.has(token)) return
    this.#tokens.set(token, { run, rng: rng.fork() })
    const { world } = this.#stage
    // Two people have it, one of whom may press twice.
    for (const by of ['ana', 'ben']) world.after(rng.between(0, 3_000), () => void this.#settle(token, by))
    if (rng.chance(0.5)) world.after(rng.between(0, 20_000), () => void this.#settle(token, 'ana'))
  }

  /** What nobody could be told while things broke is told now. */
  async settleAll(): Promise<void> {
    for (const { id, events, closed } of this.#stage.truth.runs.values()) if (!closed) this.#toldAnew(id, events)
    for (const [token, { run }] of this.#tokens) if (this.#stage.tables.open.has(run)) await this.#settle(token, 'ana')
  }

  /** A fork goes on with a promise whose old token was told before: whoever knows both runs knows the new one. */
  #toldAnew(run: RunId, events: readonly HistoryEvent[]): void {
    const kept = (events[0]?.kept as number | undefined) ?? 0
    for (const { is, token } of events.slice(1, 1 + kept)) {
      if (is !== 'promise_made' || this.#tokens.has(String(token))) continue
      const old = [...this.#tokens].find(([told]) => told.split('.')[1] === String(token).split('.')[1])
      if (old !== undefined) this.#tokens.set(`${run}.${old[0].split('.')[1]}`, { run, rng: old[1].rng.fork() })
    }
  }

  async #settle(token: string, by: string): Promise<void> {
    const { run, rng } = this.#tokens.get(token) as { run: RunId; rng: Rng }
    const { world, scenario, truth } = this.#stage
    const id = `settle-${by}-${token}`
    const outcome = await insist(this.#stage, rng, 6, {
      name: `settle ${run.slice(-5)} ${by}`,
      timeoutMs: CALL_MS,
      repeatable: true,
      run: engine => engine.runs.settle(NAMESPACE, token, { output: YES }, { id, by }),
    })
    if (outcome.is === 'lost' || scenario.rollbacks) return
    const isThere = truth.get(run)?.events.some(({ is, command }) => is === 'promise_settled' && command === id) === true
    const facts = () => ({ run, by, outcome, events: truth.get(run)?.events.map(({ is, command }) => `${is} ${command ?? ''}`) })
    if (outcome.is === 'answer') {
      this.#settled++
      const isOther = truth
        .get(run)
        ?.events.some(({ is, command }) => is === 'promise_settled' && command === `settle-${by === 'ana' ? 'ben' : 'ana'}-${token}`)
      world.expect(isOther !== true, 'a promise was settled twice', facts)
      world.expect(isThere, 'a promise was said to be settled before that was committed', facts)
    } else if (outcome.error.code === 'promise-not-found' && truth.get(run)?.closed === false)
      // A run that is closed remembers no commands.
      world.expect(!isThere, 'whoever has settled a promise was told that it is not there', facts)
  }

  /** A person changes his mind about some runs. */
  cancelWithin(ms: number, run: RunId, rng: Rng): void {
    const { world } = this.#stage
    const own = rng.fork()
    world.after(own.between(0, ms), () => {
      if (this.#stage.calm) return
      void insist(this.#stage, own, 4, {
        name: `cancel ${run.slice(-5)}`,
        timeoutMs: CALL_MS,
        repeatable: true,
        run: engine => engine.runs.cancel(NAMESPACE, run, { id: `cancel-${run}`, by: null }),
      })
    })
  }

  expect({ id, events, row, closed }: RunTruth): void {
    const { world } = this.#stage
    const facts = () => ({
      run: id,
      state: row.state,
      events: events.map(({ is, n, name }) => [is, n, name].filter(one => one !== undefined).join(' ')),
    })
    const settled = events.filter(({ is }) => is === 'promise_settled')
    world.expect(new Set(settled.map(({ n }) => n)).size === settled.length, 'a promise was settled twice', facts)
    if (!closed || !isCancelled(events)) return
    this.#cancelled++
    world.expect(!completed(events, 'reserve') || completed(events, 'book'), 'what was shielded from a cancel was not brought to its end', facts)
  }
}

/** By its own code, which a cancel has interrupted. */
export function isCancelled(events: readonly HistoryEvent[]): boolean {
  return events.at(-1)?.is === 'cancelled' && events.some(({ is }) => is === 'cancel_requested')
}

function completed(events: readonly HistoryEvent[], step: string): boolean {
  return events.some(({ is, name }) => is === 'step_completed' && name === step)
}
