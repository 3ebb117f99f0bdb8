import type { RunId } from '../../src/core/ids.ts'
import type { Command, PauseTarget, StartAnswer, StartCall, StartRequest } from '../../src/engine/face.ts'
import type { LogRow, Page, Paged } from '../../src/store/store.ts'
import { freshId, insist, type Stage } from './actors.ts'
import { MAKING } from './assets.ts'
import type { Outcome } from './cluster.ts'
import { largePayload, passesEdge } from './edge.ts'
import { isMarked } from './invariants.ts'
import { NOTIFYING } from './notified.ts'
import { changeLimit, keysOf, openLimits, resumeSequence, stopped } from './operator.ts'
import type { Rng } from './rng.ts'
import { DEFINITIONS, NAMESPACE, POISON, QUEUES, runOptions, uniqueOf } from './scenario.ts'
import { throwsTag } from './throwing.ts'

const CALL_MS = 4_000
const REPEAT_WITHIN_MS = 60_000

/** A program that starts runs and commands them: it repeats what was not answered, and sometimes what was. */
export async function client(stage: Stage, rng: Rng): Promise<void> {
  await register(stage, rng)
  while (!stage.calm) {
    await stage.world.sleep(rng.wait(stage.scenario.thinkMs))
    if (stage.calm) return
    if (stage.scenario.limited !== null && rng.chance(0.1)) await operateLimits(stage, rng)
    const doing = rng.next()
    if (doing < 0.55) await start(stage, rng)
    else if (doing < 0.75) await command(stage, rng)
    else if (doing < 0.8) await pause(stage, rng)
    else if (doing < 0.86) await operate(stage, rng)
    else if (doing < 0.89) await setting(stage, rng)
    else await look(stage, rng)
  }
}

export async function register(stage: Stage, rng: Rng): Promise<void> {
  await insist(stage, rng, 100, {
    name: 'register',
    timeoutMs: CALL_MS,
    run: engine =>
      engine.definitions.register(
        NAMESPACE,
        DEFINITIONS.map(name => {
          const options = {
            ...stage.scenario.limited?.[name],
            ...(stage.scenario.notifies && NOTIFYING[name]),
            ...(stage.scenario.assets && MAKING[name]),
          }
          return { kind: 'job' as const, name, version: '1', options, schema: null }
        }),
      ),
  })
}

async function start(stage: Stage, rng: Rng): Promise<void> {
  const callKey = rng.chance(0.95) ? freshId(stage, rng) : null
  const count = rng.chance(0.6) ? 1 : rng.whole(2, 7)
  const call: StartCall = { callKey, by: null, starts: Array.from({ length: count }, (_, index) => startRequest(stage, rng, callKey, index)) }
  if (
    stage.scenario.large &&
    !passesEdge(
      stage.world,
      call.starts.flatMap(({ input, options }) => [input, options.metadata]),
    )
  )
    return
  const send = () =>
    insist<StartAnswer[]>(stage, rng, callKey === null ? 1 : 6, {
      name: `start ${callKey?.slice(-5)}`,
      timeoutMs: CALL_MS,
      repeatable: callKey !== null,
      mayThrow: call.starts.some(isMarked),
      run: engine => engine.runs.start(NAMESPACE, call),
      said: said => stage.judge.started(call, said),
    })
  const outcome = await send()
  if (outcome.is !== 'answer') return
  for (const answer of outcome.value) if (answer.is !== 'refused') stage.runs.push(answer.run)
  if (callKey !== null && rng.chance(0.15))
    stage.world.after(rng.between(0, REPEAT_WITHIN_MS), () => {
      if (!stage.calm) void send()
    })
}

