import { type Clock, durationMs, encode, type Job, type JobContext, job, Skip, systemClock } from '@mainspring/sdk'
import { AttemptFailed, refusal } from '../attempt.ts'
import { accountOf } from './account.ts'
import { type Ended, runCommand } from './command.ts'
import { minimalEnvironment, ownVariables } from './environment.ts'
import { Guard } from './guard.ts'
import { type ShellInput, type ShellOutput, shellInput } from './input.ts'
import { Kept, LogLines } from './output.ts'
import { checkedPolicy, notAllowed, permitted, type ShellPolicy } from './policy.ts'

export type { ShellInput, ShellOutput } from './input.ts'
export type { ShellLimits, ShellPolicy } from './policy.ts'

export interface ShellExecutorOptions {
  /** Whoever may start runs may run these commands as the worker's account. Default: none. */
  allow?: ShellPolicy
  /** What PATH, HOME, LANG and the like are taken from. Default: the worker's own. */
  environment?: Readonly<Record<string, string | undefined>>
  clock?: Clock
}

export interface ShellExecutor {
  /** Give it to a worker. Definition and queue are called `shell`. */
  readonly job: Job<ShellInput, ShellOutput>
  /** Commands that run now, those included that are being ended. */
  readonly running: number
  /** Ends what runs (SIGTERM, then SIGKILL) and resolves when no process is left. Call it after the worker has stopped. */
  close(): Promise<void>
}

/**
 * Runs commands as runs of the definition `shell`.
 * ```ts
 * const shell = shellExecutor({ allow: { commands: ['pg_dump'], cwd: ['/var/backups'] } })
 * startWorker({ jobs: [shell.job] })
 * await shell.job.start({ command: ['pg_dump', '-Fc', '-f', 'shop.dump', 'shop'] }, { timeout: '1h' })
 * ```
 * @throws InvalidOption with the option's place.
 */
export function shellExecutor(options: ShellExecutorOptions = {}): ShellExecutor {
  const policy = checkedPolicy(options.allow ?? false)
  const own = options.environment ?? process.env
  const clock = options.clock ?? systemClock
  const guard = new Guard()
  const running = new Map<AbortController, Promise<unknown>>()
  /** By task: the end of its command that was begun last. */
  const ends = new Map<string, Promise<unknown>>()
  let closed = false

  const handler = (input: ShellInput, ctx: JobContext): Promise<ShellOutput> => {
    const stop = new AbortController()
    const stopped = (): void => stop.abort(ctx.signal.reason)
    ctx.signal.addEventListener('abort', stopped, { once: true })
    if (closed) stop.abort(closing())
    if (ctx.signal.aborted) stopped()
    // Timed out here and tried again here: the next attempt begins when nothing of this one is left.
    const before = ends.get(ctx.taskKey)
    const done = Promise.allSettled([before])
      .then(() => execute(input, ctx, stop.signal))
      .finally(() => {
        ctx.signal.removeEventListener('abort', stopped)
        running.delete(stop)
        if (ends.get(ctx.taskKey) === done) ends.delete(ctx.taskKey)
      })
    ends.set(ctx.taskKey, done)
    running.set(stop, done)
    return done
  }

  async function execute(input: ShellInput, ctx: JobContext, signal: AbortSignal): Promise<ShellOutput> {
    if (process.platform === 'win32') throw refusal('shell-unsupported', 'Commands are not run on Windows: it has no process groups to end them by.')
    if (policy === false) throw notAllowed('This worker runs no commands.')
    const account = await accountOf(input.user)
    const base = minimalEnvironment(own, account)
    const env: Record<string, string> = { ...base, ...input.env, ...ownVariables(ctx) }
    const allowed = permitted(policy, input, account?.home ?? process.cwd(), env.PATH as string, base.PATH as string)
    const killAfterMs = durationMs(input.killAfter ?? KILL_AFTER) as number
    const kept = { stdout: new Kept(input.outputLimit ?? OUTPUT_LIMIT), stderr: new Kept(input.outputLimit ?? OUTPUT_LIMIT) }
    const lines = new LogLines(ctx)
    const shown = { stdout: lines.of('info'), stderr: lines.of('warn') }
    signal.throwIfAborted()
    const begunAt = clock.monotonic()
    const ended = await runCommand(
      { ...allowed, env, account, stdin: input.stdin, killAfterMs },
      {
        clock,
        guard,
        signal,
        onOutput: (stream, chunk) => {
          kept[stream].add(chunk)
          shown[stream].add(chunk)
          ctx.heartbeat() // output is a sign of life: `timeout: { heartbeat }` finds a command that hangs silently
        },
        onNews: message => ctx.log.warn(message),
      },
    ).catch(error => {
      throw cannotStart(error)
    })
    shown.stdout.end()
    shown.stderr.end()
    signal.throwIfAborted()
    const durationMsTaken = Math.round(clock.monotonic() - begunAt)
    const expected = [input.expect ?? 0].flat()
    if (ended.exitCode !== null && [input.skip ?? []].flat().includes(ended.exitCode)) throw new Skip(`The command ended with ${ended.exitCode}.`)
    if (ended.exitCode === null || !expected.includes(ended.exitCode)) throw failed(ended, kept)
    return fitting(ended.exitCode, kept, durationMsTaken)
  }

  return {
    job: job('shell', { input: shellInput, queue: 'shell', version: VERSION }, handler),
    get running() {
      return running.size
    },
    async close() {
      closed = true
      for (const stop of running.keys()) stop.abort(closing())
      await Promise.allSettled(running.values())
      guard.close()
    },
  }
}

