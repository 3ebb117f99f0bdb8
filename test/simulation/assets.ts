import { assetStateOf } from '../../src/engine/assets/calls.ts'
import { assetId } from '../../src/engine/assets/ids.ts'
import type { DefinitionOptions } from '../../src/engine/face.ts'
import { scheduleId, scheduleStateOf } from '../../src/engine/schedules/view.ts'
import type { AssetExpression } from '../../src/machines/asset/expression.ts'
import { freshId, insist, type Stage } from './actors.ts'
import type { Rng } from './rng.ts'
import { DEFINITIONS, NAMESPACE } from './scenario.ts'

const [MAKER, TARGET] = DEFINITIONS
const MADE = 's3://made'
const SAID = 's3://said'
const CALL_MS = 4_000

/** What one definition of a world makes. */
export const MAKING: Readonly<Record<string, DefinitionOptions>> = { [MAKER]: { outlets: [{ asset: MADE }] } }

const WAITS: Readonly<Record<string, AssetExpression>> = { 'waits-all': { all: [MADE, SAID] }, 'waits-any': { any: [MADE, SAID] } }

export function isAssetSchedule(name: string): boolean {
  return WAITS[name] !== undefined
}

interface Trigger {
  is: string
  schedule?: string
  assets?: { events: { asset: string; n: number }[]; more?: number }
}

/**
 * Schedules that wait for what runs make and somebody says, through crashes, takeovers and repeated calls: each run that completes makes one event, each call
 * that is acknowledged one, and each event has a part in one run of each schedule, in its order.
 */
export class Assets {
  readonly #stage: Stage
  #said = 0
  readonly #numbers = new Set<number>()
  given = 0

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get counts(): Record<string, number> {
    return { eventsSaid: this.#said, eventsGiven: this.given }
  }

  async waits(rng: Rng): Promise<void> {
    for (const [name, assets] of Object.entries(WAITS)) {
      const target = { definition: TARGET, input: '{}', options: { retry: { attempts: 2, initialMs: 100 } } }
      const spec = { timetable: {}, assets, target, overlap: 'allow' as const, catchup: { policy: 'all' as const, windowMs: null }, jitterMs: 0 }
      const id = freshId(this.#stage, rng)
      await insist(this.#stage, rng, 100, {
        name: `put ${name}`,
        timeoutMs: CALL_MS,
        repeatable: true,
        run: engine => engine.schedules.put(NAMESPACE, name, { spec, origin: { is: 'api' }, id, by: null }),
      })
    }
  }

  async says(rng: Rng): Promise<void> {
    const { world, scenario } = this.#stage
    while (!this.#stage.calm) {
      await world.sleep(rng.wait(scenario.thinkMs))
      if (this.#stage.calm) return
      const id = freshId(this.#stage, rng)
      await insist(this.#stage, rng, 6, {
        name: `say ${id}`,
        timeoutMs: CALL_MS,
        repeatable: true,
        run: engine => engine.assets.emit(NAMESPACE, SAID, { id, by: null }),
        said: ({ outcome }) => {
          if (outcome.is === 'answer') this.#acknowledged((outcome.value as { n: number }).n, id)
        },
      })
    }
  }

  readonly #ids = new Map<string, number>()
  #acknowledged(n: number, id: string): void {
    const known = this.#ids.get(id)
    this.#ids.set(id, n)
    if (this.#stage.scenario.rollbacks) return
    this.#stage.world.expect(known === undefined || known === n, 'a call that was repeated made two events', () => ({ id, known, n }))
    if (known === undefined) {
      this.#stage.world.expect(!this.#numbers.has(n), 'two calls were told of one event', () => ({ id, n }))
      this.#numbers.add(n)
      this.#said++
    }
  }

  /** What a store that went back has lost is outside of the promises (E2). */
  expectAll(): void {
    const { world, truth, scenario, tables } = this.#stage
    if (scenario.rollbacks) return
    const events = (asset: string): number => {
      const row = tables.open.get(assetId(NAMESPACE, asset))
      return row === undefined ? 0 : assetStateOf(row).count
    }
    const runs = [...truth.runs.values()]
    const completed = runs.filter(({ row }) => row.name === MAKER && row.kind === 'job' && row.state === 'completed').length
    world.expect(events(MADE) === completed, 'not each run that completed made one event', () => ({ completed, events: events(MADE) }))
    world.expect(events(SAID) >= this.#said, 'an event was acknowledged and is lost', () => ({ said: this.#said, events: events(SAID) }))
    for (const name of Object.keys(WAITS)) this.#expectGiven(name, events)
  }

  #expectGiven(name: string, events: (asset: string) => number): void {
    const { world, truth, tables } = this.#stage
    const row = tables.open.get(scheduleId(NAMESPACE, name))
    if (row === undefined) return
    const { assets = {}, carried = {} } = scheduleStateOf(row)
    const lines = [...(tables.ledgers.get(row.id)?.values() ?? [])]
    // What was refused (a run like it was open) had its events as well, and what is beyond the last hundred is a number.
    let whole = !lines.some(({ account }) => account === 'refused')
    const given = new Map<string, number[]>()
    const give = (asset: string, n: number): void => void given.set(asset, [...(given.get(asset) ?? []), n])
    for (const run of truth.runs.values()) {
      const trigger = run.events[0]?.trigger as Trigger | undefined
      if (trigger?.is !== 'schedule' || trigger.schedule !== name) continue
      for (const { asset, n } of trigger.assets?.events ?? []) give(asset, n)
      if (trigger.assets?.more !== undefined) whole = false
    }
    for (const { events } of Object.values(carried)) for (const { asset, n } of events) give(asset, n)
    for (const [asset, wait] of Object.entries(assets)) {
      for (const { n } of wait.events) give(asset, n)
      if (wait.more > 0) whole = false
      world.expect(wait.linked, 'an asset does not tell a schedule that waits for it', () => ({ name, asset }))
    }
    for (const [asset, numbers] of given) {
      const sorted = [...numbers].sort((a, b) => a - b)
      this.given += numbers.length
      const facts = () => ({ name, asset, sorted, events: events(asset) })
      world.expect(new Set(numbers).size === numbers.length, 'an event triggered twice', facts)
      const dense = sorted.every((n, index) => n === (sorted[0] as number) + index) && sorted.at(-1) === events(asset)
      if (whole) world.expect(dense, 'an event triggered nothing', facts)
    }
  }
}
