import { newId } from '../../src/core/ids.ts'
import { bornRow, type Lane, openLane, touchedRow } from '../../src/store/conformance/fixtures.ts'
import {
  ALL_SHARDS,
  type Answer,
  type Batch,
  CLAIMS_READ,
  type Claim,
  type ClaimRequest,
  noWrites,
  type OpenRow,
  type Store,
  StoreFenced,
  StoreUnavailable,
} from '../../src/store/store.ts'
import type { Actor, Taken } from './explore.ts'
import type { World } from './world.ts'

/** Interleavings of two, and what must be true after each. */
export interface Scenario {
  actors: Actor[]
  /** What is wrong. */
  check(taken: readonly Taken[]): Promise<string[]>
}

const id = () => newId(Date.now(), Math.random)

export const SCENARIOS: Readonly<Record<string, (world: World) => Promise<Scenario>>> = {
  /** Whoever takes over sees all that was committed before, and nothing comes after. */
  'a takeover and a batch': async world => {
    const { lane, row } = await owner(world)
    const born = bornRow()
    let answer: Answer | null = null
    const heir = takeover(world, lane, row.id, [born.id])
    return {
      actors: [
        {
          ...{ name: 'owner', proxy: world.owner.proxy },
          program: async () => {
            answer = await committed(world.owner.store, lane.batch({ touched: [touchedRow(row, { body: 'owner' })], born: [born] }))
          },
        },
        heir.actor,
      ],
      async check() {
        const isIn = answer?.is === 'committed'
        const saw = heir.loaded()
        const left = await world.rows([row.id, born.id])
        return [
          ...expected('the owner is told', answer?.is, ['committed', 'fenced']),
          ...expected('the heir has', heir.claim()?.shards.length, [ALL_SHARDS.length]),
          ...expected('the heir is told', heir.answer()?.is, ['committed']),
          ...expected('the heir found', saw.get(row.id), [isIn ? 'owner' : 'base']),
          ...expected('the heir found the new run', saw.has(born.id), [isIn]),
          ...expected('the run is left', left.get(row.id), [isIn ? 'owner heir' : 'base heir']),
          ...expected('the new run is left', left.has(born.id), [isIn]),
          ...(await chainFaults(world, lane, isIn ? 2 : 1)),
        ]
      },
    }
  },

  /** What is said of a batch whose connection died stays true, whenever it lands. */
  'a late batch and its settling': world => lateBatch(world, true),
  'a late batch and its settling, and it is not sent again': world => lateBatch(world, false),

  /** Told apart even when a takeover comes between. */
  'a takeover and the settling of a batch that is in': world => settlingBesideTakeover(world, true),
  'a takeover and the settling of a batch that is not in': world => settlingBesideTakeover(world, false),

  /** Decisions rest on what is read, so a read under a claim that is gone is none. */
  'a takeover and a read': async world => {
    const { lane, row } = await owner(world)
    let read: string | undefined
    const heir = takeover(world, lane, row.id, [])
    return {
      actors: [
        {
          ...{ name: 'owner', proxy: world.owner.proxy },
          program: async () => {
            read = await world.owner.store.loadActors(lane.claim, [row.id]).then(([found]) => found?.body, fencedOr)
          },
        },
        heir.actor,
      ],
      async check(taken) {
        // At READ COMMITTED the statement looks, at the others the transaction did at its beginning.
        const looks = taken.findIndex(({ by, what }) => by === 'owner' && (world.isolation === 'read committed') === /lane_claim/.test(what))
        const took = taken.findIndex(({ by, what }) => by === 'heir' && what.endsWith('commit'))
        return expected('the owner reads', read, looks > took ? ['fenced'] : ['base'])
      },
    }
  },

  /** A node that is told that its claim stands is not dead. */
  'a takeover and a renewal': async world => {
    const { lane, row } = await owner(world)
    let renewed: number | null | undefined
    const heir = takeover(world, lane, row.id, [], world.heir, 'claims')
    return {
      actors: [
        {
          ...{ name: 'owner', proxy: world.owner.proxy, fine: true },
          program: async () => {
            renewed = await whenever(() => world.owner.store.renew(lane.claim, 0))
          },
        },
        heir.actor,
      ],
      check: async () => expected('the heir has', heir.claim()?.shards.length, [renewed === null ? ALL_SHARDS.length : 0]),
    }
  },

  /** A shard has one owner. */
  'two takeovers': async world => {
    const { lane, row } = await owner(world)
    const heirs = [world.heir, world.owner].map((by, nth) => takeover(world, lane, row.id, [], by, 'claims', `heir ${nth + 1}`))
    return {
      actors: heirs.map(({ actor }) => actor),
      check: async () => [
        ...expected('they have', heirs.map(({ claim }) => claim()?.shards.length).join(), [`${ALL_SHARDS.length},0`, `0,${ALL_SHARDS.length}`]),
        ...(await world.ownersFaults()),
      ],
    }
  },

  /** What a client was told is on disk. */
  'a batch and the end of its server process': async world => {
    const { lane, row } = await owner(world)
    const born = bornRow()
    const batch = lane.batch({ touched: [touchedRow(row, { body: 'owner' })], born: [born] })
    let answer: string | undefined
    const { proxy, store } = world.owner
    return {
      actors: [
        {
          ...{ name: 'owner', proxy },
          program: async () => {
            answer = await world.commit(store, batch)
          },
        },
        { name: 'the end of the process', may: () => proxy.inTransaction !== null, happens: () => world.terminate(proxy.inTransaction as number) },
      ],
      async check() {
        const isIn = (await world.rows([born.id])).has(born.id)
        if (answer !== 'unknown') return expected('the owner is told', answer, isIn ? ['committed'] : ['refused', 'fenced'])
        return expected('it is settled as', await world.settle(store, batch), [isIn ? 'in' : 'out'])
      },
    }
  },

  /** Whoever held a claim of before forgets all and claims anew, and nobody need be dead for that. */
  'a fail-over': async world => {
    const { lane, row } = await owner(world)
    const told: string[] = []
    const { proxy, store } = world.owner
    const asked = [
      async () => (await lane.commit({}, store)).is,
      async () => store.loadActors(lane.claim, [row.id]).then(() => 'read', fencedOr),
      async () => ((await store.renew(lane.claim, 0)) === null ? 'fenced' : 'renewed'),
    ]
    return {
      actors: [
        {
          ...{ name: 'owner', proxy },
          program: async () => {
            for (const ask of [...asked, ...asked]) told.push(await ask())
          },
        },
        { name: 'the fail-over', may: () => proxy.inTransaction === null, happens: () => world.failOver() },
      ],
      async check(taken) {
        const over = taken.findIndex(({ by }) => by === 'the fail-over')
        const begun = taken.flatMap(({ by, what }, at) => (by === 'owner' && what.startsWith('begin') ? [at] : []))
        const heir = await world.plain.claim(requestOf([]))
        return [
          ...told.flatMap((what, nth) =>
            expected('the owner is told', what, (begun[nth] as number) > over ? ['fenced'] : ['committed', 'read', 'renewed']),
          ),
          ...expected('whoever claims has', heir.shards.length, [ALL_SHARDS.length]),
        ]
      },
    }
  },

  /** The claim stands and the timeline is the same, as in a copy that was put back; what the owner committed last is gone. */
  'a store that went back': async world => {
    const { lane, row } = await owner(world)
    const goBack = await world.remember(lane)
    for (let further = 0; further < 2; further++) await lane.commit({ touched: [touchedRow(row, { body: `${further}` })] }, world.owner.store)
    const batch = lane.batch({ touched: [touchedRow(row, { body: 'memory' })] })
    let answer: Answer | null = null
    const { proxy, store } = world.owner
    return {
      actors: [
        {
          ...{ name: 'owner', proxy },
          program: async () => {
            answer = await store.commit(batch)
          },
        },
        { name: 'it goes back', may: () => proxy.inTransaction === null && answer === null, happens: goBack },
      ],
      async check(taken) {
        const wentFirst = taken[0]?.by === 'it goes back'
        const wrong = expected('the owner is told', answer?.is, [wentFirst ? 'fenced' : 'committed'])
        if (wentFirst)
          wrong.push(...expected('what became of it', await world.settle(store, batch), ['fenced']), ...(await chainFaults(world, lane, 1)))
        return wrong
      },
    }
  },
}