function startRequest(stage: Stage, rng: Rng, callKey: string | null, index: number): StartRequest {
  const definition = rng.pick(DEFINITIONS)
  const options = runOptions(rng, stage.scenario)
  const tags: Record<string, string> = {}
  if (callKey !== null) tags.call = `${callKey}#${index}`
  if (options.retry?.attempts === 1) tags.once = '1'
  if (stage.scenario.throws && rng.chance(0.15)) tags.throws = throwsTag(rng)
  const poison = stage.scenario.poison && rng.chance(0.05) ? POISON : ''
  const keys = stage.scenario.limited === null ? {} : keysOf(rng)
  const request: StartRequest = {
    definition,
    input: JSON.stringify({ n: stage.inputs++, poison, ...keys }),
    options: { ...options, tags },
    trigger: { is: 'call' },
  }
  if (stage.scenario.large && rng.chance(0.02)) request.input = largePayload(rng)
  if (stage.scenario.large && rng.chance(0.01)) request.options.metadata = largePayload(rng)
  const keyed = rng.next()
  if (keyed < 0.15) {
    request.key = `k${rng.whole(1, 12)}`
    request.input = rng.chance(0.9)
      ? JSON.stringify({ of: request.key, ...(stage.scenario.limited === null ? {} : { k: 'a', s: 'x' }) })
      : request.input
    tags.key = `${definition} ${request.key}`
  } else if (keyed < 0.35) {
    const { unique, tags: more } = uniqueOf(rng, stage.scenario, definition)
    request.unique = unique
    Object.assign(tags, more)
  }
  return request
}

type Commanded = 'cancel' | 'terminate' | 'retry'
const COMMANDS: readonly Commanded[] = ['cancel', 'cancel', 'terminate', 'retry']

export async function command(stage: Stage, rng: Rng, run = someRun(stage, rng), kind = rng.pick(COMMANDS)): Promise<void> {
  if (run === undefined) return
  const command: Command = { id: freshId(stage, rng), by: 'client', why: null }
  const outcome = await insist<RunId | null>(stage, rng, 4, {
    name: `${kind} ${run.slice(-5)}`,
    timeoutMs: CALL_MS,
    repeatable: true,
    mayThrow: kind === 'cancel' || kind === 'retry',
    run: async engine => {
      if (kind === 'retry') return engine.runs.retry(NAMESPACE, run, command)
      await engine.runs[kind](NAMESPACE, run, command)
      return null
    },
    said: said => stage.judge.commanded(kind, run, command, said),
  })
  if (outcome.is === 'answer' && outcome.value !== null) stage.runs.push(outcome.value)
}

/** Whoever looks after stuck runs (E14): mends the machine and resumes them, resumes them too early, or gives them up. */
async function operate(stage: Stage, rng: Rng): Promise<void> {
  const stuck = [...stage.throwing.stuck]
  if (stuck.length === 0) return look(stage, rng)
  const run = rng.pick(stuck)
  const does = rng.pick(['mend', 'mend', 'resume', 'cancel', 'terminate'] as const)
  if (does === 'mend') stage.throwing.mend(run)
  if (does === 'mend' || does === 'resume') await resume(stage, rng, run)
  else await command(stage, rng, run, does)
}

/** Whoever looks after limits and sequences: changes the ones, lets the others go on or has the failed run tried again. */
async function operateLimits(stage: Stage, rng: Rng): Promise<void> {
  const { tables } = stage
  if (rng.chance(0.1)) return void (await openLimits(stage, rng, tables))
  const [sequence] = rng.shuffle(stopped(tables))
  if (sequence === undefined || rng.chance(0.4)) return changeLimit(stage, rng)
  if (rng.chance(0.5)) await resumeSequence(stage, rng, sequence)
  else await command(stage, rng, sequence.run, 'retry')
}

export async function resume(stage: Stage, rng: Rng, run: RunId): Promise<void> {
  const command: Command = { id: freshId(stage, rng), by: 'operator', why: null }
  await insist<void>(stage, rng, 4, {
    name: `resume ${run.slice(-5)}`,
    timeoutMs: CALL_MS,
    repeatable: true,
    run: engine => engine.runs.resume(NAMESPACE, run, command),
    said: said => stage.judge.resumed(run, command, said),
  })
}

/** Once, like a pause: a write without an answer may still arrive, after any later one. */
async function setting(stage: Stage, rng: Rng): Promise<void> {
  const name = `s${rng.whole(1, 4)}`
  const { settings } = stage
  const value = rng.chance(0.6) ? settings.next(name) : null
  if (value !== null) {
    const outcome = await insist<void>(stage, rng, 6, {
      once: true,
      name: `put ${name}=${value}`,
      timeoutMs: CALL_MS,
      run: engine => engine.settings.put(settings.kind, NAMESPACE, name, String(value)),
    })
    if (outcome.is === 'answer') settings.answered(name, value)
  }
  await readSettings(stage, rng)
}

