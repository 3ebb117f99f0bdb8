import { hostname } from 'node:os'
import type { RefusalFacts } from '../../server/refusal.ts'
import { findJobFiles } from '../job-files.ts'
import { Child, type ChildListener } from './child.ts'
import type { JobOffer } from './messages.ts'

export interface SupervisorOptions {
  url: string
  namespace: string
  /** Of the project. */
  directory: string
  /** Of the jobs. */
  folder: string
  /** Of the schedules in them. Null: they are not registered. */
  source: string | null
  /** The worker is known to be gone: its tasks may be handed out again now. */
  gone(worker: string): Promise<void>
  /** The jobs import these files of the project: a save of one is a save of them. */
  imports(files: readonly string[]): void
  tell: Tell
}
/** What happens to workers, for whoever shows it. */
export interface Tell {
  /** `first`: dev has just begun. `changed`: jobs that are new or have another version. `busy`: attempts that the old one still has. */
  serving(child: Pick<Child, 'jobs' | 'schedules'>, what: { first: boolean; changed: readonly string[]; restarted: boolean }): void
  mistake(facts: RefusalFacts, serving: boolean): void
  empty(serving: boolean): void
  crashed(how: string): void
  failed(run: string, job: string, attempt: number, message: string): void
  printed(line: string): void
}

/**
 * Keeps one worker process serving the jobs of a folder.
 *
 * ```text
 * nothing    no jobs, or a mistake in them          ← begin; waits for the next save
 * starting   a process loads the files              ← begin, a save, the death of the one that served
 * serving    it is registered and asks for work     ← it says so; the one before it drains: what it has begun ends there
 * ```
 * A save that has a mistake leaves the one that serves alone.
 */
export class Supervisor {
  readonly #options: SupervisorOptions
  #serving: Child | null = null
  #starting: Child | null = null
  readonly #all = new Set<Child>()
  #first = true
  #restarting = false
  #stopped = false
  /** Deaths in a row without a start in between: a file that ends its own process must not be restarted for ever. */
  #deaths = 0

  constructor(options: SupervisorOptions) {
    this.#options = options
  }

  get jobs(): readonly JobOffer[] {
    return this.#serving?.jobs ?? []
  }

  /** Loads what is in the folder now: at the beginning, and after each save. */
  load(): void {
    if (this.#stopped) return
    const { directory, folder, source, url, namespace } = this.#options
    const files = findJobFiles(folder)
    this.#starting?.kill()
    this.#starting = null
    if (files.length === 0) return this.#options.tell.empty(this.#serving !== null)
    const child = new Child({ url, namespace, directory, files, name: `dev@${hostname()}`, source }, this.#listener)
    this.#starting = child
    this.#all.add(child)
  }

  /** kill -9. It is restarted at once. False: there is nothing to kill. */
  kill(): boolean {
    this.#serving?.kill()
    return this.#serving !== null
  }

  /** Ends all workers when what they run has ended, or now. */
  async stop({ atOnce = false } = {}): Promise<void> {
    this.#stopped = true
    this.#starting?.kill()
    if (atOnce) for (const child of this.#all) child.kill()
    else this.#serving?.drain()
    await Promise.all([...this.#all].map(child => child.ended))
  }

  readonly #listener: ChildListener = {
    ready: child => {
      if (child !== this.#starting) return
      const before = this.#serving
      const known = new Map(before?.jobs.map(job => [job.name, job.version]))
      const changed = child.jobs.filter(job => known.get(job.name) !== job.version).map(job => job.name)
      this.#serving = child
      this.#starting = null
      this.#deaths = 0
      this.#options.imports(child.imports)
      this.#options.tell.serving(child, { first: this.#first, changed, restarted: this.#restarting })
      this.#first = false
      this.#restarting = false
      before?.drain()
    },
    mistake: (child, facts) => {
      if (child !== this.#starting) return
      this.#starting = null
      this.#options.imports([...child.imports, ...(this.#serving?.imports ?? [])])
      this.#options.tell.mistake(facts, this.#serving !== null)
    },
    failed: ({ run, job, attempt, message }) => this.#options.tell.failed(run, job, attempt, message),
    printed: line => this.#options.tell.printed(line),
    ended: (child, code, signal) => this.#ended(child, code, signal),
  }

  #ended(child: Child, code: number | null, signal: NodeJS.Signals | null): void {
    this.#all.delete(child)
    // Once dev ends, so does the server: nobody is there to be told.
    if (child.worker !== null && !child.draining && !this.#stopped) void this.#options.gone(child.worker).catch(() => {})
    if (this.#stopped) return
    const how = signal ?? `exit code ${code}`
    if (child === this.#starting) {
      this.#starting = null
      this.#options.tell.mistake({ code: 'worker-ended', title: `The worker ended while it loaded the jobs (${how}).` }, this.#serving !== null)
    }
    if (child !== this.#serving) return
    this.#serving = null
    this.#options.tell.crashed(how)
    if (++this.#deaths > DEATHS_MAX) return
    this.#restarting = true
    this.load()
  }
}

/** After so many deaths without a worker in between that served, one waits for the next save. */
const DEATHS_MAX = 3
