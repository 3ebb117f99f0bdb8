import { Cancelled, type WorkflowContext, workflow } from '@mainspring/sdk'
import type { RunId } from '../../src/core/ids.ts'
import type { HistoryEvent } from '../../src/core/run.ts'
import { insist, type Stage } from './actors.ts'
import type { Rng } from './rng.ts'
import { NAMESPACE } from './scenario.ts'
import type { RunTruth } from './truth.ts'

const CALL_MS = 3_000
const TICKS = 3
/** Nothing that nobody waits for any more is so long in coming. */
const LONG_MS = 7_200_000
/** A child that does not end by itself. */
const endless = workflow('endless', async (_: unknown, ctx) => ctx.sleep(LONG_MS))

/**
 * Parts of a workflow's code that are cancelled while things break, and what must hold of them: a branch that lost its race takes no signal and none is lost by it, and
 * what a part has not waited for when it ends is taken away: no timer of it is left, and no child runs on.
 */
export class Scopes {
  readonly #stage: Stage
  #dropped = 0
  #givenBack = 0

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get counts(): { dropped: number; givenBack: number } {
    return { dropped: this.#dropped, givenBack: this.#givenBack }
  }

  static get work(): typeof endless {
    return endless
  }

  static is({ row }: RunTruth): boolean {
    return row.name === endless.name
  }

  /** The side of the code. */
  static async ask(ctx: WorkflowContext, { n, took, step }: Asked): Promise<unknown[]> {
    const got = new Set<number>()
    for (let round = 0; got.size < TICKS; round++) {
      const pause = (20 + ((n * 31) % 100)) * 2 ** Math.min(round, 8)
      const tick = await ctx.race([() => ctx.waitFor<number>('tick'), () => ctx.sleep(pause).then(() => null), () => ctx.sleep(LONG_MS)])
      if (typeof tick === 'number') got.add(tick)
    }
    const held = async ({ signal }: { signal: AbortSignal }): Promise<void> => {
      for (let wait = 0; wait < 3; wait++) {
        if (signal.aborted) throw signal.reason
        await took()
      }
    }
    const end = await ctx
      .scope({ timeout: 10 + (n % 90) }, async () => {
        try {
          return await ctx.all([() => ctx.sleep(LONG_MS), () => ctx.call(endless), () => ctx.run('held', held)])
        } finally {
          await ctx.shielded(() => step('cleaned'))
        }
      })
      .catch((error: unknown) => {
        if (error instanceof Cancelled && error.timedOut) return 'cut'
        throw error
      })
    return [...got].sort().concat(end as never)
  }

  static gives(): unknown[] {
    return [...Array.from({ length: TICKS }, (_, tick) => tick), 'cut']
  }

  async tickAt(run: RunId, rng: Rng): Promise<void> {
    for (let tick = 0; tick < TICKS; tick++) {
      await this.#stage.world.sleep(rng.between(0, 3_000))
      if (this.#stage.calm) return
      await this.#tick(run, tick, rng)
    }
  }

  /** What nobody could be told while things broke is told now; what it has been told is told once more, and changes nothing. */
  async tickAll(run: RunId, rng: Rng): Promise<void> {
    for (let tick = 0; tick < TICKS; tick++) await this.#tick(run, tick, rng)
  }

  async #tick(run: RunId, tick: number, rng: Rng): Promise<void> {
    await insist(this.#stage, rng, 4, {
      name: `tick ${run.slice(-5)} ${tick}`,
      timeoutMs: CALL_MS,
      repeatable: true,
      run: engine => engine.runs.signal(NAMESPACE, run, { name: 'tick', payload: `${tick}` }, { id: `tick-${tick}-${run}`, by: null }),
    })
  }

  expect({ id, events, row }: RunTruth): void {
    const { world, truth, scenario } = this.#stage
    const facts = () => ({ run: id, state: row.state, events: events.map(words) })
    const base = Math.max(
      0,
      events.findLastIndex(({ is }) => is === 'continued'),
    )
    const since = events.slice(base)
    const dropped = since.filter(({ is }) => is === 'dropped')
    this.#dropped += dropped.length
    this.#givenBack += dropped.filter(({ signal }) => signal !== undefined).length
    const taken = takenBy(since, base)
    world.expect(new Set(taken).size === taken.length, 'a signal was taken by two branches', facts)
    world.expect(
      taken.every((signal, index) => index === 0 || signal > (taken[index - 1] as number)),
      'signals were not taken in their order, since a branch that lost had one',
      facts,
    )
    for (const { n } of dropped) {
      const child = since.find(event => event.is === 'child_asked' && event.n === n)?.run as RunId | undefined
      const row = child === undefined ? undefined : truth.get(child)
      world.expect(row === undefined || row.closed || row.forgotten || scenario.rollbacks, 'a child that nobody waits for any more runs on', facts)
    }
    if (row.state !== 'completed') return
    // Where a clock jumps ahead, such a timer goes off.
    const ended = new Set(since.filter(({ is }) => is === 'dropped' || is === 'timer_fired').map(({ n }) => n))
    const left = since.find(({ is, n, at, dueAt }) => is === 'timer_set' && Number(dueAt) - Number(at) >= LONG_MS && !ended.has(n))
    world.expect(left === undefined, 'a timer that nobody waits for any more was left', facts)
    const cleaned = since.filter(({ is, name }) => is === 'step_completed' && name === 'cleaned').length
    world.expect(cleaned === 1, 'what cleans up after a scope was not brought to its end', facts)
  }
}

interface Asked {
  n: number
  took: () => Promise<void>
  step: (name: string) => Promise<unknown>
}

/** The numbers of the events of ticks that were taken for good, in the order of their waits. `base`: the number of the first event. */
function takenBy(events: readonly HistoryEvent[], base: number): number[] {
  const takes = new Map<number, number>()
  for (const [index, { is, n, name, signal, taken }] of events.entries()) {
    if (is === 'signalled' && name === 'tick' && n !== undefined) takes.set(n as number, base + index)
    else if (is === 'waiting' && signal === 'tick' && taken !== undefined) takes.set(n as number, taken as number)
    else if (is === 'dropped' && signal !== undefined) takes.delete(n as number)
  }
  return [...takes.entries()].sort(([a], [b]) => a - b).map(([, taken]) => taken)
}

function words({ is, n, name, signal, taken }: HistoryEvent): string {
  return [is, n, name, signal, taken].filter(word => word !== undefined).join(' ')
}
