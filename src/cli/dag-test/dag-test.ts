import {
  type AnyJob,
  durationMs,
  RequestRefused,
  RunEnded,
  type RunHandle,
  type WireApply,
  type WireDagTasks,
  type WireRunDetail,
} from '@mainspring/sdk'
import { executorJobs } from '../../server/executors.ts'
import { Refusal } from '../../server/refusal.ts'
import { NeverEnds, type TestEnvironment, testEnvironment } from '../../server/testing/environment.ts'
import { refusalOfProblem } from '../apply/manifest.ts'
import { jsonArgument, textFlag } from '../arguments.ts'
import { dagTasksText } from '../output/dags.ts'
import { failureText, valueText } from '../output/runs.ts'
import type { Flags, Session } from '../session.ts'
import { EXIT, type ExitCode } from '../terminal.ts'
import { type Files, readFiles, refuseUnknownJobs, type Tested, testedOf } from './files.ts'
import { giveAll } from './given.ts'
import { printing } from './printing.ts'

/**
 * `mainspring dag test FILE...`: runs a DAG in this process, on a store in memory and a clock that stands at the date it is for: back-offs and sleeps take no time,
 * what tasks do takes the time that it takes.
 */
export async function testDag(session: Session, given: readonly string[], flags: Flags): Promise<ExitCode> {
  const files = await readFiles(session, given)
  const tested = testedOf(files, textFlag(flags.dag))
  giveAll(tested, (flags.give ?? []) as readonly string[])
  const input = textFlag(flags.input)
  const value = input === undefined ? undefined : jsonArgument(input, '--input')
  const start = dateOf(textFlag(flags.date), session)
  const executors = executorJobs(session.config.settings)
  const jobs = [...(files.loaded?.jobs ?? []), ...executors.jobs]
  const all = jobs.flatMap(one => [one, ...('tasks' in one ? (one.tasks as AnyJob[]) : [])])
  refuseUnknownJobs(tested, all, files)
  const middleware = [printing(session), ...(files.loaded?.middleware ?? [])]
  await using environment = await testEnvironment(jobs, { start, middleware, patience: patienceFor(all), slots: SLOTS })
  try {
    await sizePools(environment, all, tested)
    return await toItsEnd(session, environment, await started(environment, tested, files, value), tested)
  } finally {
    await executors.close()
  }
}
/** Handlers at the same time. */
const SLOTS = 100

function dateOf(text: string | undefined, { terminal }: Session): number {
  const at = text === undefined ? terminal.now() : Date.parse(text)
  if (Number.isNaN(at) || (text !== undefined && !ISO.test(text)))
    throw new Refusal({
      code: 'invalid-option',
      place: '--date',
      title: `Found ${JSON.stringify(text)}, expected a date or a time.`,
      hint: '2026-11-29, or 2026-11-29T02:00:00+01:00',
    })
  return at
}
const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/

/** A handler that has said nothing for as long as its attempt may take waits for its time to be up; where none has such a limit, nothing is ever waited for. */
function patienceFor(jobs: readonly AnyJob[]): number {
  const limits = jobs.map(({ definition }) => durationMs(definition.options.timeout?.attempt ?? PATIENCE_MS_MAX) ?? PATIENCE_MS_MAX)
  return Math.min(PATIENCE_MS_MAX, Math.max(...limits))
}
const PATIENCE_MS_MAX = 86_400_000

/** A pool passes nothing until an operator has sized it, and here there is none. */
async function sizePools({ client }: TestEnvironment, jobs: readonly AnyJob[], { spec }: Tested): Promise<void> {
  const limits = [...jobs.flatMap(({ definition }) => definition.options.limits ?? []), ...Object.values(spec.tasks)]
  const pools = new Set(limits.flatMap(({ pool }) => pool ?? []))
  for (const pool of pools) await client.limits.set(pool, { on: 'pool', concurrency: POOL_SIZE })
}
const POOL_SIZE = 1_000_000

/** By its schedule where it has one, for the time between this one and the one before; that fires by itself no more. */
async function started(environment: TestEnvironment, { name, code }: Tested, files: Files, input: unknown): Promise<RunHandle<unknown>> {
  const { client } = environment
  const { manifest } = files
  const ofFile = manifest.items.schedules.find(({ value }) => value.target === name)
  const own = code?.schedule?.definition
  const times = own ?? (ofFile && { name: ofFile.name, ...ofFile.value })
  await applied(environment, files)
  const schedule = times && { ...times, target: name, ...(input !== undefined && { input }) }
  if (schedule === undefined) return code === null ? client.start(name, input) : client.start(code, input)
  const { name: scheduleName, ...body } = schedule
  await client.call('schedules.put', { name: scheduleName }, body, { callKey: client.newId() })
  for (const one of (await client.schedules.list({ limit: 1_000 })).schedules) await client.schedules.pause(one.name)
  return client.schedules.trigger(scheduleName)
}

/** The DAGs of the files. @throws Refusal at the place of what cannot be */
async function applied({ client }: TestEnvironment, { manifest }: Files): Promise<void> {
  const { dags } = manifest.items
  if (dags.length === 0) return
  const body = { dags: dags.map(({ name, value }) => ({ name, ...value })) } as WireApply
  try {
    await client.call('apply', {}, body, { callKey: client.newId() })
  } catch (error) {
    if (error instanceof RequestRefused && error.at?.startsWith('/')) throw new Refusal(refusalOfProblem(error.problem, manifest))
    throw error
  }
}

/** Prints how all of its tasks ended, and what it came to. */
async function toItsEnd(session: Session, { client }: TestEnvironment, run: RunHandle<unknown>, { name }: Tested): Promise<ExitCode> {
  const { paint } = session.look
  const never = await run.result().then(
    () => null,
    (error: unknown) => {
      if (error instanceof NeverEnds) return error.message
      if (error instanceof RunEnded) return null
      throw error
    },
  )
  const detail = await client.call<WireRunDetail>('runs.get', { run: run.id })
  const tasks = await client.call<WireDagTasks>('runs.tasks', { run: run.id }, undefined, { query: { limit: '1000' } })
  const output = detail.output === undefined || detail.output === null ? '' : `\n${valueText(detail.output)}`
  const why = never ?? (detail.failure ? failureText(detail.failure) : '')
  const last = `${name} ${paint.state(detail.state)}${detail.reason ? ` (${detail.reason})` : ''}${output}${why === '' ? '' : `\n${why}`}`
  const facts = { is: 'ended', definition: name, run: run.id, state: detail.state, reason: detail.reason, output: detail.output, tasks: tasks.tasks }
  session.showLine(facts, `\n${dagTasksText(tasks, session.look)}\n\n${last}`)
  return detail.state === 'completed' ? EXIT.done : EXIT.failed
}
