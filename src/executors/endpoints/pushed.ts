import { type Client, delayed } from '@mainspring/sdk'
import type { Ask, Description } from '@mainspring/sdk/serve'
import { startWorker, type Worker } from '@mainspring/sdk/worker'
import { AttemptFailed } from '../attempt.ts'
import { type Answered, type Line, NotBegun, post, type Target, unbracketed } from './post.ts'
import { proxiesOf } from './proxies.ts'

export interface EndpointTarget extends Target {
  namespace: string
  name: string
  /** Requests at the same time. */
  slots: number
}
/** How it is, as last heard. */
export interface Health {
  /** What it has code for. */
  serves: string[]
  /** Names the code. Null: it has never answered. */
  code: string | null
  /** Null: it answers. */
  trouble: string | null
}
export interface PushedOptions extends Line {
  client: Client
  log: (level: 'debug' | 'info' | 'warn' | 'error', message: string, facts: Record<string, unknown>) => void
  /** Called with each change, and again where that was not kept. */
  report(health: Health): Promise<void>
}

/** Between two looks at what it has; a change of its code is seen with the next answer, too. */
const LOOK_MS = 60_000
const BACK_OFF_MS = [1_000, 2_000, 5_000, 10_000, 30_000]
/** Of `describe`. */
const DESCRIBE_MS = 15_000
/** What was turned away is asked again so often. */
const TRIES = 3
const TRY_MS = 1_000

/**
 * An endpoint that work is sent to.
 *
 * ```text
 * asking    what it has code for is not known yet                 ← the beginning, and when its code has changed
 * serving   a worker takes what it has code for, and sends it     ← it said what it has
 * away      its worker takes nothing; it is asked again and again ← it does not answer, or refuses
 * ```
 */
export class PushedEndpoint {
  readonly target: EndpointTarget
  readonly #options: PushedOptions
  readonly #stop = new AbortController()
  readonly #draining = new Map<Worker, Promise<void>>()
  #worker: Worker | null = null
  #health: Health
  /** What of it is kept. */
  #kept: Health | null
  #look: (() => void) | null = null
  readonly #ended: Promise<void>

  constructor(target: EndpointTarget, before: Health | null, options: PushedOptions) {
    this.target = target
    this.#options = options
    this.#kept = before
    this.#health = before ?? { serves: [], code: null, trouble: null }
    this.#ended = this.#watch()
  }

  /** What is under way goes back to its queue, and its requests are cut. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the endpoint is let go'))
    await this.#ended
    this.#leave()
    for (const worker of this.#draining.keys()) void worker.stop()
    await Promise.all(this.#draining.values())
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop
    for (let failures = 0; !signal.aborted; ) {
      try {
        const { code, description } = await this.#describe()
        failures = 0
        if (this.#worker === null || code !== this.#health.code) await this.#serve(description)
        this.#report({ serves: description.definitions.map(({ name }) => name), code, trouble: null })
      } catch (error) {
        if (signal.aborted) return
        this.#leave()
        this.#report({ ...this.#health, trouble: unbracketed((error as Error).message) })
        failures++
      }
      await this.#pause(failures === 0 ? LOOK_MS : (BACK_OFF_MS[Math.min(failures, BACK_OFF_MS.length) - 1] as number))
    }
  }

  async #describe(): Promise<{ code: string; description: Description }> {
    const { code, sayings } = await post({ ...this.target, timeoutMs: DESCRIBE_MS }, { is: 'describe' }, this.#options, this.#stop.signal)
    for await (const saying of sayings) if (saying.is === 'described') return { code: code as string, description: saying }
    throw new AttemptFailed('EndpointFailed', 'endpoint-refused', 'The endpoint does not say what it has.')
  }

  /** A worker takes what this code has; the one before it, if there is one, ends what it has begun. */
  async #serve(description: Description): Promise<void> {
    const { client, log, clock, random } = this.#options
    const { name, slots, url } = this.target
    this.#leave()
    if (description.schedules !== null) await client.call('schedules.register', {}, description.schedules, { callKey: client.newId() })
    const jobs = proxiesOf(description, client, (ask, signal, once) => this.#ask(ask, signal, once))
    this.#worker = startWorker({ client, jobs, slots, name: `endpoint ${name}`, log, clock, random })
    await this.#worker.ready
    log('info', `endpoint "${name}" serves ${description.definitions.map(one => one.name).join(', ')}`, { url })
  }

  #leave(): void {
    const worker = this.#worker
    this.#worker = null
    if (worker === null) return
    const drained = worker.drain(this.target.timeoutMs).finally(() => this.#draining.delete(worker))
    this.#draining.set(worker, drained)
  }

  /** `once`: the task may be delivered once, so it is kept until somebody takes it. */
  async #ask(ask: Ask, signal: AbortSignal, once: boolean): Promise<Answered> {
    for (let tries = 1; ; tries++) {
      try {
        const answered = await post(this.target, ask, this.#options, signal)
        if (answered.code !== this.#health.code) this.#lookNow()
        return { ...answered, sayings: this.#watched(answered.sayings) }
      } catch (error) {
        if (signal.aborted) throw error
        this.#lookNow()
        if (!(error instanceof NotBegun) || (!once && tries >= TRIES)) throw error
        await delayed(this.#options.clock, TRY_MS, signal)
      }
    }
  }

  async *#watched(sayings: Answered['sayings']): Answered['sayings'] {
    try {
      yield* sayings
    } catch (error) {
      this.#lookNow()
      throw error
    }
  }

  async #pause(ms: number): Promise<void> {
    const look = new AbortController()
    this.#look = () => look.abort()
    await delayed(this.#options.clock, ms, AbortSignal.any([this.#stop.signal, look.signal])).catch(() => {})
    this.#look = null
  }

  #lookNow(): void {
    // Where it is away already, it is asked often enough.
    if (this.#health.trouble === null) this.#look?.()
  }

  #report(health: Health): void {
    const before = this.#health
    this.#health = health
    const { log, report } = this.#options
    if (health.trouble !== null && health.trouble !== before.trouble)
      log('warn', `endpoint "${this.target.name}" gets no work: ${health.trouble}`, { url: this.target.url })
    if (JSON.stringify(this.#kept) === JSON.stringify(health)) return
    report(health).then(
      () => (this.#kept = health),
      error => log('warn', `how endpoint "${this.target.name}" is cannot be kept`, { error }),
    )
  }
}