/** Of a node that owns the settings: another one may not have heard of the latest. */
export async function readSettings(stage: Stage, rng: Rng): Promise<void> {
  await insist(stage, rng, 2, {
    name: 'settings',
    timeoutMs: CALL_MS,
    run: async engine => {
      if (engine.ready()) stage.settings.read(engine.settings.get(stage.settings.kind))
    },
  })
}

async function pause(stage: Stage, rng: Rng): Promise<void> {
  const target: PauseTarget = rng.pick([
    { namespace: NAMESPACE, scope: 'queue' as const, name: rng.pick(QUEUES) },
    { namespace: NAMESPACE, scope: 'definition' as const, name: rng.pick(DEFINITIONS) },
    { namespace: NAMESPACE, scope: 'namespace' as const, name: '' },
  ])
  const name = `${target.scope} ${target.name}`
  // One at a time: two clients that set one pause at once would not know who was last.
  if (stage.pauses.has(name)) return
  stage.pauses.set(name, target)
  if (!(await setPause(stage, rng, target, true))) return
  stage.judge.paused(target, true)
  await stage.world.sleep(rng.between(500, 6_000))
  if (!stage.calm) await lift(stage, rng, target)
}

export async function lift(stage: Stage, rng: Rng, target: PauseTarget): Promise<void> {
  stage.judge.paused(target, false)
  if (await setPause(stage, rng, target, false)) stage.pauses.delete(`${target.scope} ${target.name}`)
}

/** Once: a call without an answer may still arrive, after any later one. Then nobody in this world touches this pause again. */
async function setPause(stage: Stage, rng: Rng, target: PauseTarget, on: boolean): Promise<boolean> {
  const outcome = await insist<void>(stage, rng, 6, {
    once: true,
    name: `${on ? 'pause' : 'lift'} ${target.scope} ${target.name}`,
    timeoutMs: CALL_MS,
    run: engine => engine.pauses.set(target, on ? { by: 'client', note: null } : null),
  })
  return outcome.is === 'answer'
}

async function look(stage: Stage, rng: Rng): Promise<void> {
  const run = someRun(stage, rng)
  if (run === undefined) return
  const { judge, truth } = stage
  const kind = rng.pick(['get', 'wait', 'history', 'explain', 'logs'] as const)
  if (kind === 'history') {
    let knownBefore = 0
    await insist(stage, rng, 2, {
      name: 'history',
      timeoutMs: CALL_MS,
      run: engine => {
        knownBefore = truth.get(run)?.events.length ?? 0
        return engine.runs.history(NAMESPACE, run)
      },
      said: said => judge.historyRead(run, knownBefore, said),
    })
  } else if (kind === 'logs') await readLogs(stage, rng, run)
  else if (kind === 'explain')
    await insist(stage, rng, 2, { name: 'explain', timeoutMs: CALL_MS, run: engine => engine.runs.explain(NAMESPACE, run) })
  else
    await insist(stage, rng, 2, {
      name: kind,
      timeoutMs: CALL_MS,
      run: (engine, signal) => (kind === 'get' ? engine.runs.get(NAMESPACE, run) : engine.runs.wait(NAMESPACE, run, 2_000, signal)),
      said: said => judge.got(run, said),
    })
}

async function readLogs(stage: Stage, rng: Rng, run: RunId): Promise<void> {
  const known = stage.logs.committed(run)
  const pages: Paged<LogRow>[] = []
  for (let after: string | null = null, more = true; more; ) {
    const page: Page = { after, limit: 3 }
    const outcome: Outcome<Paged<LogRow>> = await insist(stage, rng, 2, {
      name: 'logs',
      timeoutMs: CALL_MS,
      run: engine => engine.runs.logs(NAMESPACE, run, page),
    })
    if (outcome.is !== 'answer') return
    pages.push(outcome.value)
    after = outcome.value.next
    more = after !== null
  }
  stage.logs.read(run, known, pages)
}

function someRun(stage: Stage, rng: Rng): RunId | undefined {
  const recent = stage.runs.slice(rng.chance(0.7) ? -8 : 0)
  return recent.length === 0 ? undefined : rng.pick(recent)
}
