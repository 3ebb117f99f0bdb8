import { Client } from '@mainspring/sdk'
import { ENDPOINT_HEALTH_SETTING, ENDPOINT_SETTING, type EndpointHealth, type EndpointSet } from '../core/endpoints.ts'
import { slotOfKey } from '../core/ids.ts'
import { startEndpoints } from '../executors/endpoints/index.ts'
import type { Settings } from './config.ts'
import { allowedOf } from './executors.ts'
import type { BareNode } from './node.ts'

/** Sends work to the endpoints that operators have made known. In a cluster each is one node's: that which serves the slot of its name. */
export function openEndpoints(
  { allowHttp }: Pick<Settings, 'allowHttp'>,
  { connection, engine, log }: Pick<BareNode, 'connection' | 'engine' | 'log'>,
): { stop(): Promise<void> } {
  const { settings, places } = engine
  return startEndpoints({
    clientOf: namespace => new Client({ connection, namespace }),
    list() {
      const health = new Map(settings.get(ENDPOINT_HEALTH_SETTING).map(({ namespace, name, value }) => [`${namespace}\n${name}`, value]))
      return settings.get(ENDPOINT_SETTING).map(({ namespace, name, value }) => {
        const { url, secrets, slots, timeoutMs } = JSON.parse(value) as EndpointSet
        const told = health.get(`${namespace}\n${name}`)
        return {
          target: { namespace, name, url, secrets, slots, timeoutMs },
          health: told === undefined ? null : healthOf(JSON.parse(told) as EndpointHealth),
          isOurs: places.holds(slotOfKey(`${namespace}\n${name}`)),
        }
      })
    },
    report(namespace, name, health) {
      const kept: EndpointHealth = { ...health, since: Date.now() }
      return settings.put(ENDPOINT_HEALTH_SETTING, namespace, name, JSON.stringify(kept))
    },
    log: (level, message, facts) => log[level](facts, message),
    ...(allowHttp !== null && { allow: allowedOf(allowHttp) }),
  })
}

function healthOf({ serves, code, trouble }: EndpointHealth): Omit<EndpointHealth, 'since'> {
  return { serves, code, trouble }
}
