import type { RunId } from '../../src/core/ids.ts'
import { isRun } from '../../src/core/machine.ts'
import { stateOf } from '../../src/engine/codec.ts'
import type { Explanation, PauseTarget, RunSummary } from '../../src/engine/face.ts'
import type { BatchState } from '../../src/machines/batch/types.ts'
import { runOfTask } from '../../src/machines/dag/children.ts'
import { activeRefs } from '../../src/machines/dag/letters.ts'
import type { DagState } from '../../src/machines/dag/types.ts'
import type { MemoryStore } from '../../src/store/memory/store.ts'
import type { Tables } from '../../src/store/memory/tables.ts'
import { type Page, type Paged, SHARDS } from '../../src/store/store.ts'
import { insist, type Stage } from './actors.ts'
import { sealAll } from './batches.ts'
import { command, lift, readSettings, resume } from './client.ts'
import type { Outcome } from './cluster.ts'
import { openLimits, resumeSequence, stopped } from './operator.ts'
import { Rng } from './rng.ts'
import { NAMESPACE } from './scenario.ts'
import { removeAll } from './schedules.ts'
import { sequenceKey } from './turns.ts'

/** "Once faults stop, within 30 s of virtual time" (docs/engine.md part D). Delays and back-offs of the scenario are shorter than that. */
const CALM_MS = 30_000
/** An explanation without a reason: it is handed out within so long. */
const DISPATCH_MS = 3_000
/** Owners are found, leases of the dead end, timers that were set before the clock was set right go off. */
const SETTLE_MS = 12_000
const ASK_MS = 30_000
/** Stretches of calm that a backlog of limited runs may take. */
const STRETCHES_MAX = 40
/** Times that it is looked whether nothing is under way just now. */
const LOOKS_MAX = 40

/** Nothing breaks any more: everything that was promised must come true, and what does not run must say why. */
export async function expectCalm(stage: Stage, memory: MemoryStore): Promise<void> {
  const { world } = stage
  const rng = new Rng(4, 2)
  const tables = memory.tables() as Tables
  await during(stage, async () => void (await openLimits(stage, rng, tables)))
  await explainAll(stage, memory, rng)
  // What was asked for while things broke has come by now.
  if (stage.scenario.schedules) await during(stage, () => removeAll(stage, rng))
  if (stage.scenario.batches) await during(stage, () => sealAll(stage, rng, tables))
  await flow(stage, memory, false)
  // What is paused stays, and says so; everything else has run, or is stuck by a machine that throws.
  await expectOnly(stage, memory, rng, id => isPaused(stage, tables, id) || tables.open.get(id)?.state === 'paused' || behind(stage, tables, id))
  const stuck = () => [...tables.open].flatMap(([id, row]) => (row.state === 'paused' && isRun(row.kind) ? [id] : []))
  await during(stage, async () => {
    for (const target of paused(stage)) await lift(stage, rng, target)
    for (const id of stuck()) {
      // One in three is resumed before its machine is mended, and stays.
      if (rng.chance(0.67)) stage.throwing.mend(id)
      await resume(stage, rng, id)
    }
  })
  await explainAll(stage, memory, rng)
  await flow(stage, memory, true)
  // What was stuck on the failure that used up its attempts is parked, now that its machine is mended.
  const parked = (id: RunId): boolean => stage.truth.get(id)?.stuck === null
  const stays = (id: RunId): boolean => tables.open.get(id)?.state === 'paused' && (!stage.throwing.isMended(id) || parked(id))
  await expectOnly(stage, memory, rng, id => stays(id) || behind(stage, tables, id))
  if (world.failure === null && stuck().length > 0) await endStuck(stage, memory, rng, stuck)
  await during(stage, () => listAll(stage, memory, rng))
  await during(stage, () => readSettings(stage, rng))
  // Workers may still report what they did for runs that are closed.
  const busy = (): boolean => stage.cluster.nodes.some(({ engine }) => engine?.ready() === true && engine.stats().batchBytes > 0)
  for (let look = 0; look < LOOKS_MAX && busy(); look++) await world.run(world.now + 50)
  stage.logs.expectAll()
  expectTidy(stage, memory)
  stage.ledgers.expectSettled()
  stage.batches.expectSettled()
  await expectLeft(stage)
}

