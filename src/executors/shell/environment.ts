import type { JobContext } from '@mainspring/sdk'
import { nominalTimeOf } from '../attempt.ts'
import type { Account } from './account.ts'

/** What a command gets of the worker's own environment: what programs need, never what a server keeps secret. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR'] as const
export const PATH_DEFAULT = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Before what the input gives. */
export function minimalEnvironment(own: Readonly<Record<string, string | undefined>>, account: Account | null): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const name of PASSED_ON) if (own[name]) environment[name] = own[name]
  environment.PATH ??= PATH_DEFAULT
  if (account) Object.assign(environment, { HOME: account.home, USER: account.name, LOGNAME: account.name, SHELL: account.shell })
  return environment
}

/** After what the input gives. */
export function ownVariables(ctx: JobContext): Record<string, string> {
  const nominalTime = nominalTimeOf(ctx)
  return {
    MAINSPRING_RUN: ctx.run,
    MAINSPRING_ATTEMPT: String(ctx.attempt),
    MAINSPRING_TASK_KEY: ctx.taskKey,
    ...(nominalTime && { MAINSPRING_NOMINAL_TIME: nominalTime.toISOString() }),
  }
}
