import { integer } from '../checks.ts'
import type { Client } from '../client.ts'
import { withClient } from '../current.ts'
import { withTasks } from '../dag/define.ts'
import { LeaseLost } from '../errors.ts'
import type { AnyJob } from '../job.ts'
import { contentVersion } from '../version.ts'
import type { WireAdvance, WireAdvanced, WireDelivery } from '../wire.ts'
import { partsOf, type Work } from '../work.ts'
import { Attempt } from '../worker/attempt.ts'
import { BundledAttempt, takesBundles } from '../worker/bundle.ts'
import { Flows } from '../worker/flows.ts'
import { Handlers } from '../worker/handlers.ts'
import { cut, safe } from '../worker/logs.ts'
import type { Middleware } from '../worker/middleware.ts'
import { type Outcome, withoutLarge } from '../worker/run.ts'
import { jobsByName, schedulesOf } from '../worker/setup.ts'
import { Streams } from '../worker/streams.ts'
import { isQueuedStep } from '../workflow/queued.ts'
import type { ServeOptions } from './endpoint.ts'
import { type LiveRun, LiveRuns } from './live-runs.ts'
import type { Ask, Description, History, Result, Saying } from './messages.ts'
import { historyClient } from './no-server.ts'

export type Say = (saying: Saying) => void

/**
 * Code that is asked for one thing at a time. Any copy of it, on any machine, can answer the next request: what it keeps in between, runs of workflows that are live, only
 * saves it from replaying them.
 */
export class Code {
  readonly description: Description
  /** Another one has another name. */
  readonly name: string
  readonly #client: Client
  readonly #jobs: ReadonlyMap<string, AnyJob>
  readonly #middleware: readonly Middleware[] | undefined
  readonly #live: LiveRuns

  constructor(work: Work, client: Client, { source, middleware, live = LIVE_MAX }: Pick<ServeOptions, 'source' | 'middleware' | 'live'>) {
    const parts = partsOf(work)
    const { jobs, schedules: own } = withTasks(parts.jobs)
    const schedules = [...parts.schedules, ...own.filter(one => !parts.schedules.includes(one))]
    const given = schedulesOf({ ...(source !== undefined && { source }), ...(schedules.length > 0 && { schedules }) })
    this.#jobs = jobsByName(jobs)
    this.#client = client
    this.#middleware = middleware
    this.#live = new LiveRuns(client, integer(0, 1_000_000)(live, '/live'))
    this.description = {
      protocol: 1,
      definitions: jobs.map(({ definition }) => definition),
      steps: jobs.filter(isQueuedStep).map(({ name }) => name),
      schedules: given && { source: given.source, schedules: given.all.map(({ definition }) => definition) },
    }
    this.name = contentVersion(this.description).slice(0, 16)
  }

