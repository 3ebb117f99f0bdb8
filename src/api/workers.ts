import { Empty, Workers } from './answers.ts'
import { type Operation, operation } from './operation.ts'
import { CommandBody } from './schemas.ts'
import { workerJson } from './views.ts'

const WORKERS = '/v1/namespaces/{namespace}/workers'

export const workers: Operation[] = [
  operation({
    name: 'workers.list',
    method: 'GET',
    path: WORKERS,
    summary: 'List workers and what they run',
    answers: { 200: Workers },
    handle: ({ engine, params }) => JSON.stringify({ workers: engine.workers.list(params.namespace).map(workerJson) }),
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
