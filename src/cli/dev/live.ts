import type { Client, LiveEvent, WireRun } from '@mainspring/sdk'
import { shortId } from '../../core/ids.ts'
import { isClosed } from '../../core/run.ts'
import { failureText, logText, noteText, progressText, valueText } from '../output/runs.ts'
import { type Paint, spanText } from '../output/words.ts'

/** More lines of runs within a second than this are counted, not shown: a fan-out of a thousand is not for reading. */
const LINES_PER_SECOND_MAX = 40

export interface LiveOptions {
  paint: Paint
  now(): number
  print(line: string): void
  /** The step that a workflow goes on with: the first whose end its history does not tell. */
  stepOf(run: string): Promise<number | null>
}

/** What happens to runs, line by line; and, after a crash, how long it took until what ran before ran again. */
export class Live {
  /** The run that something happened to last: what `x` explains. */
  last: string | null = null
  readonly #options: LiveOptions
  readonly #shown = new Map<string, string>()
  /** Attempts under way by run. */
  readonly #running = new Map<string, number>()
  #recovery: { since: number; runs: Map<string, number> } | null = null
  #second = 0
  #lines = 0
  #hidden = 0

  constructor(options: LiveOptions) {
    this.#options = options
  }

  /** Shows events until the signal aborts; a stream that lags or breaks is opened again, since nothing is decided by what is shown. */
  async follow(client: Client, signal: AbortSignal): Promise<void> {
    const params = { namespace: client.namespace }
    while (!signal.aborted) {
      try {
        for await (const event of client.connection.stream('events', { params, signal })) this.event(event)
      } catch {
        if (!signal.aborted) await new Promise(resolve => setTimeout(resolve, REOPEN_MS))
      }
    }
  }

  event(event: LiveEvent): void {
    if (event.is === 'log') {
      const { paint } = this.#options
      for (const line of event.lines) this.#print(`${paint.dim(shortId(event.run))}  ${logText(line, { paint, now: this.#options.now() })}`)
    }
    if (event.is === 'run') this.#run(event)
  }

  /** The worker was lost: what it ran is expected again. */
  crashed(): void {
    if (this.#running.size > 0) this.#recovery = { since: this.#options.now(), runs: new Map(this.#running) }
  }

  /** What was lost is not running again yet. */
  get recovers(): boolean {
    return this.#recovery !== null
  }

  #run(event: LiveEvent & { is: 'run' }): void {
    const { run } = event
    this.last = run.id
    if (run.state === 'running') {
      this.#recovered(run)
      this.#running.set(run.id, run.attempt)
    } else this.#running.delete(run.id)
    const text = this.#runText(run, event.output)
    if (isClosed(run.state)) this.#shown.delete(run.id)
    else if (this.#shown.get(run.id) === text) return
    else this.#shown.set(run.id, text)
    this.#print(`${this.#options.paint.dim(shortId(run.id))}  ${text}`)
  }

  #runText(run: WireRun, output: unknown): string {
    const { paint, now } = this.#options
    const name = `${run.definition} ${paint.state(run.state)}`
    if (run.state === 'running')
      return `${name}${run.attempt > 1 ? ` attempt ${run.attempt}` : ''}${run.progress ? ` · ${progressText(run.progress)}` : ''}`
    if (!isClosed(run.state)) return [name, noteText(run, now())].filter(text => text !== '').join(' · ')
    const took = run.closedAt ? ` in ${spanText(Date.parse(run.closedAt) - Date.parse(run.startedAt ?? run.createdAt))}` : ''
    if (run.state !== 'completed') return `${name}${took}${run.failure ? `\n${failureText(run.failure)}` : run.reason ? ` (${run.reason})` : ''}`
    const value = output === undefined || output === null ? '' : valueText(output)
    return `${name}${took}${value === '' || value.includes('\n') ? '' : ` · ${value}`}`
  }

  #recovered(run: WireRun): void {
    const recovery = this.#recovery
    const before = recovery?.runs.get(run.id)
    if (!recovery || before === undefined || run.attempt <= before) return
    this.#recovery = null
    void this.#sayRecovered(run, spanText(this.#options.now() - recovery.since))
  }

  async #sayRecovered(run: WireRun, took: string): Promise<void> {
    const step = run.kind === 'workflow' ? await this.#options.stepOf(run.id).catch(() => null) : null
    const where = step === null ? `attempt ${run.attempt}` : `step ${step} on attempt ${run.attempt}`
    this.#options.print(this.#options.paint.bold(`recovered in ${took} · ${where} · nothing lost`))
  }

  #print(line: string): void {
    const second = Math.floor(this.#options.now() / 1_000)
    if (second !== this.#second) {
      if (this.#hidden > 0) this.#options.print(this.#options.paint.dim(`… and ${this.#hidden} more lines: mainspring list`))
      this.#second = second
      this.#lines = 0
      this.#hidden = 0
    }
    if (++this.#lines <= LINES_PER_SECOND_MAX) this.#options.print(line)
    else this.#hidden++
  }
}

const REOPEN_MS = 200
