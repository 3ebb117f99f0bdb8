import { until } from '../integration/support/processes.ts'
import type { Reset, Way } from './proxy.ts'
import type { Place, World } from './world.ts'

/** Uniform in [0, 1). */
type Random = () => number

/** One fault, from its beginning to its end; what it is of is drawn. */
export type Fault = (world: World, random: Random, long: boolean) => Promise<void>

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const pick = <T>(of: readonly T[], random: Random): T => of[Math.floor(random() * of.length)] as T
const between = (least: number, most: number, random: Random): number => least + random() * (most - least)
const WAYS: readonly Way[] = ['there', 'back', 'both']
/** A COMMIT that lands after its connection died: more often than not after whoever sent it has settled what became of it. */
const LATE_MS = [5, 5_000] as const

/** Most of them meet the node that serves: the others have less to lose. */
async function victim(world: World, random: Random): Promise<Place> {
  const awake = world.places.filter(({ asleep }) => !asleep)
  const serving = random() < 0.75 ? await world.serving() : undefined
  return awake.find(place => place === serving) ?? pick(awake, random)
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  'kill -9 of a node': async (world, random) => {
    const place = await victim(world, random)
    await place.server.kill('SIGKILL')
    if (random() < 0.5) await pause(between(0, 2_000, random))
    await world.restart(place)
  },
  'SIGSTOP of a node, then SIGCONT': async (world, random, long) => {
    // In the long form the next faults happen meanwhile.
    if (long) return world.sleep(await victim(world, random), between(5_000, 60_000, random))
    const { server } = await victim(world, random)
    server.send('SIGSTOP')
    await pause(between(1_000, 4_000, random))
    server.send('SIGCONT')
  },
  'partition between a node and the database': async (world, random) => {
    const { database } = await victim(world, random)
    database.partition(pick(WAYS, random))
    await pause(between(500, 5_000, random))
    database.heal()
  },
  'partition between nodes': async (world, random) => {
    const { peers } = await victim(world, random)
    peers.partition(pick(WAYS, random))
    await pause(between(500, 5_000, random))
    peers.heal()
  },
  'connections reset at COMMIT': async (world, random) => {
    const { database } = await victim(world, random)
    const drawn = (): Reset => pick(['lost', 'unanswered', between(...LATE_MS, random)], random)
    database.resetAtCommit(...Array.from({ length: 1 + Math.floor(random() * 5) }, drawn))
    await until('as many COMMITs have met a reset', () => database.resetsLeft === 0)
  },
  'slow database': async (world, random) => {
    const { database } = await victim(world, random)
    database.slow(between(20, 400, random))
    await pause(between(1_000, 4_000, random))
    database.heal()
  },
  'restart -m immediate of the database': async (world, random) => {
    await world.postgres.stop()
    await pause(between(0, 2_000, random))
    await world.postgres.start()
  },
  'full disk of the database': async (world, random) => {
    const { postgres, disk } = world
    if (disk === null) return
    const told = (): number =>
      world.places.reduce((sum, { server }) => sum + (server.said.match(/the disk of the store is at fault/g)?.length ?? 0), 0)
    const before = told()
    disk.fill()
    // What it has may do for a while: until a node says that it does not, or the database has ended for want of it.
    await until('the disk is felt', () => postgres.ended || told() > before)
    await pause(between(0, 2_000, random))
    disk.free()
    await until('the database answers', async () => {
      if (postgres.ended) await postgres.start()
      return postgres.answers()
    })
  },
  'kill -9 of a worker': (world, random) => world.killWorker(Math.floor(random() * world.workers.length)),
}
