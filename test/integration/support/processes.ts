import { type ChildProcess, fork, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '@mainspring/sdk'
import { freePort } from '../../support/free-port.ts'
import { guarded } from '../../support/guardian.ts'
import type { ServedSettings } from './served.ts'
import type { WorkerSettings, WorkerWord } from './worker.ts'

const ROOT = join(import.meta.dirname, '../../..')
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning']

/** True in the long form: `MAINSPRING_LONG=1 npx vitest run test/integration`. */
export const LONG = process.env.MAINSPRING_LONG === '1'

/** What one test file has started and made; `end` leaves nothing of it behind. */
export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'mainspring-integration-'))
  readonly #started = new Set<Child>()

  file(name: string): string {
    return join(this.folder, name)
  }

  /** `mainspring server`; resolves when it says that it is ready. */
  async server(options: ServerOptions): Promise<Server> {
    const port = options.port ?? (await freePort())
    const args = [
      'server',
      '--database',
      options.database,
      '--port',
      String(port),
      '--lease',
      options.lease ?? '15s',
      '--log-level',
      options.logLevel ?? 'warn',
      ...(options.more ?? []),
    ]
    const [command, ...rest] = [...(options.through ?? []), process.execPath, ...NODE_FLAGS, ...(options.flags ?? [])] as [string, ...string[]]
    const child = spawn(command, [...rest, join(options.tree ?? ROOT, 'bin/mainspring.js'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment(),
    })
    const server = new Server(child, port)
    this.#started.add(server)
    await server.ready()
    return server
  }

  /** A second server, which is expected to be refused: its exit code and what it said. */
  async refused(options: ServerOptions): Promise<{ code: number | null; said: string; pid: number }> {
    try {
      const server = await this.server(options)
      throw new Error(`it was not refused: ${server.said}`)
    } catch (error) {
      if (error instanceof Ended) return { code: error.child.code, said: error.child.said, pid: error.child.pid }
      throw error
    }
  }

  /** `mainspring …`, in a folder of the stage. */
  command(args: readonly string[]): Child {
    const child = spawn(process.execPath, [...NODE_FLAGS, join(ROOT, 'bin/mainspring.js'), ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment(),
    })
    const command = new Child(child)
    this.#started.add(command)
    return command
  }

  /** A worker process of support/worker.ts. */
  worker(settings: WorkerSettings): WorkerChild {
    const child = fork(join(import.meta.dirname, 'worker.ts'), [JSON.stringify(settings)], {
      execArgv: NODE_FLAGS,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: environment(),
    })
    const worker = new WorkerChild(child)
    this.#started.add(worker)
    return worker
  }

  /** An app of support/served.ts; resolves when it listens. */
  async app(settings: ServedSettings): Promise<Child> {
    const child = fork(join(import.meta.dirname, 'served.ts'), [JSON.stringify(settings)], {
      execArgv: NODE_FLAGS,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: environment(),
    })
    const app = new Child(child)
    this.#started.add(app)
    await app.says(/the app is ready/)
    return app
  }

  async end(): Promise<void> {
    await Promise.all([...this.#started].map(child => child.kill('SIGKILL')))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export interface ServerOptions {
  database: string
  /** Default: one that is free. */
  port?: number
  lease?: string
  /** Default `warn`. */
  logLevel?: string
  /** Further flags. */
  more?: readonly string[]
  /** A command that becomes the server, such as one that enters a namespace. */
  through?: readonly string[]
  /** Of Node. */
  flags?: readonly string[]
  /** Where another version of Mainspring is. */
  tree?: string
}

class Ended extends Error {
  readonly child: Child
  constructor(child: Child) {
    super(`process ${child.pid} has ended (${child.code ?? child.signal}):\n${child.said}`)
    this.child = child
  }
}

/** A process of ours, with all that it said. */
export class Child {
  readonly process: ChildProcess
  readonly pid: number
  said = ''
  protected readonly happened = new EventEmitter()

  constructor(child: ChildProcess) {
    this.process = guarded(child)
    this.pid = child.pid as number
    const hear = (text: Buffer): void => {
      this.said += text
      this.happened.emit('said')
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.on('close', () => this.happened.emit('said'))
  }

  get code(): number | null {
    return this.process.exitCode
  }
  get signal(): NodeJS.Signals | null {
    return this.process.signalCode
  }
  get ended(): boolean {
    return this.code !== null || this.signal !== null
  }

  send(signal: NodeJS.Signals): void {
    this.process.kill(signal)
  }

  /** Resolves when it has ended by this signal, or had ended before. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.ended) return
    const exit = once(this.process, 'exit')
    this.process.kill(signal)
    await exit
  }

  /** Resolves with the match as soon as it has said so. @throws when it ends first. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.said)
      if (match) return match
      if (this.process.stdout?.closed !== false && this.ended) throw new Ended(this)
      await once(this.happened, 'said')
    }
  }

  /** KiB, by the kernel: `VmRSS` now, `VmHWM` the most that it ever was. */
  memoryKib(which: 'VmRSS' | 'VmHWM'): number {
    return Number(new RegExp(`${which}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1])
  }
}

export class Server extends Child {
  readonly port: number
  constructor(child: ChildProcess, port: number) {
    super(child)
    this.port = port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async ready(): Promise<void> {
    await this.says(/is ready at/)
  }

  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text()
    const values = text.split('\n').filter(line => line.startsWith(name) && /[ {]/.test(line[name.length] ?? ''))
    return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }

  client(retryFor = '5m') {
    return connect({ url: this.url, namespace: 'default', retryFor })
  }
}

export class WorkerChild extends Child {
  readonly words: WorkerWord[] = []
  constructor(child: ChildProcess) {
    super(child)
    child.on('message', word => {
      this.words.push(word as WorkerWord)
      this.happened.emit('word')
    })
    child.on('exit', () => this.happened.emit('word'))
  }

  count(is: WorkerWord['is']): number {
    return this.words.filter(word => word.is === is).length
  }

  /** Resolves with the first word after `from` (a place in `words`) that fits. @throws when it ends first. */
  async word(fits: (word: WorkerWord) => boolean, from = 0): Promise<WorkerWord> {
    for (let at = from; ; ) {
      for (; at < this.words.length; at++) if (fits(this.words[at]!)) return this.words[at]!
      if (this.ended) throw new Ended(this)
      await once(this.happened, 'word')
    }
  }
}

/** Asks again until it holds: for what nobody announces. The test's own time-out ends it. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, everyMs = 25): Promise<void> {
  for (;;) {
    try {
      if (await holds()) return
    } catch (error) {
      throw new Error(`while waiting until ${what}`, { cause: error })
    }
    await new Promise(resolve => setTimeout(resolve, everyMs))
  }
}

/** Nothing of whoever runs the tests: his MAINSPRING_URL, his NODE_OPTIONS. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...rest } = process.env
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith('MAINSPRING_') && !name.startsWith('VITEST')))
}
