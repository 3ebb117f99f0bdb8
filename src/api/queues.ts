import type { PauseTarget } from '../engine/face.ts'
import { Empty, QueueShares, Queues } from './answers.ts'
import { storable } from './inputs.ts'
import { type Operation, operation } from './operation.ts'
import { CommandBody, NOTE_LENGTH_MAX, PauseBody } from './schemas.ts'
import { queueJson } from './views.ts'

const NAMESPACE = '/v1/namespaces/{namespace}'

const list = operation({
  name: 'queues.list',
  method: 'GET',
  path: `${NAMESPACE}/queues`,
  summary: 'List queues with their depth, and what they did in the last hour',
  answers: { 200: Queues },
  async handle({ engine, params }) {
    const [{ queues: hours }, queues] = await Promise.all([engine.activity.lastHour(params.namespace), engine.queues.list(params.namespace)])
    return JSON.stringify({ queues: queues.map(queue => queueJson(queue, hours.get(queue.name))) })
  },
})

const shares = operation({
  name: 'queues.shares',
  method: 'GET',
  path: `${NAMESPACE}/queues/{name}/shares`,
  summary: 'How keys share a queue now: whose turn it is, what waits and runs of each, and who was served last',
  answers: { 200: QueueShares },
  handle: async ({ engine, params }) => JSON.stringify(await engine.queues.shares(params.namespace, params.name)),
})

/** Pause and resume are the same for all that can be paused: an operator's setting (E21). */
export function pauseOperations(scope: PauseTarget['scope'], prefix: string, path: string): Operation[] {
  const target = (params: { namespace: string; name: string }): PauseTarget => ({
    namespace: params.namespace,
    scope,
    name: scope === 'namespace' ? '' : params.name,
  })
  return [
    operation({
      name: `${prefix}.pause`,
      method: 'POST',
      path: `${path}/pause`,
      summary: `Pause a ${scope}: nothing of it is delivered, what runs goes on`,
      body: { schema: PauseBody, optional: true },
      answers: { 200: Empty },
      async handle({ engine, params, body, by }) {
        await engine.pauses.set(target(params), { by, note: body.note === undefined ? null : storable(body.note, NOTE_LENGTH_MAX) })
        return '{}'
      },
    }),
    operation({
      name: `${prefix}.resume`,
      method: 'POST',
      path: `${path}/resume`,
      summary: `End the pause of a ${scope}`,
      body: { schema: CommandBody, optional: true },
      answers: { 200: Empty },
      async handle({ engine, params }) {
        await engine.pauses.set(target(params), null)
        return '{}'
      },
    }),
  ]
}

export const queues: Operation[] = [
  list,
  shares,
  ...pauseOperations('queue', 'queues', `${NAMESPACE}/queues/{name}`),
  ...pauseOperations('namespace', 'namespace', NAMESPACE),
]
