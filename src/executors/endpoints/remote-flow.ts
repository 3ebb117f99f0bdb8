import { decode, encode, errorOf, type WireDelivery, type WireEntry, type WireEvent, type WireQuestion } from '@mainspring/sdk'
import type { Ask } from '@mainspring/sdk/serve'
import type { Code, LiveFlow, Turn } from '@mainspring/sdk/worker'
import type { Answered } from './post.ts'
import { NotBegun } from './post.ts'

/** The most that one call of the journal protocol takes. */
const ENTRIES_MAX = 500

/** By run, the names of what apps keep live, of which all that was said is accepted. Of more, the oldest are forgotten: their code is replayed. */
export class LiveNames {
  readonly #names = new Map<string, string>()

  keep(run: string, name: string): void {
    this.#names.delete(run)
    this.#names.set(run, name)
    for (const oldest of this.#names.keys()) {
      if (this.#names.size <= NAMES_MAX) break
      this.#names.delete(oldest)
    }
  }

  /** Once: whatever comes of asking with it, there is another one then, or none. */
  take(run: string): string | undefined {
    const name = this.#names.get(run)
    this.#names.delete(run)
    return name
  }
}
const NAMES_MAX = 10_000

/**
 * A workflow's code behind an endpoint, as its worker sees it. It is asked with the whole history, replays it, goes on until it waits for something that is not there
 * yet; nothing of it need stay there, and each new event makes another request. Steps that end are told at once, in the middle of a request.
 */
export class RemoteFlow implements LiveFlow {
  readonly base: number
  discarded = false
  /** Nothing is kept once it waits. */
  readonly hasEnded = true
  readonly isStill = false
  readonly overtaken = false
  /** Whatever happens while it is asked, it hears of with the next request. */
  readonly waitsForMore = true
  readonly messages = { answer: (question: Question) => this.#answer(question) }
  readonly #code: Code
  readonly #post: (ask: Ask, signal: AbortSignal) => Promise<Answered>
  readonly #names: LiveNames
  readonly #stop = new AbortController()
  readonly #events: WireEvent[] = []
  readonly #begun = new Set<number>()
  #entries: WireEntry[] = []
  #isAsked = false
  /** So many events it was asked with last. */
  #asked = 0
  #failed: unknown = null
  /** What it stays live as, once all is accepted that was said. */
  #live: string | null = null
  #wake: (() => void) | null = null

  constructor(code: Code, base: number, post: (ask: Ask, signal: AbortSignal) => Promise<Answered>, names: LiveNames) {
    this.#names = names
    this.#code = code
    this.base = base
    this.#post = post
  }

  get mayEndMore(): boolean {
    return this.#isAsked
  }

  get upTo(): number {
    return this.base + this.#asked
  }

  /** What it was asked with cannot be taken back. */
  fits(): boolean {
    return false
  }

  async feed(from: number, events: readonly WireEvent[]): Promise<void> {
    this.#events.push(...events.slice(Math.max(0, this.base + this.#events.length - from)))
    // What was taken last is accepted, and there is no more.
    if (this.#live === null || this.#isAsked || this.#entries.length > 0 || this.#failed !== null || this.discarded) return
    this.#names.keep(this.#code.run, this.#live)
    this.#live = null
  }

  take(): Turn {
    const entries = this.#entries.splice(0, ENTRIES_MAX)
    for (const entry of entries) if (entry.is === 'begun') this.#begun.add(entry.n)
    if (entries.length === 0 && this.#failed !== null) throw this.#failed
    if (entries.length === 0 && !this.#isAsked && !this.discarded && this.#asked < this.#events.length) void this.#ask()
    return { entries, yields: this.#failed === null && !this.#isAsked && this.#entries.length === 0 && this.#asked === this.#events.length }
  }

  async goAhead(said: Turn): Promise<Turn> {
    return said
  }

  news(): Promise<void> {
    if (this.#entries.length > 0 || this.#failed !== null || !this.#isAsked) return Promise.resolve()
    return new Promise(resolve => (this.#wake = resolve))
  }

  poke(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }

  discard(reason: () => Error): void {
    this.discarded = true
    this.#stop.abort(reason())
    this.poke()
  }

  /** Queued steps are asked for by themselves. */
  queued(): null {
    return null
  }

  begunHere(): void {}

  async #ask(): Promise<void> {
    this.#isAsked = true
    this.#asked = this.#events.length
    const begun = [...this.#begun]
    this.#begun.clear()
    this.#live = null
    const live = this.#names.take(this.#code.run)
    try {
      const { sayings } = await this.#post({ is: 'run', tasks: [this.#task(begun)], ...(live !== undefined && { live }) }, this.#stop.signal)
      for await (const saying of sayings) {
        if (saying.is === 'log') this.#code.log[saying.level](saying.message, fieldsOf(saying.fields))
        else if (saying.is === 'entries') this.#entries.push(...(saying.entries as WireEntry[]))
        else if (saying.is === 'live') this.#live = saying.live
        else if (saying.is === 'ended' && saying.result.failure !== undefined) this.#failed = errorOf(saying.result.failure)
        this.poke()
      }
    } catch (error) {
      if (error instanceof NotBegun) for (const n of begun) this.#begun.add(n)
      this.#failed = error
    } finally {
      this.#isAsked = false
      this.poke()
    }
  }

  async #answer(question: Question): Promise<Answer> {
    const asked: WireQuestion = {
      ...question,
      question: 'question',
      run: this.#code.run,
      definition: this.#code.name,
      upTo: this.base + this.#events.length,
      ...this.#given(),
    }
    const history = { run: this.#code.run, events: this.#events, ...this.#given() }
    const { sayings } = await this.#post({ is: 'question', question: asked, history }, this.#stop.signal)
    for await (const saying of sayings) {
      if (saying.is !== 'answered') continue
      const { question: _, ...answer } = saying.answer
      return answer as Answer
    }
    throw new Error('the endpoint did not answer')
  }

  #task(begun: number[]): WireDelivery {
    const { run, name } = this.#code
    const names = { run, task: 'workflow', attempt: 1, attempts: 1, delivery: run, taskKey: run, definition: name, queue: '', leaseMs: 0 }
    return { ...names, ...this.#given(), journal: { from: this.base, events: this.#events, ...(begun.length > 0 && { begun }) } }
  }

  #given(): Pick<WireDelivery, 'input' | 'metadata' | 'tags'> {
    const { input, metadata, tags } = this.#code
    return { input: tagged(input), metadata: tagged(metadata), tags: { ...tags } }
  }
}

type Question = Pick<WireQuestion, 'is' | 'name' | 'payload'>
type Answer = Awaited<ReturnType<LiveFlow['messages']['answer']>>

/** As it travels. */
export function tagged(value: unknown): unknown {
  const text = encode(value)
  return text === undefined ? undefined : JSON.parse(text)
}

export function fieldsOf(fields: unknown): Record<string, unknown> | undefined {
  return fields === undefined ? undefined : (decode(JSON.stringify(fields)) as Record<string, unknown>)
}
