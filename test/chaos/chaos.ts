import type { WireSchedule } from '@mainspring/sdk'
import { seeded } from '../../src/core/seeded.ts'
import { check, type Findings } from '../integration/support/checker.ts'
import { Stage, until } from '../integration/support/processes.ts'
import { quiet } from '../integration/support/quiet.ts'
import { recordsIn } from '../integration/support/records.ts'
import { checkSchedules } from './checks.ts'
import { FAULTS } from './faults.ts'
import { World } from './world.ts'

export interface ChaosOptions {
  seed: number
  /** How often each fault happens. */
  rounds: number
  long: boolean
  tell(line: string): void
}

export interface Chaos {
  /** What must not be. */
  wrong: string[]
  findings: Omit<Findings, 'violations'>
  receipts: number
  times: number
  /** By fault: how often, and how long it took from its end until client and workers got on, in ms. */
  faults: Map<string, number[]>
}

/** What must happen after a fault is over before the next. */
const PROGRESS = { receipts: 20, answers: 20 }

/** Real nodes, workers and a real database under load, while one thing after the other breaks; then everything that was promised must be true. */
export async function chaos({ seed, rounds, long, tell }: ChaosOptions): Promise<Chaos> {
  const random = seeded(seed)
  const world = new World(new Stage())
  const faults = new Map<string, number[]>()
  try {
    await world.begin()
    const order = shuffled(Array.from({ length: rounds }, () => Object.keys(FAULTS)).flat(), random)
    for (const [index, name] of order.entries()) {
      await progress(world)
      tell(`${index + 1} of ${order.length}: ${name}`)
      await FAULTS[name]?.(world, random, long)
      const since = performance.now()
      await progress(world)
      faults.set(name, [...(faults.get(name) ?? []), Math.round(performance.now() - since)])
    }
    await world.load.end()
    const end = Date.now()
    await accounted(world, end)
    const { times, wrong } = await checkSchedules(world, end)
    for (const name of world.schedules) await world.client.call('schedules.remove', { name })
    await quiet(world.client, { everyMs: 100 })
    const { violations, ...findings } = await check(world.client, world.load.receipts, recordsIn(world.records))
    const said = world.places.flatMap(({ server }) => server.said.match(/.*(invariant|"level":50).*/g) ?? [])
    return { wrong: [...world.load.complaints, ...violations, ...wrong, ...said], findings, receipts: world.load.receipts.length, times, faults }
  } finally {
    await world.end()
  }
}

async function progress(world: World): Promise<void> {
  const from = world.told()
  await until('the client and the workers get on', () => {
    const { receipts, answers } = world.told()
    return receipts >= from.receipts + PROGRESS.receipts && answers >= from.answers + PROGRESS.answers
  })
}

async function accounted(world: World, end: number): Promise<void> {
  await until(
    'every schedule has accounted for all of it',
    async () => {
      for (const name of world.schedules)
        if (Date.parse((await world.client.call<WireSchedule>('schedules.get', { name })).accounted) < end) return false
      return true
    },
    200,
  )
}

function shuffled<T>(of: readonly T[], random: () => number): T[] {
  const left = [...of]
  return of.map(() => left.splice(Math.floor(random() * left.length), 1)[0] as T)
}
