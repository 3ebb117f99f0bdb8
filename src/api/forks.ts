import { Empty, RunRef } from './answers.ts'
import { payloadOf } from './inputs.ts'
import { quote } from './json.ts'
import { type Operation, operation } from './operation.ts'
import { Fork, Mark, Reset } from './workflow-schemas.ts'

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
    const { from = null, tasks = null, downstream = false, upstream = false, newest = false } = body
    const isOfDag = tasks !== null || downstream || upstream || newest
    const rerun = isOfDag ? { rerun: { tasks, downstream, upstream, newest } } : {}
    const run = await engine.runs.fork(params.namespace, await runId(), { from, ...input, reset: false, ...rerun }, command())
    return `{"run":${quote(run)}}`
  },
})

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

export const forks: Operation[] = [fork, reset, mark]