  /** The first task that it has no code for. */
  lacks(ask: Ask): string | null {
    const asked = ask.is === 'run' ? ask.tasks.map(({ definition }) => definition) : ask.is === 'question' ? [ask.question.definition] : []
    return asked.find(name => !this.#jobs.has(name)) ?? null
  }

  /** Resolves when all is said. `signal`: nobody hears it any more. Never rejects. */
  async answer(ask: Ask, say: Say, signal: AbortSignal): Promise<void> {
    if (ask.is === 'describe') return say({ is: 'described', ...this.description })
    if (ask.is === 'run') return withClient(this.#client, () => this.#run(ask, say, signal))
    const { question, history } = ask
    const flows = new Flows(historyClient(this.#client, history, noAdvance), new Streams(this.#client, question.question, signal), signal)
    say({ is: 'answered', answer: await flows.answer(question, this.#jobs.get(question.definition) as AnyJob) })
  }

  async #run({ tasks, history, live: name }: Ask & { is: 'run' }, say: Say, signal: AbortSignal): Promise<void> {
    const [first] = tasks
    const job = first && this.#jobs.get(first.definition)
    if (first === undefined || job === undefined) return
    const isWorkflow = job.definition.kind === 'workflow'
    const told = history ?? { run: first.run, events: first.journal?.events ?? [] }
    const live = (isWorkflow ? this.#live.take(first.run, name) : null) ?? this.#begun(first, told)
    Object.assign(live.told, told)
    live.say = say
    const { flows, streams } = live
    const handlers = new Handlers(this.#client, [job], this.#middleware, (attempt, step) => flows.step(attempt, step))
    const Kind = takesBundles(job) ? BundledAttempt : Attempt
    const indexes = new Map<Attempt, number>()
    const desk = deskOf(this.#client, streams, attempt => indexes.get(attempt) as number, say)
    const attempts = tasks.map((task, index) => {
      const attempt = new Kind(task, job, { batch: 0, index }, desk, true)
      indexes.set(attempt, index)
      return attempt
    })
    const gone = (): void => {
      for (const attempt of attempts) attempt.abort(new LeaseLost(attempt.run, attempt.attempt))
      live.stop.abort(signal.reason)
    }
    signal.addEventListener('abort', gone, { once: true })
    if (signal.aborted) gone()
    const ended = (attempt: Attempt, outcome: Outcome): boolean => {
      if (attempt.ended) return false
      attempt.end()
      say({ is: 'ended', task: indexes.get(attempt) as number, result: JSON.parse(`{${withoutLarge(outcome).members}}`) as Result })
      return true
    }
    try {
      if (isWorkflow) {
        const failed = await flows.run(attempts[0] as Attempt)
        if (failed !== null) ended(attempts[0] as Attempt, failed)
        const kept = flows.isLive(first.run) && !signal.aborted ? this.#live.keep(first.run, live) : null
        if (kept !== null) say({ is: 'live', live: kept })
        return
      }
      await new Promise<void>(resolve => {
        let open = attempts.length
        const each = (attempt: Attempt, outcome: Outcome): void => {
          if (ended(attempt, outcome) && --open === 0) resolve()
        }
        if (takesBundles(job)) handlers.runBundle(attempts as BundledAttempt[], each)
        else for (const attempt of attempts) handlers.run(attempt, each)
      })
    } finally {
      signal.removeEventListener('abort', gone)
      handlers.close()
    }
  }

  #begun({ delivery }: WireDelivery, told: History): LiveRun {
    const stop = new AbortController()
    const streams = new Streams(this.#client, delivery, stop.signal)
    const client = historyClient(this.#client, told, advance => this.#advanced(advance, live.say))
    const live: LiveRun = { told, streams, stop, flows: new Flows(client, streams, stop.signal, {}, false), say: () => {} }
    return live
  }

  /** What its code says is carried on; what becomes of it the next request tells, to whoever gets it. */
  #advanced({ advances }: WireAdvance, say: Say): WireAdvanced {
    return {
      advances: advances.map(({ entries, yields, upTo }) => {
        if (entries.length > 0) say({ is: 'entries', entries })
        return { is: yields ? 'yielded' : 'held', journal: { from: upTo, events: [] } }
      }),
    }
  }
}

const LIVE_MAX = 1_000

function noAdvance(): WireAdvanced {
  throw new Error('a question advances nothing')
}

function deskOf(client: Client, streams: Streams, indexOf: (attempt: Attempt) => number, say: Say): ConstructorParameters<typeof Attempt>[3] {
  return {
    client,
    streams,
    logs: {
      add: (attempt, level, message, fields) => {
        const line = { level, message: cut(String(message)), ...(fields !== undefined && { fields: safe(fields) }) }
        if (!attempt.ended) say({ is: 'log', task: indexOf(attempt), ...line })
      },
    },
    reports: {
      alive: attempt => say({ is: 'alive', task: indexOf(attempt) }),
      progress: (attempt, progress) => say({ is: 'progress', task: indexOf(attempt), progress }),
      checkpoint: async (attempt, text) => say({ is: 'checkpoint', task: indexOf(attempt), checkpoint: JSON.parse(text) as unknown }),
    },
  }
}
