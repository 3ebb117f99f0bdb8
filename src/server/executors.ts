import { type AnyJob, Client, type Connection } from '@mainspring/sdk'
import { notificationsOf } from '../core/options.ts'
import type { Engine } from '../engine/face.ts'
import {
  type Executors,
  type HttpExecutorOptions,
  httpExecutor,
  type RecipientOf,
  type ShellExecutorOptions,
  shellExecutor,
  startExecutors,
} from '../executors/index.ts'
import type { Settings } from './config.ts'

export type ExecutorSettings = Pick<Settings, 'executors' | 'allowShell' | 'allowHttp' | 'callbackBase' | 'namespace' | 'smtp' | 'emailFrom'>

/**
 * The built-in executors by configuration, or null where they are off. `ownUrl` is asked for late: a port may be given by the system. Notifications are
 * sent where the engine is at hand, since only there secrets are known.
 */
export function openExecutors(
  settings: ExecutorSettings,
  connection: Connection,
  ownUrl: () => string | undefined,
  name?: string,
  engine?: Engine,
): Executors | null {
  const { callbackBase, namespace, smtp, emailFrom } = settings
  if (!runsExecutors(settings)) return null
  return startExecutors({
    client: new Client({ connection, namespace }),
    shell: shellOf(settings),
    http: {
      ...httpOf(settings),
      callbackBase: () => callbackBase ?? ownUrl(),
    },
    ...(engine !== undefined && { recipientOf: recipientsOf(engine, namespace) }),
    ...(smtp !== null && { email: { smtp, ...(emailFrom !== null && { from: emailFrom }) } }),
    console: () => callbackBase ?? undefined,
    ...(name !== undefined && { name }),
  })
}

/** The jobs `shell` and `http` by themselves, for who runs them without a server. */
export function executorJobs(settings: ExecutorSettings): { jobs: AnyJob[]; close(): Promise<void> } {
  const shell = shellExecutor(shellOf(settings))
  return { jobs: [shell.job, httpExecutor(httpOf(settings)).job], close: () => shell.close() }
}

function shellOf({ allowShell }: ExecutorSettings): ShellExecutorOptions {
  return { allow: allowShell === null ? false : allowShell === 'all' ? true : { commands: listOf(allowShell) } }
}

function httpOf({ allowHttp }: ExecutorSettings): HttpExecutorOptions {
  return allowHttp === null ? {} : { allow: allowedOf(allowHttp) }
}

/** They are on when they are asked for, or when anything is allowed to them. */
export function runsExecutors({ executors, allowShell, allowHttp, smtp }: ExecutorSettings): boolean {
  return executors === 'on' || allowShell !== null || allowHttp !== null || smtp !== null
}

/** One that now stands for something else at its number, or is told of other events, is gone. */
function recipientsOf({ definitions }: Engine, namespace: string): RecipientOf {
  return ({ definition: name, event, notification: number = null }) => {
    const options = definitions.list(namespace).find(definition => definition.name === name)?.options ?? {}
    const found = notificationsOf(options).find(({ n }) => n === number)?.notification
    return found === undefined || 'job' in found || !found.on.includes(event as never) ? null : found
  }
}

/** What requests may reach beside public addresses. */
export function allowedOf(allowHttp: string): 'any' | string[] {
  return allowHttp === 'any' ? 'any' : listOf(allowHttp)
}

function listOf(text: string): string[] {
  return text.split(',').map(item => item.trim())
}
