import { expect, test } from 'vitest'
import { type Handover, handover } from './handover.ts'

/** Of these a poll is under way to the node that goes (4), and one comes to where the shards are being loaded (all). */
const SEEDS = [1, 4, 9]

/** Without the machine's part of the goals in docs/performance.md; what is waited for in vain, a second for news or ten for an answer, is told apart. */
test.each<[string, number, Omit<Handover, 'seed'>]>([
  ['is drained, its worker waits there', 100, { worker: 'leaving', go: ({ drain }) => drain() }],
  ['is drained, its worker waits elsewhere', 100, { worker: 'other', go: ({ drain }) => drain() }],
  ['is asked to stop', 100, { worker: 'other', go: ({ cluster, node }) => cluster.stop(node, 10_000) }],
  ['is killed', 1_250, { worker: 'other', go: ({ cluster, node }) => cluster.kill(node) }],
  ['stands still', 1_250, { worker: 'other', go: ({ cluster, node }) => cluster.pause(node) }],
])('a node %s: what falls due after that is handed out within %i ms', async (_, atMost, how) => {
  for (const seed of SEEDS) expect(await handover({ seed, ...how }), `seed ${seed}`).toBeLessThanOrEqual(atMost)
})
