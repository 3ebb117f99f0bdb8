import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { FromWorker, JobOffer, ToWorker, WorkerTask } from './messages.ts'

export interface ChildListener {
  /** It serves these jobs from now on. */
  ready(child: Child): void
  mistake(child: Child, facts: Extract<FromWorker, { is: 'mistake' }>['facts']): void
  failed(event: Extract<FromWorker, { is: 'failed' }>): void
  /** A line that a handler printed. */
  printed(line: string): void
  /** `signal`: somebody killed it. */
  ended(child: Child, code: number | null, signal: NodeJS.Signals | null): void
}

/** One worker process. */
export class Child {
  /** Its id at the server, once it is ready. */
  worker: string | null = null
  jobs: JobOffer[] = []
  /** How many it has. */
  schedules = 0
  /** Files of the project that the files of jobs import. */
  imports: string[] = []
  /** It was told to end. */
  draining = false
  readonly ended: Promise<void>
  readonly #process: ChildProcess

  constructor(task: WorkerTask, listener: ChildListener) {
    const entry = fileURLToPath(new URL(`./worker-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))
    this.#process = spawn(process.execPath, [...FLAGS, entry, JSON.stringify(task)], {
      cwd: task.directory,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, MAINSPRING_URL: task.url, MAINSPRING_NAMESPACE: task.namespace },
    })
    for (const stream of [this.#process.stdout, this.#process.stderr])
      if (stream) createInterface({ input: stream }).on('line', line => listener.printed(line))
    this.#process.on('message', (message: FromWorker) => {
      if (message.is === 'failed') return listener.failed(message)
      this.imports = message.imports
      if (message.is === 'mistake') return listener.mistake(this, message.facts)
      this.worker = message.worker
      this.jobs = message.jobs
      this.schedules = message.schedules
      listener.ready(this)
    })
    this.ended = new Promise(resolve => {
      this.#process.once('exit', (code, signal) => {
        listener.ended(this, code, signal)
        resolve()
      })
    })
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Ends when what it runs has ended. */
  drain(): void {
    this.draining = true
    if (this.#process.connected) this.#process.send({ is: 'drain' } satisfies ToWorker)
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }
}

/** Warnings about how a project marks its modules are none of ours to give. */
const FLAGS = ['--disable-warning=ExperimentalWarning', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON']
