import { Empty, Workers } from './answers.ts'
import { storable } from './inputs.ts'
import { type Operation, operation } from './operation.ts'
import { CommandBody, NOTE_LENGTH_MAX } from './schemas.ts'
import { workerJson } from './views.ts'

const WORKERS = '/v1/namespaces/{namespace}/workers'

export const workers: Operation[] = [
  operation({
    name: 'workers.list',
    method: 'GET',
    path: WORKERS,
    summary: 'List workers and what they run',
    answers: { 200: Workers },
    handle: async ({ engine, params }) => JSON.stringify({ workers: (await engine.workers.list(params.namespace)).map(workerJson) }),
  }),
  operation({
    name: 'workers.drain',
    method: 'POST',
    path: `${WORKERS}/{worker}/drain`,
    summary: 'Give a worker no new task; what it runs goes on',
    body: { schema: CommandBody, optional: true },
    answers: { 200: Empty },
    async handle({ engine, params, body, command }) {
      const why = body.why === undefined ? null : storable(body.why, NOTE_LENGTH_MAX)
      await engine.workers.drain(params.namespace, params.worker, { ...command(), why })
      return '{}'
    },
  }),
  operation({
    name: 'workers.undrain',
    method: 'POST',
    path: `${WORKERS}/{worker}/undrain`,
    summary: 'Give a drained worker tasks again',
    body: { schema: CommandBody, optional: true },
    answers: { 200: Empty },
    async handle({ engine, params }) {
      await engine.workers.undrain(params.namespace, params.worker)
      return '{}'
    },
  }),
  operation({
    name: 'workers.gone',
    method: 'POST',
    path: `${WORKERS}/{worker}/gone`,
    summary: 'Say that a worker’s process has ended: its leases end now',
    body: { schema: CommandBody, optional: true },
    answers: { 200: Empty },
    async handle({ engine, params }) {
      await engine.tasks.gone(params.namespace, params.worker)
      return '{}'
    },
  }),
]
