import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { Clock } from '@mainspring/sdk'
import { type Account, groupsHelper } from './account.ts'
import { endGroup, groupEnds } from './group.ts'
import type { Guard } from './guard.ts'
import type { Permitted } from './policy.ts'

export interface Command extends Permitted {
  env: Record<string, string>
  account: Account | null
  stdin: string | undefined
  killAfterMs: number
}
export interface Watcher {
  clock: Clock
  guard: Guard
  /** Ends the command. */
  signal: AbortSignal
  onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): void
  onNews(message: string): void
}
export interface Ended {
  exitCode: number | null
  signal: NodeJS.Signals | null
}

/** What the command started and left in its group may end by itself, such as a `tee` behind a pipe that has a line left. */
const LEFT_BEHIND_MS = 2_000
/** A process that left the group may hold our pipes for ever; what was written before is here by then. */
const PIPES_MS = 1_000

/**
 * Runs a command in a process group of its own and resolves when no process of that group is left.
 *
 * ```text
 * runs ──the leader ends──▶ what is left of the group has 2 s ──▶ SIGTERM ──killAfter──▶ SIGKILL ──▶ ended
 *   └──── signal aborts ───────────────────────────────────────────┘
 * ```
 * @throws what spawn could not do, such as EAGAIN or E2BIG.
 */
export async function runCommand(command: Command, watcher: Watcher): Promise<Ended> {
  const { clock, guard, signal } = watcher
  const child = begin(command)
  const group = child.pid
  if (group === undefined) return new Promise((_, reject) => child.once('error', reject))
  const closed = new Promise<void>(resolve => child.once('close', () => resolve()))
  const exited = new Promise<Ended>(resolve => child.once('exit', (exitCode, by) => resolve({ exitCode, signal: by })))
  child.on('error', () => {}) // a signal that could not be sent: the group's are ours
  watch(child, command, watcher)
  try {
    await guard.add(group)
    ;(child.stdio[3] as Writable).end('go\n')
    await settledOrAborted(exited, signal)
    await endRest(group, command, watcher)
    const ended = await exited
    await Promise.race([closed, new Promise<void>(resolve => clock.after(PIPES_MS, resolve))])
    return ended
  } finally {
    for (const stream of child.stdio) stream?.destroy()
    guard.remove(group)
  }
}

/**
 * Waits until the guard knows of it, and dies with us before that; then becomes the program, in the same process. Without it, a worker that is killed between the
 * start of the program and its next line would leave it behind: on a busy machine that is one kill in five, if it comes at the worst moment.
 */
const WAITING = 'read -r go <&3 || exit 125; exec 3<&-; exec "$@"'

function begin({ file, argv, cwd, env, account, stdin }: Command): ChildProcess {
  const stdio: ('pipe' | 'ignore')[] = [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', 'pipe']
  const options = { cwd, env, detached: true, stdio }
  const helper = account && groupsHelper()
  const become = account && helper ? [helper, `--reuid=${account.uid}`, `--regid=${account.gid}`, '--init-groups', '--'] : []
  const ids = account && !helper ? { uid: account.uid, gid: account.gid } : {}
  return spawn('/bin/sh', ['-c', WAITING, 'sh', ...become, file, ...argv.slice(1)], { ...options, ...ids })
}

function watch(child: ChildProcess, command: Command, { onOutput }: Watcher): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = child[name] as Readable
    stream.on('data', chunk => onOutput(name, chunk))
    stream.on('error', () => {})
  }
  child.stdio[3]?.on('error', () => {})
  child.stdin?.on('error', () => {}) // EPIPE: it does not read what it is given, which is its right
  child.stdin?.end(command.stdin)
}

async function endRest(group: number, { killAfterMs }: Command, { clock, signal, onNews }: Watcher): Promise<void> {
  if (!signal.aborted) {
    const gone = groupEnds(group, LEFT_BEHIND_MS, clock)
    if (await Promise.race([gone, aborted(signal).then(() => false)])) return
    if (!signal.aborted) onNews('it has ended, processes that it started have not: they are ended too')
  }
  if (!(await endGroup(group, killAfterMs, clock))) onNews('a process of it could not be killed')
}

function settledOrAborted(done: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  return Promise.race([done, aborted(signal)])
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
