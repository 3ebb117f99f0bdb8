import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { type FlowPeer, step } from './flow-peer.ts'

const QUEUE = 'bench'
/** As many as are under way in any case: none waits for a slot, and none is read again from its history (https://docs.temporal.io/develop/worker-performance). */
const SLOTS = 1_000

/** https://docs.temporal.io: a step is an activity, which is on disk before the next begins; a local one is not before the worker's turn ends. */
export async function open(address: string): Promise<FlowPeer> {
  Runtime.install({ logger: new DefaultLogger('ERROR') })
  const client = new Client({ connection: await Connection.connect({ address }) })
  await ready(client)
  return {
    async serve() {
      const logger = new DefaultLogger('ERROR')
      const worker = await Worker.create({
        connection: await NativeConnection.connect({ address }),
        taskQueue: QUEUE,
        workflowBundle: await bundleWorkflowCode({ workflowsPath: join(import.meta.dirname, 'temporal-flows.ts'), logger }),
        activities: { step },
        maxConcurrentActivityTaskExecutions: SLOTS,
        maxConcurrentWorkflowTaskExecutions: SLOTS,
        maxCachedWorkflows: 2 * SLOTS,
      })
      void worker.run()
    },
    call: (what, input) => client.workflow.execute(what, { workflowId: randomUUID(), taskQueue: QUEUE, args: [input] }),
  }
}

/** The server listens before it can answer. */
async function ready({ workflowService, options: { namespace } }: Client): Promise<void> {
  const isThere = () =>
    workflowService.describeNamespace({ namespace }).then(
      () => true,
      () => false,
    )
  while (!(await isThere())) await new Promise(resolve => setTimeout(resolve, 100))
}