async function lateBatch(world: World, isSentAgain: boolean): Promise<Scenario> {
  const { lane, row } = await owner(world)
  const born = bornRow()
  const late = lane.batch({ ...(isSentAgain && { touched: [touchedRow(row, { body: 'late' })] }), born: [born] })
  const { proxy, store } = world.owner
  let landed: Answer | null = null
  let settled = 'unknown'
  const told: string[] = []
  return {
    actors: [
      {
        ...{ name: 'late batch', proxy: world.late.proxy },
        program: async () => {
          landed = await world.late.store.commit(late)
        },
      },
      {
        ...{ name: 'owner', proxy },
        program: async () => {
          settled = await world.settle(store, late)
          proxy.whole = true
          lane.follow(settled === 'in' ? late : { ...late, id: 'settling' })
          if (settled === 'out' && isSentAgain) told.push((await lane.commit(late.writes, store)).is)
          // By then the chain has passed the link that the late one builds on.
          while (told.length < 3) told.push((await lane.commit({}, store)).is)
        },
      },
    ],
    async check() {
      const left = await world.rows([row.id, born.id])
      const isIn = landed?.is === 'committed'
      return [
        ...expected('it is settled as', settled, [isIn ? 'in' : 'out']),
        ...expected('the owner is told', told.join(), [Array(3).fill('committed').join()]),
        ...expected('the run is left', left.get(row.id), [isSentAgain ? 'late' : 'base']),
        ...expected('the new run is left', left.has(born.id), [isIn || isSentAgain]),
        ...(await chainFaults(world, lane, 5)),
      ]
    },
  }
}

