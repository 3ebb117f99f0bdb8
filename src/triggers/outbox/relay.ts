import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, RequestRefused } from '@mainspring/sdk'
import { installOutbox, isMissing, type Refused, Table } from './table.ts'
import { takeOver } from './takeover.ts'

export interface RelayOptions {
  /** `postgres://user:password@host/database`; `?schema=` names the schema of the outbox. */
  url: string
  /** In whose namespace runs are started. It should not try again by itself: the relay does. */
  client: Client
  /** False: another one is at work, so this one need not be. Default: always true. Any number may work at once. */
  active?: () => boolean
  /** Makes the outbox where it is missing. */
  makes?: boolean
  log?: (level: 'info' | 'warn', message: string, facts: Record<string, unknown>) => void
}

export interface Relay {
  figures(): RelayFigures
  /** Ends what is under way, then its connection. Twice is once. */
  stop(): Promise<void>
}
export interface RelayFigures {
  /** Rows that were taken over, and answers that refused one, since it began. */
  started: number
  refused: number
  /** Rows that are set aside now. */
  aside: number
  /** How old the oldest row was that it found when it looked last; 0: there was none. */
  lagMs: number
}

const ROWS_AT_ONCE = 500
const BYTES_AT_ONCE = 8 * 1024 * 1024
const STARTS_AT_ONCE = 100
/** Between two looks at an outbox that has nothing more. */
const LOOK_AGAIN_MS = 100
/** A look that takes long, past what somebody's old snapshot keeps of deleted rows, is followed by so many times its length of rest. */
const LOOK_SHARE = 4
const COUNT_AGAIN_MS = 10_000
const BACK_OFF_MS_MAX = 5_000

/**
 * Takes over what transactions have put into an outbox, for as long as it lives: reads rows, starts a run for each, deletes those that are acknowledged. Killed
 * between any two of these it does the rest again, and nothing twice (E5). Whatever is wrong with either side, it waits and goes on.
 */
export function startRelay(options: RelayOptions): Relay {
  return new RunningRelay(options)
}

class RunningRelay implements Relay {
  readonly #options: RelayOptions
  readonly #table: Table
  readonly #stopping = new AbortController()
  readonly #ended: Promise<void>
  readonly #figures: RelayFigures = { started: 0, refused: 0, aside: 0, lagMs: 0 }
  #stopped: Promise<void> | null = null
  #failures = 0
  #countAt = 0

  constructor(options: RelayOptions) {
    this.#options = options
    this.#table = new Table(options.url)
    this.#ended = this.#run()
  }

  figures(): RelayFigures {
    return { ...this.#figures }
  }

  stop(): Promise<void> {
    this.#stopping.abort()
    this.#stopped ??= this.#ended.then(() => this.#table.close())
    return this.#stopped
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const waitMs = this.#options.active?.() === false ? this.#idle() : await this.#round()
      if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => {})
    }
  }

  #idle(): number {
    Object.assign(this.#figures, { aside: 0, lagMs: 0 })
    return LOOK_AGAIN_MS
  }

  /** Answers how long to wait before the next. */
  async #round(): Promise<number> {
    try {
      const lookedAt = performance.now()
      const rows = await this.#table.next(ROWS_AT_ONCE, BYTES_AT_ONCE)
      const lookMs = performance.now() - lookedAt
      this.#figures.lagMs = rows.reduce((oldest, { ageMs }) => Math.max(oldest, ageMs), 0)
      const { started, refused, failure } = await takeOver(rows, this.#options.client, STARTS_AT_ONCE)
      if (started.length > 0) await this.#table.drop(started)
      if (refused.length > 0) await this.#table.setAside(refused)
      this.#figures.started += started.length
      this.#figures.refused += refused.length
      this.#tellRefused(refused)
      await this.#countAside(refused)
      if (failure !== null) return this.#failed(failure, 'runs cannot be started from the outbox')
      this.#well()
      return rows.length >= ROWS_AT_ONCE ? 0 : Math.max(LOOK_AGAIN_MS, lookMs * LOOK_SHARE)
    } catch (error) {
      if (!isMissing(error)) return this.#failed(error as Error, 'the outbox cannot be read')
      if (!this.#options.makes) return this.#failed(error as Error, 'there is no outbox here: mainspring outbox install makes it')
      return this.#make()
    }
  }

  async #make(): Promise<number> {
    try {
      await installOutbox(this.#options.url)
      return 0
    } catch (error) {
      return this.#failed(error as Error, 'the outbox cannot be made')
    }
  }

  async #countAside(refused: readonly Refused[]): Promise<void> {
    if (refused.length === 0 && performance.now() < this.#countAt) return
    this.#figures.aside = await this.#table.countAside()
    this.#countAt = performance.now() + COUNT_AGAIN_MS
  }

  /** One line a definition and code, whatever their number. */
  #tellRefused(refused: readonly Refused[]): void {
    const groups = Map.groupBy(refused, ({ row, problem }) => `${row.definition}\n${problem.code}`)
    for (const [{ row, problem, again }, ...others] of groups.values() as Iterable<[Refused, ...Refused[]]>)
      this.#tell('warn', 'a start of the outbox was refused and is set aside', {
        id: row.id,
        definition: row.definition,
        code: problem.code,
        title: problem.title,
        ...(problem.hint !== undefined && { hint: problem.hint }),
        again,
        others: others.length,
      })
  }

  /** Told when it begins; the wait doubles to 5 s, or is what the server asks for. */
  #failed(error: Error, message: string): number {
    if (this.#failures === 0) this.#tell('warn', message, { error: error.message })
    const backOffMs = Math.min(BACK_OFF_MS_MAX, LOOK_AGAIN_MS * 2 ** Math.min(this.#failures++, 10))
    const askedMs = error instanceof RequestRefused ? (error.retryAfter ?? 0) * 1_000 : 0
    return Math.max(backOffMs, askedMs) * (1 + 0.5 * Math.random())
  }

  #well(): void {
    if (this.#failures > 0) this.#tell('info', 'the outbox is taken over again', {})
    this.#failures = 0
  }

  #tell(level: 'info' | 'warn', message: string, facts: Record<string, unknown>): void {
    this.#options.log?.(level, message, facts)
  }
}