/** Of this code: a change of what a run does is a new one. */
const VERSION = '1'
const KILL_AFTER = '10s'
const OUTPUT_LIMIT = 64 * 1024
/** What a failure shows of stderr. */
const LAST_LINES = 10
const LAST_BYTES = 2_048

function closing(): AttemptFailed {
  return new AttemptFailed('ShellFailed', 'shell-closed', 'The worker stops, and has ended the command.')
}

interface Streams {
  stdout: Kept
  stderr: Kept
}

function failed({ exitCode, signal }: Ended, { stdout, stderr }: Streams): AttemptFailed {
  const what = exitCode === null ? `The command was ended by ${signal}` : `The command ended with exit code ${exitCode}`
  const [from, last] = [
    ['stderr', lastLines(stderr)],
    ['stdout', lastLines(stdout)],
  ].find(([, text]) => text !== '') ?? ['', '']
  return new AttemptFailed(
    'ShellFailed',
    exitCode === null ? 'shell-killed' : 'shell-exit',
    last === '' ? `${what}.` : `${what}. ${from} ends with:\n${last}\n`,
  )
}

function lastLines(stream: Kept): string {
  const { text } = stream.text()
  return text.slice(-LAST_BYTES).trimEnd().split('\n').slice(-LAST_LINES).join('\n')
}

function cannotStart(error: NodeJS.ErrnoException): unknown {
  if (error.code === 'E2BIG')
    return refusal('shell-too-long', 'Arguments and environment are longer than the system takes. Pass large data by stdin or a file.')
  if (error.syscall?.startsWith('spawn'))
    return new AttemptFailed('ShellFailed', 'shell-cannot-start', `The command cannot be started: ${error.code}.`)
  return error
}

/** Control characters grow sixfold in JSON: what would be more than a payload holds is cut further. */
function fitting(exitCode: number, { stdout, stderr }: Streams, durationMsTaken: number): ShellOutput {
  for (let limit = Number.POSITIVE_INFINITY; ; limit = limit === Number.POSITIVE_INFINITY ? 128 * 1024 : limit / 2) {
    const [out, err] = [stdout.text(limit), stderr.text(limit)]
    const truncated = out.truncated || err.truncated
    const output = { exitCode, signal: null, stdout: out.text, stderr: err.text, truncated, durationMs: durationMsTaken }
    if (fits(output) || limit < 1) return output
  }
}

function fits(output: ShellOutput): boolean {
  try {
    encode(output)
    return true
  } catch {
    return false
  }
}
