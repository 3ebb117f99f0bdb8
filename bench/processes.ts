import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const FLAGS = ['--disable-warning=ExperimentalWarning']
/** The kernel's clock ticks, 100 a second on Linux, in microseconds. */
export const TICK_US = 10_000

/** Starts a module with an IPC channel; resolves when it has said its first line or word. */
export function started(file: string, args: readonly string[], execArgv: readonly string[] = []): ChildProcess {
  return fork(join(import.meta.dirname, file), [...args], { execArgv: [...FLAGS, ...execArgv], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
}

export async function said<Word>(child: ChildProcess): Promise<Word> {
  const died = new AbortController()
  const word = once(child, 'message', { signal: died.signal })
  const gone = once(child, 'exit', { signal: died.signal }).then(([code]) => {
    throw new Error(`process ${child.pid} ended with ${code} before it had said anything`)
  })
  try {
    const [answer] = await Promise.race([word, gone])
    return answer as Word
  } finally {
    word.catch(() => {})
    gone.catch(() => {})
    died.abort()
  }
}

export async function ask<Word>(child: ChildProcess, word: string): Promise<Word> {
  const answer = said<Word>(child)
  child.send(word)
  return answer
}

export async function stopped(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}

export class BenchServer {
  readonly child: ChildProcess
  readonly url: string
  private constructor(child: ChildProcess, url: string) {
    this.child = child
    this.url = url
  }

  static async start(database: string): Promise<BenchServer> {
    const delay = ['--import', join(import.meta.dirname, 'delay.ts')]
    const profile = process.env.BENCH_PROFILE ? ['--cpu-prof', '--cpu-prof-dir', process.env.BENCH_PROFILE] : []
    const child = started('../bin/mainspring.js', ['server', '--database', database, '--port', '0', '--log-level', 'warn'], [...delay, ...profile])
    let text = ''
    const url = await new Promise<string>((resolve, reject) => {
      // Read to its end: a server whose output nobody takes cannot say that it stops.
      child.stdout?.on('data', part => {
        text += part
        const found = /ready at (\S+)/.exec(text)?.[1]
        if (found) resolve(found)
      })
      child.once('exit', () => reject(new Error(`the server ended: ${text}`)))
    })
    return new BenchServer(child, url)
  }

  cpuUs(): { main: number; others: number } {
    return cpuUs(this.child)
  }
}

/** CPU used so far, by the main thread and by all others. */
export function cpuUs({ pid }: ChildProcess): { main: number; others: number } {
  const all = ticks(`/proc/${pid}/stat`)
  const main = ticks(`/proc/${pid}/task/${pid}/stat`)
  return { main: main * TICK_US, others: (all - main) * TICK_US }
}

/** `ended`: those of its children that have ended, too. */
export function ticks(file: string, ended = false): number {
  const text = readFileSync(file, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, ended ? 15 : 13).reduce((sum, field) => sum + Number(field), 0)
}
