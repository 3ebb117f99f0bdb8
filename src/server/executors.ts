import { Client, type Connection } from '@mainspring/sdk'
import type { Engine } from '../engine/face.ts'
import { type Executors, startExecutors } from '../executors/index.ts'
import type { Settings } from './config.ts'

export type ExecutorSettings = Pick<Settings, 'executors' | 'allowShell' | 'allowHttp' | 'callbackBase' | 'namespace'>

/**
 * The built-in executors by configuration, or null where they are off. `ownUrl` is asked for late: a port may be given by the system. Webhooks are sent where
 * the engine is at hand, since only there secrets are known.
 */
export function openExecutors(
  settings: ExecutorSettings,
  connection: Connection,
  ownUrl: () => string | undefined,
  name?: string,
  engine?: Engine,
): Executors | null {
  const { allowShell, allowHttp, callbackBase, namespace } = settings
  if (!runsExecutors(settings)) return null
  return startExecutors({
    client: new Client({ connection, namespace }),
    shell: { allow: allowShell === null ? false : allowShell === 'all' ? true : { commands: listOf(allowShell) } },
    http: {
      ...(allowHttp !== null && { allow: allowHttp === 'any' ? ('any' as const) : listOf(allowHttp) }),
      callbackBase: () => callbackBase ?? ownUrl(),
      ...(engine !== undefined && { webhookOf: webhooksOf(engine, namespace) }),
    },
    ...(name !== undefined && { name }),
  })
}

/** They are on when they are asked for, or when anything is allowed to them. */
export function runsExecutors({ executors, allowShell, allowHttp }: ExecutorSettings): boolean {
  return executors === 'on' || allowShell !== null || allowHttp !== null
}

function webhooksOf({ definitions }: Engine, namespace: string) {
  return (name: string): { url: string; secret?: string } | null => {
    const hook = definitions.list(namespace).find(definition => definition.name === name)?.options.onFailure
    return hook !== undefined && 'url' in hook ? hook : null
  }
}

function listOf(text: string): string[] {
  return text.split(',').map(item => item.trim())
}
