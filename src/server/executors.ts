import { Client, type Connection } from '@mainspring/sdk'
import { type Executors, startExecutors } from '../executors/index.ts'
import type { Settings } from './config.ts'

export type ExecutorSettings = Pick<Settings, 'executors' | 'allowShell' | 'allowHttp' | 'callbackBase' | 'namespace'>

/** The built-in executors by configuration, or null where they are off. `ownUrl` is asked for late: a port may be given by the system. */
export function openExecutors(settings: ExecutorSettings, connection: Connection, ownUrl: () => string | undefined, name?: string): Executors | null {
  const { executors, allowShell, allowHttp, callbackBase, namespace } = settings
  if (executors === 'off' && allowShell === null && allowHttp === null) return null
  return startExecutors({
    client: new Client({ connection, namespace }),
    shell: { allow: allowShell === null ? false : allowShell === 'all' ? true : { commands: listOf(allowShell) } },
    http: {
      ...(allowHttp !== null && { allow: allowHttp === 'any' ? ('any' as const) : listOf(allowHttp) }),
      callbackBase: () => callbackBase ?? ownUrl(),
    },
    ...(name !== undefined && { name }),
  })
}

function listOf(text: string): string[] {
  return text.split(',').map(item => item.trim())
}
