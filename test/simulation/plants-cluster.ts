import type { Planted } from './plants.ts'
import type { Scenario } from './scenario.ts'

const several = {
  scenario(scenario: Scenario): void {
    scenario.nodes = 3
  },
}

/** Bugs between nodes: calls, polls, and leaving. */
export const CLUSTER_PLANTS: Readonly<Record<string, Planted>> = {
  'E7-not-deleted': {
    rule: 'E7',
    what: 'who takes a letter does not delete it in the batch that does what it says',
    seeds: 3,
    from: 3,
    caught: /\(E7\)|\(E12\)/,
    plant: {
      scenario(scenario) {
        Object.assign(scenario, { nodes: 3, batches: true, rollbacks: false, thinkMs: 300 })
      },
    },
    patches: [{ file: 'src/engine/lane-transaction.ts', find: 'this.into.latest.writes.mailTaken.push(row)', replace: 'void row' }],
  },
  'E11-share-for-nobody': {
    rule: 'E11',
    what: 'a node of the version before, which may hold nothing any more, is left a share all the same',
    seeds: 5,
    from: 4,
    caught: /nobody answers|\(P6\)|\(E25\)/,
    plant: {
      scenario(scenario) {
        Object.assign(scenario, { nodes: 3, upgrades: true, dags: false, assets: false })
      },
    },
    patches: [{ file: 'src/engine/tenures.ts', find: 'others.filter(({ canHold }) => canHold)', replace: 'others' }],
  },
  'E22-numbered-in-part': {
    rule: 'E22',
    what: 'a start that is split is numbered within its part: sent again after a move, it makes a twin',
    seeds: 40,
    from: 33,
    caught: /two runs of one call|answered with another run \(E9\)/,
    plant: several,
    patches: [{ file: 'src/cluster/engine.ts', find: 'places: items }]', replace: 'places: items.map((_, at) => at) }]' }],
  },
  'E22-key-of-a-part': {
    rule: 'E22',
    what: 'a call without a key is given another one each time that it is sent',
    seeds: 10,
    caught: /two runs of one call/,
    plant: several,
    patches: [
      {
        file: 'src/cluster/engine.ts',
        find: 'args: items => [namespace, { ...whole,',
        replace: 'args: items => [namespace, { ...whole, callKey: newId(clock.now(), random),',
      },
    ],
  },
  'E24-untold': {
    rule: 'E24',
    what: 'a node hears nothing of what others have ready, and its workers wait for its own tasks alone',
    seeds: 5,
    caught: /\(P6\)/,
    plant: several,
    patches: [
      {
        file: 'src/cluster/news.ts',
        find: 'heard({ from, heads, all, workers }: News): void {',
        replace: 'heard({ from, all, workers }: News): void {\n    const heads: Head[] = []',
      },
    ],
  },
  'E25-claim-kept': {
    rule: 'E25',
    what: 'a node that leaves keeps its claim until it runs out',
    seeds: 3,
    caught: /\(E25\)/,
    plant: several,
    patches: [
      {
        file: 'src/engine/tenure.ts',
        find: 'if (!this.ended) await this.options.store.release(this.lane.claim).catch(() => {})',
        replace: '',
      },
    ],
  },
}
