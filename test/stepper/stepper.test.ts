import { describe, expect, test } from 'vitest'
import { LONG } from '../integration/support/processes.ts'
import { draw, explore, type Taken } from './explore.ts'
import { ISOLATIONS, type Isolation, PLANTS, type Plant } from './plants.ts'
import { SCENARIOS } from './scenarios.ts'
import { World } from './world.ts'

/** Hundreds of orders of a dozen steps, each some turns between processes. */
const HANGS_MS = 600_000

/** Where transactions are refused and begun again, there are hundreds of orders: so many are drawn, in the long form (MAINSPRING_LONG=1) all are taken. */
const DRAWN = 20

/** What is wrong in the first order that shows anything, with its steps. */
async function faultsOf(world: World, name: string, drawn = false): Promise<{ orders: number; wrong: string | null }> {
  const scenario = SCENARIOS[name] as NonNullable<(typeof SCENARIOS)[string]>
  let current: Awaited<ReturnType<typeof scenario>>
  let wrong: string | null = null
  const orders = await (drawn ? draw.bind(null, DRAWN) : explore)(
    world.observer,
    async () => {
      current = await scenario(world)
      return current.actors
    },
    async taken => {
      const found = await current.check(taken)
      if (found.length > 0) wrong = [...found, ...taken.map(told)].join('\n')
      return found.length === 0
    },
  )
  return { orders, wrong }
}

function told({ by, what }: Taken): string {
  return `  ${by}: ${what.replace(/\s+/g, ' ').slice(0, 100)}`
}

/** Each in a world of its own, several at once: an order is mostly waiting for the next turn. */
async function inWorld(isolation: Isolation, plant: Plant | null, act: (world: World) => Promise<void>): Promise<void> {
  const world = await World.open(isolation, plant)
  await act(world).finally(() => world.close())
}

describe.each(ISOLATIONS)('at %s', { timeout: HANGS_MS, concurrent: true }, isolation => {
  test.each(Object.keys(SCENARIOS))('%s: whatever the order of their statements', async name =>
    inWorld(isolation, null, async world => {
      const { orders, wrong } = await faultsOf(world, name, isolation !== 'read committed' && !LONG)
      expect(wrong).toBeNull()
      expect(orders).toBeGreaterThan(1)
    }),
  )
})

describe('a rule that is broken is seen', { timeout: HANGS_MS, concurrent: true }, () => {
  test.each(Object.entries(PLANTS))('%s', async (_, plant) =>
    inWorld(plant.at, plant, async world => {
      const { wrong } = await faultsOf(world, plant.seenIn)
      for (const [is] of plant.sql ?? []) expect(world.met, 'a statement has what is planted').toContain(is)
      expect(wrong).not.toBeNull()
    }),
  )
})
