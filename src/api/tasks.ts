import type { TaskResult } from '../core/machine.ts'
import { Advanced, Completed, Empty, Held, Polled } from './answers.ts'
import { beatOf, logRowOf, resultOf } from './inputs.ts'
import { quote } from './json.ts'
import { type Context, type Operation, operation } from './operation.ts'
import { Complete, Heartbeat, Log, Poll } from './schemas.ts'
import { filledTasks } from './variables/late.ts'
import { maskedFailure, maskedJson } from './variables/mask.ts'
import { advanceText, deliveryText, listText } from './views.ts'
import { advanceOf } from './workflow-inputs.ts'
import { ADVANCE_RAW, Advance } from './workflow-schemas.ts'

/** The worker side (docs/architecture.md section 8). Two of these carry every job there is, so their answers are put together by hand. */

const TASKS = '/v1/namespaces/{namespace}/tasks'

const poll = operation({
  name: 'tasks.poll',
  method: 'POST',
  path: `${TASKS}/poll`,
  summary: 'Take tasks: waits for a first one, gives again what the last answer held and did not arrive',
  body: { schema: Poll },
  answers: { 200: Polled },
  async handle({ engine, params, body, signal, context }) {
    const { answer, tasks: taken } = await engine.tasks.poll(
      params.namespace,
      {
        worker: body.worker,
        workerName: body.workerName ?? body.worker,
        last: body.last ?? null,
        queues: body.queues ?? [],
        serves: body.serves.map(({ definition, version }) => ({ definition, version: version ?? null })),
        labels: body.labels ?? {},
        max: body.max,
        slots: body.slots ?? body.max,
        ...(body.units && { units: body.units }),
        ...(body.unitsTotal && { unitsTotal: body.unitsTotal }),
        waitMs: body.wait ?? 0,
      },
      signal,
    )
    const tasks = await filledTasks(taken, params.namespace, body.worker, engine, context.variables)
    let text = `{"answer":${quote(answer)},"tasks":[`
    for (let index = 0; index < tasks.length; index++) text += (index === 0 ? '' : ',') + deliveryText(tasks[index] as (typeof tasks)[number])
    return `${text}]}`
  },
})

const complete = operation({
  name: 'tasks.complete',
  method: 'POST',
  path: `${TASKS}/complete`,
  summary: 'Report results; repeating one answers the same',
  body: { schema: Complete, raw: { results: [{ output: 'raw', watermark: 'raw', assets: [{ extra: 'raw', watermark: 'raw' }] }] } },
  answers: { 200: Completed },
  async handle({ engine, params, body, payloads, context }) {
    if (body.results.length === 0) return '{"results":[]}'
    const answers = await engine.tasks.complete(
      params.namespace,
      body.worker,
      body.results.map((result, index) => masked(resultOf(result, payloads, `/results/${index}`), params.namespace, context)),
    )
    return `{"results":["${answers.join('","')}"]}`
  },
})

/** Secrets are in no failure. */
function masked<R extends TaskResult>(result: R, namespace: string, { variables }: Context): R {
  const mask = result.is === 'failed' ? variables.mask(namespace) : null
  return mask === null || result.is !== 'failed' ? result : { ...result, failure: maskedFailure(result.failure, mask) }
}

const advance = operation({
  name: 'tasks.advance',
  method: 'POST',
  path: `${TASKS}/advance`,
  summary: 'Say how far the code of workflows is; answers what has happened since. Repeating a call answers the same',
  body: { schema: Advance, raw: ADVANCE_RAW },
  answers: { 200: Advanced },
  async handle({ engine, params, body, payloads }) {
    const advances = body.advances.map((one, index) => advanceOf(one, payloads, index))
    const answers = await engine.tasks.advance(params.namespace, body.worker, advances)
    return `{"advances":${listText(answers, advanceText)}}`
  },
})

const heartbeat = operation({
  name: 'tasks.heartbeat',
  method: 'POST',
  path: `${TASKS}/heartbeat`,
  summary: 'Keep leases, with progress and checkpoints; learns of cancellations',
  body: { schema: Heartbeat, raw: { beats: [{ checkpoint: 'raw' }] } },
  answers: { 200: Held },
  async handle({ engine, params, body, payloads }) {
    // An empty one is passed on too: it says that the worker is there.
    const beats = body.beats.map(beat => beatOf(beat, payloads))
    return JSON.stringify({ beats: await engine.tasks.heartbeat(params.namespace, body.worker, beats) })
  },
})

const log = operation({
  name: 'tasks.log',
  method: 'POST',
  path: `${TASKS}/log`,
  summary: 'Append log lines; a line that is there already is ignored',
  body: { schema: Log, raw: { lines: [{ fields: 'raw' }] } },
  answers: { 200: Empty },
  async handle({ engine, params, body, payloads, context }) {
    const mask = context.variables.mask(params.namespace)
    const lines = body.lines.map((line, index) => {
      const row = logRowOf(line, payloads, `/lines/${index}`)
      return mask === null ? row : { ...row, message: mask(row.message), fields: row.fields && maskedJson(row.fields, mask) }
    })
    if (lines.length > 0) await engine.tasks.log(params.namespace, lines)
    return '{}'
  },
})

export const tasks: Operation[] = [poll, complete, advance, heartbeat, log]
