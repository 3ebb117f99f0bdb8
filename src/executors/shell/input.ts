import type { Duration } from '@mainspring/sdk'
import { byType, duration, flag, type Issue, inputSchema, integer, listOf, object, recordOf, text } from '../forms.ts'

/** What a run of `shell` does. Its time is the run's `timeout`, its attempts the run's `retry`. */
export interface ShellInput {
  /** A list is program and arguments; no shell looks at them. A text is the absolute path of a program, or with `shell` a command for that shell. */
  command: string | string[]
  /** `true` is `/bin/sh`; a text is the absolute path of another shell. Default: none. */
  shell?: boolean | string
  /** Absolute path. Default: the first folder that is allowed, else the home of `user`, else where the worker runs. */
  cwd?: string
  /** Added to a small environment (PATH, HOME, USER, LANG …); nothing else of the worker's own is passed on. */
  env?: Record<string, string>
  /** Written to its standard input, which is then closed. Default: empty. */
  stdin?: string
  /** Bytes of each of stdout and stderr that are kept in the result, the first and the last half. 0 to 512 KiB, default 64 KiB. */
  outputLimit?: number
  /** Exit codes that are a success. Default `[0]`. */
  expect?: number | number[]
  /** Exit codes with which a task of a DAG is skipped, as by `Skip`. Default: none. */
  skip?: number | readonly number[]
  /** Runs as this account. Only a worker that is root can. Default: the worker's own. */
  user?: string
  /** From SIGTERM to SIGKILL when it is to stop. 0 to 1 hour, default 10 seconds. */
  killAfter?: Duration
}

export interface ShellOutput {
  exitCode: number
  /** Always null in a result: what a signal has ended has failed. */
  signal: string | null
  stdout: string
  stderr: string
  /** A part of stdout or stderr was cut out; a mark stands in its place. */
  truncated: boolean
  durationMs: number
}

/** Given to every command, whatever `env` says. */
export const OWN_VARIABLES = ['MAINSPRING_RUN', 'MAINSPRING_ATTEMPT', 'MAINSPRING_TASK_KEY', 'MAINSPRING_NOMINAL_TIME'] as const

/** Linux takes 128 KiB an argument and a few MiB in all; what is larger belongs into stdin or a file. */
const ARGUMENT_LENGTH_MAX = 128 * 1024
const ARGUMENTS_MAX = 10_000
export const OUTPUT_LIMIT_MAX = 512 * 1024
const HOUR_MS = 3_600_000

const absolutePath = text('an absolute path', { min: 1, max: 4_096, pattern: /^\// })
const exitCode = integer(0, 255)

const form = object(
  {
    command: byType('a list ["program", "argument"], the absolute path of a program, or with "shell" a command', {
      string: text('a command', { min: 1, max: ARGUMENT_LENGTH_MAX }),
      array: listOf(text('an argument', { max: ARGUMENT_LENGTH_MAX }), { min: 1, max: ARGUMENTS_MAX }),
    }),
    shell: byType('true, or the absolute path of a shell', { boolean: flag, string: absolutePath }),
    cwd: absolutePath,
    env: recordOf(
      { pattern: /^[A-Za-z_][A-Za-z0-9_]*$/, meant: 'the name of a variable has letters, digits and underscores' },
      text('a text', { max: ARGUMENT_LENGTH_MAX }),
      1_000,
    ),
    stdin: {
      schema: { type: 'string' },
      check: (value, at, issues) => void (typeof value === 'string' || issues.push({ message: 'a text', path: at })),
    },
    outputLimit: integer(0, OUTPUT_LIMIT_MAX),
    expect: byType('an exit code, or a list of them', { number: exitCode, array: listOf(exitCode, { min: 1, max: 256 }) }),
    skip: byType('an exit code, or a list of them', { number: exitCode, array: listOf(exitCode, { min: 1, max: 256 }) }),
    user: text('the name of an account', { min: 1, max: 64, pattern: /^[A-Za-z_][A-Za-z0-9_.-]*\$?$/ }),
    killAfter: duration(0, HOUR_MS, 'from 0 to 1 hour'),
  },
  ['command'],
)

export const shellInput = inputSchema<ShellInput>(form, (input, issues: Issue[]) => {
  const { command, shell = false } = input
  if (Array.isArray(command)) {
    if (shell !== false) issues.push({ message: 'with "shell" the command is one text', path: ['command'] })
    else if (command[0] === '') issues.push({ message: 'the program has no name', path: ['command', 0] })
  } else if (shell === false && !command.startsWith('/'))
    issues.push({ message: 'a text is an absolute path; give a list ["program", "argument"], or "shell": true', path: ['command'] })
  for (const name of Object.keys(input.env ?? {}))
    if ((OWN_VARIABLES as readonly string[]).includes(name)) issues.push({ message: 'this variable is set by Mainspring', path: ['env', name] })
})