/** Nodes leave one after another in good order: others have claimed what was theirs before their claims could run out (E25). */
async function expectLeft({ world, cluster, scenario, tables }: Stage): Promise<void> {
  for (const node of cluster.nodes.slice(1)) {
    if (world.failure !== null || node.engine === null) return
    cluster.stop(node, CALM_MS)
    for (const until = world.now + CALM_MS; world.now < until && node.life !== null; ) await world.run(world.now + 10)
    await world.run(world.now + 0.6 * scenario.claimTtlMs)
    const held = new Set([...tables.lanes.values()].flatMap(({ stands, row }) => (stands ? row.shards : [])))
    world.expect(held.size === SHARDS, 'a node left in good order, and its shards wait for the end of its claim (E25)', () => ({ held: held.size }))
  }
}

/** What is limited takes its time: as long as something is handed out in each stretch of calm, which is longer than any window of a rate. */
async function flow(stage: Stage, memory: MemoryStore, resumes: boolean): Promise<void> {
  const { world, scenario } = stage
  const tables = memory.tables() as Tables
  const rng = new Rng(4, 3)
  for (let stretch = 0; stretch < STRETCHES_MAX; stretch++) {
    const { deliveries } = stage.judge.counts
    await world.run(world.now + CALM_MS)
    if (scenario.limited === null || world.failure !== null || openRuns(memory).length === 0) return
    const behindFailed = resumes ? stopped(tables) : []
    let opened = false
    await during(stage, async () => {
      // A change that was under way when all became calm may land later.
      opened = await openLimits(stage, rng, tables)
      for (const sequence of behindFailed) await resumeSequence(stage, rng, sequence)
    })
    if (!opened && behindFailed.length === 0 && stage.judge.counts.deliveries === deliveries) return
  }
}

/** It waits in a sequence for one that is paused, is stuck or stopped it. */
function behind(stage: Stage, tables: Tables, id: RunId): boolean {
  const name = sequenceOf(stage, tables, id)
  if (name === null) return false
  const gated = (other: RunId, { state }: { state: string }): boolean =>
    sequenceOf(stage, tables, other) === name && (state === 'paused' || isPaused(stage, tables, other))
  return stopped(tables).some(({ definition, key }) => `${definition} ${key}` === name) || [...tables.open].some(([other, row]) => gated(other, row))
}

function sequenceOf(stage: Stage, tables: Tables, id: RunId): string | null {
  const row = tables.open.get(id)
  const rule = row === undefined ? undefined : stage.scenario.limited?.[row.name]?.sequence
  const truth = rule === undefined ? undefined : stage.truth.get(id)
  return rule === undefined || truth === undefined ? null : `${truth.row.name} ${sequenceKey(truth, rule.per)}`
}

function openRuns(memory: MemoryStore): RunId[] {
  return [...memory.tables().open].flatMap(([id, { kind }]) => (isRun(kind) ? [id] : []))
}

function isPaused(stage: Stage, tables: Tables, id: RunId): boolean {
  const row = tables.open.get(id)
  const gated = new Set(paused(stage).map(({ scope, name }) => `${scope} ${name}`))
  return row !== undefined && (gated.has(`queue ${row.queue}`) || gated.has(`definition ${row.name}`) || gated.has('namespace '))
}

/** What the node that serves says is paused. */
function paused(stage: Stage): PauseTarget[] {
  const serving = stage.cluster.nodes.find(({ engine }) => engine?.ready())
  return serving?.engine?.pauses.list(NAMESPACE) ?? []
}

/** Open runs for which `may` does not hold are stuck; what `explain` says of them is part of the message. */
async function expectOnly(stage: Stage, memory: MemoryStore, rng: Rng, may: (id: RunId) => boolean): Promise<void> {
  const { world } = stage
  const stuck = openRuns(memory).filter(id => !may(id) && !waitsForJobs(memory, id))
  if (world.failure !== null || stuck.length === 0) return
  const explanations: unknown[] = []
  await during(stage, async () => {
    for (const id of stuck.slice(0, 3)) explanations.push(await explain(stage, rng, id))
  })
  const rows = stuck.slice(0, 3).map(id => ({ id, ...memory.tables().open.get(id), input: undefined }))
  world.fail('runs are stuck: once faults have stopped, everything ungated runs (P6)', { count: stuck.length, rows, explanations })
}

