import type { RunId } from '../../src/core/ids.ts'
import type { Command, RunChangeCall } from '../../src/engine/face.ts'
import { freshId, insist, type Stage } from './actors.ts'
import { resume } from './client.ts'
import type { Rng } from './rng.ts'
import { NAMESPACE, POISON, QUEUES } from './scenario.ts'

const CALL_MS = 4_000

/** Whoever looks after what waits: changes runs that have not begun, or did a moment ago, and lets parked ones go on. */
export async function keepWaiting(stage: Stage, rng: Rng): Promise<void> {
  while (!stage.calm) {
    await stage.world.sleep(rng.wait(stage.scenario.thinkMs))
    if (stage.calm) return
    const parked = parkedRuns(stage)
    if (parked.length > 0 && rng.chance(0.4)) await resume(stage, rng, rng.pick(parked))
    else await change(stage, rng)
  }
}

function parkedRuns({ truth }: Stage): RunId[] {
  return [...truth.runs.values()]
    .filter(({ row, closed, stuck }) => !closed && stuck === null && row.state === 'paused' && row.kind === 'job')
    .map(({ id }) => id)
}

async function change(stage: Stage, rng: Rng): Promise<void> {
  const recent = stage.runs.slice(-12)
  if (recent.length === 0) return
  const run = rng.pick(recent)
  const command: Command = { id: freshId(stage, rng), by: 'operator', why: null }
  const asked = changeOf(stage, rng)
  await insist<void>(stage, rng, 4, {
    name: `change ${run.slice(-5)}`,
    timeoutMs: CALL_MS,
    repeatable: true,
    run: engine => engine.runs.change(NAMESPACE, run, asked, command),
    said: said => stage.judge.changed(run, command, asked, said),
  })
}

function changeOf(stage: Stage, rng: Rng): RunChangeCall {
  const asked: RunChangeCall = {}
  if (rng.chance(0.5))
    asked.input = JSON.stringify({ n: stage.inputs++, changed: true, poison: stage.scenario.poison && rng.chance(0.05) ? POISON : '' })
  if (rng.chance(0.4)) asked.queue = rng.pick(QUEUES)
  if (rng.chance(0.3)) asked.priority = rng.whole(-3, 3)
  if (rng.chance(0.3)) asked.delayMs = rng.whole(0, 6_000)
  else if (rng.chance(0.2)) asked.due = 'now'
  return asked
}
