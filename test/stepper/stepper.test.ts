import { afterAll, describe, expect, test } from 'vitest'
import { explore, type Taken } from './explore.ts'
import { ISOLATIONS, type Isolation, PLANTS, type Plant } from './plants.ts'
import { SCENARIOS } from './scenarios.ts'
import { met, World } from './world.ts'

const worlds: World[] = []
afterAll(() => Promise.all(worlds.map(world => world.close())))

async function open(isolation: Isolation, plant: Plant | null): Promise<World> {
  const world = await World.open(isolation, plant)
  worlds.push(world)
  return world
}

/** What is wrong in the first order that shows anything, with its steps. */
async function faultsOf(world: World, name: string): Promise<{ orders: number; wrong: string | null }> {
  const scenario = SCENARIOS[name] as NonNullable<(typeof SCENARIOS)[string]>
  let current: Awaited<ReturnType<typeof scenario>>
  let wrong: string | null = null
  const orders = await explore(
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

describe.each(ISOLATIONS)('at %s', isolation => {
  let world: Promise<World> | null = null
  test.each(Object.keys(SCENARIOS))('%s: whatever the order of their statements', async name => {
    world ??= open(isolation, null)
    const { orders, wrong } = await faultsOf(await world, name)
    console.log(`${isolation}, ${name}: ${orders} orders`)
    expect(wrong).toBeNull()
  })
})

describe('a rule that is broken is seen', () => {
  test.each(Object.entries(PLANTS))('%s', async (_, plant) => {
    const { wrong } = await faultsOf(await open(plant.at, plant), plant.seenIn)
    for (const [is] of plant.sql ?? []) expect(met, 'a statement has what is planted').toContain(is)
    expect(wrong).not.toBeNull()
  })
})