async function settlingBesideTakeover(world: World, isIn: boolean): Promise<Scenario> {
  const { lane, row } = await owner(world)
  const batch = lane.batch({ touched: [touchedRow(row, { body: 'owner' })] })
  if (isIn) await world.plain.commit(batch)
  let settled = 'unknown'
  let again: string | null = null
  const heir = takeover(world, lane, row.id, [])
  return {
    actors: [
      {
        ...{ name: 'owner', proxy: world.owner.proxy },
        program: async () => {
          settled = await world.settle(world.owner.store, batch)
          world.owner.proxy.whole = true
          if (settled !== 'out') return
          lane.follow({ ...batch, id: 'settling' })
          again = (await committed(world.owner.store, lane.batch(batch.writes))).is
        },
      },
      heir.actor,
    ],
    async check() {
      const sent = isIn || again === 'committed'
      return [
        ...expected('it is settled as', settled, isIn ? ['in'] : ['out', 'fenced']),
        ...expected('sent again, it is', again, settled === 'out' ? ['committed', 'fenced'] : [null]),
        ...expected('the heir found', heir.loaded().get(row.id), [sent ? 'owner' : 'base']),
        ...expected('the run is left', (await world.rows([row.id])).get(row.id), [sent ? 'owner heir' : 'base heir']),
      ]
    },
  }
}

/** A lane that has all shards, and a run of it. */
async function owner({ plain }: World): Promise<{ lane: Lane; row: OpenRow }> {
  const lane = await openLane(plain, await plain.lanes())
  const row = bornRow({ body: 'base' })
  await lane.commit({ born: [row] })
  return { lane, row }
}

/** Of a lane that is taken for dead: a claim, a read, and a batch that rests on what was read; or the claim alone. */
function takeover(
  world: World,
  { claim: dead }: Lane,
  run: string,
  further: string[],
  by = world.heir,
  what: 'all' | 'claims' = 'all',
  name = 'heir',
) {
  let claim: Claim | null = null
  let answer: Answer | null = null
  const loaded = new Map<string, string>()
  const { proxy, store } = by
  const request = requestOf([{ lane: dead.lane, claim: dead.claim, renewals: 0 }])
  const program = async (): Promise<void> => {
    claim = await whenever(() => store.claim(request))
    if (what === 'claims' || claim.shards.length === 0) return
    // What follows is a step a transaction: its own batches and reads meet nobody in the middle of them.
    proxy.whole = true
    for (const { id, body } of await store.loadActors(claim, [run, ...further])) loaded.set(id, body)
    const row = { ...bornRow(), id: run }
    const batch = { ...claim, id: id(), checks: [], writes: { ...noWrites(), touched: [touchedRow(row, { body: `${loaded.get(run)} heir` })] } }
    answer = await committed(store, batch)
  }
  return { actor: { name, proxy, fine: what === 'claims', program }, claim: () => claim, answer: () => answer, loaded: () => loaded }
}

function requestOf(dead: { lane: string; claim: string; renewals: number }[]): ClaimRequest {
  const unseen = { node: id(), nodeName: 'heir', address: null, version: 0, shards: [], reads: CLAIMS_READ, canHold: true }
  return { lane: id(), claim: id(), node: id(), nodeName: 'heir', address: null, wanted: ALL_SHARDS, dead: dead.map(row => ({ ...unseen, ...row })) }
}

/** What is refused and may go again does. */
async function committed(store: Store, batch: Batch): Promise<Answer> {
  for (;;) {
    const answer = await store.commit(batch)
    if (answer.is !== 'refused' || !answer.resend) return answer
  }
}

/** A claim or a renewal that the database aborted is repeated. */
async function whenever<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
    }
  }
}

function fencedOr(error: unknown): string {
  return error instanceof StoreFenced ? 'fenced' : String(error)
}

function expected(what: string, found: unknown, one: readonly unknown[]): string[] {
  return one.includes(found) ? [] : [`${what} ${String(found)}, expected ${one.map(String).join(' or ')}`]
}

/** Dense, and as long as the owner was told. */
async function chainFaults(world: World, { claim: { lane } }: Lane, length: number): Promise<string[]> {
  const links = await world.links(lane)
  return [
    ...expected('the chain stands at', links.at(-1), [length]),
    ...links.flatMap((link, at) => (at === 0 ? [] : expected('a link is followed by', link, [(links[at - 1] as number) + 1]))),
  ]
}
