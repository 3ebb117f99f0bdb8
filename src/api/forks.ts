import { type Static, Type } from 'typebox'
import { UserError } from '../core/errors.ts'
import type { RunId } from '../core/ids.ts'
import type { DagRerun, RerunTarget, RerunTask } from '../engine/face.ts'
import { Empty, object, orNull, Problem, RunRef, Time } from './answers.ts'
import { payloadOf } from './inputs.ts'
import { formatInstant, parseInstant } from './instants.ts'
import { quote } from './json.ts'
import { type Operation, operation } from './operation.ts'
import { problemJson } from './problem.ts'
import { Fork, Mark, Rerun, Reset } from './workflow-schemas.ts'

type RerunBody = Pick<Static<typeof Rerun>, 'tasks' | 'items' | 'downstream' | 'upstream' | 'onlyFailed' | 'newest'>

const Reruns = object(
  {
    dryRun: Type.Boolean({ description: 'nothing was changed' }),
    runs: Type.Array(
      object(
        {
          run: Type.String(),
          nominalTime: { ...Time, description: 'the time that the run is for' },
          again: orNull(Type.String({ description: 'the run that was started in its place, by this call or the same one before' })),
          count: orNull(Type.Integer({ description: 'of a dry run: so many tasks would run again' })),
          tasks: orNull(
            Type.Array(object({ task: Type.String(), items: orNull(Type.Integer({ description: 'of a mapped one; null: all of it' })) }), {
              description: 'of a dry run: the first 200 of them',
            }),
          ),
          refused: orNull(Problem),
        },
        'RerunOfRun',
      ),
      { description: 'by the times that they are for; at most 100' },
    ),
  },
  'Reruns',
)

const RUN = '/v1/namespaces/{namespace}/runs/{run}'

const fork = operation({
  name: 'runs.fork',
  method: 'POST',
  path: `${RUN}/fork`,
  summary:
    'Start a new run that goes on from a step of a workflow, and keeps the results before it, with other input if given; or that runs tasks of a DAG again, and keeps the others',
  body: { schema: Fork, raw: { input: 'raw' }, optional: true },
  answers: { 200: RunRef },
  async handle({ engine, params, body, payloads, runId, command }) {
    const input = body.input === undefined ? {} : { input: payloadOf(body.input, payloads) }
    const { from = null } = body
    const rerun = rerunOf(body)
    const isOfDag = rerun.tasks !== null || rerun.items !== undefined || rerun.downstream || rerun.upstream || rerun.onlyFailed || rerun.newest
    const run = await engine.runs.fork(params.namespace, await runId(), { from, ...input, reset: false, ...(isOfDag && { rerun }) }, command())
    return `{"run":${quote(run)}}`
  },
})

interface Outcome {
  again?: RunId
  tasks?: RerunTask[]
  refused?: object
}
/** Runs that are worked on at once. */
const TOGETHER = 4
/** Tasks of a run that are named. */
const TASKS_NAMED_MAX = 200

const rerunMany = operation({
  name: 'runs.rerun',
  method: 'POST',
  path: `${RUN}/rerun`,
  summary:
    'Run tasks of a closed run of a DAG again, and of the runs of this DAG for earlier or later times: a new run of each, once, however often the call is repeated; or say what that would be',
  body: { schema: Rerun, optional: true },
  answers: { 200: Reruns },
  async handle({ engine, params: { namespace }, body, runId, command }) {
    const { past = false, future = false, dryRun = false } = body
    const asked = command()
    const times = Object.fromEntries(
      (['from', 'to'] as const).flatMap(name => (body[name] === undefined ? [] : [[name, parseInstant(body[name], `/${name}`)]])),
    )
    const rerun = rerunOf(body)
    const targets = await engine.runs.reruns(namespace, await runId(), { past, future, ...times }, asked.id)
    const one = async ({ run, again }: RerunTarget): Promise<Outcome> => {
      if (again !== null) return { again }
      if (dryRun) return { tasks: await engine.runs.rerunTasks(namespace, run, rerun) }
      return { again: await engine.runs.fork(namespace, run, { from: null, reset: false, rerun }, asked) }
    }
    const runs: object[] = []
    // In their order: a run that depends on the past is begun after it.
    for (let from = 0; from < targets.length; from += TOGETHER)
      runs.push(
        ...(await Promise.all(
          targets.slice(from, from + TOGETHER).map(async target => {
            const {
              again = null,
              tasks,
              refused = null,
            } = await one(target).catch((error: unknown): Outcome => {
              // One run is refused as by a call of its own. What may go later goes by a repeat of this call, which begins nothing twice.
              if (!(error instanceof UserError) || targets.length === 1 || error.problem.status >= 429) throw error
              return { refused: problemJson(error.problem) }
            })
            const told = { count: tasks?.length ?? null, tasks: tasks?.slice(0, TASKS_NAMED_MAX) ?? null }
            return { run: target.run, nominalTime: formatInstant(target.nominalAt), again, ...told, refused }
          }),
        )),
      )
    return JSON.stringify({ dryRun, runs })
  },
})

function rerunOf(body: RerunBody): DagRerun {
  const { tasks = null, items, downstream = false, upstream = false, onlyFailed = false, newest = false } = body
  return { tasks, downstream, upstream, onlyFailed, newest, ...(items !== undefined && { items }) }
}

const reset = operation({
  name: 'runs.reset',
  method: 'POST',
  path: `${RUN}/reset`,
  summary: 'The same with the same input in place of this run, which ends if it is open; signals that it had later go to the new one',
  body: { schema: Reset },
  answers: { 200: RunRef },
  async handle({ engine, params, body, runId, command }) {
    const run = await engine.runs.fork(params.namespace, await runId(), { from: body.to, reset: true }, command())
    return `{"run":${quote(run)}}`
  },
})

const mark = operation({
  name: 'runs.mark',
  method: 'POST',
  path: `${RUN}/tasks/{name}/mark`,
  summary: 'Say how a task of an open run of a DAG has ended; where it runs it is told to stop',
  body: { schema: Mark, raw: { output: 'raw' } },
  answers: { 200: Empty },
  async handle({ engine, params, body: { as, item, output, why }, payloads, runId, command }) {
    const given = { ...(item !== undefined && { item }), ...(output !== undefined && { output: payloadOf(output, payloads) }) }
    await engine.runs.mark(params.namespace, await runId(), { task: params.name, as, ...given }, { ...command(), ...(why !== undefined && { why }) })
    return '{}'
  },
})

export const forks: Operation[] = [fork, rerunMany, reset, mark]
