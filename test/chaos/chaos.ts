import type { WireSchedule } from '@mainspring/sdk'
import { seeded } from '../../src/core/seeded.ts'
import { check, type Findings } from '../integration/support/checker.ts'
import * as limited from '../integration/support/limited-jobs.ts'
import { Stage, until } from '../integration/support/processes.ts'
import { quiet } from '../integration/support/quiet.ts'
import { recordsIn } from '../integration/support/records.ts'
import { checkMemory, checkSchedules, checkTables, Waiting } from './checks.ts'
import { FAULTS } from './faults.ts'
import { checkLimits } from './limits.ts'
import { type Place, World } from './world.ts'

export interface ChaosOptions {
  seed: number
  /** How often each fault happens. */
  rounds: number
  /** Nodes stand still for up to a minute, while the next faults happen. */
  long: boolean
  /** How many fire every second. */
  schedules: number
  tell(line: string): void
}

export interface Chaos {
  /** What must not be. */
  wrong: string[]
  findings: Omit<Findings, 'violations'>
  receipts: number
  times: number
  /** Handlers of what is limited that began. */
  limited: number
  /** How often a run that waits was explained. */
  explained: number
  /** By fault: how often, and how long it took from its end until clients and workers got on, in ms; of a node that stands still meanwhile, from its beginning. */
  faults: Map<string, number[]>
}

/** What must happen after a fault is over before the next. */
const PROGRESS = { receipts: 20, answers: 20 }

const LIMITED: ReadonlySet<string> = new Set(Object.values(limited).flatMap(one => (typeof one === 'object' ? [one.name] : [])))

/** Real nodes, workers and a real database under load, while one thing after the other breaks; then everything that was promised must be true. */
export async function chaos({ seed, rounds, long, schedules, tell }: ChaosOptions): Promise<Chaos> {
  const random = seeded(seed)
  const world = new World(new Stage(), schedules)
  const waiting = new Waiting()
  const faults = new Map<string, number[]>()
  try {
    await world.begin()
    const kinds = Object.keys(FAULTS).filter(name => name !== 'full disk of the database' || world.disk !== null)
    const order = shuffled(Array.from({ length: rounds }, () => kinds).flat(), random)
    for (const [index, name] of order.entries()) {
      await progress(world)
      await waiting.look(awake(world).server.client())
      tell(`${index + 1} of ${order.length}: ${name}`)
      await FAULTS[name]?.(world, random, long)
      const since = performance.now()
      await progress(world)
      faults.set(name, [...(faults.get(name) ?? []), Math.round(performance.now() - since)])
    }
    await world.awake()
    await Promise.all([...world.loads, world.limited].map(load => load.end()))
    const end = Date.now()
    await accounted(world, end)
    const { times, wrong } = await checkSchedules(world, end)
    for (const name of world.schedules) await world.client.call('schedules.remove', { name })
    await quiet(world.client, { everyMs: 100 })
    wrong.push(...waiting.wrong, ...checkMemory(world), ...(await checkTables(world.postgres)))
    const receipts = world.loads.flatMap(({ receipts }) => receipts)
    const { violations, ...findings } = await check(world.client, receipts, recordsIn(world.records), ({ definition }) => !LIMITED.has(definition))
    const limits = await checkLimits(world.client, world.limited.receipts, limited.witnessesIn(world.witnesses), world.killedAt)
    wrong.push(...world.loads.flatMap(({ complaints }) => complaints), ...violations, ...limits.wrong)
    wrong.push(
      ...world.places.flatMap(({ server }) => server.said.match(/.*(invariant|"level":50(?!.*("fault":"full"|the store does not answer))).*/g) ?? []),
    )
    return {
      ...{ wrong, findings, times, faults },
      ...{ receipts: receipts.length + world.limited.receipts.length, limited: limits.executions, explained: waiting.looks },
    }
  } finally {
    await world.end()
  }
}

function awake(world: World): Place {
  return world.places.find(({ asleep }) => !asleep) as Place
}

async function progress(world: World): Promise<void> {
  const from = world.told()
  await until('the clients and the workers get on', () => {
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
