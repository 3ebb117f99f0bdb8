import { Client } from '@mainspring/sdk'
import type { RelayOptions } from '../triggers/outbox/index.ts'
import { isPostgresUrl, type Settings } from './config.ts'
import type { BareNode } from './node.ts'
import { withoutPassword } from './stores.ts'

/** Where the PostgreSQL store has its tables when its address names no schema. */
const STORE_SCHEMA = 'mainspring'

export type OutboxSettings = Pick<Settings, 'database' | 'namespace' | 'outbox'>

/**
 * Takes over the outboxes that are configured, and that of the node's own database where it is PostgreSQL, which it makes itself. In a cluster one
 * node does it.
 */
export async function openOutboxes(
  settings: OutboxSettings,
  node: Pick<BareNode, 'connection' | 'engine' | 'log' | 'metrics'>,
): Promise<{ stop(): Promise<void> }> {
  const named = outboxesOf(settings)
  const own = isPostgresUrl(settings.database) ? withSchema(settings.database) : null
  if (named.length === 0 && own === null) return { stop: async () => {} }
  const { startRelay } = await import('../triggers/outbox/index.ts')
  const common: Omit<RelayOptions, 'url'> = {
    client: new Client({ connection: node.connection, namespace: settings.namespace, retryFor: 0 }),
    // One node at a time: whoever serves the first slot.
    active: () => node.engine.places.holds(0),
  }
  const relayOf = (url: string, makes: boolean) => {
    const outbox = withoutPassword(url)
    return { outbox, relay: startRelay({ ...common, url, makes, log: (level, message, facts) => node.log[level]({ outbox, ...facts }, message) }) }
  }
  const relays = named.filter(url => url !== own).map(url => relayOf(url, false))
  if (own !== null) relays.push(relayOf(own, true))
  node.metrics.readOutboxes(() => relays.map(({ outbox, relay }) => ({ outbox, ...relay.figures() })))
  return { stop: async () => void (await Promise.all(relays.map(({ relay }) => relay.stop()))) }
}

/** The outboxes that are configured. */
export function outboxesOf({ outbox }: Pick<Settings, 'outbox'>): string[] {
  return outbox === null ? [] : [...new Set(outbox.split(',').map(url => url.trim()))]
}

function withSchema(url: string): string {
  const [address, query = ''] = url.split('?', 2) as [string, string?]
  const parameters = new URLSearchParams(query)
  if (!parameters.has('schema')) parameters.set('schema', STORE_SCHEMA)
  return `${address}?${parameters}`
}
