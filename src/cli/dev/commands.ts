import { spawn } from 'node:child_process'
import type { Client, WireExplanation, WireQueues, WireRunDetail, WireRunList, WireStarted } from '@mainspring/sdk'
import { shortId } from '../../core/ids.ts'
import { problemText } from '../output/problem.ts'
import { explanationText, type Look, runsTable } from '../output/runs.ts'
import { refusalOf } from '../session.ts'
import type { Live } from './live.ts'
import type { JobOffer } from './messages.ts'
import type { Supervisor } from './supervisor.ts'

export interface CommandOptions {
  client: Client
  supervisor: Supervisor
  live: Live
  url: string
  print(text: string): void
  look(): Look
}

/** What the keys of `dev` do. */
export class Commands {
  readonly #options: CommandOptions
  #chosen: string | null = null

  constructor(options: CommandOptions) {
    this.#options = options
  }

  /** Starts the chosen job with its example. */
  async run(): Promise<void> {
    const { client, print } = this.#options
    const job = this.#job()
    if (!job) return print('there is no job to run yet')
    const body = `{"definition":${JSON.stringify(job.name)},"input":${job.example ?? '{}'}}`
    const answer = await client.callText('runs.start', { params: {}, body, callKey: client.newId() })
    const { run } = JSON.parse(answer) as WireStarted & { run: string }
    this.#options.live.last = run
    print(`started ${job.name} ${shortId(run)}${job.example === null ? ' with {} (export const examples = { … } gives it an input)' : ''}`)
  }

  /** The next job is the one that `r` runs. */
  choose(): void {
    const { jobs } = this.#options.supervisor
    const index = jobs.findIndex(({ name }) => name === this.#job()?.name)
    const next = jobs[(index + 1) % Math.max(1, jobs.length)]
    if (!next) return this.#options.print('there is no job to choose yet')
    this.#chosen = next.name
    this.#options.print(`r runs ${next.name}`)
  }

  kill(): void {
    const { supervisor, print } = this.#options
    print(supervisor.kill() ? 'kill -9' : 'there is no worker to kill')
  }

  /** Pauses the queues of the jobs here, or resumes them. */
  async pause(): Promise<void> {
    const { client, print } = this.#options
    const { queues } = await client.call<WireQueues>('queues.list', {})
    const paused = queues.filter(queue => queue.paused)
    const targets = paused.length > 0 ? paused : queues
    for (const { name } of targets) {
      if (paused.length > 0) await client.call('queues.resume', { name }, {})
      else await client.call('queues.pause', { name }, { note: 'p in mainspring dev' })
    }
    const names = targets.map(queue => `"${queue.name}"`).join(', ')
    print(paused.length > 0 ? `${names} goes on` : `${names} is paused; p again resumes`)
  }

  async explain(): Promise<void> {
    const { client, live, print, look } = this.#options
    if (live.last === null) return print('nothing has run yet: r runs something')
    const run = await client.call<WireRunDetail>('runs.get', { run: live.last })
    const explanation = await client.call<WireExplanation>('runs.explain', { run: run.id })
    print(explanationText(run, explanation, new Map(), look()))
  }

  async list(): Promise<void> {
    const { client, print, look } = this.#options
    const { runs } = await client.call<WireRunList>('runs.list', {}, undefined, { query: { limit: '10' } })
    print(runsTable(runs, look()))
  }

  open(): void {
    const [command, ...before] = OPENERS[process.platform] ?? ['xdg-open']
    const child = spawn(command as string, [...before, this.#options.url], { stdio: 'ignore', detached: true })
    child.once('error', () => this.#options.print(`open it in a browser: ${this.#options.url}`))
    child.unref()
  }

  errorText(error: unknown): string {
    const refusal = refusalOf(error)
    return refusal ? problemText(refusal.facts) : String(error)
  }

  /** The chosen one; else the first with an example, since that can run as it is. */
  #job(): JobOffer | undefined {
    const { jobs } = this.#options.supervisor
    return jobs.find(job => job.name === this.#chosen) ?? jobs.find(job => job.example !== null) ?? jobs[0]
  }
}

const OPENERS: Partial<Record<NodeJS.Platform, string[]>> = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''], linux: ['xdg-open'] }
