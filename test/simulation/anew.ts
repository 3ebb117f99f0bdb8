import type { RunId } from '../../src/core/ids.ts'
import type { HistoryEvent } from '../../src/core/run.ts'
import { insist, type Stage } from './actors.ts'
import type { Rng } from './rng.ts'
import { NAMESPACE } from './scenario.ts'
import type { RunTruth } from './truth.ts'

const CALL_MS = 3_000

/**
 * Workflows that go on from a point of another run: forks of those that are closed, resets of any. The new run has the results from before that point, and none from
 * it on; a reset ends the old one and takes along the signals that came later. A repeated call is the same run.
 */
export class Anew {
  readonly #stage: Stage
  readonly #names: readonly string[]
  readonly #known = new Map<string, RunId>()
  #forked = 0

  constructor(stage: Stage, names: readonly string[]) {
    this.#stage = stage
    this.#names = names
  }

  get counts(): { forked: number } {
    return { forked: this.#forked }
  }

  async operate(runs: readonly RunId[], rng: Rng): Promise<void> {
    const { world } = this.#stage
    while (!this.#stage.calm) {
      await world.sleep(rng.between(1_000, 12_000))
      if (this.#stage.calm) return
      if (runs.length > 0) await this.#again(rng.pick(runs), rng)
    }
  }

  async #again(run: RunId, rng: Rng): Promise<void> {
    const { world, scenario, truth } = this.#stage
    const reset = rng.chance(0.4)
    const from = reset ? rng.pick(this.#names) : rng.pick([null, rng.whole(1, 9), rng.pick(this.#names)])
    const id = `${reset ? 'reset' : 'fork'}-${run}-${from}`
    const send = () =>
      insist(this.#stage, rng, 4, {
        name: `${reset ? 'reset' : 'fork'} ${run.slice(-5)} ${from}`,
        timeoutMs: CALL_MS,
        repeatable: true,
        run: engine => engine.runs.fork(NAMESPACE, run, { from, reset }, { id, by: 'ana' }),
        said: ({ outcome }) => {
          if (outcome.is !== 'answer' || scenario.rollbacks) return
          const { value } = outcome
          const facts = () => ({ run, id, value, first: this.#known.get(id) })
          world.expect(truth.ever.has(value), 'a fork was answered and its run is not committed (E4)', facts)
          world.expect((this.#known.get(id) ?? value) === value, 'a repeated fork was answered with another run (E9)', facts)
          this.#known.set(id, value)
        },
      })
    await send()
    if (rng.chance(0.3)) await send()
  }

  expect(run: RunTruth): void {
    const [began] = run.events
    if (began === undefined) return
    const { of, from } = (began.trigger ?? {}) as { of?: RunId; from?: { n: number } }
    const old = of === undefined || from === undefined ? undefined : this.#stage.truth.get(of)
    if (old === undefined || from === undefined || old.forgotten) return
    this.#forked++
    const { world } = this.#stage
    const kept = run.events.slice(1, 1 + ((began.kept as number | undefined) ?? 0))
    const facts = () => ({ run: run.id, of, from, kept: kept.map(words), old: old.events.map(words), events: run.events.map(words) })
    // One that was open when it was forked may have begun anew since.
    const points = old.events.flatMap(({ is }, base) => (is === 'started' || is === 'continued' ? pointOf(old.events, base, from.n) : []))
    const results = kept.filter(isEnd)
    world.expect(
      points.some(({ before }) => same(results, before)),
      'a fork has not the results from before its point, and these alone',
      facts,
    )
    const after = points.at(-1)?.after ?? []
    const isReset = after.some(({ is, why }) => is === 'terminated' && String(why).includes(run.id))
    const signals = isReset ? after.filter(({ is }) => is === 'signalled').map(({ command }) => command) : []
    world.expect(
      signals.every(signal => kept.some(({ is, command }) => is === 'signalled' && command === signal)),
      'a reset lost a signal that came after its point',
      facts,
    )
  }
}

/** Results from the beginning of the code on, up to where the history first tells of an operation; and all after that. */
function pointOf(events: readonly HistoryEvent[], base: number, n: number): { before: HistoryEvent[]; after: readonly HistoryEvent[] }[] {
  const cut = events.findIndex((event, index) => index > base && event.n === n)
  return cut < 0 ? [] : [{ before: events.slice(base, cut).filter(isEnd), after: events.slice(cut) }]
}

/** What the code goes on with. */
function isEnd({ is, retryAt, parked }: HistoryEvent): boolean {
  return (
    is === 'step_completed' ||
    is === 'child_closed' ||
    is === 'promise_settled' ||
    (is === 'step_failed' && retryAt === undefined && parked === undefined)
  )
}

function same(some: readonly HistoryEvent[], others: readonly HistoryEvent[]): boolean {
  const told = ({ is, n, name, output, failure }: HistoryEvent): string => JSON.stringify([is, n, name, output, failure])
  return some.map(told).join() === others.map(told).join()
}

function words({ is, n, name }: HistoryEvent): string {
  return [is, n, name].filter(word => word !== undefined).join(' ')
}
