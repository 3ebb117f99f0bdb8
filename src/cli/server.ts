import { collectWhenIdle, keepHeapSmall } from '../server/heap.ts'
import { openNode } from '../server/node.ts'
import { storeText } from '../server/stores.ts'
import type { Session } from './session.ts'
import { stopRequests } from './signals.ts'

/** `mainspring server`: runs until it is told to stop, then flushes and gives its shards up. A second signal ends it at once. */
export async function runServer(session: Session): Promise<undefined> {
  keepHeapSmall()
  collectWhenIdle()
  const stop = stopRequests()
  const node = await openNode(session.config)
  const { database } = session.config.settings
  session.terminal.out(`mainspring is ready at ${node.url} · store ${storeText(database)}`)
  const signal = await stop.requested
  session.terminal.out(`${signal}: stopping`)
  await node.stop()
  session.terminal.out('stopped')
  return undefined
}