/** Its jobs, or its tasks, are looked at themselves; so are those of the runs of its DAG that it waits for. */
function waitsForJobs(memory: MemoryStore, id: RunId): boolean {
  const { open } = memory.tables()
  const row = open.get(id)
  if (row?.kind === 'dag') {
    const works = (run: RunId, state: DagState): boolean => activeRefs(state).some(ref => open.has(runOfTask(state, run, ref)))
    const state = stateOf(row).state as DagState
    if (works(id, state)) return true
    const isBehind = state.queuedAt !== undefined && (!state.isDue || (state.place?.held.length ?? 0) > 0)
    return isBehind && [...open].some(([other, run]) => run.kind === 'dag' && run.name === row.name && works(other, stateOf(run).state as DagState))
  }
  // Those say themselves what they waited for (awaits.ts).
  if (row?.kind === 'wait') return true
  return row?.kind === 'batch' && ((stateOf(row).state as BatchState).jobs?.open ?? 0) > 0
}

/** `explain` is empty exactly when a task can be dispatched: compared with what then happens. */
async function explainAll(stage: Stage, memory: MemoryStore, rng: Rng): Promise<void> {
  const { world, truth } = stage
  // Owners are found, leases of the dead end.
  await world.run(world.now + SETTLE_MS)
  const promised: { id: RunId; attempt: number; events: number }[] = []
  await during(stage, async () => {
    for (const id of openRuns(memory).slice(0, 30)) {
      const explanation = await explain(stage, rng, id)
      const known = truth.get(id)
      if (explanation === null || known === undefined || known.closed) continue
      checkReasons(stage, explanation)
      if (explanation.reasons.length === 0) promised.push({ id, attempt: known.attempt, events: known.events.length })
    }
  })
  await world.run(world.now + DISPATCH_MS)
  for (const { id, attempt, events } of promised) {
    const hasMoved = (): boolean => {
      const known = truth.get(id)
      return known === undefined || known.closed || known.delivery !== null || known.attempt > attempt || known.events.length > events
    }
    // Somebody else was given what there was of a limit just then: it says so now.
    const isLimited = stage.scenario.limited !== null
    if (!hasMoved() && isLimited && (await explainNow(stage, rng, id))?.reasons.length !== 0) continue
    world.expect(hasMoved(), 'explain gave no reason and nothing happened (P6)', () => ({ run: id, row: truth.get(id)?.row }))
  }
}

function checkReasons(stage: Stage, { run, state, reasons }: Explanation): void {
  const { world, truth } = stage
  const row = truth.get(run)?.row
  for (const { code, until, text } of reasons) {
    const facts = () => ({ run, state, code, text, until, now: world.wall() })
    if (code === 'paused') {
      const names = [`queue ${row?.queue}`, `definition ${row?.name}`, 'namespace ']
      const shut = paused(stage).some(({ scope, name }) => names.includes(`${scope} ${name}`))
      world.expect(shut, 'explain tells of a pause that is not there', facts)
    }
    if (code === 'stuck') world.expect(truth.get(run)?.stuck !== null, 'explain tells of a stuck run that is not', facts)
    if (code === 'not-due' || code === 'back-off')
      world.expect(until !== undefined && until > world.wall() - 1_000, 'explain tells of a time that has passed', facts)
    world.expect(code !== 'no-worker' && code !== 'wrong-label', 'explain misses workers that poll', facts)
  }
}

async function explainNow(stage: Stage, rng: Rng, id: RunId): Promise<Explanation | null> {
  let explanation: Explanation | null = null
  await during(stage, async () => {
    explanation = await explain(stage, rng, id)
  })
  return explanation
}

async function explain(stage: Stage, rng: Rng, id: RunId): Promise<Explanation | null> {
  const outcome = await insist(stage, rng, 3, { name: 'explain', timeoutMs: 3_000, run: engine => engine.runs.explain(NAMESPACE, id) })
  return outcome.is === 'answer' ? outcome.value : null
}

