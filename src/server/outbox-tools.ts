import type { Client } from '@mainspring/sdk'
import { type Relay, startRelay } from '../triggers/outbox/index.ts'
import type { LogLevel } from './config.ts'
import { openLog } from './log.ts'
import { withoutPassword } from './stores.ts'

/** What commands need of outboxes, with the driver of PostgreSQL. */
export { installOutbox, OUTBOX_SQL } from '../triggers/outbox/index.ts'

export function startRelays(urls: readonly string[], client: Client, logLevel: LogLevel): Relay[] {
  const log = openLog(logLevel)
  return urls.map(url => {
    const outbox = withoutPassword(url)
    return startRelay({ url, client, log: (level, message, facts) => log[level]({ outbox, ...facts }, message) })
  })
}
