import type { Clock } from '../clock.ts'
import { RequestRefused } from '../errors.ts'
import type {
  Call,
  Connection,
  LiveEvent,
  OperationName,
  WireComplete,
  WireDelivery,
  WireHeartbeat,
  WireLog,
  WirePoll,
  WireProblem,
  WireRegisterSchedules,
  WireResult,
} from '../wire.ts'

/** A server of the worker protocol in a few lines, for tests: what it is asked is kept, what it answers may be replaced per operation. */
export class FakeServer implements Connection {
  readonly calls: { operation: OperationName; call: Call; body: unknown }[] = []
  readonly waiting: WireDelivery[] = []
  readonly results: WireResult[] = []
  readonly lines: WireLog['lines'] = []
  readonly beats: WireHeartbeat['beats'] = []
  /** Answers in place of the default; may throw. */
  answers: Partial<Record<OperationName, (body: never, call: Call) => unknown>> = {}
  streams: ((call: Call & { lastEventId?: string }) => AsyncIterable<LiveEvent>)[] = []
  #polls: (() => void)[] = []
  #watchers: { holds: () => boolean; resolve: () => void }[] = []
  #ids = 0

  async call(operation: OperationName, call: Call): Promise<string> {
    const body: unknown = call.body === undefined ? undefined : JSON.parse(call.body)
    this.calls.push({ operation, call, body })
    this.#look()
    const answer = this.answers[operation] ?? this.#defaults[operation]
    if (!answer) throw new Error(`the fake has no answer to ${operation}`)
    const said = await answer.call(this, body as never, call)
    this.#look()
    return JSON.stringify(said)
  }

  async *stream(_name: string, call: Call & { lastEventId?: string }): AsyncGenerator<LiveEvent, void, void> {
    const next = this.streams.shift()
    if (next) yield* next(call)
  }
  address(): null {
    return null
  }
  async close(): Promise<void> {}

  /** Tasks for the next poll. */
  give(...tasks: Partial<WireDelivery>[]): WireDelivery[] {
    const made = tasks.map(task => delivery(this.#ids++, task))
    this.waiting.push(...made)
    for (const wake of this.#polls.splice(0)) wake()
    return made
  }

  /** Resolves as soon as it holds; looked at after each call and each answer. */
  until(holds: () => boolean): Promise<void> {
    return holds() ? Promise.resolve() : new Promise(resolve => this.#watchers.push({ holds, resolve }))
  }

  count(operation: OperationName): number {
    return this.calls.filter(call => call.operation === operation).length
  }

  readonly #defaults: Partial<Record<OperationName, (body: never, call: Call) => unknown>> = {
    'definitions.register': () => ({}),
    'schedules.register': ({ schedules }: WireRegisterSchedules) => ({
      schedules: schedules.map(({ name }) => ({ name, changed: 'created', warnings: [] })),
    }),
    'workers.gone': () => ({}),
    'runs.start': () => ({ is: 'started', run: `run${this.#ids++}` }),
    'runs.startMany': ({ runs }: { runs: unknown[] }) => ({ runs: runs.map(() => ({ is: 'started', run: `run${this.#ids++}` })) }),
    'tasks.poll': async (poll: WirePoll, { signal }) => {
      if (this.waiting.length === 0)
        await new Promise<void>((resolve, reject) => {
          this.#polls.push(resolve)
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
        })
      return { answer: `answer${this.#ids++}`, tasks: this.waiting.splice(0, poll.max) }
    },
    'tasks.complete': ({ results }: WireComplete) => {
      this.results.push(...results)
      return { results: results.map(() => 'accepted') }
    },
    'tasks.heartbeat': ({ beats }: WireHeartbeat) => {
      this.beats.push(...beats)
      return { beats: beats.map(() => 'held') }
    },
    'tasks.log': ({ lines }: WireLog) => {
      this.lines.push(...lines)
      return {}
    },
  }

  #look(): void {
    setImmediate(() => {
      const [done, open] = [this.#watchers.filter(watcher => watcher.holds()), this.#watchers.filter(watcher => !watcher.holds())]
      this.#watchers = open
      for (const { resolve } of done) resolve()
    })
  }
}

export function delivery(number: number, task: Partial<WireDelivery> = {}): WireDelivery {
  const run = `run-${number}`
  const rest = { task: 'job', attempt: 1, delivery: `delivery-${number}`, taskKey: `${run}:job`, definition: 'test', queue: 'default', attempts: 10 }
  return { run, ...rest, leaseMs: 15_000, ...task }
}

export function refused(status: number, code: string, more: Partial<WireProblem> = {}): RequestRefused {
  return new RequestRefused({ type: 'about:blank', code, status, title: 'Refused.', ...more })
}

/** A clock that only `advance` moves. Waits between steps let promises run. */
export class FakeClock implements Clock {
  #now = 1_700_000_000_000
  #timers: { at: number; call: () => void }[] = []
  now(): number {
    return this.#now
  }
  monotonic(): number {
    return this.#now
  }
  after(ms: number, call: () => void): () => void {
    const timer = { at: this.#now + ms, call }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter(one => one !== timer)
    }
  }
  soon(call: () => void): void {
    setImmediate(call)
  }
  get timers(): number {
    return this.#timers.length
  }
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    await settled()
    for (;;) {
      const next = this.#timers.filter(timer => timer.at <= until).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#timers = this.#timers.filter(timer => timer !== next)
      this.#now = Math.max(this.#now, next.at)
      next.call()
      await settled()
    }
    this.#now = until
  }
}

/** What was to run without time passing has run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve))
}

export async function listOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = []
  for await (const item of items) list.push(item)
  return list
}
