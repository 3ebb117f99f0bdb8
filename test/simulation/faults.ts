import type { Stage } from './actors.ts'
import type { Node } from './cluster.ts'
import type { Rng } from './rng.ts'
import type { Fault } from './scenario.ts'
import { Worker } from './worker.ts'
import type { WorkflowWorker } from './workflows.ts'

const HOUR_MS = 3_600_000

/** Everything that a fault needs to break things, and to mend them again. */
export interface Breakage {
  stage: Stage
  rng: Rng
  workers: Worker[]
  /** Null: there are none. */
  workflows: { workers: WorkflowWorker[]; make(): WorkflowWorker } | null
  rollback(transactions: number): void
}

/** Breaks one thing after another until all is calm; `mend` ends what still goes on then. */
export async function breakThings(breakage: Breakage): Promise<void> {
  const { stage, rng } = breakage
  const { faults, rollbacks, faultEveryMs } = stage.scenario
  if (faults.length === 0 && !rollbacks) return
  while (!stage.calm) {
    await stage.world.sleep(rng.wait(faultEveryMs))
    if (stage.calm) return
    if (rollbacks && rng.chance(0.3)) breakage.rollback(rng.whole(1, 12))
    else if (faults.length > 0) BREAK[rng.pick(faults)](breakage)
  }
}

/** The store, the network and the clock are well again, every node runs, frozen workers will be back. */
export function mend({ stage }: Breakage): void {
  const { cluster, world, scenario } = stage
  const [first] = cluster.nodes as [Node]
  // Others may stay of the version before, and find nothing to hold (E11).
  if (scenario.upgrades) cluster.kill(first)
  first.older = false
  for (const node of cluster.nodes) {
    Object.assign(node, { deaf: 0, mute: 0 })
    Object.assign(node.link, { cut: 0, dying: 0, latencyMs: 3 })
    cluster.resume(node)
    cluster.start(node)
  }
  Object.assign(cluster.network, { losesCalls: 0, losesAnswers: 0, repeats: 0 })
  // Whatever was planned for an hour that a step back took away comes when the clock is set right.
  world.stepWall(world.wallOffsetMsMax - world.wallOffsetMs)
}

const BREAK: Record<Fault, (breakage: Breakage) => void> = {
  pause: ({ stage, rng }) => {
    const node = rng.pick(stage.cluster.nodes)
    const { life } = node
    if (life === null || life.paused) return
    stage.cluster.pause(node)
    stage.world.after(rng.between(50, rng.chance(0.5) ? stage.scenario.claimTtlMs * 3 : 400), () => {
      if (node.life === life) stage.cluster.resume(node)
    })
  },
  kill: ({ stage, rng }) => killed(stage, rng, rng.pick(stage.cluster.nodes)),
  'kill-both': ({ stage, rng }) => {
    for (const node of stage.cluster.nodes) killed(stage, rng, node)
  },
  stop: ({ stage, rng }) => {
    const node = rng.pick(stage.cluster.nodes)
    stage.cluster.stop(node, rng.between(100, 3_000))
    stage.world.after(rng.between(3_000, 6_000), () => stage.cluster.start(node))
  },
  'cut-store': ({ stage, rng }) => forAWhile(stage, rng.pick(stage.cluster.nodes).link, 'cut', rng.between(50, 6_000), 'is cut from the store'),
  'store-away': ({ stage, rng }) => {
    const ms = rng.between(500, rng.chance(0.2) ? 60_000 : 5_000)
    for (const node of stage.cluster.nodes) forAWhile(stage, node.link, 'cut', ms, 'misses the store')
  },
  'cut-clients': ({ stage, rng }) => {
    const node = rng.pick(stage.cluster.nodes)
    const ways = rng.pick([['deaf'], ['mute'], ['deaf', 'mute']] as const)
    const ms = rng.between(100, 6_000)
    for (const way of ways) forAWhile(stage, node, way, ms, `node ${node.index} is ${way}`)
  },
  'die-writes': ({ stage, rng }) => {
    const { link } = rng.pick(stage.cluster.nodes)
    const before = link.dying
    link.dying = rng.pick([0.2, 0.5, 0.9])
    stage.world.after(rng.between(200, 4_000), () => {
      if (!stage.calm) link.dying = before
    })
  },
  'slow-store': ({ stage, rng }) => {
    for (const { link } of stage.cluster.nodes) link.latencyMs = rng.pick([50, 200, 600])
    stage.world.after(rng.between(500, 6_000), () => {
      for (const { link } of stage.cluster.nodes) link.latencyMs = stage.scenario.storeLatencyMs
    })
  },
  'step-clock': ({ stage, rng }) => {
    const ms = rng.pick([-HOUR_MS, HOUR_MS, -5_000, 5_000, -300, 300])
    stage.world.note(() => `clock  steps by ${ms} ms`)
    stage.world.stepWall(ms)
  },
  'freeze-worker': ({ stage, rng, workers, workflows }) =>
    rng.pick([...workers, ...(workflows?.workers ?? [])]).freeze(rng.between(100, stage.scenario.leaseMs * 3)),
  'kill-worker': ({ stage, rng, workers, workflows }) => {
    if (workflows !== null && rng.chance(0.5)) return killedWorkflows(stage, rng, workflows)
    const index = rng.whole(0, workers.length - 1)
    const before = workers[index] as Worker
    if (before.dead) return
    before.die()
    stage.world.after(rng.between(100, 5_000), () => {
      if (workers[index] === before) workers[index] = new Worker(stage, rng.fork(), false)
    })
  },
}

function killedWorkflows(stage: Stage, rng: Rng, { workers, make }: NonNullable<Breakage['workflows']>): void {
  const index = rng.whole(0, workers.length - 1)
  const before = workers[index] as WorkflowWorker
  if (before.dead) return
  before.die()
  stage.world.after(rng.between(100, 5_000), () => {
    if (workers[index] === before) workers[index] = make()
  })
}

function killed(stage: Stage, rng: Rng, node: Node): void {
  stage.cluster.kill(node)
  stage.world.after(rng.between(10, 4_000), () => stage.cluster.start(node))
}

/** Counted, since two faults may overlap. */
function forAWhile<Name extends string>(stage: Stage, target: Record<Name, number>, name: Name, ms: number, what: string): void {
  stage.world.note(() => `fault  ${what} for ${Math.round(ms)} ms`)
  target[name]++
  stage.world.after(ms, () => {
    if (target[name] > 0) target[name]--
  })
}
