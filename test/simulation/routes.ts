import type { HistoryEvent } from '../../src/core/run.ts'
import { type Routes as Setting, VERSIONS_SETTING } from '../../src/engine/settings.ts'
import { routeOf } from '../../src/engine/workflows/versions.ts'
import type { Batch } from '../../src/store/store.ts'
import { insist, type Stage } from './actors.ts'
import type { Rng } from './rng.ts'
import { NAMESPACE } from './scenario.ts'
import type { RunTruth } from './truth.ts'

const CALL_MS = 3_000

/**
 * An operator ramps versions of a workflow and takes it back. What was routed to a version goes to that one alone, until it does not fit or nobody has taken it for
 * a minute; and each run goes where some word that was committed by then has it go: the same runs, however the share grows.
 */
export class Routes {
  readonly #stage: Stage
  readonly #name: string
  readonly #versions: readonly string[]
  /** All that ever stood. */
  readonly #set: Setting[] = []
  #ramps = 0
  #routed = 0

  constructor(stage: Stage, name: string, versions: readonly string[]) {
    this.#stage = stage
    this.#name = name
    this.#versions = versions
  }

  get counts(): { ramps: number; routed: number } {
    return { ramps: this.#ramps, routed: this.#routed }
  }

  async operate(rng: Rng): Promise<void> {
    const { world } = this.#stage
    while (!this.#stage.calm) {
      await world.sleep(rng.between(2_000, 20_000))
      if (this.#stage.calm) return
      const version = rng.pick(this.#versions)
      const percent = rng.pick([0, 10, 50, 50, 100])
      const isBack = rng.chance(0.3)
      const outcome = await insist<void>(this.#stage, rng, 4, {
        name: isBack ? 'roll back' : `ramp ${version} ${percent}`,
        timeoutMs: CALL_MS,
        repeatable: true,
        run: ({ versions }) =>
          isBack ? versions.rollback(NAMESPACE, this.#name, 'ana') : versions.ramp(NAMESPACE, this.#name, { version, percent }, 'ana'),
      })
      if (outcome.is === 'answer') this.#ramps++
    }
  }

  committed({ writes }: Batch): void {
    for (const { kind, name, value } of writes.settings)
      if (kind === VERSIONS_SETTING && name === this.#name && value !== null) this.#set.push(JSON.parse(value) as Setting)
  }

  expect({ id, events }: RunTruth): void {
    const { world } = this.#stage
    const facts = () => ({
      run: id,
      set: this.#set,
      events: events.map(({ is, version }) => [is, version].filter(one => one !== undefined).join(' ')),
    })
    for (const { is, version, command } of events) {
      if (is !== 'routed' || version === undefined || command !== undefined) continue
      this.#routed++
      world.expect(
        this.#set.some(routes => routeOf(routes, id) === version),
        'a run was routed to a version that nobody has it go to',
        facts,
      )
    }
    world.expect(!strays(events), 'a run went to another version than the one that it was routed to', facts)
  }
}

function strays(events: readonly HistoryEvent[]): boolean {
  let route: unknown
  let version: unknown
  for (const event of events) {
    if (event.is === 'routed') route = event.version
    if (event.is === 'resumed') route = undefined
    if (event.is === 'delivered') {
      version = event.version
      // A delivery that was adopted tells no version.
      if (route !== undefined && version !== undefined && version !== route) return true
    }
    if (event.is === 'attempt_failed' && (event.failure as { code?: string } | undefined)?.code === 'diverged' && version === route) route = undefined
  }
  return false
}