/** Each of the ways out of being stuck leads out of it (E14). */
async function endStuck(stage: Stage, memory: MemoryStore, rng: Rng, stuck: () => RunId[]): Promise<void> {
  const { world } = stage
  // What waits for one that is stuck runs once it is out of the way, and is to get stuck no more.
  for (const id of openRuns(memory)) if (!stuck().includes(id)) stage.throwing.mend(id)
  await during(stage, async () => {
    for (const id of stuck()) {
      const explanation = await explain(stage, rng, id)
      const said = explanation?.state === 'paused' && explanation.reasons.some(({ code }) => code === 'stuck' || code === 'parked')
      world.expect(said, 'a stuck run does not say so (P6, E14)', () => ({ run: id, explanation }))
      const workers = await Promise.all(stage.cluster.nodes.map(({ engine }) => engine?.workers.list(NAMESPACE) ?? []))
      const held = workers.flat().flatMap(({ running }) => running)
      world.expect(!held.some(({ run }) => run === id), 'a stuck run is held by a worker', () => ({ run: id }))
      const does = rng.pick(['resume', 'cancel', 'terminate'] as const)
      // A machine that chokes on the cancel itself, or on the end that follows from it, is mended for it; any other lets go of the run.
      if (does === 'resume' || /cancel|lost/.test(stage.truth.get(id)?.row.tags?.throws ?? '')) stage.throwing.mend(id)
      if (does === 'resume') await resume(stage, rng, id)
      else await command(stage, rng, id, does)
    }
  })
  await flow(stage, memory, true)
  // One that was mended just now may be parked by the failure that it was stuck on.
  await during(stage, async () => {
    for (const id of stuck()) if (stage.truth.get(id)?.stuck === null) await resume(stage, rng, id)
  })
  await flow(stage, memory, true)
  await expectOnly(stage, memory, rng, () => false)
}

/** A list page by page has every run once (E12). */
async function listAll(stage: Stage, memory: MemoryStore, rng: Rng): Promise<void> {
  const { world } = stage
  const before = new Set([...memory.tables().open.keys(), ...memory.tables().closed.keys()])
  const seen: RunId[] = []
  let after: string | null = null
  do {
    const page: Page = { after, limit: 7 }
    const outcome: Outcome<Paged<RunSummary>> = await insist(stage, rng, 3, {
      name: 'list',
      timeoutMs: 3_000,
      run: engine => engine.runs.list({ namespace: NAMESPACE }, page),
    })
    if (outcome.is !== 'answer') return
    seen.push(...outcome.value.rows.map(({ id }) => id))
    after = outcome.value.next
  } while (after !== null)
  world.expect(new Set(seen).size === seen.length, 'a list has a run twice (E12)', () => ({ rows: seen.length }))
  const listed = new Set(seen)
  const missing = [...before].filter(id => !listed.has(id) && memory.tables().closed.get(id)?.kind === 'job')
  world.expect(missing.length === 0, 'a list misses runs (E12)', () => ({ missing }))
}

/** Nothing is left over: figures are those of the store, memory is within its bounds, retention has run. */
function expectTidy(stage: Stage, memory: MemoryStore): void {
  const { world, cluster, scenario } = stage
  const open = [...memory.tables().open.values()]
  for (const { engine, life } of cluster.nodes) {
    if (engine === null || !engine.ready()) continue
    const stats = engine.stats()
    const bound = (scenario.sizes.actorsCached as number) + open.length + 1
    const facts = () => ({
      node: life?.name,
      actorsCached: stats.actorsCached,
      bound,
      batchBytes: stats.batchBytes,
      queues: stats.queues,
      open: open.length,
    })
    world.expect(stats.batchBytes === 0, 'a batch holds bytes that nobody waits for (E23)', facts)
    const of = (what: 'depth' | 'running' | 'scheduled') => stats.queues.reduce((sum, queue) => sum + queue[what], 0)
    world.expect(of('depth') + of('running') + of('scheduled') <= open.length, 'the figures of the queues are not those of the store', facts)
    if (stats.queues.length > 0 || stats.commits > 0) world.expect(stats.actorsCached <= bound, 'more actors in memory than the bound (E23)', facts)
  }
  world.expect(stage.tables.mail.size === 0, 'a letter is not taken (E7)', () => ({ letters: [...stage.tables.mail.values()].slice(0, 3) }))
  const overdue = [...memory.tables().closed.values()].filter(row => row.purgeAt < world.wall() - CALM_MS)
  world.expect(overdue.length === 0, 'retention leaves runs whose time is over', () => ({ overdue: overdue.length }))
}

/** Lets the world go on until `work` is done. */
async function during(stage: Stage, work: () => Promise<void>): Promise<void> {
  const { world } = stage
  if (world.failure !== null) return
  let done = false
  work().then(
    () => {
      done = true
    },
    (error: unknown) => world.fail('the simulation itself failed', { error: String((error as Error).stack) }),
  )
  const until = world.now + ASK_MS
  while (!done && world.failure === null && world.now < until) await world.run(world.now + 20)
  world.expect(done, 'nobody answers, and nothing is broken', () => ({ waitedMs: ASK_MS }))
}
