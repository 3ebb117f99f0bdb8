import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { servePort } from '@mainspring/sdk'
import { type NodeSettings, openBareNode } from './node.ts'
import { type OutboxSettings, openOutboxes } from './outbox.ts'
import { Refusal } from './refusal.ts'

/** The thread of an embedded node's engine (docs/architecture.md section 12): it serves its API over a port and ends when it is told to stop. */
export interface EngineThreadData {
  settings: NodeSettings & OutboxSettings
  port: MessagePort
}

export type EngineThreadMessage =
  | { is: 'ready' }
  | { is: 'refused'; facts: ConstructorParameters<typeof Refusal>[0] }
  | { is: 'failed'; message: string }

const { settings, port } = workerData as EngineThreadData
const tell = (message: EngineThreadMessage): void => parentPort?.postMessage(message)

try {
  const node = await openBareNode({ settings })
  const outboxes = await openOutboxes(settings, node)
  servePort(port, node.connection)
  parentPort?.once('message', async () => {
    await outboxes.stop()
    await node.stop()
    port.close()
    process.exit(0)
  })
  tell({ is: 'ready' })
} catch (error) {
  if (error instanceof Refusal) tell({ is: 'refused', facts: error.facts })
  else tell({ is: 'failed', message: error instanceof Error ? error.message : String(error) })
}
