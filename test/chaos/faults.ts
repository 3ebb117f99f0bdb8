import type { Way } from './proxy.ts'
import type { Place, World } from './world.ts'

/** Uniform in [0, 1). */
type Random = () => number

/** One fault, from its beginning to its end; what it is of is drawn. */
export type Fault = (world: World, random: Random, long: boolean) => Promise<void>

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const pick = <T>(of: readonly T[], random: Random): T => of[Math.floor(random() * of.length)] as T
const between = (least: number, most: number, random: Random): number => least + random() * (most - least)
const WAYS: readonly Way[] = ['there', 'back', 'both']

/** Most of them meet the node that serves: the others have less to lose. */
async function victim(world: World, random: Random): Promise<Place> {
  return world.place(random() < 0.75 ? await world.serving() : Math.floor(random() * world.places.length))
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  'kill -9 of a node': async (world, random) => {
    const place = await victim(world, random)
    await place.server.kill('SIGKILL')
    if (random() < 0.5) await pause(between(0, 2_000, random))
    await world.restart(place)
  },
  'SIGSTOP of a node, then SIGCONT': async (world, random, long) => {
    const { server } = await victim(world, random)
    server.send('SIGSTOP')
    await pause(between(1_000, long ? 60_000 : 4_000, random))
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
    database.resetAtCommit(1 + Math.floor(random() * 5))
    await pause(1_000)
    database.heal()
  },
  'slow database': async (world, random) => {
    const { database } = await victim(world, random)
    database.slow(between(20, 400, random))
    await pause(between(1_000, 4_000, random))
    database.heal()
  },
  'restart -m immediate of the database': async (world, random) => {
    await world.postgres?.stop()
    await pause(between(0, 2_000, random))
    await world.postgres?.start()
  },
  'kill -9 of a worker': (world, random) => world.killWorker(Math.floor(random() * world.workers.length)),
}
